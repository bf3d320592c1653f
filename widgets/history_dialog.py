"""Versions of a case and its record: who saved, approved and exported what, and what changed since."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from planning.editing.differences import Difference
from planning.texts import literal, mark, tr
from widgets.plain_text import label, tip

_VERSION_HEADERS: Final = (mark("Version"), mark("Saved"), mark("By"), mark("Program"))
_DIFFERENCE_HEADERS: Final = (mark("What"), mark("In that version"), mark("Now"))
_RECORD_HEADERS: Final = (mark("No."), mark("When"), mark("Who"), mark("What"), mark("Details"), mark("Seal"))


@dataclass(frozen=True)
class VersionRow:
    """One version as the list shows it.

    Parameters
    ----------
    number : int
    name, at, by, program : str
    kept : bool
        Named by a person and kept for good.
    approved : bool
        An approval was given with exactly this version.
    """

    number: int
    name: str
    at: str
    by: str
    program: str
    kept: bool = False
    approved: bool = False


@dataclass(frozen=True)
class RecordRow:
    """One line of the record in words; `is_doubtful` where its seal does not hold."""

    number: int
    at: str
    by: str
    what: str
    detail: str
    seal: str
    is_doubtful: bool = False


class HistoryDialog(QDialog):
    """Lists versions and record; compares a version with the present case.

    Signals
    -------
    compare_asked(int)
        A version was chosen; answer with `show_differences` and, later, `add_numbers`.
    restore_asked(int), name_asked(int)
        Go back to a version; give it a name and keep it.
    """

    compare_asked = Signal(int)
    restore_asked = Signal(int)
    name_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("History of this case"))
        self.resize(1120, 640)
        self.versions = _tree(_VERSION_HEADERS, tr("Versions of this case"))
        self.differences = _tree(_DIFFERENCE_HEADERS, tr("What differs"))
        self.differences.setRootIsDecorated(True)
        self.record = _tree(_RECORD_HEADERS, tr("Record of approvals and exports"))
        self.heading = label(tr("Choose a version to compare it with the present case."), "title", wrap=True)
        self.note = label("", "muted", wrap=True)
        self.chain = label("", "title", wrap=True)
        self.restore = QPushButton(tr("Go back to this version"))
        self.name = QPushButton(tr("Name and keep..."))
        self.tabs = QTabWidget()
        self.tabs.addTab(self._versions_page(), tr("Versions"))
        self.tabs.addTab(_column(self.chain, self.record), tr("Record"))
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.close)
        whole = QVBoxLayout(self)
        whole.addWidget(self.tabs, 1)
        whole.addWidget(close)
        self.versions.currentItemChanged.connect(lambda _now, _before: self._chosen())
        self.restore.clicked.connect(lambda: self._emit(self.restore_asked))
        self.name.clicked.connect(lambda: self._emit(self.name_asked))
        for button in (self.restore, self.name):
            button.setAutoDefault(False)  # Enter in a list goes nowhere
        self._why_not_name = ""
        self._check()

    @property
    def chosen(self) -> int | None:
        """Number of the chosen version, or None."""
        item = self.versions.currentItem()
        return int(item.data(0, Qt.ItemDataRole.UserRole)) if item is not None else None

    def show_versions(self, rows: tuple[VersionRow, ...], why_not_name: str) -> None:
        """List the versions, newest first; `why_not_name` says why none can be named, where none can."""
        before = self.chosen
        self._why_not_name = why_not_name
        self.versions.blockSignals(True)
        self.versions.clear()
        for row in rows:
            item = QTreeWidgetItem(self.versions, [_named(row), row.at, literal(row.by), row.program])
            item.setData(0, Qt.ItemDataRole.UserRole, row.number)
            item.setToolTip(0, tip(_named(row)))
            if row.number == before:
                self.versions.setCurrentItem(item)
        _fit(self.versions, 0)
        self.versions.blockSignals(False)
        self._check()

    def show_differences(self, version: str, found: tuple[Difference, ...], note: str) -> None:
        """Show what differs between a version and the present case, in groups."""
        self.differences.clear()
        self._add(found)
        words = tr("The present case compared with {version}", version=version)
        self.heading.setText(words if found else tr("Nothing differs from {version}", version=version))
        self.note.setText(note)

    def add_numbers(self, found: tuple[Difference, ...], note: str) -> None:
        """Add which numbers differ, once both states were measured."""
        self._add(found)
        self.note.setText(note)

    def show_record(self, rows: tuple[RecordRow, ...], sentence: str, *, is_whole: bool) -> None:
        """Show the record, newest line first, and whether its chain holds."""
        self.record.clear()
        for row in reversed(rows):
            texts = [str(row.number), row.at, literal(row.by), row.what, literal(row.detail), row.seal]
            item = QTreeWidgetItem(self.record, texts)
            item.setToolTip(4, tip(texts[4]))
        _fit(self.record, 4)
        self.chain.setText(f"{'✓' if is_whole else '✕'} {sentence}")
        _set_tone(self.chain, "" if is_whole else "fail")
        self.tabs.setTabText(1, tr("Record") if is_whole else tr("✕ Record"))

    def _versions_page(self) -> QWidget:
        buttons = QHBoxLayout()
        buttons.addWidget(self.restore)
        buttons.addWidget(self.name)
        buttons.addStretch(1)
        right = _column(self.heading, self.differences, self.note)
        right.layout().addLayout(buttons)  # type: ignore[union-attr]
        page = QSplitter()
        page.addWidget(self.versions)
        page.addWidget(right)
        page.setSizes([520, 600])
        page.setChildrenCollapsible(False)
        return page

    def _add(self, found: tuple[Difference, ...]) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for difference in found:
            group = groups.get(difference.group)
            if group is None:
                group = groups[difference.group] = QTreeWidgetItem(self.differences, [difference.group])
                font = group.font(0)
                font.setBold(True)
                group.setFont(0, font)
                group.setFirstColumnSpanned(True)
            texts = [literal(text) for text in (difference.subject, difference.before, difference.after)]
            item = QTreeWidgetItem(group, texts)
            for column, text in enumerate(texts):
                item.setToolTip(column, tip(text))
        for name, group in groups.items():
            group.setText(0, tr("{group} ({count})", group=name, count=group.childCount()))
            group.setExpanded(True)
        _fit(self.differences, 2)

    def _chosen(self) -> None:
        self._check()
        number = self.chosen
        if number is not None:
            self.differences.clear()
            self.note.setText("")
            self.heading.setText(tr("Comparing..."))
            self.compare_asked.emit(number)

    def _check(self) -> None:
        missing = "" if self.chosen is not None else tr("Choose a version first.")
        for button, why in ((self.restore, missing), (self.name, missing or self._why_not_name)):
            button.setEnabled(not why)
            button.setToolTip(tip(why))
            button.setAccessibleDescription(why)

    def _emit(self, signal: object) -> None:
        if self.chosen is not None:
            signal.emit(self.chosen)  # type: ignore[attr-defined]


def _named(row: VersionRow) -> str:
    marks = ("★ " if row.kept else "") + ("✓ " if row.approved else "")
    return f"{marks}{literal(row.name) or tr('saved')}"


def _tree(headers: tuple[str, ...], name: str) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setHeaderLabels([tr(words) for words in headers])
    tree.setRootIsDecorated(False)
    tree.setAlternatingRowColors(True)
    tree.setUniformRowHeights(True)
    tree.setAccessibleName(name)
    return tree


def _fit(tree: QTreeWidget, stretched: int) -> None:
    header = tree.header()
    for column in range(tree.columnCount()):
        fits = QHeaderView.ResizeMode.Stretch if column == stretched else QHeaderView.ResizeMode.Interactive
        header.setSectionResizeMode(column, fits)
        if column != stretched:
            tree.resizeColumnToContents(column)
            tree.setColumnWidth(column, min(tree.columnWidth(column) + 8, 260))
    header.setStretchLastSection(False)


def _column(*widgets: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(8, 8, 8, 8)
    for widget in widgets:
        column.addWidget(widget, 1 if isinstance(widget, QTreeWidget) else 0)
    return page


def _set_tone(shown: QLabel, tone: str) -> None:
    shown.setProperty("tone", tone)
    shown.style().unpolish(shown)
    shown.style().polish(shown)
