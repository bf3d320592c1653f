"""The window under a surgeon's hands: real mouse and key events, asserted on words, values and pixels."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from rendering.scene_state import SlicePlane
from tests.app.conftest import wait_for_numbers
from widgets.stage_bar import Stage
from widgets.tables.cut_table import KIND, NAME, NEAREST, STATUS
from widgets.viewport import Viewport
from widgets.views.seen import PRESETS, LeftButton

pytestmark = [pytest.mark.gui, pytest.mark.render]
LEFT = Qt.MouseButton.LeftButton


def colours(image: QImage) -> NDArray[np.uint8]:
    """Return a picture as an array of shape (height, width, 3)."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def wheel(
    viewport: Viewport, notches: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Turn the wheel over the middle of a view."""
    middle = QPointF(viewport.rect().center())
    event = QWheelEvent(
        middle, viewport.mapToGlobal(middle), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        modifiers, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)


def a_handle(station: Workstation) -> QPoint:
    """Return where the pointer is over a handle of the active blade, found as a person does: by looking."""
    view = station.window.views.spine
    view.viewport.draw_now()
    height = view.viewport.height()
    for y in range(4, height, 5):
        for x in range(4, view.viewport.width(), 5):
            if view.scene.handle.part_at(float(x), float(height - 1 - y)) is not None:
                return QPoint(x, y)
    raise AssertionError("no handle of the active blade is in view")


def row_of(station: Workstation, cut: str) -> list[str]:
    """Return the words of a cut's line in the table."""
    model = station.window.cuts.table.cuts
    at = next(n for n, row in enumerate(model.rows) if row.osteotomy.id == cut)
    return [str(model.index(at, column).data() or "") for column in range(model.columnCount())]


def steps_of(station: Workstation) -> int:
    """Return how many steps undo can take back."""
    return len(station.session.view.history)


def left_button(station: Workstation) -> LeftButton:
    """Return what a left-drag on a slice does now."""
    return station.window.views.looking.left_button


def activate(station: Workstation, cut: str) -> None:
    """Click a cut's line."""
    table = station.window.cuts.table
    at = next(n for n, row in enumerate(table.cuts.rows) if row.osteotomy.id == cut)
    box = table.visualRect(table.cuts.index(at, NAME))
    table.scrollTo(table.cuts.index(at, NAME))
    box = table.visualRect(table.cuts.index(at, NAME))
    QTest.mouseClick(table.viewport(), LEFT, pos=box.center())
    assert station.parts.commands.choices.active_cut == cut


def grab_and_move(station: Workstation, steps: int = 4) -> QPoint:
    """Press on a handle and move it, without letting go."""
    viewport = station.window.views.spine.viewport
    at = a_handle(station)
    QTest.mousePress(viewport, LEFT, pos=at)
    for step in range(1, steps + 1):
        QTest.mouseMove(viewport, at + QPoint(6 * step, 5 * step))
    return at + QPoint(6 * steps, 5 * steps)


def test_dragging_a_blade_shows_its_distances_and_withdraws_all_others(
    station: Workstation, qtbot: QtBot
) -> None:
    activate(station, "cranial")
    before = station.session.case
    assert before is not None
    still = row_of(station, "caudal")
    assert station.window.board.lines

    end = grab_and_move(station)

    view = station.session.view
    assert view.previewing
    assert view.case is not None
    assert view.case.plan.osteotomy("cranial") != before.plan.osteotomy("cranial")
    assert view.live is not None
    assert view.live.osteotomy == "cranial"
    assert station.window.board.overall.text() == "UPDATING"
    assert len(station.window.board.lines) == len(view.live.clearances) + 1
    assert " mm  " in row_of(station, "cranial")[NEAREST]
    assert row_of(station, "caudal")[NEAREST] == "..."
    assert row_of(station, "caudal")[STATUS] == "UPDATING"
    assert still[STATUS] != "UPDATING"

    QTest.mouseRelease(station.window.views.spine.viewport, LEFT, pos=end)
    assert station.session.view.undo_label == "Move cranial"
    assert len(station.session.view.history) == 1
    board = station.window.board
    if station.session.view.evaluation is None:  # let go: what the hand measured stays, the rest is named
        assert board.overall.text() == "UPDATING"
        assert board.note.text() == "Measured as you let go, not yet confirmed:"
        assert len(board.lines) == len(view.live.clearances) + 1
        assert "◌ caudal: being checked" in board.remarks.text().splitlines()
        assert "mm" not in board.remarks.text()
        assert row_of(station, "caudal")[NEAREST] == "..."
    wait_for_numbers(station, qtbot)
    assert station.session.view.live is None
    assert row_of(station, "caudal")[NEAREST] == still[NEAREST]


