"""What an evaluation says: frozen values that screen, picture, report and JSON all read."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from planning.geometry.frames import Vec3
from planning.geometry.mesh import Mesh
from planning.model.case import Acceptance, Case
from planning.model.stamp import HasDigest, Inputs, is_current
from planning.model.structures import StructureKind
from planning.texts import mark, tr


class Status(StrEnum):
    """Tri-state with a warning; a missing structure is never a pass."""

    FAIL = "fail"
    NOT_ASSESSED = "not_assessed"
    WARN = "warn"
    PASS = "pass"  # noqa: S105 -- a verdict, not a password


STATUS_WORDS: Final = {
    Status.FAIL: mark("FAIL"),
    Status.NOT_ASSESSED: mark("NOT ASSESSED"),
    Status.WARN: mark("WARN"),
    Status.PASS: mark("PASS"),
}
SEVERITY = {Status.FAIL: 0, Status.NOT_ASSESSED: 1, Status.WARN: 2, Status.PASS: 3}


def worst(statuses: list[Status]) -> Status:
    """Return the worst: fail before not_assessed before warn before pass; an empty list is not assessed."""
    return min(statuses, key=SEVERITY.__getitem__) if statuses else Status.NOT_ASSESSED


class MarginClass(StrEnum):
    """Classes of CLINICAL 3.1; *wide* and *R0* belong to the pathologist."""

    INTRALESIONAL = "intralesional"
    UNDER_2MM = "<2 mm by plan"
    AT_LEAST_2MM = ">=2 mm by plan"


_CLASS_WORDS = {
    MarginClass.INTRALESIONAL: mark("intralesional"),
    MarginClass.UNDER_2MM: mark("< 2 mm by plan"),
    MarginClass.AT_LEAST_2MM: mark("≥ 2 mm by plan"),
}


def class_words(margin_class: MarginClass | None) -> str:
    """Return a class in the chosen language; a dash where there is none."""
    return tr(_CLASS_WORDS[margin_class]) if margin_class is not None else "–"


class PieceRole(StrEnum):
    """What a piece is for the operation."""

    SPECIMEN_ANTERIOR = "specimen_anterior"
    SPECIMEN_ARCH = "specimen_arch"
    RIB_PIECE = "rib_piece"
    REMAINING = "remaining"
    LOOSE = "loose"


@dataclass(frozen=True)
class Clearance:
    """How far one cut stays from one structure.

    `value_mm` is None where nothing may be said, with `reason` a code: ``disagreement``,
    ``unreviewed``, ``outside_image``, ``thick_slices``, ``self_test_failed``, ``no_limit``.
    `note` says in words what set the status (test a, b or c, a guard, a mobilisation, an action).
    `capped` marks a pass that reads as a warning only because nobody has confirmed the level count.
    """

    osteotomy: str
    structure_id: str
    structure: str
    kind: StructureKind
    value_mm: float | None
    with_overshoot_mm: float | None
    lower_mm: float | None
    sigma_mm: float | None
    status: Status
    tool_point_lps_mm: Vec3 | None = None
    structure_point_lps_mm: Vec3 | None = None
    overshoot_tool_point_lps_mm: Vec3 | None = None
    overshoot_structure_point_lps_mm: Vec3 | None = None
    reason: str | None = None
    note: str = ""
    guard: str | None = None
    mobilised: bool = False
    simulated: bool = False
    accepted: Acceptance | None = None
    capped: bool = False

    @property
    def key(self) -> str:
        """Stable key for acceptance and selection."""
        return f"clearance/{self.osteotomy}/{self.structure_id}"


@dataclass(frozen=True)
class TumourMargin:
    """How far one cut stays from the tumour; below zero it is intralesional. `capped` as for clearances."""

    osteotomy: str
    value_mm: float | None
    lower_mm: float | None
    sigma_mm: float | None
    status: Status
    margin_class: MarginClass | None
    tool_point_lps_mm: Vec3 | None = None
    structure_point_lps_mm: Vec3 | None = None
    reason: str | None = None
    note: str = ""
    accepted: Acceptance | None = None
    capped: bool = False

    @property
    def key(self) -> str:
        """Stable key for acceptance and selection."""
        return f"tumour_margin/{self.osteotomy}"


@dataclass(frozen=True)
class Link:
    """A joint, disc or ligament that holds two bones together until a blade or a release severs it."""

    id: str
    kind: str
    bones: tuple[str, str]
    title: str
    severed_by: str | None = None


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece after all cuts."""

    id: str
    role: PieceRole
    volume_mm3: float
    tumour_fraction: float
    levels: tuple[str, ...]
    links: tuple[Link, ...] = ()
    bones: tuple[str, ...] = ()
    title: str = ""
    mesh: Mesh | None = None
    closes_round_canal: bool = False
    is_doubtful: bool = False

    @property
    def is_free(self) -> bool | None:
        """Whether a specimen piece comes away; None where a bone nobody segmented may hold it."""
        if self.links or self.closes_round_canal:
            return False
        return None if self.is_doubtful else True


