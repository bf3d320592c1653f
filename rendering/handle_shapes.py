"""Where a blade's handles are drawn and grabbed: arrows, rings, a plate and edge knobs. Numpy only.

All are polylines in LPS whose size is given in millimetres per logical pixel, so that they keep
their size on the screen; drawing and picking use the same lines.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Final, TypeVar

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, cross
from rendering.handle_geometry import EDGES, SHIFTS, TURNS, Part, axis_lps, can_grab, middle_lps_mm
from rendering.themes import Rgb

ARROW_PX: Final = 96.0
ARROW_START_PX: Final = 16.0
HEAD_PX: Final = 15.0
RING_PX: Final = 62.0
PLATE_PX: Final = 9.0
KNOB_PX: Final = 6.0
APART_PX: Final = PLATE_PX + KNOB_PX + 5.0  # nearer than this, plate and knobs would read as one blob
_STEP_PX: Final = 5.0
_STEPS_OUT: Final = np.arange(40.0)[:, None]
REACH_PX: Final = 8.0
YIELDS_PX: Final = 2.5  # a ring seen from its edge may lie along an arrow, which then wins
_STEPS: Final = 72
_ANGLES: Final = np.linspace(0, 2 * np.pi, _STEPS + 1)[:, None]
_ROUND: Final = np.cos(_ANGLES), np.sin(_ANGLES)
_FAN: Final = np.linspace(0, 1, 13)[:, None]
_CORNERS: Final = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])
_BARS: Final = np.linspace(-0.8, 0.8, 7)[:, None]
SMALL: Final[frozenset[StrEnum]] = frozenset({Part.IN_PLANE, *EDGES})

PART_RGB: Final[dict[Part, Rgb]] = {
    Part.ALONG_NORMAL: (86, 180, 233),
    Part.ROUND_NORMAL: (86, 180, 233),
    Part.ALONG_ADVANCE: (230, 159, 0),
    Part.ROUND_ADVANCE: (230, 159, 0),
    Part.ALONG_ACROSS: (204, 121, 167),
    Part.ROUND_ACROSS: (204, 121, 167),
    Part.IN_PLANE: (240, 240, 240),
    Part.LEFT_EDGE: (240, 240, 240),
    Part.RIGHT_EDGE: (240, 240, 240),
    Part.FAR_EDGE: (240, 240, 240),
    Part.NEAR_EDGE: (240, 240, 240),
}


def shapes(blade: Blade, sight_lps: Floats, mm_per_px: float) -> dict[Part, Floats]:
    """Return each grabbable part's line segments, shape (n, 2, 3).

    Parameters
    ----------
    blade : Blade
    sight_lps : array of 3
        Unit vector away from the viewer; parts seen end-on are left out.
    mm_per_px : float
        Millimetres to one logical pixel at the handles.
    """
    middle = middle_lps_mm(blade)
    drawn: dict[Part, Floats] = {}
    knobs = knob_places(blade, sight_lps, mm_per_px)
    for part in Part:
        if not can_grab(blade, part, sight_lps):
            continue
        if part in SHIFTS:
            drawn[part] = _arrow(middle, axis_lps(blade, part), sight_lps, mm_per_px)
        elif part in TURNS:
            drawn[part] = _ring(middle, axis_lps(blade, part), RING_PX * mm_per_px)
        elif part in EDGES:
            across, up = _facing(axis_lps(blade, part), sight_lps)
            drawn[part] = _box(knobs[part], across, up, KNOB_PX * mm_per_px)
        else:
            drawn[part] = _box(middle, blade.axes[0], blade.axes[1], PLATE_PX * mm_per_px)
    return drawn


def knob_places(blade: Blade, sight_lps: Floats, mm_per_px: float) -> dict[Part, Floats]:
    """Return where the knobs of the edges sit: on their edges, or farther out where they would run together.

    A knob that is farther out still moves its edge by as much as the pointer goes along the edge's axis.
    """
    middle, sight = middle_lps_mm(blade), np.asarray(sight_lps)
    taken, places = [np.zeros(3)], {}
    for part in EDGES:
        if not can_grab(blade, part, sight):
            continue
        place = edge_point(blade, part)
        outwards = np.sign(float((place - middle) @ axis_lps(blade, part))) * axis_lps(blade, part)
        seen = _across_sight(outwards, sight)
        steps = _STEPS_OUT * (_STEP_PX * mm_per_px / float(np.linalg.norm(seen)))
        ways = _across_sight(place - middle, sight) + steps * seen
        gaps = np.linalg.norm(ways[:, None] - np.array(taken), axis=2).min(axis=1)
        n = int(np.argmax(gaps >= APART_PX * mm_per_px))  # the first that is free of all others
        place, away = place + steps[n] * outwards, ways[n]
        taken.append(away)
        places[part] = place
    return places


def _across_sight(way: Floats, sight: Floats) -> Floats:
    """Return a way as it is seen: what lies along the line of sight is left out."""
    return np.asarray(way - (way @ sight) * sight)


def _facing(axis: Floats, sight: Floats) -> tuple[Floats, Floats]:
    """Return two unit vectors across the line of sight, the first along an axis as it is seen."""
    along = _across_sight(axis, sight)
    along = along / np.linalg.norm(along)
    return along, cross(sight, along)


def edge_point(blade: Blade, part: Part) -> Floats:
    """Return the middle of a rectangle's edge."""
    half, depth = blade.width_mm / 2, blade.depth_mm
    places = {
        Part.LEFT_EDGE: (-half, depth / 2, 0.0),
        Part.RIGHT_EDGE: (half, depth / 2, 0.0),
        Part.FAR_EDGE: (0.0, depth, 0.0),
        Part.NEAR_EDGE: (0.0, 0.0, 0.0),
    }
    return blade.to_lps(np.array(places[part]))


