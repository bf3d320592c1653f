"""Handles on a slice: they lie on the line in which the slice meets the blade.

The line itself moves the blade along its normal, the plate beside its middle moves it freely in the slice,
the boxes at its ends resize it, the knobs beyond them turn it in the slice. Where the slice lies in
the blade's face there is no such line: there the parts of 3D that mean something seen face-on are offered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, cross
from rendering.blade_solid import centre_lines
from rendering.grips import Drag, SpineGrips, padlock
from rendering.handle_geometry import EDGES, Part, Ray, middle_lps_mm, resized
from rendering.handle_shapes import PART_RGB
from rendering.slice_geometry import SliceFrame
from rendering.themes import Rgb

FACE_ON_COSINE: Final = 0.97
_BESIDE_FACE_MM: Final = 1.0  # a slice this near the middle plane still shows the face's handles
_PLATE_PX: Final = 8.0
_PLATE_AWAY_PX: Final = 20.0
_BOX_PX: Final = 5.0
_KNOB_PX: Final = 6.0
_KNOB_AWAY_PX: Final = 29.0
_SHORT_PX: Final = 44.0  # a line shorter than this has no room for a plate between its boxes
_FACE_PARTS: Final = frozenset(
    {Part.IN_PLANE, Part.ROUND_NORMAL, Part.ALONG_ADVANCE, Part.ALONG_ACROSS, *EDGES}
)


class TracePart(StrEnum):
    """What can be grabbed of a blade's line on a slice; `FIRST` and `LAST` are its ends."""

    LINE = "line"
    FREE = "free"
    TURN_FIRST = "turn_first"
    TURN_LAST = "turn_last"
    SIZE_FIRST = "size_first"
    SIZE_LAST = "size_last"


_RGB: Final[dict[TracePart, Rgb | None]] = {
    TracePart.LINE: None,
    TracePart.FREE: (240, 240, 240),
    TracePart.TURN_FIRST: (240, 240, 240),
    TracePart.TURN_LAST: (240, 240, 240),
    TracePart.SIZE_FIRST: (240, 240, 240),
    TracePart.SIZE_LAST: (240, 240, 240),
}


@dataclass(frozen=True)
class Trace:
    """The line in which a slice meets a blade.

    Parameters
    ----------
    first_lps_mm, last_lps_mm : array of 3
    way_lps : array of 3
        Unit vector from first to last.
    """

    first_lps_mm: Floats
    last_lps_mm: Floats
    way_lps: Floats

    @property
    def middle_lps_mm(self) -> Floats:
        """Half way between the ends."""
        return np.asarray((self.first_lps_mm + self.last_lps_mm) / 2)


def lies_in(blade: Blade, frame: SliceFrame) -> bool:
    """Say whether a slice runs (nearly) along the blade's face."""
    return abs(float(np.dot(blade.normal_lps, frame.axes.normal_lps))) > FACE_ON_COSINE


def trace_of(blade: Blade, frame: SliceFrame) -> Trace | None:
    """Return where a slice meets a blade; None where it misses it or lies in its face."""
    if lies_in(blade, frame):
        return None
    normal = frame.axes.normal_lps
    height = float(np.dot(normal, frame.middle_lps_mm))
    points = centre_lines(blade, normal, height).reshape(-1, 3)
    if not len(points):
        return None
    way = cross(np.asarray(normal), np.asarray(blade.normal_lps))
    way /= np.linalg.norm(way)
    along = points @ way
    return Trace(points[int(along.argmin())], points[int(along.argmax())], way)


