"""Blades taken from the anatomy: starting positions that a surgeon adjusts, never proposals.

They follow the vertebra's own axes. A disc or body blade is a footprint: the outline of disc or body
with a little over, drawn in round the canal so that it begins clear of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError, cKDTree

from planning.geometry.blade import Blade, Footprint
from planning.geometry.frames import Floats, unit, vec3
from planning.geometry.mesh import Mesh
from planning.model.anatomy import Anatomy
from planning.model.levels import in_order
from planning.model.osteotomy import CutSide
from planning.model.structures import StructureKind
from planning.model.tools import Tool
from planning.resection.axes import CANALS, VertebraAxes, axes_of_points
from planning.segmentation.surfaces import Surfaces

OVER_MM: Final = 2.0
"""How far a starting blade reaches beyond bone and disc."""
_CLEAR_MM: Final = 0.3  # from the canal: any more and a rim of disc or bone stays uncut
_DISC_MM: Final = 8.0  # a disc is this much higher at its highest than at its lowest
_FACING: Final = 0.7  # cosine: endplates face each other along the spine
_BESIDE_MM: Final = 2.5  # surface points this near a plane belong to its section
_SAMPLES: Final = 24
_RIB_ASIDE_MM: Final = 40.0  # from the middle of the vertebra: beyond the costotransverse joint
_RIB_PART_MM: Final = 10.0
_DENSITY_MM: Final = 2.0
_REACH_MM: Final = 25.0  # no disc is higher
_NARROW_MM: Final = 0.5


@dataclass(frozen=True, eq=False)
class Spine:
    """Surface points of the vertebrae and ribs, LPS mm, and each vertebra's own axes."""

    axes: Mapping[str, VertebraAxes]
    vertebrae: Mapping[str, Floats]
    ribs: Mapping[tuple[str, str], Floats]
    canal_lps_mm: Floats

    def neighbour(self, level: str, above: bool) -> str | None:
        """Return the next segmented level above or below."""
        ordered = list(in_order(self.axes))
        at = ordered.index(level) + (-1 if above else 1) if level in ordered else -1
        return ordered[at] if 0 <= at < len(ordered) else None


def spine_of(anatomy: Anatomy, surfaces: Surfaces, levels: Collection[str] | None = None) -> Spine:
    """Return the spine as the surfaces that exist so far show it, or of it only some levels."""
    vertebrae: dict[str, Floats] = {}
    ribs: dict[tuple[str, str], Floats] = {}
    canals: dict[StructureKind, list[Floats]] = {kind: [] for kind in CANALS}
    for structure in anatomy.structures:
        mesh = surfaces.mesh(structure.id)
        level = structure.level or ("S1" if structure.kind is StructureKind.SACRUM else None)
        if mesh is None or (structure.kind not in canals and levels is not None and level not in levels):
            continue
        points = _scattered(mesh)
        if structure.kind in (StructureKind.VERTEBRA, StructureKind.SACRUM) and level is not None:
            vertebrae.setdefault(level, points)
        elif structure.kind is StructureKind.RIB and level is not None and structure.side is not None:
            ribs.setdefault((level, structure.side), points)
        elif structure.kind in canals:
            canals[structure.kind].append(points)
    found = next((parts for parts in canals.values() if parts), [np.zeros((0, 3))])
    canal = np.concatenate(found)
    axes = axes_of_points({level: vertebrae[level] for level in in_order(vertebrae)}, canal)
    return Spine(axes, vertebrae, ribs, canal)


def _scattered(mesh: Mesh) -> Floats:
    """Return points of a surface about `_DENSITY_MM` apart: flat faces have few vertices of their own."""
    corners = mesh.vertices_lps_mm.astype(np.float64)[mesh.triangles]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    parts = np.clip(np.ceil(edges / _DENSITY_MM).astype(int), 1, 8)
    found = []
    for n in np.unique(parts):
        u, v = (index.ravel() for index in np.indices((n + 1, n + 1)))
        weights = np.column_stack([u, v, n - u - v])[u + v <= n] / n
        found.append((weights @ corners[parts == n]).reshape(-1, 3))
    return np.concatenate(found)


