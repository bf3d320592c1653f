"""One cut: a blade with a purpose, a place and a step in the operation."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from planning.errors import PlanInvalid
from planning.geometry.blade import Blade
from planning.model.levels import level_order
from planning.texts import mark

CutSide = Literal["left", "right", "midline"]


class OsteotomyKind(StrEnum):
    """What a cut goes through."""

    DISC = "disc"
    VERTEBRAL_BODY = "vertebral_body"
    PEDICLE = "pedicle"
    LAMINA = "lamina"
    RIB = "rib"
    SAGITTAL = "sagittal"
    FREE = "free"


@dataclass(frozen=True)
class Osteotomy:
    """One osteotomy of a plan (INTERCHANGE section 2).

    Parameters
    ----------
    id : str
        Unique in the plan.
    kind : OsteotomyKind
    tool : str
        Id in the tool library; an unknown one keeps its kerf and is named as unknown.
    blade : Blade
        Carries origin, normal, advance, width, depth, kerf, overshoot and footprint.
    name, level, side, cut_group, step, guards : optional
        `guards` are texts such as ``malleable retractor: aorta``.
    locked : bool
        Locked cuts refuse to move.
    """

    id: str
    kind: OsteotomyKind
    tool: str
    blade: Blade
    name: str = ""
    level: str | None = None
    side: CutSide | None = None
    cut_group: str = ""
    step: int | None = None
    guards: tuple[str, ...] = ()
    locked: bool = False

    def __post_init__(self) -> None:
        """Check id, level and step."""
        if not self.id or len(self.id) > 200:
            raise PlanInvalid("BAD_ID", mark("Every osteotomy needs an id of 1 to 200 characters."))
        if self.level is not None:
            level_order(self.level)
        if self.step is not None and not 1 <= self.step <= 999:
            raise PlanInvalid(
                "BAD_STEP", mark("step must lie between 1 and 999, not {step}."), step=self.step
            )

    @property
    def title(self) -> str:
        """How people read it."""
        return self.name or self.id

    def guard_for(self, reference: str) -> str | None:
        """Return the guard named for a structure (``guard: structure``), or None.

        A guard without a colon protects nothing in particular and is never matched.
        """
        for guard in self.guards:
            tool, _, protected = guard.partition(":")
            names = {part.strip().casefold() for part in protected.split(",")}
            if tool.strip() and reference.casefold() in names:
                return guard
        return None
