"""Several images in the window: which one is shown, under which crosshair, and what is never drawn on it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from planning.editing.image_edits import AddImage
from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.model.case import Case
from planning.model.osteotomy import OsteotomyKind
from planning.model.study import Finding, Patient, Severity, StudyImage
from rendering.corner_texts import Place
from rendering.scene_state import SlicePlane
from tests.app.conftest import wait_for_numbers
from tests.imaging import phantom
from widgets.dialogs import NamedDialog
from widgets.series_dialog import SeriesDialog
from widgets.stages.cuts_panel import NewCut
from widgets.stages.images_box import ImageRow
from widgets.views.slice_view import SliceView

pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.qt_log_ignore("propagateSizeHints")]
LEFT = Qt.MouseButton.LeftButton
DOE = Patient("Doe^Jane", "4711", "19700101", "F")
HERE = (10.0, -5.0, -40.0)


def a_second_image(image_id: str, frame: str, modality: str = "MR") -> StudyImage:
    """Return an image of half millimetres around the target whose value tells the place."""
    grid = Grid.from_axes((40, 50, 60), (-15.0, -20.0, -60.0), np.eye(3), (1.0, 1.0, 1.0))
    z = np.arange(40, dtype=np.int16)[:, None, None]
    volume = Volume(np.ascontiguousarray(np.broadcast_to(10 * z, grid.shape_kji)), grid)
    return StudyImage(image_id, volume, modality, frame_of_reference_uid=frame, patient=DOE)


@pytest.fixture
def several(station: Workstation, small_case: Case, qtbot: QtBot) -> Iterator[Workstation]:
    """The window with CT, a CT angiography in its frame and an MR in its own."""
    gap = Finding("LOSSY", "The pixels were packed with loss.", severity=Severity.WARN)
    ct = replace(small_case.images[0], patient=DOE, frame_of_reference_uid="1.9", findings=(gap,))
    case = replace(small_case, id="several", images=(ct,), patient=DOE)
    for image in (a_second_image("cta", "1.9", "CT"), a_second_image("mr", "1.8")):
        case = AddImage(image).apply(case)
    station.parts.files.new_case(case)
    station.session.mark_saved(case, None)
    wait_for_numbers(station, qtbot)
    qtbot.waitUntil(lambda: bool(station.window.views.seen.structures), timeout=60_000)
    yield station
    station.session.mark_saved(station.session.case, None)  # type: ignore[arg-type]


def press(button: QPushButton) -> None:
    QTest.mouseClick(button, LEFT, pos=QPoint(6, button.height() // 2))


def row(station: Workstation, number: int) -> ImageRow:
    return station.window.case_panel.images.rows[number]


def axial(station: Workstation) -> SliceView:
    return station.window.views.slices[SlicePlane.AXIAL]


def test_each_image_says_how_it_lies(several: Workstation) -> None:
    assert [row(several, n).relation.text() for n in range(3)] == [
        "◆ planning image: structures and cuts lie on it",
        "= same frame of reference as the planning image",
        "≠ another frame of reference: not registered, shown alone",
    ]
    assert row(several, 0).show_it.isChecked()
    assert not row(several, 0).remove.isEnabled()
    assert "structures lie on it" in row(several, 0).remove.toolTip()
    assert not row(several, 2).plan_on_it.isEnabled()


def test_an_image_of_the_same_frame_keeps_the_crosshair_and_all_that_is_drawn(several: Workstation) -> None:
    views = several.window.views
    views.move_crosshair(HERE)
    before = axial(several).state
    press(row(several, 1).show_it)
    after = axial(several).state
    assert after.volume is not before.volume
    assert after.crosshair_lps_mm == before.crosshair_lps_mm == HERE
    assert after.structures == before.structures
    assert after.structures
    assert after.blades == before.blades
    assert after.stamp.notice == ""
    assert after.stamp.series.startswith("CT · 2/3")


def test_an_image_of_another_frame_is_shown_alone_and_says_so(several: Workstation) -> None:
    views = several.window.views
    views.move_crosshair(HERE)
    press(row(several, 2).show_it)
    assert row(several, 2).show_it.isChecked()
    for view in views.slices.values():
        state = view.state
        assert (state.structures, state.blades, state.levels, state.line) == ((), (), (), None)
        view.viewport.draw_now()
        assert "NOT REGISTERED" in view.scene.texts.get(Place.BANNER)
    assert views.spine.state.crosshair_lps_mm is None
    assert views.spine.state.structures, "the plan stays in 3D"
    assert views.spine.state.stamp.series == "CT · Plan A"
    assert axial(several).state.stamp.series == "MR · 3/3 · Plan A"
    middle = axial(several).state.crosshair_lps_mm
    assert middle == pytest.approx((14.5, 4.5, -40.5))
    views.move_crosshair((0.0, 0.0, -50.0))
    assert views.plan_crosshair_lps_mm == HERE
    press(row(several, 0).show_it)
    assert views.looking.crosshair_lps_mm == HERE
    press(row(several, 2).show_it)
    assert views.looking.crosshair_lps_mm == (0.0, 0.0, -50.0), "each space keeps its own place"
    press(row(several, 0).show_it)


def test_the_value_under_the_crosshair_is_the_shown_image_s(several: Workstation) -> None:
    """At z = -41 the second image holds 190, wherever its grid lies in the planning image."""
    views = several.window.views
    press(row(several, 1).show_it)
    views.move_crosshair((10.0, -5.0, -41.0))
    state = axial(several).state
    assert state.volume is not None
    k, j, i = np.rint(state.volume.grid.to_ijk(state.crosshair_lps_mm)).astype(int)[::-1]
    assert state.volume.voxels_kji[k, j, i] == 190
    views.set_window(400.0, 190.0)
    view = axial(several)
    view.viewport.draw_now()
    picture = view.viewport.picture()
    x, y = (round(v) for v in view.scene.pixel_of((0.0, 15.0, -41.0)))
    grey = picture.pixelColor(x, picture.height() - 1 - y)
    assert abs(grey.red() - 127) <= 3
    press(row(several, 0).show_it)


def test_places_of_the_plan_are_never_shown_in_another_space(several: Workstation) -> None:
    press(row(several, 2).show_it)
    line = next(
        line for line in several.window.board.lines if line.tool_point_lps_mm is not None
    )  # a click on it flies
    several.bindings.fly_to_line(line)
    assert several.parts.commands.choices.shown_image == ""
    assert axial(several).state.stamp.notice == ""
    assert axial(several).state.line is not None


def test_a_cut_is_added_at_the_plan_s_own_crosshair(several: Workstation) -> None:
    views = several.window.views
    views.move_crosshair(HERE)
    press(row(several, 2).show_it)
    views.move_crosshair((0.0, 0.0, -50.0))
    several.window.cuts.add_asked.emit(NewCut(OsteotomyKind.FREE))
    case = several.session.case
    assert case is not None
    middle = case.plan.osteotomies[-1].blade.to_lps([0.0, 0.0, 0.0])
    assert np.linalg.norm(middle - np.array(HERE)) < np.linalg.norm(middle - np.array([0.0, 0.0, -50.0]))
    several.session.undo()
    press(row(several, 0).show_it)


def test_an_mr_has_a_grey_window_of_its_own(several: Workstation) -> None:
    views = several.window.views
    views.set_window(1234.0, 321.0)
    press(row(several, 2).show_it)
    assert views.looking.window_hu == pytest.approx(370, abs=25)
    assert views.looking.level_hu == pytest.approx(195, abs=15)
    views.set_window(100.0, 50.0)
    press(row(several, 1).show_it)
    assert (views.looking.window_hu, views.looking.level_hu) == (1234.0, 321.0), "all CTs share theirs"
    press(row(several, 2).show_it)
    assert (views.looking.window_hu, views.looking.level_hu) == (100.0, 50.0)
    press(row(several, 0).show_it)


def test_the_next_image_is_a_command(several: Workstation) -> None:
    action = several.window.actions_table["next_image"]
    seen = []
    for _ in range(3):
        action.trigger()
        seen.append(axial(several).state.volume)
    case = several.session.case
    assert case is not None
    assert seen == [case.images[n].volume for n in (1, 2, 0)]


def test_an_image_is_removed_and_comes_back_by_undo(several: Workstation) -> None:
    press(row(several, 2).show_it)
    press(row(several, 2).remove)
    case = several.session.case
    assert case is not None
    assert [i.id for i in case.images] == ["ct", "cta"]
    assert axial(several).state.volume is case.images[0].volume
    several.session.undo()
    assert len(several.window.case_panel.images.rows) == 3
    several.parts.commands.look(shown_image="")


def test_a_finding_is_acknowledged_by_name(several: Workstation, qtbot: QtBot) -> None:
    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, NamedDialog):
            QTimer.singleShot(50, answer)
            return
        dialog.by.clear()
        QTest.keyClicks(dialog.by, "Dr. B")
        dialog.accept()

    assert row(several, 0).findings == ["▲ The pixels were packed with loss."]
    QTimer.singleShot(50, answer)
    press(row(several, 0).acknowledge["LOSSY"])
    case = several.session.case
    assert case is not None
    assert [(a.image_id, a.code, a.by) for a in case.acknowledgements] == [("ct", "LOSSY", "Dr. B")]
    assert "Acknowledged by Dr. B" in row(several, 0).findings[0]
    assert row(several, 0).acknowledge == {}


def test_a_series_of_the_same_patient_is_added_and_one_of_another_is_not(
    several: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    def of_doe(dataset: Dataset, _k: int) -> None:
        dataset.PatientName, dataset.PatientID = DOE.name, DOE.patient_id
        dataset.PatientBirthDate, dataset.PatientSex = DOE.birth_date, DOE.sex
        dataset.FrameOfReferenceUID = "1.9"

    grid = phantom.a_grid(np.eye(3), (12, 9, 11))
    phantom.write_series(tmp_path / "doe", grid, of_doe)
    phantom.write_series(tmp_path / "other", grid, lambda d, _: setattr(d, "SeriesInstanceUID", "1.2.3.7"))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a: str(tmp_path))
    said: list[str] = []

    def choose() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, SeriesDialog):
            QTimer.singleShot(50, choose)
            return
        assert dialog.into_case.isChecked()
        uids = [s.series_uid for s in dialog.tree.series]
        dialog.tree.tick([uids.index("1.2.3.7")])
        said.append(dialog.why.text())
        assert not dialog.load.isEnabled()
        dialog.tree.tick([uids.index("1.2.3.2")])
        dialog.load.click()

    QTimer.singleShot(50, choose)
    press(several.window.case_panel.images.add)
    qtbot.waitUntil(lambda: len(several.session.case.images) == 4, timeout=60_000)  # type: ignore[union-attr]
    assert "never put into one case" in said[0]
    case = several.session.case
    assert case is not None
    added = case.images[3]
    assert added.patient == DOE
    assert phantom.worst_error(added.volume.voxels_kji, added.volume.grid) <= 0.51
    assert "= same frame" in row(several, 3).relation.text()
    assert several.session.view.undo_label == "Add images"


def test_t_fades_the_second_image_of_the_same_frame_over_the_first(several: Workstation) -> None:
    views, table = several.window.views, several.window.actions_table
    press(row(several, 0).show_it)
    views.move_crosshair((10.0, -5.0, -41.0))
    views.set_window(400.0, 190.0)
    view = axial(several)
    view.viewport.setFocus()
    view.reset_look()

    def grey() -> int:
        view.viewport.draw_now()
        picture = view.viewport.picture()
        x, y = (round(v) for v in view.scene.pixel_of((38.0, 26.0, -41.0)))
        return picture.pixelColor(x, picture.height() - 1 - y).red()

    first = grey()
    QTest.keyClick(view.viewport, Qt.Key.Key_T)
    half = grey()
    assert view.state.second is not None
    assert view.state.second.share == 0.5
    assert "over it: CT" in view.scene.texts.get(Place.TOP_RIGHT)
    for _ in range(5):
        QTest.keyClick(view.viewport, Qt.Key.Key_BracketRight)
    whole = grey()
    assert whole == pytest.approx(127.5, abs=3)  # 190, the middle of the window
    assert half == pytest.approx((first + whole) / 2, abs=2)
    QTest.keyClick(view.viewport, Qt.Key.Key_BracketLeft)
    assert view.state.second.share == 0.9
    QTest.keyClick(view.viewport, Qt.Key.Key_T)
    assert grey() == first
    assert table["fade"].isEnabled()


def test_nothing_is_faded_over_an_image_of_another_frame(several: Workstation) -> None:
    press(row(several, 2).show_it)
    view = axial(several)
    view.viewport.setFocus()
    QTest.keyClick(view.viewport, Qt.Key.Key_T)
    assert view.state.second is None
    assert "share a frame of reference" in several.window.messages.sentence.text()
    press(row(several, 0).show_it)
