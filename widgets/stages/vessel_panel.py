"""What is done to vessels, roots and other structures: ligated, mobilised, by whom and at which step."""

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from planning.editing.plan_edits import SetMobilisation, SetStructureAction
from planning.model.anatomy import Anatomy
from planning.model.plan import Action, Mobilisation, Plan
from planning.model.structures import Structure, StructureKind
from planning.texts import mark, tr
from widgets.fields import ChoiceField, StepField, TextField
from widgets.plain_text import label, tip

_ACTED_ON: Final = frozenset(
    {
        StructureKind.AORTA, StructureKind.INFERIOR_VENA_CAVA, StructureKind.SUPERIOR_VENA_CAVA,
        StructureKind.AZYGOS, StructureKind.HEMIAZYGOS, StructureKind.ILIAC_ARTERY, StructureKind.ILIAC_VEIN,
        StructureKind.SEGMENTAL_ARTERY, StructureKind.SEGMENTAL_VEIN, StructureKind.ADAMKIEWICZ,
        StructureKind.THORACIC_DUCT, StructureKind.NERVE_ROOT, StructureKind.OESOPHAGUS, StructureKind.PLEURA,
        StructureKind.LUNG,
    }
)  # fmt: skip
ACTION_WORDS: Final = {
    None: mark("not said"),
    Action.KEEP: mark("keep"),
    Action.LIGATE: mark("ligate"),
    Action.EMBOLISE: mark("embolise"),
    Action.CUT: mark("cut"),
    Action.MOBILISE: mark("mobilise"),
}


class _Entry(QFrame):
    """One structure and what is done to it."""

    edited = Signal(object)

    def __init__(self, structure: Structure) -> None:
        super().__init__()
        self.setObjectName("row")
        self._reference = structure.reference
        self.title = label(structure.title, "title", wrap=True)
        self.action = ChoiceField([(action, tr(words)) for action, words in ACTION_WORDS.items()])
        self.action.setAccessibleName(tr("What is done to {title}", title=structure.title))
        self.step = StepField()
        self.step.setToolTip(tip(tr("Step of the operation")))
        self.guard = TextField(tr("guard, such as malleable retractor"))
        self.by = TextField(tr("by whom, such as vascular surgeon"))
        self.step.setAccessibleName(tr("Step of the operation: {title}", title=structure.title))
        self.guard.setAccessibleName(tr("Guard: {title}", title=structure.title))
        self.by.setAccessibleName(tr("By whom: {title}", title=structure.title))
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 6, 8, 6)
        grid.setSpacing(4)
        grid.addWidget(self.title, 0, 0, 1, 2)
        grid.addWidget(self.action, 1, 0)
        grid.addWidget(self.step, 1, 1)
        grid.addWidget(self.guard, 2, 0, 1, 2)
        grid.addWidget(self.by, 3, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        self.action.entered.connect(self._act)
        self.step.entered.connect(self._act_at)
        self.guard.entered.connect(lambda _text: self._hold_away())
        self.by.entered.connect(lambda _text: self._hold_away())

    def show_plan(self, plan: Plan) -> None:
        """Show what the plan says about the structure."""
        action = plan.action_on(self._reference)
        said = next((a for a in plan.structure_actions if a.structure == self._reference), None)
        held = plan.mobilisation_of(self._reference)
        self.action.show_value(Action.MOBILISE if held is not None and action is None else action)
        self.step.show_value(said.step if said is not None else held.step if held is not None else None)
        self.guard.show_text(held.guard if held is not None else "")
        self.by.show_text(held.by if held is not None else "")
        mobilised = self.action.value is Action.MOBILISE
        for part in (self.guard, self.by):
            part.setVisible(mobilised)

    def _act(self, action: object) -> None:
        step = self.step.value() or None
        chosen = action if isinstance(action, Action) else None
        self.edited.emit(SetStructureAction(self._reference, chosen, step))
        if chosen is Action.MOBILISE:
            self._hold_away()

    def _act_at(self, step: object) -> None:
        action = self.action.value
        at = step if isinstance(step, int) else None
        if isinstance(action, Action):
            self.edited.emit(SetStructureAction(self._reference, action, at))
        if action is Action.MOBILISE:
            self._hold_away()

    def _hold_away(self) -> None:
        held = Mobilisation(
            self._reference, self.guard.text().strip(), self.step.value() or None, self.by.text().strip()
        )
        self.edited.emit(SetMobilisation(self._reference, held))


class VesselPanel(QScrollArea):
    """A list of structures something may be done to.

    Signals
    -------
    edited(Edit)
    """

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self._inner = QWidget()
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(5)
        self.empty = label(
            tr("No vessel, root or other soft structure is labelled. Import them in the Anatomy stage."),
            "muted",
            wrap=True,
        )
        self._column.addWidget(self.empty)
        self._column.addStretch(1)
        self.setWidget(self._inner)
        self._entries: dict[str, _Entry] = {}
        self._listed: list[tuple[str, str]] = []
        self._wanted: tuple[Anatomy | None, Plan] = (None, Plan())
        self._stale = False

    def show_plan(self, anatomy: Anatomy | None, plan: Plan) -> None:
        """Show what the plan does to each structure; a list out of sight is made when it is looked at."""
        before, self._wanted = self._wanted, (anatomy, plan)
        if anatomy is not before[0] or not _does_alike(before[1], plan):
            self._stale = True
        if self.isVisible():
            self._show()

    @property
    def entries(self) -> dict[str, _Entry]:
        """The list, by what each structure is referred to as."""
        self._show()
        return self._entries

    def showEvent(self, event: QShowEvent) -> None:
        """Show what was not made out of sight."""
        self._show()
        super().showEvent(event)

    def _show(self) -> None:
        if not self._stale:
            return
        self._stale = False
        anatomy, plan = self._wanted
        self._list(tuple(acted_on(anatomy)) if anatomy is not None else ())
        self.empty.setVisible(not self._entries)
        for entry in self._entries.values():
            entry.show_plan(plan)

    def _list(self, structures: tuple[Structure, ...]) -> None:
        titles = [(s.reference, s.title) for s in structures]
        if titles == self._listed:
            return
        for entry in self._entries.values():
            entry.deleteLater()
        self._listed, self._entries = titles, {}
        for structure in structures:
            entry = _Entry(structure)
            entry.edited.connect(self.edited)
            self._column.insertWidget(self._column.count() - 1, entry)
            self._entries[structure.reference] = entry


def _does_alike(before: Plan, now: Plan) -> bool:
    """Say whether two plans do the same to structures; a step of a drag keeps the very tuples."""
    return (before.structure_actions, before.mobilised) == (now.structure_actions, now.mobilised)


def acted_on(anatomy: Anatomy) -> Iterable[Structure]:
    """Return the structures something may be done to, each reference once."""
    seen = set()
    for structure in anatomy.structures:
        if structure.kind in _ACTED_ON and structure.reference not in seen:
            seen.add(structure.reference)
            yield structure
