"""Views of the active cut, and pieces, under a surgeon's hands: real keys, wheel and mouse."""

import html
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.gui import Workstation
from planning.editing.anatomy_edits import ReplaceMask
from planning.editing.osteotomy_edits import MoveBlade
from planning.geometry.frames import vec3
from planning.model.mask import Mask
from planning.model.structures import StructureKind
from rendering.boxes import overlap, shared_px2
from rendering.corner_texts import Place
from rendering.scene_state import DrawnLine, SlicePlane
from tests.app.test_gestures import wheel
from widgets.stage_bar import Stage
from widgets.views.cut_view import CutView
from widgets.views.spine_view import SpineView

pytestmark = [pytest.mark.gui, pytest.mark.render]


@pytest.fixture
def cuts(station: Workstation) -> dict[SlicePlane, CutView]:
    """The two views, brought up with their key."""
    views = station.window.views
    if not views.cuts_shown:
        QTest.keyClick(views.spine.viewport, Qt.Key.Key_C)
    QApplication.processEvents()
    assert all(view.isVisible() for view in views.cuts.values())
    assert station.window.actions_table["cut_views"].isChecked()
    return views.cuts


def words(view: CutView) -> str:
    """Return what stands in a view's corner, drawn now."""
    view.viewport.draw_now()
    return view.scene.texts.get(Place.TOP_RIGHT)


def test_the_views_follow_the_active_cut_and_its_drag(
    station: Workstation, cuts: dict[SlicePlane, CutView]
) -> None:
    face = cuts[SlicePlane.CUT_FACE]
    plan = station.session.view.case.plan  # type: ignore[union-attr]
    for cut in plan.osteotomies[:2]:
        station.parts.commands.look(active_cut=cut.id)
        assert words(face).split("\n")[1] == cut.title
        corners = np.array([face.scene.lps_at(x, y) for x, y in ((1, 1), (90, 40), (30, 80))])
        assert cut.blade.to_local(corners)[:, 2] == pytest.approx(np.zeros(3), abs=1e-6)
    cut = plan.osteotomies[1]
    moved = cut.blade.moved((0.0, 0.0, 4.0))
    station.session.preview(MoveBlade(cut.id, moved, cut.title), cut.id)
    words(face)
    assert moved.to_local(face.scene.lps_at(20, 30))[2] == pytest.approx(0.0, abs=1e-6)
    station.session.drop_preview()
    words(face)
    assert cut.blade.to_local(face.scene.lps_at(20, 30))[2] == pytest.approx(0.0, abs=1e-6)


def test_the_wheel_leaves_the_cut_and_says_so_until_it_is_back(
    station: Workstation, cuts: dict[SlicePlane, CutView]
) -> None:
    face = cuts[SlicePlane.CUT_FACE]
    station.window.views.reset_look()
    wheel(face.viewport, 3)
    words(face)
    step = face.scene.step_mm
    assert face.offset_mm == pytest.approx(3 * step)
    assert f"by {3 * step:.1f} mm" in face.scene.texts.get(Place.BANNER)
    assert "OFF THE CUT" in face.note.text()
    wheel(face.viewport, -4)  # across the cut: it is not passed unnoticed
    words(face)
    assert face.offset_mm == 0.0
    assert "OFF THE CUT" not in face.scene.texts.get(Place.BANNER)
    wheel(face.viewport, 2)
    face.back.click()
    assert face.offset_mm == 0.0


def test_the_wheel_under_a_held_blade_says_nothing_that_is_not_seen(
    station: Workstation, cuts: dict[SlicePlane, CutView], monkeypatch: pytest.MonkeyPatch
) -> None:
    face = cuts[SlicePlane.CUT_FACE]
    station.window.views.reset_look()
    with monkeypatch.context() as held:
        held.setattr(CutView, "is_dragging_blade", True)
        wheel(face.viewport, 3)
        assert face.offset_mm == 0.0
        assert "OFF THE CUT" not in face.note.text()
    wheel(face.viewport, 3)
    assert face.offset_mm > 0.0
    face.back.click()


