"""Three slice planes at right angles that turn together, and how their lines are grabbed. Numpy only."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from planning.geometry.blade import rotation_matrix
from planning.geometry.frames import Floats, Vec3, cross, unit, vec3
from rendering.scene_state import STANDARD_AXES, CrossLine, SliceAxes, SlicePlane, SliceState
from rendering.slice_geometry import SliceFrame, corners_lps_mm

REACH_PX: Final = 5.0
CENTRE_PX: Final = 9.0
TURNS_FROM: Final = 0.5
"""The share of the way from the centre to the view's edge from where a line is turned, not moved."""
CONVENTIONAL: Final = (SlicePlane.AXIAL, SlicePlane.SAGITTAL, SlicePlane.CORONAL)


@dataclass(frozen=True)
class CutPlanes:
    """Right and up of the three slice views; their normals stay at right angles to each other.

    Each view keeps its own axes, so that the image under the hand stands still while the other two
    planes turn about its line of sight.
    """

    axial: SliceAxes = STANDARD_AXES[SlicePlane.AXIAL]
    sagittal: SliceAxes = STANDARD_AXES[SlicePlane.SAGITTAL]
    coronal: SliceAxes = STANDARD_AXES[SlicePlane.CORONAL]

    @property
    def are_anatomical(self) -> bool:
        """Whether all planes lie along the patient's axes."""
        return self == ANATOMICAL

    def axes(self, plane: SlicePlane) -> SliceAxes:
        """Return right and up of one plane's view."""
        found: SliceAxes = getattr(self, plane.value)
        return found

    def lines(self, plane: SlicePlane) -> tuple[CrossLine, ...]:
        """Return where the other two planes cross a plane."""
        normal = self.axes(plane).normal_lps
        return tuple(
            CrossLine(other, unit(cross(normal, self.axes(other).normal_lps)))
            for other in CONVENTIONAL
            if other is not plane
        )

    def turned(self, held: SlicePlane, degrees: float) -> "CutPlanes":
        """Return the planes with the other two turned, right-handed, about the normal of the one held."""
        if not degrees:
            return self
        rotation = rotation_matrix(self.axes(held).normal_lps, degrees)
        others = {p.value: _turned(self.axes(p), rotation) for p in CONVENTIONAL if p is not held}
        return replace(self, **others)


ANATOMICAL: Final = CutPlanes()


def _turned(axes: SliceAxes, rotation: Floats) -> SliceAxes:
    right = np.asarray(unit(rotation @ np.asarray(axes.right_lps)))
    up = rotation @ np.asarray(axes.up_lps)
    return SliceAxes(vec3(right), unit(up - float(up @ right) * right))


class Hold(StrEnum):
    """What of the crosshair is under the pointer."""

    CENTRE = "centre"
    MOVE = "move"
    TURN = "turn"


@dataclass(frozen=True)
class Grip:
    """A part of the crosshair: its centre, or a stretch of one plane's line.

    Parameters
    ----------
    hold : Hold
    plane : SlicePlane or None
        Whose line it is; None for the centre.
    direction_lps : Vec3
        Along the line.
    """

    hold: Hold
    plane: SlicePlane | None = None
    direction_lps: Vec3 = (1.0, 0.0, 0.0)


def grip_at(state: SliceState, frame: SliceFrame, x_px: float, y_px: float, ratio: float) -> Grip | None:
    """Return what of a slice's crosshair lies under the pointer; near the ends lines turn, else they move.

    Parameters
    ----------
    state : SliceState
    frame : SliceFrame
    x_px, y_px : float
    ratio : float
        Device pixels to one logical pixel.
    """
    if not state.show_crosshair or not state.cross:
        return None
    pointer = np.array([x_px, y_px]) - frame.pixel_of(state.crosshair_lps_mm)
    if float(np.hypot(*pointer)) <= CENTRE_PX * ratio:
        return Grip(Hold.CENTRE)
    best, least = None, REACH_PX * ratio
    for line in state.cross:
        way = way_px(frame, line.direction_lps)
        off = abs(float(way[0] * pointer[1] - way[1] * pointer[0]))
        if off <= least:
            along = float(way @ pointer)
            share = abs(along) / max(end_px(state, frame, line, np.sign(along)), 1.0)
            hold = Hold.TURN if share > TURNS_FROM else Hold.MOVE
            best, least = Grip(hold, line.plane, line.direction_lps), off
    return best


