"""The plan's blades on a voxel grid."""

from collections.abc import Sequence

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Grid
from planning.kernel.voxel_graph import Slabs


def slabs_on(grid: Grid, blades: Sequence[Blade]) -> Slabs:
    """Return the swept slabs of `blades` in the grid's index coordinates.

    The outermost voxels of the grid are never concerned: a field is padded with empty ones.
    """
    count = len(blades)
    frames = np.zeros((count, 3, 4))
    low, high = np.ones((count, 3), dtype=np.int32), np.zeros((count, 3), dtype=np.int32)
    outlines, starts = [np.zeros((0, 2))], np.zeros(count + 1, dtype=np.int32)
    last = np.asarray(grid.shape_kji[::-1]) - 2
    for m, blade in enumerate(blades):
        frames[m, :, :3] = blade.axes @ grid.lps_from_ijk[:3, :3]
        frames[m, :, 3] = blade.to_local(grid.lps_from_ijk[:3, 3])
        outlines.append(blade.outline_mm)
        starts[m + 1] = starts[m] + len(blade.outline_mm)
        corners = grid.to_ijk(slab_corners_lps_mm(blade))
        low[m] = np.maximum(np.floor(corners.min(axis=0)) - 1, 1)
        high[m] = np.minimum(np.ceil(corners.max(axis=0)) + 1, last)
    half = np.array([blade.kerf_mm / 2 for blade in blades], dtype=np.float64)
    return Slabs(frames, half, np.concatenate(outlines), starts, low, high)


def slab_corners_lps_mm(blade: Blade) -> Floats:
    """Return the corners of both faces of a blade's swept slab, shape (2 n, 3)."""
    outline = blade.outline_mm
    faces = [np.column_stack([outline, np.full(len(outline), s * blade.kerf_mm / 2)]) for s in (-1, 1)]
    return blade.to_lps(np.concatenate(faces))
