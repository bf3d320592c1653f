"""Smooth closed meshes of the pieces, cut as solids; shown only where they agree with the voxels.

Each bone's surface (with the tumour that grew into it) is cut by the kerf slabs as a solid. Every
solid must lie in one voxel piece, every piece must have solids, and their volumes must agree within
`MOST_APART`; otherwise the piece has no mesh and the disagreement is a problem of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from planning.geometry.blade import Blade
from planning.geometry.mesh import Mesh
from planning.kernel.process import Worker
from planning.kernel.solids import SolidPiece, cut_solids, cut_solids_by
from planning.kernel.surface import Smoothing, surface_of
from planning.kernel.voxel_graph import Labels
from planning.model.plan import Plan
from planning.progress import Progress, part
from planning.resection.bonds import SMALLEST_PIECE_MM3
from planning.resection.ground import Ground
from planning.resection.pieces import RawPiece, RawProblem, Resection, Role
from planning.resection.specimen_surface import labels_at
from planning.resection.tissue import points_of
from planning.segmentation.surfaces import Surfaces
from planning.texts import tr

MOST_APART: Final = 0.02
"""Solids and voxel pieces agree within this share of the volume (INTERCHANGE section 3)."""
_ROUNDED_MM3: Final = 20.0  # a smooth surface rounds the corners of a small fragment
_MOST_STEP_MM: Final = 0.2
_MOST_STRAY: Final = 0.1  # share of a solid's surface that may touch voxels of another piece


@dataclass(frozen=True, eq=False)
class PieceMeshes:
    """Meshes by piece id, and where solids and voxels disagree."""

    meshes: Mapping[str, Mesh]
    problems: tuple[RawProblem, ...]


def piece_meshes(
    resection: Resection,
    plan: Plan,
    progress: Progress,
    surfaces: Surfaces | None = None,
    worker: Worker | None = None,
) -> PieceMeshes:
    """Return a closed mesh for every piece whose solids agree with its voxels.

    Parameters
    ----------
    resection : Resection
        Of the same plan.
    plan : Plan
    progress : Progress
    surfaces : Surfaces, optional
        Surfaces of the same anatomy, used for bones no blade comes near.
    worker : Worker, optional
        Cuts in the child process; without it manifold3d holds the interpreter lock here.
    """
    ground = resection.ground
    if ground is None:
        return PieceMeshes({}, ())
    blades = [o.blade for o in plan.osteotomies]
    sources = _sources(ground, blades, surfaces, part(progress, 0.0, 0.6))
    progress(0.6, tr("Cutting the solids"))
    cut = part(progress, 0.6, 0.95)
    solids = cut_solids(sources, blades) if worker is None else cut_solids_by(worker, sources, blades, cut)
    progress(0.95, tr("Cutting the solids"))
    placed, strays = _placed(resection, solids)
    meshes, problems = {}, []
    for piece in resection.pieces:
        mine = placed.get(piece.label, [])
        words = _disagreement(piece, mine, [s for s in strays if piece.label in s])
        if words is not None:
            problems.append(RawProblem("solids_disagree", "warn", words, point_lps_mm=piece.centre_lps_mm))
        elif mine:
            meshes[piece.id] = _together([s.mesh for s in mine])
    return PieceMeshes(meshes, tuple(problems))


def _sources(
    ground: Ground, blades: Sequence[Blade], surfaces: Surfaces | None, progress: Progress
) -> list[Mesh]:
    """Return the uncut surface of every bone in the field, its tumour included."""
    labels = _hosted(ground)
    tissue, meshes = ground.tissue, []
    for number, bone in enumerate(tissue.bones, 1):
        progress(number / len(tissue.bones), tr("Making surfaces"))
        known = surfaces.mesh(bone.id) if surfaces is not None else None
        has_tumour = bool((labels[tissue.tissue_kji != labels] == number).any())
        if known is not None and not has_tumour and not _near_any(known, blades):
            meshes.append(known)
        elif (labels == number).any():
            box = _window(labels == number)
            mask = np.ascontiguousarray(labels[box] == number)
            start = (box[0].start, box[1].start, box[2].start)
            mesh = surface_of(mask, start, tissue.grid, Smoothing.BROAD).mesh
            meshes.append(_with_volume(mesh, float(mask.sum()) * tissue.grid.voxel_volume_mm3))

    return meshes


def _with_volume(mesh: Mesh, volume_mm3: float) -> Mesh:
    """Move a closed surface along its normals by one small distance, so that it encloses a volume.

    Surfaces for distances never bulge over the voxels' steps and so lose volume at edges and corners;
    pieces are compared by volume.
    """
    triangles = mesh.triangles
    for _ in range(3):
        points = mesh.vertices_lps_mm.astype(np.float64)
        corners = points[triangles]
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals = np.zeros_like(points)
        for corner in range(3):
            np.add.at(normals, triangles[:, corner], across)
        normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-12)[:, None]
        area = float(np.linalg.norm(across, axis=1).sum() / 2)
        step = float(np.clip((volume_mm3 - mesh.volume_mm3) / max(area, 1e-9), -_MOST_STEP_MM, _MOST_STEP_MM))
        mesh = Mesh((points + step * normals).astype(np.float32), triangles)
    return mesh


def _hosted(ground: Ground) -> Labels:
    """Return bone numbers with tumour outside bone given to the nearest bone."""
    tissue = ground.tissue
    labels = tissue.tissue_kji.copy()
    lone = np.flatnonzero(labels.reshape(-1) > len(tissue.bones))
    if len(lone) and ground.clouds:
        numbers = list(ground.clouds)
        points = np.concatenate([ground.clouds[n].lps_mm for n in numbers])
        owner = np.repeat(numbers, [len(ground.clouds[n].flat) for n in numbers])
        own = np.isin(labels.reshape(-1)[np.concatenate([ground.clouds[n].flat for n in numbers])], numbers)
        nearest = cKDTree(points[own]).query(points_of(lone, tissue.grid)[1])[1]
        labels.reshape(-1)[lone] = owner[own][nearest]
    return labels


def _near_any(mesh: Mesh, blades: Sequence[Blade]) -> bool:
    low, high = mesh.bounds_lps_mm
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), axis=-1).reshape(-1, 3)
    return any(_box_meets(blade, corners) for blade in blades)


def _box_meets(blade: Blade, corners: NDArray[np.float32]) -> bool:
    local = blade.to_local(corners)
    low, high = local.min(axis=0), local.max(axis=0)
    outline = np.asarray(blade.outline_mm)
    far = blade.kerf_mm / 2
    beside = (high[:2] < outline.min(axis=0)).any() or (low[:2] > outline.max(axis=0)).any()
    return not (beside or high[2] < -far or low[2] > far)


def _window(mask: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    spans = []
    for axis in range(3):
        used = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        spans.append(slice(int(used[0]), int(used[-1]) + 1))
    return spans[0], spans[1], spans[2]


def _placed(
    resection: Resection, solids: Sequence[SolidPiece]
) -> tuple[dict[int, list[SolidPiece]], list[set[int]]]:
    """Return the solids of each piece label, and the labels of solids that lie in several pieces."""
    placed: dict[int, list[SolidPiece]] = {}
    strays = []
    for solid in solids:
        labels, share = _labels_inside(resection, solid.mesh)
        if not len(labels):
            continue
        main = int(labels[np.argmax(share)])
        placed.setdefault(main, []).append(solid)
        others = {int(n) for n, s in zip(labels, share, strict=True) if n != main and s > _MOST_STRAY}
        if others and solid.volume_mm3 >= SMALLEST_PIECE_MM3:
            strays.append({main} | others)
    return placed, strays


def _labels_inside(resection: Resection, mesh: Mesh) -> tuple[NDArray[np.uint16], NDArray[np.float64]]:
    """Return the piece labels right beneath a solid's surface and their shares of its area."""
    corners = mesh.vertices_lps_mm[mesh.triangles].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(across, axis=1)
    inward = -across / np.maximum(area, 1e-12)[:, None]
    beneath = corners.mean(axis=1) + 0.6 * min(resection.grid.spacing_ijk_mm) * inward
    found = labels_at(resection, beneath)
    labels = np.unique(found[found > 0])
    share = np.array([area[found == n].sum() for n in labels])
    return labels, share / max(float(share.sum()), 1e-12)