def test_no_picture_of_a_drag_is_ahead_of_the_numbers(station: Workstation, qtbot: QtBot) -> None:
    activate(station, "cranial")
    spine = station.window.views.spine
    behind: list[bool] = []

    def compare() -> None:
        spine._apply()
        case = station.session.view.case
        moved = case.plan.osteotomy("cranial") if case is not None else None
        assert moved is not None
        behind.append(next(b.blade for b in spine.state.blades if b.id == moved.id) != moved.blade)

    spine.viewport.before_render(compare)
    at = a_handle(station)
    QTest.mousePress(spine.viewport, LEFT, pos=at)
    for step in range(1, 9):
        QTest.mouseMove(spine.viewport, at + QPoint(6 * step, 5 * step))
        qtbot.waitUntil(lambda wanted=step: len(behind) >= wanted)  # type: ignore[misc]
    QTest.keyClick(spine.viewport, Qt.Key.Key_Escape)
    spine.viewport.before_render(spine._apply)
    QTest.mouseRelease(spine.viewport, LEFT, pos=at)
    assert len(behind) >= 8
    assert not any(behind)


def test_what_the_drag_showed_is_what_the_evaluation_confirms(station: Workstation, qtbot: QtBot) -> None:
    activate(station, "rib-T10-left")
    end = grab_and_move(station, 2)
    live = station.session.view.live
    assert live is not None
    shown = {c.structure_id: c.value_mm for c in live.clearances}
    QTest.mouseRelease(station.window.views.spine.viewport, LEFT, pos=end)
    wait_for_numbers(station, qtbot)
    evaluation = station.session.view.evaluation
    assert evaluation is not None
    confirmed = {c.structure_id: c.value_mm for c in evaluation.clearances if c.osteotomy == "rib-T10-left"}
    for structure, value in confirmed.items():
        if value is not None:
            assert shown[structure] == pytest.approx(value, abs=0.5)


def test_esc_restores_the_case_before_the_drag(station: Workstation) -> None:
    activate(station, "cranial")
    before, words = station.session.case, row_of(station, "cranial")
    grab_and_move(station)
    QTest.keyClick(station.window.views.spine.viewport, Qt.Key.Key_Escape)
    assert station.session.case is before
    assert not station.session.view.previewing
    assert station.session.view.history == ()
    assert station.session.view.evaluation is not None  # the old one is current again, nothing is recomputed
    assert row_of(station, "cranial") == words
    QTest.mouseRelease(station.window.views.spine.viewport, LEFT)
    assert station.session.case is before