@dataclass(frozen=True)
class SpecimenMargin:
    """Distance from the tumour to one part of its piece's surface."""

    surface: str
    value_mm: float | None
    margin_class: MarginClass | None
    status: Status
    lower_mm: float | None = None
    p5_mm: float | None = None
    area_under_2mm_mm2: float | None = None
    tumour_point_lps_mm: Vec3 | None = None
    surface_point_lps_mm: Vec3 | None = None
    barrier: str | None = None
    reason: str | None = None
    note: str = ""
    capped: bool = False


@dataclass(frozen=True)
class PlanProblem:
    """Something that fails, warns or cannot be said about the plan as a whole.

    `code` such as ``tumour_left``, ``tumour_split``, ``not_free``, ``solids_disagree``,
    ``levels_unconfirmed``, ``cut_changes_nothing``, ``ligation_count``. `subject` tells problems of
    one code and the same cuts apart.
    """

    code: str
    status: Status
    sentence: str
    osteotomies: tuple[str, ...] = ()
    volume_mm3: float | None = None
    point_lps_mm: Vec3 | None = None
    accepted: Acceptance | None = None
    subject: str = ""

    @property
    def key(self) -> str:
        """Stable key for acceptance and selection."""
        key = f"problem/{self.code}/{'+'.join(self.osteotomies)}"
        return f"{key}/{self.subject}" if self.subject else key


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything said about one plan, stamped with what it was computed from."""

    inputs: Inputs
    program: str
    status: Status
    clearances: tuple[Clearance, ...]
    tumour_margins: tuple[TumourMargin, ...]
    pieces: tuple[Piece, ...]
    links: tuple[Link, ...]
    specimen_margins: tuple[SpecimenMargin, ...]
    problems: tuple[PlanProblem, ...]
    not_assessed: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_intralesional(self) -> bool:
        """Whether any cut or specimen surface passes through tumour: stamped on every page and picture."""
        margins = [m.margin_class for m in self.tumour_margins] + [
            m.margin_class for m in self.specimen_margins
        ]
        return MarginClass.INTRALESIONAL in margins


def current(evaluation: Evaluation | None, case: Case, settings: HasDigest) -> Evaluation | None:
    """Return the evaluation where it may be shown, with the case's valid acceptances; else None."""
    if evaluation is None or not is_current(evaluation, case, settings):
        return None
    if not case.acceptances:
        return evaluation
    digest = evaluation.inputs.digest
    valid = {a.result: a for a in case.acceptances if a.inputs_digest == digest}
    return replace(
        evaluation,
        clearances=tuple(replace(c, accepted=valid.get(c.key)) for c in evaluation.clearances),
        tumour_margins=tuple(replace(m, accepted=valid.get(m.key)) for m in evaluation.tumour_margins),
        problems=tuple(replace(p, accepted=valid.get(p.key)) for p in evaluation.problems),
    )
