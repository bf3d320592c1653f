"""Blades and meshes as they travel to the child process and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import vec3
from planning.geometry.mesh import Mesh
from planning.kernel.exchange import Array


def blade_to_json(blade: Blade) -> dict[str, Any]:
    """Return a blade as JSON values."""
    return {
        "origin_lps_mm": list(blade.origin_lps_mm),
        "normal_lps": list(blade.normal_lps),
        "advance_lps": list(blade.advance_lps),
        "width_mm": blade.width_mm,
        "depth_mm": blade.depth_mm,
        "kerf_mm": blade.kerf_mm,
        "overshoot_mm": blade.overshoot_mm,
        "footprint_mm": None if blade.footprint_mm is None else [list(p) for p in blade.footprint_mm],
    }


def blade_from_json(entry: dict[str, Any]) -> Blade:
    """Return the blade `blade_to_json` wrote."""
    footprint = entry["footprint_mm"]
    return Blade(
        vec3(entry["origin_lps_mm"]),
        vec3(entry["normal_lps"]),
        vec3(entry["advance_lps"]),
        entry["width_mm"],
        entry["depth_mm"],
        entry["kerf_mm"],
        entry["overshoot_mm"],
        None if footprint is None else tuple((float(a), float(b)) for a, b in footprint),
    )


def mesh_arrays(meshes: Sequence[Mesh]) -> list[Array]:
    """Return vertices and triangles of each mesh in turn."""
    return [array for mesh in meshes for array in (mesh.vertices_lps_mm, mesh.triangles)]


def meshes_from(arrays: Sequence[Array]) -> list[Mesh]:
    """Return the meshes `mesh_arrays` took apart."""
    return [Mesh(np.array(v), np.array(t)) for v, t in zip(arrays[::2], arrays[1::2], strict=True)]
