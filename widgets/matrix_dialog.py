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
    QTimer,
    Signal,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from planning.model.case import Case
from planning.safety.board import BoardLine, surface_words
from planning.safety.judge import reason_words
from planning.safety.results import (
    SEVERITY,
    Clearance,
    Evaluation,
    SpecimenMargin,
    Status,
    TumourMargin,
    class_words,
)
from planning.safety.spoken_names import guard_words
from planning.texts import mark, tr
from widgets.plain_text import label, millimetres, tip
from widgets.status_mark import status_icon, status_word
from widgets.theme import scaled

_WIDEST_PX: Final = 200
_STATUS_PX: Final = 134
_TITLE_MARGIN_PX: Final = 26  # with the arrow of the sorted column
_CELL_MARGINS_PX: Final = 18
_WIDEST_GUARD_PX: Final = 124  # what set the status names the guard too, and needs the room
_Index = QModelIndex | QPersistentModelIndex
CLEARANCE_HEADERS: Final = (
    mark("Status"), mark("Cut"), mark("Structure"), mark("Clearance"), mark("With overshoot"),
    mark("Lower bound (5 %)"), mark("σ"), mark("Guard"), mark("What set the status"),
)  # fmt: skip
MARGIN_HEADERS: Final = (
    mark("Status"), mark("Margin of"), mark("Least distance"), mark("Lower bound (5 %)"), mark("Class"),
    mark("Under 2 mm"), mark("Barrier"), mark("Remark"),
)  # fmt: skip
HEADER_HELP: Final = {
    "Cut": mark("The cut the distance is measured from: its swept blade, as thick as its kerf."),
    "Clearance": mark(
        "Least distance from the swept blade to the structure. Below zero the blade enters the structure."
    ),
    "With overshoot": mark(
        "The same distance if the tool runs on beyond its planned depth by the cut's overshoot."
    ),
    "Lower bound (5 %)": mark(
        "Distance − 1.645 σ. If the spread is as assumed, 5 of 100 such cuts come closer than this."
    ),
    "σ": mark(
        "Spread of the distance, one standard deviation: how far outline and executed cut differ from "
        "where they were drawn."
    ),
    "Guard": mark("What the plan names between this cut and this structure."),
    "What set the status": mark("Which limit was not kept, and what guards or actions changed."),
    "Margin of": mark("A cut's swept blade, or one part of the surface of the specimen after all cuts."),
    "Least distance": mark("Least distance from there to the tumour. Below zero it passes through tumour."),
    "Class": mark("intralesional: below 0 mm; else under or at least 2 mm, by plan and not by pathology."),
    "Under 2 mm": mark(
        "How much of this part of the specimen's surface lies closer than 2 mm to the tumour."
    ),
    "Barrier": mark("A tissue that stands between tumour and surface, where one is known."),
}


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

    def show_rows(self, rows: Sequence[NumberRow]) -> None:
        """Show other lines."""
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

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
        if orientation is not Qt.Orientation.Horizontal:
            return None
        words = self._headers[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(words)
        if role == Qt.ItemDataRole.ToolTipRole and words in HEADER_HELP:
            return tip(tr(HEADER_HELP[words]))
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
    """Two sortable tables; a click on a line flies there. Esc or *Close* puts it away.

    Signals
    -------
    place_asked(BoardLine)
    """

    place_asked = Signal(object)

    def __init__(self, evaluation: Evaluation, case: Case, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("All numbers"))
        self.resize(1280, 620)
        self.evaluation = evaluation
        self._models = (NumbersModel(CLEARANCE_HEADERS, ()), NumbersModel(MARGIN_HEADERS, ()))
        self.clearances, self.margins = (self._table(model) for model in self._models)
        self.clearances.setAccessibleName(tr("Clearances"))
        self.margins.setAccessibleName(tr("Margins"))
        self.tabs = QTabWidget()
        for table in (self.clearances, self.margins):
            self.tabs.addTab(table, "")
        self.legend = label(
            tr("σ is the spread of a distance (one standard deviation): how far outline and executed cut "
               "differ from where they were drawn. Lower bound = distance − 1.645 σ: 5 of 100 such cuts come "
               "closer. Below zero the blade enters. Positions may shift in surgery. "
               "A click on a line flies all views there; the pointer on a column's title explains it."),
            "muted", wrap=True,
        )  # fmt: skip
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.rejected.connect(self.reject)
        foot = QHBoxLayout()
        foot.addWidget(self.legend, 1)
        foot.addWidget(self.buttons, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.addWidget(self.tabs, 1)
        column.addLayout(foot)
        self.show_evaluation(evaluation, case)
        for table in (self.clearances, self.margins):
            _fit_columns(table)
            self._keep_rows_whole(table)

    def show_evaluation(self, evaluation: Evaluation, case: Case) -> None:
        """Show the numbers of a current evaluation."""
        self.evaluation = evaluation
        clearances = [_clearance_row(c, case) for c in evaluation.clearances]
        margins = [_margin_row(m, case) for m in evaluation.tumour_margins]
        margins += [_specimen_row(m) for m in evaluation.specimen_margins]
        for model, rows in zip(self._models, (clearances, margins), strict=True):
            model.show_rows(rows)
        self.tabs.setTabText(0, tr("Clearances ({count})", count=len(clearances)))
        self.tabs.setTabText(1, tr("Tumour and specimen margins ({count})", count=len(margins)))

    def _keep_rows_whole(self, table: QTableView) -> None:
        """Let a row be as high as its sentence needs at this width, in whichever order the rows stand."""
        turn = QTimer(table)
        turn.setSingleShot(True)
        turn.timeout.connect(lambda: _fit_rows(table))
        for changed in (
            table.horizontalHeader().sectionResized,
            table.model().layoutChanged,
            table.model().modelReset,
        ):
            changed.connect(lambda *_which: turn.start(0))
        _fit_rows(table)

    def _table(self, model: NumbersModel) -> QTableView:
        sorted_model = QSortFilterProxyModel(self)
        model.setParent(sorted_model)
        sorted_model.setSourceModel(model)
        sorted_model.setSortRole(Qt.ItemDataRole.UserRole)
        table = QTableView()
        table.setTabKeyNavigation(False)
        table.setModel(sorted_model)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setAlternatingRowColors(True)
        table.setShowGrid(False)
        table.setWordWrap(True)
        table.verticalHeader().setVisible(False)
        table.clicked.connect(
            lambda index: self.place_asked.emit(model.rows[sorted_model.mapToSource(index).row()].place)
        )
        return table


def _fit_columns(table: QTableView) -> None:
    """Give numbers what they need under a title of two lines, so that sentences have the room."""
    count = table.model().columnCount()
    header = table.horizontalHeader()
    header.setDefaultAlignment(
        Qt.AlignmentFlag(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap.value
        )
    )
    header.setMinimumHeight(2 * table.fontMetrics().lineSpacing() + 10)
    metrics, model = table.fontMetrics(), table.model()
    icon_px = table.iconSize().width() + _CELL_MARGINS_PX // 2
    for column in range(count - 1):
        words = model.headerData(column, Qt.Orientation.Horizontal)
        in_title_px = [metrics.horizontalAdvance(word) for word in words.split()]
        title_px = max(*in_title_px, 2 * sum(in_title_px) // 3) + scaled(_TITLE_MARGIN_PX)
        cells = {model.index(row, column).data() for row in range(model.rowCount())}
        cell_px = max((metrics.horizontalAdvance(cell) for cell in cells), default=0) + _CELL_MARGINS_PX + 6
        own_px = max(title_px, cell_px + (icon_px if column == 0 else 0))
        widest = _WIDEST_GUARD_PX if words == tr("Guard") else _WIDEST_PX
        table.setColumnWidth(column, min(own_px, scaled(widest)))
    table.setColumnWidth(0, max(table.columnWidth(0), scaled(_STATUS_PX)))
    header.setSectionResizeMode(count - 1, QHeaderView.ResizeMode.Stretch)


def _fit_rows(table: QTableView) -> None:
    """Make each row as high as its longest cell; Qt's own way asks every cell, in four times as long."""
    metrics, model, rows = table.fontMetrics(), table.model(), table.verticalHeader()
    flags = Qt.TextFlag.TextWordWrap.value
    widths = [table.columnWidth(column) - _CELL_MARGINS_PX for column in range(model.columnCount())]
    for row in range(model.rowCount()):
        needed_px = metrics.height()
        for column, width_px in enumerate(widths):
            words = model.index(row, column).data()
            if metrics.horizontalAdvance(words) > width_px:
                needed_px = max(needed_px, metrics.boundingRect(0, 0, width_px, 0, flags, words).height())
        rows.resizeSection(row, max(rows.defaultSectionSize(), needed_px + _CELL_MARGINS_PX // 2))


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
    guard = guard_words(c.guard).partition(":")[0] if c.guard is not None else tr("no guard")
    cells = (
        status_word(c.status), cut, name, millimetres(c.value_mm), millimetres(c.with_overshoot_mm),
        millimetres(c.lower_mm), millimetres(c.sigma_mm), guard, why,
    )  # fmt: skip
    keys = (
        float(SEVERITY[c.status]), cut, name, _number(c.value_mm), _number(c.with_overshoot_mm),
        _number(c.lower_mm), _number(c.sigma_mm), guard, why,
    )  # fmt: skip
    place = BoardLine(c.status, "", c.key, c.osteotomy, None, c.tool_point_lps_mm, c.structure_point_lps_mm)
    return NumberRow(c.status, cells, keys, place)


def _margin_row(m: TumourMargin, case: Case) -> NumberRow:
    cut = tr("{cut} (swept blade)", cut=_title(case, m.osteotomy))
    why = m.note if m.value_mm is not None else reason_words(m.reason or "")
    margin_class = class_words(m.margin_class)
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
    what = tr("specimen, {surface}", surface=surface_words(m.surface))
    why = m.note if m.value_mm is not None else reason_words(m.reason or "")
    margin_class = class_words(m.margin_class)
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
