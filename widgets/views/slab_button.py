"""How thick a slice view looks: a plain slice, or the mean, maximum or minimum of a slab."""

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDoubleSpinBox, QMenu, QToolButton, QWidget, QWidgetAction

from planning.texts import mark, tr
from rendering.slice_parts import SlabMode
from rendering.slice_words import SLAB_NAMES
from widgets.fields import inset
from widgets.plain_text import tip

THICKNESSES_MM: Final = (2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0)
RANGE_MM: Final = (1.0, 100.0)
_HELP: Final = mark("Slice or thick slab: mean, MIP or MinIP (M); thickness (+ and -)")
_MARK: Final = "▾"
_ORDER: Final[tuple[SlabMode | None, ...]] = (None, SlabMode.MEAN, SlabMode.MAXIMUM, SlabMode.MINIMUM)


@dataclass(frozen=True)
class Slab:
    """What a slice view shows: a plain slice where `mode` is None, else a slab."""

    mode: SlabMode | None = None
    thickness_mm: float = 10.0

    @property
    def shown_mm(self) -> float:
        """The thickness that is shown; 0 for a slice."""
        return self.thickness_mm if self.mode is not None else 0.0

    def next_mode(self) -> "Slab":
        """Return the next of slice, mean, MIP and MinIP."""
        return replace(self, mode=_ORDER[(_ORDER.index(self.mode) + 1) % len(_ORDER)])

    def thicker(self, steps: int) -> "Slab":
        """Return the slab some of the usual thicknesses thicker or thinner; a slice becomes a mean."""
        if self.mode is None:
            return replace(self, mode=SlabMode.MEAN)
        if steps > 0:
            beyond = [mm for mm in THICKNESSES_MM if mm > self.thickness_mm]
        else:
            beyond = [mm for mm in reversed(THICKNESSES_MM) if mm < self.thickness_mm]
        return replace(self, thickness_mm=beyond[0]) if beyond else self


class SlabButton(QToolButton):
    """Shows and chooses the slab of one view.

    Signals
    -------
    chosen(Slab)
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slab = Slab()
        self._short = False
        menu = QMenu(self)
        group = QActionGroup(self)
        self.modes: dict[SlabMode | None, QAction] = {}
        for mode in _ORDER:
            action = menu.addAction(tr("Slice") if mode is None else tr(SLAB_NAMES[mode]))
            action.setCheckable(True)
            action.triggered.connect(lambda _on=False, to=mode: self._choose(replace(self.slab, mode=to)))
            group.addAction(action)
            self.modes[mode] = action
        menu.addSeparator()
        self.thickness = QDoubleSpinBox()
        self.thickness.setRange(*RANGE_MM)
        self.thickness.setDecimals(1)
        self.thickness.setSuffix(" mm")
        self.thickness.setPrefix(tr("Thickness") + "  ")
        self.thickness.setAccessibleName(tr("Thickness of the slab in millimetres"))
        inset(self.thickness)
        self.thickness.valueChanged.connect(self._thicken)
        holder = QWidgetAction(menu)
        holder.setDefaultWidget(self.thickness)
        menu.addAction(holder)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip(tip(tr(_HELP)))
        self.show_slab(self.slab)

    def show_slab(self, slab: Slab) -> None:
        """Show a choice."""
        self.slab = slab
        name = tr("Slice") if slab.mode is None else f"{tr(SLAB_NAMES[slab.mode])} {slab.thickness_mm:g} mm"
        self._name = name
        self._write()
        self.setAccessibleName(f"{name}. {tr(_HELP)}")
        self.modes[slab.mode].setChecked(True)
        with QSignalBlocker(self.thickness):
            self.thickness.setValue(slab.thickness_mm)

    def set_short(self, *, short: bool) -> None:
        """Show a plain slice as a mark alone; a slab is always named."""
        if short is not self._short:
            self._short = short
            self._write()

    def _write(self) -> None:
        self.setText(_MARK if self._short and self.slab.mode is None else self._name)

    def _thicken(self, thickness_mm: float) -> None:
        mode = self.slab.mode or SlabMode.MEAN  # who types a thickness means a slab
        self._choose(Slab(mode, thickness_mm))

    def _choose(self, slab: Slab) -> None:
        self.show_slab(slab)
        self.chosen.emit(slab)
