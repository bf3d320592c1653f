"""Whether the plan on screen is approved: what the case file's record says, held against the present case.

The record is compared by digests off the main thread, once for a known state of the case. From there the
present case is compared part by part by identity and value, which takes no time; where both are not the
same value it counts as changed.
"""

from dataclasses import dataclass, fields

from planning.model.case import Case
from planning.model.settings import Settings
from planning.storage.approvals import NOT_APPROVED, NOT_COVERED, Approval, PlanStanding, standing_of
from planning.storage.case_file import CaseFile


@dataclass(frozen=True, eq=False)
class Known:
    """What a case file says of one state of its case.

    Parameters
    ----------
    case : Case
    approvals : tuple of Approval
    changed : mapping of plan name to parts
        In which `case` differs from what was approved.
    tampering : str
    """

    case: Case
    approvals: tuple[Approval, ...]
    changed: dict[str, tuple[str, ...]]
    tampering: str


def known_of(file: CaseFile, case: Case) -> Known:
    """Hold a state of the case against its file's record; hashes new content, so off the main thread."""
    approvals = file.approvals
    changed = {a.plan: file.changed_since(a, case) for a in approvals}
    return Known(case, approvals, changed, file.tampering)


class Approving:
    """Says where the present plan stands."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: Known | None = None

    @property
    def has_approval(self) -> bool:
        """Whether somebody approved a plan of this case and nobody has withdrawn it."""
        return self._known is not None and bool(self._known.approvals)

    def take(self, known: Known | None) -> None:
        """Judge by this from now on; None for a case without a file."""
        self._known = known

    def standing(self, case: Case) -> PlanStanding:
        """Return where the active plan of a case stands."""
        known = self._known
        if known is None:
            return NOT_APPROVED
        name = case.plan.name
        changed = (*known.changed.get(name, ()), *_differing(case, known.case, name))
        names = tuple(plan.name for plan in case.plans)
        return standing_of(
            known.approvals, name, names, tuple(sorted(set(changed))), self._settings.digest, known.tampering
        )


def _differing(case: Case, other: Case, plan: str) -> tuple[str, ...]:
    """Return the approved parts in which two cases differ; quick, and never wrongly equal."""
    if case is other:
        return ()
    parts = [f.name for f in fields(Case) if f.name not in NOT_COVERED]
    found = [
        p
        for p in parts
        if getattr(case, p) is not getattr(other, p) and getattr(case, p) != getattr(other, p)
    ]
    mine, theirs = ([p for p in c.plans if p.name == plan] for c in (case, other))
    return tuple(found) if mine == theirs else (*found, "plan")
