"""Planning cuts with the hands: handles on slices, the padlock, the list of steps."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app import references
from app.gui import Workstation
from planning.errors import PlanningError
from planning.geometry.blade import Blade
from planning.geometry.frames import Vec3, vec3
from planning.model.tools import Tool
from planning.resection.vertebra_frame import Place, VertebraFrame
from rendering.handle_geometry import middle_lps_mm
from rendering.scene_state import SlicePlane
from tests.app.test_gestures import activate
from widgets.fields import NumberField
from widgets.stage_bar import Stage
from widgets.views.slice_view import SliceView

pytestmark = [pytest.mark.gui, pytest.mark.render]
LEFT = Qt.MouseButton.LeftButton


def blade_of(station: Workstation, cut: str) -> Blade:
    """Return a cut's blade as it is shown."""
    case = station.session.view.case
    assert case is not None
    found = case.plan.osteotomy(cut)
    assert found is not None
    return found.blade


def is_previewing(station: Workstation) -> bool:
    """Say whether a drag is under way."""
    return station.session.view.previewing


def sagittal_at_the_middle(station: Workstation, cut: str) -> SliceView:
    """Put the crosshair away from the cut's middle, in its sagittal slice."""
    activate(station, cut)
    views = station.window.views
    middle = middle_lps_mm(blade_of(station, cut))
    views.move_crosshair(vec3(np.add(middle, (0.0, 0.0, 25.0))))
    view = views.slices[SlicePlane.SAGITTAL]
    view.viewport.draw_now()
    return view


def pixel(view: SliceView, point_lps_mm: Vec3) -> QPoint:
    """Return the widget's pixel of a point."""
    x, y = view.scene.pixel_of(point_lps_mm)
    return QPoint(round(x), round(view.viewport.height() - 1 - y))


def test_a_blade_is_dragged_by_its_line_on_a_slice_and_keeps_the_grab_offset(station: Workstation) -> None:
    view = sagittal_at_the_middle(station, "cranial")
    before = blade_of(station, "cranial")
    at = pixel(view, vec3(np.add(middle_lps_mm(before), (0.0, 6.0, 0.0)))) + QPoint(0, 2)  # beside the line
    QTest.mouseMove(view.viewport, at)
    assert view.viewport.cursor().shape() is Qt.CursorShape.OpenHandCursor
    crosshair = station.window.views.looking.crosshair_lps_mm
    QTest.mousePress(view.viewport, LEFT, pos=at)
    assert view.viewport.cursor().shape() is Qt.CursorShape.ClosedHandCursor
    QTest.mouseMove(view.viewport, at)
    assert blade_of(station, "cranial") == before
    for step in range(1, 5):
        QTest.mouseMove(view.viewport, at + QPoint(0, -4 * step))
    assert station.session.view.previewing
    moved = np.subtract(blade_of(station, "cranial").origin_lps_mm, before.origin_lps_mm)
    assert moved == pytest.approx((0.0, 0.0, 16 * view.scene.mm_per_px), abs=1e-6)
    QTest.mouseRelease(view.viewport, LEFT, pos=at + QPoint(0, -16))
    assert station.session.view.history == ("Move cranial",)
    assert station.window.views.looking.crosshair_lps_mm == crosshair


def test_esc_gives_the_blade_back_on_a_slice_too(station: Workstation) -> None:
    view = sagittal_at_the_middle(station, "cranial")
    case = station.session.case
    at = pixel(view, vec3(middle_lps_mm(blade_of(station, "cranial"))))
    QTest.mousePress(view.viewport, LEFT, pos=at)
    QTest.mouseMove(view.viewport, at + QPoint(0, -20))
    assert is_previewing(station)
    QTest.keyClick(view.viewport, Qt.Key.Key_Escape)
    assert station.session.case is case
    assert not is_previewing(station)
    QTest.mouseMove(view.viewport, at + QPoint(0, -30))
    QTest.mouseRelease(view.viewport, LEFT, pos=at + QPoint(0, -30))
    assert station.session.view.history == ()


