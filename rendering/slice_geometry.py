"""Which millimetre lies under which pixel of a slice. Numpy only."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from planning.geometry.frames import Floats, Grid, Vec3, vec3
from rendering.cameras import cut_pose
from rendering.scene_state import STANDARD_AXES, DrawnBlade, FollowedCut, SliceAxes, SlicePlane, SliceState
from rendering.slice_parts import SliceField

EMPTY_HALF_HEIGHT_MM = 100.0
FIT_MARGIN = 1.04
FIELD_ROOM_MM = 14.0
_TO_THE_RIGHT = np.array([1.0, 0.3, -0.1])


@dataclass(frozen=True)
class SliceFrame:
    """How a slice lies on the screen.

    Parameters
    ----------
    axes : SliceAxes
    middle_lps_mm : Vec3
        Point of the slice in the middle of the view.
    half_height_mm : float
        Half of the height the view shows.
    left_px, low_px, width_px, height_px : float
        The view's rectangle in window pixels, y up.
    """

    axes: SliceAxes
    middle_lps_mm: Vec3
    half_height_mm: float
    left_px: float
    low_px: float
    width_px: float
    height_px: float

    @property
    def mm_per_px(self) -> float:
        """Millimetres to one device pixel."""
        return 2 * self.half_height_mm / max(self.height_px, 1.0)

    def lps_at(self, x_px: float, y_px: float) -> Vec3:
        """Return the point of the slice under a pixel."""
        right = (x_px - self.left_px - self.width_px / 2) * self.mm_per_px
        up = (y_px - self.low_px - self.height_px / 2) * self.mm_per_px
        point = np.asarray(self.middle_lps_mm) + right * np.asarray(self.axes.right_lps)
        return vec3(point + up * np.asarray(self.axes.up_lps))

    def pixel_of(self, point_lps_mm: ArrayLike) -> tuple[float, float]:
        """Return where a point is drawn, projected along the line of sight."""
        x, y = self.pixels_of(np.asarray(point_lps_mm, dtype=np.float64)[None])[0]
        return float(x), float(y)

    def pixels_of(self, points_lps_mm: Floats) -> Floats:
        """Return where points, shape (n, 3), are drawn, shape (n, 2)."""
        offsets = points_lps_mm - np.asarray(self.middle_lps_mm)
        right, up = np.asarray(self.axes.right_lps), np.asarray(self.axes.up_lps)
        middle = (self.left_px + self.width_px / 2, self.low_px + self.height_px / 2)
        return np.column_stack([offsets @ right, offsets @ up]) / self.mm_per_px + middle


def frame_of(
    state: SliceState, left_px: float, low_px: float, width_px: float, height_px: float
) -> SliceFrame:
    """Return how a state's slice lies in a rectangle of the window: fitted, zoomed, panned."""
    axes = state.screen_axes
    right, up, normal = (np.asarray(v) for v in (axes.right_lps, axes.up_lps, axes.normal_lps))
    aspect = max(width_px, 1.0) / max(height_px, 1.0)
    # A turned plane is fitted as it stands upright: its scale stays while it turns.
    fitted = STANDARD_AXES.get(state.plane, axes)
    if state.field is not None:
        middle = np.asarray(state.field.middle_lps_mm)
        half_height = max(state.field.half_height_mm, state.field.half_width_mm / aspect)
    elif state.volume is None:
        middle, half_height = np.asarray(state.crosshair_lps_mm), EMPTY_HALF_HEIGHT_MM
    else:
        corners = corners_lps_mm(state.volume.grid)
        middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
        wide, high = np.ptp(corners @ fitted.right_lps), np.ptp(corners @ fitted.up_lps)
        half_height = FIT_MARGIN * max(float(high), float(wide) / aspect) / 2
    middle = middle + state.pan_mm[0] * right + state.pan_mm[1] * up
    middle = middle + float((np.asarray(state.crosshair_lps_mm) - middle) @ normal) * normal
    return SliceFrame(axes, vec3(middle), half_height / state.zoom, left_px, low_px, width_px, height_px)