def test_one_gesture_is_one_undo_step(station: Workstation, qtbot: QtBot) -> None:
    activate(station, "cranial")
    before = station.session.case
    end = grab_and_move(station, 7)
    QTest.mouseRelease(station.window.views.spine.viewport, LEFT, pos=end)
    moved = station.session.case
    assert moved is not before
    assert steps_of(station) == 1
    QTest.keyClick(station.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert steps_of(station) == 0
    assert station.session.case is before
    assert station.window.actions_table["redo"].text() == "Redo: Move cranial"
    QTest.keyClick(station.window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert station.session.case is moved


def test_a_locked_cut_cannot_be_dragged(station: Workstation) -> None:
    activate(station, "cranial")
    station.window.actions_table["lock_cut"].trigger()
    with pytest.raises(AssertionError, match="no handle"):
        a_handle(station)
    assert not station.window.plan_panel.cut.sizes["width_mm"].isEnabled()


def test_the_wheel_scrolls_by_one_slice_and_the_label_follows(station: Workstation) -> None:
    axial = station.window.views.slices[SlicePlane.AXIAL]
    z = station.window.views.looking.crosshair_lps_mm[2]
    words = axial.note.text()
    wheel(axial.viewport, 1)
    assert station.window.views.looking.crosshair_lps_mm[2] == pytest.approx(z - 1.0)
    assert axial.note.text() != words
    QTest.keyClick(axial.viewport, Qt.Key.Key_PageDown)
    assert station.window.views.looking.crosshair_lps_mm[2] == pytest.approx(z)
    assert axial.note.text() == words


def test_scrolling_changes_the_picture(station: Workstation) -> None:
    axial = station.window.views.slices[SlicePlane.AXIAL]
    before = colours(axial.viewport.picture())
    wheel(axial.viewport, 14)
    after = colours(axial.viewport.picture())
    assert before.shape == after.shape
    assert (np.abs(before.astype(int) - after).max(axis=2) > 40).mean() > 0.005


def test_a_click_moves_the_crosshair_of_every_view(station: Workstation) -> None:
    views = station.window.views
    axial = views.slices[SlicePlane.AXIAL]
    at = axial.viewport.rect().center() + QPoint(30, 20)
    axial.viewport.draw_now()
    expected = axial.scene.lps_at(at.x(), axial.viewport.height() - 1 - at.y())
    QTest.mouseClick(axial.viewport, LEFT, pos=at)
    for view in views.slices.values():
        assert view.state.crosshair_lps_mm == pytest.approx(expected, abs=1e-6)
    assert views.spine.state.crosshair_lps_mm == pytest.approx(expected, abs=1e-6)


def test_shift_and_move_takes_the_crosshair_along(station: Workstation) -> None:
    axial = station.window.views.slices[SlicePlane.AXIAL]
    axial.viewport.draw_now()
    before = station.window.views.looking.crosshair_lps_mm
    at = axial.viewport.rect().center() + QPoint(-25, 15)
    QTest.mouseMove(axial.viewport, at - QPoint(3, 3))
    assert station.window.views.looking.crosshair_lps_mm == before
    shift = Qt.KeyboardModifier.ShiftModifier
    move = type(axial.viewport).mouseMoveEvent
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    none = Qt.MouseButton.NoButton
    position = QPointF(at)
    move(axial.viewport, QMouseEvent(QEvent.Type.MouseMove, position, position, none, none, shift))
    assert station.window.views.looking.crosshair_lps_mm != before


def test_number_keys_choose_a_grey_window_and_w_drags_it(station: Workstation) -> None:
    views = station.window.views
    axial = views.slices[SlicePlane.AXIAL]
    for number, preset in enumerate(PRESETS):
        QTest.keyClick(axial.viewport, Qt.Key(Qt.Key.Key_1 + number))
        assert (views.looking.window_hu, views.looking.level_hu) == (preset.window_hu, preset.level_hu)
    crosshair = views.looking.crosshair_lps_mm
    QTest.keyClick(axial.viewport, Qt.Key.Key_W)
    assert left_button(station) is LeftButton.WINDOW
    assert station.window.actions_table["window_mode"].isChecked()
    middle = axial.viewport.rect().center()
    QTest.mousePress(axial.viewport, LEFT, pos=middle)
    QTest.mouseMove(axial.viewport, middle + QPoint(20, 0))
    QTest.mouseRelease(axial.viewport, LEFT, pos=middle + QPoint(20, 0))
    assert views.looking.window_hu > PRESETS[-1].window_hu
    assert views.looking.crosshair_lps_mm == crosshair
    QTest.mouseDClick(axial.viewport, LEFT, pos=middle)
    assert views.looking.window_hu == PRESETS[0].window_hu
    QTest.keyClick(axial.viewport, Qt.Key.Key_W)
    assert left_button(station) is LeftButton.CROSSHAIR


def test_right_drag_and_ctrl_wheel_zoom_and_r_fits(station: Workstation) -> None:
    axial = station.window.views.slices[SlicePlane.AXIAL]
    middle = axial.viewport.rect().center()
    QTest.mousePress(axial.viewport, Qt.MouseButton.RightButton, pos=middle)
    QTest.mouseMove(axial.viewport, middle - QPoint(0, 40))
    QTest.mouseRelease(axial.viewport, Qt.MouseButton.RightButton, pos=middle - QPoint(0, 40))
    zoomed = axial.state.zoom
    assert zoomed > 1.2
    wheel(axial.viewport, 2, Qt.KeyboardModifier.ControlModifier)
    assert axial.state.zoom == pytest.approx(zoomed * 1.15**2)
    QTest.mousePress(axial.viewport, Qt.MouseButton.MiddleButton, pos=middle)
    QTest.mouseMove(axial.viewport, middle + QPoint(15, 10))
    QTest.mouseRelease(axial.viewport, Qt.MouseButton.MiddleButton, pos=middle + QPoint(15, 10))
    assert axial.state.pan_mm[0] < 0 < axial.state.pan_mm[1]
    QTest.keyClick(axial.viewport, Qt.Key.Key_R)
    assert (axial.state.zoom, axial.state.pan_mm) == (1.0, (0.0, 0.0))


def test_g_takes_outlines_off_the_picture(station: Workstation) -> None:
    axial = station.window.views.slices[SlicePlane.AXIAL]

    def coloured() -> int:
        picture = colours(axial.viewport.picture()).astype(int)
        return int((picture.max(axis=2) - picture.min(axis=2) > 60).sum())

    shown = coloured()
    QTest.keyClick(axial.viewport, Qt.Key.Key_G)
    assert coloured() < shown * 0.7
    QTest.keyClick(axial.viewport, Qt.Key.Key_G)
    assert coloured() == pytest.approx(shown, rel=0.02)


def test_the_keypad_turns_the_3d_view(station: Workstation) -> None:
    spine = station.window.views.spine
    QTest.keyClick(spine.viewport, Qt.Key.Key_1, Qt.KeyboardModifier.KeypadModifier)
    front = spine.scene.pose
    assert front.position_lps_mm[1] < front.focus_lps_mm[1]  # anterior is -y
    QTest.keyClick(
        spine.viewport, Qt.Key.Key_3, Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
    )
    right = spine.scene.pose
    assert right.position_lps_mm[0] < right.focus_lps_mm[0]  # the patient's right is -x
    QTest.keyClick(spine.viewport, Qt.Key.Key_7, Qt.KeyboardModifier.KeypadModifier)
    head = spine.scene.pose
    assert head.position_lps_mm[2] > head.focus_lps_mm[2]


def test_a_click_on_the_board_flies_every_view_to_the_two_points(station: Workstation) -> None:
    board = station.window.board
    row = next(r for r in board.rows if r.line is not None and r.line.structure_point_lps_mm is not None)
    line = row.line
    assert line is not None
    assert line.tool_point_lps_mm is not None
    assert line.structure_point_lps_mm is not None
    QTest.mouseClick(row, LEFT, pos=QPoint(12, row.height() - 6))
    views = station.window.views
    assert views.looking.crosshair_lps_mm == pytest.approx(line.tool_point_lps_mm, abs=1e-6)
    length = np.linalg.norm(np.subtract(line.tool_point_lps_mm, line.structure_point_lps_mm))
    assert views.looking.line is not None
    enters = line.value_mm is not None and line.value_mm < 0
    assert views.looking.line.label == (f"{length:.1f} mm inside" if enters else f"{length:.1f} mm")
    assert views.spine.scene.pose.focus_lps_mm == pytest.approx(line.tool_point_lps_mm, abs=0.5)
    assert station.parts.commands.choices.active_cut == line.osteotomy


def test_typing_a_width_is_one_named_step(station: Workstation, qtbot: QtBot) -> None:
    activate(station, "cranial")
    field = station.window.plan_panel.cut.sizes["width_mm"]
    station.window.stage_bar.buttons[Stage.PLAN].click()
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "30.5")
    assert station.session.view.history == ()  # nothing happens while typing
    QTest.keyClick(field, Qt.Key.Key_Return)
    case = station.session.case
    assert case is not None
    cut = case.plan.osteotomy("cranial")
    assert cut is not None
    assert cut.blade.width_mm == 30.5
    assert station.session.view.undo_label == "Change width of cranial"
    assert station.session.view.evaluation is None
    assert row_of(station, "cranial")[KIND] == "disc"
    wait_for_numbers(station, qtbot)
