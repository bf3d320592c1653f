"""What an edit is: a frozen value with a label in words and a pure `apply`.

Edits carry results (a new blade, a painted mask), never algorithms, so applying one is instant and
the same everywhere. They live by subject in `osteotomy_edits`, `plan_edits`, `anatomy_edits` and
`case_edits`; this file holds what they share.
"""

from dataclasses import replace
from enum import Enum
from typing import Final, Protocol

from planning.errors import EditRefused
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.osteotomy import Osteotomy
from planning.model.plan import Plan
from planning.model.structures import Structure
from planning.texts import mark


class Edit(Protocol):
    """One step a person can take and take back."""

    @property
    def label(self) -> str:
        """What undo calls it, such as ``Move T9/T10 disc``."""

    def apply(self, case: Case) -> Case:
        """Return the edited case, or `case` itself where nothing changes; raises `EditRefused`."""


class Unchanged(Enum):
    """Type of `UNCHANGED`, which differs from None: a level may be set to None."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


def osteotomy_of(case: Case, osteotomy_id: str) -> Osteotomy:
    """Return an osteotomy of the active plan; raises `EditRefused` where there is none of that id."""
    osteotomy = case.plan.osteotomy(osteotomy_id)
    if osteotomy is None:
        raise EditRefused(
            "NO_OSTEOTOMY",
            mark("This plan has no osteotomy {id}; it may have been deleted."),
            id=osteotomy_id,
        )
    return osteotomy


def unlocked_osteotomy_of(case: Case, osteotomy_id: str) -> Osteotomy:
    """Return an osteotomy that may be changed; raises `EditRefused` where it is locked or missing."""
    osteotomy = osteotomy_of(case, osteotomy_id)
    if osteotomy.locked:
        raise locked(osteotomy)
    return osteotomy


def locked(osteotomy: Osteotomy) -> EditRefused:
    """Return why a locked cut does not change."""
    return EditRefused(
        "LOCKED", mark("{title} is locked. Unlock it first to change it."), title=osteotomy.title
    )


def anatomy_of(case: Case) -> Anatomy:
    """Return the case's anatomy; raises `EditRefused` while no image is loaded."""
    if case.anatomy is None:
        raise EditRefused("NO_IMAGE", mark("This case has no image yet. Import one first."))
    return case.anatomy


def structure_of(case: Case, structure_id: str) -> Structure:
    """Return a structure; raises `EditRefused` where there is none of that id."""
    structure = anatomy_of(case).structure(structure_id)
    if structure is None:
        raise EditRefused(
            "NO_STRUCTURE",
            mark("This case has no structure {id}; it may have been removed."),
            id=structure_id,
        )
    return structure


def named(by: str) -> str:
    """Return a person's name without surrounding blanks; raises `EditRefused` for an empty one."""
    if not by.strip():
        raise EditRefused("NO_NAME", mark("Give the name of the person who decides this."))
    return by.strip()


def with_osteotomy(plan: Plan, new: Osteotomy) -> Plan:
    """Return the plan with the osteotomy of the same id replaced."""
    return replace(plan, osteotomies=tuple(new if o.id == new.id else o for o in plan.osteotomies))


def with_structure(anatomy: Anatomy, new: Structure) -> Anatomy:
    """Return the anatomy with the structure of the same id replaced."""
    return replace(anatomy, structures=tuple(new if s.id == new.id else s for s in anatomy.structures))