class TraceGrips:
    """The handles of one slice view.

    Parameters
    ----------
    frame : callable
        Returns how the slice lies in the window now.
    """

    def __init__(self, frame: Callable[[], SliceFrame]) -> None:
        self._frame = frame
        self._face = SpineGrips(self)

    def ray_at(self, x_px: float, y_px: float) -> Ray:
        """Return the line of sight through a pixel, starting on the slice."""
        frame = self._frame()
        return Ray(np.asarray(frame.lps_at(x_px, y_px)), -np.asarray(frame.axes.normal_lps))

    def pixels_of(self, points_lps_mm: Floats) -> Floats:
        """Return where points, shape (n, 3), are drawn, shape (n, 2)."""
        return self._frame().pixels_of(points_lps_mm)

    def mm_per_px_at(self, point_lps_mm: Floats) -> float:
        """Return millimetres to one device pixel, the same everywhere on a slice."""
        del point_lps_mm
        return self._frame().mm_per_px

    def shapes(self, blade: Blade, pixel_ratio: float) -> dict[StrEnum, Floats]:
        """Return each part's lines at their size for the present view."""
        frame = self._frame()
        if lies_in(blade, frame):
            return self._face_shapes(blade, frame, pixel_ratio)
        trace = trace_of(blade, frame)
        if trace is None:
            return {}
        px = frame.mm_per_px * pixel_ratio
        way, aside = trace.way_lps, cross(np.asarray(frame.axes.normal_lps), trace.way_lps)
        first, last = _beyond(blade, trace.first_lps_mm, -way), _beyond(blade, trace.last_lps_mm, way)
        drawn: dict[StrEnum, Floats] = {
            TracePart.LINE: np.array([[trace.first_lps_mm, trace.last_lps_mm]]),
            TracePart.SIZE_FIRST: _box(first, -way, aside, px),
            TracePart.SIZE_LAST: _box(last, way, aside, px),
            TracePart.TURN_FIRST: _knob(first, -way, aside, px),
            TracePart.TURN_LAST: _knob(last, way, aside, px),
        }
        if np.linalg.norm(trace.last_lps_mm - trace.first_lps_mm) > _SHORT_PX * px:
            drawn[TracePart.FREE] = _diamond(trace.middle_lps_mm, way, aside, px)
        return drawn

    def rgb(self, part: StrEnum) -> Rgb | None:
        """Return a part's colour; the line shows only while it is under the pointer."""
        return _RGB[part] if isinstance(part, TracePart) else PART_RGB[Part(part)]

    def grab(self, blade: Blade, part: StrEnum, x_px: float, y_px: float, pixel_ratio: float) -> Drag:
        """Return the drag of a part from there."""
        trace = trace_of(blade, self._frame())
        if not isinstance(part, TracePart) or trace is None:
            return self._face.grab(blade, part, x_px, y_px, pixel_ratio)
        start, frame = np.asarray(self._frame().lps_at(x_px, y_px)), self._frame
        normal = np.asarray(frame().axes.normal_lps)

        def drag(x: float, y: float) -> Blade:
            return dragged_trace(blade, part, trace, normal, start, np.asarray(frame().lps_at(x, y)))

        return drag

    def lock(self, blade: Blade, pixel_ratio: float) -> Floats:
        """Return a padlock on the line, or on the face where the slice lies in it."""
        frame = self._frame()
        trace = trace_of(blade, frame)
        if trace is None and not (lies_in(blade, frame) and _near_face(blade, frame)):
            return np.empty((0, 2, 3))
        middle = trace.middle_lps_mm if trace is not None else middle_lps_mm(blade)
        return padlock(middle, -np.asarray(frame.axes.normal_lps), frame.mm_per_px * pixel_ratio)

    def _face_shapes(self, blade: Blade, frame: SliceFrame, pixel_ratio: float) -> dict[StrEnum, Floats]:
        if not _near_face(blade, frame):
            return {}
        return {p: s for p, s in self._face.shapes(blade, pixel_ratio).items() if p in _FACE_PARTS}


