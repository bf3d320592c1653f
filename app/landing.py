"""Where a look begins: at the operation, or inside the structure that was asked for."""

import numpy as np

from planning.geometry.frames import Grid, Vec3, vec3
from planning.geometry.mesh import Mesh
from planning.model.case import Case
from planning.model.structures import Structure, StructureKind


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


def start_lps_mm(case: Case) -> Vec3 | None:
    """Return where to look first: amid the cuts, else at the tumour, else at the middle of the spine."""
    cuts, anatomy = case.plan.osteotomies, case.anatomy
    if cuts:
        return vec3(sum(o.blade.to_lps([0.0, o.blade.depth_mm / 2, 0.0]) for o in cuts) / len(cuts))
    if anatomy is None:
        return None
    bones = [s for s in anatomy.of_kind(StructureKind.VERTEBRA) if s.level is not None]
    bones.sort(key=lambda s: anatomy.levels.index(str(s.level)))
    found = [*anatomy.of_kind(StructureKind.TUMOUR), *bones[len(bones) // 2 : len(bones) // 2 + 1]]
    boxes = [(s.mask.bounds_kji, anatomy.grid) for s in found if s.mask.bounds_kji is not None]
    if not boxes or boxes[0][0] is None:
        return None
    (low, high), grid = boxes[0]
    return vec3(grid.to_lps((np.add(low, high)[::-1] - 1) / 2))