_PartT = TypeVar("_PartT", bound=StrEnum)


def nearest_part(
    segments_px: dict[_PartT, Floats],
    x_px: float,
    y_px: float,
    reach_px: float = REACH_PX,
    small: Collection[StrEnum] = SMALL,
) -> _PartT | None:
    """Return the part whose drawn line runs nearest to the pointer, or None beyond `reach_px`.

    Parameters
    ----------
    segments_px : dict of part to array, shape (n, 2, 2)
        Projected line segments.
    small : collection of parts
        They win where they touch a ring, an arrow or a line; an arrow wins over a ring along it.
    """
    best: _PartT | None = None
    least = np.inf
    pointer = np.array([x_px, y_px])
    for part, segments in segments_px.items():
        distance = _distance_px(segments, pointer) - (reach_px / 2 if part in small else 0.0)
        weighed = distance + (YIELDS_PX if part in TURNS else 0.0)
        if distance < reach_px and weighed < least:
            best, least = part, weighed
    return best


def _distance_px(segments: Floats, pointer: Floats) -> float:
    start, way = segments[:, 0], segments[:, 1] - segments[:, 0]
    length2 = np.maximum((way**2).sum(axis=1), 1e-12)
    t = np.clip(((pointer - start) * way).sum(axis=1) / length2, 0, 1)
    return float(np.linalg.norm(start + t[:, None] * way - pointer, axis=1).min())


def _arrow(middle: Floats, axis: Floats, sight: Floats, mm_per_px: float) -> Floats:
    start, tip = middle + ARROW_START_PX * mm_per_px * axis, middle + ARROW_PX * mm_per_px * axis
    side = cross(axis, sight)
    side /= np.linalg.norm(side)
    head = HEAD_PX * mm_per_px
    wings = [tip - head * axis + s * head * 0.42 * side for s in (-1, 1)]
    # The head is hatched with lines from the tip, which reads as filled at any size.
    fan = wings[0] + _FAN * (wings[1] - wings[0])
    lines = np.empty((2 + len(fan), 2, 3))
    lines[0], lines[1] = (start, tip - 0.5 * head * axis), wings
    lines[2:, 0], lines[2:, 1] = tip, fan
    return lines


def _ring(middle: Floats, axis: Floats, radius_mm: float) -> Floats:
    helper = np.eye(3)[int(np.argmin(np.abs(axis)))]
    u = cross(helper, axis)
    u /= np.linalg.norm(u)
    v = cross(axis, u)
    points = middle + radius_mm * (_ROUND[0] * u + _ROUND[1] * v)
    return np.stack([points[:-1], points[1:]], axis=1)


def _box(middle: Floats, u: Floats, v: Floats, half_mm: float) -> Floats:
    corners = middle + half_mm * (_CORNERS[:, :1] * u + _CORNERS[:, 1:] * v)
    lines = np.empty((4 + len(_BARS), 2, 3))
    lines[:4, 0], lines[:4, 1] = corners, np.roll(corners, -1, axis=0)
    lines[4:, 0], lines[4:, 1] = middle + half_mm * (_BARS * v - u), middle + half_mm * (u + _BARS * v)
    return lines
