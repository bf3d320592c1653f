"""The tool library's dialog: standard tools to copy, own ones to edit, nothing kept without a source."""

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from planning.model.settings import load_settings
from widgets.theme import THEMES, apply_theme
from widgets.tools_dialog import ToolsDialog

LIBRARY = load_settings(Path(__file__).parents[2] / "resources").tools

pytestmark = pytest.mark.gui


def test_a_standard_tool_is_read_and_copied_and_its_copy_is_ones_own(qtbot: QtBot) -> None:
    dialog = ToolsDialog(LIBRARY)
    qtbot.addWidget(dialog)
    save = dialog.buttons.button(QDialogButtonBox.StandardButton.Save)
    dialog.list.setCurrentRow(1)
    assert dialog.name.text() == "ultrasonic bone scalpel"
    assert dialog.numbers["reach_mm"].text() == "20.0 mm"
    assert dialog.numbers["width_mm"].text() == "unknown"
    assert not dialog.numbers["kerf_mm"].isEnabled()
    assert "Copy one to make it your own" in dialog.numbers["kerf_mm"].toolTip()
    assert dialog.why.text() == "Standard tools are not changed. Copy one to make it your own."
    dialog.copy.click()
    assert dialog.name.text() == "ultrasonic bone scalpel, own"
    kerf = dialog.numbers["kerf_mm"]
    assert kerf.isEnabled()
    kerf.selectAll()
    QTest.keyClicks(kerf, "1,4")
    kerf.interpretText()  # as leaving the field does
    dialog.source.setPlainText("")
    assert not save.isEnabled()
    assert "say where its numbers come from" in dialog.why.text()
    dialog.source.setPlainText("calliper, Dr. Berg, May 2026")
    assert save.isEnabled()
    (own,) = dialog.library.own
    assert (own.kerf_mm, own.overshoot_mm, own.reach_mm, own.own) == (1.4, 3.0, 20.0, True)
    assert own.source == "calliper, Dr. Berg, May 2026"
    assert dialog.library.standard == LIBRARY.tools
    kerf.setValue(30.0)
    assert not save.isEnabled()
    assert dialog.why.text().endswith("the kerf must lie between 0.1 and 8 mm, not 30.")
    dialog.delete.click()
    assert dialog.library == LIBRARY
    assert save.isEnabled()


def test_two_tools_of_one_name_are_refused(qtbot: QtBot) -> None:
    dialog = ToolsDialog(LIBRARY)
    qtbot.addWidget(dialog)
    dialog.new.click()
    dialog.source.setPlainText("ours")
    assert dialog.problem == ""
    dialog.name.setText("")
    QTest.keyClicks(dialog.name, "T-saw")
    assert dialog.problem == "Two tools are called T-saw. Give each a name of its own."


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_numbers_and_their_units_are_read_whole_in_the_smallest_dialog(
    qtbot: QtBot, qapp: QApplication
) -> None:
    apply_theme(qapp, THEMES["dark"], 150)
    dialog = ToolsDialog(LIBRARY)
    qtbot.addWidget(dialog)
    dialog.resize(10, 10)
    dialog.show()
    qapp.processEvents()
    for field in dialog.numbers.values():
        assert field.width() >= field.sizeHint().width()
    wanted = dialog.list.sizeHintForColumn(0)
    assert dialog.list.viewport().width() >= wanted
    apply_theme(qapp, THEMES["dark"])
