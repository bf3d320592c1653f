"""Where structures run out of the image or of their label map, and what that forbids to say."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats, Grid
from planning.model.mask import Mask

_MOST_POINTS: Final = 400
_NEARLY_VOXELS: Final = 1  # resampling may round a label map's end by one voxel
Extent = tuple[tuple[int, int, int], tuple[int, int, int]]
Sides = frozenset[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class CutFaces:
    """The faces with which a structure touches the border of its image or of its label map.

    Parameters
    ----------
    points_lps_mm : array, shape (n, 3)
        Points of the touching voxels' outer faces; none where the structure ends inside the image.
    slack_mm : float
        No point of those faces is further than this from the nearest of the points.
    sides : frozenset of (axis, end)
        Which sides of the image they lie on: axis 0, 1, 2 for k, j, i; end 0 for the first, 1 for the
        last voxel.
    """

    points_lps_mm: Floats
    slack_mm: float
    sides: Sides = frozenset()


def cut_faces_of(mask: Mask, grid: Grid, label_extent_kji: Extent | None = None) -> CutFaces:
    """Return where a structure touches a border beyond which it may go on.

    Parameters
    ----------
    mask : Mask
    grid : Grid
    label_extent_kji : pair of indices or None
        `Structure.label_extent_kji`: a label map that ends inside the image cuts as the image does.
    """
    bounds = mask.bounds_kji
    if bounds is None:
        return CutFaces(np.zeros((0, 3)), 0.0)
    points: list[Floats] = []
    sides: set[tuple[int, int]] = set()
    slack_mm = 0.0
    for axis in range(3):
        for end, border in ((0, 0), (1, grid.shape_kji[axis])):
            reached = bounds[end][axis]
            if reached == border:
                sides.add((axis, end))
            elif label_extent_kji is None or abs(reached - label_extent_kji[end][axis]) > _NEARLY_VOXELS:
                continue
            found, slack = _face(mask, grid, axis, end, reached)
            points.append(found)
            slack_mm = max(slack_mm, slack)
    return CutFaces(np.concatenate(points) if points else np.zeros((0, 3)), slack_mm, frozenset(sides))


def sides_left(corners_lps_mm: Floats, grid: Grid) -> Sides:
    """Return the sides of the image beyond which any of the corners of a slab lie."""
    before, behind = _beyond(corners_lps_mm, grid)
    return frozenset(
        (axis, end)
        for end, beyond in enumerate((before, behind))
        for axis in range(3)
        if beyond[:, axis].any()
    )


def is_outside(corners_lps_mm: Floats, grid: Grid) -> bool:
    """Whether a slab lies wholly beyond one side of the image."""
    return any(bool(beyond.all(axis=0).any()) for beyond in _beyond(corners_lps_mm, grid))


def _beyond(corners_lps_mm: Floats, grid: Grid) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say for each corner and axis (k, j, i) whether it lies before the first, or behind the last face."""
    kji = grid.to_ijk(corners_lps_mm)[:, ::-1]
    slack = 1e-9 * np.array(grid.shape_kji)  # a blade that ends exactly on the border does not leave
    return kji < -0.5 - slack, kji > np.array(grid.shape_kji) - 0.5 + slack


def _face(mask: Mask, grid: Grid, axis: int, end: int, border: int) -> tuple[Floats, float]:
    index = border - end
    start, shape = [0, 0, 0], list(grid.shape_kji)
    start[axis], shape[axis] = index, 1
    layer = mask.box((start[0], start[1], start[2]), (shape[0], shape[1], shape[2]))
    touching = np.argwhere(layer).astype(np.float64)
    stride = int(np.ceil(np.sqrt(len(touching) / _MOST_POINTS)))
    if stride > 1:
        # One voxel for each square of `stride` voxels that holds any.
        _, first = np.unique(touching // stride, axis=0, return_index=True)
        touching = touching[first]
    touching[:, axis] = border - 0.5
    edges = np.array(grid.spacing_ijk_mm[::-1])
    edges[axis] = 0.0
    return grid.to_lps(touching[:, ::-1]), float(np.linalg.norm(edges) * stride)
