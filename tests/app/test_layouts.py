"""Layouts: what is shown where, that views keep their state, the second window, what comes back."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.errands.workbench import Workbench
from app.gui import Workstation, build
from app.settings import Preferences
from rendering.cameras import StandardView
from rendering.scene_state import SlicePlane
from tests.app.test_gestures import colours, wheel
from widgets.views.apart_window import ApartWindow, beside
from widgets.views.layout_icon import layout_drawing
from widgets.views.layouts import AXIAL, FOUR, LAYOUTS, SPINE, layout_of
from widgets.views.seen import LeftButton
from widgets.views.view_frame import ViewFrame

pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.qt_log_ignore("propagateSizeHints")]
LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def four(station: Workstation) -> Workstation:
    """The window in its first layout, before and after."""
    station.window.views.show_layout(FOUR)
    station.window.activateWindow()
    assert QTest.qWaitForWindowActive(station.window, 5000)
    return station


def named(station: Workstation) -> dict[str, ViewFrame]:
    """Return every view by the name layouts call it."""
    views = station.window.views
    slices = (*views.slices.values(), *views.cuts.values())
    return {SPINE: views.spine, **{view.plane.value: view for view in slices}}


def second_window(station: Workstation) -> ApartWindow | None:
    """Return the second window, or None."""
    QApplication.processEvents()
    return station.window.views.apart


def shown(station: Workstation) -> set[str]:
    """Return the names of the views a person sees."""
    QApplication.processEvents()
    return {name for name, frame in named(station).items() if frame.isVisible()}


def test_every_layout_shows_its_views_and_no_other_by_key_menu_and_button(four: Workstation) -> None:
    strip = {button.defaultAction().objectName(): button for button in four.window.strip.buttons}
    for layout in reversed(LAYOUTS):
        key = getattr(Qt.Key, f"Key_{layout.key.removeprefix('Ctrl+')}")
        QTest.keyClick(four.window, key, CTRL)
        assert shown(four) == set(layout.views), layout.id
        action = four.window.actions_table[f"layout-{layout.id}"]
        assert action.isChecked()
        assert strip[action.objectName()].isChecked()
        assert not four.window.actions_table[
            f"layout-{LAYOUTS[(LAYOUTS.index(layout) + 1) % len(LAYOUTS)].id}"
        ].isChecked()
    QTest.mouseClick(strip["layout-only-axial"], LEFT)
    assert shown(four) == {AXIAL}
    four.window.actions_table["layout-four"].trigger()
    assert len(shown(four)) == 4


def test_cells_of_a_layout_never_overlap() -> None:
    for layout in LAYOUTS:
        taken = [
            (row, column)
            for c in layout.cells
            for row in range(c.row, c.row + c.rows)
            for column in range(c.column, c.column + c.columns)
        ]
        whole = {(r, c) for r in range(len(layout.row_shares)) for c in range(len(layout.column_shares))}
        assert len(taken) == len(set(taken)), layout.id
        assert set(taken) == whole, layout.id
    assert len({layout.id for layout in LAYOUTS}) == len({layout.key for layout in LAYOUTS}) == len(LAYOUTS)
    assert layout_of("of a later version") is FOUR


def test_views_keep_camera_slice_zoom_and_grey_window_through_every_layout(four: Workstation) -> None:
    views = four.window.views
    axial, spine = views.slices[SlicePlane.AXIAL], views.spine
    QTest.keyClick(spine.viewport, Qt.Key.Key_3, Qt.KeyboardModifier.KeypadModifier)
    QTest.keyClick(axial.viewport, Qt.Key.Key_2)
    wheel(axial.viewport, 3)
    wheel(axial.viewport, 4, CTRL)

    def state() -> tuple[object, ...]:
        return spine.scene.pose, axial.state.zoom, axial.state.pan_mm, views.looking

    axial.viewport.schedule.rest()  # the wheel's coarser picture is over
    before, picture = state(), colours(axial.viewport.picture())
    for layout in (*LAYOUTS, FOUR):
        views.show_layout(layout)
        QApplication.processEvents()
        assert state() == before, layout.id
    QApplication.processEvents()
    after = colours(axial.viewport.picture())
    assert after.shape == picture.shape
    assert np.abs(after.astype(int) - picture).max() <= 2


def test_a_double_click_maximises_a_view_of_any_layout_and_brings_that_layout_back(four: Workstation) -> None:
    views = four.window.views
    views.show_layout(layout_of("spine-axial"))
    QApplication.processEvents()
    axial = views.slices[SlicePlane.AXIAL]
    views.set_left_button(LeftButton.CROSSHAIR)
    QTest.mouseDClick(axial.viewport, LEFT, pos=QPoint(20, 20))
    assert shown(four) == {AXIAL}
    QTest.mouseDClick(axial.viewport, LEFT, pos=QPoint(20, 20))
    assert shown(four) == {SPINE, AXIAL}
    assert abs(views.spine.width() - axial.width()) <= 2


def test_the_wide_layout_gives_the_panels_room_to_the_views_and_keeps_the_board(four: Workstation) -> None:
    window = four.window
    room = window.views.size()
    window.views.show_layout(layout_of("wide"))
    QApplication.processEvents()
    assert window.views.width() > room.width() + 200
    assert window.views.height() > room.height() + 80
    assert window.board.isVisible()
    assert not window.cuts.isVisible()
    spine, axial = window.views.spine, window.views.slices[SlicePlane.AXIAL]
    assert spine.width() > 2.2 * axial.width()
    QTest.mouseClick(
        next(iter(window.stage_bar.buttons.values())), LEFT
    )  # a stage is asked for: its panel comes
    assert window.stage_stack.isVisible()
    window.views.show_layout(FOUR)
    assert window.cuts.isVisible()


def test_the_second_window_draws_the_spine_takes_keys_and_brings_the_view_back(
    four: Workstation, qtbot: QtBot
) -> None:
    views = four.window.views
    views.show_layout(layout_of("spine-axial"))
    views.show_layout(layout_of("two-screens"))
    apart = second_window(four)
    assert apart is not None
    qtbot.waitUntil(apart.isVisible)
    apart.resize(QSize(640, 480))
    QApplication.processEvents()
    assert views.spine.window() is apart
    picture = colours(views.spine.viewport.picture())
    assert picture.shape[:2] == (views.spine.viewport.height(), views.spine.viewport.width())
    assert (
        picture.max(axis=2).astype(int) - picture.min(axis=2) > 40
    ).sum() > 500  # coloured bodies, no empty frame
    pose = views.spine.scene.pose
    QTest.keyClick(apart, Qt.Key.Key_7, Qt.KeyboardModifier.KeypadModifier)
    assert views.spine.scene.pose != pose
    assert four.window.actions_table["undo"] in apart.actions()  # its key works there as well
    apart.close()
    assert second_window(four) is None
    assert shown(four) == {SPINE, AXIAL}
    assert views.spine.window() is four.window
    back = colours(views.spine.viewport.picture())
    assert (back.max(axis=2).astype(int) - back.min(axis=2) > 40).sum() > 500


def test_the_second_window_follows_the_case_and_is_in_the_picture_of_the_views(four: Workstation) -> None:
    views = four.window.views
    views.show_layout(layout_of("two-screens"))
    assert second_window(four) is not None
    place = views.places()[views.spine]
    assert (place.left(), place.size()) == (views.width(), views.spine.viewport.size())
    four.window.show_case_open(False)
    assert second_window(four) is None
    four.window.show_case_open(True)
    assert second_window(four) is not None
    assert views.spine.window() is views.apart


def test_the_last_layout_comes_back_at_the_next_start(
    qapp: QApplication, bench: Workbench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("kept") / "window.ini"
    windows = []
    for start in ("four", "wide"):
        window = build(bench, Preferences(path), qapp, painted=True).window
        assert window.views.layout_shown.id == start
        assert window.actions_table[f"layout-{start}"].isChecked()
        assert window.panels_shown is layout_of(start).panels
        window.actions_table["layout-wide"].setEnabled(True)
        window.actions_table["layout-wide"].trigger()
        windows.append(window)
    for window in windows:
        window.close()
        window.deleteLater()
    assert "Quillfeather" not in path.read_text()


def test_double_click_on_a_title_maximises_and_restores(four: Workstation) -> None:
    views = four.window.views
    coronal = views.slices[SlicePlane.CORONAL]
    title = coronal.title
    bar = title.parentWidget()
    assert bar is not None
    small, before = coronal.width(), [frame for frame in views.frames if frame.isVisible()]
    assert len(before) == 4
    QTest.mouseDClick(bar, LEFT, pos=title.pos() + QPoint(5, 5))
    QApplication.processEvents()
    assert [frame for frame in views.frames if frame.isVisible()] == [coronal]
    assert coronal.width() > 1.8 * small
    QTest.mouseDClick(bar, LEFT, pos=title.pos() + QPoint(5, 5))
    assert [frame for frame in views.frames if frame.isVisible()] == before


def test_every_layout_has_a_drawing_of_its_own_and_no_menu_is_taller_than_a_laptop(four: Workstation) -> None:
    assert len({layout_drawing(layout) for layout in LAYOUTS}) == len(LAYOUTS)
    for name, menu in four.window.menus.items():
        assert menu.sizeHint().height() < 700, name
    four.window.actions_table["look-cranial"].trigger()
    assert four.window.views.spine.scene.pose.sight_lps == pytest.approx((0.0, 0.0, -1.0), abs=1e-6)


def test_a_view_of_another_shape_still_shows_the_whole_spine_until_a_hand_moves_it(four: Workstation) -> None:
    spine = four.window.views.spine
    spine.look(StandardView.POSTERIOR)
    before = spine.scene.pose.half_height_mm
    four.window.views.show_layout(layout_of("only-spine"))
    four.window.resize(700, 800)
    QApplication.processEvents()
    tall = spine.scene.pose.half_height_mm
    spine.look(StandardView.POSTERIOR)
    assert tall == pytest.approx(spine.scene.pose.half_height_mm), "as if it were asked for anew"
    spine.scene.zoom(1.5)
    zoomed = spine.scene.pose
    four.window.resize(1280, 800)
    QApplication.processEvents()
    assert spine.scene.pose == zoomed
    assert before > 0


@pytest.mark.parametrize(
    "main",
    [QRect(0, 0, 1200, 1040), QRect(700, 0, 1200, 1040), QRect(0, 0, 1910, 500), QRect(0, 0, 1920, 1040)],
)
def test_on_one_screen_the_second_window_leaves_tools_and_board_in_reach(main: QRect) -> None:
    room = QRect(0, 0, 1920, 1040)
    second = beside(room, main)
    assert room.contains(second)
    assert min(second.width(), second.height()) >= 400
    covered = second.intersected(main)
    if not covered.isEmpty():
        assert covered.top() >= main.top() + 200, "the tools above"
        assert covered.right() <= main.left() + 0.72 * main.width(), "the board at the right"
