"""Type some letters, press Enter: every command, and every structure, cut and level by name."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from planning.texts import literal, tr
from widgets.palette.matching import Entry, ranked
from widgets.plain_text import label, tip
from widgets.theme import present_theme, scaled

NAME, GROUP, KEYS = range(3)
_ENTRY: Final = Qt.ItemDataRole.UserRole
_WIDTH_PX: Final = 660
_HEIGHT_PX: Final = 420
_TURNS: Final = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown})


class CommandPalette(QDialog):
    """The command search.

    Signals
    -------
    picked(str)
        Id of the entry to do; only of one that can be done.
    """

    picked = Signal(str)

    def __init__(
        self, entries: list[Entry], lately: tuple[str, ...] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Find a command, structure, cut or level"))
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self._entries, self._lately = entries, lately
        self._items: list[QTreeWidgetItem] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Type some letters of a command, structure, cut or level"))
        self.field.setAccessibleName(tr("Find a command, structure, cut or level"))
        self.field.setClearButtonEnabled(True)
        self.list = QTreeWidget()
        self.list.setHeaderHidden(True)
        self.list.setColumnCount(3)
        self.list.setRootIsDecorated(False)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(tr("What was found"))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setWordWrap(True)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (GROUP, KEYS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.foot = label("", "muted", wrap=True)
        self.foot.setMinimumHeight(2 * self.foot.fontMetrics().lineSpacing() + 4)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(10, 10, 10, 8)
        column_box.addWidget(self.field)
        column_box.addWidget(self.list, 1)
        column_box.addWidget(self.foot)
        self.resize(scaled(_WIDTH_PX), scaled(_HEIGHT_PX))
        self.field.textChanged.connect(lambda _text: self._fill())
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item, _column: self._pick())
        self.list.currentItemChanged.connect(lambda _now, _before: self._say())
        self._fill()

    @property
    def shown(self) -> tuple[Entry, ...]:
        """What is listed, best first."""
        return tuple(self._entry(item) for item in self._items)

    def showEvent(self, event: QShowEvent) -> None:
        """Stand over the upper middle of the window."""
        super().showEvent(event)
        over = self.parentWidget()
        if over is not None:
            self.resize(
                min(scaled(_WIDTH_PX), over.width() - 40), min(scaled(_HEIGHT_PX), over.height() - 100)
            )
            self.move(over.mapToGlobal(QPoint((over.width() - self.width()) // 2, 70)))
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let arrow keys go through the list and Enter choose, while letters go into the field."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in _TURNS:
                self._turn(Qt.Key(event.key()))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._pick()
                return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        self._items = []
        self.list.clear()
        muted = QBrush(QColor(present_theme().muted))
        for entry in ranked(self._entries, self.field.text(), self._lately):
            words = literal(entry.title)
            if entry.why_not:
                words = f"{words}\n    {tr('Not now: {reason}', reason=entry.why_not)}"
            item = QTreeWidgetItem([words, entry.group, entry.keys])
            item.setData(NAME, _ENTRY, entry)
            item.setData(
                NAME, Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, (words, entry.keys)))
            )
            item.setForeground(GROUP, muted)
            item.setForeground(KEYS, muted)
            if entry.why_not:
                item.setForeground(NAME, muted)
                item.setToolTip(NAME, tip(entry.why_not))
            self._items.append(item)
            self.list.addTopLevelItem(item)
        if self._items:
            self.list.setCurrentItem(self._items[0])
        self._say()

    def _turn(self, key: Qt.Key) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        at, last = self._items.index(item), len(self._items) - 1
        by = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -8, Qt.Key.Key_PageDown: 8}[key]
        to = (at + by) % len(self._items) if abs(by) == 1 else min(max(at + by, 0), last)
        self.list.setCurrentItem(self._items[to])

    def _say(self) -> None:
        """Say at the foot what Enter will do, or why nothing."""
        item = self.list.currentItem()
        if item is None:
            self.foot.setText(tr("Nothing is called so. Try another word, or look in the guide (Shift+F1)."))
            return
        entry = self._entry(item)
        self.foot.setText(entry.why_not or tr("Enter: {what} · Esc: close", what=entry.title))

    def _pick(self) -> None:
        item = self.list.currentItem()
        entry = self._entry(item) if item is not None else None
        if entry is not None and not entry.why_not:
            self.accept()
            self.picked.emit(entry.id)

    @staticmethod
    def _entry(item: QTreeWidgetItem) -> Entry:
        found = item.data(NAME, _ENTRY)
        if not isinstance(found, Entry):
            raise TypeError("every row of the command search holds an entry")
        return found
