"""What was interpolated over missing slices, on a slice: dashed lines where it begins and ends, and words."""

import numpy as np

from planning.geometry.coverage import Coverage
from planning.geometry.frames import Floats, Grid, vec3
from planning.texts import tr
from rendering.line_layer import Strokes
from rendering.point_labels import PointLabel, Stands
from rendering.scene_state import SliceState
from rendering.slice_geometry import SliceFrame, height_mm
from rendering.slice_parts import GapBand

_ALONG = 0.2  # sine: a slice more parallel to the acquired ones than this lies in a gap or beside it
_DASHES = 60


def gap_bands(coverage: Coverage | None, grid: Grid) -> tuple[GapBand, ...]:
    """Return the gaps of an image as slabs of the patient; none where all of it was acquired."""
    if coverage is None:
        return ()
    middle = (np.array(grid.shape_kji[::-1]) - 1) / 2
    ends = [[grid.to_lps((middle[0], middle[1], k)) for k in gap] for gap in coverage.gaps_k]
    normal = vec3(grid.directions[:, 2])
    return tuple(GapBand(vec3(before), vec3(behind), normal) for before, behind in ends)


def gap_strokes(state: SliceState, frame: SliceFrame) -> list[Strokes]:
    """Return dashed lines where the slice meets the last acquired slices on either side of a gap."""
    segments = [_dashes(*line, frame) for band in state.gaps for line in _lines(band, state)]
    if not segments:
        return []
    return [Strokes(np.concatenate(segments), state.theme.for_slices.warning_rgb)]


def gap_labels(state: SliceState) -> list[PointLabel]:
    """Return the words beside the lines of each gap the slice crosses."""
    labels = []
    for band in state.gaps:
        lines = _lines(band, state)
        if lines:
            middle = (lines[0][0] + lines[1][0]) / 2
            rgb = state.theme.for_slices.warning_rgb
            labels.append(
                PointLabel(tr("slices missing"), vec3(middle), rgb, bold=True, stands=Stands.ALWAYS)
            )
    return labels


def gap_words(state: SliceState) -> str:
    """Return a warning where the slice itself, or the crosshair on it, lies in a gap; else nothing."""
    point = np.asarray(state.crosshair_lps_mm)
    for band in state.gaps:
        normal = np.asarray(band.normal_lps)
        ends = sorted(float(normal @ np.asarray(end)) for end in (band.before_lps_mm, band.behind_lps_mm))
        if ends[0] < float(normal @ point) < ends[1]:
            return tr("interpolated: slices are missing here")
    return ""


def _lines(band: GapBand, state: SliceState) -> list[tuple[Floats, Floats]]:
    """Return a point and the direction of both ends of a gap in the slice; none where it lies along them."""
    across, normal = np.asarray(state.screen_axes.normal_lps), np.asarray(band.normal_lps)
    way = np.cross(normal, across)
    sine = float(np.linalg.norm(way))
    if sine < _ALONG:
        return []
    lines = []
    for end in (band.before_lps_mm, band.behind_lps_mm):
        # The nearest point to the image's middle that lies in both planes.
        start = np.asarray(end)
        towards = np.cross(way, normal) / sine**2
        step = (height_mm(state) - float(across @ start)) / float(across @ towards)
        lines.append((start + step * towards, way / sine))
    return lines


def _dashes(point: Floats, way: Floats, frame: SliceFrame) -> Floats:
    reach = 2 * frame.half_height_mm * max(1.0, frame.width_px / max(frame.height_px, 1.0))
    middle = point + float((np.asarray(frame.middle_lps_mm) - point) @ way) * way
    steps = np.linspace(-reach, reach, 2 * _DASHES + 1)
    return np.asarray(
        [[middle + a * way, middle + b * way] for a, b in zip(steps[:-1:2], steps[1::2], strict=True)]
    )
