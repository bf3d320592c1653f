"""The line that is lit in the table of cuts is the cut that was chosen, wherever it was clicked."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.program import RESOURCES
from planning.model.settings import load_settings
from tests.builders import a_plan
from widgets.tables.cut_rows import Said, cut_rows
from widgets.tables.cut_table import NAME, CutTable

pytestmark = pytest.mark.gui
LEVELS = ("T9", "T10", "T11")
TOOLS = load_settings(RESOURCES).tools


def test_a_line_half_in_sight_is_chosen_and_lit_when_it_is_clicked(qtbot: QtBot) -> None:
    rows = cut_rows(a_plan(levels=LEVELS), Said((), (), frozenset()), TOOLS, frozenset())
    table, chosen = CutTable(), list[str]()
    qtbot.addWidget(table)

    def choose(cut: str) -> None:
        chosen.append(cut)
        table.show_rows(rows, cut)  # as the window answers, at once

    table.activated_cut.connect(choose)
    table.show_rows(rows, rows[0].osteotomy.id)
    table.resize(700, 300)
    table.show()
    tall = table.rowHeight(0)
    table.resize(700, table.height() - table.viewport().height() + 2 * tall + tall // 3)
    last = table.visualRect(table.cuts.index(2, NAME))
    assert last.bottom() > table.viewport().height(), "only its upper part is in sight"
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=last.topLeft() + QPoint(9, 3))
    lit = [index.row() for index in table.selectionModel().selectedRows()]
    assert chosen == [rows[2].osteotomy.id]
    assert lit == [table.currentIndex().row()] == [2]


def test_a_narrow_table_shows_a_pedicle_cut_by_its_whole_name(qtbot: QtBot) -> None:
    rows = cut_rows(a_plan(levels=LEVELS), Said((), (), frozenset()), TOOLS, frozenset())
    longest = replace(rows[0], osteotomy=replace(rows[0].osteotomy, name="Right T10 pedicle"))
    table = CutTable()
    qtbot.addWidget(table)
    table.resize(656, 200)
    table.show()
    table.show_rows([longest, *rows[1:]], longest.osteotomy.id)
    font = table.font()
    font.setBold(True)
    needed_px = QFontMetrics(font).horizontalAdvance("Right T10 pedicle")
    assert needed_px + 6 <= table.columnWidth(NAME) <= needed_px + 60
