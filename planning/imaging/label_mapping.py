"""Bring the voxels of a label map onto the grid of an image.

Where the two grids differ only by order, direction and start of their axes, every voxel is carried
over as it is. Otherwise each image voxel takes the label at its centre (nearest neighbour).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from planning.geometry.frames import Grid
from planning.model.mask import Mask
from planning.progress import Progress
from planning.texts import tr

Labels = NDArray[np.integer[Any]]
_SAME_VOXEL: Final = 0.02


@dataclass(frozen=True)
class Placed:
    """Labels on the image's axes.

    Parameters
    ----------
    voxels_kji : array of int
        Only the part that overlaps the image.
    start_kji : tuple of int
        Where that part begins in the image.
    exact : bool
        Whether voxels were carried over one to one.
    inside, total : int
        Labelled voxels of the map inside the image, and all of them.
    """

    voxels_kji: Labels
    start_kji: tuple[int, int, int]
    exact: bool
    inside: int
    total: int


def place(labels_kji: Labels, source: Grid, target: Grid, progress: Progress) -> Placed:
    """Return the labels on the axes of `target`; `labels_kji` lies on `source`."""
    transform = target.ijk_from_lps @ source.lps_from_ijk
    whole = np.rint(transform)
    axes = np.abs(whole[:3, :3])
    permutes = bool((axes.sum(axis=0) == 1).all() and (axes.sum(axis=1) == 1).all())
    if permutes and _apart(transform, whole, source) <= _SAME_VOXEL:
        return _carried_over(labels_kji, whole.astype(np.int64), target)
    return _resampled(labels_kji, source, target, progress)


def masks_of(placed: Placed, shape_kji: tuple[int, int, int]) -> Iterator[tuple[int, Mask]]:
    """Return the mask of every label value that has voxels in the image, by rising value."""
    empty = Mask(shape_kji)
    if not placed.voxels_kji.size:
        return
    for n, box in enumerate(ndimage.find_objects(placed.voxels_kji)):
        if box is not None:
            start = tuple(s + part.start for s, part in zip(placed.start_kji, box, strict=True))
            yield n + 1, empty.with_box(start, placed.voxels_kji[box] == n + 1)


def cut_short(labels_kji: Labels, source: Grid, target: Grid) -> frozenset[int]:
    """Return the values that touch the border of their map where the image goes on beyond it.

    What they mean may go on there too, unlabelled.
    """
    found: set[int] = set()
    for axis in range(3):
        for end, beyond in ((0, -1), (-1, source.shape_kji[axis])):
            face = np.take(labels_kji, [end], axis=axis)
            kji = np.argwhere(face)
            values = face[tuple(kji.T)]
            kji[:, axis] = beyond
            inside = target.contains(source.to_lps(kji[:, ::-1])) if len(kji) else np.zeros(0, bool)
            found |= {int(value) for value in np.unique(values[inside])}
    return frozenset(found)


def _apart(one: NDArray[np.float64], other: NDArray[np.float64], source: Grid) -> float:
    """Return how far two index transforms take a corner of the source apart, in voxels."""
    ends = [(0, n - 1) for n in source.shape_kji[::-1]]
    corners = np.stack(np.meshgrid(*ends, indexing="ij"), -1).reshape(-1, 3)
    points = np.column_stack([corners, np.ones(len(corners))])
    return float(np.abs(points @ (one - other).T).max())


def _carried_over(labels_kji: Labels, transform: NDArray[np.int64], target: Grid) -> Placed:
    """Turn and flip the array; no voxel changes its value."""
    linear, offset_ijk = transform[:3, :3], transform[:3, 3]
    from_axis_ijk = np.abs(linear).argmax(axis=1)
    turned = labels_kji.transpose([2 - int(from_axis_ijk[2 - axis]) for axis in range(3)])
    flips = [bool(linear[2 - axis].sum() < 0) for axis in range(3)]
    turned = turned[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    start = [int(offset_ijk[2 - axis]) - (turned.shape[axis] - 1 if flips[axis] else 0) for axis in range(3)]
    keep, first = [], []
    for begin, size, limit in zip(start, turned.shape, target.shape_kji, strict=True):
        low, high = max(begin, 0), min(begin + size, limit)
        keep.append(slice(low - begin, max(low, high) - begin))
        first.append(low if high > low else 0)
    part = turned[tuple(keep)]
    inside, total = int(np.count_nonzero(part)), int(np.count_nonzero(labels_kji))
    return Placed(part, (first[0], first[1], first[2]), exact=True, inside=inside, total=total)


def _resampled(labels_kji: Labels, source: Grid, target: Grid, progress: Progress) -> Placed:
    """Give each image voxel near the labels the label at its centre."""
    box = _box_of(labels_kji != 0)
    inside, total = _count_inside(labels_kji, source, target)
    low, high = _target_box(box, source, target)
    shape = np.maximum(high - low, 0)
    result = np.zeros(shape, dtype=labels_kji.dtype)
    back = source.ijk_from_lps @ target.lps_from_ijk
    j, i = np.meshgrid(np.arange(low[1], high[1]), np.arange(low[2], high[2]), indexing="ij")
    limits = np.array(source.shape_kji[::-1])[:, None, None]
    for n in range(int(shape[0])):
        progress(n / int(shape[0]), tr("Placing labels"))
        points = np.stack([i, j, np.full_like(i, low[0] + n)])
        index = np.floor(np.einsum("ab,bji->aji", back[:3, :3], points) + back[:3, 3, None, None] + 0.5)
        valid = ((index >= 0) & (index < limits)).all(axis=0)
        a, b, c = index[:, valid].astype(np.intp)
        result[n][valid] = labels_kji[c, b, a]
    start = (int(low[0]), int(low[1]), int(low[2]))
    return Placed(result, start, exact=False, inside=inside, total=total)


def _box_of(filled: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return first and last index along k, j, i of the filled voxels, shape (2, 3)."""
    ends = []
    for axis in range(3):
        used = np.flatnonzero(filled.any(axis=tuple(a for a in range(3) if a != axis)))
        ends.append((int(used[0]), int(used[-1])) if len(used) else (0, -1))
    return np.array(ends, dtype=np.int64).T


def extent_in(source: Grid, target: Grid) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return the part of the target a label map covers: first index and one past the last, (k, j, i)."""
    whole = np.array([(0, n - 1) for n in source.shape_kji], dtype=np.int64).T
    low, high = _target_box(whole, source, target)
    return (int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2]))


def _target_box(box_kji: NDArray[np.int64], source: Grid, target: Grid) -> tuple[NDArray[np.int64], ...]:
    """Return the part of the target, first index and one past the last, that the box may touch."""
    edges = [(first - 0.5, last + 0.5) for first, last in box_kji.T[::-1]]
    corners = np.stack(np.meshgrid(*edges, indexing="ij"), -1).reshape(-1, 3)
    there = target.to_ijk(source.to_lps(corners))[:, ::-1]
    shape = np.array(target.shape_kji)
    low = np.clip(np.floor(there.min(axis=0)), 0, shape).astype(np.int64)
    high = np.clip(np.ceil(there.max(axis=0)) + 1, low, shape).astype(np.int64)
    return low, high


def _count_inside(labels_kji: Labels, source: Grid, target: Grid) -> tuple[int, int]:
    inside = total = 0
    for k, plane in enumerate(labels_kji):
        j, i = np.nonzero(plane)
        if len(j):
            points = source.to_lps(np.column_stack([i, j, np.full(len(i), k)]))
            inside += int(target.contains(points).sum())
            total += len(j)
    return inside, total
