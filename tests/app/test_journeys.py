"""Whole errands in the window: saving, closing, accepting, matrix, hostile names, adding cuts."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from app.flows import case_files
from app.gui import Workstation
from planning.editing.anatomy_edits import ConfirmLevels
from planning.editing.case_edits import SetDiagnosis, SetPatient
from planning.editing.osteotomy_edits import ChangeOsteotomy
from planning.model.case import Case, Diagnosis
from planning.model.osteotomy import OsteotomyKind
from planning.model.study import Patient
from planning.safety.results import Status
from planning.storage.case_file import CaseFile, open_case
from tests.app.conftest import wait_for_numbers
from widgets.dialogs import AcceptDialog, LevelsDialog
from widgets.safety_board import BoardRow
from widgets.stages.cuts_panel import NewCut

pytestmark = [pytest.mark.gui, pytest.mark.render]


def answer(monkeypatch: pytest.MonkeyPatch, key: str) -> list[str]:
    """Answer the next question; returns the questions that were asked."""
    asked: list[str] = []

    def reply(_parent: object, title: str, _text: str, _choices: object) -> str:
        asked.append(title)
        return key

    monkeypatch.setattr(case_files, "ask", reply)
    return asked


def matrix_is_open(station: Workstation) -> bool:
    return station.bindings.matrix is not None


def edited(station: Workstation, text: str = "chordoma") -> Case:
    assert station.session.do(SetDiagnosis(Diagnosis(text=text)))
    assert station.session.case is not None
    return station.session.case


def test_closing_with_changes_asks_and_cancel_keeps_the_case(
    station: Workstation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = edited(station)
    asked = answer(monkeypatch, "cancel")
    station.window.actions_table["close_case"].trigger()
    assert asked == ["Save changes?"]
    assert station.session.case is case
    assert not station.window.close()
    assert station.window.isVisible()


def test_without_changes_nothing_is_asked(station: Workstation, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer(monkeypatch, "cancel")
    station.window.actions_table["close_case"].trigger()
    assert asked == []
    assert station.session.case is None
    assert station.window.welcome.isVisible()
    assert not station.window.actions_table["report"].isEnabled()
    assert "Open a case" in station.window.actions_table["report"].toolTip()


def test_a_case_that_memory_may_not_hold_is_asked_about_before_it_is_read(
    station: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    before, path = station.session.case, tmp_path / "large.enbloc"
    assert before is not None
    CaseFile.create(path, before).close()
    monkeypatch.setattr(case_files, "usable_bytes", lambda: 1000)
    asked = answer(monkeypatch, "cancel")
    station.parts.files.open_path(path)
    qtbot.waitUntil(lambda: asked == ["Not enough memory"])
    assert station.session.case is before
    asked = answer(monkeypatch, "open")
    station.parts.files.open_path(path)
    qtbot.waitUntil(lambda: station.session.path == path)
    assert asked == ["Not enough memory"]


def test_save_on_closing_writes_the_case_as_it_is(
    station: Workstation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    edited(station, "giant cell tumour")
    path = tmp_path / "kept"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ""))
    answer(monkeypatch, "save")
    station.window.actions_table["close_case"].trigger()
    assert station.session.case is None
    kept = open_case(path.with_suffix(".enbloc"))
    assert kept.diagnosis.text == "giant cell tumour"
    assert len(kept.plan.osteotomies) == 8


def test_save_and_open_again_in_the_window(
    station: Workstation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtbot: QtBot
) -> None:
    case = edited(station)
    path = tmp_path / "case.enbloc"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ""))
    with qtbot.waitSignal(station.parts.files.saved, timeout=20_000):
        station.window.actions_table["save"].trigger()
    assert not station.session.is_dirty
    assert not station.window.actions_table["save"].isEnabled()
    again = edited(station, "metastasis")
    with qtbot.waitSignal(station.parts.files.saved, timeout=20_000):
        station.window.actions_table["save"].trigger()  # the same file, no question
    assert open_case(path).diagnosis.text == "metastasis"
    with qtbot.waitSignal(station.parts.files.opened, timeout=20_000):
        station.parts.files.open_path(path)
    loaded = station.session.case
    assert loaded is not None
    assert loaded is not again
    assert loaded.plan == case.plan
    assert station.session.path == path
    station.parts.files.close_case()


def test_a_damaged_case_file_is_one_sentence_and_the_case_stays(
    station: Workstation, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "cut.enbloc"
    path.write_bytes(b"SQLite format 3\x00" + b"\x00" * 50)
    station.parts.files.open_path(path)
    qtbot.waitUntil(lambda: station.window.messages.shown is not None, timeout=10_000)
    shown = station.window.messages.shown
    assert shown is not None
    assert shown.tone == "fail"
    assert "Traceback" not in shown.text
    assert station.session.case is not None


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_a_stale_matrix_closes_with_the_numbers_it_showed(station: Workstation, qtbot: QtBot) -> None:
    wait_for_numbers(station, qtbot)
    station.bindings.show_matrix()
    dialog = station.bindings.matrix
    assert dialog is not None
    assert dialog.isVisible()
    evaluation = station.session.view.evaluation
    assert evaluation is not None
    assert dialog.clearances.model().rowCount() == len(evaluation.clearances)
    station.session.do(ChangeOsteotomy("cranial", kerf_mm=1.5))
    assert not matrix_is_open(station)
    assert station.window.board.overall.text() == "UPDATING"
    assert station.window.board.lines == ()
    why = station.window.actions_table["matrix"].toolTip()
    assert not station.window.actions_table["matrix"].isEnabled()
    assert "being checked" in why
    assert station.window.check_panel.cards == []


def test_accepting_a_failure_keeps_it_a_failure_and_voids_when_the_plan_changes(
    station: Workstation, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    wait_for_numbers(station, qtbot)

    def row() -> BoardRow:
        return next(
            r for r in station.window.board.rows if r.line is not None and r.line.osteotomy == "cranial"
        )

    def fill(dialog: AcceptDialog) -> QDialog.DialogCode:
        possible = [dialog.ok]
        dialog.by.setText("Dr Ada Ruiz")
        possible.append(dialog.ok)
        dialog.reason.setPlainText("en bloc margin matters more")
        assert [*possible, dialog.ok] == [False, False, True]
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(AcceptDialog, "exec", fill)
    before = row().line
    assert before is not None
    accepted: list[str | None] = []
    after = before
    while after.accepted is None:  # one acceptance accepts one result; the next one comes to the front
        accepted.append(after.key)
        QTest.mouseClick(row().accept, Qt.MouseButton.LeftButton)
        now_shown = row().line
        assert now_shown is not None
        after = now_shown
    assert len(set(accepted)) == len(accepted) > 0
    assert after.status is before.status
    assert "Dr Ada Ruiz" in row().accepted.text()
    assert station.session.view.undo_label == "Accept a result"
    assert station.preferences.user_name == "Dr Ada Ruiz"
    station.session.do(ChangeOsteotomy("cranial", kerf_mm=1.1))
    wait_for_numbers(station, qtbot)
    line = row().line
    assert line is not None
    assert line.accepted is None


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_confirming_the_levels_needs_a_name_and_evidence(station: Workstation) -> None:
    window = station.window
    assert window.banner.confirm_levels.isVisible()
    QTest.mouseClick(window.banner.confirm_levels, Qt.MouseButton.LeftButton)
    dialog = station.parts.decisions.beside
    assert isinstance(dialog, LevelsDialog)
    assert not dialog.isModal()  # the images it asks to count on stay free
    dialog.by.setText("Dr Ada Ruiz")
    assert not dialog.ok
    assert dialog.why.text() == "Say from what the levels were counted."
    dialog.evidence.setText("whole-spine CT from C2")
    dialog.accept()
    assert not window.banner.confirm_levels.isVisible()
    assert "whole-spine CT from C2" in window.anatomy_panel.levels.text()
    station.session.undo()
    assert window.banner.confirm_levels.isVisible()


def test_names_out_of_files_are_shown_literally(station: Workstation) -> None:
    hostile = "<b>Eve</b>^<img src=x>"
    station.session.do(SetPatient(Patient(hostile, "1 & 2")))
    banner = station.window.banner.patient
    assert "<b>Eve</b>" in banner.text()
    assert banner.textFormat() is Qt.TextFormat.PlainText
    assert all(
        part.textFormat() is Qt.TextFormat.PlainText
        for part in station.window.findChildren(QLabel)
        if part.text() and part.objectName() != "qt_spinbox_lineedit"
    )
    assert "Eve" not in station.window.windowTitle()


def test_a_new_cut_starts_at_the_crosshair_and_becomes_active(station: Workstation, qtbot: QtBot) -> None:
    station.window.views.move_crosshair((0.0, 0.0, -56.0))
    station.window.cuts.add_asked.emit(NewCut(OsteotomyKind.FREE))
    case = station.session.case
    assert case is not None
    cut = case.plan.osteotomies[-1]
    assert station.parts.commands.choices.active_cut == cut.id
    middle = cut.blade.to_lps([0.0, cut.blade.depth_mm / 2, 0.0])
    assert tuple(middle) == pytest.approx((0.0, 0.0, -56.0), abs=0.01)
    assert station.window.plan_panel.cut.name.text() == cut.title
    station.window.actions_table["delete_cut"].trigger()
    assert station.session.case is not None
    assert station.session.case.plan.osteotomy(cut.id) is None
    wait_for_numbers(station, qtbot)


def test_a_disc_cut_is_placed_between_two_levels(station: Workstation) -> None:
    station.window.cuts.add_asked.emit(NewCut(OsteotomyKind.DISC, "T10"))
    case = station.session.case
    assert case is not None
    cut = case.plan.osteotomies[-1]
    assert cut.title == "T10/T11 disc"
    # Bodies are centred 28 mm apart, so the disc lies half-way.
    assert cut.blade.origin_lps_mm[2] == pytest.approx(-70.0, abs=1.5)


def test_pieces_take_the_place_of_bones_and_back(station: Workstation, qtbot: QtBot) -> None:
    wait_for_numbers(station, qtbot)
    evaluation = station.session.view.evaluation
    assert evaluation is not None
    assert len(station.window.check_panel.cards) == len(evaluation.pieces)
    station.window.check_panel.show_pieces.setChecked(True)
    state = station.window.views.spine.state
    assert {p.id for p in state.pieces} == {p.id for p in evaluation.pieces if p.mesh is not None}
    assert not any(s.visible for s in state.structures if s.id == "vertebra-T10")
    assert station.window.actions_table["pieces"].isChecked()
    station.window.check_panel.show_pieces.setChecked(False)
    assert station.window.views.spine.state.pieces == ()


def test_levels_confirmed_lift_the_warning(station: Workstation, qtbot: QtBot) -> None:
    wait_for_numbers(station, qtbot)
    before = [line.sentence for line in station.window.board.lines]
    station.session.do(ConfirmLevels("Dr Ruiz", "CT from C2", datetime.now(UTC)))
    wait_for_numbers(station, qtbot)
    after = [line.sentence for line in station.window.board.lines]
    lost = set(before) - set(after)
    assert any("level" in sentence for sentence in lost)
    evaluation = station.session.view.evaluation
    assert evaluation is not None
    assert evaluation.status is Status.FAIL


def test_an_uncut_case_teaches_and_computes_nothing(station: Workstation, small_case: Case) -> None:
    bare = small_case.with_plan(replace(small_case.plan, osteotomies=()))
    station.parts.files.new_case(bare)
    assert "Add cut" in station.window.cuts.empty.text()
    assert station.window.board.overall.text() == "No numbers"
    assert not station.session.view.updating
