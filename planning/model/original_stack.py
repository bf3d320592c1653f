"""How the slices of an image lay before it was put onto a regular grid."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from planning.geometry.coverage import Coverage
from planning.geometry.frames import Grid, Vec3

_DIGITS: Final = 6  # what is left of rounding in the arithmetic must not make an upright stack lean


@dataclass(frozen=True)
class OriginalStack:
    """The slices of a tilted or uneven series as they were acquired: enough to go back to them.

    Parameters
    ----------
    positions_lps_mm : tuple of Vec3
        Centre of the first pixel of each slice, in order along the stack.
    row_lps, column_lps : Vec3
        Directions to the next column and to the next row, as the first slice states them.
    spacing_ij_mm : (float, float)
        Distance between columns, then between rows.
    columns, rows : int
    sop_instance_uids : tuple of str
        One for each slice; empty where unknown or where frames share one.
    frames : tuple of int
        Number of each slice within a multi-frame object, from 0; all 0 for single slices.
    gaps : tuple of int
        Where slices are missing: n is between slice n and n + 1.
    """

    positions_lps_mm: tuple[Vec3, ...]
    row_lps: Vec3
    column_lps: Vec3
    spacing_ij_mm: tuple[float, float]
    columns: int
    rows: int
    sop_instance_uids: tuple[str, ...] = ()
    frames: tuple[int, ...] = ()
    gaps: tuple[int, ...] = ()

    def coverage(self, grid: Grid) -> Coverage:
        """Return which part of the grid, made from these slices, was really imaged."""
        ijk = np.round(grid.to_ijk(np.array(self.positions_lps_mm)), _DIGITS)
        places_k = ijk[:, 2]
        slopes = [round(float(np.polyfit(places_k, ijk[:, axis], 1)[0]), _DIGITS) + 0.0 for axis in range(2)]
        leaning = ijk[:, :2] - np.outer(places_k, slopes)
        # Slices that stray from the line leave less than all of them hold.
        low = leaning.max(axis=0)
        high = leaning.min(axis=0) + np.array([self.columns - 1, self.rows - 1])
        gaps = tuple((float(places_k[n]), float(places_k[n + 1])) for n in self.gaps)
        return Coverage(
            (float(low[0]), float(low[1])), (float(high[0]), float(high[1])), (slopes[0], slopes[1]), gaps
        )
