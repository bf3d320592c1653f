"""Where a flight to a structure ends: inside it, as near its middle as it has tissue."""

import numpy as np

from planning.geometry.frames import Grid, Vec3, vec3
from planning.geometry.mesh import Mesh
from planning.model.structures import Structure


def landing_lps_mm(structure: Structure, mesh: Mesh, grid: Grid) -> Vec3:
    """Return the middle of a structure, or of a bent one the point of its surface nearest to it.

    Parameters
    ----------
    structure : Structure
    mesh : Mesh
        Its surface, with at least one vertex.
    grid : Grid
        The grid of its mask.
    """
    points = mesh.vertices_lps_mm.astype(np.float64)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    i, j, k = np.rint(grid.to_ijk(middle)).astype(int).tolist()
    if structure.mask.box((k, j, i), (1, 1, 1)).all():
        return vec3(middle)
    return vec3(points[np.argmin(((points - middle) ** 2).sum(axis=1))])
