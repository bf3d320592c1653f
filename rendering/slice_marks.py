"""Crosshair, closest-point line and level names of a slice, as strokes and labels."""

import numpy as np

from planning.geometry.frames import Floats
from planning.texts import tr
from rendering.colours import CROSSHAIR_RGB
from rendering.cut_planes import TURNS_FROM, Grip, Hold, end_px
from rendering.line_layer import Strokes
from rendering.point_labels import PointLabel, Stands
from rendering.scene_state import CrossLine, LevelName, SlicePlane, SliceState
from rendering.slice_geometry import SliceFrame, height_mm

NEAR_LEVEL_MM = 14.0
LEVEL_IN_SLICE_MM = 30.0
LINE_IN_SLICE_MM = 12.0
ACROSS_COSINE = 0.6
CROSSHAIR_ALPHA = 0.75

# The plane whose bar runs up and down on the screen, and the one whose bar runs across.
_BARS = {
    SlicePlane.AXIAL: (SlicePlane.SAGITTAL, SlicePlane.CORONAL),
    SlicePlane.CORONAL: (SlicePlane.SAGITTAL, SlicePlane.AXIAL),
    SlicePlane.SAGITTAL: (SlicePlane.CORONAL, SlicePlane.AXIAL),
    SlicePlane.OBLIQUE: (SlicePlane.OBLIQUE, SlicePlane.OBLIQUE),
    SlicePlane.CUT_FACE: (SlicePlane.CUT_ACROSS, SlicePlane.CUT_ACROSS),
    SlicePlane.CUT_ACROSS: (SlicePlane.CUT_FACE, SlicePlane.CUT_FACE),
}


def crosshair_strokes(state: SliceState, frame: SliceFrame, gap_px: float) -> list[Strokes]:
    """Return the other planes' bars across the whole view, open round the point they share."""
    if not state.show_crosshair:
        return []
    point, far = np.asarray(state.crosshair_lps_mm), 4 * frame.half_height_mm * max(1.0, _aspect(frame))
    gap = gap_px * frame.mm_per_px
    strokes = []
    for line in state.cross or _bars(state, frame):
        way = np.asarray(line.direction_lps)
        ends = [[point + s * gap * way, point + s * far * way] for s in (-1, 1)]
        strokes.append(Strokes(np.array(ends), CROSSHAIR_RGB[line.plane.value], CROSSHAIR_ALPHA))
    return strokes


def grip_strokes(state: SliceState, frame: SliceFrame, grip: Grip | None, gap_px: float) -> list[Strokes]:
    """Return the stretch of the crosshair that a press would grab, as drawn over it."""
    if grip is None or not state.show_crosshair:
        return []
    strokes, point = [], np.asarray(state.crosshair_lps_mm)
    for line in state.cross:
        if grip.plane not in (None, line.plane):
            continue
        way, ends = np.asarray(line.direction_lps), []
        for sign in (-1.0, 1.0):
            end = end_px(state, frame, line, sign)
            stretch = {
                Hold.CENTRE: (gap_px, 2 * gap_px),
                Hold.MOVE: (gap_px, TURNS_FROM * end),
                Hold.TURN: (TURNS_FROM * end, end),
            }[grip.hold]
            if stretch[1] > stretch[0]:
                ends.append([point + sign * px * frame.mm_per_px * way for px in stretch])
        if ends:
            strokes.append(Strokes(np.array(ends), CROSSHAIR_RGB[line.plane.value]))
    return strokes


def _bars(state: SliceState, frame: SliceFrame) -> tuple[CrossLine, ...]:
    ways = (frame.axes.up_lps, frame.axes.right_lps)
    return tuple(CrossLine(p, way) for p, way in zip(_BARS[state.plane], ways, strict=True))


def line_strokes(state: SliceState, frame: SliceFrame, mark_px: float) -> list[Strokes]:
    """Return the closest-point line, laid onto the slice, with a cross-bar at either end."""
    line = state.line
    if line is None or not _near(state):
        return []
    start, end = (_onto(state, np.asarray(p)) for p in (line.start_lps_mm, line.end_lps_mm))
    right, up = np.asarray(frame.axes.right_lps), np.asarray(frame.axes.up_lps)
    half = mark_px * frame.mm_per_px
    bars = [[p - half * way, p + half * way] for p in (start, end) for way in (right + up, right - up)]
    return [Strokes(np.array([[start, end], *bars]), line.colour_rgb)]


def line_label(state: SliceState) -> list[PointLabel]:
    """Return the length beside the closest-point line."""
    line = state.line
    if line is None or not _near(state):
        return []
    x, y, z = np.add(line.start_lps_mm, line.end_lps_mm) / 2
    middle = (float(x), float(y), float(z))
    return [PointLabel(line.label, middle, line.colour_rgb, True, 1.1, (-1, 0), (8, 16), Stands.ALWAYS)]


def level_labels(state: SliceState) -> list[PointLabel]:
    """Return level names on the vertebrae this slice passes; a slice across the spine says it in words."""
    if _across_the_spine(state):
        return []
    normal, height = np.asarray(state.screen_axes.normal_lps), height_mm(state)
    return [
        PointLabel(level.text, level.point_lps_mm, bold=True, stands=Stands.BESIDE)
        for level in state.levels
        if abs(float(normal @ np.asarray(level.point_lps_mm)) - height) <= LEVEL_IN_SLICE_MM
    ]


def level_words(state: SliceState) -> str:
    """Return the level a slice across the spine lies at, or the note where levels cannot be named."""
    if not _across_the_spine(state) or not state.levels:
        return state.stamp.level_note
    normal, height = np.asarray(state.screen_axes.normal_lps), height_mm(state)

    def distance(level: LevelName) -> float:
        return abs(float(normal @ np.asarray(level.point_lps_mm)) - height)

    nearest = min(state.levels, key=distance)
    return tr("near {level}", level=nearest.text) if distance(nearest) <= NEAR_LEVEL_MM else ""


def _across_the_spine(state: SliceState) -> bool:
    return abs(state.screen_axes.normal_lps[2]) > ACROSS_COSINE


def _near(state: SliceState) -> bool:
    if state.line is None:
        return False
    normal, height = np.asarray(state.screen_axes.normal_lps), height_mm(state)
    off = [
        abs(float(normal @ np.asarray(p)) - height) for p in (state.line.start_lps_mm, state.line.end_lps_mm)
    ]
    return min(off) <= LINE_IN_SLICE_MM


def _onto(state: SliceState, point: Floats) -> Floats:
    normal = np.asarray(state.screen_axes.normal_lps)
    return np.asarray(point - (float(normal @ point) - height_mm(state)) * normal)


def _aspect(frame: SliceFrame) -> float:
    return frame.width_px / max(frame.height_px, 1.0)
