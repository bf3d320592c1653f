"""Finding commands by what people type."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from widgets.palette.command_palette import KEYS, NAME, CommandPalette
from widgets.palette.matching import Entry, ranked

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]

ENTRIES = [
    Entry("save", "Save", "File", "Ctrl+S", "Everything is saved.", "store write"),
    Entry("save_as", "Save as", "File", "Ctrl+Shift+S"),
    Entry("report", "Write report", "File", "Ctrl+P", "The plan has no cut yet.", "print PDF 报告"),
    Entry("import_folder", "Import DICOM folder", "File", "Ctrl+I", "", "load images"),
    Entry("cut:1", "T9/T10 disc", "Cut"),
    Entry("structure:a", "aorta", "Structure", "", "", "aorta"),
]


@pytest.mark.parametrize(
    "typed, first",
    [
        ("sav as", "save_as"),
        ("report", "report"),
        ("pdf", "report"),
        ("报告", "report"),
        ("idf", "import_folder"),  # letters in order
        ("dicom", "import_folder"),
        ("disc t9", "cut:1"),
        ("AORTA", "structure:a"),
        ("ctrl+i", "import_folder"),
    ],
)
def test_what_is_meant_comes_first(typed: str, first: str) -> None:
    assert ranked(ENTRIES, typed)[0].id == first


def test_every_typed_word_counts_and_what_is_off_comes_after_its_equals() -> None:
    assert ranked(ENTRIES, "save zebra") == []
    assert [e.id for e in ranked(ENTRIES, "sav")] == ["save", "save_as"]
    same = [Entry("a", "Fit view", why_not="No image."), Entry("b", "Fit view")]
    assert [e.id for e in ranked(same, "fit")] == ["b", "a"]
    assert next(e.id for e in ranked(ENTRIES, "", ("report",))) == "report"
    assert len(ranked(ENTRIES, " ")) == len(ENTRIES)


@pytest.fixture
def palette(qtbot: QtBot) -> CommandPalette:
    made = CommandPalette(ENTRIES)
    qtbot.addWidget(made)
    made.show()
    return made


def current(palette: CommandPalette, column: int = NAME) -> str:
    """Return what the current row says."""
    item = palette.list.currentItem()
    return item.text(column) if item is not None else ""


def test_typing_and_enter_do_it(palette: CommandPalette, qtbot: QtBot) -> None:
    QTest.keyClicks(palette.field, "import")
    assert current(palette) == "Import DICOM folder"
    assert current(palette, KEYS) == "Ctrl+I"
    with qtbot.waitSignal(palette.picked) as picked:
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert picked.args == ["import_folder"]
    assert not palette.isVisible()


def test_what_is_off_is_listed_with_its_reason_and_is_not_done(palette: CommandPalette) -> None:
    picked: list[str] = []
    palette.picked.connect(picked.append)
    QTest.keyClicks(palette.field, "write report")
    assert "Not now: The plan has no cut yet." in current(palette)
    assert palette.foot.text() == "The plan has no cut yet."
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert picked == []
    assert palette.isVisible()


def test_arrow_keys_go_round_and_nothing_found_says_so(palette: CommandPalette) -> None:
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    assert current(palette) == "aorta"
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert current(palette).startswith("Save\n")
    QTest.keyClick(palette.field, Qt.Key.Key_PageDown)
    assert current(palette) == "aorta"
    QTest.keyClicks(palette.field, "zzzz")
    assert "Nothing is called so" in palette.foot.text()
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
