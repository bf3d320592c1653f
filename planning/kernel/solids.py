"""Bones cut by kerf slabs into closed pieces (manifold3d).

manifold3d holds the interpreter lock, so windows run `run_task` in the child process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import manifold3d
import numpy as np

from planning.geometry.blade import Blade, signed_area
from planning.geometry.frames import Floats
from planning.geometry.mesh import Mesh
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.kernel.process import Worker
from planning.kernel.task_values import blade_from_json, blade_to_json, mesh_arrays, meshes_from
from planning.progress import Progress, silent

_THINNEST_MM: Final = 1e-3
_SMALLEST_PIECE_MM3: Final = 1e-3
_TASK: Final = "planning.kernel.solids:run_task"
_TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, eq=False)
class SolidPiece:
    """One closed piece: which of the given meshes it comes from, its surface and its volume."""

    source: int
    mesh: Mesh
    volume_mm3: float


def cut_solids(
    meshes: Sequence[Mesh], blades: Sequence[Blade], widened_mm: float = 0.0
) -> tuple[SolidPiece, ...]:
    """Return the pieces that remain of each mesh when every blade's swept slab is taken away.

    Pieces are closed, in the order of the meshes and, within one, the largest first. A mesh that
    is no solid yields none.

    Parameters
    ----------
    meshes : sequence of Mesh
        Closed, in LPS millimetres.
    blades : sequence of Blade
        Only the planned slabs cut; overshoot does not.
    widened_mm : float
        How far every blade's region is taken to reach beyond its outline, in its own plane: kerf and
        cut faces stay where they are.
    """
    slabs = [slab_solid(blade, overshoot=False, widened_mm=widened_mm) for blade in blades]
    pieces: list[SolidPiece] = []
    for source, mesh in enumerate(meshes):
        solid = manifold_of(mesh)
        if solid is None:
            continue
        near = [slab for slab in slabs if _boxes_meet(slab, solid)]
        rest = (
            manifold3d.Manifold.batch_boolean([solid, *near], manifold3d.OpType.Subtract) if near else solid
        )
        found = [SolidPiece(source, mesh_of_solid(p), p.volume()) for p in rest.decompose()]
        found = [p for p in found if p.volume_mm3 > _SMALLEST_PIECE_MM3]
        pieces += sorted(found, key=lambda p: -p.volume_mm3)
    return tuple(pieces)


def manifold_of(mesh: Mesh) -> manifold3d.Manifold | None:
    """Return a mesh as a solid; None where it is not closed."""
    # manifold3d takes writable arrays only, and ours are not.
    made = manifold3d.Manifold(
        manifold3d.Mesh(
            vert_properties=np.array(mesh.vertices_lps_mm), tri_verts=mesh.triangles.astype(np.uint32)
        )
    )
    return made if made.status() == manifold3d.Error.NoError and not made.is_empty() else None


def mesh_of_solid(solid: manifold3d.Manifold) -> Mesh:
    """Return the surface of a solid."""
    raw = solid.to_mesh()
    return Mesh(
        np.array(raw.vert_properties[:, :3], dtype=np.float32), np.array(raw.tri_verts, dtype=np.int32)
    )


def slab_solid(blade: Blade, overshoot: bool, widened_mm: float = 0.0) -> manifold3d.Manifold:
    """Return the slab a blade sweeps as a solid in LPS millimetres, run on by its overshoot if asked."""
    region = slab_region(blade, overshoot)
    if widened_mm > 0:
        region = region.offset(widened_mm, manifold3d.JoinType.Miter)
    thickness = max(blade.kerf_mm, _THINNEST_MM)
    flat = region.extrude(thickness).translate((0.0, 0.0, -thickness / 2))
    return flat.transform(np.column_stack([blade.axes.T, blade.origin_lps_mm]))


def slab_region(blade: Blade, overshoot: bool) -> manifold3d.CrossSection:
    """Return the blade's region in its (a, b) axes, run on by its overshoot if asked."""
    if overshoot and blade.overshoot_mm > 0:
        return _run_on(blade.outline_mm, blade.overshoot_mm)
    return manifold3d.CrossSection([_counter_clockwise(blade.outline_mm)])


def _run_on(outline_mm: Floats, by_mm: float) -> manifold3d.CrossSection:
    """Return a polygon with every point moved along b by 0 to `by_mm`: itself and what its edges sweep."""
    shift = np.array([0.0, by_mm])
    parts = [manifold3d.CrossSection([_counter_clockwise(outline_mm + move)]) for move in (0.0, shift)]
    for p, q in zip(outline_mm, np.roll(outline_mm, -1, axis=0), strict=True):
        swept = np.array([p, q, q + shift, p + shift])
        if abs(signed_area(swept)) > 1e-9:
            parts.append(manifold3d.CrossSection([_counter_clockwise(swept)]))
    return manifold3d.CrossSection.batch_boolean(parts, manifold3d.OpType.Add)


def _counter_clockwise(outline_mm: Floats) -> Floats:
    return np.array(outline_mm if signed_area(outline_mm) > 0 else outline_mm[::-1])


def _boxes_meet(one: manifold3d.Manifold, other: manifold3d.Manifold) -> bool:
    a, b = np.array(one.bounding_box()), np.array(other.bounding_box())
    return bool((a[:3] <= b[3:]).all() and (b[:3] <= a[3:]).all())


def cut_solids_by(
    worker: Worker,
    meshes: Sequence[Mesh],
    blades: Sequence[Blade],
    widened_mm: float = 0.0,
    progress: Progress = silent,
) -> tuple[SolidPiece, ...]:
    """Return `cut_solids`, computed in the child process; raises `WorkerDied` when that ends."""
    asked = {"blades": [blade_to_json(b) for b in blades], "widened_mm": widened_mm}
    header, arrays = worker.call(_TASK, asked, mesh_arrays(meshes), progress, _TIMEOUT_S)
    noted = zip(header["pieces"], meshes_from(arrays), strict=True)
    return tuple(SolidPiece(int(source), mesh, float(volume)) for (source, volume), mesh in noted)


def run_task(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Run `cut_solids` in the child process for `cut_solids_by`."""
    del room
    blades = [blade_from_json(entry) for entry in header["blades"]]
    pieces = cut_solids(meshes_from(arrays), blades, float(header["widened_mm"]))
    return {"pieces": [[p.source, p.volume_mm3] for p in pieces]}, mesh_arrays([p.mesh for p in pieces])
