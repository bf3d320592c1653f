"""Errands that leave the window: import, report, export, picture, and work a crash left behind."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from app.autosave import unsaved_folder
from app.flows.recovery import Recovery
from app.gui import Workstation
from planning.editing.case_edits import SetDiagnosis
from planning.editing.osteotomy_edits import ChangeOsteotomy
from planning.model.case import Case, Diagnosis
from planning.storage.case_file import CaseFile, open_case
from tests.app.conftest import wait_for_numbers
from widgets.arrivals_dialog import ArrivalsDialog
from widgets.output_dialog import OutputDialog
from widgets.recovery_dialog import RecoveryDialog
from widgets.series_dialog import SeriesDialog

pytestmark = [pytest.mark.gui, pytest.mark.render]
DATA = Path(__file__).parents[1] / "data"


def shown_text(station: Workstation) -> str:
    shown = station.window.messages.shown
    return shown.text if shown is not None else ""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder a person types; nothing is opened on the desktop."""
    chosen = tmp_path / "new" / "out"  # neither exists yet

    def typed(dialog: OutputDialog) -> int:
        dialog.field.setText(str(chosen))
        assert "will be made" in dialog.why.text()
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(OutputDialog, "exec", typed)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    return chosen


@pytest.mark.slow
def test_the_report_is_written_by_the_command_line_on_a_frozen_copy(
    station: Workstation, folder: Path, qtbot: QtBot
) -> None:
    station.window.actions_table["report"].trigger()
    qtbot.waitUntil(lambda: "The report is written" in shown_text(station), timeout=180_000)
    assert f"report.pdf, with all that belongs to it, in {folder}" in shown_text(station)
    pdf = next(folder.rglob("*.pdf"))
    assert pdf.read_bytes()[:5] == b"%PDF-"
    assert pdf.stat().st_size > 20_000
    assert list(folder.rglob("*.html"))


@pytest.mark.slow
def test_export_writes_meshes(station: Workstation, folder: Path, qtbot: QtBot) -> None:
    station.window.actions_table["export"].trigger()
    qtbot.waitUntil(lambda: bool(shown_text(station)), timeout=180_000)
    assert f"Meshes and DICOM objects are written to {folder}" in shown_text(station)
    assert list(folder.rglob("*.stl"))


def test_a_picture_is_refused_while_numbers_are_updating(
    station: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    path = tmp_path / "views.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ""))
    station.session.do(ChangeOsteotomy("cranial", kerf_mm=1.7))
    station.parts.outputs.picture()
    assert "not current" in shown_text(station)
    assert not path.exists()
    wait_for_numbers(station, qtbot)
    station.parts.outputs.picture()
    qtbot.waitUntil(lambda: not station.jobs.is_running("picture"), timeout=20_000)
    assert [p.name for p in tmp_path.iterdir()] == ["views.png"]
    picture = QImage(str(path))
    views = station.window.views
    assert picture.width() == 2 * views.width()
    assert picture.height() == 2 * views.height()
    # At twice the size every view is drawn anew: its lines are not the small picture's pixels doubled.
    small = picture.scaled(views.size()).scaled(picture.size())
    assert small != picture


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_a_dicom_folder_becomes_a_case_with_its_structures(
    station: Workstation, folder: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    del folder
    source = DATA / "t11-t12"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a: str(source))
    asked: list[str] = []

    def choose() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, SeriesDialog):
            QTimer.singleShot(50, choose)
            return
        asked.append(dialog.tree.topLevelItem(0).text(1))  # type: ignore[union-attr]
        dialog.labels.setText(str(DATA / "t11-t12-labels.nii.gz"))
        dialog.load.click()
        QTimer.singleShot(50, take_in)

    def take_in() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, ArrivalsDialog):
            QTimer.singleShot(50, take_in)
            return
        dialog.take.click()

    def structures() -> int:
        case = station.session.case
        return len(case.anatomy.structures) if case is not None and case.anatomy is not None else 0

    before = station.session.case
    QTimer.singleShot(50, choose)
    station.window.actions_table["import_folder"].trigger()
    qtbot.waitUntil(lambda: station.session.case is not before and structures() > 0, timeout=120_000)
    assert asked == ["CT"]
    case = station.session.case
    assert case is not None
    assert case.anatomy is not None
    tree = station.window.anatomy_panel.tree
    listed = [
        tree.topLevelItem(n).child(m).text(1)  # type: ignore[union-attr]
        for n in range(tree.topLevelItemCount())
        for m in range(tree.topLevelItem(n).childCount())  # type: ignore[union-attr]
    ]
    assert len(listed) == len(case.anatomy.structures) > 0
    assert {"T11", "T12"} <= set(case.anatomy.levels)
    assert station.session.is_dirty
    station.session.mark_saved(case, None)


def test_save_as_keeps_both_files(
    station: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    first, second = tmp_path / "first.enbloc", tmp_path / "second.enbloc"
    for path, words, command in ((first, "chordoma", "save"), (second, "metastasis", "save_as")):
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, p=path: (str(p), ""))
        assert station.session.do(SetDiagnosis(Diagnosis(text=words)))
        with qtbot.waitSignal(station.parts.files.saved, timeout=20_000):
            station.window.actions_table[command].trigger()
    assert station.session.path == second
    assert open_case(first).diagnosis.text == "chordoma"
    station.parts.files.close_case()
    with qtbot.waitSignal(station.parts.files.opened, timeout=20_000):
        station.parts.files.open_path(second)
    assert station.session.case is not None
    assert station.session.case.diagnosis.text == "metastasis"
    station.parts.files.close_case()


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_work_a_killed_session_left_is_offered_as_it_was(
    station: Workstation, small_case: Case, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtbot: QtBot
) -> None:
    monkeypatch.setenv("ENBLOC_HOME", str(tmp_path))
    lost = replace(small_case, id="lost", diagnosis=Diagnosis(text=f"chordoma {datetime.now(UTC)}"))
    CaseFile.create(unsaved_folder() / "lost.enbloc", lost, "Change the diagnosis").close()
    asked: list[tuple[str, ...]] = []

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, RecoveryDialog):
            QTimer.singleShot(50, press)
            return
        item = dialog.tree.topLevelItem(0)
        assert item is not None
        asked.append((dialog.windowTitle(), item.text(0), item.text(1)))
        dialog.recover.click()

    QTimer.singleShot(50, press)
    recovery = Recovery(station.window, station.jobs, station.parts.files)
    recovery.offer(lambda: pytest.fail("nothing was offered"))
    qtbot.waitUntil(
        lambda: station.session.case is not None and station.session.case.id == "lost", timeout=20_000
    )
    assert asked == [("Unsaved work found", "A case that was never saved", "Change the diagnosis")]
    assert station.session.case is not None
    assert station.session.case.diagnosis == lost.diagnosis
    assert station.session.case.plan == lost.plan
    assert station.session.is_dirty
    station.session.mark_saved(station.session.case, None)
    station.parts.files.close_case()
