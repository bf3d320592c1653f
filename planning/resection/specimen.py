"""Smooth closed meshes of the pieces, cut as solids; shown only where they agree with the voxels.

Each bone's surface (with the tumour that grew into it) is cut by the kerf slabs as a solid. Every
solid must lie in one voxel piece, every piece must have solids, and their volumes must agree within
`MOST_APART`; otherwise the piece has no mesh and the disagreement is a problem of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
from planning.model.osteotomy import Osteotomy
from planning.model.plan import Plan
from planning.progress import Progress, part
from planning.resection.bonds import SMALLEST_PIECE_MM3
from planning.resection.ground import Ground
from planning.resection.parting import Bridge, parted
from planning.resection.pieces import RawPiece, RawProblem, Resection, Role
from planning.resection.tissue import points_of
from planning.segmentation.surfaces import Surfaces
from planning.texts import listed, tr

MOST_APART: Final = 0.02
"""Solids and voxel pieces agree within this share of the volume (INTERCHANGE section 3)."""
_ROUNDED_MM3: Final = 20.0  # a smooth surface rounds the corners of a small fragment
_MOST_STEP_MM: Final = 0.2


@dataclass(frozen=True, eq=False)
class PieceMeshes:
    """Meshes by piece id, and where solids and voxels disagree.

    `bones` are the surfaces of uncut bones made on the way, by bone number of `ground`: used again
    for the next position of a blade.
    """

    meshes: Mapping[str, Mesh]
    problems: tuple[RawProblem, ...]
    bones: Mapping[int, Mesh] = field(default_factory=dict)
    ground: Ground | None = None


def piece_meshes(
    resection: Resection,
    plan: Plan,
    progress: Progress,
    surfaces: Surfaces | None = None,
    worker: Worker | None = None,
    known: PieceMeshes | None = None,
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
    known : PieceMeshes, optional
        An earlier result; its bones are used again where the uncut field is the same.
    """
    ground = resection.ground
    if ground is None:
        return PieceMeshes({}, ())
    blades = [o.blade for o in plan.osteotomies]
    made = dict(known.bones) if known is not None and known.ground is ground else {}
    sources = _sources(ground, blades, surfaces, made, part(progress, 0.0, 0.6))
    progress(0.6, tr("Cutting the solids"))

    def cut(meshes: Sequence[Mesh], by: Sequence[Blade], widened_mm: float) -> tuple[SolidPiece, ...]:
        if worker is None:
            return cut_solids(meshes, by, widened_mm)
        return cut_solids_by(worker, meshes, by, widened_mm, part(progress, 0.6, 0.95))

    solids, bridges = parted(resection, sources, blades, cut)
    meshes, problems = {}, []
    for piece in resection.pieces:
        mine = _worth_drawing([s.solid for s in solids if s.label == piece.label])
        joining = [b for b in bridges if piece.label in b.labels]
        if joining:
            problems.append(_bridged(resection, piece, joining[0], plan.osteotomies))
        elif (words := _disagreement(piece, mine)) is not None:
            problems.append(
                RawProblem(
                    "solids_disagree", "warn", words, point_lps_mm=piece.centre_lps_mm, subject=piece.id
                )
            )
        elif mine:
            meshes[piece.id] = _together([s.mesh for s in mine])
    return PieceMeshes(meshes, tuple(problems), made, ground)


def _worth_drawing(solids: Sequence[SolidPiece]) -> list[SolidPiece]:
    """Return the solids without crumbs, unless there is nothing else."""
    return [s for s in solids if s.volume_mm3 >= SMALLEST_PIECE_MM3] or list(solids)


