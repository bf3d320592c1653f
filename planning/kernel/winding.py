"""Whether tissue closes round an axis: a walk through it that comes back one whole turn further on.

Every voxel has an angle about the axis. A union-find that keeps the angle between a voxel and its
root meets each pair of joined neighbours once; where two ways to the same voxel differ by a turn,
the tissue is a ring. The shape of the ring, its tilt and its height do not matter.
"""

from typing import Final

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats
from planning.kernel.voxel_graph import KERF, Labels, held

_TURN: Final = 2.0 * np.pi


@nb.njit(nogil=True, cache=True)
def turns_closed(
    angles_kji: Floats,
    tissue_kji: Labels,
    tumour_kji: Labels,
    flags_kji: Labels,
    jumps: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the flat indices of voxels where the tissue closes round the axis; empty where it is open.

    Parameters
    ----------
    angles_kji : array of float64
        Angle about the axis in radians, NaN for voxels that take no part. The outermost voxels
        must be NaN.
    tissue_kji, tumour_kji, flags_kji : array of uint8
        As `planning.kernel.voxel_graph.cut_edges` takes and returns them.
    jumps : array of int64, shape (n, 2)
        Flat indices of voxels that hold together without being neighbours (joints, bonds).
    """
    angles = angles_kji.reshape(-1)
    parent = np.arange(len(angles))
    offset = np.zeros(len(angles))
    closed = []
    nk, nj, ni = angles_kji.shape
    for k in range(1, nk - 1):
        for j in range(1, nj - 1):
            for i in range(1, ni - 1):
                here = (k * nj + j) * ni + i
                for axis in range(3):
                    if _goes_on(angles_kji, tissue_kji, tumour_kji, flags_kji, (k, j, i), axis):
                        there = here + (1, ni, ni * nj)[axis]
                        if _closes(parent, offset, angles, here, there):
                            closed.append(here)
    for n in range(len(jumps)):
        a, b = jumps[n, 0], jumps[n, 1]
        if not (np.isnan(angles[a]) or np.isnan(angles[b])) and _closes(parent, offset, angles, a, b):
            closed.append(a)
    return np.array(closed, dtype=np.int64)


@nb.njit(nogil=True, cache=True)
def _goes_on(
    angles_kji: Floats,
    tissue_kji: Labels,
    tumour_kji: Labels,
    flags_kji: Labels,
    voxel: tuple[int, int, int],
    axis: int,
) -> bool:
    """Say whether a voxel holds to its next along an axis: both take part, and no slab lies between."""
    k, j, i = voxel
    if np.isnan(angles_kji[k, j, i]) or flags_kji[k, j, i] & (KERF | (1 << axis)):
        return False
    z, y, x = k + int(axis == 2), j + int(axis == 1), i + int(axis == 0)
    if np.isnan(angles_kji[z, y, x]) or flags_kji[z, y, x] & KERF:
        return False
    return held(tissue_kji, tumour_kji, k, j, i, z, y, x)


@nb.njit(nogil=True, cache=True)
def _closes(parent: NDArray[np.int64], offset: Floats, angles: Floats, a: int, b: int) -> bool:
    """Join two voxels the short way round; say whether they were joined already a turn apart."""
    step = angles[b] - angles[a]
    step -= _TURN * np.round(step / _TURN)
    root_a, from_a = _root(parent, offset, a)
    root_b, from_b = _root(parent, offset, b)
    if root_a == root_b:
        return bool(abs(from_a + step - from_b) > _TURN / 2)
    parent[root_b] = root_a
    offset[root_b] = from_a + step - from_b
    return False


@nb.njit(nogil=True, cache=True)
def _root(parent: NDArray[np.int64], offset: Floats, voxel: int) -> tuple[int, float]:
    """Return the root of a voxel and the angle walked from it, halving the path on the way."""
    walked = 0.0
    while parent[voxel] != voxel:
        above = parent[voxel]
        if parent[above] != above:
            offset[voxel] += offset[above]
            parent[voxel] = parent[above]
        walked += offset[voxel]
        voxel = parent[voxel]
    return voxel, walked
