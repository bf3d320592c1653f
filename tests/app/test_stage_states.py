"""A stage that was done falls back the moment anything it rests on changes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.program import RESOURCES
from app.session import SessionView
from app.stage_states import stage_states
from planning.editing.anatomy_edits import (
    ConfirmLevels,
    RelabelLevel,
    RemoveStructure,
    RenameStructure,
    ReplaceMask,
    ReviewStructure,
    WithdrawLevels,
)
from planning.editing.case_edits import AcceptResult, WithdrawAcceptance
from planning.editing.edits import Edit
from planning.editing.osteotomy_edits import ChangeOsteotomy, MoveBlade
from planning.editing.plan_edits import SetTargets
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.settings import Settings, load_settings
from planning.model.stamp import PROGRAM, inputs_of
from planning.model.structures import Review, ReviewState
from planning.model.study import NEEDS_ACKNOWLEDGEMENT, Finding
from planning.safety.results import Evaluation, MarginClass, Status, TumourMargin, current
from planning.storage.approvals import NOT_APPROVED
from tests.builders import a_case, a_plan, a_vertebral_column
from widgets.stage_bar import Stage, StageState

SETTINGS = load_settings(RESOURCES)
AT = datetime(2026, 11, 23, tzinfo=UTC)
SMALL = ("T9", "T10", "T11")
DONE, PARTLY, OPEN = StageState.DONE, StageState.PARTLY, StageState.OPEN


def judged(case: Case) -> Evaluation:
    """Return an evaluation of the one cut, with one warning to accept."""
    inputs = inputs_of(case, SETTINGS)
    assert inputs is not None
    margin = TumourMargin("cranial", 1.0, 0.2, 0.5, Status.WARN, MarginClass.UNDER_2MM)
    return Evaluation(inputs, PROGRAM, Status.WARN, (), (margin,), (), (), (), (), (), ())


@pytest.fixture(scope="module")
def settled() -> tuple[Case, Evaluation]:
    """A case with every stage done: counted, reviewed, planned, its one warning accepted."""
    anatomy = a_vertebral_column(SMALL, (2.0, 2.0, 2.0))
    reviewed = Review(ReviewState.REVIEWED, "Dr Roe", AT)
    anatomy = replace(anatomy, structures=tuple(replace(s, review=reviewed) for s in anatomy.structures))
    plan = a_plan(levels=SMALL)
    case = a_case(anatomy, replace(plan, osteotomies=plan.osteotomies[:1]))
    case = ConfirmLevels("Dr Roe", "whole-spine CT from C2", AT).apply(case)
    evaluation = judged(case)
    key = evaluation.tumour_margins[0].key
    return AcceptResult(key, "Dr Roe", "close by plan", AT, evaluation.inputs.digest).apply(case), evaluation


def states(case: Case, evaluation: Evaluation, settings: Settings = SETTINGS) -> dict[Stage, StageState]:
    """Return the states as the window would show them: an evaluation is shown while it is current."""
    view = SessionView(case, current(evaluation, case, settings), standing=NOT_APPROVED)
    return {stage: state for stage, (state, why) in stage_states(view).items() if why}


def after(case: Case, edit: Edit) -> dict[Stage, StageState]:
    """Return the states once the edit is made and the plan was checked anew."""
    changed = edit.apply(case)
    return states(changed, judged(changed))


def test_all_is_done_and_every_change_upstream_sets_back_what_rests_on_it(
    settled: tuple[Case, Evaluation],
) -> None:
    case, evaluation = settled
    assert case.anatomy is not None
    assert list(states(case, evaluation).values()) == [DONE] * 4
    vertebra = next(s for s in case.anatomy.structures if s.level == "T10" and s.id.startswith("vertebra"))
    tumour = next(s for s in case.anatomy.structures if s.name == "lesion 1")
    blade = case.plan.osteotomies[0].blade
    other_shape = Mask.from_array(vertebra.mask.to_array()[::-1])
    key = evaluation.tumour_margins[0].key
    expected: list[tuple[Edit, list[StageState]]] = [
        (WithdrawLevels(), [DONE, PARTLY, PARTLY, PARTLY]),
        (RelabelLevel(((vertebra.id, "T12"),)), [DONE, PARTLY, PARTLY, PARTLY]),
        (ReplaceMask(vertebra.id, other_shape), [DONE, PARTLY, PARTLY, PARTLY]),
        (ReviewStructure(tumour.id, ReviewState.DRAFT, "Dr Roe", AT), [DONE, PARTLY, PARTLY, PARTLY]),
        (RemoveStructure(tumour.id), [DONE, DONE, PARTLY, PARTLY]),
        (SetTargets(target_levels=()), [DONE, DONE, PARTLY, PARTLY]),
        (MoveBlade("cranial", blade.moved((0.0, 0.0, 1.0))), [DONE, DONE, DONE, PARTLY]),
        (ChangeOsteotomy("cranial", kerf_mm=2.0), [DONE, DONE, DONE, PARTLY]),
        (WithdrawAcceptance(key), [DONE, DONE, DONE, PARTLY]),
    ]
    for edit, found in expected:
        assert list(after(case, edit).values()) == found, edit.label


def test_what_says_nothing_about_the_plan_sets_nothing_back(settled: tuple[Case, Evaluation]) -> None:
    case, evaluation = settled
    locked = ChangeOsteotomy("cranial", locked=True).apply(case)
    assert list(states(locked, evaluation).values()) == [DONE] * 4


def test_the_plan_falls_back_while_its_level_or_tumour_is_called_otherwise(
    settled: tuple[Case, Evaluation],
) -> None:
    case, _ = settled
    assert case.anatomy is not None
    plan = replace(case.plan, target_levels=("T7",))
    whys = stage_states(SessionView(case.with_plan(plan)))
    assert whys[Stage.PLAN] == (PARTLY, "The plan speaks of T7, which no vertebra is called.")
    plan = replace(case.plan, tumour="lesion 2")
    assert stage_states(SessionView(case.with_plan(plan)))[Stage.PLAN][0] is PARTLY
    renamed = RenameStructure(next(s.id for s in case.anatomy.structures if s.name == "lesion 1"), "mass")
    assert stage_states(SessionView(renamed.apply(case)))[Stage.PLAN][0] is DONE  # the plan goes along


def test_changed_limits_and_a_check_that_is_not_current_set_the_check_back(
    settled: tuple[Case, Evaluation],
) -> None:
    case, evaluation = settled
    limits = SETTINGS.limits
    first = limits.clearances[0]
    stricter = replace(limits, clearances=(replace(first, warn_below_mm=9.0), *limits.clearances[1:]))
    assert states(case, evaluation, replace(SETTINGS, limits=stricter))[Stage.CHECK] is PARTLY
    failed = stage_states(SessionView(case, failure="The child process died."))
    assert failed[Stage.CHECK] == (PARTLY, "The child process died.")


def test_an_import_finding_nobody_acknowledged_sets_every_stage_back(
    settled: tuple[Case, Evaluation],
) -> None:
    case, evaluation = settled
    gap = Finding(next(iter(NEEDS_ACKNOWLEDGEMENT)), "A slice is missing.")
    image = replace(case.images[0], findings=(gap,))
    found = states(replace(case, images=(image,)), evaluation)
    assert list(found.values()) == [PARTLY] * 4


def test_nothing_is_done_without_anything(settled: tuple[Case, Evaluation]) -> None:
    case, _ = settled
    assert list(stage_states(SessionView())) == [Stage.CASE]
    empty = case.with_plan(replace(case.plan, osteotomies=()))
    found = {stage: state for stage, (state, _) in stage_states(SessionView(empty)).items()}
    assert (found[Stage.PLAN], found[Stage.CHECK]) == (OPEN, OPEN)
