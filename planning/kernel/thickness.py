"""How thick a mask is, in its own voxels: whether its grid can hold its shape at all.

A shape thinner than the grid is fine may lie unseen between the voxels' centres. What is seen of it still
tells how thick it is: its volume along a stretch, and how wide it is across the finely sampled axes.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from planning.geometry.frames import Floats

Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]

_WINDOW_EDGES: Final = 2.5  # how far round a place its thickness is measured, in largest voxel edges
_FLAT: Final = 2.0  # wider than this many times its thickness, a stretch is a plate and no tube
_MOST_PARTS: Final = 32
_MOST_WAYS: Final = 100


def thin_voxels(voxels_kji: Bools) -> Bools:
    """Return the voxels of a mask more than one voxel away from every block of 2 x 2 x 2 of its voxels."""
    room = np.pad(voxels_kji, 3)
    solid = room
    for axis in range(3):
        solid = solid & _shifted(solid, axis, 1)
    # A block's voxels lie at its first voxel and the next along each axis; their neighbours one further.
    for axis in range(3):
        near = solid.copy()
        for step in (1, -1, -2):
            near |= _shifted(solid, axis, step)
        solid = near
    inner = (slice(3, -3),) * 3
    return np.asarray((room & ~solid)[inner])


def _shifted(voxels: Bools, axis: int, by: int) -> Bools:
    return np.roll(voxels, -by, axis=axis)


def widths_mm(voxels_kji: Bools, at_kji: Indices, spacing_kji_mm: Floats) -> Floats:
    """Return how thick a mask is round each of some voxels, in mm.

    The smallest of: the diameter of the tube that has the volume found in a ball round the voxel; the
    width across, seen along the coarsest axis; and, where that is a plate, its thickness.

    Parameters
    ----------
    voxels_kji : array of bool
    at_kji : array of int, shape (m, 3)
    spacing_kji_mm : array, shape (3,)
    """
    coarsest = int(np.argmax(spacing_kji_mm))
    reach_mm = _WINDOW_EDGES * float(spacing_kji_mm[coarsest])
    half = np.ceil(reach_mm / spacing_kji_mm).astype(int)
    room = np.pad(voxels_kji, [(n, n) for n in half])
    offsets = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in half], indexing="ij"), axis=-1)
    offsets_mm = offsets * spacing_kji_mm
    ball = (offsets_mm**2).sum(axis=-1) <= reach_mm**2
    fine = [axis for axis in range(3) if axis != coarsest]
    widths = np.empty(len(at_kji))
    for n, (k, j, i) in enumerate(at_kji):
        seen = room[k : k + 2 * half[0] + 1, j : j + 2 * half[1] + 1, i : i + 2 * half[2] + 1] & ball
        points_mm = offsets_mm[seen]
        spread = np.cov(points_mm.T, bias=True) + np.diag(spacing_kji_mm**2 / 12)
        across = float(np.sqrt(12 * np.linalg.eigvalsh(spread[np.ix_(fine, fine)])[0]))
        least, middle, _ = np.sqrt(12 * np.linalg.eigvalsh(spread))
        tube = _tube_diameter(len(points_mm) * float(np.prod(spacing_kji_mm)), reach_mm)
        widths[n] = min(across, tube, float(least) if middle > _FLAT * least else np.inf)
    return widths


def _tube_diameter(volume_mm3: float, reach_mm: float) -> float:
    """Return the diameter of the tube that takes this volume of a ball round a point of its axis."""
    left = max(reach_mm**3 - 3 * volume_mm3 / (4 * np.pi), 0.0) ** (2 / 3)
    return float(2 * np.sqrt(max(reach_mm**2 - left, 0.0)))


@dataclass(frozen=True, eq=False)
class Break:
    """A gap between two parts of a mask, in its voxels.

    Parameters
    ----------
    length_mm : float
        Between the nearest voxels of the two.
    width_mm : float
        How wide the wider part is beside the gap, told no further than twice the gap's length.
    ways_kji : array of int, shape (n, 2, 3)
        The nearest voxels first, then others that face each other across the gap.
    """

    length_mm: float
    width_mm: float
    ways_kji: Indices


def breaks(voxels_kji: Bools, spacing_kji_mm: Floats) -> list[Break]:
    """Return the shortest gaps that would, once bridged, join all parts of a mask into one.

    Voxels that share a corner are in one part; of many parts only the largest are looked at.
    """
    labels, many = ndimage.label(voxels_kji, np.ones((3, 3, 3)))
    if many < 2:
        return []
    depths_mm = ndimage.distance_transform_edt(np.pad(voxels_kji, 1), sampling=spacing_kji_mm)[
        1:-1, 1:-1, 1:-1
    ]
    sizes = np.bincount(labels.ravel(), minlength=many + 1)[1:]
    largest = np.argsort(-sizes, kind="stable")[:_MOST_PARTS] + 1
    parts = [np.argwhere(labels == p) for p in largest]
    trees = [cKDTree(at * spacing_kji_mm) for at in parts]
    apart = {}
    for one, other in combinations(range(len(parts)), 2):
        distances, _ = trees[other].query(parts[one] * spacing_kji_mm)
        apart[one, other] = float(distances.min())
    joined, found = {0}, []
    while len(joined) < len(parts):
        edge = min((e for e in apart if (e[0] in joined) != (e[1] in joined)), key=apart.__getitem__)
        found.append(_break(parts[edge[0]], parts[edge[1]], trees[edge[1]], depths_mm, spacing_kji_mm))
        joined |= set(edge)
    return found


def _break(one: Indices, other: Indices, tree: cKDTree, depths_mm: Floats, spacing_kji_mm: Floats) -> Break:
    """Return the gap between the voxels of two parts, shape (n, 3) each; `tree` holds the other's, in mm."""
    distances, ends = tree.query(one * spacing_kji_mm)
    n = int(np.argmin(distances))
    length_mm = float(distances[n])
    beside = 0.0
    for part, end in ((one, one[n]), (other, other[ends[n]])):
        near = np.linalg.norm((part - end) * spacing_kji_mm, axis=1) <= length_mm
        beside = max(beside, float(depths_mm[tuple(part[near].T)].max()))
    facing = np.flatnonzero(distances <= length_mm + beside)
    facing = np.concatenate(
        [[n], facing[np.linspace(0, len(facing) - 1, min(len(facing), _MOST_WAYS)).astype(int)]]
    )
    return Break(length_mm, 2 * beside, np.stack([one[facing], other[ends[facing]]], axis=1))
