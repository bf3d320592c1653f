"""The board's rows stand at their full height the moment they are filled, not when the window has time."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from planning.model.case import Acceptance
from planning.safety.board import BoardLine
from planning.safety.results import Status
from widgets.safety_board import SafetyBoard
from widgets.theme import DARK, apply_theme

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]
LINES = tuple(
    BoardLine(Status.WARN, f"Cut {n}: " + "some words of a sentence " * (1 + n % 4), key=f"k{n}")
    for n in range(12)
)
NOTES = ("a remark that needs more than one line " * 3,) * 3


@pytest.fixture
def board(qtbot: QtBot, qapp: QApplication) -> Iterator[SafetyBoard]:
    sheet = qapp.styleSheet()
    apply_theme(qapp, DARK)
    made = SafetyBoard()
    qtbot.addWidget(made)
    made.resize(305, 700)
    made.show()
    qapp.processEvents()
    yield made
    qapp.setStyleSheet(sheet)


def heights(board: SafetyBoard) -> list[int]:
    return [row.height() for row in board.rows if not row.isHidden()]


def test_rows_are_never_squashed(board: SafetyBoard, qapp: QApplication) -> None:
    for lines in (LINES, LINES[:3], LINES[::-1], LINES[2:5]):
        board.withdraw()
        board.show_updating()
        qapp.processEvents()
        board.show_lines(Status.WARN, lines, NOTES)
        at_once = heights(board)  # nothing has run since: a slow render would keep this on screen
        remarks = board.remarks.height()
        qapp.processEvents()
        assert heights(board) == at_once
        assert board.remarks.height() == remarks
        for row in board.rows[: len(lines)]:
            assert row.height() >= row.heightForWidth(row.width())
            assert row.sentence.height() >= row.sentence.heightForWidth(row.sentence.width())


def test_the_board_counts_what_it_lists(board: SafetyBoard) -> None:
    accepted = Acceptance("k", "Dr A", "", datetime(2026, 1, 1, tzinfo=UTC), "")
    lines = (
        BoardLine(Status.FAIL, "a", accepted=accepted),
        BoardLine(Status.FAIL, "b"),
        BoardLine(Status.WARN, "c"),
    )
    board.show_lines(Status.FAIL, lines, ())
    assert board.note.text() == "2 fail · 1 warn · 1 accepted"
    board.show_updating()
    assert "numbers follow" in board.note.text()


def test_withdrawn_rows_hold_no_number(board: SafetyBoard) -> None:
    board.show_lines(Status.WARN, LINES, ())
    assert len(board.lines) == 12
    board.withdraw()
    assert board.lines == ()
    assert board.overall.text() == "UPDATING"
    assert not any(row.sentence.text() for row in board.rows)
    board.show_updating(rest=("cranial", "caudal"))
    assert board.note.text() == "The plan is being checked; numbers follow."
    assert board.remarks.text() == "◌ cranial: being checked\n◌ caudal: being checked"