def way_px(frame: SliceFrame, direction_lps: Vec3) -> Floats:
    """Return the direction of a line of the slice on the screen, a unit vector."""
    way = np.array([np.dot(frame.axes.right_lps, direction_lps), np.dot(frame.axes.up_lps, direction_lps)])
    return np.asarray(way / np.linalg.norm(way))


def end_px(state: SliceState, frame: SliceFrame, line: CrossLine, sign: float) -> float:
    """Return how far a line runs inside the view from the crosshair, in pixels along one of its ways."""
    centre, way = np.asarray(frame.pixel_of(state.crosshair_lps_mm)), sign * way_px(frame, line.direction_lps)
    low = np.array([frame.left_px, frame.low_px])
    high = low + np.array([frame.width_px, frame.height_px])
    rims = np.where(way > 0, high, low)
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(np.abs(way) > 1e-9, (rims - centre) / way, np.inf)
    return max(float(far.min()), 0.0)


@dataclass(frozen=True)
class CrossDrag:
    """A drag of the crosshair, computed from what it was when grabbed: nothing jumps, nothing drifts.

    Parameters
    ----------
    plane : SlicePlane
        The view's.
    grip : Grip
    frame : SliceFrame
        As it lay when grabbed.
    crosshair_lps_mm : Vec3
    start_lps_mm : Vec3
        Under the pointer when grabbed.
    """

    plane: SlicePlane
    grip: Grip
    frame: SliceFrame
    crosshair_lps_mm: Vec3
    start_lps_mm: Vec3

    def crosshair_at(self, x_px: float, y_px: float) -> Vec3:
        """Return where the crosshair goes; a line moves across itself only, a turn leaves it."""
        if self.grip.hold is Hold.TURN:
            return self.crosshair_lps_mm
        by = np.subtract(self.frame.lps_at(x_px, y_px), self.start_lps_mm)
        if self.grip.hold is Hold.MOVE:
            along = np.asarray(self.grip.direction_lps)
            by = by - float(by @ along) * along
        return vec3(np.asarray(self.crosshair_lps_mm) + by)

    def turn_deg(self, x_px: float, y_px: float) -> float:
        """Return how far the line was turned about the viewer's line of sight, right-handed."""
        before = np.subtract(self.start_lps_mm, self.crosshair_lps_mm)
        after = np.subtract(self.frame.lps_at(x_px, y_px), self.crosshair_lps_mm)
        normal = np.asarray(self.frame.axes.normal_lps)
        return float(np.degrees(np.arctan2(np.dot(cross(before, after), normal), np.dot(before, after))))


def pan_kept(old: SliceState, new: SliceState) -> tuple[float, float]:
    """Return the pan that keeps the crosshair where it is on the screen while a plane turns."""
    if old.volume is None or old.volume is not new.volume or old.screen_axes == new.screen_axes:
        return new.pan_mm
    if new.field is not None:
        return new.pan_mm
    corners = corners_lps_mm(old.volume.grid)
    offset = (corners.min(axis=0) + corners.max(axis=0)) / 2 - np.asarray(new.crosshair_lps_mm)
    before, after = old.screen_axes, new.screen_axes
    right = float(offset @ np.subtract(before.right_lps, after.right_lps))
    up = float(offset @ np.subtract(before.up_lps, after.up_lps))
    return new.pan_mm[0] + right, new.pan_mm[1] + up
