"""The shapes of a blade: its slab, its outline, and where the tool may run on. Numpy only."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Vec3
from planning.geometry.mesh import Mesh
from rendering.section import convex_section

THINNEST_MM = 0.05  # a kerf of zero would have no faces to draw
# A blade keeps its outline while it is dragged, and the others keep their place: both are kept.
_OUTLINES_KEPT: Final = 128
_CUTS_KEPT: Final = 512


@lru_cache(maxsize=_OUTLINES_KEPT)
def slab_mesh(blade: Blade) -> Mesh:
    """Return the swept slab as a closed mesh: the region thickened by half the kerf to both sides."""
    outline = blade.outline_mm
    n = len(outline)
    half = max(blade.kerf_mm, THINNEST_MM) / 2
    low = np.column_stack([outline, np.full(n, -half)])
    high = np.column_stack([outline, np.full(n, half)])
    vertices = blade.to_lps(np.concatenate([low, high]))
    return Mesh(vertices.astype(np.float32), _slab_triangles(outline.tobytes()))


@lru_cache(maxsize=_OUTLINES_KEPT)
def _slab_triangles(corners: bytes) -> NDArray[np.int32]:
    face = _triangulated(corners)
    n = len(face) + 2
    i = np.arange(n)
    j = (i + 1) % n
    sides = np.concatenate([np.column_stack([i, j, j + n]), np.column_stack([i, j + n, i + n])])
    # (across, advance, normal) is left-handed, so what is counter-clockwise in it faces inwards in LPS.
    triangles = np.concatenate([face[:, ::-1], face + n, sides])[:, ::-1]
    return np.ascontiguousarray(triangles, dtype=np.int32)


@lru_cache(maxsize=_OUTLINES_KEPT)
def slab_edges(blade: Blade) -> Floats:
    """Return the slab's edges in LPS, segments of shape (n, 2, 3): both faces and the corners between."""
    outline = blade.outline_mm
    half = max(blade.kerf_mm, THINNEST_MM) / 2
    low, high = (blade.to_lps(np.column_stack([outline, np.full(len(outline), s * half)])) for s in (-1, 1))
    return np.concatenate([_loop(low), _loop(high), np.stack([low, high], axis=1)])


@lru_cache(maxsize=_OUTLINES_KEPT)
def overshoot_edges(blade: Blade) -> Floats:
    """Return the outline of the overshoot beyond the far edge on the middle plane, shape (n, 2, 3) in LPS.

    The edges that face `advance` are moved along it; every end of a chain of them is joined back.
    """
    if blade.overshoot_mm <= 0:
        return np.empty((0, 2, 3))
    start, end, far = _far_edges(blade)
    shift = np.array([0.0, blade.overshoot_mm])
    segments = [(start[e] + shift, end[e] + shift) for e in np.flatnonzero(far)]
    segments += [(start[e], start[e] + shift) for e in np.flatnonzero(far & ~np.roll(far, 1))]
    segments += [(end[e], end[e] + shift) for e in np.flatnonzero(far & ~np.roll(far, -1))]
    flat = np.array(segments).reshape(-1, 2)
    return blade.to_lps(np.column_stack([flat, np.zeros(len(flat))])).reshape(-1, 2, 3)


@lru_cache(maxsize=_CUTS_KEPT)
def slab_sections(blade: Blade, normal_lps: Vec3, height_mm: float) -> tuple[Floats, ...]:
    """Return the slab's cross-section as convex polygons in LPS that touch but never overlap."""
    half = max(blade.kerf_mm, THINNEST_MM) / 2
    polygons = []
    for part in convex_parts(blade.outline_mm):
        flat = np.concatenate([np.column_stack([part, np.full(len(part), s * half)]) for s in (-1, 1)])
        polygon = convex_section(blade.to_lps(flat), normal_lps, height_mm)
        if len(polygon):
            polygons.append(polygon)
    return tuple(polygons)


@lru_cache(maxsize=_CUTS_KEPT)
def centre_lines(blade: Blade, normal_lps: Vec3, height_mm: float) -> Floats:
    """Return where the blade's middle plane meets a plane: segments of shape (n, 2, 3), by region part."""
    return _chords(blade, convex_parts(blade.outline_mm), normal_lps, height_mm)


@lru_cache(maxsize=_CUTS_KEPT)
def overshoot_lines(blade: Blade, normal_lps: Vec3, height_mm: float) -> Floats:
    """Return where the overshoot beyond the far edge meets a plane, segments of shape (n, 2, 3)."""
    if blade.overshoot_mm <= 0:
        return np.empty((0, 2, 3))
    start, end, far = _far_edges(blade)
    shift = np.array([0.0, blade.overshoot_mm])
    strips = [np.array([start[e], end[e], end[e] + shift, start[e] + shift]) for e in np.flatnonzero(far)]
    return _chords(blade, strips, normal_lps, height_mm)


