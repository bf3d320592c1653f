"""The views of the active cut under a surgeon's hands: real keys, the wheel, a dragged blade."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.gui import Workstation
from planning.editing.osteotomy_edits import MoveBlade
from rendering.corner_texts import Place
from rendering.scene_state import SlicePlane
from tests.app.test_gestures import wheel
from widgets.views.cut_view import CutView

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
