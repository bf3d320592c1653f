"""What a blade crosses in its own plane: areas to the last digit, and hatching. Numpy only."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats
from planning.model.structures import StructureKind
from rendering.blade_solid import convex_parts
from rendering.scene_state import DrawnStructure, SlicePlane, SliceState
from rendering.section import MeshSection
from rendering.slice_geometry import height_mm

BONE_KINDS: Final = frozenset({StructureKind.VERTEBRA, StructureKind.SACRUM, StructureKind.RIB})
ON_THE_CUT_MM: Final = 1e-6
_OPEN: Final = 1e-3  # share of its length by which a section may fail to close
_SHIFTS_MM: Final = np.array([[0.0, 0.0], [1.1e-4, 0.7e-4], [-0.9e-4, 1.3e-4]])
_TILT: Final = np.array([[np.sqrt(0.5), np.sqrt(0.5)], [-np.sqrt(0.5), np.sqrt(0.5)]])


@dataclass(frozen=True, eq=False)
class CrossedBone:
    """A bone in the plane of a blade.

    Parameters
    ----------
    structure : DrawnStructure
    segments_ab_mm : array, shape (n, 2, 2)
        Its outline in the blade's own a and b.
    area_mm2 : float or None
        Of the part inside the blade's outline; None where the outline does not close.
    """

    structure: DrawnStructure
    segments_ab_mm: Floats
    area_mm2: float | None


def is_on_the_cut(state: SliceState) -> bool:
    """Say whether a slice lies in the middle plane of the blade it follows."""
    followed = state.cut
    on_it = followed is not None and abs(followed.offset_mm) <= ON_THE_CUT_MM
    return on_it and state.plane is SlicePlane.CUT_FACE


def crossed_bones(state: SliceState) -> tuple[CrossedBone, ...]:
    """Return the bones a blade crosses, where the slice lies in its middle plane; else nothing."""
    if state.cut is None or not is_on_the_cut(state):
        return ()
    blade, normal = state.cut.drawn.blade, state.screen_axes.normal_lps
    # (across, advance, normal) is left-handed: a and b turn counter-clockwise seen from behind the blade.
    from_behind = float(np.dot(normal, blade.normal_lps)) < 0
    low, high = blade.corners_lps_mm.min(axis=0), blade.corners_lps_mm.max(axis=0)
    found = []
    for structure in state.structures:
        if structure.kind not in BONE_KINDS or not structure.mesh.meets_box(low, high):
            continue
        segments = MeshSection(structure.mesh, normal).at(height_mm(state))
        if len(segments):
            flat = blade.to_local(segments)[:, :, :2]
            flat = flat if from_behind else flat[:, ::-1]
            area = area_within(flat, blade.outline_mm)
            if area is None or area > 0:
                found.append(CrossedBone(structure, flat, area))
    return tuple(found)


def area_within(segments: Floats, outline: Floats) -> float | None:
    """Return the area enclosed by a section inside a polygon; None where the section does not close.

    The boundary of what both enclose is the section inside the polygon and the polygon's edges inside the
    section; twice the area is the sum of `p x q` along it (Green), so nothing has to be chained.

    Parameters
    ----------
    segments : array, shape (n, 2, 2)
        In no order; the inside lies on the left of each.
    outline : array, shape (m, 2)
        A simple polygon, counter-clockwise.
    """
    for shift in _SHIFTS_MM:  # an edge may run exactly through the rounding gap between two segments
        parts = [_within_convex(segments + shift, part) for part in convex_parts(outline)]
        if all(part is not None for part in parts):
            return sum(part for part in parts if part is not None)
    return None


def _within_convex(segments: Floats, polygon: Floats) -> float | None:
    origin = polygon[0]
    p, q, corners = segments[:, 0] - origin, segments[:, 1] - origin, polygon - origin
    length = float(np.linalg.norm(q - p, axis=1).sum())
    if np.abs((q - p).sum(axis=0)).max(initial=0.0) > _OPEN * length:
        return None
    first, last = np.zeros(len(p)), np.ones(len(p))
    twice, ends = 0.0, np.roll(corners, -1, axis=0)
    for start, end in zip(corners, ends, strict=True):
        way = end - start
        before, behind = _cross(way, p - start), _cross(way, q - start)  # positive inside
        share = _inside_share(p, q, start, way, before, behind)
        if not -_OPEN <= share <= 1 + _OPEN:
            return None
        twice += float(_cross(start, end)) * share
        with np.errstate(divide="ignore", invalid="ignore"):
            t = before / (before - behind)
        first = np.where(before < 0, np.where(behind < 0, 1.0, np.maximum(first, t)), first)
        last = np.where(behind < 0, np.where(before < 0, 0.0, np.minimum(last, t)), last)
    kept = last > first
    way = (q - p)[kept]
    twice += float(_cross(p[kept] + first[kept, None] * way, p[kept] + last[kept, None] * way).sum())
    return max(twice / 2, 0.0)


def _inside_share(p: Floats, q: Floats, start: Floats, way: Floats, before: Floats, behind: Floats) -> float:
    """Return which share of an edge lies inside the section: its crossings, counted with their sign."""
    crossed = (before >= 0) != (behind >= 0)
    t = (before[crossed] / (before[crossed] - behind[crossed]))[:, None]
    place = p[crossed] + t * (q[crossed] - p[crossed]) - start
    along = np.clip(place @ way / float(way @ way), 0.0, 1.0)
    entering = np.sign(behind[crossed] - before[crossed])  # the segment runs to the edge's left
    if entering.sum():
        return np.inf
    return float(-(entering * (1.0 - along)).sum())


def hatching(segments: Floats, outline: Floats, spacing: float) -> Floats:
    """Return slanting lines through what a section and a polygon both enclose, shape (n, 2, 2).

    Lines keep their place while a blade grows or the picture is zoomed by whole steps.
    """
    edges = np.stack([outline, np.roll(outline, -1, axis=0)], axis=1)
    rows, places, of_bone = [], [], []
    for lines, is_bone in ((segments, True), (edges, False)):
        row, place = _crossings(lines @ _TILT.T, spacing)
        rows.append(row)
        places.append(place)
        of_bone.append(np.full(len(row), is_bone))
    row, place, bone = np.concatenate(rows), np.concatenate(places), np.concatenate(of_bone)
    order = np.lexsort((place, row))
    row, place, bone = row[order], place[order], bone[order]
    if len(row) < 2:
        return np.empty((0, 2, 2))
    inside = (np.cumsum(bone) % 2 == 1) & (np.cumsum(~bone) % 2 == 1)
    kept = inside[:-1] & (row[:-1] == row[1:]) & (place[1:] > place[:-1])
    height = row[:-1][kept] * spacing
    ends = np.stack([place[:-1][kept], height, place[1:][kept], height], axis=1).reshape(-1, 2, 2)
    return np.asarray(ends @ _TILT)


def _crossings(lines: Floats, spacing: float) -> tuple[NDArray[np.int64], Floats]:
    """Return number and place of every horizontal line each segment, shape (n, 2, 2), crosses."""
    low, high = lines[:, :, 1].min(axis=1), lines[:, :, 1].max(axis=1)
    first, end = np.ceil(low / spacing).astype(np.int64), np.ceil(high / spacing).astype(np.int64)
    counts = np.maximum(end - first, 0)
    owner = np.repeat(np.arange(len(lines)), counts)
    number = first[owner] + np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]
    p, q = lines[owner, 0], lines[owner, 1]
    t = (number * spacing - p[:, 1]) / (q[:, 1] - p[:, 1])
    return number, np.asarray(p[:, 0] + t * (q[:, 0] - p[:, 0]))


def _cross(p: Floats, q: Floats) -> Floats:
    return np.asarray(p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0])
