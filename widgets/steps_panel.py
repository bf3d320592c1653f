"""Every step taken since the case was opened, by name: a click goes back or forward to it."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from planning.texts import literal, tr
from widgets.plain_text import label, tip
from widgets.theme import present_theme

_HERE: Final = "●"
_DONE: Final = "✓"
_UNDONE: Final = "↷"


class StepsPanel(QWidget):
    """The list of steps; the present one is marked, undone ones follow it, greyed and in words.

    Signals
    -------
    go_asked(int)
        Go so many steps: back below zero, forward above it.
    """

    go_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self._going = False
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Steps taken"))
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        self.empty = label(
            tr("Every change appears here, and a click takes you back to it."), "muted", wrap=True
        )
        self.empty.setMargin(10)
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 2, 2, 2)
        column.addWidget(self.empty)
        column.addWidget(self.list, 1)
        self.show_steps((), (), is_open=False)

    def sizeHint(self) -> QSize:
        """Return room for a step's name."""
        return QSize(250, 320)

    def show_steps(self, done: Sequence[str], undone: Sequence[str], *, is_open: bool = True) -> None:
        """Show what was done, oldest first, and what was undone, next first."""
        shown = (tuple(done), tuple(undone))
        self.empty.setVisible(not is_open or not (done or undone))
        self.list.setVisible(is_open)
        if shown == self._shown or not is_open:
            return
        self._shown = shown
        self.list.clear()
        names = [tr("The case as it was opened"), *done]
        for n, name in enumerate(names):
            self._add(name, n - len(done))
        for n, name in enumerate(undone, 1):
            self._add(name, n)
        here = self.list.item(len(done))
        self.list.setCurrentItem(here)
        self.list.scrollToItem(here)

    def _add(self, name: str, steps: int) -> None:
        sign = _HERE if steps == 0 else _DONE if steps < 0 else _UNDONE
        words = tr("{step} (undone)", step=name) if steps > 0 else literal(name)
        item = QListWidgetItem(f"{sign}  {words}")
        item.setData(Qt.ItemDataRole.UserRole, steps)
        if steps == 0:
            font = QFont()
            font.setBold(True)
            item.setFont(font)
        if steps > 0:
            item.setForeground(QColor(present_theme().muted))
        said = _said(words, steps)
        item.setToolTip(tip(said))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, said)
        self.list.addItem(item)

    def _go(self, item: QListWidgetItem) -> None:
        steps = int(item.data(Qt.ItemDataRole.UserRole))
        if steps and not self._going:
            # Later: the list that is being clicked is filled anew by it.
            self._going = True
            QTimer.singleShot(0, self, lambda: self._gone(steps))

    def _gone(self, steps: int) -> None:
        self._going = False
        self.go_asked.emit(steps)


def _said(words: str, steps: int) -> str:
    if steps == 0:
        return tr("{step}. You are here.", step=words)
    if steps < 0:
        return tr("{step}. Click to go back to the case as it was after it.", step=words)
    return tr("{step}. Click to do it again, with what lies between.", step=words)
