"""How far apart the slices of one stack lie: evenly, with slices missing, or varying."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.imaging.limits import position_tolerance_mm

Floats = NDArray[np.float64]
# A step this many times as wide as its neighbours has lost a slice.
_WIDE: Final = 1.5
_NEIGHBOURS: Final = 4
# Steps that differ by less than this share are one protocol, written with few digits.
_ALIKE: Final = 0.2


@dataclass(frozen=True)
class Steps:
    """The steps from each slice of a stack to the next.

    Parameters
    ----------
    widths_mm : tuple of float
    gaps : tuple of int
        Steps over missing slices: n is the one from slice n to n + 1.
    usual_mm : float
        Median of all steps but the gaps.
    is_even : bool
        Whether all steps but the gaps are equal within the tolerance, and the gaps whole multiples.
    """

    widths_mm: tuple[float, ...]
    gaps: tuple[int, ...]
    usual_mm: float
    is_even: bool

    @property
    def imaged_mm(self) -> tuple[float, ...]:
        """The steps that are no gaps."""
        return tuple(width for n, width in enumerate(self.widths_mm) if n not in self.gaps)

    @property
    def largest_mm(self) -> float:
        """The largest step that is no gap: what bounds the resolution along the stack."""
        return max(self.imaged_mm)

    @property
    def varies(self) -> bool:
        """Whether the steps differ by more than rounding of positions explains."""
        return self.largest_mm - min(self.imaged_mm) > _ALIKE * self.usual_mm

    @property
    def missing(self) -> tuple[int, ...]:
        """How many slices each gap has lost."""
        return tuple(max(1, round(self.widths_mm[n] / self.usual_mm) - 1) for n in self.gaps)


def steps_of(along_mm: Floats) -> Steps:
    """Return the steps between places along the stack, ascending, at least two."""
    widths = np.diff(along_mm)
    gaps = tuple(n for n in range(len(widths)) if _is_gap(widths, n))
    rest = np.delete(widths, gaps)
    usual = float(np.median(rest))
    return Steps(tuple(float(w) for w in widths), gaps, usual, _is_even(along_mm, usual, gaps))


def _is_gap(widths: Floats, n: int) -> bool:
    """Compare with the steps around, because a protocol may change along the stack."""
    around = np.concatenate([widths[max(0, n - _NEIGHBOURS) : n], widths[n + 1 : n + 1 + _NEIGHBOURS]])
    return bool(len(around)) and float(widths[n]) > _WIDE * float(np.median(around))


def _is_even(along_mm: Floats, usual_mm: float, gaps: tuple[int, ...]) -> bool:
    places = even_places(along_mm, usual_mm)
    if (np.delete(np.diff(places), gaps) != 1).any() or (np.diff(places) < 1).any():
        return False
    step, begin = np.polyfit(places, along_mm, 1)
    return float(np.abs(begin + step * places - along_mm).max()) <= position_tolerance_mm(usual_mm)


def even_places(along_mm: Floats, usual_mm: float) -> NDArray[np.int64]:
    """Return the number each slice would have in an even stack that has none missing."""
    steps = np.rint(np.diff(along_mm) / usual_mm).astype(np.int64)
    return np.concatenate([[0], np.cumsum(steps)])