def corners_lps_mm(grid: Grid) -> Floats:
    """Return the eight corners of the voxels' outer faces, shape (8, 3)."""
    n_ijk = np.asarray(grid.shape_kji[::-1], dtype=np.float64)
    corners = np.stack(np.meshgrid(*[(-0.5, n - 0.5) for n in n_ijk], indexing="ij"), -1).reshape(-1, 3)
    return grid.to_lps(corners)


def step_mm(grid: Grid, normal_lps: ArrayLike) -> float:
    """Return the voxel spacing along the line of sight: the spacing of the voxel axis nearest to it."""
    nearest = int(np.argmax(np.abs(np.asarray(normal_lps) @ grid.directions)))
    return grid.spacing_ijk_mm[nearest]


def height_mm(state: SliceState) -> float:
    """Return the slice's place along its normal: `normal . p` of all its points."""
    return float(np.dot(state.screen_axes.normal_lps, state.crosshair_lps_mm))


def position_words(state: SliceState) -> str:
    """Return the slice's place for people, such as ``S 42.5 mm``: letter of the patient axis and millimetres.

    Along an oblique axis there is no such name, so nothing is said.
    """
    normal = np.asarray(state.screen_axes.normal_lps)
    axis = int(np.argmax(np.abs(normal)))
    if abs(normal[axis]) < 1 - 1e-6:
        return ""
    value = float(state.crosshair_lps_mm[axis])
    letter = ("LR", "PA", "SI")[axis][0 if value >= 0 else 1]
    return f"{letter} {abs(value):.1f} mm"


def turned_deg(state: SliceState) -> float:
    """Return by how much a view is turned out of its anatomical plane; 0 for planes of no such name."""
    standard, axes = STANDARD_AXES.get(state.plane), state.screen_axes
    if standard is None or axes == standard:
        return 0.0
    pairs = ((v.right_lps, v.up_lps, v.normal_lps) for v in (standard, axes))
    trace = sum(float(np.dot(a, b)) for a, b in zip(*pairs, strict=True))
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1.0, 1.0))))


def cut_state(state: SliceState, drawn: DrawnBlade, offset_mm: float = 0.0) -> SliceState:
    """Return the state of the slice that lies in a blade's face, the tool travelling up the screen.

    Seen from the side that keeps the radiological habit, as `cameras.cut_pose`. `offset_mm` moves the
    slice out of the face, towards the viewer.
    """
    pose = cut_pose(drawn.blade)
    return _following(state, drawn, SlicePlane.CUT_FACE, SliceAxes(pose.right_lps, pose.up_lps), offset_mm)


def across_state(state: SliceState, drawn: DrawnBlade, offset_mm: float = 0.0) -> SliceState:
    """Return the state of the slice across a blade through the middle of its entry, the tool going up.

    The patient's left, or back, or feet are on the right of the screen. `offset_mm` moves the slice along
    the blade's width, towards the viewer.
    """
    normal = np.asarray(drawn.blade.normal_lps)
    side = 1.0 if float(normal @ _TO_THE_RIGHT) >= 0 else -1.0
    axes = SliceAxes(vec3(side * normal), drawn.blade.advance_lps)
    return _following(state, drawn, SlicePlane.CUT_ACROSS, axes, offset_mm)


def _following(
    state: SliceState, drawn: DrawnBlade, plane: SlicePlane, axes: SliceAxes, offset_mm: float
) -> SliceState:
    blade = drawn.blade
    reach = blade.depth_mm + blade.overshoot_mm
    middle = blade.to_lps(np.array([0.0, reach / 2, 0.0])) + offset_mm * np.asarray(axes.normal_lps)
    half = reach / 2 + FIELD_ROOM_MM
    wide = half if plane is SlicePlane.CUT_ACROSS else blade.width_mm / 2 + FIELD_ROOM_MM
    return replace(
        state,
        plane=plane,
        axes=axes,
        crosshair_lps_mm=vec3(middle),
        field=SliceField(vec3(middle), wide, half),
        cut=FollowedCut(drawn, offset_mm, state.cut.why_no_area if state.cut is not None else ""),
    )
