"""Undo gives back the identical case, by name, however long the history."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.editing.edits import Edit
from planning.editing.history import History
from planning.editing.osteotomy_edits import ChangeOsteotomy, MoveBlade, RemoveOsteotomy
from planning.editing.plan_edits import RenamePlan, SetRelease, SetTargets
from planning.errors import EditRefused
from planning.model.case import Case
from tests.storage.cases import a_rich_case, a_rich_plan


def a_case() -> Case:
    """Return a case whose active plan has a locked and a free cut."""
    return replace(a_rich_case(), plans=(a_rich_plan(),), active_plan=0)


def test_undo_returns_the_identical_case_and_redo_the_identical_next() -> None:
    start = History(a_case())
    cut = start.present.plan.osteotomies[1]
    moved = start.do(MoveBlade("left", cut.blade.moved((1.0, 0, 0)), "left pedicle"))
    renamed = moved.do(RenamePlan("Plan C"))
    assert (moved.undo_label, renamed.undo_label) == ("Move left pedicle", "Rename the plan to Plan C")
    back = renamed.undo()
    assert back.present is moved.present
    assert (back.undo_label, back.redo_label) == ("Move left pedicle", "Rename the plan to Plan C")
    assert back.undo().present is start.present
    assert back.undo().undo_label is None
    assert back.undo().redo().redo().present is renamed.present
    assert back.undo().redo().redo().redo_label is None
    assert start.undo() is start
    assert renamed.redo() is renamed
    assert start.present.plan.osteotomies[1].blade == cut.blade, "the first value is untouched"


def test_a_new_step_forgets_what_was_undone() -> None:
    history = History(a_case()).do(RenamePlan("one")).undo().do(RenamePlan("two"))
    assert history.redo_label is None
    assert history.present.plan.name == "two"


def test_an_edit_that_changes_nothing_is_no_step() -> None:
    history = History(a_case())
    cut = history.present.plan.osteotomies[1]
    for nothing in (MoveBlade("left", cut.blade), ChangeOsteotomy("left", tool=cut.tool), SetTargets()):
        assert history.do(nothing) is history


def test_a_refused_edit_leaves_the_history_alone() -> None:
    history = History(a_case())
    with pytest.raises(EditRefused):
        history.do(RemoveOsteotomy("no such cut"))
    assert history.past == ()


def test_what_an_edit_does_not_touch_is_shared() -> None:
    start = a_case()
    history = History(start)
    for n in range(2000):
        history = history.do(SetRelease(f"link {n % 3}", released=n % 2 == 0))
    assert history.present.anatomy is start.anatomy
    assert history.present.images is start.images
    assert all(step.case.anatomy is start.anatomy for step in history.past)
    assert len(history.past) == 2000


_BLADE = a_rich_plan().osteotomies[1].blade
EDITS = st.one_of(
    st.builds(RenamePlan, st.text("abc", min_size=1)),
    st.builds(SetTargets, required_margin_mm=st.floats(0, 50)),
    st.floats(-50, 50).map(lambda x: MoveBlade("left", _BLADE.moved((x, 0, 0)))),
    st.builds(ChangeOsteotomy, st.just("left"), depth_mm=st.floats(1, 100), step=st.integers(1, 999)),
    st.builds(SetRelease, st.sampled_from(["a", "b"]), st.booleans()),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(EDITS, max_size=12), st.lists(st.booleans(), max_size=30))
def test_any_walk_through_a_history_meets_only_the_values_it_made(
    edits: list[Edit], walk: list[bool]
) -> None:
    history = History(a_case())
    made = [history.present]
    for edit in edits:
        after = history.do(edit)
        if after is not history:
            made.append(after.present)
        history = after
    place = len(made) - 1
    for forward in walk:
        history = history.redo() if forward else history.undo()
        place = min(place + 1, len(made) - 1) if forward else max(place - 1, 0)
        assert history.present is made[place]
        assert (history.undo_label is None) == (place == 0)
        assert (history.redo_label is None) == (place == len(made) - 1)
