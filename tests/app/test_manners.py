"""What a newcomer meets in the first hour: nothing blinks, nothing jumps, every dialog can be left."""

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from planning.editing.anatomy_edits import ConfirmLevels, ReviewStructure
from planning.model.structures import ReviewState
from tests.app.conftest import wait_for_numbers
from widgets.matrix_dialog import MatrixDialog
from widgets.message_bar import Message
from widgets.tables.cut_table import NAME

pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.qt_log_ignore("propagateSizeHints")]
AT = datetime(2026, 1, 1, tzinfo=UTC)


def places(station: Workstation) -> dict[str, QRect]:
    """Return where the parts of the window are."""
    window = station.window
    parts = {"views": window.views, "board": window.board, "cuts": window.cuts, "banner": window.banner}
    return {
        name: QRect(part.mapTo(window, part.rect().topLeft()), part.size()) for name, part in parts.items()
    }


def matrix_of(station: Workstation) -> MatrixDialog:
    station.bindings.show_matrix()
    dialog = station.bindings.matrix
    assert dialog is not None
    return dialog


def open_matrix(station: Workstation) -> MatrixDialog | None:
    return station.bindings.matrix


def test_levels_reviews_and_locks_are_judged_without_a_moment_of_updating(
    station: Workstation, qtbot: QtBot
) -> None:
    wait_for_numbers(station, qtbot)
    said: list[str] = []
    station.session.changed.connect(lambda view: said.append("UPDATING" if view.updating else "current"))
    lines_before = station.window.board.lines
    station.window.actions_table["lock_cut"].trigger()
    station.session.do(ReviewStructure("spinal_canal", ReviewState.REVIEWED, "Dr A", AT))
    assert len(station.window.board.lines) == len(lines_before)
    warned = [line for line in station.window.board.lines if "level count" in line.sentence]
    assert warned
    station.session.do(ConfirmLevels("Dr A", "whole spine from C2", AT))
    assert not any("level count" in line.sentence for line in station.window.board.lines)
    qtbot.waitUntil(lambda: not station.jobs.running, timeout=10_000)
    assert set(said) == {"current"}


def test_messages_jobs_and_numbers_move_nothing(
    station: Workstation, qtbot: QtBot, qapp: QApplication
) -> None:
    wait_for_numbers(station, qtbot)
    qapp.processEvents()
    before = places(station)
    station.window.messages.show_message(Message("Something went wrong. " * 30, "fail", "CODE"))
    qapp.processEvents()
    assert places(station) == before
    station.window.messages.dismiss()
    station.session.do(ConfirmLevels("Dr A", "whole spine from C2", AT))
    qapp.processEvents()
    assert places(station) == before


def test_the_matrix_is_left_by_esc_and_by_its_button(station: Workstation, qtbot: QtBot) -> None:
    wait_for_numbers(station, qtbot)
    QTest.keyClick(matrix_of(station), Qt.Key.Key_Escape)
    assert open_matrix(station) is None
    close = matrix_of(station).buttons.button(QDialogButtonBox.StandardButton.Close)
    QTest.mouseClick(close, Qt.MouseButton.LeftButton)
    assert open_matrix(station) is None
    matrix_of(station)
    station.window.views.cancelled.emit()  # Esc where the main window has the keyboard
    assert open_matrix(station) is None


def test_the_matrix_shows_what_is_current_and_explains_its_columns(
    station: Workstation, qtbot: QtBot
) -> None:
    wait_for_numbers(station, qtbot)
    dialog = matrix_of(station)
    model = dialog.clearances.model()
    words = {
        str(model.index(row, column).data())
        for row in range(model.rowCount())
        for column in range(model.columnCount())
    }
    assert any("level count not confirmed" in word for word in words)
    station.session.do(ConfirmLevels("Dr A", "whole spine from C2", AT))
    assert open_matrix(station) is dialog
    after = {
        str(model.index(row, column).data())
        for row in range(model.rowCount())
        for column in range(model.columnCount())
    }
    assert not any("level count not confirmed" in word for word in after)
    assert "one standard deviation" in dialog.legend.text()
    sigma = [
        str(model.headerData(n, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole))
        for n in range(model.columnCount())
        if model.headerData(n, Qt.Orientation.Horizontal) == "σ"
    ]
    assert len(sigma) == 1
    assert "one standard deviation" in sigma[0]
    dialog.close()


def test_the_active_cut_is_scrolled_into_view(station: Workstation, qapp: QApplication) -> None:
    table = station.window.cuts.table
    station.window.centre.setSizes([900, 60])
    qapp.processEvents()
    last = table.cuts.rows[-1].osteotomy.id
    first = table.cuts.rows[0].osteotomy.id
    for cut, row in ((last, len(table.cuts.rows) - 1), (first, 0)):
        station.parts.commands.look(active_cut=cut)
        place = table.visualRect(table.cuts.index(row, NAME))
        assert table.viewport().rect().contains(place)
        assert table.currentIndex().row() == row
        assert station.parts.commands.choices.active_cut == cut
