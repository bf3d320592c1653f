"""From pieces and distances to results: roles, links, specimen margins with their classes, and problems."""

from collections.abc import Sequence

from planning.geometry.mesh import Mesh
from planning.model.plan import Plan
from planning.resection.links import RawLink
from planning.resection.margin_map import RawSpecimenMargin
from planning.resection.pieces import RawPiece, RawProblem
from planning.safety.judge import Judge, reason_words
from planning.safety.measurable import with_titles
from planning.safety.results import Link, Piece, PieceRole, PlanProblem, SpecimenMargin, Status
from planning.safety.status import margin_class, margin_verdict
from planning.safety.uncertainty import lower_bound_mm
from planning.safety.unseen import GAP
from planning.texts import tr

PROBLEM_STATUS = {"fail": Status.FAIL, "not_assessed": Status.NOT_ASSESSED, "warn": Status.WARN}
MISSING_CODES = frozenset({"target_missing", "tumour_missing"})
"""What is missing is not assessed (INTERCHANGE section 3); it is neither a failure nor a pass."""


def link_of(raw: RawLink) -> Link:
    """Return a link as results carry it."""
    return Link(raw.id, raw.kind.value, raw.bones, raw.title, raw.severed_by)


def piece_of(raw: RawPiece, mesh: Mesh | None = None) -> Piece:
    """Return a piece as results carry it."""
    return Piece(
        id=raw.id,
        role=PieceRole(raw.role.value),
        volume_mm3=raw.volume_mm3,
        tumour_fraction=raw.tumour_fraction,
        levels=raw.levels,
        links=tuple(link_of(link) for link in raw.links),
        bones=raw.bones,
        title=raw.title,
        mesh=mesh,
        closes_round_canal=raw.closes_round_canal,
        is_doubtful=raw.is_doubtful,
    )


def problem_of(raw: RawProblem, plan: Plan) -> PlanProblem:
    """Return a problem of the pieces as results carry it, its cuts called as the plan calls them."""
    return PlanProblem(
        code=raw.code,
        status=Status.NOT_ASSESSED if raw.code in MISSING_CODES else PROBLEM_STATUS[raw.severity],
        sentence=with_titles(raw.sentence, plan),
        osteotomies=raw.osteotomies,
        volume_mm3=raw.volume_mm3,
        point_lps_mm=raw.point_lps_mm,
        subject=raw.subject,
    )


def specimen_margins_of(judge: Judge, raws: Sequence[RawSpecimenMargin]) -> tuple[SpecimenMargin, ...]:
    """Return the specimen margins with class and status.

    A natural surface moves with nobody's hand, so only a cut face carries the spread of execution.
    """
    return tuple(_margin(judge, raw) for raw in raws)


def _margin(judge: Judge, raw: RawSpecimenMargin) -> SpecimenMargin:
    reason = judge.withheld or raw.reason or ("no_tumour" if not judge.tumours else None)
    reason = reason or _over_gap(judge, raw)
    value_mm = raw.value_mm
    if reason is not None or value_mm is None:
        reason = reason or "no_specimen"
        note = tr("not assessed: {reason}", reason=reason_words(reason))
        return SpecimenMargin(raw.surface, None, None, Status.NOT_ASSESSED, reason=reason, note=note)
    limits = judge.settings.limits
    sigma_mm = max(judge.sigma_mm(s, cut=bool(raw.osteotomies)) for s in judge.tumours)
    lower_mm = lower_bound_mm(value_mm, sigma_mm)
    verdict = margin_verdict(limits, judge.case.plan.required_margin_mm, value_mm, lower_mm, sigma_mm)
    capped = judge.capped(verdict)
    return SpecimenMargin(
        surface=raw.surface,
        value_mm=value_mm,
        margin_class=margin_class(limits, value_mm),
        status=capped.status,
        lower_mm=lower_mm,
        p5_mm=raw.p5_mm,
        area_under_2mm_mm2=raw.area_under_2mm_mm2,
        tumour_point_lps_mm=raw.tumour_point_lps_mm,
        surface_point_lps_mm=raw.surface_point_lps_mm,
        note=capped.note,
        capped=capped is not verdict,
    )


def _over_gap(judge: Judge, raw: RawSpecimenMargin) -> str | None:
    """Say whether tumour or surface might come nearer where slices are missing."""
    unseen, value_mm = judge.unseen, raw.value_mm
    if unseen is None or value_mm is None:
        return None
    if value_mm < 0:
        return GAP if unseen.is_in_gap(raw.surface_point_lps_mm) else None
    return GAP if min(unseen.gap_reach_mm(s.mask) for s in judge.tumours) <= value_mm else None
