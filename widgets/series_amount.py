"""How much of a series is loaded: a range of slices, neighbours averaged, and the memory it takes."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget

from planning.imaging.reduced import MAX_EVERY, Reduction
from planning.imaging.series import SeriesSummary
from planning.texts import tr
from widgets.fields import ChoiceField, WheelNeedsKeyboard
from widgets.plain_text import label, tip
from widgets.series_table import title_of

_EDGE_PX: Final = 78


class SeriesAmount(QWidget):
    """Edits the `Reduction` of one series.

    Signals
    -------
    changed(Reduction)
        A person chose another amount.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first, self.last = QSpinBox(), QSpinBox()
        self.every = ChoiceField([(1, tr("keep each slice"))])
        self.name = label("", "muted")
        self._count = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.name, 1)
        row.addWidget(label(tr("Slices")))
        for field, words in ((self.first, tr("First slice to load")), (self.last, tr("Last slice to load"))):
            WheelNeedsKeyboard(field)
            field.setKeyboardTracking(False)
            field.setAlignment(Qt.AlignmentFlag.AlignRight)
            field.setFixedWidth(_EDGE_PX)
            field.setAccessibleName(words)
            field.setToolTip(tip(words))
            field.valueChanged.connect(lambda _value: self._tell())
        row.addWidget(self.first)
        row.addWidget(label(tr("to")))
        row.addWidget(self.last)
        row.addWidget(self.every)
        self.every.setMinimumWidth(150)
        self.every.setAccessibleName(tr("Average neighbouring slices"))
        self.every.entered.connect(lambda _value: self._tell())

    def show_series(self, summary: SeriesSummary | None, reduction: Reduction) -> None:
        """Show the amount of a series, and why it cannot be changed where it cannot."""
        usable = summary is not None and summary.can_load
        why = "" if usable else tr("A series that cannot be loaded has no slices to choose.")
        self._count = summary.count if summary is not None else 0
        self.name.setText(tr("Of {title}:", title=title_of(summary)) if summary else "")
        last = self._count if reduction.last < 0 else reduction.last + 1
        for field, value in ((self.first, reduction.first + 1), (self.last, last)):
            field.blockSignals(True)
            field.setRange(1, max(1, self._count))
            field.setValue(value)
            field.blockSignals(False)
        choices = [(1, tr("keep each slice"))]
        if summary is not None and summary.is_even:
            choices += [(n, tr("average each {count}", count=n)) for n in range(2, MAX_EVERY + 1)]
        self.every.blockSignals(True)
        self.every.show_value(1)  # else a value that is offered no more would stay
        self.every.offer(choices)
        self.every.show_value(reduction.every)
        self.every.blockSignals(False)
        uneven = tr("Tilted or uneven slices cannot be averaged; choose a range.")
        for part in (self.first, self.last, self.every):
            part.setEnabled(usable)
            part.setToolTip(tip(why))
        if usable and summary is not None and not summary.is_even:
            self.every.setToolTip(tip(uneven))

    def _tell(self) -> None:
        first, last = self.first.value() - 1, self.last.value() - 1
        every = self.every.value
        whole = last == self._count - 1
        self.changed.emit(Reduction(first, -1 if whole else last, every if isinstance(every, int) else 1))
