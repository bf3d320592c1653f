"""An evaluation as `enbloc-evaluation/1`: full precision, null where a value is withheld."""

from planning.geometry.frames import Vec3
from planning.model.case import Acceptance
from planning.safety.results import (
    Clearance,
    Evaluation,
    Link,
    MarginClass,
    Piece,
    PlanProblem,
    SpecimenMargin,
    TumourMargin,
)

SCHEMA = "enbloc-evaluation/1"
Json = dict[str, object]


def evaluation_to_json(evaluation: Evaluation) -> Json:
    """Return the evaluation as JSON values.

    The keys of INTERCHANGE section 4 come first and as written there; keys beyond it (`sigma_mm`,
    `reason`, `accepted`, `failures`, `free` and others) only add.
    """
    plan = evaluation.inputs.plan
    return {
        "schema": SCHEMA,
        "plan": plan.name,
        "inputs_digest": evaluation.inputs.digest,
        "program": evaluation.program,
        "status": evaluation.status.value,
        "intralesional": evaluation.is_intralesional,
        "osteotomies": [_osteotomy(evaluation, o.id, o.title) for o in plan.osteotomies],
        "pieces": [_piece(p) for p in evaluation.pieces],
        "links": [_link(link) for link in evaluation.links],
        "specimen_margin": [_specimen_margin(m) for m in evaluation.specimen_margins],
        "failures": [_problem(p) for p in evaluation.problems],
        "not_assessed": list(evaluation.not_assessed),
        "warnings": list(evaluation.warnings),
    }


def _osteotomy(evaluation: Evaluation, osteotomy_id: str, title: str) -> Json:
    margin = next((m for m in evaluation.tumour_margins if m.osteotomy == osteotomy_id), None)
    return {
        "id": osteotomy_id,
        "title": title,
        "tumour_margin": _tumour_margin(margin) if margin else None,
        "clearances": [_clearance(c) for c in evaluation.clearances if c.osteotomy == osteotomy_id],
    }


def _tumour_margin(margin: TumourMargin) -> Json:
    return {
        "value_mm": margin.value_mm,
        "lower_mm": margin.lower_mm,
        "status": margin.status.value,
        "class": _class(margin.margin_class),
        "tool_point_lps_mm": _point(margin.tool_point_lps_mm),
        "structure_point_lps_mm": _point(margin.structure_point_lps_mm),
        "sigma_mm": margin.sigma_mm,
        "reason": margin.reason,
        "note": margin.note,
        "accepted": _acceptance(margin.accepted),
    }


def _clearance(clearance: Clearance) -> Json:
    return {
        "structure": clearance.structure,
        "kind": clearance.kind.value,
        "value_mm": clearance.value_mm,
        "with_overshoot_mm": clearance.with_overshoot_mm,
        "lower_mm": clearance.lower_mm,
        "status": clearance.status.value,
        "tool_point_lps_mm": _point(clearance.tool_point_lps_mm),
        "structure_point_lps_mm": _point(clearance.structure_point_lps_mm),
        "overshoot_tool_point_lps_mm": _point(clearance.overshoot_tool_point_lps_mm),
        "overshoot_structure_point_lps_mm": _point(clearance.overshoot_structure_point_lps_mm),
        "sigma_mm": clearance.sigma_mm,
        "reason": clearance.reason,
        "note": clearance.note,
        "guard": clearance.guard,
        "mobilised": clearance.mobilised,
        "simulated": clearance.simulated,
        "accepted": _acceptance(clearance.accepted),
    }


def _piece(piece: Piece) -> Json:
    return {
        "role": piece.role.value,
        "volume_mm3": piece.volume_mm3,
        "tumour_fraction": piece.tumour_fraction,
        "levels": list(piece.levels),
        "links": [link.id for link in piece.links],
        "free": piece.is_free,
        "id": piece.id,
        "title": piece.title,
        "bones": list(piece.bones),
    }


def _link(link: Link) -> Json:
    return {
        "id": link.id,
        "kind": link.kind,
        "bones": list(link.bones),
        "title": link.title,
        "severed_by": link.severed_by,
    }


def _specimen_margin(margin: SpecimenMargin) -> Json:
    return {
        "surface": margin.surface,
        "value_mm": margin.value_mm,
        "class": _class(margin.margin_class),
        "status": margin.status.value,
        "lower_mm": margin.lower_mm,
        "p5_mm": margin.p5_mm,
        "area_under_2mm_mm2": margin.area_under_2mm_mm2,
        "tumour_point_lps_mm": _point(margin.tumour_point_lps_mm),
        "surface_point_lps_mm": _point(margin.surface_point_lps_mm),
        "barrier": margin.barrier,
        "reason": margin.reason,
        "note": margin.note,
    }


def _problem(problem: PlanProblem) -> Json:
    return {
        "code": problem.code,
        "status": problem.status.value,
        "sentence": problem.sentence,
        "osteotomies": list(problem.osteotomies),
        "volume_mm3": problem.volume_mm3,
        "point_lps_mm": _point(problem.point_lps_mm),
        "accepted": _acceptance(problem.accepted),
    }


def _acceptance(acceptance: Acceptance | None) -> Json | None:
    if acceptance is None:
        return None
    return {
        "by": acceptance.by,
        "reason": acceptance.reason,
        "at": acceptance.at.isoformat(),
        "inputs_digest": acceptance.inputs_digest,
    }


def _class(margin_class: MarginClass | None) -> str | None:
    return margin_class.value if margin_class is not None else None


def _point(point: Vec3 | None) -> list[float] | None:
    return list(point) if point is not None else None
