"""Points all over a specimen's surface: on the faces its cuts leave, and on its own outer surface.

* A cut face is a face of a swept slab, as far as the piece lies right behind it. Where a blade passes
  through a disc that is not segmented, the disc's half leaves with the specimen: there the face
  counts as far as it lies between the two vertebrae, and the endplate behind it does not.
* The rest is the outer surface of the piece's own bones and tumour. Surfaces inside the piece, such
  as endplates that an intact disc joins, do not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats
from planning.kernel.slab_volume import PLAN_TUMOUR
from planning.kernel.surface import Smoothing, surface_of
from planning.kernel.voxel_graph import segments_cut
from planning.model.osteotomy import Osteotomy
from planning.model.plan import Plan
from planning.model.structures import StructureKind
from planning.resection.ground import Ground
from planning.resection.joints import Joint
from planning.resection.links import LinkKind
from planning.resection.pieces import RawPiece, Resection
from planning.resection.slabs import slabs_on

SAMPLE_MM: Final = 0.5
"""Spacing of points on cut faces; a smallest distance between them is missed by some 0.01 mm."""

_NEIGHBOURS: Final = 32  # triangles: some four voxels across


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """Points on one part of a specimen's surface.

    Parameters
    ----------
    points_lps_mm : array, shape (n, 3)
    outward_lps : array, shape (n, 3)
        Which way the surface looks, averaged over a few voxels so that voxel steps do not count.
    area_mm2 : array, shape (n,)
    sick : array of bool, shape (n,)
        Whether tumour itself is the surface there.
    osteotomy : Osteotomy or None
        Whose face this is; None for the piece's own surface.
    """

    points_lps_mm: Floats
    outward_lps: Floats
    area_mm2: Floats
    sick: NDArray[np.bool_]
    osteotomy: Osteotomy | None


def surface_points(resection: Resection, piece: RawPiece, plan: Plan) -> tuple[SurfacePoints, ...]:
    """Return points all over the surface of a piece: one set per cut face, one for the rest."""
    ground = resection.ground
    if ground is None:
        return ()
    gaps = _gaps(ground, resection, piece, plan)
    faces = []
    for n, osteotomy in enumerate(plan.osteotomies):
        for side in (1.0, -1.0):
            face = _face(resection, piece, osteotomy, side, gaps[n])
            if face is not None:
                faces.append(face)
    hidden = [gap for gap in gaps.values() if len(gap)] + _inner_contacts(ground, resection, piece, plan)
    return (*faces, _own_surface(ground, resection, piece, hidden))


def labels_at(resection: Resection, points_lps_mm: Floats) -> NDArray[np.uint16]:
    """Return the piece label of the voxel each point lies in; 0 outside."""
    k, j, i, inside = _voxels_at(resection, points_lps_mm)
    return np.where(inside, resection.pieces_kji[k, j, i], np.uint16(0))


def _voxels_at(
    resection: Resection, points_lps_mm: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    ijk = np.rint(resection.grid.to_ijk(points_lps_mm)).astype(np.int64)
    size = np.asarray(resection.grid.shape_kji[::-1])
    inside = np.asarray(((ijk >= 0) & (ijk < size)).all(axis=-1))
    ijk = np.clip(ijk, 0, size - 1)
    return ijk[..., 2], ijk[..., 1], ijk[..., 0], inside


def _face(
    resection: Resection, piece: RawPiece, osteotomy: Osteotomy, side: float, gap_lps_mm: Floats
) -> SurfacePoints | None:
    """Return the points of one face of a slab that the piece lies behind, or None."""
    blade = osteotomy.blade
    ab = _spread(blade)
    flat = blade.to_lps(np.column_stack([ab, np.full(len(ab), side * blade.kerf_mm / 2)]))
    inward = side * np.asarray(blade.normal_lps)
    behind = _first_label(resection, flat, inward) == piece.label
    if len(gap_lps_mm):
        edge = resection.grid.largest_voxel_edge_mm
        gap = blade.to_local(gap_lps_mm)
        on_side = gap[gap[:, 2] * side > 0]
        if len(on_side):
            near = cKDTree(on_side[:, :2]).query(ab)[0] <= edge
            behind |= near & (_first_label(resection, flat, inward) == 0)
    if not behind.any():
        return None
    count = int(behind.sum())
    return SurfacePoints(
        flat[behind],
        np.tile(-inward, (count, 1)),
        np.full(count, SAMPLE_MM**2),
        np.zeros(count, bool),
        osteotomy,
    )


def _spread(blade: Blade) -> Floats:
    """Return points (a, b) every `SAMPLE_MM` over the blade's region."""
    outline = blade.outline_mm
    low, high = outline.min(axis=0), outline.max(axis=0)
    steps = [np.arange(lo + SAMPLE_MM / 2, hi, SAMPLE_MM) for lo, hi in zip(low, high, strict=True)]
    ab = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2)
    return ab[in_region(outline, ab)]


