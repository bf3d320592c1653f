"""What a computed value was computed from, and the one question whether it may still be shown."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Final, Protocol

from planning.geometry.coverage import Coverage
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.plan import Plan
from planning.model.study import Finding

ALGORITHM_VERSION: Final = "1"
PROGRAM: Final = "enbloc 0.1.0"


class HasDigest(Protocol):
    """Anything that knows its content digest."""

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything an evaluation depends on.

    Acceptances, looks, diagnosis text, names of people and whether a cut is locked are not inputs of
    a number, so they do not count; level confirmation and review states are (inside `anatomy`).
    `slice_spacing_mm` is the planning image's as acquired, which a finer grid does not improve;
    `coverage` says which part of its grid was imaged, and `unacknowledged` which findings still stop
    all numbers. `findings` are those of the planning image. `other_findings`, those of images nothing is
    measured in, are said beside the numbers and change none: they are no part of the digest, so that a
    further image voids no acceptance.
    """

    anatomy: Anatomy
    plan: Plan
    findings: tuple[Finding, ...]
    settings: HasDigest
    slice_spacing_mm: float = 0.0
    coverage: Coverage | None = None
    unacknowledged: tuple[str, ...] = ()
    other_findings: tuple[tuple[Finding, ...], ...] = ()
    algorithm: str = ALGORITHM_VERSION

    def same_as(self, other: "Inputs") -> bool:
        """Say whether both describe the same content; identity first, so nothing is hashed during a drag."""
        return (
            self.algorithm == other.algorithm
            and (self.plan is other.plan or _unlocked(self.plan) == _unlocked(other.plan))
            and (self.findings, self.other_findings) == (other.findings, other.other_findings)
            and self.slice_spacing_mm == other.slice_spacing_mm
            and (self.coverage, self.unacknowledged) == (other.coverage, other.unacknowledged)
            and (self.anatomy is other.anatomy or self.anatomy.digest == other.anatomy.digest)
            and (self.settings is other.settings or self.settings.digest == other.settings.digest)
        )

    @cached_property
    def digest(self) -> str:
        """``sha256:...`` over all parts, computed once and only when printed or stored."""
        plan = json.dumps(asdict(_unlocked(self.plan)), sort_keys=True, ensure_ascii=False)
        findings = json.dumps([asdict(f) for f in self.findings], sort_keys=True, ensure_ascii=False)
        spacing = repr(self.slice_spacing_mm)
        parts = [self.algorithm, self.anatomy.digest, plan, findings, spacing, self.settings.digest]
        if self.coverage is not None or self.unacknowledged:
            parts.append(repr((self.coverage, self.unacknowledged)))
        return "sha256:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _unlocked(plan: Plan) -> Plan:
    """Return the plan without its locks: they keep hands off a blade and say nothing about it."""
    if not any(o.locked for o in plan.osteotomies):
        return plan
    return replace(plan, osteotomies=tuple(replace(o, locked=False) for o in plan.osteotomies))


class Stamped(Protocol):
    """A derived value that carries its inputs."""

    @property
    def inputs(self) -> Inputs:
        """What it was computed from."""


def inputs_of(case: Case, settings: HasDigest) -> Inputs | None:
    """Return what an evaluation of the case would be computed from; None while nothing is loaded."""
    if case.anatomy is None:
        return None
    image = case.image
    return Inputs(
        case.anatomy,
        case.plan,
        image.findings if image is not None else (),
        settings,
        slice_spacing_mm=image.resolution_along_mm if image is not None else 0.0,
        coverage=image.coverage if image is not None else None,
        unacknowledged=tuple(f.code for f in case.unacknowledged),
        other_findings=tuple(other.findings for other in case.images if other is not image),
    )


def is_current(result: Stamped | None, case: Case, settings: HasDigest) -> bool:
    """Decide whether a result may be shown, drawn, printed or exported. The only place that decides."""
    present = inputs_of(case, settings)
    return result is not None and present is not None and result.inputs.same_as(present)
