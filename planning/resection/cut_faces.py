"""A piece's surface in two: what was its own, and the flat faces its cuts left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.mesh import Mesh

_FLAT_MM: Final = 0.01  # solids are kept in single precision
_BEYOND_MM: Final = 5.0  # a blade may have been widened to part smooth solids as it parts voxels


@dataclass(frozen=True, eq=False)
class PieceSurface:
    """The two parts of a piece's surface; together they close it.

    Parameters
    ----------
    own : Mesh
    faces : tuple of Mesh
        One for each side of a blade that made a face of it.
    """

    own: Mesh
    faces: tuple[Mesh, ...]


def parted_surface(mesh: Mesh, blades: Sequence[Blade]) -> PieceSurface:
    """Return a piece's own surface and its cut faces.

    Parameters
    ----------
    mesh : Mesh
        Cut as a solid by the slabs of these blades.
    blades : sequence of Blade
    """
    left = np.ones(len(mesh.triangles), dtype=bool)
    faces = []
    for blade in blades:
        for flat in _faces_of(mesh, blade):
            found = flat & left
            if found.any():
                left &= ~found
                faces.append(_part(mesh, found))
    return PieceSurface(mesh if not faces else _part(mesh, left), tuple(faces))


def _faces_of(mesh: Mesh, blade: Blade) -> list[NDArray[np.bool_]]:
    """Return, for either side of a blade, which triangles lie in that face of its slab."""
    heights = (mesh.vertices_lps_mm - np.asarray(blade.origin_lps_mm)) @ np.asarray(blade.normal_lps)
    found = []
    for side in (-1.0, 1.0):
        on_plane = np.abs(heights - side * blade.kerf_mm / 2) <= _FLAT_MM
        flat = on_plane[mesh.triangles].all(axis=1)
        if flat.any():
            flat[flat] = _within(mesh, mesh.triangles[flat], blade)
        found.append(flat)
    return found


def _within(mesh: Mesh, triangles: NDArray[np.int32], blade: Blade) -> NDArray[np.bool_]:
    middles = blade.to_local(mesh.vertices_lps_mm[triangles].mean(axis=1))[:, :2]
    outline = blade.outline_mm
    low, high = outline.min(axis=0) - _BEYOND_MM, outline.max(axis=0) + _BEYOND_MM
    return np.asarray(((middles >= low) & (middles <= high)).all(axis=1))


def _part(mesh: Mesh, wanted: NDArray[np.bool_]) -> Mesh:
    triangles = mesh.triangles[wanted]
    used = np.unique(triangles)
    number = np.zeros(len(mesh.vertices_lps_mm), dtype=np.int32)
    number[used] = np.arange(len(used))
    return Mesh(mesh.vertices_lps_mm[used], number[triangles])
