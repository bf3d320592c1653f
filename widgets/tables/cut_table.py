"""The cuts of the plan in step order: one row is active, all can be seen at once."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from planning.texts import about, literal, mark, tr
from widgets.icons import icon
from widgets.plain_text import tip
from widgets.status_mark import status_icon, status_word
from widgets.tables.cut_rows import KIND_WORDS, CutRow
from widgets.theme import present_theme, scaled

STEP, EYE, LOCK, NAME, KIND, LEVEL, TOOL, KERF, MARGIN, NEAREST, STATUS = range(11)
_HEADERS: Final = (
    mark("Step"), "", "", mark("Cut"), mark("Kind"), mark("Level"), mark("Tool"), mark("Kerf"),
    mark("To tumour"), mark("Nearest structure"), mark("Status"),
)  # fmt: skip
_TIPS: Final = {
    EYE: mark("Show or hide the blade"),
    LOCK: mark("A locked cut refuses to move"),
    MARGIN: mark("Smallest distance from the swept blade to the tumour; below zero the cut is intralesional"),
    NEAREST: mark("The clearance with the worst status, and the structure it is measured to"),
}
_LEAST_NAME_PX, _NAME_PX, _MOST_NAME_PX = 104, 114, 190
_CELL_MARGINS_PX: Final = 18
_LEAST_NEAREST_PX, _MOST_NEAREST_PX = 152, 310  # the kind of a structure takes room: it is said in full
_WIDTHS: Final = {
    STEP: 38, EYE: 27, LOCK: 27, KIND: 76, LEVEL: 46, TOOL: 118, KERF: 62, MARGIN: 80,
    STATUS: 152,
}  # fmt: skip
# What a narrow window does without first, and the width below which it does.
_GIVEN_UP: Final = (
    (TOOL, 1120),
    (KIND, 980),
    (KERF, 900),
    (LEVEL, 800),
    (STEP, 580),
    (MARGIN, 545),
    (NEAREST, 465),
)  # a cut's name tells its level
_Index = QModelIndex | QPersistentModelIndex


class CutModel(QAbstractTableModel):
    """Lines of the table as Qt asks for them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[CutRow] = []
        self.active = ""

    def show_rows(self, rows: Sequence[CutRow], active: str) -> None:
        """Show other lines; a selection survives while the cuts are the same."""
        same = [r.osteotomy.id for r in rows] == [r.osteotomy.id for r in self.rows]
        if not same:
            self.beginResetModel()
        old, was = self.rows, self.active
        self.rows, self.active = list(rows), active
        if not same:
            self.endResetModel()
            return
        for n, (before, now) in enumerate(zip(old, rows, strict=True)):
            turned = was != active and now.osteotomy.id in (was, active)
            if turned or before != now:
                self.dataChanged.emit(self.index(n, 0), self.index(n, STATUS))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 -- Qt's own signature
        """Return how many cuts there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 -- Qt's own signature
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(_HEADERS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return column titles."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(_HEADERS[section]) if _HEADERS[section] else ""
        if role == Qt.ItemDataRole.ToolTipRole and section in _TIPS:
            return tip(tr(_TIPS[section]))
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what one cell shows."""
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, column)
        if role == Qt.ItemDataRole.DecorationRole:
            return self._decoration(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._help(row, column))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return literal(self._help(row, column)) or self.text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (STEP, KERF, MARGIN):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.FontRole and row.osteotomy.id == self.active:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.ForegroundRole and (row.status is None or not row.visible):
            return QColor(present_theme().muted)
        return None

    def text(self, row: CutRow, column: int) -> str:
        """Return the words of a cell."""
        osteotomy = row.osteotomy
        status = status_word(row.status) if row.status is not None else tr("UPDATING")
        cells = {
            STEP: str(osteotomy.step) if osteotomy.step is not None else "–",
            NAME: literal(osteotomy.title),
            KIND: tr(KIND_WORDS[osteotomy.kind]),
            LEVEL: osteotomy.level or "–",
            TOOL: row.tool,
            KERF: row.kerf,
            MARGIN: row.margin,
            NEAREST: literal(row.nearest),
            STATUS: f"{status} · {row.guard}" if row.guard else status,
        }
        return cells.get(column, "")

    def _decoration(self, row: CutRow, column: int) -> object:
        if column == EYE:
            return icon("eye" if row.visible else "eye-off")
        if column == LOCK:
            return icon("lock" if row.osteotomy.locked else "unlock")
        if column == STATUS and row.status is not None:
            return status_icon(row.status)
        return None

    def _help(self, row: CutRow, column: int) -> str:
        if column == EYE:
            return tr("Hide this blade") if row.visible else tr("Show this blade")
        if column == LOCK:
            return tr("Locked: click to unlock") if row.osteotomy.locked else tr("Click to lock this cut")
        if column == NAME:  # a narrow table has no columns for the rest
            return "\n".join((row.osteotomy.title, about(tr("To tumour"), row.margin), row.nearest))
        if column in (NEAREST, STATUS) and row.place is not None:
            flies = tr("Double-click to fly to the two closest points")
            first = row.nearest if column == NEAREST else about(self.text(row, STATUS), row.nearest)
            return "\n".join(line for line in (first, row.place.note, flies) if line)
        return ""


