"""Every number of the evaluation: all clearances, tumour margins and specimen margins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from planning.model.case import Case
from planning.safety.board import BoardLine
from planning.safety.judge import reason_words
from planning.safety.results import SEVERITY, Clearance, Evaluation, SpecimenMargin, Status, TumourMargin
from planning.texts import mark, tr
from widgets.plain_text import label, millimetres, tip
from widgets.status_mark import status_icon, status_word

_WIDEST_PX: Final = 290
_Index = QModelIndex | QPersistentModelIndex
CLEARANCE_HEADERS: Final = (
    mark("Status"), mark("Cut"), mark("Structure"), mark("Clearance"), mark("With overshoot"),
    mark("Lower bound (5 %)"), mark("σ"), mark("What set the status"),
)  # fmt: skip
MARGIN_HEADERS: Final = (
    mark("Status"), mark("Margin of"), mark("Least distance"), mark("Lower bound (5 %)"), mark("Class"),
    mark("Under 2 mm"), mark("Barrier"), mark("Remark"),
)  # fmt: skip


@dataclass(frozen=True)
class NumberRow:
    """One line of a table of numbers: the words of its cells, what sorts them, and where it is."""

    status: Status
    cells: tuple[str, ...]
    keys: tuple[float | str, ...]
    place: BoardLine


class NumbersModel(QAbstractTableModel):
    """Lines as Qt asks for them."""

    def __init__(self, headers: Sequence[str], rows: Sequence[NumberRow]) -> None:
        super().__init__()
        self._headers, self.rows = headers, list(rows)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 -- Qt's own signature
        """Return how many lines there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 -- Qt's own signature
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self._headers)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return column titles."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(self._headers[section])
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what one cell shows."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[index.column()]
        if role == Qt.ItemDataRole.UserRole:
            return row.keys[index.column()]
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return status_icon(row.status)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(row.cells[index.column()])
        return None


class MatrixDialog(QDialog):
    """Two sortable tables; a click on a line flies there.

    Signals
    -------
    place_asked(BoardLine)
    """

    place_asked = Signal(object)

    def __init__(self, evaluation: Evaluation, case: Case, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("All numbers"))
        self.resize(1280, 620)
        clearances = [_clearance_row(c, case) for c in evaluation.clearances]
        margins = [_margin_row(m, case) for m in evaluation.tumour_margins]
        margins += [_specimen_row(m) for m in evaluation.specimen_margins]
        self.clearances = self._table(CLEARANCE_HEADERS, clearances)
        self.margins = self._table(MARGIN_HEADERS, margins)
        tabs = QTabWidget()
        tabs.addTab(self.clearances, tr("Clearances ({count})", count=len(clearances)))
        tabs.addTab(self.margins, tr("Tumour and specimen margins ({count})", count=len(margins)))
        column = QVBoxLayout(self)
        column.addWidget(tabs, 1)
        column.addWidget(
            label(
                tr("Distances are to the structures as imaged and segmented; positions may shift in surgery. "
                   "Lower bound: value − 1.645 σ. A click on a line flies all views there."),
                "muted", wrap=True,
            )
        )  # fmt: skip

    def _table(self, headers: Sequence[str], rows: Sequence[NumberRow]) -> QTableView:
        model = NumbersModel(headers, rows)
        sorted_model = QSortFilterProxyModel(self)
        model.setParent(sorted_model)
        sorted_model.setSourceModel(model)
        sorted_model.setSortRole(Qt.ItemDataRole.UserRole)
        table = QTableView()
        table.setModel(sorted_model)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        table.verticalHeader().setVisible(False)
        table.resizeColumnsToContents()
        for column in range(len(headers)):
            table.setColumnWidth(column, min(table.columnWidth(column), _WIDEST_PX))
        table.setColumnWidth(0, 140)
        at_left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        table.horizontalHeader().setDefaultAlignment(at_left)
        table.horizontalHeader().setSectionResizeMode(len(headers) - 1, QHeaderView.ResizeMode.Stretch)
        table.clicked.connect(
            lambda index: self.place_asked.emit(model.rows[sorted_model.mapToSource(index).row()].place)
        )
        return table


def _number(value: float | None) -> float:
    return value if value is not None else float("-inf")


def _title(case: Case, osteotomy_id: str) -> str:
    osteotomy = case.plan.osteotomy(osteotomy_id)
    return osteotomy.title if osteotomy is not None else osteotomy_id


def _clearance_row(c: Clearance, case: Case) -> NumberRow:
    structure = case.anatomy.structure(c.structure_id) if case.anatomy is not None else None
    cut = _title(case, c.osteotomy)
    name = structure.title if structure is not None else c.structure
    why = c.note if c.value_mm is not None else reason_words(c.reason or "")
    cells = (
        status_word(c.status), cut, name, millimetres(c.value_mm), millimetres(c.with_overshoot_mm),
        millimetres(c.lower_mm), millimetres(c.sigma_mm), why,
    )  # fmt: skip
    keys = (
        float(SEVERITY[c.status]), cut, name, _number(c.value_mm), _number(c.with_overshoot_mm),
        _number(c.lower_mm), _number(c.sigma_mm), why,
    )  # fmt: skip
    place = BoardLine(c.status, "", c.key, c.osteotomy, None, c.tool_point_lps_mm, c.structure_point_lps_mm)
    return NumberRow(c.status, cells, keys, place)


def _margin_row(m: TumourMargin, case: Case) -> NumberRow:
    cut = tr("{cut} (swept blade)", cut=_title(case, m.osteotomy))
    why = m.note if m.value_mm is not None else reason_words(m.reason or "")
    margin_class = m.margin_class.value if m.margin_class is not None else "–"
    cells = (
        status_word(m.status),
        cut,
        millimetres(m.value_mm),
        millimetres(m.lower_mm),
        margin_class,
        "–",
        "–",
        why,
    )
    keys = (
        float(SEVERITY[m.status]),
        cut,
        _number(m.value_mm),
        _number(m.lower_mm),
        margin_class,
        -1.0,
        "",
        why,
    )
    place = BoardLine(m.status, "", m.key, m.osteotomy, None, m.tool_point_lps_mm, m.structure_point_lps_mm)
    return NumberRow(m.status, cells, keys, place)


def _specimen_row(m: SpecimenMargin) -> NumberRow:
    what = tr("specimen, {surface}", surface=tr(m.surface))
    why = m.note if m.value_mm is not None else reason_words(m.reason or "")
    margin_class = m.margin_class.value if m.margin_class is not None else "–"
    area = f"{m.area_under_2mm_mm2:.0f} mm²" if m.area_under_2mm_mm2 is not None else "–"
    cells = (
        status_word(m.status), what, millimetres(m.value_mm), millimetres(m.lower_mm), margin_class, area,
        m.barrier or "–", why,
    )  # fmt: skip
    keys = (
        float(SEVERITY[m.status]), what, _number(m.value_mm), _number(m.lower_mm), margin_class,
        _number(m.area_under_2mm_mm2), m.barrier or "", why,
    )  # fmt: skip
    place = BoardLine(m.status, "", None, None, None, m.surface_point_lps_mm, m.tumour_point_lps_mm)
    return NumberRow(m.status, cells, keys, place)
