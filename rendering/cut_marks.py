"""What a cut view adds to a slice: bone in the blade hatched, the blade's faces and measures, words."""

from typing import Final

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Vec3, axis_letter, vec3
from planning.texts import tr
from rendering.blade_solid import THINNEST_MM
from rendering.cut_section import CrossedBone, hatching, is_on_the_cut
from rendering.line_layer import Strokes
from rendering.point_labels import PointLabel, Stands
from rendering.scene_state import SlicePlane, SliceState
from rendering.section import dashed
from rendering.slice_geometry import SliceFrame

HATCH_PX: Final = 7.0
TICK_PX: Final = 6.0
ARROW_PX: Final = 26.0
HEAD_PX: Final = 6.0
DASH_PX: Final = 5.0
HATCH_ALPHA: Final = 0.85
GHOST_ALPHA: Final = 0.7
AREAS_SAID: Final = 4


def cut_strokes(
    state: SliceState, frame: SliceFrame, px: float, bones: tuple[CrossedBone, ...]
) -> list[Strokes]:
    """Return hatching, faces and measures of the cut that a slice follows.

    Parameters
    ----------
    state : SliceState
    frame : SliceFrame
    px : float
        Device pixels to a logical one.
    bones : tuple of CrossedBone
        What `crossed_bones` found.
    """
    if state.cut is None:
        return []
    drawn, mm = state.cut.drawn, px * frame.mm_per_px
    strokes = _hatched(drawn.blade, bones, HATCH_PX * mm)
    if state.plane is SlicePlane.CUT_ACROSS:
        parts = [_faces(drawn.blade), _ticks(drawn.blade, TICK_PX * mm)]
    else:
        parts = [] if is_on_the_cut(state) else [_ghost(state, DASH_PX * mm)]
    parts.append(_arrow(drawn.blade, frame, mm))
    lifted = [_onto_slice(part, state) for part in parts]
    return strokes + [Strokes(part, drawn.colour_rgb) for part in lifted]


def cut_labels(state: SliceState) -> list[PointLabel]:
    """Return the blade's measures beside it: across it kerf, depth and overshoot, along it its width."""
    if state.cut is None:
        return []
    drawn = state.cut.drawn
    blade = drawn.blade
    end = blade.depth_mm
    if state.plane is SlicePlane.CUT_ACROSS:
        half = _half_kerf(blade) * _right_sign(state)
        marks = [
            (tr("entry · kerf {kerf} mm", kerf=f"{blade.kerf_mm:.1f}"), (0.0, 0.0, half)),
            (tr("depth {depth} mm", depth=f"{end:.1f}"), (0.0, end, half)),
        ]
        if blade.overshoot_mm > 0:
            words = tr("overshoot {overshoot} mm", overshoot=f"{blade.overshoot_mm:.1f}")
            marks.append((words, (0.0, end + blade.overshoot_mm, half)))
        return [
            PointLabel(
                words, vec3(blade.to_lps(at)), drawn.colour_rgb, False, 1.0, (-1, 0), (12, 0), Stands.NEAR
            )
            for words, at in marks
        ]
    words = tr("{width} × {depth} mm", width=f"{blade.width_mm:.1f}", depth=f"{end:.1f}")
    below = vec3(blade.to_lps(np.zeros(3)))
    return [PointLabel(words, below, drawn.colour_rgb, align=(0, 1), shift_px=(0, -30), stands=Stands.NEAR)]


def cut_words(state: SliceState, bones: tuple[CrossedBone, ...]) -> list[str]:
    """Return which cut is seen and how much bone lies in its blade, or why that is not said."""
    if state.cut is None:
        return []
    words = [state.cut.drawn.title]
    if not is_on_the_cut(state):
        return words
    if state.cut.why_no_area:
        return [*words, tr("bone in the blade: not said"), state.cut.why_no_area]
    if not bones:
        return [*words, tr("no segmented bone in the blade")]
    for bone in sorted(bones, key=lambda found: -(found.area_mm2 or 0.0))[:AREAS_SAID]:
        if bone.area_mm2 is None:
            words.append(tr("{bone}: surface not closed, no area", bone=bone.structure.title))
        else:
            area = f"{bone.area_mm2:.0f}"
            words.append(tr("{bone}: {area} mm² in the blade", bone=bone.structure.title, area=area))
    if len(bones) > AREAS_SAID:
        words.append(tr("and {count} more", count=len(bones) - AREAS_SAID))
    return words


