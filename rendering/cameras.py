"""Where the viewer stands in 3D: standard views, views of a cut, and mouse movement. Numpy only."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from planning.geometry.blade import Blade, rotation_matrix
from planning.geometry.frames import Floats, Vec3, unit, vec3

VIEW_ANGLE_DEG: Final = 30.0
TURN_DEG_PER_PX: Final = 0.4


class StandardView(StrEnum):
    """Directions a surgeon asks for by name."""

    ANTERIOR = "anterior"
    POSTERIOR = "posterior"
    LEFT = "left"
    RIGHT = "right"
    CRANIAL = "cranial"
    CAUDAL = "caudal"
    SURGEON = "surgeon"


# Where the viewer stands as seen from the patient, and what is up on the screen. The surgeon stands
# at the left of the prone patient, whose head is at the left of the picture: seen from behind and
# a little from the side, with the patient's right up.
_FROM_AND_UP: Final[dict[StandardView, tuple[Vec3, Vec3]]] = {
    StandardView.ANTERIOR: ((0, -1, 0), (0, 0, 1)),
    StandardView.POSTERIOR: ((0, 1, 0), (0, 0, 1)),
    StandardView.LEFT: ((1, 0, 0), (0, 0, 1)),
    StandardView.RIGHT: ((-1, 0, 0), (0, 0, 1)),
    StandardView.CRANIAL: ((0, 0, 1), (0, -1, 0)),
    StandardView.CAUDAL: ((0, 0, -1), (0, -1, 0)),
    StandardView.SURGEON: ((0.45, 0.89, 0.0), (-0.89, 0.45, 0.0)),
}


@dataclass(frozen=True)
class CameraPose:
    """Where the viewer stands.

    Parameters
    ----------
    focus_lps_mm, position_lps_mm : Vec3
    up_lps : Vec3
    half_height_mm : float
        Half of the height the view shows at the focus.
    """

    focus_lps_mm: Vec3
    position_lps_mm: Vec3
    up_lps: Vec3
    half_height_mm: float

    @cached_property
    def sight_lps(self) -> Vec3:
        """Unit vector from the viewer to the focus."""
        return unit(np.subtract(self.focus_lps_mm, self.position_lps_mm))

    @cached_property
    def right_lps(self) -> Vec3:
        """Unit vector to the right on the screen."""
        return unit(np.cross(self.sight_lps, self.up_lps))


def standing(
    focus_lps_mm: ArrayLike, from_lps: ArrayLike, up_lps: ArrayLike, half_height_mm: float
) -> CameraPose:
    """Return the pose that looks at a focus from a direction, at the distance its height asks for."""
    focus = np.asarray(focus_lps_mm, dtype=np.float64)
    distance = half_height_mm / np.tan(np.radians(VIEW_ANGLE_DEG / 2))
    back = np.asarray(unit(from_lps))
    up = np.asarray(up_lps, dtype=np.float64)
    upright = unit(up - float(up @ back) * back)
    return CameraPose(vec3(focus), vec3(focus + distance * back), upright, half_height_mm)


def view_pose(view: StandardView, focus_lps_mm: ArrayLike, half_height_mm: float) -> CameraPose:
    """Return a standard view of a point."""
    from_lps, up_lps = _FROM_AND_UP[view]
    return standing(focus_lps_mm, from_lps, up_lps, half_height_mm)


def cut_pose(blade: Blade) -> CameraPose:
    """Return the view onto a blade's face, the tool travelling up the screen.

    Of the two faces the one is taken that keeps the radiological habit: the patient's left, or back, on
    the right of the screen.
    """
    middle = blade.to_lps(np.array([0.0, blade.depth_mm / 2, 0.0]))
    half = 0.75 * max(blade.width_mm, blade.depth_mm) + 10
    normal, advance = np.asarray(blade.normal_lps), np.asarray(blade.advance_lps)
    right = np.cross(-normal, advance)
    side = 1.0 if right[0] + 0.3 * right[1] >= 0 else -1.0
    return standing(middle, side * normal, advance, half)


def fitted(pose: CameraPose, points_lps_mm: Floats, aspect: float) -> CameraPose:
    """Return the pose moved and zoomed so that all points, shape (n, 3), are in view, direction kept."""
    right, up = np.asarray(pose.right_lps), np.asarray(pose.up_lps)
    low, high = points_lps_mm.min(axis=0), points_lps_mm.max(axis=0)
    middle = (low + high) / 2
    offsets = points_lps_mm - middle
    u, v = offsets @ right, offsets @ up
    middle = middle + (u.max() + u.min()) / 2 * right + (v.max() + v.min()) / 2 * up
    half = 1.06 * max(float(np.ptp(v)), float(np.ptp(u)) / max(aspect, 1e-3)) / 2
    return standing(middle, -np.asarray(pose.sight_lps), pose.up_lps, max(half, 1.0))


def moved_to(pose: CameraPose, focus_lps_mm: ArrayLike, half_height_mm: float | None = None) -> CameraPose:
    """Return the pose looking at another point from the same direction."""
    half = pose.half_height_mm if half_height_mm is None else half_height_mm
    return standing(focus_lps_mm, -np.asarray(pose.sight_lps), pose.up_lps, half)


def rotated(pose: CameraPose, right_px: float, up_px: float) -> CameraPose:
    """Return the pose after a drag: the patient turns with the pointer about the focus."""
    turn = rotation_matrix(pose.up_lps, -right_px * TURN_DEG_PER_PX)
    tilt = rotation_matrix(pose.right_lps, up_px * TURN_DEG_PER_PX)
    rotation = turn @ tilt
    back = rotation @ -np.asarray(pose.sight_lps)
    return standing(pose.focus_lps_mm, back, rotation @ np.asarray(pose.up_lps), pose.half_height_mm)


def panned(pose: CameraPose, right_px: float, up_px: float, mm_per_px: float) -> CameraPose:
    """Return the pose after a drag that moves the patient with the pointer."""
    by = -mm_per_px * (right_px * np.asarray(pose.right_lps) + up_px * np.asarray(pose.up_lps))
    return moved_to(pose, np.asarray(pose.focus_lps_mm) + by)


def zoomed(pose: CameraPose, factor: float) -> CameraPose:
    """Return the pose magnified by `factor`."""
    return moved_to(pose, pose.focus_lps_mm, float(np.clip(pose.half_height_mm / factor, 0.5, 5000.0)))


def rolled(pose: CameraPose, degrees: float) -> CameraPose:
    """Return the pose with the picture turned counter-clockwise."""
    up = rotation_matrix(pose.sight_lps, degrees) @ np.asarray(pose.up_lps)
    return replace(pose, up_lps=unit(up))
