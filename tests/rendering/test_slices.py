"""Slices in real pixels: the right side is the right side, a millimetre is a millimetre."""

from dataclasses import replace

import numpy as np
import pytest

from planning.geometry.blade import rotation_matrix
from planning.geometry.frames import Floats, Vec3, vec3
from planning.model.structures import StructureKind
from rendering.boxes import overlap
from rendering.corner_texts import EDGES, Place
from rendering.scene_state import (
    DrawnBlade,
    DrawnLine,
    DrawnStructure,
    LevelName,
    SliceAxes,
    SlicePlane,
    SliceState,
    Stamp,
)
from rendering.slice_geometry import cut_state, frame_of
from tests.rendering.drawing import (
    ORIENTATIONS,
    STAMP,
    Image,
    a_blade,
    a_box,
    a_slice_view,
    coloured,
    marked_volume,
    middle_of,
)

pytestmark = pytest.mark.render

# Left, posterior, superior of the middle: told apart in every plane.
MARKER: Vec3 = (14.0, 8.0, 6.0)
BRIGHT = (255, 255, 255)
PLAIN = SliceState(SlicePlane.AXIAL, None, MARKER, window_hu=1000.0, level_hu=500.0, show_crosshair=False)
MIDDLE: Vec3 = (0.0, 0.0, 0.0)

# Where the marker must appear: right of the middle and above it, as multiples of its millimetres.
EXPECTED = {
    SlicePlane.AXIAL: ((MARKER[0], -MARKER[1]), {"left": "R", "right": "L", "top": "A", "bottom": "P"}),
    SlicePlane.CORONAL: ((MARKER[0], MARKER[2]), {"left": "R", "right": "L", "top": "S", "bottom": "I"}),
    SlicePlane.SAGITTAL: ((MARKER[1], MARKER[2]), {"left": "A", "right": "P", "top": "S", "bottom": "I"}),
}
EXPECTED_AXES = {
    SlicePlane.AXIAL: ((1, 0, 0), (0, -1, 0)),
    SlicePlane.CORONAL: ((1, 0, 0), (0, 0, 1)),
    SlicePlane.SAGITTAL: ((0, 1, 0), (0, 0, 1)),
}


@pytest.mark.parametrize("directions", ORIENTATIONS)
@pytest.mark.parametrize("plane", EXPECTED)
def test_the_marker_appears_where_it_lies_however_the_voxels_are_stored(
    directions: Floats, plane: SlicePlane
) -> None:
    state = replace(PLAIN, plane=plane, volume=marked_volume(directions, MARKER))
    (right_mm, up_mm), letters = EXPECTED[plane]
    with a_slice_view(state, (160, 160)) as (scene, image):
        inner = image.copy()
        _without_words(inner)
        x, y = middle_of(coloured(inner, BRIGHT, 60))
        assert x == pytest.approx(80 + right_mm / scene.mm_per_px, abs=1.5)
        assert y == pytest.approx(80 + up_mm / scene.mm_per_px, abs=1.5)
        assert scene.pixel_of(MARKER) == pytest.approx((x, y), abs=1.5)
        assert scene.lps_at(x, y) == pytest.approx(MARKER, abs=1.5 * scene.mm_per_px)
        assert {e: scene.texts.get(Place[e.upper()]) for e in letters} == letters


def test_a_mirrored_grid_is_not_drawn_mirrored() -> None:
    state = replace(PLAIN, volume=marked_volume(np.diag([-1.0, 1.0, 1.0]), MARKER))
    with a_slice_view(state, (160, 160)) as (scene, image):
        _without_words(image)
        x, _ = middle_of(coloured(image, BRIGHT, 60))
        assert x == pytest.approx(80 + MARKER[0] / scene.mm_per_px, abs=1.5)


