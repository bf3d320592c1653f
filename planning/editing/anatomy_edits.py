"""Edits of structures and of what people have said about them.

A confirmation holds for what was seen when it was given: a new mask is a draft again, and moving,
adding or removing a vertebra withdraws the level confirmation.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from planning.editing.edits import anatomy_of, named, structure_of, with_structure
from planning.errors import EditRefused
from planning.model.anatomy import Anatomy, LevelConfirmation, NotInField
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.plan import Plan
from planning.model.structures import KIND_NAMES, Review, ReviewState, Structure, StructureKind
from planning.texts import mark, tr

_COUNTED = frozenset({StructureKind.VERTEBRA, StructureKind.SACRUM})


def recounted(anatomy: Anatomy, *touched: Structure) -> Anatomy:
    """Withdraw the level confirmation where what was counted has changed."""
    return replace(anatomy, levels_confirmed=None) if any(s.kind in _COUNTED for s in touched) else anatomy


@dataclass(frozen=True)
class RelabelLevel:
    """Move structures to other levels in one step: pairs of structure id and level."""

    levels: tuple[tuple[str, str | None], ...]

    @property
    def label(self) -> str:
        """What undo calls it."""
        if len(self.levels) == 1:
            return tr("Set the level to {level}", level=self.levels[0][1] or tr("none"))
        return tr("Set the levels of {count} structures", count=len(self.levels))

    def apply(self, case: Case) -> Case:
        """Return the case, levels to be confirmed again; raises `PlanInvalid` for an unknown level."""
        anatomy = anatomy_of(case)
        for structure_id, level in self.levels:
            old = structure_of(case, structure_id)
            if old.level != level:
                anatomy = recounted(with_structure(anatomy, replace(old, level=level)), old)
        return case if anatomy is case.anatomy else replace(case, anatomy=anatomy)


@dataclass(frozen=True, eq=False)
class ReplaceMask:
    """Give a structure another mask: one brush stroke, growing or smoothing. It becomes a draft."""

    structure_id: str
    mask: Mask
    what: str = ""

    @property
    def label(self) -> str:
        """What undo calls it."""
        return self.what or tr("Change the shape of {id}", id=self.structure_id)

    def apply(self, case: Case) -> Case:
        """Return the case with the mask; raises `LabelsRefused` where it lies on another grid."""
        old = structure_of(case, self.structure_id)
        if old.mask is self.mask:
            return case
        return replace(
            case, anatomy=with_structure(anatomy_of(case), replace(old, mask=self.mask, review=Review()))
        )


@dataclass(frozen=True, eq=False)
class AddStructures:
    """Add structures, such as those of a label map."""

    structures: tuple[Structure, ...]

    @property
    def label(self) -> str:
        """What undo calls it."""
        if len(self.structures) == 1:
            return tr("Add {title}", title=self.structures[0].title)
        return tr("Add {count} structures", count=len(self.structures))

    def apply(self, case: Case) -> Case:
        """Return the case with them; a kind that now exists is no longer *not in this field*."""
        anatomy = anatomy_of(case)
        if not self.structures:
            return case
        kinds = {s.kind for s in self.structures}
        not_in_field = tuple(n for n in anatomy.not_in_field if n.kind not in kinds)
        new = replace(anatomy, structures=anatomy.structures + self.structures, not_in_field=not_in_field)
        return replace(case, anatomy=recounted(new, *self.structures))


@dataclass(frozen=True)
class RemoveStructure:
    """Remove a structure and how it is drawn."""

    structure_id: str
    title: str = ""

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Remove {title}", title=self.title or self.structure_id)

    def apply(self, case: Case) -> Case:
        """Return the case without it; raises `EditRefused` where it is missing."""
        old = structure_of(case, self.structure_id)
        anatomy = anatomy_of(case)
        left = replace(anatomy, structures=tuple(s for s in anatomy.structures if s.id != old.id))
        looks = tuple(look for look in case.looks if look[0] != old.id)
        return replace(case, anatomy=recounted(left, old), looks=looks)


@dataclass(frozen=True)
class RenameStructure:
    """Give a structure another name, in every plan that names it too; None takes the name away."""

    structure_id: str
    name: str | None

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Rename a structure to {name}", name=self.name or tr("no name"))

    def apply(self, case: Case) -> Case:
        """Return the case with the structure renamed; raises `EditRefused` where the name is taken."""
        old = structure_of(case, self.structure_id)
        anatomy = anatomy_of(case)
        new = replace(old, name=self.name.strip() or None if self.name else None)
        if new.name == old.name:
            return case
        if new.name and any(
            s.name == new.name and s.kind == new.kind for s in anatomy.structures if s.id != old.id
        ):
            raise EditRefused(
                "NAME_TAKEN", mark("Another structure of this kind is already called {name}."), name=new.name
            )
        meant = [s.id for s in anatomy.structures if s.reference == old.reference]
        plans = (
            tuple(_renamed(p, old.reference, new.reference) for p in case.plans)
            if meant == [old.id]
            else case.plans
        )
        return replace(case, anatomy=with_structure(anatomy, new), plans=plans)


@dataclass(frozen=True)
class ReviewStructure:
    """A person vouches for a segmentation, or takes that back with state *draft*."""

    structure_id: str
    state: ReviewState
    by: str
    at: datetime
    title: str = ""

    @property
    def label(self) -> str:
        """What undo calls it."""
        words = {
            ReviewState.DRAFT: mark("Mark {title} as draft"),
            ReviewState.REVIEWED: mark("Mark {title} as reviewed"),
            ReviewState.APPROVED: mark("Approve {title}"),
        }
        return tr(words[self.state], title=self.title or self.structure_id)

    def apply(self, case: Case) -> Case:
        """Return the case with the review; raises `EditRefused` without a name."""
        old = structure_of(case, self.structure_id)
        review = Review(self.state, named(self.by), self.at)
        return replace(case, anatomy=with_structure(anatomy_of(case), replace(old, review=review)))


@dataclass(frozen=True)
class MarkNotInField:
    """A reviewer's word that a kind of structure is not in the field; `marked=False` withdraws it."""

    kind: StructureKind
    by: str
    at: datetime
    marked: bool = True

    @property
    def label(self) -> str:
        """What undo calls it."""
        kind = tr(KIND_NAMES[self.kind])
        return (
            tr("Mark {kind} as not in this field", kind=kind)
            if self.marked
            else tr("Withdraw: {kind} not in this field", kind=kind)
        )

    def apply(self, case: Case) -> Case:
        """Return the case with the mark; raises `EditRefused` without a name or where one exists."""
        anatomy = anatomy_of(case)
        others = tuple(n for n in anatomy.not_in_field if n.kind != self.kind)
        if not self.marked:
            return (
                case
                if others == anatomy.not_in_field
                else replace(case, anatomy=replace(anatomy, not_in_field=others))
            )
        if anatomy.of_kind(self.kind):
            raise EditRefused(
                "IS_IN_FIELD",
                mark("This case has a structure of that kind: {kind}. Remove it first."),
                kind=self.kind.value,
            )
        mark_of = NotInField(self.kind, named(self.by), self.at)
        return replace(case, anatomy=replace(anatomy, not_in_field=(*others, mark_of)))


