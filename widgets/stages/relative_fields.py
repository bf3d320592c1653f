"""Where the active blade lies as seen from a vertebra, typed to a tenth: place of its middle, and tilt."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from planning.editing.osteotomy_edits import MoveBlade
from planning.geometry.relative_place import placed, relative_place
from planning.model.osteotomy import Osteotomy
from planning.resection.vertebra_frame import Place, VertebraFrame
from planning.texts import mark, tr
from widgets.fields import ChoiceField, NumberField
from widgets.plain_text import label, tip

PLACE_WORDS: Final = {
    Place.CENTRE: mark("centre"),
    Place.UPPER: mark("upper endplate"),
    Place.LOWER: mark("lower endplate"),
}
_FIELDS: Final = (
    ("superior_mm", mark("Up +"), mark("From there up along the vertebra, to the blade's middle.")),
    ("anterior_mm", mark("Front +"), mark("From there to the front of the vertebra, to the blade's middle.")),
    ("left_mm", mark("Left +"), mark("From there to the patient's left, to the blade's middle.")),
    ("tilt_deg", mark("Tilt"), mark("How far the tool points up along the vertebra.")),
    ("turn_deg", mark("Turn"), mark("The tool travels: 0° to the front of the vertebra, 90° to its left.")),
    ("roll_deg", mark("Lateral tilt"), mark("How the blade lies about that way; 0° faces up the vertebra.")),
)  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """What a blade is measured from, or why it is not.

    Parameters
    ----------
    levels : tuple of str
        Vertebrae to choose from.
    level : str
    place : Place
    frame : VertebraFrame or None
    why_not : str
        The reason where there is no frame.
    """

    levels: tuple[str, ...] = ()
    level: str = ""
    place: Place = Place.CENTRE
    frame: VertebraFrame | None = None
    why_not: str = ""


class RelativeFields(QWidget):
    """Six numbers and what they are measured from.

    Signals
    -------
    edited(Edit)
    reference_chosen(str, Place)
        Measure from another vertebra, or another part of it.
    """

    edited = Signal(object)
    reference_chosen = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._osteotomy: Osteotomy | None = None
        self._reference = Reference()
        self.title = label(tr("From the vertebra"), "title")
        self.level = ChoiceField()
        self.level.setAccessibleName(tr("Vertebra to measure from"))
        self.place = ChoiceField([(p, tr(words)) for p, words in PLACE_WORDS.items()])
        self.place.setAccessibleName(tr("Part of the vertebra to measure from"))
        self.why = label("", "muted", wrap=True)
        self.numbers = QWidget()
        self.fields: dict[str, NumberField] = {}
        grid = QGridLayout(self.numbers)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(5)
        for n, (key, words, help_text) in enumerate(_FIELDS):
            degrees = key.endswith("_deg")
            reach = (90.0 if key == "tilt_deg" else 180.0) if degrees else 500.0
            field = NumberField(-reach, reach, "°" if degrees else "mm", 1.0 if degrees else 0.5)
            field.setAccessibleName(tr("{axis} from the vertebra", axis=tr(words)))
            field.setToolTip(tip(tr(help_text)))
            field.entered.connect(partial(self._enter, key))
            grid.addWidget(label(tr(words), "muted"), 2 * (n // 3), n % 3)
            grid.addWidget(field, 2 * (n // 3) + 1, n % 3)
            self.fields[key] = field
        choices = QHBoxLayout()
        choices.setSpacing(5)
        choices.addWidget(self.level)
        choices.addWidget(self.place, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(self.title)
        column.addLayout(choices)
        column.addWidget(self.why)
        column.addWidget(self.numbers)
        self.level.entered.connect(lambda level: self.reference_chosen.emit(level, self._reference.place))
        self.place.entered.connect(lambda place: self.reference_chosen.emit(self._reference.level, place))

    def show_cut(self, osteotomy: Osteotomy | None) -> None:
        """Show a cut's numbers."""
        self._osteotomy = osteotomy
        self._show()

    def show_reference(self, reference: Reference) -> None:
        """Measure from there."""
        if reference == self._reference:
            return
        self._reference = reference
        levels = reference.levels or (reference.level,)
        self.level.offer([(level, level) for level in levels])
        self.level.show_value(reference.level)
        self.place.show_value(reference.place)
        self._show()

    def _show(self) -> None:
        frame, cut = self._reference.frame, self._osteotomy
        words = self._reference.why_not
        self.why.setText(words)
        self.why.setVisible(bool(words))
        self.numbers.setVisible(frame is not None)
        if frame is None or cut is None:
            return
        place = relative_place(cut.blade, frame.origin_lps_mm, frame.rows)
        why = tr("This cut is locked. Unlock it in the table to change it.") if cut.locked else ""
        for key, _words, help_text in _FIELDS:
            field = self.fields[key]
            field.show_value(getattr(place, key))
            if field.isEnabled() is cut.locked:
                field.setEnabled(not cut.locked)
                field.setToolTip(tip(why or tr(help_text)))

    def _enter(self, key: str, value: float) -> None:
        frame, cut = self._reference.frame, self._osteotomy
        if frame is None or cut is None:
            return
        place = replace(relative_place(cut.blade, frame.origin_lps_mm, frame.rows), **{key: value})
        moved = placed(cut.blade, place, frame.origin_lps_mm, frame.rows)
        self.edited.emit(MoveBlade(cut.id, moved, cut.title))