@pytest.mark.parametrize("plane", EXPECTED)
def test_an_oblique_grid_is_shown_along_the_patients_axes(plane: SlicePlane) -> None:
    turned = rotation_matrix((1.0, 2.0, -1.0), 25.0)
    volume = marked_volume(turned, MARKER, spacing_ijk_mm=(1.0, 1.0, 1.0))
    with a_slice_view(replace(PLAIN, plane=plane, volume=volume), (320, 320)) as (scene, image):
        _without_words(image, 60)
        x, y = middle_of(coloured(image, BRIGHT, 120))
        assert scene.lps_at(x, y) == pytest.approx(MARKER, abs=0.6)
        offset = np.subtract(MARKER, scene.frame.middle_lps_mm)
        right_mm = float(offset @ EXPECTED_AXES[plane][0])
        assert (x - 160) * scene.mm_per_px == pytest.approx(right_mm, abs=0.6)
        up_mm = float(offset @ EXPECTED_AXES[plane][1])
        assert (y - 160) * scene.mm_per_px == pytest.approx(up_mm, abs=0.6)


def test_letters_follow_the_axes_of_an_oblique_slice() -> None:
    half = float(np.sqrt(0.5))
    axes = SliceAxes((half, half, 0.0), (0.0, 0.0, 1.0))
    state = replace(PLAIN, plane=SlicePlane.OBLIQUE, axes=axes)
    with a_slice_view(state) as (scene, _):
        assert sorted(scene.texts.get(Place.RIGHT)) == ["L", "P"]
        assert sorted(scene.texts.get(Place.LEFT)) == ["A", "R"]
        assert scene.texts.get(Place.TOP) == "S"


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    bar_rgb = PLAIN.theme.text_rgb
    state = replace(PLAIN, volume=marked_volume(np.eye(3), MARKER), zoom=1.7)
    with a_slice_view(state, (300, 240)) as (scene, image):
        low = image[-24:, 150:]  # below the letters, right of the source lines
        row = max(coloured(low, bar_rgb, 30), key=lambda r: int(r.sum()))
        drawn_px = int(np.ptp(np.flatnonzero(row)))
        assert scene.scale_bar.length_mm in (1, 2, 5, 10, 20, 50, 100)
        assert drawn_px * scene.mm_per_px == pytest.approx(scene.scale_bar.length_mm, abs=2 * scene.mm_per_px)
        a, b = scene.lps_at(100, 100), scene.lps_at(100 + scene.scale_bar.length_px, 100)
        assert np.linalg.norm(np.subtract(a, b)) == pytest.approx(scene.scale_bar.length_mm)


def test_outlines_run_along_the_structure_and_simulated_ones_have_gaps() -> None:
    rgb = (255, 0, 0)
    box = DrawnStructure("box", "box", a_box((-20, -10, -5), (10, 10, 5)), rgb, StructureKind.AORTA)
    state = replace(PLAIN, crosshair_lps_mm=(0.0, 0.0, 1.0), structures=(box,))
    with a_slice_view(state) as (scene, image):
        mask = coloured(image, rgb, 90)
        rows, columns = np.nonzero(mask)
        left, high = scene.pixel_of((-20.0, -10.0, 1.0))
        right, low = scene.pixel_of((10.0, 10.0, 1.0))
        assert columns.min() == pytest.approx(left, abs=2)
        assert columns.max() == pytest.approx(right, abs=2)
        assert 300 - rows.min() == pytest.approx(high, abs=2)
        assert 300 - rows.max() == pytest.approx(low, abs=2)
        assert not mask[150 - 4 : 150 + 4, 150 - 4 : 150 + 4].any()
        whole = int(mask.sum())
    with a_slice_view(replace(state, structures=(replace(box, simulated=True),))) as (_, image):
        assert 0 < coloured(image, rgb, 90).sum() < whole
    with a_slice_view(replace(state, crosshair_lps_mm=(0.0, 0.0, 6.0))) as (_, image):
        assert not coloured(image, rgb, 90).any()