def off_words(state: SliceState) -> str:
    """Return how far, and which way, the slice lies off the cut it follows; empty where it lies in it."""
    if state.cut is None or abs(state.cut.offset_mm) < 0.05:
        return ""
    offset = state.cut.offset_mm
    letter = axis_letter(np.sign(offset) * np.asarray(state.screen_axes.normal_lps))
    return (
        tr("OFF THE CUT by {offset} mm towards {letter}", offset=f"{abs(offset):.1f}", letter=letter)
        if state.plane is SlicePlane.CUT_FACE
        else tr("{offset} mm off the middle, towards {letter}", offset=f"{abs(offset):.1f}", letter=letter)
    )


def _hatched(blade: Blade, bones: tuple[CrossedBone, ...], spacing_mm: float) -> list[Strokes]:
    strokes = []
    for bone in bones:
        flat = hatching(bone.segments_ab_mm, blade.outline_mm, spacing_mm)
        lifted = np.concatenate([flat, np.zeros((*flat.shape[:2], 1))], axis=2)
        strokes.append(Strokes(blade.to_lps(lifted), bone.structure.colour_rgb, HATCH_ALPHA))
    return strokes


def _faces(blade: Blade) -> Floats:
    """Return the kerf's two faces from entry to depth, and the overshoot beyond as dashes."""
    half, end, far = _half_kerf(blade), blade.depth_mm, blade.depth_mm + blade.overshoot_mm
    whole = [[(0.0, 0.0, n), (0.0, end, n)] for n in (-half, half)]
    beyond = [[(0.0, end, n), (0.0, far, n)] for n in (-half, half)] if far > end else []
    parts = [blade.to_lps(np.array(whole))]
    if beyond:
        parts.append(dashed(blade.to_lps(np.array(beyond)), 0.8, 0.8))
    return np.concatenate(parts)


def _ticks(blade: Blade, half_mm: float) -> Floats:
    """Return short bars across the blade at its entry, its depth and the end of its overshoot."""
    reach = _half_kerf(blade) + half_mm
    places = {0.0, blade.depth_mm, blade.depth_mm + blade.overshoot_mm}
    return blade.to_lps(np.array([[(0.0, b, -reach), (0.0, b, reach)] for b in sorted(places)]))


def _ghost(state: SliceState, dash_mm: float) -> Floats:
    """Return the blade's outline in dashes: it lies before or behind the slice."""
    if state.cut is None:
        return np.empty((0, 2, 3))
    corners = state.cut.drawn.blade.corners_lps_mm
    return dashed(np.stack([corners, np.roll(corners, -1, axis=0)], axis=1), dash_mm, dash_mm)


def _arrow(blade: Blade, frame: SliceFrame, mm: float) -> Floats:
    """Return an arrow before the entry that points the way the tool travels."""
    tip = blade.to_lps(np.zeros(3)) - 2 * mm * np.asarray(blade.advance_lps)
    way, side = np.asarray(frame.axes.up_lps), np.asarray(frame.axes.right_lps)
    back, head = tip - ARROW_PX * mm * way, HEAD_PX * mm
    return np.array([[back, tip], [tip - head * (way + side), tip], [tip - head * (way - side), tip]])


def _onto_slice(segments: Floats, state: SliceState) -> Floats:
    normal = np.asarray(state.screen_axes.normal_lps)
    off = segments @ normal - float(np.dot(normal, state.crosshair_lps_mm))
    return np.asarray(segments - off[..., None] * normal)


def _half_kerf(blade: Blade) -> float:
    return max(blade.kerf_mm, THINNEST_MM) / 2


def _right_sign(state: SliceState) -> float:
    right: Vec3 = state.screen_axes.right_lps
    blade = state.cut.drawn.blade if state.cut is not None else None
    return 1.0 if blade is None or float(np.dot(right, blade.normal_lps)) >= 0 else -1.0