def test_a_mere_click_on_the_line_moves_the_crosshair_and_no_blade(station: Workstation) -> None:
    view = sagittal_at_the_middle(station, "cranial")
    case, middle = station.session.case, middle_lps_mm(blade_of(station, "cranial"))
    QTest.mouseClick(view.viewport, LEFT, pos=pixel(view, vec3(middle)))
    assert station.session.case is case
    assert station.window.views.looking.crosshair_lps_mm == pytest.approx(middle, abs=view.scene.mm_per_px)


def test_a_locked_cut_refuses_with_a_sentence(station: Workstation) -> None:
    view = sagittal_at_the_middle(station, "cranial")
    station.window.actions_table["lock_cut"].trigger()
    view.viewport.draw_now()
    case = station.session.case
    at = pixel(view, vec3(middle_lps_mm(blade_of(station, "cranial"))))
    QTest.mouseMove(view.viewport, at)
    assert view.viewport.cursor().shape() is Qt.CursorShape.ForbiddenCursor
    QTest.mousePress(view.viewport, LEFT, pos=at)
    QTest.mouseMove(view.viewport, at + QPoint(0, -20))
    QTest.mouseRelease(view.viewport, LEFT, pos=at + QPoint(0, -20))
    shown = station.window.messages.shown
    assert shown is not None
    assert shown.text == "cranial is locked. Unlock it first to change it."
    assert station.session.case is case


def test_the_list_of_steps_names_them_and_goes_several_at_once(station: Workstation, qtbot: QtBot) -> None:
    panel = station.window.steps
    station.window.actions_table["steps"].trigger()
    assert panel.isVisible()
    start = station.session.case
    activate(station, "cranial")
    for name in ("one", "two", "three"):
        station.window.plan_panel.cut.name.setText(name)
        station.window.plan_panel.cut.name.editingFinished.emit()
    station.window.actions_table["lock_cut"].trigger()

    def rows() -> list[str]:
        return [panel.list.item(n).text() for n in range(panel.list.count())]

    assert rows() == [
        "✓  The case as it was opened", "✓  Change name of cranial", "✓  Change name of one",
        "✓  Change name of two", "●  Lock three",
    ]  # fmt: skip

    def click(row: int) -> None:
        place = panel.list.visualItemRect(panel.list.item(row)).center()
        QTest.mouseClick(panel.list.viewport(), LEFT, pos=place)
        qtbot.waitUntil(lambda: panel.list.currentRow() == row and panel.list.item(row).text()[0] == "●")

    click(1)
    case = station.session.case
    assert case is not None
    assert [o.name for o in case.plan.osteotomies if o.id == "cranial"] == ["one"]
    undone = ["Change name of one", "Change name of two", "Lock three"]
    assert rows()[2:] == [f"↷  {name} (undone)" for name in undone]
    click(0)
    assert station.session.case is start
    click(4)
    case = station.session.case
    assert case is not None
    assert [(o.name, o.locked) for o in case.plan.osteotomies if o.id == "cranial"] == [("three", True)]
    station.window.actions_table["steps"].trigger()
    assert not panel.isVisible()


