"""What is said of a problem, and what may be copied of it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.logs import RedactingFilter
from app.problem_messages import bug_message, details_of, problem_message, program_words
from planning.errors import CaseFileProblem
from planning.model.stamp import PROGRAM
from planning.texts import mark
from tests.conftest import MarkerPatient
from widgets import message_bar
from widgets.details_dialog import DetailsDialog
from widgets.message_bar import Message, MessageBar

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]


def a_problem(marker: MarkerPatient) -> CaseFileProblem:
    """Return a problem that names the patient, from a cause that names a folder."""
    try:
        try:
            raise OSError(f"/home/{marker.patient_id}/case.enbloc: {marker.name}")
        except OSError as error:
            raise CaseFileProblem(
                "CASE_HELD",
                mark("{file} is held by {who}."),
                file=f"{marker.name}.enbloc",
                who=marker.patient_id,
            ) from error
    except CaseFileProblem as problem:
        return problem


def a_bar(qtbot: QtBot, marker: MarkerPatient) -> MessageBar:
    bar = MessageBar()
    qtbot.addWidget(bar)
    known = RedactingFilter()
    known.know((marker.name, marker.patient_id))
    bar.program, bar.redacted = program_words(), known.redacted
    bar.resize(1000, bar.height())
    bar.show()
    return bar


def test_the_sentence_names_things_and_the_details_nobody(
    qtbot: QtBot, marker_patient: MarkerPatient
) -> None:
    bar = a_bar(qtbot, marker_patient)
    bar.show_message(problem_message(a_problem(marker_patient)))
    assert marker_patient.patient_id in bar.sentence.text()
    QTest.mouseClick(bar.copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied.splitlines()[:2] == ["{file} is held by {who}.", "CASE_HELD"]
    assert "OSError at a_problem" in copied
    assert PROGRAM in copied
    assert not marker_patient.found_in(copied)
    assert "/home" not in copied


def test_a_message_with_names_of_its_own_is_copied_without_them(
    qtbot: QtBot, marker_patient: MarkerPatient
) -> None:
    bar = a_bar(qtbot, marker_patient)
    bar.show_message(Message(f"/data/x/{marker_patient.patient_id}.nii cannot be read.", "fail", "CODE"))
    QTest.mouseClick(bar.copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert not marker_patient.found_in(copied)
    assert "/data/x" not in copied
    assert "cannot be read." in copied


def test_details_open_in_a_dialog_and_are_copied_there(qtbot: QtBot, marker_patient: MarkerPatient) -> None:
    bar = a_bar(qtbot, marker_patient)
    bar.show_message(bug_message("ValueError at show:12"))
    QTest.mouseClick(bar.details, Qt.MouseButton.LeftButton)
    dialog = bar.findChild(DetailsDialog)
    assert dialog is not None
    assert "ValueError at show:12" in dialog.text.toPlainText()
    QTest.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == dialog.text.toPlainText()
    dialog.close()
    bar.show_message(Message("Saved."))
    assert bar.details.isHidden()
    bar.dismiss()
    assert bar.shown == bug_message("ValueError at show:12")  # a fault waits until it is closed
    bar.dismiss()
    assert bar.details.isHidden()


def test_every_message_is_read_out_once_and_faults_at_once(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, marker_patient: MarkerPatient
) -> None:
    said: list[tuple[str, bool]] = []

    def announce(_source: QWidget, words: str, *, urgent: bool = False) -> None:
        said.append((words, urgent))

    monkeypatch.setattr(message_bar, "announce", announce)
    bar = a_bar(qtbot, marker_patient)
    bar.show_hint("Next: count the levels.")
    bar.show_message(Message("Saved."))
    bar.show_message(Message("Disk full.", "fail"))
    bar.show_message(Message("Disk full.", "fail"))
    assert said == [("Saved.", False), ("Disk full.", True)]


def test_details_follow_causes_without_end() -> None:
    first = CaseFileProblem("A", mark("x"))
    first.__cause__ = first
    assert details_of(first).splitlines()[0] == "A"
