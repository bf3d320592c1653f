"""The series of a scan, each with its picture, to tick."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from planning.imaging.import_choice import identity_words
from planning.imaging.series import SeriesSummary
from planning.imaging.thumbnails import Thumbnail
from planning.model.study import Severity
from planning.report.identity import date_words
from planning.texts import mark, tr
from widgets.plain_text import tip
from widgets.series_picture import PICTURE_PX, picture_icon

_HEADERS: Final = (
    mark("Series"), mark("Type"), mark("Slices"), mark("Voxel (mm)"), mark("Plane"), mark("Contrast"),
    mark("Acquired"), mark("Patient"), mark("Remark"),
)  # fmt: skip
_WIDTHS: Final = (240, 50, 50, 136, 64, 72, 84, 150)
_NUMBER: Final = Qt.ItemDataRole.UserRole
_PLANES: Final = {
    "axial": mark("axial"),
    "sagittal": mark("sagittal"),
    "coronal": mark("coronal"),
    "oblique": mark("oblique"),
}


class SeriesTable(QTreeWidget):
    """A row for each series; what cannot be loaded has no box to tick and says why.

    Signals
    -------
    ticked()
        Another choice of series.
    """

    ticked = Signal()

    def __init__(self, series: Sequence[SeriesSummary], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.series = tuple(series)
        self.setHeaderLabels([tr(words) for words in _HEADERS])
        self.setRootIsDecorated(False)
        self.setAlternatingRowColors(True)
        self.setUniformRowHeights(True)
        self.setWordWrap(True)
        self.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.setAccessibleName(tr("Series found"))
        self._waiting = picture_icon(None, "…")
        for number, summary in enumerate(self.series):
            self._add(number, summary)
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, width)
        self.header().setSectionResizeMode(len(_HEADERS) - 1, QHeaderView.ResizeMode.Stretch)
        self.header().setMinimumSectionSize(44)
        self.itemChanged.connect(self._tell)

    @property
    def current(self) -> int | None:
        """Number of the row the keyboard is on, or None."""
        item = self.currentItem()
        return None if item is None else int(item.data(0, _NUMBER))

    @property
    def chosen(self) -> tuple[int, ...]:
        """Numbers of the ticked rows."""
        return tuple(
            n for n in range(len(self.series)) if self._item(n).checkState(0) is Qt.CheckState.Checked
        )

    def tick(self, numbers: Sequence[int]) -> None:
        """Tick these rows and no other."""
        self.blockSignals(True)
        for n, summary in enumerate(self.series):
            if summary.can_load:
                state = Qt.CheckState.Checked if n in numbers else Qt.CheckState.Unchecked
                self._item(n).setCheckState(0, state)
        self.blockSignals(False)
        self.viewport().update()
        self.ticked.emit()

    def show_picture(self, number: int, found: Thumbnail | None, why_none: str = "") -> None:
        """Show a series' picture, or that there is none and why."""
        self.blockSignals(True)
        self._item(number).setIcon(0, picture_icon(found, tr("no picture")))
        if why_none:
            item = self._item(number)
            item.setToolTip(0, tip(f"{item.text(0)}\n{why_none}"))
        self.blockSignals(False)

    def _item(self, number: int) -> QTreeWidgetItem:
        item = self.topLevelItem(number)
        if item is None:
            raise IndexError(number)
        return item

    def _add(self, number: int, summary: SeriesSummary) -> None:
        item = QTreeWidgetItem(self, row_words(summary))
        item.setData(0, _NUMBER, number)
        item.setIcon(0, self._waiting)
        if summary.can_load:
            item.setCheckState(0, Qt.CheckState.Unchecked)
        for column in range(len(_HEADERS)):
            item.setToolTip(column, tip(item.text(column)))
            if not summary.can_load:
                item.setForeground(column, self.palette().placeholderText())
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(w for w in row_words(summary) if w))

    def _tell(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            self.setCurrentItem(item)
            self.ticked.emit()


def title_of(summary: SeriesSummary) -> str:
    """Return what a series is called; without a description the end of its UID tells it apart."""
    if summary.description:
        return summary.description
    uid = summary.series_uid
    return tr("without description, …{end}", end=uid[-12:]) if len(uid) > 12 else uid


def row_words(summary: SeriesSummary) -> list[str]:
    """Return the words of a series' row, one for each column."""
    spacing = " × ".join(f"{v:.2f}" for v in summary.spacing_ijk_mm) if summary.spacing_ijk_mm else "–"
    return [
        title_of(summary),
        summary.modality or "–",
        str(summary.count),
        spacing,
        tr(_PLANES[summary.orientation]) if summary.orientation in _PLANES else "–",
        summary.contrast or "–",
        date_words(summary.acquired) or "–",
        patient_words(summary),
        remark_words(summary),
    ]


def patient_words(summary: SeriesSummary) -> str:
    """Return whose a series is; one that mixes patients is nobody's."""
    if summary.problem is not None and summary.problem.code == "PATIENT_MIX":
        return tr("more than one patient")
    return identity_words(summary.patient)


def remark_words(summary: SeriesSummary) -> str:
    """Return why a series cannot be loaded, else what its headers already tell, else that it can."""
    if summary.problem is not None:
        return tr("Cannot be loaded: {reason}", reason=summary.problem.message)
    found = sorted(summary.findings, key=lambda f: f.severity is not Severity.WARN)
    lines = [f"▲ {f.message}" if f.severity is Severity.WARN else f.message for f in found]
    return " ".join(lines) or tr("can be loaded")