def in_region(outline: Floats, ab: Floats) -> NDArray[np.bool_]:
    """Say which points (a, b), shape (n, 2), lie in a polygon, shape (m, 2)."""
    inside = np.zeros(len(ab), dtype=bool)
    for (a0, b0), (a1, b1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        between = (b0 > ab[:, 1]) != (b1 > ab[:, 1])
        rise = b1 - b0 if b1 != b0 else 1.0
        inside ^= between & (ab[:, 0] < a0 + (ab[:, 1] - b0) * (a1 - a0) / rise)
    return inside


def _first_label(resection: Resection, points_lps_mm: Floats, inward_lps: Floats) -> NDArray[np.uint16]:
    """Return the label of the first piece met within one voxel behind each point."""
    edges = resection.grid.spacing_ijk_mm
    first = np.zeros(len(points_lps_mm), dtype=np.uint16)
    for depth in np.arange(0.02, max(edges), 0.25 * min(edges)):
        here = labels_at(resection, points_lps_mm + depth * inward_lps)
        first = np.where(first == 0, here, first)
    return first


def _gaps(ground: Ground, resection: Resection, piece: RawPiece, plan: Plan) -> dict[int, Floats]:
    """Return, per cut, the piece's endplate voxels (LPS) from which it parts an unsegmented disc."""
    slabs = slabs_on(ground.tissue.grid, [o.blade for o in plan.osteotomies])
    found: dict[int, list[Floats]] = {n: [np.zeros((0, 3))] for n in range(len(plan.osteotomies))}
    for joint in ground.joints:
        if joint.kind is not LinkKind.DISC or _has_disc(ground, joint):
            continue
        cuts = segments_cut(joint.starts_ijk, joint.ends_ijk, slabs)
        for flat, ijk in ((joint.flat_a, joint.starts_ijk), (joint.flat_b, joint.ends_ijk)):
            mine = resection.pieces_kji.reshape(-1)[flat] == piece.label
            for n, parts in found.items():
                parts.append(ground.tissue.grid.to_lps(ijk[mine & cuts[:, n]]))
    return {n: np.concatenate(parts) for n, parts in found.items()}


def _has_disc(ground: Ground, joint: Joint) -> bool:
    return any(ground.tissue.bones[n - 1].kind is StructureKind.DISC for n in joint.bones)


def _inner_contacts(ground: Ground, resection: Resection, piece: RawPiece, plan: Plan) -> list[Floats]:
    """Return voxels (LPS) where intact links join the piece to itself."""
    inner = []
    labels = resection.pieces_kji.reshape(-1)
    own = {link.id for link in resection.links if link.holds and (piece.id, piece.id) in link.joins}
    slabs = slabs_on(ground.tissue.grid, [o.blade for o in plan.osteotomies])
    for joint in ground.joints:
        if joint.id in own:
            whole = ~segments_cut(joint.starts_ijk, joint.ends_ijk, slabs).any(axis=1)
            whole &= (labels[joint.flat_a] == piece.label) & (labels[joint.flat_b] == piece.label)
            inner += [ground.tissue.grid.to_lps(ijk[whole]) for ijk in (joint.starts_ijk, joint.ends_ijk)]
    return [points for points in inner if len(points)]


def _own_surface(
    ground: Ground, resection: Resection, piece: RawPiece, hidden: Sequence[Floats]
) -> SurfacePoints:
    """Return the piece's outer surface, cut faces and `hidden` surroundings left out."""
    tissue = ground.tissue
    numbers = [*(tissue.number(b) for b in piece.bones), len(tissue.bones) + 1]
    start, stop = _box(resection, piece)
    window = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    mask = np.isin(tissue.tissue_kji[window], numbers)
    mesh = surface_of(mask, start, tissue.grid, Smoothing.BROAD, _unreduced).mesh
    corners = mesh.vertices_lps_mm[mesh.triangles].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(across, axis=1)
    sound = length > 1e-9
    points, area = corners[sound].mean(axis=1), length[sound] / 2
    outward = across[sound] / length[sound, None]
    edge = min(tissue.grid.spacing_ijk_mm)
    k, j, i, inside = _voxels_at(resection, points - 0.5 * edge * outward)
    empty = tissue.tissue_kji[k, j, i] == 0
    deeper = _voxels_at(resection, points - edge * outward)
    k, j, i = (np.where(empty, b, a) for a, b in zip((k, j, i), deeper[:3], strict=True))
    mine = inside & (resection.pieces_kji[k, j, i] == piece.label)
    for cloud in hidden:
        mine &= (
            cKDTree(cloud).query(points, distance_upper_bound=tissue.grid.largest_voxel_edge_mm)[0] == np.inf
        )
    sick = tissue.tumour_kji[k, j, i] == PLAN_TUMOUR
    looks = _averaged(points, outward * area[:, None], mine)
    return SurfacePoints(points[mine], looks, area[mine], sick[mine], None)


def _averaged(points: Floats, weighted: Floats, wanted: NDArray[np.bool_]) -> Floats:
    """Return unit directions averaged over each wanted point's neighbours."""
    near = cKDTree(points).query(points[wanted], k=min(_NEIGHBOURS, len(points)))[1]
    near = near.reshape(int(wanted.sum()), -1)
    summed = weighted[near].sum(axis=1)
    return np.asarray(summed / np.maximum(np.linalg.norm(summed, axis=1), 1e-9)[:, None])


def _box(resection: Resection, piece: RawPiece) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Return first and last-plus-one index of the piece with some room, inside the grid."""
    ks, js, is_ = np.nonzero(resection.pieces_kji == piece.label)
    room = [int(np.ceil(4.0 / s)) for s in resection.grid.spacing_ijk_mm[::-1]]
    low = [max(int(v.min()) - r, 0) for v, r in zip((ks, js, is_), room, strict=True)]
    high = [
        min(int(v.max()) + r + 1, n)
        for v, r, n in zip((ks, js, is_), room, resection.grid.shape_kji, strict=True)
    ]
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def _unreduced(
    points: NDArray[np.float32], triangles: NDArray[np.int32], reduction: float
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    del reduction
    return points, triangles
