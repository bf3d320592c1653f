"""A folder may be typed that is not there yet; what cannot be one says why."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QFileDialog
from pytestqt.qtbot import QtBot

from widgets.output_dialog import Option, OutputDialog

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]
PAPER = Option("paper", "Paper", (("a4", "A4"), ("letter", "Letter")))


def a_dialog(qtbot: QtBot, folder: Path) -> OutputDialog:
    dialog = OutputDialog("Write the report", "Everything goes to one folder.", folder, (PAPER,))
    qtbot.addWidget(dialog)
    return dialog


def can_save(dialog: OutputDialog) -> bool:
    return dialog.buttons.button(QDialogButtonBox.StandardButton.Save).isEnabled()


def test_what_is_typed_is_the_folder(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = a_dialog(qtbot, tmp_path)
    dialog.show()
    dialog.field.selectAll()
    QTest.keyClicks(dialog.field, str(tmp_path / "new" / "deeper"))
    assert dialog.why.text() == "This folder does not exist yet; it will be made."
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)
    assert dialog.result() == 1
    assert dialog.folder == tmp_path / "new" / "deeper"
    assert not dialog.folder.exists()  # made only when there is something to put there
    assert dialog.chosen("paper") == "a4"


@pytest.mark.parametrize(
    "typed,says",
    [
        ("", "Type a folder"),
        ("report", "Type the whole path"),
        ("{there}/a file", "There is a file of that name"),
    ],
)
def test_what_cannot_be_a_folder_says_why(qtbot: QtBot, tmp_path: Path, typed: str, says: str) -> None:
    (tmp_path / "a file").write_text("x")
    dialog = a_dialog(qtbot, tmp_path)
    dialog.field.setText(typed.format(there=tmp_path))
    assert says in dialog.why.text()
    assert not can_save(dialog)


def test_a_folder_in_use_says_what_is_replaced(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = a_dialog(qtbot, tmp_path)
    assert dialog.why.text() == ""
    (tmp_path / "report.pdf").write_text("x")
    dialog.check()
    assert dialog.why.text() == "Files of the same names in this folder are replaced."
    assert can_save(dialog)
    dialog.field.setText("~")
    assert dialog.folder == Path.home()


def test_looking_for_a_folder_begins_where_there_is_one(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def look(_parent: object, _title: str, start: str) -> str:
        begun.append(start)
        return str(tmp_path / "chosen")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", look)
    dialog = a_dialog(qtbot, tmp_path / "not" / "there")
    QTest.mouseClick(dialog.browse, Qt.MouseButton.LeftButton)
    assert begun == [str(tmp_path)]
    assert dialog.folder == tmp_path / "chosen"
