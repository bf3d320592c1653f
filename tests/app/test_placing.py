"""A cut that was placed is locked when the surgeon goes on; one key frees it."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from tests.app.test_gestures import activate
from widgets.fields import NumberField
from widgets.stage_bar import Stage
from widgets.stages.cuts_panel import NewCut

pytestmark = [pytest.mark.gui, pytest.mark.render]


def cut_of(station: Workstation, cut: str) -> Osteotomy:
    """Return a cut of the present plan."""
    case = station.session.case
    assert case is not None
    found = case.plan.osteotomy(cut)
    assert found is not None
    return found


def test_a_cut_chosen_in_the_table_comes_under_the_crosshair_at_the_same_zoom(station: Workstation) -> None:
    views = station.window.views
    activate(station, "cranial")
    zooms = [view.scene.mm_per_px for view in views.slices.values()]
    activate(station, "caudal")
    middle = cut_of(station, "caudal").blade.middle_lps_mm
    assert np.allclose(views.looking.crosshair_lps_mm, middle, atol=0.01)
    assert [view.scene.mm_per_px for view in views.slices.values()] == pytest.approx(zooms)
    station.bindings.show_pieces(True)
    activate(station, "cranial")
    told = station.window.messages.shown
    assert told is not None
    assert told.text == "No handles while pieces are shown; P shows bones and handles again."
    station.bindings.show_pieces(False)
    menu = [action.objectName() for action in station.window.cuts.table.actions()]
    assert menu == ["duplicate_cut", "lock_cut", "delete_cut"]


def type_into(field: NumberField, text: str) -> None:
    """Type a number as a person does."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_a_moved_cut_locks_when_another_is_turned_to_and_one_key_frees_it(
    station: Workstation, qtbot: QtBot
) -> None:
    table = station.window.actions_table
    assert table["lock_placed"].isChecked()
    activate(station, "cranial")
    for width in ("41.5", "42.5"):  # as often as it takes, while it is active
        type_into(station.window.plan_panel.cut.sizes["width_mm"], width)
    assert cut_of(station, "cranial").blade.width_mm == 42.5
    assert not cut_of(station, "cranial").locked
    activate(station, "caudal")
    qtbot.waitUntil(lambda: cut_of(station, "cranial").locked)
    assert station.session.view.history[-1] == "Lock cranial"
    told = station.window.messages.shown
    assert told is not None
    assert "locked so that no hand moves it: cranial" in told.text
    assert not cut_of(station, "caudal").locked  # nobody moved it
    editor = station.window.plan_panel.cut
    assert not editor.locked_row.isVisibleTo(editor)
    activate(station, "cranial")
    assert editor.locked_row.isVisibleTo(editor)
    assert not editor.sizes["width_mm"].isEnabled()
    editor.unlock.click()
    assert not editor.locked_row.isVisibleTo(editor)
    assert editor.sizes["width_mm"].isEnabled()
    table["lock_cut"].trigger()
    assert editor.locked_row.isVisibleTo(editor)
    table["lock_cut"].trigger()
    activate(station, "caudal")
    qtbot.wait(1)
    assert not cut_of(station, "cranial").locked  # freed, not moved since


def test_an_added_cut_locks_with_the_next_stage_and_an_undone_step_can_still_be_redone(
    station: Workstation, qtbot: QtBot
) -> None:
    station.window.stage_bar.choose(Stage.PLAN)
    station.parts.commands.add(NewCut(OsteotomyKind.FREE), (0.0, 0.0, -40.0))
    added = station.parts.commands.choices.active_cut
    type_into(station.window.plan_panel.cut.sizes["depth_mm"], "33")
    station.session.undo()
    station.window.stage_bar.choose(Stage.CHECK)
    qtbot.wait(1)
    assert station.session.view.redo_label is not None
    assert not cut_of(station, added).locked
    station.session.redo()
    station.window.stage_bar.choose(Stage.CHECK)
    qtbot.waitUntil(lambda: cut_of(station, added).locked)


def test_switched_off_nothing_is_locked_and_it_is_remembered(station: Workstation, qtbot: QtBot) -> None:
    station.window.actions_table["lock_placed"].trigger()
    try:
        assert not station.preferences.locks_placed_cuts
        activate(station, "cranial")
        type_into(station.window.plan_panel.cut.sizes["width_mm"], "43.5")
        activate(station, "caudal")
        qtbot.wait(1)
        assert not cut_of(station, "cranial").locked
    finally:
        station.window.actions_table["lock_placed"].trigger()
    assert station.preferences.locks_placed_cuts
