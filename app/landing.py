"""Where a look begins: at the operation, or inside the structure that was asked for."""

from collections.abc import Sequence

import numpy as np

from planning.geometry.frames import Grid, Vec3, vec3
from planning.geometry.mesh import Mesh
from planning.imaging.first_look import SURE_ENOUGH, spine_seen
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
    """Return where to look first: at the tumour, else amid the cuts, the resected levels or the spine."""
    cuts, anatomy = case.plan.osteotomies, case.anatomy
    tumours = anatomy.of_kind(StructureKind.TUMOUR) if anatomy is not None else ()
    at_tumour = _middle(case, tumours)
    if at_tumour is not None:
        return at_tumour
    if cuts:
        return vec3(sum(o.blade.to_lps([0.0, o.blade.depth_mm / 2, 0.0]) for o in cuts) / len(cuts))
    if anatomy is None:
        return None
    bones = [s for s in anatomy.of_kind(StructureKind.VERTEBRA) if s.level is not None]
    bones.sort(key=lambda s: anatomy.levels.index(str(s.level)))
    resected = [s for s in bones if str(s.level) in case.plan.target_levels]
    bones = resected or bones
    return _middle(case, bones[len(bones) // 2 : len(bones) // 2 + 1])


def spine_lps_mm(case: Case) -> Vec3 | None:
    """Return where the spine is seen in a CT that says no place of its own; reads voxels, so for a job.

    A place to look first and nothing else: no number is made of it.
    """
    image = case.image
    if image is None or image.modality != "CT" or start_lps_mm(case) is not None:
        return None
    seen = spine_seen(image.volume)
    return seen.point_lps_mm if seen is not None and seen.confidence >= SURE_ENOUGH else None


def _middle(case: Case, structures: Sequence[Structure]) -> Vec3 | None:
    """Return the middle of the first structure that has voxels."""
    for structure in structures:
        bounds = structure.mask.bounds_kji
        if bounds is not None and case.anatomy is not None:
            return vec3(case.anatomy.grid.to_lps((np.add(*bounds)[::-1] - 1) / 2))
    return None