def disc_blade(spine: Spine, upper: str, lower: str, tool: Tool) -> Blade | None:
    """Return the blade in the plane of a disc, its outline 2 mm over the disc's; None where none is seen."""
    own = spine.axes[upper]
    above, below = (
        points[own.local(points)[:, 1] > own.front_mm]
        for points in (spine.vertebrae[upper], spine.vertebrae[lower])
    )
    if not len(above) or not len(below):
        return None
    faces = [
        _facing(above, below, np.asarray(own.superior)),
        _facing(below, above, -np.asarray(own.superior)),
    ]
    ends = np.concatenate([points for pair in faces for points in pair])
    if len(ends) < 40:
        return None
    middles = np.concatenate([(mine + other) / 2 for mine, other in faces])
    centre = middles.mean(axis=0)
    normal = np.linalg.svd(middles - centre, full_matrices=False)[2][2]
    normal = normal if normal @ np.asarray(own.superior) > 0 else -normal
    if normal @ np.asarray(own.superior) < _FACING:
        normal = np.asarray(own.superior)
    return _outlined(spine, own, centre, normal, ends, tool)


def _facing(mine: Floats, other: Floats, up: Floats) -> tuple[Floats, Floats]:
    """Return the points of one endplate and those of the other they face, shape (n, 3) each."""
    apart, nearest = cKDTree(other).query(mine, distance_upper_bound=_REACH_MM)
    near = np.isfinite(apart)
    mine, apart, nearest = mine[near], apart[near], nearest[near]
    faces = (mine - other[nearest]) @ up > _FACING * apart
    if faces.any():
        faces &= apart <= apart[faces].min() + _DISC_MM
    return mine[faces], other[nearest[faces]]


def body_blade(spine: Spine, level: str, tool: Tool) -> Blade | None:
    """Return the blade across the middle of a vertebral body, clear of the canal."""
    own = spine.axes[level]
    normal, centre = np.asarray(own.superior), np.asarray(own.body_lps_mm)
    points = spine.vertebrae[level]
    beside = (np.abs((points - centre) @ normal) < _BESIDE_MM) & (own.local(points)[:, 1] > own.front_mm)
    return _outlined(spine, own, centre, normal, points[beside], tool) if beside.sum() >= 10 else None


def sagittal_blade(spine: Spine, level: str, side: CutSide, tool: Tool) -> Blade:
    """Return the blade beside the canal through pedicle and body, from behind."""
    own = spine.axes[level]
    local = own.local(spine.vertebrae[level])
    low, high = local.min(axis=0) - OVER_MM, local.max(axis=0) + OVER_MM
    sign = 1.0 if side == "left" else -1.0
    canal = own.local(spine.canal_lps_mm)
    beside = sign * canal[(canal[:, 2] > low[2]) & (canal[:, 2] < high[2]), 0]
    aside = sign * (beside.max(initial=0.0) + _CLEAR_MM + tool.kerf_mm / 2)
    rows = np.array([own.left, own.anterior, own.superior])
    entry = np.asarray(own.centre_lps_mm) + np.array([aside, low[1], (low[2] + high[2]) / 2]) @ rows
    return Blade(
        vec3(entry), own.left, own.anterior, float(high[2] - low[2]), float(high[1] - low[1]),
        tool.kerf_mm, tool.overshoot_mm,
    )  # fmt: skip


def rib_blade(spine: Spine, level: str, side: CutSide, tool: Tool) -> Blade | None:
    """Return the blade across a rib beyond its joint with the transverse process; None without that rib."""
    points = spine.ribs.get((level, str(side)))
    if points is None:
        return None
    own = spine.axes[level]
    aside = np.abs(own.local(points)[:, 0])
    place = points[np.abs(aside - np.clip(_RIB_ASIDE_MM, aside.min(), aside.max())) < _RIB_PART_MM / 2]
    if len(place) < 4:
        return None
    centre = place.mean(axis=0)
    part = points[np.linalg.norm(points - centre, axis=1) < 2 * _RIB_PART_MM]
    normal = np.linalg.svd(part - part.mean(axis=0), full_matrices=False)[2][0]
    normal = normal if normal @ np.asarray(own.left) > 0 else -normal
    forward = np.asarray(own.anterior)
    advance = np.asarray(unit(forward - (forward @ normal) * normal))
    across = np.cross(normal, advance)
    section = part[np.abs((part - centre) @ normal) < _BESIDE_MM] - centre
    low = np.array([(section @ across).min(), (section @ advance).min()]) - OVER_MM
    high = np.array([(section @ across).max(), (section @ advance).max()]) + OVER_MM
    entry = centre + across * (low[0] + high[0]) / 2 + advance * low[1]
    return Blade(
        vec3(entry), unit(normal), unit(advance), float(high[0] - low[0]), float(high[1] - low[1]),
        tool.kerf_mm, tool.overshoot_mm,
    )  # fmt: skip


