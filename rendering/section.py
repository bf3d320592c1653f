"""Where planes meet meshes: outlines for slices, fast enough to scroll through."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planning.geometry.frames import Floats
from planning.geometry.mesh import Mesh

Segments = NDArray[np.float32]
NOTHING: Segments = np.empty((0, 2, 3), dtype=np.float32)


class MeshSection:
    """A mesh prepared for cuts by parallel planes.

    Triangles are sorted by their lowest height along the normal, so that one plane looks only at
    the triangles it can meet.

    Parameters
    ----------
    mesh : Mesh
    normal_lps : array-like of 3
        Unit normal of every plane to come.
    """

    def __init__(self, mesh: Mesh, normal_lps: ArrayLike) -> None:
        self._vertices = mesh.vertices_lps_mm
        self._heights = (mesh.vertices_lps_mm @ np.asarray(normal_lps, dtype=np.float32)).astype(np.float32)
        corner_heights = self._heights[mesh.triangles]
        lowest = corner_heights.min(axis=1) if len(corner_heights) else np.empty(0, np.float32)
        order = np.argsort(lowest)
        self._lowest = lowest[order]
        self._triangles = mesh.triangles[order]
        spans = corner_heights.max(axis=1) - lowest if len(corner_heights) else np.empty(0, np.float32)
        # A few long triangles would make the window wide; what is above it is rejected below anyway.
        self._longest = float(spans.max()) if len(spans) else 0.0

    def at(self, height_mm: float) -> Segments:
        """Return the outline in the plane `normal . p = height_mm`, segments of shape (n, 2, 3).

        Each runs so that, the normal pointing to the viewer, the inside lies on its left.
        """
        height = np.float32(height_mm)
        first = np.searchsorted(self._lowest, height - np.float32(self._longest) - np.float32(1e-3))
        last = np.searchsorted(self._lowest, height)
        triangles = self._triangles[first:last]
        above = self._heights[triangles] >= height
        crossing = above.any(axis=1) & ~above.all(axis=1)
        triangles, above = triangles[crossing], above[crossing]
        if not len(triangles):
            return NOTHING
        return _segments(self._vertices, self._heights, triangles, above, height)


def section_once(mesh: Mesh, normal_lps: ArrayLike, height_mm: float) -> Segments:
    """Return one outline as `MeshSection.at`, without preparing more: for a plane that is turning."""
    height = np.float32(height_mm)
    heights = (mesh.vertices_lps_mm @ np.asarray(normal_lps, dtype=np.float32)).astype(np.float32)
    above = heights >= height
    if above.all() or not above.any():
        return NOTHING
    sides = above[mesh.triangles]
    crossing = np.flatnonzero((sides[:, 0] != sides[:, 1]) | (sides[:, 0] != sides[:, 2]))
    if not len(crossing):
        return NOTHING
    return _segments(mesh.vertices_lps_mm, heights, mesh.triangles[crossing], sides[crossing], height)


def _segments(
    vertices: NDArray[np.float32],
    heights: NDArray[np.float32],
    triangles: NDArray[np.int32],
    above: NDArray[np.bool_],
    height: np.float32,
) -> Segments:
    # One corner lies alone on its side; both crossed edges start there.
    lone_above = above.sum(axis=1) == 1
    alone = np.where(lone_above, above.argmax(axis=1), (~above).argmax(axis=1))
    rows = np.arange(len(triangles))
    apex = triangles[rows, alone]
    ends = []
    for step in (1, 2):
        other = triangles[rows, (alone + np.where(lone_above, step, 3 - step)) % 3]
        low, high = heights[apex], heights[other]
        t = ((height - low) / (high - low))[:, None]
        start = vertices[apex]
        ends.append(start + t * (vertices[other] - start))
    return np.stack(ends, axis=1).astype(np.float32)


def convex_section(corners_lps_mm: Floats, normal_lps: ArrayLike, height_mm: float) -> Floats:
    """Return the polygon in which a plane cuts the convex hull of a few points, shape (n, 3), in order.

    Every pair of corners on opposite sides is an edge or a chord of the hull; the crossing points'
    own hull is the section. Fewer than three crossings give an empty polygon.
    """
    normal = np.asarray(normal_lps, dtype=np.float64)
    heights = corners_lps_mm @ normal - height_mm
    low, high = np.flatnonzero(heights < 0), np.flatnonzero(heights >= 0)
    if not len(low) or not len(high):
        return np.empty((0, 3))
    i, j = (grid.ravel() for grid in np.meshgrid(low, high, indexing="ij"))
    t = (-heights[i] / (heights[j] - heights[i]))[:, None]
    points = corners_lps_mm[i] + t * (corners_lps_mm[j] - corners_lps_mm[i])
    u, v = plane_axes(normal)
    order = convex_hull(np.column_stack([points @ u, points @ v]))
    return np.asarray(points[order]) if len(order) >= 3 else np.empty((0, 3))


def plane_axes(normal: ArrayLike) -> tuple[Floats, Floats]:
    """Return two unit vectors at right angles to `normal` and to each other; `u x v = normal`."""
    n = np.asarray(normal, dtype=np.float64)
    helper = np.eye(3)[int(np.argmin(np.abs(n)))]
    u = np.cross(helper, n)
    u /= np.linalg.norm(u)
    return u, np.cross(n, u)


def convex_hull(points: Floats) -> list[int]:
    """Return the indices of the convex hull of 2D points, counter-clockwise (monotone chain)."""
    order = sorted(range(len(points)), key=lambda n: (points[n][0], points[n][1]))

    def half(indices: list[int]) -> list[int]:
        chain: list[int] = []
        for n in indices:
            while len(chain) >= 2 and _turn(points[chain[-2]], points[chain[-1]], points[n]) <= 1e-12:
                chain.pop()
            chain.append(n)
        return chain[:-1]

    return half(order) + half(order[::-1]) if len(order) > 2 else order


def _turn(p: Floats, q: Floats, r: Floats) -> float:
    return float((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))


def dashed(segments: ArrayLike, dash_mm: float, gap_mm: float) -> Floats:
    """Return segments, shape (n, 2, 3), broken into dashes; each starts with a dash."""
    flat = np.asarray(segments, dtype=np.float64).reshape(-1, 2, 3)
    ways = flat[:, 1] - flat[:, 0]
    lengths = np.sqrt((ways**2).sum(axis=1))
    long = lengths >= 1e-9
    starts, ways, lengths = flat[long, 0], ways[long], lengths[long]
    counts = np.ceil(lengths / (dash_mm + gap_mm)).astype(int)
    owner = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]
    low = place * (dash_mm + gap_mm)
    high = np.minimum(low + dash_mm, lengths[owner])
    unit = ways[owner] / lengths[owner, None]
    return np.stack([starts[owner] + low[:, None] * unit, starts[owner] + high[:, None] * unit], axis=1)
