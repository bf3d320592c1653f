"""Dialogs in which a person puts a name to something show every word of what is signed."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from planning.model.structures import ReviewState
from widgets.approval_dialogs import ApproveDialog, WithdrawDialog
from widgets.dialogs import AcceptDialog, LevelsDialog, NamedDialog, ReviewDialog
from widgets.theme import THEMES, apply_theme

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]
LONG = "a structure with a name that a person wrote at length, and a side, and a level " * 3


@pytest.fixture(params=(100, 150, 200), autouse=True)
def _size(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[None]:
    apply_theme(qapp, THEMES["dark"], request.param)
    yield
    apply_theme(qapp, THEMES["dark"])


def made() -> tuple[NamedDialog, ...]:
    """Return the dialogs."""
    return (
        ApproveDialog("Plan A", (1, 0, 2), "Dr A"),
        WithdrawDialog("Plan A", "Dr A"),
        LevelsDialog(("T9", "T10"), "Dr A", None, ("T10",)),
        AcceptDialog(LONG, "Dr A"),
        ReviewDialog(LONG, ReviewState.DRAFT, "Dr A", has_next=True),
    )


def test_no_word_of_what_is_signed_is_cut_off(qtbot: QtBot, qapp: QApplication) -> None:
    for dialog in made():
        qtbot.addWidget(dialog)
        dialog.show()
        qapp.processEvents()
        for words in dialog.findChildren(QLabel):
            if words.isVisible() and words.wordWrap():
                assert words.height() >= words.heightForWidth(words.width()), (dialog, words.text()[:40])
        dialog.resize(dialog.minimumWidth(), 100)
        qapp.processEvents()
        said = dialog.findChildren(QLabel)[0]
        assert said.height() >= said.heightForWidth(said.width()), dialog
        dialog.close()