def _disagreement(piece: RawPiece, solids: Sequence[SolidPiece], strays: Sequence[set[int]]) -> str | None:
    """Return in words how solids and voxels of a piece disagree, or None."""
    if strays:
        return tr(
            "The {piece} is one piece as a solid with its neighbour but not as voxels; it is not drawn.",
            piece=piece.title,
        )
    if not solids:
        return tr("The {piece} exists as voxels but not as a solid; it is not drawn.", piece=piece.title)
    if piece.role is Role.REMAINING:
        # Bones beyond the field are drawn whole, so their volume says nothing.
        return None
    volume = sum(s.volume_mm3 for s in solids)
    if abs(volume - piece.volume_mm3) <= max(MOST_APART * piece.volume_mm3, _ROUNDED_MM3):
        return None
    return tr(
        "The {piece} has {solid} mm³ as a solid, {voxels} mm³ as voxels; over 2 % apart, so not drawn.",
        piece=piece.title, solid=f"{volume:.0f}", voxels=f"{piece.volume_mm3:.0f}",
    )  # fmt: skip


def _together(meshes: Sequence[Mesh]) -> Mesh:
    counts = np.cumsum([0, *(len(m.vertices_lps_mm) for m in meshes)])
    vertices = np.concatenate([m.vertices_lps_mm for m in meshes])
    triangles = np.concatenate([m.triangles + np.int32(n) for m, n in zip(meshes, counts[:-1], strict=True)])
    return Mesh(vertices, triangles.astype(np.int32))