def _outlined(
    spine: Spine, own: VertebraAxes, centre: Floats, normal: Floats, points: Floats, tool: Tool
) -> Blade | None:
    """Return the blade in a plane whose region is the outline of `points` and `OVER_MM`, less the canal."""
    forward = np.asarray(own.anterior)
    advance = np.asarray(unit(forward - (forward @ normal) * normal))
    across = np.cross(normal, advance)
    rows = np.array([across, advance, normal])
    outline = _hull((points - centre) @ rows.T[:, :2], OVER_MM)
    canal = (spine.canal_lps_mm - centre) @ rows.T
    section = canal[np.abs(canal[:, 2]) < tool.kerf_mm / 2 + _BESIDE_MM][:, :2]
    polygon = _clear_of(outline, _hull(section, _CLEAR_MM))
    if polygon is None:
        return None
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    middle = (low[0] + high[0]) / 2
    footprint: Footprint = tuple((float(a - middle), float(b - low[1])) for a, b in polygon)
    entry = centre + across * middle + advance * low[1]
    return Blade(
        vec3(entry), unit(normal), unit(advance), float(high[0] - low[0]), float(high[1] - low[1]),
        tool.kerf_mm, tool.overshoot_mm, footprint,
    )  # fmt: skip


def _hull(points: Floats, over_mm: float) -> Floats:
    """Return the convex outline of flat points, widened; shape (n, 2), empty for too few points."""
    if len(points) < 3:
        return np.zeros((0, 2))
    turn = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
    circle = over_mm * np.column_stack([np.cos(turn), np.sin(turn)])
    try:
        points = points[ConvexHull(points).vertices]
    except QhullError:  # points on one line enclose nothing
        return np.zeros((0, 2))
    wide = (points[:, None] + circle[None]).reshape(-1, 2)
    return np.asarray(wide[ConvexHull(wide).vertices])


def _clear_of(outline: Floats, canal: Floats) -> Floats | None:
    """Return the part of an outline in front of the canal and beside it, as a simple polygon."""
    if len(outline) < 3:
        return None
    low, high = outline[:, 0].min(), outline[:, 0].max()
    at = _closer_at_the_ends(low, high, _SAMPLES)
    if len(canal):
        edges = np.array([canal[:, 0].min(), canal[:, 0].max()])
        round_canal = _closer_at_the_ends(edges[0], edges[1], _SAMPLES // 2)
        at = np.unique(np.concatenate([at, edges - 1e-3, edges + 1e-3, round_canal]))
        at = at[(at > low) & (at < high)]
    rear, front = _span(outline, at)
    if len(canal):
        inside = (at >= canal[:, 0].min()) & (at <= canal[:, 0].max())
        rear[inside] = np.maximum(rear[inside], _span(canal, at[inside])[1])
    if (front - rear < _NARROW_MM).all():
        return None
    wide = _longest_run(front - rear >= _NARROW_MM)
    at, rear, front = at[wide], rear[wide], front[wide]
    return np.concatenate([np.column_stack([at, rear]), np.column_stack([at, front])[::-1]])


def _closer_at_the_ends(low: float, high: float, count: int) -> Floats:
    """Return places along a round outline, which runs away steeply at its ends; the ends are left out."""
    turn = np.linspace(0.0, np.pi, count + 2)[1:-1]
    return np.asarray((low + high) / 2 - np.cos(turn) * (high - low) / 2)


def _span(hull: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Return the least and greatest b of a convex polygon at each a."""
    rear, front = np.full(len(at), np.inf), np.full(len(at), -np.inf)
    for (a0, b0), (a1, b1) in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        if a0 == a1:
            continue
        t = (at - a0) / (a1 - a0)
        hit = (t >= 0) & (t <= 1)
        b = b0 + t[hit] * (b1 - b0)
        rear[hit], front[hit] = np.minimum(rear[hit], b), np.maximum(front[hit], b)
    return rear, front


def _longest_run(good: NDArray[np.bool_]) -> slice:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(np.int8), [0]])))
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return slice(int(starts[best]), int(ends[best]))