def typed(field: NumberField, text: str) -> None:
    """Type a number over a field's own and press Enter."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def test_a_blade_is_typed_relative_to_its_vertebra_and_read_back(station: Workstation, qtbot: QtBot) -> None:
    station.window.stage_bar.buttons[Stage.PLAN].click()
    activate(station, "cranial")
    relative = station.window.plan_panel.cut.relative
    qtbot.waitUntil(lambda: relative.numbers.isVisible() and relative.place.value is not Place.CENTRE)
    relative.reference_chosen.emit("T10", Place.UPPER)
    qtbot.waitUntil(lambda: relative.numbers.isVisible() and relative.level.value == "T10")
    frame = station.bindings.references.frame("T10", Place.UPPER)
    assert isinstance(frame, VertebraFrame)
    before = blade_of(station, "cranial")
    typed(relative.fields["superior_mm"], "23,6")  # a decimal comma, as half of Europe writes it
    typed(relative.fields["tilt_deg"], "7.5")
    assert station.session.view.history == ("Move cranial", "Move cranial")
    after = blade_of(station, "cranial")
    own = frame.rows @ (after.middle_lps_mm - np.asarray(frame.origin_lps_mm))
    was = frame.rows @ (before.middle_lps_mm - np.asarray(frame.origin_lps_mm))
    assert own == pytest.approx((was[0], was[1], 23.6), abs=1e-9)
    up = float(np.dot(after.advance_lps, frame.superior))
    assert np.degrees(np.arcsin(up)) == pytest.approx(7.5, abs=1e-9)
    assert (relative.fields["superior_mm"].text(), relative.fields["tilt_deg"].text()) == ("23.6 mm", "7.5 °")
    relative.level.entered.emit("T8")  # the small column ends there: its vertebra may reach the edge or not
    qtbot.waitUntil(lambda: relative.level.value == "T8")
    assert blade_of(station, "cranial") == after, "looking from elsewhere moves nothing"


def test_undo_takes_an_entered_number_back_while_its_field_keeps_the_keyboard(station: Workstation) -> None:
    station.window.stage_bar.buttons[Stage.PLAN].click()
    activate(station, "cranial")
    field = station.window.plan_panel.cut.sizes["width_mm"]
    before = field.value()
    field.setFocus()
    typed(field, f"{before + 3}")
    assert blade_of(station, "cranial").width_mm == pytest.approx(before + 3)
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert blade_of(station, "cranial").width_mm == pytest.approx(before)
    assert field.hasFocus()
    assert field.value() == pytest.approx(before)
    QTest.keyClick(field, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert field.value() == pytest.approx(before + 3)


def test_undo_takes_back_what_is_being_typed_and_leaves_the_plan(station: Workstation) -> None:
    station.window.stage_bar.buttons[Stage.PLAN].click()
    activate(station, "cranial")
    field = station.window.plan_panel.cut.sizes["width_mm"]
    shown, steps = field.text(), station.session.view.history
    field.setFocus()
    field.lineEdit().selectAll()
    QTest.keyClicks(field, "7")
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert field.text() == shown
    assert station.session.view.history == steps


def test_without_the_vertebra_the_numbers_are_withheld_with_the_reason(
    station: Workstation, qtbot: QtBot
) -> None:
    station.window.stage_bar.buttons[Stage.PLAN].click()
    activate(station, "cranial")
    relative = station.window.plan_panel.cut.relative
    relative.reference_chosen.emit("L3", Place.CENTRE)
    qtbot.waitUntil(lambda: relative.why.text().startswith("L3"))
    assert relative.why.text() == "L3 is not segmented, so nothing is measured from it."
    assert relative.why.isVisible()
    assert not relative.numbers.isVisible()


def test_a_changed_own_tool_changes_no_plan_until_it_is_taken_over(
    station: Workstation, qtbot: QtBot
) -> None:
    library = station.session.settings.tools
    chisel = Tool("own_chisel", "chisel", 1.4, (1.4, 1.4), 4.0, None, "ours", own=True)
    flow, editor = station.parts.tools, station.window.plan_panel.cut
    station.window.stage_bar.buttons[Stage.PLAN].click()
    try:
        flow.keep(library.with_own((chisel,)))
        activate(station, "cranial")
        editor.tool.entered.emit("own_chisel")
        assert blade_of(station, "cranial").kerf_mm == 1.4
        assert not editor.other_numbers.isVisible()
        case = station.session.case
        flow.keep(library.with_own((replace(chisel, kerf_mm=2.0),)))
        assert station.session.case is case
        shown = station.window.messages.shown
        assert shown is not None
        assert shown.text == (
            "The tool library is saved. cranial: planned with other numbers, and they keep them. "
            "Choose such a cut to take the new ones over."
        )
        assert editor.other_numbers.isVisible()
        assert editor.tool_note.text() == "In the tool library: kerf 2, overshoot 4 mm."
        editor.take_over.click()
        assert blade_of(station, "cranial").kerf_mm == 2.0
        assert not editor.other_numbers.isVisible()
        station.session.undo()
        assert blade_of(station, "cranial").kerf_mm == 1.4
    finally:
        station.session.undo()
        flow.keep(library)
    assert station.session.settings.tools == library


def test_a_cut_is_mirrored_at_its_vertebra_without_its_guards(station: Workstation, qtbot: QtBot) -> None:
    activate(station, "rib-T10-left")
    qtbot.waitUntil(lambda: isinstance(station.bindings.references.frame("T10", Place.CENTRE), VertebraFrame))
    frame = station.bindings.references.frame("T10", Place.CENTRE)
    assert isinstance(frame, VertebraFrame)
    before = blade_of(station, "rib-T10-left")
    station.window.actions_table["mirror_cut"].trigger()
    case = station.session.case
    assert case is not None
    copy = case.plan.osteotomies[-1]
    assert (copy.side, copy.guards, copy.locked) == ("right", (), False)
    assert station.parts.commands.choices.active_cut == copy.id
    assert station.session.view.undo_label == "Mirror rib-T10-left"
    own = frame.rows @ (copy.blade.middle_lps_mm - np.asarray(frame.origin_lps_mm))
    was = frame.rows @ (before.middle_lps_mm - np.asarray(frame.origin_lps_mm))
    assert own == pytest.approx((-was[0], was[1], was[2]), abs=1e-9)


def test_cuts_change_places_step_by_step_and_say_when_there_is_none_before(station: Workstation) -> None:
    def order() -> list[str]:
        return [row.osteotomy.id for row in station.window.cuts.table.cuts.rows]

    before = order()
    activate(station, before[2])
    station.window.actions_table["earlier_cut"].trigger()
    assert order() == [before[0], before[2], before[1], *before[3:]]
    assert station.session.view.undo_label == f"{before[2]} earlier"
    station.window.actions_table["later_cut"].trigger()
    assert order() == before
    activate(station, before[0])
    station.window.actions_table["earlier_cut"].trigger()
    shown = station.window.messages.shown
    assert shown is not None
    assert shown.text == f"{before[0]} is the first cut already."
    assert order() == before


def test_the_endplate_stays_when_a_blade_crosses_the_centre_and_a_choice_ends_with_its_case(
    station: Workstation, qtbot: QtBot
) -> None:
    station.window.stage_bar.buttons[Stage.PLAN].click()
    activate(station, "cranial")
    relative = station.window.plan_panel.cut.relative
    qtbot.waitUntil(lambda: relative.numbers.isVisible() and relative.place.value is not Place.CENTRE)
    level, place = relative.level.value, relative.place.value
    assert isinstance(level, str)
    across = -60.0 if place is Place.UPPER else 60.0
    typed(relative.fields["superior_mm"], str(across))
    centre = station.bindings.references.frame(level, Place.CENTRE)
    assert isinstance(centre, VertebraFrame)
    middle = blade_of(station, "cranial").middle_lps_mm - np.asarray(centre.origin_lps_mm)
    assert np.sign(middle @ np.asarray(centre.superior)) == np.sign(across), "past the centre"
    assert (relative.level.value, relative.place.value) == (level, place)
    assert relative.fields["superior_mm"].value() == pytest.approx(across)
    relative.reference_chosen.emit("T8", Place.CENTRE)
    assert relative.level.value == "T8"
    case = station.session.case
    assert case is not None
    station.parts.files.new_case(case)
    activate(station, "cranial")
    assert relative.level.value != "T8"


@pytest.mark.logs_errors
def test_a_fault_in_measuring_a_vertebra_is_said_and_not_tried_again(
    station: Workstation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[object] = []

    def broken(*arguments: object) -> None:
        tries.append(arguments)
        raise ZeroDivisionError

    monkeypatch.setattr(references, "vertebra_frame", broken)
    station.parts.jobs.bug.disconnect()
    found = station.bindings.references
    heard: list[str] = []
    station.parts.jobs.bug.connect(heard.append)
    assert found.frame("T11", Place.LOWER) is None
    qtbot.waitUntil(lambda: found.frame("T11", Place.LOWER) is not None)
    failed = found.frame("T11", Place.LOWER)
    assert isinstance(failed, PlanningError)
    assert failed.code == "FRAME_FAULT"
    station.session.tell()
    assert (len(tries), len(heard)) == (1, 1)
    station.parts.jobs.bug.disconnect(heard.append)
    station.parts.jobs.bug.connect(station.bindings.tell_bug)
    found._found.clear()
