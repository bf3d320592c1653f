"""The guide beside the work: contents that can be searched, pages, and the way back."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from planning.texts import tr
from widgets.guide.page_view import PageView
from widgets.guide.pages import Found, Guide, Topic
from widgets.plain_text import label, tip
from widgets.theme import scaled

_TOPIC: Final = Qt.ItemDataRole.UserRole


class GuideWindow(QDialog):
    """Shows the guide; never modal, so that work goes on beside it."""

    def __init__(self, guide: Guide, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("EnBloc guide"))
        self.setModal(False)
        self.setSizeGripEnabled(True)
        self.resize(min(scaled(920), 1240), min(scaled(680), 760))
        self._guide = guide
        self._first = Topic(guide.pages[0].name)
        self._been: list[Topic] = []
        self._at = -1
        self._items: dict[Topic, QTreeWidgetItem] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search the guide"))
        self.search.setAccessibleName(tr("Search the guide"))
        self.search.setClearButtonEnabled(True)
        self.contents = QTreeWidget()
        self.contents.setHeaderHidden(True)
        self.contents.setAccessibleName(tr("Contents of the guide"))
        self.nothing = label("", "muted", wrap=True)
        self.page = PageView()
        self.page.setAccessibleName(tr("Page of the guide"))
        self.back = _turn("←", tr("Back"))
        self.forward = _turn("→", tr("Forward"))
        self._lay_out()
        self._connect()
        self._fill()
        self.go(self._first)

    @property
    def topic(self) -> Topic:
        """The place shown."""
        return self._been[self._at]

    def go(self, topic: Topic) -> None:
        """Show a place; *Back* returns."""
        if not self._guide.has(topic):
            topic = Topic(topic.page) if self._guide.page(topic.page) is not None else self._first
        if self._been and self.topic == topic:
            self._show()
            return
        self._been = [*self._been[: self._at + 1], topic]
        self._at = len(self._been) - 1
        self._show()

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.nothing)
        column.addWidget(self.contents, 1)
        turns = QHBoxLayout()
        turns.addWidget(self.back)
        turns.addWidget(self.forward)
        turns.addStretch(1)
        right = QWidget()
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addLayout(turns)
        beside.addWidget(self.page, 1)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.setChildrenCollapsible(False)
        both.addWidget(left)
        both.addWidget(right)
        both.setSizes([scaled(270), 650])
        both.setStretchFactor(1, 1)
        QVBoxLayout(self).addWidget(both)

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._fill())
        self.search.returnPressed.connect(self._open_first)
        self.contents.currentItemChanged.connect(self._choose)
        self.page.asked.connect(self.go)
        self.back.clicked.connect(lambda: self._turn(-1))
        self.forward.clicked.connect(lambda: self._turn(1))
        for keys, step in (("Alt+Left", -1), ("Alt+Right", 1)):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda by=step: self._turn(by))
        QShortcut(QKeySequence("Ctrl+F"), self).activated.connect(self._focus_search)

    def _focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _fill(self) -> None:
        """Show the contents, or the places that hold what is searched for."""
        words = self.search.text().strip()
        found = self._guide.search(words)
        self.contents.blockSignals(True)
        self._items = {}
        self.contents.clear()
        self.contents.setRootIsDecorated(not words)
        if words:
            self._fill_found(found)
        else:
            self._fill_contents()
        self.contents.blockSignals(False)
        nothing = words and not found
        self.nothing.setText(tr("Nothing in the guide holds these words.") if nothing else "")
        self.nothing.setVisible(bool(nothing))
        if not words and self._been:
            self._mark()

    def _fill_contents(self) -> None:
        for page in self._guide.pages:
            top = self._items[Topic(page.name)] = _item(page.title, Topic(page.name))
            self.contents.addTopLevelItem(top)
            for section in page.sections[1:]:
                topic = Topic(page.name, section.anchor)
                self._items[topic] = _item(section.title, topic)
                top.addChild(self._items[topic])

    def _fill_found(self, found: Sequence[Found]) -> None:
        for place in found:
            page = self._guide.page(place.topic.page)
            item = _item(place.title, place.topic, page.title if page is not None else "")
            item.setToolTip(0, tip(place.excerpt))
            self.contents.addTopLevelItem(item)

    def _open_first(self) -> None:
        first = self.contents.topLevelItem(0)
        if first is not None:
            self.contents.setCurrentItem(first)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        topic = item.data(0, _TOPIC) if item is not None else None
        if isinstance(topic, Topic):
            self.go(topic)

    def _turn(self, by: int) -> None:
        if 0 <= self._at + by < len(self._been):
            self._at += by
            self._show()

    def _show(self) -> None:
        page = self._guide.page(self.topic.page)
        if page is not None:
            self.page.show_page(page, self.topic.anchor)
        self.back.setEnabled(self._at > 0)
        self.forward.setEnabled(self._at + 1 < len(self._been))
        if not self.search.text().strip():
            self._mark()

    def _mark(self) -> None:
        """Mark the place shown in the contents."""
        item = self._items.get(self.topic)
        if item is None:
            return
        self.contents.blockSignals(True)
        self.contents.collapseAll()
        top = self._items[Topic(self.topic.page)]
        top.setExpanded(True)
        self.contents.setCurrentItem(item)
        self.contents.blockSignals(False)


def _item(words: str, topic: Topic, page: str = "") -> QTreeWidgetItem:
    item = QTreeWidgetItem([f"{words}\n{page}" if page and page != words else words])
    item.setData(0, _TOPIC, topic)
    item.setToolTip(0, tip(words))
    return item


def _turn(sign: str, words: str) -> QToolButton:
    button = QToolButton()
    button.setText(sign)
    button.setAccessibleName(words)
    button.setToolTip(tip(words))
    return button