def test_a_line_of_closest_points_goes_when_the_plan_or_an_outline_changes(station: Workstation) -> None:
    views, case = station.window.views, station.session.case
    assert case is not None
    assert case.anatomy is not None
    line = DrawnLine((0.0, 0.0, 0.0), (3.0, 0.0, 0.0), "3.0 mm")
    (aorta,), cut = case.anatomy.of_kind(StructureKind.AORTA), case.plan.osteotomies[0]
    less = aorta.mask.to_array()
    less[len(less) // 2 :] = False
    moved = MoveBlade(cut.id, cut.blade.moved((1, 0, 0)), cut.title)
    for edit in (ReplaceMask(aorta.id, Mask.from_array(less)), moved):
        views.fly_to((0.0, 0.0, 0.0), line)
        station.session.tell()
        assert views.looking.line == line
        station.session.do(edit)
        assert views.looking.line is None


def test_without_an_active_cut_the_views_ask_for_one(
    station: Workstation, cuts: dict[SlicePlane, CutView]
) -> None:
    active = station.parts.commands.choices.active_cut
    station.parts.commands.look(active_cut="")
    for view in cuts.values():
        view.viewport.draw_now()
        assert view.scene.texts.get(Place.MIDDLE) == "Choose a cut in the list, or add one."
    station.parts.commands.look(active_cut=active)
    for view in cuts.values():
        view.viewport.draw_now()
        assert view.scene.texts.get(Place.MIDDLE) == ""
    QTest.keyClick(station.window.views.spine.viewport, Qt.Key.Key_C)
    assert not any(view.isVisible() for view in cuts.values())


@pytest.fixture
def apart(station: Workstation) -> SpineView:
    """The 3D view on pieces that may be dragged."""
    station.window.stage_bar.choose(Stage.CHECK)
    station.window.check_panel.move_pieces.setChecked(True)
    spine = station.window.views.spine
    spine.reset_look()
    spine.viewport.draw_now()
    assert spine.state.pieces
    return spine


def middle_px(spine: SpineView, piece_id: str) -> QPoint:
    """Return where a piece is seen, found as a person does: by looking."""
    spine.viewport.draw_now()
    high = spine.viewport.height()
    for y in range(8, high, 9):
        for x in range(8, spine.viewport.width(), 9):
            found = spine.scene.pick(float(x), float(high - 1 - y))
            if found is not None and found.id == piece_id:
                return QPoint(x, y)
    raise AssertionError("the piece is not in view")


def test_a_piece_is_dragged_put_back_by_esc_and_all_by_one_key(
    station: Workstation, apart: SpineView
) -> None:
    before, session = station.session.case, station.session.view
    piece = next(p for p in apart.state.pieces if p.role.value == "specimen_arch")
    start, left = middle_px(apart, piece.id), Qt.MouseButton.LeftButton

    def offset() -> np.ndarray:
        return np.array(next(p for p in apart.state.pieces if p.id == piece.id).offset_lps_mm)

    def drag() -> None:
        QTest.mousePress(apart.viewport, left, pos=start)
        for step in (10, 25, 40):
            QTest.mouseMove(apart.viewport, start + QPoint(step, 0))

    drag()
    moved = offset()
    QTest.keyClick(apart.viewport, Qt.Key.Key_Escape)
    assert offset() == pytest.approx(np.zeros(3))
    QTest.mouseRelease(apart.viewport, left, pos=start)
    assert np.dot(moved, apart.scene.pose.right_lps) == pytest.approx(np.linalg.norm(moved))
    drag()
    QTest.mouseRelease(apart.viewport, left, pos=start + QPoint(40, 0))
    assert offset() == pytest.approx(moved)
    apart.viewport.draw_now()
    assert "APART" in apart.scene.texts.get(Place.BANNER)
    assert station.session.case is before  # display only
    assert station.session.view.evaluation is session.evaluation
    QTest.keyClick(station.window, Qt.Key.Key_B)
    assert offset() == pytest.approx(np.zeros(3))
    apart.viewport.draw_now()
    assert "APART" not in apart.scene.texts.get(Place.BANNER)
    assert not station.window.check_panel.back.isEnabled()


def test_pieces_are_faded_hidden_and_exploded_from_the_list(station: Workstation, apart: SpineView) -> None:
    panel = station.window.check_panel
    card = panel.cards[0]
    card.opacity.setValue(40)
    panel.apart.setValue(50)
    card.eye.click()
    shown = next(p for p in apart.state.pieces if p.id == card.piece.id)
    assert (shown.opacity, shown.visible) == (0.4, False)
    assert any(p.is_apart for p in apart.state.pieces)
    assert panel.back.isEnabled()
    panel.back.click()
    shown = next(p for p in apart.state.pieces if p.id == card.piece.id)
    assert (shown.opacity, shown.visible, shown.is_apart) == (1.0, True, False)
    assert panel.apart.value() == 0
    assert panel.cards[0].opacity.value() == 100
    assert panel.left_behind.text() == "nothing"
    panel.move_pieces.setChecked(False)


@pytest.mark.parametrize("size", [(1280, 800), (1000, 700)])
def test_words_of_the_views_lie_on_neither_each_other_nor_the_handles(
    station: Workstation, cuts: dict[SlicePlane, CutView], size: tuple[int, int]
) -> None:
    window, views = station.window, station.window.views
    cut = station.session.view.case.plan.osteotomies[0]  # type: ignore[union-attr]
    window.resize(*size)
    station.parts.commands.look(active_cut=cut.id)
    point = cut.blade.to_lps(np.array([3.0, 10.0, 0.0]))
    views.fly_to(vec3(point), DrawnLine(vec3(point), vec3(point + 0.5), "0.1 mm inside"))
    for view in views.views:
        if not view.isVisible():
            continue
        view.viewport.draw_now()
        texts, labels = view.scene.texts, view.scene._labels.boxes
        boxes = [*texts.boxes(), *labels.values()]
        assert not any(overlap(a, b) for a, b in combinations(boxes, 2)), view.title.text()
        assert "0.1 mm inside" in labels, view.title.text()
        block = texts.box(Place.TOP_RIGHT)
        if block is not None:
            handles = view.scene.handle.boxes()
            assert shared_px2(np.array([block]), handles).sum() == 0.0, view.title.text()
    face = cuts[SlicePlane.CUT_FACE]
    face.eventFilter(face._bar, QHelpEvent(QEvent.Type.ToolTip, QPoint(), QPoint()))
    assert all(html.escape(said) in face._bar.toolTip() for said in face.left_out())
    window.resize(1280, 800)
