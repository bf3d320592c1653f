"""Choose series from what a scan found, and into which case they go; what was left aside says why."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from planning.imaging.import_choice import (
    ChosenSeries,
    ImportChoice,
    doubt_words,
    identity_words,
)
from planning.imaging.memory_need import in_gb
from planning.imaging.reduced import Reduction
from planning.imaging.series import Scan
from planning.imaging.thumbnails import Thumbnail
from planning.model.case import Case
from planning.texts import tr
from widgets.fields import WheelNeedsKeyboard
from widgets.plain_text import label, tip
from widgets.rejected_files import RejectedView
from widgets.series_amount import SeriesAmount
from widgets.series_table import SeriesTable, remark_words, title_of

Ask = Callable[[], Path | None]


class SeriesDialog(QDialog):
    """Series, rejected files, the case they go to, and structures beside them.

    Parameters
    ----------
    scan : Scan
    choose_labels, choose_names : callable
        Ask for a file.
    case : Case or None
        The open case, to which images may be added.
    usable_bytes : int or None
        Memory loading may take; None where nobody knows.
    by : str
        Who sits here, as far as is known.
    """

    def __init__(
        self,
        scan: Scan,
        choose_labels: Ask,
        choose_names: Ask,
        parent: QWidget | None = None,
        *,
        case: Case | None = None,
        usable_bytes: int | None = None,
        by: str = "",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Choose series"))
        self.resize(1180, 700)
        self._case, self._usable_bytes = case, usable_bytes
        self._reductions: dict[int, Reduction] = {}
        self.is_done = False
        self.tree = SeriesTable(scan.series)
        self.left_aside = RejectedView(scan.rejected)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.tree, tr("Series ({count})", count=len(scan.series)))
        self.tabs.addTab(self.left_aside, tr("Left aside ({count})", count=len(scan.rejected)))
        self.about = label("\n".join(f"▲ {f.message}" for f in scan.findings), "warning", wrap=True)
        self.remark = label("", wrap=True)
        self.amount = SeriesAmount()
        self.memory = label("", "muted")
        self.planning = QComboBox()
        WheelNeedsKeyboard(self.planning)
        self.doubt = label("", "warning", wrap=True)
        self.by = QLineEdit(by)
        self.by.setPlaceholderText(tr("your name"))
        self.why = label("", "warning", wrap=True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.load = self.buttons.addButton(tr("Load"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.load.setObjectName("primary")
        self._make_target()
        self._make_structures(choose_labels, choose_names)
        self._lay_out()
        self.about.setVisible(bool(scan.findings))  # not before: it would flash as a window of its own
        self._connect()
        self._choose_best()

    @property
    def choice(self) -> ImportChoice:
        """What is chosen; the planning image of a new case comes first."""
        numbers = list(self.tree.chosen)
        first = self.planning.currentData()
        if not self.into_case.isChecked() and isinstance(first, int) and first in numbers:
            numbers.remove(first)
            numbers.insert(0, first)
        chosen = tuple(ChosenSeries(self.tree.series[n], self._reduction(n)) for n in numbers)
        case = self._case if self.into_case.isChecked() else None
        by = self.by.text().strip() if not self.by.isHidden() else ""
        return ImportChoice(chosen, case, by)

    @property
    def labels_path(self) -> Path | None:
        """The file of structures, or None."""
        return _path(self.labels)

    @property
    def names_path(self) -> Path | None:
        """The file that names its values, or None."""
        return _path(self.names)

    def show_picture(self, number: int, found: Thumbnail | None, why_none: str = "") -> None:
        """Show the picture of a series, or why there is none."""
        self.tree.show_picture(number, found, why_none)

    def done(self, result: int) -> None:
        """Note that nobody looks any more."""
        self.is_done = True
        super().done(result)

    def accept(self) -> None:
        """Close with the choice, where it can be loaded."""
        if self.load.isEnabled():
            super().accept()

    def _make_target(self) -> None:
        self.new_case = QRadioButton(tr("Make a new case"))
        words = tr("Add to the open case")
        if self._case is not None:
            words = tr("Add to the open case: {patient}", patient=identity_words(self._case.patient))
        self.into_case = QRadioButton(words)
        self.into_case.setEnabled(self._case is not None and bool(self._case.images))
        why = "" if self.into_case.isEnabled() else tr("No case with images is open.")
        self.into_case.setToolTip(tip(why))
        self.new_case.setChecked(True)

    def _make_structures(self, choose_labels: Ask, choose_names: Ask) -> None:
        self.labels, self.names = QLineEdit(), QLineEdit()
        self.labels.setPlaceholderText(
            tr("optional: label map, DICOM SEG or RTSTRUCT, STL, OBJ, PLY, or a folder")
        )
        self.names.setPlaceholderText(tr("optional: labels.json or class table that names its values"))
        self._structures = QWidget()
        grid = QGridLayout(self._structures)
        grid.setContentsMargins(0, 0, 0, 0)
        for row, (words, field, choose) in enumerate(
            ((tr("Structures"), self.labels, choose_labels), (tr("Names"), self.names, choose_names))
        ):
            button = QPushButton(tr("Choose..."))
            button.clicked.connect(lambda _checked=False, f=field, c=choose: self._fill(f, c))
            field.setAccessibleName(words)
            grid.addWidget(label(words), row, 0)
            grid.addWidget(field, row, 1)
            grid.addWidget(button, row, 2)

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.addWidget(self.about)
        whole.addWidget(self.tabs, 1)
        whole.addWidget(self.remark)
        whole.addWidget(self.amount)
        target = QGridLayout()
        target.addWidget(self.new_case, 0, 0)
        target.addWidget(self.into_case, 0, 1)
        self._planning_name = label(tr("Planning image"))
        target.addWidget(self._planning_name, 0, 2, Qt.AlignmentFlag.AlignRight)
        target.addWidget(self.planning, 0, 3)
        target.addWidget(self.memory, 0, 4, Qt.AlignmentFlag.AlignRight)
        target.addWidget(self.doubt, 1, 0, 1, 3)
        target.addWidget(self.by, 1, 3, 1, 2)
        target.setColumnStretch(4, 1)
        self.planning.setMinimumWidth(220)
        whole.addLayout(target)
        whole.addWidget(self._structures)
        whole.addWidget(self.why)
        whole.addWidget(self.buttons)

    def _connect(self) -> None:
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.tree.currentItemChanged.connect(lambda _now, _before: self._show_current())
        self.tree.itemDoubleClicked.connect(lambda _item, _column: self._take_current())
        self.tree.ticked.connect(self.check)
        self.amount.changed.connect(self._reduce)
        self.new_case.toggled.connect(lambda _on: self.check())
        self.by.textChanged.connect(lambda _text: self.check())

    def _choose_best(self) -> None:
        series = self.tree.series
        loadable = [n for n, s in enumerate(series) if s.can_load]
        ct = [n for n in loadable if series[n].modality == "CT"]
        best = max(ct or loadable, key=lambda n: series[n].count, default=None)
        item = self.tree.topLevelItem(best or 0)
        if item is not None:
            self.tree.setCurrentItem(item)
        self.tree.tick([] if best is None else [best])
        self._show_current()

    def _take_current(self) -> None:
        number = self.tree.current
        if number is not None and self.tree.series[number].can_load:
            self.tree.tick([number])
            self.accept()

    def _reduction(self, number: int) -> Reduction:
        return self._reductions.get(number, Reduction())

    def _reduce(self, reduction: Reduction) -> None:
        number = self.tree.current
        if number is not None:
            self._reductions[number] = reduction
            self.check()

    def _show_current(self) -> None:
        number = self.tree.current
        summary = self.tree.series[number] if number is not None else None
        self.remark.setText(remark_words(summary) if summary is not None else tr("Choose a series."))
        self.amount.show_series(summary, self._reduction(number if number is not None else -1))
        self.check()

    def check(self) -> None:
        """Say what the choice needs and why it cannot be loaded yet."""
        numbers = self.tree.chosen
        into_case = self.into_case.isChecked()
        self._offer_planning(numbers)
        several = len(numbers) > 1 and not into_case
        for part in (self._planning_name, self.planning):
            part.setVisible(several)
        self._structures.setVisible(not into_case)
        choice = self.choice
        doubt = doubt_words(choice.match) if numbers else ""
        self.doubt.setText(f"▲ {doubt}" if doubt else "")
        for shown in (self.doubt, self.by):
            shown.setVisible(bool(doubt))
        self._show_verdict(self.choice)

    def _offer_planning(self, numbers: tuple[int, ...]) -> None:
        if [self.planning.itemData(n) for n in range(self.planning.count())] == list(numbers):
            return
        chosen = self.planning.currentData()
        self.planning.clear()
        for n in numbers:
            summary = self.tree.series[n]
            self.planning.addItem(f"{summary.modality} {title_of(summary)}", n)
        self.planning.setCurrentIndex(max(0, self.planning.findData(chosen)))

    def _show_verdict(self, choice: ImportChoice) -> None:
        needed = in_gb(choice.needed_bytes())
        if self._usable_bytes is None:
            self.memory.setText(tr("Memory: about {needed} GB", needed=needed))
        else:
            usable = in_gb(self._usable_bytes)
            words = tr(
                "Memory: about {needed} GB of {usable} GB that can be used", needed=needed, usable=usable
            )
            self.memory.setText(words)
        why_not = choice.why_not(self._usable_bytes)
        self.why.setText(why_not)
        self.why.setVisible(bool(why_not))
        count = len(choice.series)
        self.load.setText(tr("Load {count} images", count=count) if count > 1 else tr("Load"))
        self.load.setEnabled(not why_not)
        self.load.setToolTip(tip(why_not))
        self.load.setAccessibleDescription(why_not)

    @staticmethod
    def _fill(field: QLineEdit, choose: Ask) -> None:
        path = choose()
        if path is not None:
            field.setText(str(path))


def _path(field: QLineEdit) -> Path | None:
    return Path(field.text()) if field.text().strip() else None
