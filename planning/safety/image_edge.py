"""Where structures run out of the image, and what that forbids to say."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from planning.geometry.frames import Floats, Grid
from planning.model.mask import Mask

_MOST_POINTS: Final = 400


@dataclass(frozen=True, eq=False)
class CutFaces:
    """The faces with which a structure touches the border of its image.

    Parameters
    ----------
    points_lps_mm : array, shape (n, 3)
        Points of the touching voxels' outer faces; none where the structure ends inside the image.
    slack_mm : float
        No point of those faces is further than this from the nearest of the points.
    """

    points_lps_mm: Floats
    slack_mm: float


def cut_faces_of(mask: Mask, grid: Grid) -> CutFaces:
    """Return where a structure touches the image's border: outside it the structure may go on."""
    bounds = mask.bounds_kji
    if bounds is None:
        return CutFaces(np.zeros((0, 3)), 0.0)
    points: list[Floats] = []
    slack_mm = 0.0
    for axis in range(3):
        for at_end, border in ((0, 0), (1, grid.shape_kji[axis])):
            if bounds[at_end][axis] == border:
                found, slack = _face(mask, grid, axis, border)
                points.append(found)
                slack_mm = max(slack_mm, slack)
    return CutFaces(np.concatenate(points) if points else np.zeros((0, 3)), slack_mm)


def _face(mask: Mask, grid: Grid, axis: int, border: int) -> tuple[Floats, float]:
    index = max(border - 1, 0)
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
