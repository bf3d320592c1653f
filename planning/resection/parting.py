"""Solids of pieces: bone surfaces cut by the slabs, each solid given to the voxel piece it lies in.

Voxels are parted where every segment between their centres is cut. The smooth surface lies up to half
a voxel outside the last centres, so a blade that ends there leaves the solid joined by a bridge
thinner than a voxel. Such a bridge is no bone the image shows: the blades are then taken to reach as
much further in their own planes as parts the solid, at most one voxel, which moves no cut face. A
bridge wider than that is a true disagreement and is told.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Vec3, vec3
from planning.geometry.mesh import Mesh
from planning.kernel.solids import SolidPiece
from planning.resection.bonds import SMALLEST_PIECE_MM3
from planning.resection.pieces import Resection
from planning.resection.specimen_surface import in_region, labels_at

Cutter = Callable[[Sequence[Mesh], Sequence[Blade], float], tuple[SolidPiece, ...]]
"""Cuts meshes by blades whose regions reach so many millimetres further."""

WIDENED_VOXELS: Final = (0.125, 0.25, 0.5, 0.75, 1.0)
"""How much further blades reach to part a bridge the image does not show."""
_LOOKED_FOR_VOXELS: Final = (1.5, 2.0, 3.0, 4.0)
_MOST_STRAY: Final = 0.1  # share of a solid's surface that may touch voxels of another piece


@dataclass(frozen=True, eq=False)
class PlacedSolid:
    """A solid, the label of the piece it lies in, and the labels of others it reaches into."""

    solid: SolidPiece
    label: int
    others: frozenset[int]


@dataclass(frozen=True, eq=False)
class Bridge:
    """A solid that joins pieces which are parted as voxels.

    Parameters
    ----------
    labels : frozenset of int
        Pieces it joins.
    width_mm : float or None
        How much further the blades must reach to part it; None where that does not help.
    cuts : tuple of int
        Blades that must.
    point_lps_mm : Vec3 or None
    """

    labels: frozenset[int]
    width_mm: float | None
    cuts: tuple[int, ...]
    point_lps_mm: Vec3 | None


def parted(
    resection: Resection, meshes: Sequence[Mesh], blades: Sequence[Blade], cut: Cutter
) -> tuple[tuple[PlacedSolid, ...], tuple[Bridge, ...]]:
    """Return every solid with the piece it lies in, and the bridges that are left.

    Parameters
    ----------
    resection : Resection
    meshes : sequence of Mesh
        Closed surfaces of the uncut bones.
    blades : sequence of Blade
    cut : Cutter
    """
    by_source: dict[int, list[PlacedSolid]] = {}
    for solid in _placed(resection, cut(meshes, blades, 0.0)):
        by_source.setdefault(solid.solid.source, []).append(solid)
    edge = resection.grid.largest_voxel_edge_mm
    for voxels in WIDENED_VOXELS:
        joined = [n for n, solids in by_source.items() if _joins(solids)]
        if not joined:
            break
        again = list(_placed(resection, cut([meshes[n] for n in joined], blades, voxels * edge)))
        for place, n in enumerate(joined):
            solids = [s for s in again if s.solid.source == place]
            if not _joins(solids):
                by_source[n] = solids
    bridges = tuple(
        _bridge(resection, meshes[n], _joins(solids), blades, cut)
        for n, solids in by_source.items()
        if _joins(solids)
    )
    return tuple(s for solids in by_source.values() for s in solids), bridges


def _joins(solids: Sequence[PlacedSolid]) -> frozenset[int]:
    """Return the labels of pieces that solids of one bone join."""
    return frozenset(n for s in solids if s.others for n in (s.label, *s.others))


def _bridge(
    resection: Resection, mesh: Mesh, labels: frozenset[int], blades: Sequence[Blade], cut: Cutter
) -> Bridge:
    def parts(chosen: Sequence[Blade], others: Sequence[Blade], width_mm: float) -> bool:
        left = [s.mesh for s in cut([mesh], others, 0.0)]
        return not _joins(list(_placed(resection, cut(left, chosen, width_mm))))

    for voxels in _LOOKED_FOR_VOXELS:
        width_mm = voxels * resection.grid.largest_voxel_edge_mm
        if not parts(blades, (), width_mm):
            continue
        needed = list(range(len(blades)))
        for n in range(len(blades)):
            fewer = [m for m in needed if m != n]
            if parts(
                [blades[m] for m in fewer], [b for m, b in enumerate(blades) if m not in fewer], width_mm
            ):
                needed = fewer
        points = [_beside(mesh, blades[n], width_mm) for n in needed]
        found = np.concatenate([np.zeros((0, 3)), *points])
        point = (
            vec3(found[np.argmin(((found - found.mean(axis=0)) ** 2).sum(axis=1))]) if len(found) else None
        )
        return Bridge(labels, width_mm, tuple(needed), point)
    return Bridge(labels, None, (), None)


def _beside(mesh: Mesh, blade: Blade, width_mm: float) -> Floats:
    """Return the points of a surface in the blade's plane, beyond its outline by no more than a width."""
    points = mesh.vertices_lps_mm.astype(np.float64)
    local = blade.to_local(points)
    apart = np.full(len(points), np.inf)
    corners = blade.outline_mm
    for p, q in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = q - p
        share = np.clip((local[:, :2] - p) @ along / max(float(along @ along), 1e-12), 0.0, 1.0)
        apart = np.minimum(apart, np.linalg.norm(local[:, :2] - p - share[:, None] * along, axis=1))
    near = (
        ~in_region(corners, local[:, :2])
        & (apart <= width_mm)
        & (np.abs(local[:, 2]) <= blade.kerf_mm / 2 + width_mm)
    )
    return np.asarray(points[near])


def _placed(resection: Resection, solids: Sequence[SolidPiece]) -> Iterator[PlacedSolid]:
    """Give each solid to the piece most of it lies in; crumbs beside no voxel of a piece are left out."""
    for solid in solids:
        labels, share = _labels_inside(resection, solid.mesh)
        if not len(labels):
            continue
        main = int(labels[np.argmax(share)])
        others = {int(n) for n, s in zip(labels, share, strict=True) if n != main and s > _MOST_STRAY}
        crumb = solid.volume_mm3 < SMALLEST_PIECE_MM3
        yield PlacedSolid(solid, main, frozenset() if crumb else frozenset(others))


def _labels_inside(resection: Resection, mesh: Mesh) -> tuple[NDArray[np.uint16], Floats]:
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
