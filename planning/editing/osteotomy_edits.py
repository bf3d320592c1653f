"""Edits of single cuts of the active plan."""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

from planning.editing.edits import UNCHANGED, Unchanged, osteotomy_of, unlocked_osteotomy_of, with_osteotomy
from planning.errors import EditRefused
from planning.geometry.blade import Blade, Footprint
from planning.geometry.frames import Vec3
from planning.model.case import Case
from planning.model.osteotomy import CutSide, Osteotomy, OsteotomyKind
from planning.texts import listed, mark, tr


@dataclass(frozen=True)
class AddOsteotomy:
    """Add a cut at the end of the list."""

    osteotomy: Osteotomy

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Add {title}", title=self.osteotomy.title)

    def apply(self, case: Case) -> Case:
        """Return the case with the cut; raises `EditRefused` where the id is taken."""
        if case.plan.osteotomy(self.osteotomy.id) is not None:
            raise EditRefused(
                "ID_TAKEN", mark("This plan already has an osteotomy {id}."), id=self.osteotomy.id
            )
        return case.with_plan(replace(case.plan, osteotomies=(*case.plan.osteotomies, self.osteotomy)))


@dataclass(frozen=True)
class RemoveOsteotomy:
    """Delete a cut. `title` is how people read it; its id stands in."""

    osteotomy_id: str
    title: str = ""

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Delete {title}", title=self.title or self.osteotomy_id)

    def apply(self, case: Case) -> Case:
        """Return the case without the cut; raises `EditRefused` where it is locked or missing."""
        gone = unlocked_osteotomy_of(case, self.osteotomy_id)
        return case.with_plan(
            replace(case.plan, osteotomies=tuple(o for o in case.plan.osteotomies if o.id != gone.id))
        )


@dataclass(frozen=True)
class MoveBlade:
    """Put a cut's blade somewhere else: the end of one drag, turn or typed value."""

    osteotomy_id: str
    blade: Blade
    title: str = ""

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Move {title}", title=self.title or self.osteotomy_id)

    def apply(self, case: Case) -> Case:
        """Return the case with the blade moved; raises `EditRefused` where the cut is locked or missing."""
        old = unlocked_osteotomy_of(case, self.osteotomy_id)
        if old.blade == self.blade:
            return case
        return case.with_plan(with_osteotomy(case.plan, replace(old, blade=self.blade)))


_BLADE_FIELDS: Final = ("kerf_mm", "depth_mm", "width_mm", "overshoot_mm", "footprint_mm")
_FREE_WHILE_LOCKED: Final = frozenset({"name", "step", "guards", "cut_group", "locked"})
_WORDS: Final = {
    "name": mark("name"), "kind": mark("kind"), "tool": mark("tool"), "kerf_mm": mark("kerf"),
    "depth_mm": mark("depth"), "width_mm": mark("width"), "overshoot_mm": mark("overshoot"),
    "footprint_mm": mark("footprint"), "level": mark("level"), "side": mark("side"),
    "cut_group": mark("cut group"), "step": mark("step"), "guards": mark("guards"), "locked": mark("lock"),
}  # fmt: skip


@dataclass(frozen=True)
class ChangeOsteotomy:
    """Set any of a cut's properties; what is left out stays as it is.

    A locked cut takes a new name, step, guards, cut group and lock only.
    """

    osteotomy_id: str
    title: str = ""
    name: str | Unchanged = UNCHANGED
    kind: OsteotomyKind | Unchanged = UNCHANGED
    tool: str | Unchanged = UNCHANGED
    kerf_mm: float | Unchanged = UNCHANGED
    depth_mm: float | Unchanged = UNCHANGED
    width_mm: float | Unchanged = UNCHANGED
    overshoot_mm: float | Unchanged = UNCHANGED
    footprint_mm: Footprint | Unchanged | None = UNCHANGED
    level: str | Unchanged | None = UNCHANGED
    side: CutSide | Unchanged | None = UNCHANGED
    cut_group: str | Unchanged = UNCHANGED
    step: int | Unchanged | None = UNCHANGED
    guards: tuple[str, ...] | Unchanged = UNCHANGED
    locked: bool | Unchanged = UNCHANGED

    @property
    def changes(self) -> dict[str, Any]:
        """The properties that are set, by name."""
        given = {
            f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("osteotomy_id", "title")
        }
        return {name: value for name, value in given.items() if value is not UNCHANGED}

    @property
    def label(self) -> str:
        """What undo calls it."""
        title = self.title or self.osteotomy_id
        if set(self.changes) == {"locked"}:
            return tr("Lock {title}", title=title) if self.locked else tr("Unlock {title}", title=title)
        what = listed(tr(_WORDS[name]) for name in self.changes)
        return tr("Change {what} of {title}", what=what, title=title)

    def apply(self, case: Case) -> Case:
        """Return the changed case; raises `EditRefused` where locked, `PlanInvalid` for a bad value."""
        changes = self.changes
        free = set(changes) <= _FREE_WHILE_LOCKED or changes.get("locked") is False
        old = (
            osteotomy_of(case, self.osteotomy_id) if free else unlocked_osteotomy_of(case, self.osteotomy_id)
        )
        blade = replace(old.blade, **{k: v for k, v in changes.items() if k in _BLADE_FIELDS})
        new = replace(old, blade=blade, **{k: v for k, v in changes.items() if k not in _BLADE_FIELDS})
        return case if new == old else case.with_plan(with_osteotomy(case.plan, new))


@dataclass(frozen=True)
class DuplicateOsteotomy:
    """Copy a cut under a new id, unlocked, shifted by an LPS vector and placed after the original."""

    osteotomy_id: str
    new_id: str
    new_name: str
    shift_lps_mm: Vec3 = (0.0, 0.0, 0.0)
    title: str = ""

    @property
    def label(self) -> str:
        """What undo calls it."""
        return tr("Duplicate {title}", title=self.title or self.osteotomy_id)

    def apply(self, case: Case) -> Case:
        """Return the case with the copy; raises `EditRefused` where the id is taken."""
        old = osteotomy_of(case, self.osteotomy_id)
        if case.plan.osteotomy(self.new_id) is not None:
            raise EditRefused("ID_TAKEN", mark("This plan already has an osteotomy {id}."), id=self.new_id)
        copy = replace(
            old, id=self.new_id, name=self.new_name, blade=old.blade.moved(self.shift_lps_mm), locked=False
        )
        place = case.plan.osteotomies.index(old) + 1
        cuts = (*case.plan.osteotomies[:place], copy, *case.plan.osteotomies[place:])
        return case.with_plan(replace(case.plan, osteotomies=cuts))


@dataclass(frozen=True)
class SwapOrder:
    """Exchange the places of two neighbouring cuts: their steps, and their order within one step."""

    osteotomy_id: str
    other_id: str
    earlier: bool
    title: str = ""

    @property
    def label(self) -> str:
        """What undo calls it."""
        title = self.title or self.osteotomy_id
        return tr("{title} earlier", title=title) if self.earlier else tr("{title} later", title=title)

    def apply(self, case: Case) -> Case:
        """Return the case with both exchanged; raises `EditRefused` where one is missing."""
        one, two = osteotomy_of(case, self.osteotomy_id), osteotomy_of(case, self.other_id)
        places = {one.id: replace(two, step=one.step), two.id: replace(one, step=two.step)}
        cuts = tuple(places.get(o.id, o) for o in case.plan.osteotomies)
        return case.with_plan(replace(case.plan, osteotomies=cuts))