def dragged_trace(
    blade: Blade, part: TracePart, trace: Trace, normal_lps: Floats, start: Floats, now: Floats
) -> Blade:
    """Return the blade after a drag on a slice from `start` to `now`, LPS points of the slice.

    Parameters
    ----------
    blade : Blade
        As it was when grabbed.
    part : TracePart
    trace : Trace
        Its line at the grab.
    normal_lps : array of 3
        Unit normal of the slice.
    start, now : array of 3
    """
    moved = now - start
    if part is TracePart.FREE:
        return blade.moved(moved)
    if part is TracePart.LINE:
        # The plane goes along its own normal, just so far that its line follows the pointer.
        face = np.asarray(blade.normal_lps)
        return blade.moved(float(moved @ face) * face)
    if part in (TracePart.TURN_FIRST, TracePart.TURN_LAST):
        middle = trace.middle_lps_mm
        p, q = start - middle, now - middle
        angle = np.degrees(np.arctan2(np.dot(cross(p, q), normal_lps), np.dot(p, q)))
        return blade.turned(normal_lps, float(angle), middle)
    end = trace.first_lps_mm if part is TracePart.SIZE_FIRST else trace.last_lps_mm
    outwards = -trace.way_lps if part is TracePart.SIZE_FIRST else trace.way_lps
    return _resized_at(blade, end, outwards, float(moved @ outwards))


def _resized_at(blade: Blade, end: Floats, outwards: Floats, by_mm: float) -> Blade:
    """Return the blade with the edge at an end of its line moved so that the end follows the pointer."""
    across, advance = (float(v) for v in blade.axes[:2] @ outwards)
    a, b, _ = blade.to_local(end)
    wide = blade.width_mm / 2 + float(np.sign(across)) * a
    deep = b if advance > 0 else blade.depth_mm - b
    # The edge the line runs into first: of a wide, shallow blade a slanting line leaves through its depth.
    to_side, to_end = (blade.width_mm - wide) * abs(advance), (blade.depth_mm - deep) * abs(across)
    if to_side < to_end or (to_side == to_end and abs(across) > abs(advance)):
        part = Part.RIGHT_EDGE if across > 0 else Part.LEFT_EDGE
        share, along, size = wide, across, blade.width_mm
    else:
        part = Part.FAR_EDGE if advance > 0 else Part.NEAR_EDGE
        share, along, size = deep, advance, blade.depth_mm
    # A footprint ends before its rectangle does, and is stretched with it.
    reach = size / share if share > 1e-6 and blade.footprint_mm is not None else 1.0
    return resized(blade, part, by_mm * along * float(reach))


def _near_face(blade: Blade, frame: SliceFrame) -> bool:
    away = np.asarray(frame.middle_lps_mm) - middle_lps_mm(blade)
    return abs(float(away @ np.asarray(frame.axes.normal_lps))) <= blade.kerf_mm / 2 + _BESIDE_FACE_MM


def _square(middle: Floats, u: Floats, v: Floats, half_mm: float) -> Floats:
    corners = [middle + half_mm * (a * u + b * v) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return np.array(list(zip(corners, corners[1:] + corners[:1], strict=True)))


def _beyond(blade: Blade, end: Floats, outwards: Floats) -> Floats:
    """Return where the overshoot beyond an end of the line ends; the end itself elsewhere."""
    return np.asarray(end + max(0.0, float(blade.axes[1] @ outwards)) * blade.overshoot_mm * outwards)


# None of them covers the line: the blade's ends, thickness and overshoot are what is being judged.
def _box(end: Floats, outwards: Floats, aside: Floats, px: float) -> Floats:
    return _square(end + (_BOX_PX + 5.0) * px * outwards, outwards, aside, _BOX_PX * px)


def _diamond(middle: Floats, way: Floats, aside: Floats, px: float) -> Floats:
    beside = middle + _PLATE_AWAY_PX * px * aside
    return _square(beside, (way + aside) / 2, (way - aside) / 2, _PLATE_PX * px)


def _knob(end: Floats, outwards: Floats, aside: Floats, px: float) -> Floats:
    middle = end + _KNOB_AWAY_PX * px * outwards
    angle = np.linspace(0, 2 * np.pi, 19)[:, None]
    ring = middle + _KNOB_PX * px * (np.cos(angle) * outwards + np.sin(angle) * aside)
    return np.stack([ring[:-1], ring[1:]], axis=1)
