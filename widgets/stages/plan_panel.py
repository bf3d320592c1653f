"""The Plan stage: what is resected, the active cut, and what is done to vessels and roots."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from planning.editing.plan_edits import RenamePlan, SetTargets
from planning.model.case import Case
from planning.model.levels import LEVELS
from planning.model.plan import Plan
from planning.model.structures import StructureKind
from planning.model.tools import ToolLibrary
from planning.texts import tr
from widgets.access import named_row
from widgets.empty_state import EmptyState
from widgets.fields import ChoiceField, NumberField, TextField
from widgets.plain_text import tip
from widgets.stages.cut_editor import CutEditor
from widgets.stages.vessel_panel import VesselPanel


class TargetsPanel(QWidget):
    """What is resected: levels, tumour, margin.

    Signals
    -------
    edited(Edit)
    unknown_levels(str)
        Something typed is no vertebral level.
    """

    edited = Signal(object)
    unknown_levels = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = TextField(tr("Plan A"))
        self.levels = TextField(tr("T10, T11"))
        self.tumour = ChoiceField()
        self.margin = NumberField(0.0, 50.0, "mm")
        self.margin.setToolTip(tip(tr("The margin this plan must keep from the tumour.")))
        form = QFormLayout(self)
        form.setContentsMargins(0, 8, 0, 0)
        named_row(form, tr("Plan"), self.name)
        named_row(form, tr("Target levels"), self.levels)
        named_row(form, tr("Tumour"), self.tumour)
        named_row(form, tr("Required margin"), self.margin)
        self.name.entered.connect(lambda text: self.edited.emit(RenamePlan(text)))
        self.levels.entered.connect(self._set_levels)
        self.tumour.entered.connect(lambda tumour: self.edited.emit(SetTargets(tumour=tumour)))
        self.margin.entered.connect(lambda value: self.edited.emit(SetTargets(required_margin_mm=value)))

    def show_case(self, case: Case) -> None:
        """Show what the plan resects."""
        plan = case.plan
        tumours = case.anatomy.of_kind(StructureKind.TUMOUR) if case.anatomy is not None else ()
        self.tumour.offer(
            [(None, tr("none: margins not assessed")), *((t.reference, t.title) for t in tumours)]
        )
        self.name.show_text(plan.name)
        self.levels.show_text(", ".join(plan.target_levels))
        self.tumour.show_value(plan.tumour)
        self.margin.show_value(plan.required_margin_mm)

    def _set_levels(self, text: str) -> None:
        words = [part.strip().upper() for part in text.replace(";", ",").replace(" ", ",").split(",")]
        levels = tuple(word for word in words if word)
        unknown = [level for level in levels if level not in LEVELS]
        if unknown:
            self.unknown_levels.emit(", ".join(unknown))
        else:
            self.edited.emit(SetTargets(target_levels=levels))


class PlanPanel(QWidget):
    """Tabs of the Plan stage.

    Signals
    -------
    edited(Edit)
    unknown_levels(str)
    """

    edited = Signal(object)
    unknown_levels = Signal(str)

    def __init__(self, tools: ToolLibrary, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cut = CutEditor(tools)
        self.vessels = VesselPanel()
        self.targets = TargetsPanel()
        self.empty = EmptyState(
            tr("Cuts are planned on images. Open a case or import images first; "
               "a DICOM folder can be dropped anywhere on the window."),
            tr("Open or import..."),
        )  # fmt: skip
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.addTab(_scrolled(self.cut), tr("Cut"))
        self.tabs.addTab(_padded(self.vessels), tr("Vessels, roots"))
        self.tabs.addTab(_scrolled(self.targets), tr("Target"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)
        column.addWidget(self.empty)
        for part in (self.cut, self.vessels, self.targets):
            part.edited.connect(self.edited)
        self.targets.unknown_levels.connect(self.unknown_levels)

    def show_case(self, case: Case | None, active_cut: str) -> None:
        """Show the plan of a case."""
        has_images = case is not None and case.anatomy is not None
        self.tabs.setVisible(has_images)
        self.empty.setVisible(not has_images)
        structures = case.anatomy.structures if case is not None and case.anatomy is not None else ()
        titles = {structure.id: structure.title for structure in structures}
        self.cut.show_cut(case.plan.osteotomy(active_cut) if case is not None else None, titles)
        if case is None:
            self.vessels.show_plan(None, Plan())
            return
        self.vessels.show_plan(case.anatomy, case.plan)
        self.targets.show_case(case)


def _padded(inner: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(8, 8, 4, 4)
    column.addWidget(inner)
    return holder


def _scrolled(inner: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(_padded(inner))
    return area