def test_a_blade_is_drawn_as_thick_as_its_kerf() -> None:
    rgb = (0, 158, 255)
    drawn = DrawnBlade("cut", "cut", a_blade(), rgb, active=True)
    state = replace(PLAIN, plane=SlicePlane.CORONAL, crosshair_lps_mm=MIDDLE, blades=(drawn,), zoom=4.0)
    with a_slice_view(state) as (scene, image):
        column = image[:, 150].astype(int)  # across the slab
        thick = int((column[:, 2] - column[:, 0] > 60).sum())
        assert thick * scene.mm_per_px == pytest.approx(4.0, abs=0.5)
        row = image[148].astype(int)
        assert (row[:, 2] - row[:, 0] > 60).sum() * scene.mm_per_px == pytest.approx(20.0, abs=0.6)
    with a_slice_view(replace(state, blades=(replace(drawn, blade=a_blade(kerf_mm=1.0)),))) as (scene, image):
        column = image[:, 150].astype(int)
        thin = int((column[:, 2] - column[:, 0] > 60).sum())
        assert thin * scene.mm_per_px == pytest.approx(1.0, abs=0.5)


def test_overshoot_is_marked_beyond_the_far_edge_only() -> None:
    rgb = (0, 158, 255)
    drawn = DrawnBlade("cut", "cut", a_blade(overshoot_mm=10.0), rgb, active=True)
    state = replace(PLAIN, plane=SlicePlane.SAGITTAL, crosshair_lps_mm=MIDDLE, blades=(drawn,), zoom=3.0)
    with a_slice_view(state) as (scene, image):
        mask = image.astype(int)[:, :, 2] - image[:, :, 0] > 60
        left, _ = scene.pixel_of((0.0, -25.0, 0.0))  # the tool runs forward, to the left of a sagittal slice
        right, _ = scene.pixel_of((0.0, 15.0, 0.0))
        inside = mask[146:154]
        columns = np.flatnonzero(inside.any(axis=0))
        assert columns.min() == pytest.approx(left, abs=3)
        assert columns.max() == pytest.approx(right, abs=2)


def test_the_cut_view_lies_in_the_blade() -> None:
    blade = a_blade(normal_lps=(0.0, 0.6, 0.8), advance_lps=(0.0, -0.8, 0.6))
    state = cut_state(PLAIN, DrawnBlade("cut", "cut", blade))
    frame = frame_of(state, 0, 0, 200, 200)
    corners = blade.to_local(np.array([frame.lps_at(x, y) for x, y in ((0, 0), (200, 0), (100, 200))]))
    assert corners[:, 2] == pytest.approx([0, 0, 0], abs=1e-9)
    assert state.screen_axes.right_lps[0] == pytest.approx(1.0)  # the patient's left on the right


def test_position_and_level_are_said() -> None:
    levels = (LevelName("T9", (0.0, 0.0, 30.0)), LevelName("T10", (0.0, 0.0, 4.0)))
    state = replace(PLAIN, levels=levels, stamp=STAMP, volume=marked_volume(np.eye(3), MARKER))
    with a_slice_view(state) as (scene, _):
        assert scene.texts.get(Place.TOP_RIGHT) == "Axial\nS 6.0 mm\nnear T10"
        assert "0123456789ab" in scene.texts.get(Place.BOTTOM_LEFT)
        assert "W 1000 L 500" in scene.texts.get(Place.BOTTOM_LEFT)
        scene.show(replace(state, crosshair_lps_mm=(0.0, 0.0, -12.5)))
        assert scene.texts.get(Place.TOP_RIGHT) == "Axial\nI 12.5 mm"


def test_warnings_stand_in_the_view() -> None:
    stamp = Stamp(updating=True, intralesional=True, simulated=True)
    with a_slice_view(replace(PLAIN, stamp=stamp)) as (scene, image):
        assert scene.texts.get(Place.BANNER).split("\n") == [
            "UPDATING",
            "INTRALESIONAL PLAN",
            "SIMULATED STRUCTURES",
        ]
        assert coloured(image, (255, 96, 72), 30).sum() > 50


def test_the_closest_points_are_joined_where_the_slice_passes_near() -> None:
    rgb = (255, 255, 0)
    line = DrawnLine((-10.0, 0.0, 0.0), (10.0, 0.0, 0.0), "20.0 mm", rgb)
    state = replace(PLAIN, crosshair_lps_mm=(0.0, 0.0, 3.0), line=line, zoom=3.0)
    with a_slice_view(state) as (scene, image):
        row = coloured(image[148:152], rgb, 60).any(axis=0)
        assert np.ptp(np.flatnonzero(row)) * scene.mm_per_px == pytest.approx(20.0, abs=2.5)
    with a_slice_view(replace(state, crosshair_lps_mm=(0.0, 0.0, 40.0))) as (_, image):
        assert not coloured(image, rgb, 60).any()


