"""A resection plan: osteotomies in order, and what is done to vessels, roots and joints."""

from dataclasses import dataclass
from enum import StrEnum

from planning.errors import PlanInvalid
from planning.model.levels import level_order
from planning.model.osteotomy import Osteotomy
from planning.texts import mark


class Action(StrEnum):
    """What is done to a vessel, root or other structure."""

    KEEP = "keep"
    LIGATE = "ligate"
    EMBOLISE = "embolise"
    CUT = "cut"
    MOBILISE = "mobilise"


SACRIFICED = frozenset({Action.LIGATE, Action.EMBOLISE, Action.CUT})


@dataclass(frozen=True)
class StructureAction:
    """What happens to one structure, and at which step."""

    structure: str
    action: Action
    step: int | None = None


@dataclass(frozen=True)
class Mobilisation:
    """A structure held out of the way, with what and by whom."""

    structure: str
    guard: str = ""
    step: int | None = None
    by: str = ""

    @property
    def is_named(self) -> bool:
        """Whether guard, step and the person responsible are all given, as CLINICAL 3.3 demands."""
        return bool(self.guard and self.by) and self.step is not None


@dataclass(frozen=True)
class Release:
    """A recorded release of a link between two bones (disarticulation, discectomy, ligament).

    Parameters
    ----------
    link : str
        Identifier of the link as the evaluation prints it.
    step : int or None
    """

    link: str
    step: int | None = None


@dataclass(frozen=True)
class Plan:
    """One plan (INTERCHANGE section 2).

    Parameters
    ----------
    name : str
    target_levels : tuple of str
    tumour : str or None
        Reference of the tumour; None leaves margins unassessed.
    required_margin_mm : float
    osteotomies : tuple of Osteotomy
        Unique ids.
    structure_actions, mobilised, releases : tuples
    """

    name: str = "Plan A"
    target_levels: tuple[str, ...] = ()
    tumour: str | None = None
    required_margin_mm: float = 2.0
    osteotomies: tuple[Osteotomy, ...] = ()
    structure_actions: tuple[StructureAction, ...] = ()
    mobilised: tuple[Mobilisation, ...] = ()
    releases: tuple[Release, ...] = ()

    def __post_init__(self) -> None:
        """Check levels, ids and the margin."""
        for level in self.target_levels:
            level_order(level)
        ids = [o.id for o in self.osteotomies]
        doubled = next((i for i in ids if ids.count(i) > 1), None)
        if doubled is not None:
            raise PlanInvalid("DUPLICATE_ID", mark("Two osteotomies have the id {id}."), id=doubled)
        if not 0 <= self.required_margin_mm <= 50:
            raise PlanInvalid(
                "BAD_MARGIN",
                mark("required_margin_mm must lie between 0 and 50, not {value}."),
                value=self.required_margin_mm,
            )
        object.__setattr__(self, "required_margin_mm", float(self.required_margin_mm))

    def osteotomy(self, osteotomy_id: str) -> Osteotomy | None:
        """Return the osteotomy of that id, or None."""
        return next((o for o in self.osteotomies if o.id == osteotomy_id), None)

    def action_on(self, reference: str) -> Action | None:
        """Return what the plan does to a structure, or None where it says nothing."""
        return next((a.action for a in self.structure_actions if a.structure == reference), None)

    def mobilisation_of(self, reference: str) -> Mobilisation | None:
        """Return how a structure is held away, or None."""
        return next((m for m in self.mobilised if m.structure == reference), None)