def convex_parts(outline: Floats) -> tuple[Floats, ...]:
    """Return an outline as few convex polygons that touch but never overlap: itself where convex."""
    return _convex_parts(np.asarray(outline, dtype=np.float64).tobytes())


@lru_cache(maxsize=_OUTLINES_KEPT)
def _convex_parts(corners: bytes) -> tuple[Floats, ...]:
    outline = np.frombuffer(corners).reshape(-1, 2)
    parts: list[list[int]] = []
    for triangle in triangulated(outline).tolist():
        parts = _joined(outline, parts, triangle)
    return tuple(outline[part] for part in parts)


def _joined(outline: Floats, parts: list[list[int]], piece: list[int]) -> list[list[int]]:
    """Add a piece to the parts, as one with those whose union with it stays convex (Hertel and Mehlhorn)."""
    for n, part in enumerate(parts):
        union = _union(part, piece)
        if union is not None and _is_convex(outline[union]):
            return _joined(outline, parts[:n] + parts[n + 1 :], union)
    return [*parts, piece]


def _union(part: list[int], piece: list[int]) -> list[int] | None:
    """Return two counter-clockwise polygons as one, or None where they share no edge."""
    for k, start in enumerate(part):
        if start in piece:
            at = piece.index(start)
            round_piece = piece[at:] + piece[:at]
            if round_piece[-1] == part[(k + 1) % len(part)]:
                union = part[k + 1 :] + part[: k + 1] + round_piece[1:-1]
                return union if len(set(union)) == len(union) else None
    return None


def _is_convex(polygon: Floats) -> bool:
    steps = np.roll(polygon, -1, axis=0) - polygon
    after = np.roll(steps, -1, axis=0)
    return bool((steps[:, 0] * after[:, 1] - steps[:, 1] * after[:, 0] >= 0).all())


def triangulated(outline: Floats) -> NDArray[np.int64]:
    """Return the triangles of a counter-clockwise simple polygon, indices (n - 2, 3), by ear clipping."""
    return _triangulated(np.asarray(outline, dtype=np.float64).tobytes())


@lru_cache(maxsize=_OUTLINES_KEPT)
def _triangulated(corners: bytes) -> NDArray[np.int64]:
    outline = np.frombuffer(corners).reshape(-1, 2)
    left = list(range(len(outline)))
    triangles = []
    while len(left) > 3:
        ear = next((k for k in range(len(left)) if _is_ear(outline, left, k)), 0)
        triangles.append((left[ear - 1], left[ear], left[(ear + 1) % len(left)]))
        left.pop(ear)
    triangles.append((left[0], left[1], left[2]))
    return np.array(triangles, dtype=np.int64)


def _is_ear(outline: Floats, left: list[int], k: int) -> bool:
    a, b, c = (outline[left[(k + step) % len(left)]] for step in (-1, 0, 1))
    if _cross(b - a, c - b) <= 0:
        return False
    others = [n for n in left if n not in (left[k - 1], left[k], left[(k + 1) % len(left)])]
    return not any(
        _cross(b - a, p - a) >= 0 and _cross(c - b, p - b) >= 0 and _cross(a - c, p - c) >= 0
        for p in outline[others]
    )


def _cross(p: Floats, q: Floats) -> float:
    return float(p[0] * q[1] - p[1] * q[0])


def _loop(points: Floats) -> Floats:
    return np.stack([points, np.roll(points, -1, axis=0)], axis=1)


def _far_edges(blade: Blade) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    # Counter-clockwise, so an edge that runs to smaller a has its outside towards larger b.
    start = blade.outline_mm
    end = np.roll(start, -1, axis=0)
    return start, end, np.asarray(end[:, 0] - start[:, 0] < -1e-9)


def _chords(blade: Blade, polygons_ab: Iterable[Floats], normal_lps: Vec3, height_mm: float) -> Floats:
    """Return where a plane cuts convex polygons of the middle plane, segments of shape (n, 2, 3) in LPS."""
    slope_a, slope_b = (float(v) for v in blade.axes[:2] @ np.asarray(normal_lps))
    level = float(np.dot(blade.origin_lps_mm, normal_lps)) - height_mm
    ends: list[tuple[float, float, float]] = []
    for polygon in polygons_ab:
        corners = [(a, b, level + slope_a * a + slope_b * b) for a, b in polygon.tolist()]
        crossings = []
        for (a, b, h), (c, d, k) in pairwise([*corners, corners[0]]):
            if (h >= 0) != (k >= 0):
                t = h / (h - k)
                crossings.append((a + t * (c - a), b + t * (d - b), 0.0))
        if len(crossings) >= 2:
            ends += crossings[:2]
    return blade.to_lps(np.array(ends).reshape(-1, 3)).reshape(-1, 2, 3)
