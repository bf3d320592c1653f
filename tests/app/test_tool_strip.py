"""A button of the strip follows its command, and holds no more after many changes than before."""

import pytest
from PySide6.QtCore import SIGNAL, Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from app.tool_strip import CommandButton

pytestmark = pytest.mark.gui


def test_a_button_follows_its_command_without_holding_it_anew(qtbot: QtBot) -> None:
    action, button, done = QAction("Report"), CommandButton(), []
    qtbot.addWidget(button)
    action.setCheckable(True)
    action.triggered.connect(lambda: done.append(1))
    button.setDefaultAction(action)
    held = action.receivers(SIGNAL("changed()"))
    for number in range(10):
        action.setEnabled(number % 2 == 0)
        action.setToolTip(f"why {number}")
    assert not button.isEnabled()
    assert button.toolTip() == "why 9"
    action.setEnabled(True)
    action.setChecked(True)
    assert button.isEnabled()
    assert button.isChecked()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == [1]
    assert not action.isChecked()
    assert not button.isChecked()
    assert action.receivers(SIGNAL("changed()")) == held
