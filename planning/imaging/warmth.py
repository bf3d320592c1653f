"""Touches every compiled kernel of the importers once, so that nobody waits for the first structures."""

import numpy as np

from planning.geometry.frames import Grid
from planning.imaging.contour_planes import filled, stacked
from planning.kernel.mesh_fill import filled_mesh
from planning.progress import silent

_SQUARE = np.array([(1.2, 1.2), (5.7, 1.2), (5.7, 5.7), (1.2, 5.7)])


def touch_every_kernel() -> None:
    """Fill a box drawn by contours between the slices, one with a hole, and a tetrahedron."""
    grid = Grid((8, 8, 8), np.eye(4))
    contours = [np.column_stack([_SQUARE, np.full(4, at)]) for at in (1.5, 3.1, 4.7)]
    contours.append(np.column_stack([0.5 * _SQUARE + 1.5, np.full(4, 3.1)]))
    stack = stacked(contours, False, grid)
    if stack is not None:
        filled(stack, grid, 2.0, silent)
    corners = np.array([(1.5, 1.5, 1.5), (6.5, 1.5, 1.5), (1.5, 6.5, 1.5), (1.5, 1.5, 6.5)])
    faces = np.array([(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)], dtype=np.int32)
    filled_mesh(corners, faces, grid.shape_kji)