def test_zoom_and_pan_move_what_is_under_a_pixel() -> None:
    state = replace(PLAIN, volume=marked_volume(np.eye(3), MARKER))
    plain = frame_of(state, 0, 0, 200, 200)
    close = frame_of(replace(state, zoom=2.0), 0, 0, 200, 200)
    assert close.mm_per_px == pytest.approx(plain.mm_per_px / 2)
    panned = frame_of(replace(state, pan_mm=(5.0, -3.0)), 0, 0, 200, 200)
    assert panned.lps_at(100, 100) == pytest.approx(vec3(np.add(plain.lps_at(100, 100), (5.0, 3.0, 0.0))))


def test_the_wheel_steps_by_the_voxels_along_the_line_of_sight() -> None:
    volume = marked_volume(ORIENTATIONS[5], MARKER, spacing_ijk_mm=(1.0, 2.0, 3.0))
    spacing = dict(zip(np.abs(ORIENTATIONS[5]).argmax(axis=0), (1.0, 2.0, 3.0), strict=True))
    for plane, axis in ((SlicePlane.SAGITTAL, 0), (SlicePlane.CORONAL, 1), (SlicePlane.AXIAL, 2)):
        with a_slice_view(replace(PLAIN, plane=plane, volume=volume), (60, 60)) as (scene, _):
            assert scene.step_mm == pytest.approx(spacing[axis])


def test_the_same_state_changes_nothing() -> None:
    state = replace(PLAIN, volume=marked_volume(np.eye(3), MARKER), blades=(DrawnBlade("a", "a", a_blade()),))
    with a_slice_view(state) as (scene, _):
        assert scene.show(state) is False
        assert scene.show(replace(state)) is False
        assert scene.show(replace(state, level_hu=41.0)) is True


def _without_words(image: Image, rim: int = 24) -> None:
    """Blacken the rims, where letters, scale bar and corner texts stand."""
    image[:rim] = image[-rim:] = 0
    image[:, :rim] = image[:, -rim:] = 0


def test_a_small_view_has_smaller_words_that_leave_the_picture_free() -> None:
    stamp = Stamp("Patient", "CT", "sha256:0123456789ab", "EnBloc 1", updating=True, simulated=True)
    state = replace(PLAIN, volume=marked_volume(np.eye(3), MARKER), stamp=stamp)
    shares = {}
    for size in ((300, 220), (900, 660)):
        with a_slice_view(state, size) as (scene, _):
            boxes = scene.texts.boxes()
            for n, box in enumerate(boxes):
                assert not any(overlap(box, other) for other in boxes[n + 1 :])
            shares[size] = scene.texts.size
            words = scene.texts.get(Place.BOTTOM_LEFT)
            assert "0123456789ab" in words  # what a picture shows is never given up
            assert {scene.texts.get(p) for p in EDGES} == {"R", "L", "A", "P"}
    assert shares[300, 220] < shares[900, 660] == 1.0


def test_in_any_view_the_warnings_stand_in_a_corner_and_leave_the_middle_free() -> None:
    stamp = replace(STAMP, updating=True, intralesional=True, simulated=True)
    for size in ((200, 160), (300, 220), (800, 700)):
        with a_slice_view(replace(PLAIN, stamp=stamp), size) as (scene, image):
            words = scene.texts.get(Place.BANNER).split("\n")
            assert words == ["UPDATING", "INTRALESIONAL PLAN", "SIMULATED STRUCTURES"]
            assert scene.texts.get(Place.TOP_LEFT) == "Q. Z.\nCT"
            rows, columns = np.nonzero(coloured(image, (255, 96, 72), 60))
            assert len(rows) > 50, "shown in every view, however small"
            assert columns.max() < 0.72 * size[0]
            assert rows.max() < 0.42 * size[1]  # below the two lines of case and series
            middle = coloured(image, (255, 96, 72), 60)[int(0.42 * size[1]) : int(0.6 * size[1])]
            assert not middle.any()
