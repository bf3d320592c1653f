"""Meshes and masks of closed form for the kernel's tests."""

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade, Footprint
from planning.geometry.frames import Floats, Grid, unit, vec3
from planning.geometry.mesh import Mesh
from planning.kernel.surface import Smoothing, Surface, surface_of


def ball_mesh(centre: tuple[float, float, float], radius_mm: float, steps: int = 5) -> Mesh:
    """Return a ball by splitting an icosahedron; the surface errs by less than `radius / 4**steps`."""
    t = (1 + 5**0.5) / 2
    points: list[tuple[float, float, float]] = [
        (-1, t, 0),
        (1, t, 0),
        (-1, -t, 0),
        (1, -t, 0),
        (0, -1, t),
        (0, 1, t),
    ]
    points += [(0, -1, -t), (0, 1, -t), (t, 0, -1), (t, 0, 1), (-t, 0, -1), (-t, 0, 1)]
    faces = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4)]
    faces += [(11, 10, 2), (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8)]
    faces += [(3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    vertices = [np.array(p) / np.linalg.norm(p) for p in points]
    for _ in range(steps):
        middles: dict[tuple[int, int], int] = {}
        split = []
        for face in faces:
            m = []
            for a, b in ((face[0], face[1]), (face[1], face[2]), (face[2], face[0])):
                key = (min(a, b), max(a, b))
                if key not in middles:
                    middles[key] = len(vertices)
                    middle = vertices[a] + vertices[b]
                    vertices.append(middle / np.linalg.norm(middle))
                m.append(middles[key])
            split += [(face[0], m[0], m[2]), (face[1], m[1], m[0]), (face[2], m[2], m[1]), (m[0], m[1], m[2])]
        faces = split
    return Mesh((np.array(vertices) * radius_mm + centre).astype(np.float32), np.array(faces, dtype=np.int32))


def box_mesh(low: tuple[float, float, float], high: tuple[float, float, float]) -> Mesh:
    """Return an axis-parallel box of twelve triangles."""
    corners = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], dtype=np.float32)
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    placed = (corners * (np.array(high) - low) + low).astype(np.float32)
    return Mesh(placed, np.array(triangles, dtype=np.int32))


def surface_of_voxels(voxels_kji: NDArray[np.bool_], grid: Grid, smoothing: Smoothing) -> Surface:
    """Return the surface of a mask that covers its whole grid."""
    at = np.argwhere(voxels_kji)
    low, high = at.min(axis=0), at.max(axis=0) + 1
    box = voxels_kji[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    return surface_of(box, (int(low[0]), int(low[1]), int(low[2])), grid, smoothing)


def centres_lps_mm(grid: Grid) -> Floats:
    """Return all voxel centres, shape (k, j, i, 3)."""
    kji = np.stack(np.meshgrid(*[np.arange(n) for n in grid.shape_kji], indexing="ij"), axis=-1)
    return grid.to_lps(kji[..., ::-1])


def a_random_blade(
    seed: int, about: tuple[float, float, float], spread_mm: float, footprint: Footprint | None = None
) -> Blade:
    """Return a blade of random place and direction."""
    random = np.random.default_rng(seed)
    normal = np.array(unit(random.normal(size=3)))
    advance = np.array(unit(np.cross(normal, random.normal(size=3))))
    origin = np.array(about) + random.normal(0, spread_mm, 3) - advance * 15
    return Blade(vec3(origin), vec3(normal), vec3(advance), 40.0, 30.0, 1.0, 3.0, footprint)
