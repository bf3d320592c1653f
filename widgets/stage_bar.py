"""The way through a case: Case, Anatomy, Plan, Check; each says how far it is."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton, QWidget

from planning.texts import mark, tr
from widgets.plain_text import tip


class Stage(StrEnum):
    """A step of the work."""

    CASE = "case"
    ANATOMY = "anatomy"
    PLAN = "plan"
    CHECK = "check"


class StageState(StrEnum):
    """How far a stage is; falls back when something upstream changes."""

    DONE = "✓"
    PARTLY = "●"
    OPEN = "○"


_TITLES: Final = {
    Stage.CASE: mark("Case"),
    Stage.ANATOMY: mark("Anatomy"),
    Stage.PLAN: mark("Plan"),
    Stage.CHECK: mark("Check"),
}


class StageBar(QFrame):
    """Buttons to go to a stage.

    Signals
    -------
    chosen(Stage)
    pressed()
        A person asked for a stage, shown already or not.
    """

    chosen = Signal(object)
    pressed = Signal()

    def __init__(self, stages: Sequence[Stage] = tuple(Stage), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self.buttons: dict[Stage, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for stage in stages:
            button = QToolButton()
            button.setObjectName("stage")
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, which=stage: self.choose(which))
            button.clicked.connect(self.pressed)
            self._group.addButton(button)
            self.buttons[stage] = button
            row.addWidget(button)
        row.addStretch(1)
        self.show_states({})
        self.buttons[stages[0]].setChecked(True)

    def choose(self, stage: Stage) -> None:
        """Go to a stage."""
        self.buttons[stage].setChecked(True)
        self.chosen.emit(stage)

    def show_states(self, states: Mapping[Stage, tuple[StageState, str]]) -> None:
        """Show how far each stage is, and why."""
        for stage, button in self.buttons.items():
            state, why = states.get(stage, (StageState.OPEN, ""))
            button.setText(f"{state.value}  {tr(_TITLES[stage])}")
            button.setToolTip(tip(why))
            button.setAccessibleName(f"{tr(_TITLES[stage])}. {why}")
