"""How sure a distance is: sigma from segmentation, registration and execution (INTERCHANGE section 3)."""

import math
from typing import Final

from planning.geometry.frames import Grid
from planning.model.structures import Structure

FIVE_PERCENT_QUANTILE: Final = 1.645
"""One-sided 5 % quantile of the normal distribution, INTERCHANGE section 3."""


def segmentation_sigma_mm(grid: Grid, structure: Structure, stated_mm: float | None = None) -> float:
    """Return sigma_seg: half of the largest voxel edge unless stated.

    A structure segmented at a coarser resolution than its image is no surer than that resolution,
    whatever the image's voxels (CLINICAL 7).
    """
    if stated_mm is not None:
        return stated_mm
    return max(grid.largest_voxel_edge_mm, structure.effective_resolution_mm or 0.0) / 2


def combined_sigma_mm(segmentation_mm: float, registration_mm: float, execution_mm: float) -> float:
    """Return the root of the sum of squares of the three independent parts."""
    return math.sqrt(segmentation_mm**2 + registration_mm**2 + execution_mm**2)


def lower_bound_mm(value_mm: float, sigma_mm: float) -> float:
    """Return the 5 % lower bound of a distance, ``value - 1.645 sigma``."""
    return value_mm - FIVE_PERCENT_QUANTILE * sigma_mm
