"""Edits of the plan as a whole: targets, what is done to structures, releases, and which plan is active."""

from dataclasses import dataclass, replace

from planning.editing.edits import UNCHANGED, Unchanged
from planning.errors import EditRefused
from planning.model.case import Case
from planning.model.levels import in_order
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from planning.texts import mark, tr


@dataclass(frozen=True)
class SetTargets:
    """Set target levels, tumour or required margin; what is left out stays as it is."""

    target_levels: tuple[str, ...] | Unchanged = UNCHANGED
    tumour: str | Unchanged | None = UNCHANGED
    required_margin_mm: float | Unchanged = UNCHANGED

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Set what is resected")

    def apply(self, case: Case) -> Case:
        """Return the changed case; raises `PlanInvalid` for an unknown level or a bad margin."""
        plan = case.plan
        if not isinstance(self.target_levels, Unchanged):
            plan = replace(plan, target_levels=in_order(self.target_levels))
        if not isinstance(self.tumour, Unchanged):
            plan = replace(plan, tumour=self.tumour)
        if not isinstance(self.required_margin_mm, Unchanged):
            plan = replace(plan, required_margin_mm=self.required_margin_mm)
        return case if plan == case.plan else case.with_plan(plan)


@dataclass(frozen=True)
class SetStructureAction:
    """Say what is done to a structure; an action of None withdraws what was said."""

    structure: str
    action: Action | None
    step: int | None = None

    @property
    def label(self) -> str:
        """What undo calls it."""
        if self.action is None:
            return tr("Clear the action on {structure}", structure=self.structure)
        words = {
            Action.KEEP: mark("Keep {structure}"), Action.LIGATE: mark("Ligate {structure}"),
            Action.EMBOLISE: mark("Embolise {structure}"), Action.CUT: mark("Cut {structure}"),
            Action.MOBILISE: mark("Mobilise {structure}"),
        }  # fmt: skip
        return tr(words[self.action], structure=self.structure)

    def apply(self, case: Case) -> Case:
        """Return the case with one action, or none, on the structure."""
        others = tuple(a for a in case.plan.structure_actions if a.structure != self.structure)
        new = () if self.action is None else (StructureAction(self.structure, self.action, self.step),)
        return case.with_plan(replace(case.plan, structure_actions=others + new))


@dataclass(frozen=True)
class SetMobilisation:
    """Say how a structure is held away; None withdraws it."""

    structure: str
    mobilisation: Mobilisation | None

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Set how {structure} is held away", structure=self.structure)

    def apply(self, case: Case) -> Case:
        """Return the case with one mobilisation, or none, of the structure."""
        if self.mobilisation is not None and self.mobilisation.structure != self.structure:
            raise EditRefused("WRONG_STRUCTURE", mark("The mobilisation names another structure."))
        others = tuple(m for m in case.plan.mobilised if m.structure != self.structure)
        new = () if self.mobilisation is None else (self.mobilisation,)
        return case.with_plan(replace(case.plan, mobilised=others + new))


@dataclass(frozen=True)
class SetRelease:
    """Record that a link is released, at a step; `released=False` withdraws it."""

    link: str
    released: bool = True
    step: int | None = None
    title: str = ""

    @property
    def label(self) -> str:
        """What undo calls it."""
        title = self.title or self.link
        return (
            tr("Release {title}", title=title)
            if self.released
            else tr("Withdraw the release of {title}", title=title)
        )

    def apply(self, case: Case) -> Case:
        """Return the case with the link released once, or not at all."""
        others = tuple(r for r in case.plan.releases if r.link != self.link)
        new = (Release(self.link, self.step),) if self.released else ()
        return case.with_plan(replace(case.plan, releases=others + new))


@dataclass(frozen=True)
class ReplacePlan:
    """Put a whole plan, such as one read from a file, in place of the active one."""

    plan: Plan

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Load {plan}", plan=self.plan.name)

    def apply(self, case: Case) -> Case:
        """Return the case with the plan."""
        return case if self.plan == case.plan else case.with_plan(self.plan)


@dataclass(frozen=True)
class RenamePlan:
    """Give the active plan another name."""

    name: str

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Rename the plan to {name}", name=self.name)

    def apply(self, case: Case) -> Case:
        """Return the case with the plan renamed; raises `EditRefused` for an empty name."""
        if not self.name.strip():
            raise EditRefused("NO_NAME", mark("A plan needs a name."))
        return case.with_plan(replace(case.plan, name=self.name.strip()))


@dataclass(frozen=True)
class AddPlan:
    """Add a plan beside the others and make it the active one."""

    plan: Plan

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Add {plan}", plan=self.plan.name)

    def apply(self, case: Case) -> Case:
        """Return the case with the plan active."""
        return replace(case, plans=(*case.plans, self.plan), active_plan=len(case.plans))


@dataclass(frozen=True)
class RemovePlan:
    """Delete the plan at `index`; a case keeps at least one."""

    index: int

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Delete a plan")

    def apply(self, case: Case) -> Case:
        """Return the case without the plan; raises `EditRefused` for the last or a missing one."""
        if not 0 <= self.index < len(case.plans):
            raise EditRefused("NO_PLAN", mark("There is no such plan in this case."))
        if len(case.plans) == 1:
            raise EditRefused("LAST_PLAN", mark("A case keeps at least one plan."))
        active = case.active_plan - (1 if self.index < case.active_plan else 0)
        plans = case.plans[: self.index] + case.plans[self.index + 1 :]
        return replace(case, plans=plans, active_plan=min(active, len(plans) - 1))


@dataclass(frozen=True)
class ChoosePlan:
    """Make the plan at `index` the active one."""

    index: int

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Choose another plan")

    def apply(self, case: Case) -> Case:
        """Return the case with that plan active; raises `EditRefused` where there is none."""
        return case if self.index == case.active_plan else replace(case, active_plan=self.index)
