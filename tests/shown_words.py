"""A language nobody speaks, and every word a window shows: what is left in English was never marked."""

import gettext
import html
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QSpinBox,
    QTabBar,
    QTextEdit,
    QWidget,
)

from planning.texts import Language, speak

CODE = "xx"
_LATIN = (*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1))
_WIDE = {letter: letter + 0xFEE0 for letter in _LATIN}
# What is the same in every language: units, frames, formats, keys, and the names of programs.
ALIKE = re.compile(
    r"enbloc|dicom|lps|ras|ct|mr|hu|gb|mm|cm|pdf|html|png|json|seg|stl|obj|ply|mf|rtstruct|nifti|nrrd|mha|zip|"
    r"ctrl|shift|alt|del|esc|return|space|apache|totalsegmentator|tes|adamkiewicz",
    re.IGNORECASE,
)
_CODES = re.compile(
    r"\b(?:(?:(?:Ctrl|Shift|Alt)\+)+\w+|[CTLS]\d{1,2}|F\d{1,2}|[A-Z]|sha256:\S*|[0-9a-f]{6,}|[0-9A-F]{8}|\d+[a-z]{1,2}|[a-z]\w*_\w+)\b"
)


class Pseudo(gettext.NullTranslations):
    """Writes every letter wide, keeps fields, and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def gettext(self, message: str) -> str:
        """Return the words in wide letters."""
        self.asked.add(message)
        parts = re.split(r"(\{[^{}]*\})", message)
        return "".join(part if part.startswith("{") else part.translate(_WIDE) for part in parts)


@contextmanager
def pseudo() -> Iterator[Pseudo]:
    """Speak the pseudo-language."""
    words = Pseudo()
    before = speak(Language(CODE, words))
    try:
        yield words
    finally:
        speak(before)


def english_left(texts: Iterable[str], data: Iterable[str] = ()) -> list[str]:
    """Return the texts that hold an ordinary English word, once what comes from the case is taken out."""
    names = sorted((name for name in data if name), key=len, reverse=True)
    left = []
    for text in texts:
        bare = html.unescape(re.sub(r"<[^>]*>", " ", text))
        for name in names:
            bare = bare.replace(name, " ")
        found = re.findall(r"[A-Za-z]{2,}", _CODES.sub(" ", bare))
        if any(not ALIKE.fullmatch(word) for word in found):
            left.append(text)
    return left


def shown_words(root: QWidget) -> Iterator[tuple[str, str]]:
    """Yield what a window and everything in it says, with where it says it."""
    for widget in (root, *root.findChildren(QWidget)):
        if isinstance(widget.parent(), QTabBar) or widget.objectName().startswith("qt_"):
            continue  # Qt's own arrows and buttons, in Qt's own words
        place = f"{type(widget).__name__} {widget.objectName()}".strip()
        told = (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        yield from ((place, text) for text in (*told, *_own(widget), *_chosen(widget)) if text)
    for action in root.findChildren(QAction):
        if isinstance(action.parent(), QScrollBar):
            continue  # likewise its menu
        for text in (action.text(), action.toolTip(), action.statusTip()):
            if text:
                yield f"QAction {action.objectName()}", text


def _own(widget: QWidget) -> Iterator[str]:
    if widget.isWindow():
        yield widget.windowTitle()
    if isinstance(widget, QLabel | QAbstractButton):
        yield widget.text()
    if isinstance(widget, QGroupBox):
        yield widget.title()
    if isinstance(widget, QLineEdit):
        yield widget.placeholderText()
        if not isinstance(widget.parent(), QAbstractSpinBox | QComboBox) and widget.isReadOnly():
            yield widget.text()
    if isinstance(widget, QPlainTextEdit | QTextEdit):
        yield widget.placeholderText()
        yield widget.toPlainText() if widget.isReadOnly() else ""


def _chosen(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QSpinBox | QDoubleSpinBox):
        yield from (widget.prefix(), widget.suffix(), widget.specialValueText())
    if isinstance(widget, QComboBox):
        yield from (widget.itemText(n) for n in range(widget.count()))
    if isinstance(widget, QTabBar):
        yield from (text for n in range(widget.count()) for text in (widget.tabText(n), widget.tabToolTip(n)))
    if isinstance(widget, QAbstractItemView) and widget.model() is not None:
        yield from _items(widget.model(), QModelIndex())


def _items(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
    flat = isinstance(model, QAbstractTableModel | QAbstractListModel)
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)
    for column in range(columns):
        for role in roles:
            yield _text(model.headerData(column, Qt.Orientation.Horizontal, role))
        for row in range(model.rowCount(parent)):
            index = model.index(row, column, parent)
            for role in roles:
                yield _text(model.data(index, role))
            if column == 0 and not flat:
                yield from _items(model, index)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