@dataclass(frozen=True)
class ConfirmLevels:
    """A person's word that the levels were counted, and from what; an empty `evidence` is refused."""

    by: str
    evidence: str
    at: datetime

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Confirm the levels")

    def apply(self, case: Case) -> Case:
        """Return the confirmed case; raises `EditRefused` without name, evidence or any level to count."""
        anatomy = anatomy_of(case)
        if not anatomy.levels:
            raise EditRefused(
                "NO_LEVELS", mark("No vertebra in this case has a level; label the vertebrae first.")
            )
        if not self.evidence.strip():
            raise EditRefused(
                "NO_EVIDENCE",
                mark("Say from what the levels were counted, for example whole-spine CT from C2."),
            )
        confirmation = LevelConfirmation(named(self.by), self.at, self.evidence.strip())
        return replace(case, anatomy=replace(anatomy, levels_confirmed=confirmation))


@dataclass(frozen=True)
class WithdrawLevels:
    """Take the level confirmation back."""

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Withdraw the level confirmation")

    def apply(self, case: Case) -> Case:
        """Return the case with its levels unconfirmed."""
        anatomy = anatomy_of(case)
        return (
            case
            if anatomy.levels_confirmed is None
            else replace(case, anatomy=replace(anatomy, levels_confirmed=None))
        )


def _renamed(plan: Plan, old: str, new: str) -> Plan:
    """Return the plan naming a structure `new` wherever it said `old`."""
    return replace(
        plan,
        tumour=new if plan.tumour == old else plan.tumour,
        structure_actions=tuple(
            replace(a, structure=new) if a.structure == old else a for a in plan.structure_actions
        ),
        mobilised=tuple(replace(m, structure=new) if m.structure == old else m for m in plan.mobilised),
        osteotomies=tuple(
            replace(o, guards=tuple(_guard(g, old, new) for g in o.guards)) for o in plan.osteotomies
        ),
    )


def _guard(guard: str, old: str, new: str) -> str:
    tool, colon, protected = guard.partition(":")
    parts = [part.strip() for part in protected.split(",")]
    if not colon or old.casefold() not in {part.casefold() for part in parts}:
        return guard
    return f"{tool}: " + ", ".join(new if part.casefold() == old.casefold() else part for part in parts)