def _bridged(resection: Resection, piece: RawPiece, bridge: Bridge, cuts: Sequence[Osteotomy]) -> RawProblem:
    other = listed(p.title for p in resection.pieces if p.label in bridge.labels and p is not piece)
    if bridge.width_mm is None:
        words = tr(
            "Cut voxel by voxel, the {piece} comes apart from the {other}; as a smooth solid it does not, "
            "so the {piece} is not drawn. Check slice by slice that the cuts between them meet.",
            piece=piece.title,
            other=other,
        )
    else:
        words = tr(
            "Beside {cuts} a bridge of bone less than {width} mm wide may still join the {piece} to the "
            "{other}, so the {piece} is not drawn. Widen {cuts} there by {width} mm.",
            cuts=listed(cuts[n].title for n in bridge.cuts),
            width=f"{bridge.width_mm:.1f}",
            piece=piece.title,
            other=other,
        )
    return RawProblem(
        "solids_disagree",
        "warn",
        words,
        tuple(cuts[n].id for n in bridge.cuts),
        point_lps_mm=bridge.point_lps_mm or piece.centre_lps_mm,
        subject=piece.id,
    )


def _disagreement(piece: RawPiece, solids: Sequence[SolidPiece]) -> str | None:
    """Return in words how solids and voxels of a piece disagree, or None."""
    if not solids:
        if piece.volume_mm3 <= _ROUNDED_MM3:
            return None  # a few voxels: too small for a surface, and counted all the same
        return tr(
            "The {piece} ({voxels} mm³) is too thin for a smooth surface and is not drawn. It is counted.",
            piece=piece.title,
            voxels=f"{piece.volume_mm3:.0f}",
        )
    if piece.role is Role.REMAINING:
        # Bones beyond the field are drawn whole, so their volume says nothing.
        return None
    volume = sum(s.volume_mm3 for s in solids)
    if abs(volume - piece.volume_mm3) <= max(MOST_APART * piece.volume_mm3, _ROUNDED_MM3):
        return None
    return tr(
        "The {piece} is {voxels} mm³ by its voxels, but {solid} mm³ as a smooth solid: over 2 % apart. "
        "It is not drawn; the volume given is that of the voxels.",
        piece=piece.title,
        solid=f"{volume:.0f}",
        voxels=f"{piece.volume_mm3:.0f}",
    )


def _sources(
    ground: Ground,
    blades: Sequence[Blade],
    surfaces: Surfaces | None,
    made: dict[int, Mesh],
    progress: Progress,
) -> list[Mesh]:
    """Return the uncut surface of every bone in the field, its tumour included; note in `made` new ones."""
    tissue, meshes = ground.tissue, []
    labels = _hosted(ground)
    grown = set(np.unique(labels[tissue.tissue_kji != labels]).tolist())
    for number, bone in enumerate(tissue.bones, 1):
        progress(number / len(tissue.bones), tr("Making surfaces"))
        known = surfaces.mesh(bone.id) if surfaces is not None else None
        if known is not None and number not in grown and not _near_any(known, blades):
            meshes.append(known)
            continue
        if number not in made and (mask := labels == number).any():
            made[number] = _bone_surface(mask, ground)
        if number in made:
            meshes.append(made[number])
    return meshes


def _bone_surface(mask_kji: NDArray[np.bool_], ground: Ground) -> Mesh:
    box = _window(mask_kji)
    mask = np.ascontiguousarray(mask_kji[box])
    start = (box[0].start, box[1].start, box[2].start)
    mesh = surface_of(mask, start, ground.tissue.grid, Smoothing.BROAD).mesh
    return _with_volume(mesh, float(mask.sum()) * ground.tissue.grid.voxel_volume_mm3)


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


def _together(meshes: Sequence[Mesh]) -> Mesh:
    counts = np.cumsum([0, *(len(m.vertices_lps_mm) for m in meshes)])
    vertices = np.concatenate([m.vertices_lps_mm for m in meshes])
    triangles = np.concatenate([m.triangles + np.int32(n) for m, n in zip(meshes, counts[:-1], strict=True)])
    return Mesh(vertices, triangles.astype(np.int32))
