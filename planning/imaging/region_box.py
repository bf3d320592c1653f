"""Boxes of voxels around shapes that are filled onto the image's grid, also where they reach beyond it."""

import math

import numpy as np
from numpy.typing import NDArray

from planning.errors import LabelsRefused
from planning.geometry.frames import Floats, Grid
from planning.imaging.label_mapping import Placed
from planning.imaging.limits import ALWAYS_ALLOWED_BOX_VOXELS, MAX_BOX_VOXELS_PER_IMAGE_VOXEL
from planning.texts import mark

TOO_FAR = mark(
    "{name} reaches so far beyond the image that it cannot belong to it. Check its unit, its axes and which "
    "image it was made on."
)


def box_around(points_lps_mm: Floats, grid: Grid, margin_mm: float, name: str) -> tuple[Grid, list[int]]:
    """Return the grid of a box around points on the lattice of `grid`, and its first index (k, j, i).

    Raises
    ------
    LabelsRefused
        ``LABELS_OUTSIDE`` where the box would hold far more voxels than the image.
    """
    ijk = grid.to_ijk(points_lps_mm)
    margin = margin_mm / np.array(grid.spacing_ijk_mm) + 1.0
    low = np.floor(ijk.min(axis=0) - margin)[::-1]
    shape = np.ceil(ijk.max(axis=0) + margin)[::-1] - low + 1
    allowed = max(ALWAYS_ALLOWED_BOX_VOXELS, MAX_BOX_VOXELS_PER_IMAGE_VOXEL * math.prod(grid.shape_kji))
    if not np.isfinite(shape).all() or float(np.prod(shape)) > allowed:
        raise LabelsRefused("LABELS_OUTSIDE", TOO_FAR, name=name)
    k, j, i = (int(n) for n in shape)
    start = [int(n) for n in low]
    return grid.cropped((start[0], start[1], start[2]), (k, j, i)), start


def placed_in(voxels_kji: NDArray[np.bool_], low_kji: list[int], grid: Grid) -> Placed:
    """Return the part of a box that lies in the image, with how much of it does."""
    keep, start = [], []
    for low, size, limit in zip(low_kji, voxels_kji.shape, grid.shape_kji, strict=True):
        first, last = max(low, 0), min(low + size, limit)
        keep.append(slice(first - low, max(first, last) - low))
        start.append(first if last > first else 0)
    part = voxels_kji[tuple(keep)].view("u1")
    inside, total = int(np.count_nonzero(part)), int(np.count_nonzero(voxels_kji))
    return Placed(part, (start[0], start[1], start[2]), exact=True, inside=inside, total=total)
