"""What was interpolated over missing slices is marked on every slice that shows it."""

from dataclasses import replace

import numpy as np
import pytest

from planning.geometry.blade import rotation_matrix
from planning.geometry.coverage import Coverage
from planning.geometry.frames import Floats
from rendering.corner_texts import Place
from rendering.scene_state import SlicePlane, SliceState
from rendering.slice_gaps import gap_bands, gap_labels, gap_strokes, gap_words
from rendering.slice_geometry import frame_of
from tests.rendering.drawing import ORIENTATIONS, a_slice_view, coloured, marked_volume

pytestmark = pytest.mark.render
FAR = (14.0, 8.0, 16.0)


def _state(directions: Floats, plane: SlicePlane, z_mm: float, gap_mm: tuple[float, float]) -> SliceState:
    """Return a slice through z = `z_mm` of an image whose slices k miss some between two heights."""
    volume = marked_volume(directions, FAR)
    ends = sorted(float(volume.grid.to_ijk((0.0, 0.0, z))[2]) for z in gap_mm)
    bands = gap_bands(Coverage((0.0, 0.0), (1.0, 1.0), gaps_k=((ends[0], ends[1]),)), volume.grid)
    return SliceState(plane, volume, (0.0, 0.0, z_mm), show_crosshair=False, gaps=bands)


ALONG_S = [d for d in ORIENTATIONS if abs(d[2, 2]) == 1]


@pytest.mark.parametrize("directions", ALONG_S)
@pytest.mark.parametrize("plane", [SlicePlane.CORONAL, SlicePlane.SAGITTAL])
def test_both_ends_of_a_gap_are_dashed_where_they_lie(directions: Floats, plane: SlicePlane) -> None:
    state = _state(directions, plane, -14.0, (-4.0, 8.0))
    with a_slice_view(state) as (scene, image):
        orange = coloured(image, state.theme.for_slices.warning_rgb, 60)
        orange = orange[::-1]  # pixels count upwards
        rows = np.flatnonzero(orange.sum(axis=1) > 90)  # longer than any words
        wanted = [scene.pixel_of((0.0, 0.0, z))[1] for z in (-4.0, 8.0)]
        assert all(min(abs(rows - y)) <= 1.5 for y in wanted)
        assert all(min(abs(y - w) for w in wanted) <= 3 for y in rows)
        share = orange[rows].any(axis=0).mean()
        assert 0.3 < share < 0.9, "dashed, so told from blades and crosshair without colour"
    (label,) = gap_labels(state)
    assert label.words == "slices missing"
    assert label.point_lps_mm[2] == pytest.approx(2.0)


@pytest.mark.parametrize("z_mm, said", [(-5.0, False), (-3.0, True), (7.0, True), (9.0, False)])
def test_an_axial_slice_in_the_gap_says_that_it_is_interpolated(z_mm: float, said: bool) -> None:
    state = _state(np.eye(3), SlicePlane.AXIAL, z_mm, (-4.0, 8.0))
    with a_slice_view(state) as (scene, _):
        words = scene.texts.get(Place.WARNINGS)
        assert words == ("interpolated: slices are missing here" if said else "")
    assert gap_labels(state) == []
    assert gap_words(state) == words


def test_an_oblique_stack_is_marked_along_its_own_slices() -> None:
    turned = rotation_matrix((1.0, 0.0, 0.0), 30.0)
    state = _state(turned, SlicePlane.SAGITTAL, 0.0, (-4.0, 8.0))
    (strokes,) = gap_strokes(state, frame_of(state, 0, 0, 300, 300))
    normal = turned[:, 2]
    heights = strokes.segments_lps_mm @ normal
    ends = [
        float(normal @ np.asarray(end)) for end in (state.gaps[0].before_lps_mm, state.gaps[0].behind_lps_mm)
    ]
    assert np.abs(heights[..., None] - ends).min(axis=-1).max() < 1e-6
    np.testing.assert_allclose(strokes.segments_lps_mm[..., 0], 0.0, atol=1e-9)


def test_an_image_without_gaps_is_not_marked() -> None:
    volume = marked_volume(np.eye(3), FAR)
    assert gap_bands(None, volume.grid) == ()
    assert gap_bands(Coverage((0.0, 0.0), (1.0, 1.0)), volume.grid) == ()
    plain = replace(_state(np.eye(3), SlicePlane.CORONAL, 0.0, (-4.0, 8.0)), gaps=())
    assert gap_strokes(plain, frame_of(plain, 0, 0, 300, 300)) == []
    assert gap_words(plain) == ""
