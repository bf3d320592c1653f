"""Choose a series from what a scan found, with labels beside it; what was left aside says why."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from planning.imaging.series import Scan, SeriesSummary
from planning.texts import mark, tr
from widgets.plain_text import label, tip

_HEADERS: Final = (
    mark("Series"), mark("Type"), mark("Slices"), mark("Voxel (mm)"), mark("Plane"), mark("Acquired"),
    mark("Patient"), mark("Remark"),
)  # fmt: skip
_SERIES_PX: Final = 230
_SHOWN_REJECTS: Final = 200


class SeriesDialog(QDialog):
    """Series, rejected files, and an optional label map."""

    def __init__(
        self,
        scan: Scan,
        choose_labels: Callable[[], Path | None],
        choose_names: Callable[[], Path | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Choose a series"))
        self.resize(900, 520)
        self._series = scan.series
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([tr(words) for words in _HEADERS])
        self.tree.setRootIsDecorated(False)
        self.tree.setAlternatingRowColors(True)
        for number, series in enumerate(scan.series):
            self._add(number, series)
        for column in range(len(_HEADERS) - 1):
            self.tree.resizeColumnToContents(column)
        self.tree.header().setSectionResizeMode(len(_HEADERS) - 1, QHeaderView.ResizeMode.Stretch)
        # A series without a description goes by its UID, whose end tells it apart; the tooltip has it all.
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.setColumnWidth(0, min(self.tree.columnWidth(0), _SERIES_PX))
        self.tree.currentItemChanged.connect(lambda _now, _before: self._check())
        self.tree.itemDoubleClicked.connect(lambda _item, _column: self._accept_if_possible())
        self.remark = label("", wrap=True)
        self.labels, self.names = QLineEdit(), QLineEdit()
        self.labels.setPlaceholderText(tr("optional: label map (NIfTI, NRRD, MHA) or folder of masks"))
        self.names.setPlaceholderText(tr("optional: labels.json or class table that names its values"))
        grid = QGridLayout()
        for row, (words, field, choose) in enumerate(
            ((tr("Labels"), self.labels, choose_labels), (tr("Names"), self.names, choose_names))
        ):
            button = QPushButton(tr("Choose..."))
            button.clicked.connect(lambda _checked=False, f=field, c=choose: self._fill(f, c))
            grid.addWidget(label(words), row, 0)
            grid.addWidget(field, row, 1)
            grid.addWidget(button, row, 2)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.load = self.buttons.addButton(tr("Load"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.addWidget(self.tree, 1)
        whole.addWidget(self.remark)
        whole.addLayout(grid)
        if scan.rejected:
            whole.addWidget(label(tr("Left aside: {count} files", count=len(scan.rejected)), "title"))
            whole.addWidget(_rejects(scan))
        whole.addWidget(self.buttons)
        self._choose_best()

    @property
    def chosen(self) -> SeriesSummary | None:
        """The chosen series, or None."""
        item = self.tree.currentItem()
        return self._series[int(item.data(0, Qt.ItemDataRole.UserRole))] if item is not None else None

    @property
    def labels_path(self) -> Path | None:
        """The label map, or None."""
        return Path(self.labels.text()) if self.labels.text().strip() else None

    @property
    def names_path(self) -> Path | None:
        """The file that names its values, or None."""
        return Path(self.names.text()) if self.names.text().strip() else None

    def _add(self, number: int, series: SeriesSummary) -> None:
        spacing = " × ".join(f"{v:.2f}" for v in series.spacing_ijk_mm) if series.spacing_ijk_mm else "–"
        problem = series.problem.message if series.problem is not None else ""
        notes = " ".join(f.message for f in series.findings)
        item = QTreeWidgetItem(
            self.tree,
            [
                series.description or series.series_uid,
                series.modality,
                str(series.count),
                spacing,
                tr(series.orientation) if series.orientation else "–",
                series.acquired,
                series.patient.name.replace("^", ", ") or series.patient.patient_id,
                problem or notes or tr("can be loaded"),
            ],
        )
        item.setData(0, Qt.ItemDataRole.UserRole, number)
        for column in range(len(_HEADERS)):
            item.setToolTip(column, tip(item.text(column)))
            if problem:
                item.setForeground(column, self.palette().placeholderText())

    def _choose_best(self) -> None:
        loadable = [n for n, s in enumerate(self._series) if s.problem is None]
        ct = [n for n in loadable if self._series[n].modality == "CT"]
        best = max(ct or loadable, key=lambda n: self._series[n].count, default=0 if self._series else None)
        item = self.tree.topLevelItem(best) if best is not None else None
        if item is not None:
            self.tree.setCurrentItem(item)
        self._check()

    def _check(self) -> None:
        series = self.chosen
        problem = series.problem.message if series is not None and series.problem is not None else ""
        notes = " ".join(f.message for f in series.findings) if series is not None else ""
        self.remark.setText(problem or (tr("Choose a series.") if series is None else notes))
        self.remark.setVisible(bool(self.remark.text()))
        self.load.setEnabled(series is not None and not problem)
        self.load.setToolTip(tip(self.remark.text()))

    def _accept_if_possible(self) -> None:
        if self.load.isEnabled():
            self.accept()

    @staticmethod
    def _fill(field: QLineEdit, choose: Callable[[], Path | None]) -> None:
        path = choose()
        if path is not None:
            field.setText(str(path))


def _rejects(scan: Scan) -> QPlainTextEdit:
    text = QPlainTextEdit()
    text.setReadOnly(True)
    text.setMaximumHeight(110)
    lines = [f"{r.file}: {r.reason}" for r in scan.rejected[:_SHOWN_REJECTS]]
    if len(scan.rejected) > _SHOWN_REJECTS:
        lines.append(tr("... and {count} more", count=len(scan.rejected) - _SHOWN_REJECTS))
    text.setPlainText("\n".join(lines))
    return text
