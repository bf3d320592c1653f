"""The start-up self-test: a tiny phantom whose answer is known in closed form, for both evaluators.

It goes the whole way of a real number: mask, surface, field, minimum, second evaluator. If it
fails, something in this installation computes wrongly, and every number is withheld.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from planning.errors import PlanningError
from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.mask import Mask
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Plan
from planning.model.structures import Structure, StructureKind
from planning.progress import silent
from planning.safety.clearance import RawClearance, cross_checked
from planning.safety.fields import fields_of
from planning.segmentation.surfaces import surfaces_of
from planning.texts import mark, tr

TOLERANCE_MM: Final = 0.5
"""Half of the phantom's voxel edge."""

_RADIUS_MM: Final = 6.0
_SIDE: Final = 24
_CENTRE_MM: Final = (11.3, 11.6, 11.4)
_NEAREST_MM: Final = (1.5, -1.5)


@dataclass(frozen=True)
class SelfTest:
    """Whether distances may be shown at all, and why not."""

    ok: bool
    reason: str | None = None


@lru_cache(maxsize=1)
def self_test() -> SelfTest:
    """Run the self-test once in this process and return its answer."""
    try:
        faults = [fault for gap_mm in _NEAREST_MM if (fault := _fault(gap_mm)) is not None]
    except PlanningError as error:
        return SelfTest(False, error.message)
    return SelfTest(not faults, faults[0] if faults else None)


def _fault(gap_mm: float) -> str | None:
    """Compute a sphere's distance from a slab `gap_mm` off, and return what is wrong with the answer."""
    anatomy = _sphere()
    plan = Plan(osteotomies=(_slab(gap_mm),))
    fields = fields_of(anatomy, surfaces_of(anatomy), plan, silent)
    (found,) = cross_checked(plan.osteotomies[0], fields)
    return _judged(found, gap_mm)


def _judged(found: RawClearance, truth_mm: float) -> str | None:
    if found.value_mm is None:
        return tr(_WITHHELD, reason=found.withheld_reason)
    if abs(found.value_mm - truth_mm) > TOLERANCE_MM:
        return tr(_WRONG, truth=f"{truth_mm:.1f}", found=f"{found.value_mm:.2f}")
    return None


_WITHHELD: Final = mark("The self-test of distances got no answer ({reason}).")
_WRONG: Final = mark("The self-test of distances found {found} mm where {truth} mm is true.")


def _sphere() -> Anatomy:
    k, j, i = np.mgrid[0:_SIDE, 0:_SIDE, 0:_SIDE]
    x, y, z = _CENTRE_MM
    inside = (i - x) ** 2 + (j - y) ** 2 + (k - z) ** 2 <= _RADIUS_MM**2
    sphere = Structure("self-test", StructureKind.SPINAL_CORD, Mask.from_array(inside))
    return Anatomy(Grid((_SIDE, _SIDE, _SIDE), np.eye(4)), (sphere,))


def _slab(gap_mm: float) -> Osteotomy:
    """Return a slab whose lower face lies `gap_mm` above the sphere; below zero it enters it."""
    x, y, z = _CENTRE_MM
    kerf_mm = 0.8
    height = z + _RADIUS_MM + gap_mm + kerf_mm / 2
    blade = Blade((x, y - 4.0, height), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 8.0, 8.0, kerf_mm)
    return Osteotomy("self-test", OsteotomyKind.FREE, "", blade)
