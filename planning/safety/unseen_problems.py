"""What a plan has to be told about parts of the image that were never acquired."""

from planning.model.anatomy import Anatomy
from planning.model.levels import field_of
from planning.model.plan import Plan
from planning.model.structures import BONES, Structure, StructureKind
from planning.safety.judge import Judge
from planning.safety.results import PlanProblem, Status
from planning.safety.unseen import Unseen
from planning.texts import tr


def unseen_problems(judge: Judge) -> tuple[PlanProblem, ...]:
    """Return cuts that pass through a gap or leave the data, and bones and tumours that do.

    Pieces and volumes are made from voxels; where these are interpolated, so are the pieces.
    """
    unseen, anatomy = judge.unseen, judge.inputs.anatomy
    if unseen is None:
        return ()
    plan = judge.inputs.plan
    return (*_cuts(unseen, plan), *(p for s in _cut_up(anatomy, plan) for p in _structure(unseen, s)))


def _cuts(unseen: Unseen, plan: Plan) -> list[PlanProblem]:
    problems = []
    for osteotomy in plan.osteotomies:
        if unseen.crosses_gap(osteotomy):
            words = tr(
                "{cut} passes where slices are missing: what it meets there is interpolated, not imaged.",
                cut=osteotomy.title,
            )
            problems.append(PlanProblem("crosses_gap", Status.WARN, words, (osteotomy.id,)))
        if unseen.leaves_data(osteotomy):
            words = tr(
                "{cut} leaves the part of the image that was acquired: what it meets there is not known.",
                cut=osteotomy.title,
            )
            problems.append(PlanProblem("leaves_data", Status.WARN, words, (osteotomy.id,)))
    return problems


def _structure(unseen: Unseen, structure: Structure) -> list[PlanProblem]:
    problems = []
    if unseen.gap_reach_mm(structure.mask) == 0.0:
        words = tr(
            "Slices are missing in {structure}: its shape there is interpolated, and so are its pieces.",
            structure=structure.title,
        )
        problems.append(PlanProblem("gap_in_structure", Status.WARN, words, subject=structure.id))
    if unseen.is_cut_off(structure.mask):
        words = tr(
            "{structure} is cut off where the tilted slices end: the rest of it is not known.",
            structure=structure.title,
        )
        problems.append(PlanProblem("outside_data", Status.WARN, words, subject=structure.id))
    return problems


def _cut_up(anatomy: Anatomy, plan: Plan) -> list[Structure]:
    """Return the bones pieces are made of, and every tumour."""
    levels = field_of(plan.target_levels, anatomy.levels) or anatomy.levels
    kinds = BONES | {StructureKind.TUMOUR}
    return [
        s
        for s in anatomy.structures
        if s.kind in kinds and not s.mask.is_empty and (s.level is None or s.level in levels)
    ]
