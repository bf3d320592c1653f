"""How far each stage is: no stage is done before the ones it rests on, so a change upstream sets it back."""

from collections.abc import Mapping
from typing import Final

from app.session import SessionView
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.structures import ReviewState, StructureKind
from planning.safety.board import board
from planning.safety.results import Status
from planning.texts import clauses, listed, mark, tr
from widgets.stage_bar import Stage, StageState

State = tuple[StageState, str]
_WAITS: Final = {
    Stage.CASE: mark("the images are not settled"),
    Stage.ANATOMY: mark("the anatomy is not settled"),
    Stage.PLAN: mark("the plan is not settled"),
}


def stage_states(view: SessionView) -> Mapping[Stage, State]:
    """Return how far each stage is, and why."""
    case = view.case
    if case is None or case.anatomy is None:
        return {Stage.CASE: (StageState.OPEN, tr("Open a case or import images."))}
    states: dict[Stage, State] = {}
    for stage, own in (
        (Stage.CASE, _images(case)),
        (Stage.ANATOMY, _anatomy(case.anatomy)),
        (Stage.PLAN, _plan(case, case.anatomy)),
        (Stage.CHECK, _check(view, case)),
    ):
        unsettled = [before for before, (state, _) in states.items() if state is not StageState.DONE]
        waits = own[0] is StageState.DONE and bool(unsettled)
        words = clauses((own[1].rstrip(".。"), tr(_WAITS[unsettled[0]]))) if waits else own[1]
        states[stage] = (StageState.PARTLY if waits else own[0], words)
    return states


def _images(case: Case) -> State:
    if case.unacknowledged:
        return StageState.PARTLY, tr("An import finding waits to be acknowledged.")
    return StageState.DONE, tr("Images are loaded.")


def _anatomy(anatomy: Anatomy) -> State:
    drafts = sum(s.review.state is ReviewState.DRAFT for s in anatomy.structures)
    if not anatomy.structures:
        return StageState.OPEN, tr("No structures yet: import labels.")
    if anatomy.levels_confirmed is None:
        return StageState.PARTLY, tr("The level count is not confirmed.")
    if drafts:
        return StageState.PARTLY, tr("{count} structures are drafts nobody has reviewed.", count=drafts)
    return StageState.DONE, tr("Levels confirmed, structures reviewed.")


def _plan(case: Case, anatomy: Anatomy) -> State:
    plan, count = case.plan, len(case.plan.osteotomies)
    if not count:
        return StageState.OPEN, tr("No cut yet.")
    if not plan.target_levels or plan.tumour is None:
        return StageState.PARTLY, tr("{count} cuts; target levels or tumour are not set.", count=count)
    named = {*plan.target_levels, *(o.level for o in plan.osteotomies if o.level is not None)}
    if gone := sorted(named - set(anatomy.levels)):
        return StageState.PARTLY, tr("The plan speaks of {levels}, which no vertebra is called.",
                                     levels=listed(gone))  # fmt: skip
    if not any(s.kind is StructureKind.TUMOUR for s in anatomy.called(plan.tumour)):
        return StageState.PARTLY, tr("The plan's tumour is not among the structures.")
    return StageState.DONE, tr("{count} cuts.", count=count)


def _check(view: SessionView, case: Case) -> State:
    if not case.plan.osteotomies:
        return StageState.OPEN, tr("Nothing to check yet.")
    if view.evaluation is None:
        return StageState.PARTLY, view.failure or tr("The plan is being checked.")
    lines = board(view.evaluation, case)
    open_lines = sum(line.accepted is None and line.status is not Status.PASS for line in lines)
    if open_lines:
        return StageState.PARTLY, tr("{count} lines of the safety board are open.", count=open_lines)
    return StageState.DONE, tr("Every line of the safety board passes or is accepted.")
