"""Words and lines of the 3D view that are not surfaces: level names, closest points, crosshair."""

import numpy as np

from planning.geometry.frames import Vec3
from planning.texts import tr
from rendering.blade_solid import slab_edges
from rendering.clipping import clip_words
from rendering.line_layer import Strokes
from rendering.point_labels import PointLabel, Stands
from rendering.scene_state import DrawnLine, LevelName, SpineState

CROSSHAIR_PX = 11.0
END_PX = 5.0
HIDDEN_ALPHA = 0.45


def mark_strokes(state: SpineState, mm_per_px: float) -> list[Strokes]:
    """Return the closest-point line with a small cross at either end, and the crosshair.

    While pieces are moved apart the line is left out: its ends would not lie on what is drawn.
    """
    strokes = []
    if state.line is not None and not state.is_apart:
        ends = [np.asarray(state.line.start_lps_mm), np.asarray(state.line.end_lps_mm)]
        crosses = [_cross(p, END_PX * mm_per_px) for p in ends]
        strokes.append(Strokes(np.concatenate([[ends], *crosses]), state.line.colour_rgb))
    if state.crosshair_lps_mm is not None:
        cross = _cross(np.asarray(state.crosshair_lps_mm), CROSSHAIR_PX * mm_per_px)
        strokes.append(Strokes(cross, state.theme.text_rgb, 0.8))
    return strokes


def hidden_strokes(state: SpineState) -> list[Strokes]:
    """Return the active blade's edges, faint, as drawn over what hides them."""
    active = (b for b in state.blades if b.active and b.visible)
    return [Strokes(slab_edges(b.blade), b.colour_rgb, HIDDEN_ALPHA) for b in active]


def mark_labels(state: SpineState) -> list[PointLabel]:
    """Return the closest distance, the active blade's title and level names: first come, first drawn."""
    labels = []
    if state.line is not None and not state.is_apart:
        labels.append(_line_label(state.line))
    for drawn in state.blades:
        if drawn.active and drawn.visible:
            corner = drawn.blade.to_lps(np.array([0.0, drawn.blade.depth_mm + drawn.blade.overshoot_mm, 0.0]))
            x, y, z = (float(v) for v in corner)
            labels.append(
                PointLabel(
                    drawn.title, (x, y, z), drawn.colour_rgb, True, shift_px=(0, -16), stands=Stands.NEAR
                )
            )
    return [
        *labels,
        *(
            PointLabel(level.text, _shown_at(level), bold=True, stands=Stands.BESIDE)
            for level in state.levels
        ),
    ]


def apart_words(state: SpineState) -> str:
    """Return what must be said of pieces that are drawn where they do not lie, or nothing."""
    return tr("PIECES MOVED APART\nNOT TO SCALE") if state.is_apart else ""


def looking_words(state: SpineState) -> list[str]:
    """Return what is said of the way of looking: what is cut away, and what is no measured surface."""
    words = [clip_words(state.clip)]
    if state.picture is not None:
        words.append(tr("volume picture, not measured"))
    return words


def _shown_at(level: LevelName) -> Vec3:
    x, y, z = (at + by for at, by in zip(level.point_lps_mm, level.apart_lps_mm, strict=True))
    return (x, y, z)


def _line_label(line: DrawnLine) -> PointLabel:
    x, y, z = (float(v) for v in np.add(line.start_lps_mm, line.end_lps_mm) / 2)
    return PointLabel(line.label, (x, y, z), line.colour_rgb, True, 1.2, (-1, 0), (8, 16), Stands.ALWAYS)


def _cross(point: np.ndarray, half_mm: float) -> np.ndarray:
    arms = np.eye(3) * half_mm
    return np.stack([point - arms, point + arms], axis=1)