class CutTable(QTableView):
    """The table.

    Signals
    -------
    activated_cut(str)
        A row was chosen: it becomes the active cut.
    visibility_asked(str), lock_asked(str)
        Eye or lock of a cut was clicked.
    place_asked(object)
        Fly to this clearance or margin.
    """

    activated_cut = Signal(str)
    visibility_asked = Signal(str)
    lock_asked = Signal(str)
    place_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cuts = CutModel()
        self._titles: tuple[str, ...] = ()
        self._told = False  # the window said which cut is active: nobody chose one
        self._choosing = False  # the hand or a key is choosing a line
        self.setModel(self.cuts)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)  # Tab goes on to the next control; arrows go through the lines
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setAccessibleName(tr("Cuts of the plan"))
        self.verticalHeader().setVisible(False)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(24)
        self._fit_to_text()
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._double_clicked)
        self.selectionModel().currentRowChanged.connect(self._current_changed)

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the letters."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit_to_text()

    def _fit_to_text(self) -> None:
        self.verticalHeader().setDefaultSectionSize(scaled(26))
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, scaled(width))

    def show_rows(self, rows: Sequence[CutRow], active: str) -> None:
        """Show lines and select the active cut."""
        self.cuts.show_rows(rows, active)
        titles = tuple(row.osteotomy.title for row in rows)
        if titles != self._titles:
            self._titles = titles
            self._keep_names_readable()
        at = next((n for n, row in enumerate(rows) if row.osteotomy.id == active), None)
        if at is None:
            self.clearSelection()
        elif self.currentIndex().row() != at or not (
            self._choosing or self.selectionModel().isRowSelected(at)
        ):
            self._told = True
            self.selectRow(at)
            self._told = False
            self.scrollTo(self.cuts.index(at, NAME))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what a narrow window has no room for."""
        super().resizeEvent(event)
        for column, needed in _GIVEN_UP:
            self.setColumnHidden(column, self.width() < scaled(needed))
        self._keep_names_readable()

    def _name_px(self) -> int:
        """Return what the longest name takes in the bold of the active cut, within reason."""
        font = self.font()
        font.setBold(True)
        metrics = QFontMetrics(font)
        longest_px = max((metrics.horizontalAdvance(title) for title in self._titles), default=0)
        return min(max(longest_px + scaled(_CELL_MARGINS_PX), scaled(_NAME_PX)), scaled(_MOST_NAME_PX))

    def _keep_names_readable(self) -> None:
        """Scroll sideways rather than squeeze the names of the cuts."""
        fixed = (n for n in range(self.cuts.columnCount()) if n not in (NAME, NEAREST))
        room = self.viewport().width() - sum(self.columnWidth(n) for n in fixed)
        if not self.isColumnHidden(NEAREST):
            least, most = scaled(_LEAST_NEAREST_PX), scaled(_MOST_NEAREST_PX)
            nearest = min(max(room - self._name_px(), least), most)
            self.setColumnWidth(NEAREST, nearest)
            room -= nearest
        fits = room >= scaled(_LEAST_NAME_PX)
        mode = QHeaderView.ResizeMode.Stretch if fits else QHeaderView.ResizeMode.Interactive
        self.horizontalHeader().setSectionResizeMode(NAME, mode)
        if not fits:
            self.setColumnWidth(NAME, scaled(_LEAST_NAME_PX))

    def _current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        del previous
        if current.isValid() and not self._told:
            # Qt selects only after this: a table scrolled meanwhile would have another row under the pointer.
            self._choosing = True
            self.activated_cut.emit(self.cuts.rows[current.row()].osteotomy.id)
            self._choosing = False

    def _clicked(self, index: QModelIndex) -> None:
        cut = self.cuts.rows[index.row()].osteotomy.id
        if index.column() == EYE:
            self.visibility_asked.emit(cut)
        elif index.column() == LOCK:
            self.lock_asked.emit(cut)

    def _double_clicked(self, index: QModelIndex) -> None:
        place = self.cuts.rows[index.row()].place
        if place is not None:
            self.place_asked.emit(place)
