"""Ways of looking under real mouse and key events: oblique planes, slabs, clipping, slices in 3D."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.actions import COMMANDS
from app.gui import Workstation
from rendering.cameras import StandardView
from rendering.corner_texts import Place
from rendering.cut_planes import ANATOMICAL
from rendering.handle_geometry import Part
from rendering.scene_state import SlicePlane
from rendering.slice_parts import SlabMode
from tests.app.test_gestures import colours, wheel
from widgets.stage_bar import Stage
from widgets.stages.anatomy_panel import NAME, OUTLINE
from widgets.views.seen import kept_inside
from widgets.views.slice_view import SliceView

pytestmark = [pytest.mark.gui, pytest.mark.render]
LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def a_view(station: Workstation, plane: SlicePlane) -> SliceView:
    """Return a slice view with the keyboard, drawn as it is now."""
    view = station.window.views.slices[plane]
    view.viewport.setFocus()
    view.viewport.draw_now()
    return view


def at_crosshair(view: SliceView, right_px: int = 0, up_px: int = 0) -> QPoint:
    """Return a place beside the crosshair of a view."""
    x, y = view.scene.pixel_of(view.state.crosshair_lps_mm)
    return QPoint(round(x) + right_px, view.viewport.height() - 1 - round(y) - up_px)


def on_line(view: SliceView, plane: SlicePlane, share: float) -> QPoint:
    """Return a place on another plane's line, a share of the way from the crosshair to the view's edge."""
    line = next(line for line in view.state.cross if line.plane is plane)
    step = np.asarray(line.direction_lps) * view.scene.mm_per_px
    centre = np.asarray(view.state.crosshair_lps_mm)
    n = 0
    while view.viewport.rect().adjusted(2, 2, -2, -2).contains(_point(view, centre + (n + 1) * step)):
        n += 1
    return _point(view, centre + share * n * step)


def _point(view: SliceView, lps_mm: np.ndarray) -> QPoint:
    x, y = view.scene.pixel_of((float(lps_mm[0]), float(lps_mm[1]), float(lps_mm[2])))
    return QPoint(round(x), view.viewport.height() - 1 - round(y))


def slices_in_3d(station: Workstation) -> int:
    """Return how many slices stand in the 3D view."""
    return len(station.window.views.spine.state.slices)


def picture_in_3d(station: Workstation) -> str:
    """Return the preset of the volume picture, or nothing."""
    picture = station.window.views.spine.state.picture
    return picture.preset if picture is not None else ""


def drag(view: SliceView, start: QPoint, end: QPoint, button: Qt.MouseButton = LEFT) -> None:
    """Press, move in four steps, and hold."""
    QTest.mousePress(view.viewport, button, pos=start)
    for step in range(1, 5):
        QTest.mouseMove(view.viewport, start + (end - start) * step / 4)


def release(view: SliceView, at: QPoint, button: Qt.MouseButton = LEFT) -> None:
    """Let go."""
    QTest.mouseRelease(view.viewport, button, pos=at)


def test_the_end_of_a_line_turns_the_other_two_planes(station: Workstation) -> None:
    views = station.window.views
    axial = a_view(station, SlicePlane.AXIAL)
    crosshair = views.looking.crosshair_lps_mm
    start = on_line(axial, SlicePlane.CORONAL, 0.8)
    sagittal = views.slices[SlicePlane.SAGITTAL]
    sagittal.viewport.draw_now()
    there = sagittal.scene.pixel_of(crosshair)
    image = colours(axial.viewport.picture())
    end = start + QPoint(0, -40)
    drag(axial, start, end)
    release(axial, end)

    assert views.looking.crosshair_lps_mm == crosshair
    assert views.looking.planes.axial == ANATOMICAL.axial  # the image under the hand stands still
    pointer = np.subtract(axial.scene.lps_at(end.x(), axial.viewport.height() - 1 - end.y()), crosshair)
    grabbed = np.subtract(axial.scene.lps_at(start.x(), axial.viewport.height() - 1 - start.y()), crosshair)
    cosine = pointer @ grabbed / np.linalg.norm(pointer) / np.linalg.norm(grabbed)
    angle = np.degrees(np.arccos(cosine))
    assert angle > 5
    for plane in (SlicePlane.SAGITTAL, SlicePlane.CORONAL):
        turned = np.dot(views.looking.planes.axes(plane).normal_lps, ANATOMICAL.axes(plane).normal_lps)
        assert np.degrees(np.arccos(turned)) == pytest.approx(angle, abs=1e-6)
        view = views.slices[plane]
        assert view.note.text() == f"oblique {angle:.1f}°"
        view.viewport.draw_now()
        assert f"oblique {angle:.1f}°" in view.scene.texts.get(Place.TOP_RIGHT)
    assert sagittal.scene.pixel_of(crosshair) == pytest.approx(there)
    after = colours(axial.viewport.picture())
    assert (np.abs(after.astype(int) - image).max(axis=2) > 40).mean() < 0.05  # only the lines moved


def test_the_middle_of_a_line_moves_its_plane_and_keeps_the_grab_offset(station: Workstation) -> None:
    views = station.window.views
    axial = a_view(station, SlicePlane.AXIAL)
    x, y, z = views.looking.crosshair_lps_mm
    start = on_line(axial, SlicePlane.CORONAL, 0.3) + QPoint(0, 2)  # not quite on it
    QTest.mousePress(axial.viewport, LEFT, pos=start)
    QTest.mouseMove(axial.viewport, start + QPoint(0, 1))
    assert views.looking.crosshair_lps_mm[1] - y == pytest.approx(axial.scene.mm_per_px)  # no jump
    QTest.mouseMove(axial.viewport, start + QPoint(9, 30))
    assert views.looking.crosshair_lps_mm == pytest.approx((x, y + 30 * axial.scene.mm_per_px, z))
    QTest.keyClick(axial.viewport, Qt.Key.Key_Escape)
    assert views.looking.crosshair_lps_mm == (x, y, z)
    QTest.mouseMove(axial.viewport, start + QPoint(9, 40))
    assert views.looking.crosshair_lps_mm == (x, y, z)  # the rest of an abandoned drag does nothing
    release(axial, start + QPoint(9, 40))
    assert views.looking.crosshair_lps_mm == (x, y, z)


def test_a_click_on_a_line_still_puts_the_crosshair_there(station: Workstation) -> None:
    axial = a_view(station, SlicePlane.AXIAL)
    at = on_line(axial, SlicePlane.CORONAL, 0.8)
    assert axial.state.volume is not None
    there = axial.scene.lps_at(at.x(), axial.viewport.height() - 1 - at.y())
    expected = kept_inside(axial.state.volume, there)
    QTest.mouseClick(axial.viewport, LEFT, pos=at)
    assert station.window.views.looking.crosshair_lps_mm == pytest.approx(expected)
    assert station.window.views.looking.planes.are_anatomical


def test_esc_gives_back_planes_and_r_the_anatomical_ones(station: Workstation) -> None:
    views = station.window.views
    coronal = a_view(station, SlicePlane.CORONAL)
    start = on_line(coronal, SlicePlane.AXIAL, 0.8)
    drag(coronal, start, start + QPoint(0, -25))
    release(coronal, start + QPoint(0, -25))
    turned = views.looking.planes
    assert not turned.are_anatomical
    coronal.viewport.draw_now()
    again = on_line(coronal, SlicePlane.AXIAL, 0.8)
    drag(coronal, again, again + QPoint(0, -25))
    assert views.looking.planes != turned
    QTest.keyClick(coronal.viewport, Qt.Key.Key_Escape)
    assert views.looking.planes == turned
    release(coronal, again)
    wheel(views.slices[SlicePlane.AXIAL].viewport, 1)  # scrolling follows the turned normal
    QTest.keyClick(coronal.viewport, Qt.Key.Key_R)
    assert views.looking.planes.are_anatomical
    assert coronal.state.pan_mm == (0.0, 0.0)
    assert coronal.state.axes is None


def test_the_pointer_says_what_a_press_would_do(station: Workstation) -> None:
    axial = a_view(station, SlicePlane.AXIAL)
    QTest.mouseMove(axial.viewport, at_crosshair(axial))
    assert axial.viewport.cursor().shape() is Qt.CursorShape.SizeAllCursor
    QTest.mouseMove(axial.viewport, on_line(axial, SlicePlane.CORONAL, 0.3))
    assert axial.viewport.cursor().shape() is Qt.CursorShape.SizeVerCursor
    QTest.mouseMove(axial.viewport, on_line(axial, SlicePlane.SAGITTAL, 0.3))
    assert axial.viewport.cursor().shape() is Qt.CursorShape.SizeHorCursor
    QTest.mouseMove(axial.viewport, on_line(axial, SlicePlane.SAGITTAL, 0.8))
    assert axial.viewport.cursor().shape() is Qt.CursorShape.BitmapCursor
    QTest.keyClick(axial.viewport, Qt.Key.Key_W)
    QTest.mouseMove(axial.viewport, at_crosshair(axial))
    assert axial.viewport.cursor().shape() is Qt.CursorShape.ArrowCursor
    QTest.keyClick(axial.viewport, Qt.Key.Key_W)


@pytest.mark.parametrize("held", [(RIGHT, NONE), (MIDDLE, NONE), (LEFT, SHIFT)])
def test_esc_gives_back_zoom_and_pan(
    station: Workstation, held: tuple[Qt.MouseButton, Qt.KeyboardModifier]
) -> None:
    button, modifier = held
    axial = a_view(station, SlicePlane.AXIAL)
    before = (axial.state.zoom, axial.state.pan_mm)
    at = axial.viewport.rect().center() + QPoint(40, 40)
    QTest.mousePress(axial.viewport, button, modifier, at)
    QTest.mouseMove(axial.viewport, at + QPoint(12, -20))
    assert (axial.state.zoom, axial.state.pan_mm) != before
    QTest.keyClick(axial.viewport, Qt.Key.Key_Escape)
    assert (axial.state.zoom, axial.state.pan_mm) == before
    QTest.mouseRelease(axial.viewport, button, modifier, at)


def test_esc_gives_back_the_grey_window_and_the_turned_3d_view(station: Workstation) -> None:
    views = station.window.views
    axial = a_view(station, SlicePlane.AXIAL)
    QTest.keyClick(axial.viewport, Qt.Key.Key_W)
    before = (views.looking.window_hu, views.looking.level_hu)
    at = axial.viewport.rect().center()
    drag(axial, at, at + QPoint(30, 20))
    assert (views.looking.window_hu, views.looking.level_hu) != before
    QTest.keyClick(axial.viewport, Qt.Key.Key_Escape)
    assert (views.looking.window_hu, views.looking.level_hu) == before
    release(axial, at)
    QTest.keyClick(axial.viewport, Qt.Key.Key_W)
    viewport, scene = views.spine.viewport, views.spine.scene
    pose = scene.pose
    QTest.mousePress(viewport, RIGHT, pos=QPoint(20, 60))
    QTest.mouseMove(viewport, QPoint(20, 20))
    assert scene.pose != pose
    QTest.keyClick(viewport, Qt.Key.Key_Escape)
    assert scene.pose == pose
    QTest.mouseRelease(viewport, RIGHT, pos=QPoint(20, 20))


def test_a_slab_by_key_and_by_button_names_itself_and_r_ends_it(station: Workstation) -> None:
    coronal = a_view(station, SlicePlane.CORONAL)
    plain = colours(coronal.viewport.picture())
    assert coronal.slab.text() == "Slice"
    QTest.keyClick(coronal.viewport, Qt.Key.Key_M)
    assert (coronal.state.slab_mm, coronal.state.slab_mode) == (10.0, SlabMode.MEAN)
    QTest.keyClick(coronal.viewport, Qt.Key.Key_M)
    QTest.keyClick(coronal.viewport, Qt.Key.Key_Plus, SHIFT)
    assert (coronal.state.slab_mm, coronal.state.slab_mode) == (15.0, SlabMode.MAXIMUM)
    assert coronal.slab.text() == "MIP 15 mm"
    assert station.window.views.slices[SlicePlane.AXIAL].state.slab_mm == 0
    thick = colours(coronal.viewport.picture())
    assert (np.abs(thick.astype(int) - plain).max(axis=2) > 30).mean() > 0.005
    said = coronal.scene.texts.get(Place.TOP_RIGHT)
    assert "MIP of a slab of 15 mm\noutlines: middle plane only" in said
    QTest.keyClick(coronal.viewport, Qt.Key.Key_Minus)
    coronal.slab.thickness.setValue(12.5)
    assert coronal.state.slab_mm == 12.5
    coronal.slab.modes[None].trigger()
    assert coronal.state.slab_mm == 0
    coronal.slab.modes[SlabMode.MINIMUM].trigger()
    assert coronal.state.slab_mode is SlabMode.MINIMUM
    QTest.keyClick(coronal.viewport, Qt.Key.Key_R)
    assert coronal.state.slab_mm == 0
    assert coronal.slab.text() == "Slice"


def test_x_looks_inside_through_the_crosshair_facing_the_viewer(station: Workstation) -> None:
    views, table = station.window.views, station.window.actions_table
    viewport, scene = views.spine.viewport, views.spine.scene
    viewport.setFocus()
    whole = colours(viewport.picture())
    QTest.keyClick(viewport, Qt.Key.Key_X)
    clip = views.spine.state.clip
    assert clip is not None
    assert clip.origin_lps_mm == views.looking.crosshair_lps_mm
    assert np.dot(clip.normal_lps, scene.pose.sight_lps) == pytest.approx(-1)
    cut = colours(viewport.picture())
    assert (np.abs(cut.astype(int) - whole).max(axis=2) > 30).mean() > 0.02
    assert "clipped" in scene.texts.get(Place.WARNINGS)
    assert table["clip"].isChecked()
    QTest.keyClick(viewport, Qt.Key.Key_X, SHIFT)
    flipped = views.spine.state.clip
    assert flipped is not None
    assert flipped.normal_lps == pytest.approx([-v for v in clip.normal_lps])
    QTest.keyClick(viewport, Qt.Key.Key_S)
    slab = views.spine.state.clip
    assert slab is not None
    assert slab.slab_mm == 20.0
    viewport.draw_now()
    assert "slab of 20 mm" in scene.texts.get(Place.WARNINGS)
    QTest.keyClick(viewport, Qt.Key.Key_X)
    assert views.spine.state.clip is None
    assert not table["clip"].isChecked()
    assert np.array_equal(colours(viewport.picture()), whole)


def test_the_clip_plane_is_dragged_by_its_handle_and_esc_brings_it_back(station: Workstation) -> None:
    views = station.window.views
    viewport, scene = views.spine.viewport, views.spine.scene
    station.parts.commands.look(active_cut="")
    viewport.setFocus()
    QTest.keyClick(viewport, Qt.Key.Key_X)
    before = views.spine.state.clip
    assert before is not None
    scene.rotate(120, 0)
    viewport.draw_now()
    shaft = scene.clip_tool.handle._shapes()[Part.ALONG_NORMAL][0]
    x, y = scene.pixels_of(shaft[:1] + 0.9 * (shaft[1:] - shaft[:1]))[0]
    assert scene.clip_tool.handle.part_at(x, y) is Part.ALONG_NORMAL
    assert scene.handle.part_at(x, y) is None
    start = QPoint(round(x), viewport.height() - 1 - round(y))
    QTest.mousePress(viewport, LEFT, pos=start)
    QTest.mouseMove(viewport, start + QPoint(25, 0))
    moved = views.spine.state.clip
    assert moved is not None
    by = np.subtract(moved.origin_lps_mm, before.origin_lps_mm)
    assert np.linalg.norm(by) > 1
    assert abs(by @ np.asarray(before.normal_lps)) == pytest.approx(np.linalg.norm(by))
    assert moved.normal_lps == pytest.approx(before.normal_lps)
    assert not station.session.view.previewing  # looking is no edit
    QTest.keyClick(viewport, Qt.Key.Key_Escape)
    back = views.spine.state.clip
    assert back is not None
    assert back.origin_lps_mm == pytest.approx(before.origin_lps_mm)
    QTest.mouseRelease(viewport, LEFT, pos=start)
    QTest.keyClick(viewport, Qt.Key.Key_X)


def test_v_puts_the_slice_in_hand_or_all_three_into_3d(station: Workstation) -> None:
    views = station.window.views
    axial = a_view(station, SlicePlane.AXIAL)
    views.spine.look(StandardView.CRANIAL)
    whole = colours(views.spine.viewport.picture())
    QTest.keyClick(axial.viewport, Qt.Key.Key_V)
    assert [s.plane for s in views.spine.state.slices] == [SlicePlane.AXIAL]
    shown = views.spine.state.slices[0]
    assert (shown.point_lps_mm, shown.volume) == (views.looking.crosshair_lps_mm, axial.state.volume)
    standing = colours(views.spine.viewport.picture()).astype(int)
    assert (np.abs(standing - whole).max(axis=2) > 30).mean() > 0.01
    QTest.keyClick(axial.viewport, Qt.Key.Key_V)
    assert slices_in_3d(station) == 0
    views.spine.viewport.setFocus()
    QTest.keyClick(views.spine.viewport, Qt.Key.Key_V)
    assert slices_in_3d(station) == 3
    QTest.keyClick(views.spine.viewport, Qt.Key.Key_V)
    assert np.array_equal(colours(views.spine.viewport.picture()), whole)


def test_q_goes_through_the_structures_of_the_list(station: Workstation) -> None:
    panel = station.window.anatomy_panel
    axial = a_view(station, SlicePlane.AXIAL)
    panel.tree.clearSelection()
    listed = [item.data(NAME, Qt.ItemDataRole.UserRole) for item in panel._items()]
    panel.choose(listed[-1])
    for expected in listed[:2]:
        QTest.keyClick(axial.viewport, Qt.Key.Key_Q)
        assert panel.chosen is not None
        assert panel.chosen.id == expected
        assert station.parts.commands.choices.chosen_structure == expected
    QTest.keyClick(axial.viewport, Qt.Key.Key_Q, SHIFT)
    assert panel.chosen is not None
    assert panel.chosen.id == listed[0]
    QTest.keyClick(axial.viewport, Qt.Key.Key_Q, SHIFT)
    assert panel.chosen.id == listed[-1]


def test_the_volume_picture_is_made_in_a_job_and_says_what_it_is(station: Workstation, qtbot: QtBot) -> None:
    views, table = station.window.views, station.window.actions_table
    viewport, scene = views.spine.viewport, views.spine.scene
    whole = colours(viewport.picture())
    table["volume_bone"].trigger()
    qtbot.waitUntil(lambda: picture_in_3d(station) == "bone", timeout=20_000)
    shown = colours(viewport.picture())
    assert (np.abs(shown.astype(int) - whole).max(axis=2) > 20).mean() > 0.01
    assert "volume picture, not measured" in scene.texts.get(Place.WARNINGS)
    assert table["volume_bone"].isChecked()
    told = station.window.messages.shown
    said = told is not None and "the processor draws it" in told.text
    assert said == scene.draws_in_software
    table["volume_angiography"].trigger()
    assert picture_in_3d(station) == "angiography"
    table["volume_angiography"].trigger()
    assert picture_in_3d(station) == ""
    assert np.array_equal(colours(viewport.picture()), whole)


def test_every_view_key_of_the_table_acts_and_is_taken_once(station: Workstation) -> None:
    keys = [key for command in COMMANDS for key in command.view_keys if command.id != "window_mode"]
    assert len(keys) == len(set(keys))
    known = set(station.window.views.keys.known)
    assert set(keys) <= known
    assert known - set(keys) == {"Esc", "PgUp", "PgDown", *"123456"}
    assert station.window.actions_table["cut_views"].text() == "Views of the cut\tC"  # as a menu shows keys


def test_a_structure_without_outline_stays_in_3d_and_leaves_the_slices(station: Workstation) -> None:
    panel, views = station.window.anatomy_panel, station.window.views
    station.window.stage_bar.choose(Stage.ANATOMY)
    item = next(i for i in panel._items() if i.data(NAME, Qt.ItemDataRole.UserRole) == "aorta")
    panel.tree.scrollToItem(item)
    box = panel.tree.visualRect(panel.tree.indexFromItem(item, OUTLINE))
    assert box.left() < panel.tree.visualRect(panel.tree.indexFromItem(item, NAME)).left()
    axial = a_view(station, SlicePlane.AXIAL)
    rgb = next(s for s in axial.state.structures if s.id == "aorta").colour_rgb

    def outline_px() -> int:
        picture = colours(axial.viewport.picture()).astype(int)
        return int((np.abs(picture - rgb).max(axis=2) < 40).sum())

    before = outline_px()
    QTest.mouseClick(panel.tree.viewport(), LEFT, pos=box.center())
    drawn = next(s for s in axial.state.structures if s.id == "aorta")
    assert (drawn.visible, drawn.outlined) == (True, False)
    assert outline_px() < before / 2
    assert station.session.view.undo_label is not None
    station.session.undo()
    assert outline_px() == before
    panel.choose("aorta")
    panel.opacity.setValue(0)
    drawn = next(s for s in views.slices[SlicePlane.AXIAL].state.structures if s.id == "aorta")
    assert (drawn.opacity, drawn.outlined) == (0.0, True)
    station.session.undo()
