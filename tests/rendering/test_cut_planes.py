"""Oblique planes and slabs: turned about the crosshair, and exact to the voxel and the pixel."""

from dataclasses import replace

import numpy as np
import pytest

from planning.geometry.blade import rotation_matrix
from planning.geometry.frames import Floats, Grid, Vec3, vec3
from planning.geometry.volume import Volume
from planning.model.structures import StructureKind
from rendering.corner_texts import Place
from rendering.cut_planes import (
    ANATOMICAL,
    CONVENTIONAL,
    CrossDrag,
    CutPlanes,
    Grip,
    Hold,
    grip_at,
    pan_kept,
)
from rendering.scene_state import DrawnBlade, DrawnStructure, SlicePlane, SliceState
from rendering.slice_geometry import frame_of, turned_deg
from rendering.slice_parts import SlabMode
from tests.rendering.drawing import a_blade, a_box, a_slice_view, coloured, marked_volume, middle_of

pytestmark = pytest.mark.render

MIDDLE_HU = 500.0
CROSSHAIR: Vec3 = (6.0, -3.0, 2.0)
TURNED = ANATOMICAL.turned(SlicePlane.AXIAL, 25.0).turned(SlicePlane.SAGITTAL, -14.0)


def a_state(plane: SlicePlane, planes: CutPlanes, volume: Volume | None = None) -> SliceState:
    """Return a slice of turned planes through the crosshair."""
    return SliceState(plane, volume, CROSSHAIR, planes.axes(plane), 1000.0, 500.0, cross=planes.lines(plane))


def a_ramp(gradient: Vec3) -> tuple[Volume, Floats]:
    """Return a volume whose values rise linearly along `gradient`, and that gradient."""
    grid = Grid.from_axes((40, 50, 60), (-29.5, -24.5, -19.5), np.eye(3), (1.0, 1.0, 1.0))
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape_kji), indexing="ij"), -1)[..., ::-1]
    return Volume(
        (grid.to_lps(index) @ np.asarray(gradient) + MIDDLE_HU).astype(np.float32), grid
    ), np.asarray(gradient)


def test_planes_turn_about_the_line_of_sight_and_stay_at_right_angles() -> None:
    turned = ANATOMICAL.turned(SlicePlane.CORONAL, 30.0)
    assert turned.coronal == ANATOMICAL.coronal
    normals = np.array([turned.axes(p).normal_lps for p in CONVENTIONAL])
    assert normals @ normals.T == pytest.approx(np.eye(3), abs=1e-12)
    rotation = rotation_matrix(ANATOMICAL.coronal.normal_lps, 30.0)
    assert turned.axial.normal_lps == pytest.approx(rotation @ ANATOMICAL.axial.normal_lps)
    assert turned_deg(a_state(SlicePlane.AXIAL, turned)) == pytest.approx(30.0)
    assert turned_deg(a_state(SlicePlane.CORONAL, turned)) == 0.0
    back = turned.turned(SlicePlane.CORONAL, -30.0)
    assert back.axial.right_lps == pytest.approx(ANATOMICAL.axial.right_lps)


def test_a_thousand_turns_leave_right_angles() -> None:
    planes = ANATOMICAL
    for n in range(1000):
        planes = planes.turned(CONVENTIONAL[n % 3], 7.3)
    for plane in CONVENTIONAL:
        axes = planes.axes(plane)
        assert np.dot(axes.right_lps, axes.up_lps) == pytest.approx(0, abs=1e-12)
        assert np.linalg.norm(axes.normal_lps) == pytest.approx(1, abs=1e-12)
    normals = np.array([planes.axes(p).normal_lps for p in CONVENTIONAL])
    assert normals @ normals.T == pytest.approx(np.eye(3), abs=1e-9)


@pytest.mark.parametrize("plane", CONVENTIONAL)
def test_every_pixel_of_an_oblique_slice_shows_the_voxel_it_says(plane: SlicePlane) -> None:
    volume, gradient = a_ramp((9.0, 5.0, -7.0))
    state = replace(a_state(plane, TURNED, volume), show_crosshair=False, zoom=2.0)
    with a_slice_view(state, (240, 200)) as (scene, image):
        for x, y in ((60, 60), (120, 100), (170, 70), (90, 130), (180, 130)):
            point = scene.lps_at(x + 0.5, y + 0.5)
            assert volume.grid.contains(point, 2.0)
            shown = image[image.shape[0] - 1 - y, x, 0] / 255 * 1000.0
            assert shown == pytest.approx(
                float(gradient @ np.asarray(point)) + MIDDLE_HU, abs=1000 / 255 + 0.6
            )
            assert scene.pixel_of(point) == pytest.approx((x + 0.5, y + 0.5))


@pytest.mark.parametrize("plane", CONVENTIONAL)
def test_a_marker_off_the_axes_lies_where_the_frame_says_in_turned_planes(plane: SlicePlane) -> None:
    axes = TURNED.axes(plane)
    middle = vec3(np.asarray(CROSSHAIR) + 9.0 * np.asarray(axes.right_lps) + 5.0 * np.asarray(axes.up_lps))
    volume = marked_volume(np.eye(3), middle, spacing_ijk_mm=(1.0, 1.0, 1.0))
    with a_slice_view(replace(a_state(plane, TURNED, volume), show_crosshair=False), (300, 300)) as (
        scene,
        image,
    ):
        image[:60], image[-60:], image[:, :60], image[:, -60:] = 0, 0, 0, 0  # letters and words
        found = middle_of(coloured(image, (255, 255, 255), 120))
        assert scene.lps_at(*found) == pytest.approx(middle, abs=0.7)


def test_outline_blade_and_crosshair_meet_in_a_turned_plane() -> None:
    rgb, cut_rgb = (255, 0, 0), (0, 158, 255)
    box = DrawnStructure("box", "box", a_box((-20, -16, -14), (24, 12, 13)), rgb, StructureKind.AORTA)
    blade = DrawnBlade("cut", "cut", a_blade(origin_lps_mm=(0.0, 15.0, 4.0)), cut_rgb, active=True)
    state = replace(a_state(SlicePlane.SAGITTAL, TURNED), structures=(box,), blades=(blade,), zoom=4.0)
    with a_slice_view(state, (300, 300)) as (scene, image):
        rows, columns = np.nonzero(coloured(image, rgb, 60))
        points = np.array([scene.lps_at(c + 0.5, 299.5 - r) for r, c in zip(rows, columns, strict=True)])
        low, high = np.array((-20, -16, -14)), np.array((24, 12, 13))
        off = np.maximum(low - points, points - high).max(axis=1)  # 0 on the box's surface
        assert len(points) > 200
        assert np.abs(off).max() < 1.6 * scene.mm_per_px
        rows, columns = np.nonzero(np.asarray(image.astype(int)[:, :, 2] - image[:, :, 0] > 90))
        local = np.array(
            [
                blade.blade.to_local(scene.lps_at(c + 0.5, 299.5 - r))
                for r, c in zip(rows, columns, strict=True)
            ]
        )
        assert np.abs(local[:, 2]).max() == pytest.approx(2.0, abs=2 * scene.mm_per_px)  # half the kerf
        assert scene.pixel_of(CROSSHAIR) == pytest.approx((150, 150))


def test_letters_and_words_say_that_a_plane_is_oblique() -> None:
    with a_slice_view(a_state(SlicePlane.AXIAL, ANATOMICAL.turned(SlicePlane.SAGITTAL, 10.0))) as (scene, _):
        assert scene.texts.get(Place.TOP_RIGHT).split("\n") == ["Axial, oblique 10.0°"]
        assert scene.texts.get(Place.RIGHT) == "L"
        assert {scene.texts.get(Place.TOP), scene.texts.get(Place.BOTTOM)} in ({"AS", "PI"}, {"AI", "PS"})
    with a_slice_view(a_state(SlicePlane.CORONAL, TURNED)) as (scene, _):
        assert scene.texts.get(Place.TOP) == "SPL"
        assert scene.texts.get(Place.BOTTOM) == "IAR"
    with a_slice_view(a_state(SlicePlane.AXIAL, ANATOMICAL)) as (scene, _):
        assert scene.texts.get(Place.TOP_RIGHT) == "Axial\nS 2.0 mm"
        assert scene.texts.get(Place.TOP) == "A"


def test_near_its_ends_a_line_turns_near_its_middle_it_moves() -> None:
    state = a_state(SlicePlane.AXIAL, ANATOMICAL)
    frame = frame_of(state, 0, 0, 400, 300)
    assert grip_at(state, frame, 203, 148, 1.0) == Grip(Hold.CENTRE)
    near, far = grip_at(state, frame, 253, 153, 1.0), grip_at(state, frame, 330, 147, 1.0)
    assert near is not None
    assert far is not None
    assert (near.hold, near.plane) == (Hold.MOVE, SlicePlane.CORONAL)
    assert (far.hold, far.plane) == (Hold.TURN, SlicePlane.CORONAL)
    up = grip_at(state, frame, 201, 290, 1.0)
    assert up is not None
    assert (up.hold, up.plane) == (Hold.TURN, SlicePlane.SAGITTAL)
    assert grip_at(state, frame, 230, 180, 1.0) is None
    assert grip_at(state, frame, 300, 157, 1.0) is None
    assert grip_at(state, frame, 300, 157, 2.0) is not None  # as far in logical pixels on a dense screen
    assert grip_at(replace(state, show_crosshair=False), frame, 203, 148, 1.0) is None


def test_a_line_moves_across_itself_and_turns_with_the_pointer() -> None:
    state = a_state(SlicePlane.CORONAL, TURNED)
    frame = frame_of(state, 0, 0, 300, 300)
    line = state.cross[0]
    along, normal = np.asarray(line.direction_lps), np.asarray(TURNED.coronal.normal_lps)
    start = (190.0, 170.0)
    move = CrossDrag(state.plane, Grip(Hold.MOVE, line.plane, line.direction_lps), frame, CROSSHAIR,
                     frame.lps_at(*start))  # fmt: skip
    assert move.crosshair_at(*start) == pytest.approx(CROSSHAIR)  # nothing jumps when it is touched
    by = np.subtract(move.crosshair_at(230.0, 140.0), CROSSHAIR)
    assert by @ along == pytest.approx(0, abs=1e-9)
    assert by @ normal == pytest.approx(0, abs=1e-9)
    pointer = np.subtract(frame.lps_at(230.0, 140.0), frame.lps_at(*start))
    assert np.linalg.norm(by) == pytest.approx(np.linalg.norm(pointer - (pointer @ along) * along))

    turn = replace(move, grip=replace(move.grip, hold=Hold.TURN))
    degrees = turn.turn_deg(150.0 - 20.0, 150.0 + 40.0)  # start stands at (40, 20) of the crosshair
    assert degrees == pytest.approx(90.0)
    turned = TURNED.turned(state.plane, degrees)
    there = np.subtract(frame.lps_at(130.0, 190.0), CROSSHAIR)
    before = np.subtract(frame.lps_at(*start), CROSSHAIR)
    rotated = next(c for c in turned.lines(state.plane) if c.plane is line.plane).direction_lps
    cosine = float(along @ before) / np.linalg.norm(before)
    assert abs(np.dot(rotated, there)) / np.linalg.norm(there) == pytest.approx(abs(cosine))


def test_the_crosshair_stays_under_the_eye_and_the_scale_stays_while_a_plane_turns() -> None:
    volume, _ = a_ramp((1.0, 0.0, 0.0))
    old = replace(a_state(SlicePlane.AXIAL, ANATOMICAL, volume), zoom=1.7, pan_mm=(4.0, -2.0))
    new = replace(a_state(SlicePlane.AXIAL, TURNED, volume), zoom=1.7, pan_mm=old.pan_mm)
    new = replace(new, pan_mm=pan_kept(old, new))
    before, after = (frame_of(s, 0, 0, 320, 240) for s in (old, new))
    assert after.pixel_of(CROSSHAIR) == pytest.approx(before.pixel_of(CROSSHAIR))
    assert after.mm_per_px == before.mm_per_px


@pytest.mark.parametrize("mode", SlabMode)
@pytest.mark.parametrize("planes", [ANATOMICAL, TURNED])
def test_a_slab_is_as_thick_as_it_says(mode: SlabMode, planes: CutPlanes) -> None:
    volume, gradient = a_ramp((9.0, 5.0, -7.0))
    normal = np.asarray(planes.coronal.normal_lps)
    state = replace(
        a_state(SlicePlane.CORONAL, planes, volume),
        show_crosshair=False,
        zoom=3.0,
        slab_mm=10.0,
        slab_mode=mode,
    )
    with a_slice_view(state, (200, 200)) as (scene, image):
        point = np.asarray(scene.lps_at(100.5, 100.5))
        along = (point + t * normal for t in np.linspace(-5, 5, 101))
        values = np.array([gradient @ p for p in along]) + MIDDLE_HU
        shown = image[99, 100, 0] / 255 * 1000.0
        expected = {
            SlabMode.MAXIMUM: values.max(),
            SlabMode.MINIMUM: values.min(),
            SlabMode.MEAN: values.mean(),
        }[mode]
        assert shown == pytest.approx(float(expected), abs=1000 / 255 + 6)
        words = scene.texts.get(Place.TOP_RIGHT).split("\n")
        assert any(line.endswith("of a slab of 10 mm") for line in words)


def test_a_slab_names_itself_and_keeps_the_outlines_of_its_middle() -> None:
    box = DrawnStructure("box", "box", a_box((-20, -16, -14), (24, 12, 4)), (255, 0, 0))
    state = replace(a_state(SlicePlane.AXIAL, ANATOMICAL), structures=(box,), slab_mm=20.0)
    with a_slice_view(state) as (scene, image):
        assert scene.texts.get(Place.TOP_RIGHT).split("\n")[-2:] == [
            "MIP of a slab of 20 mm",
            "outlines: middle plane only",
        ]
        assert coloured(image, (255, 0, 0), 60).any()
    above = replace(state, crosshair_lps_mm=(6.0, -3.0, 6.0))  # the slab reaches the box, its middle does not
    with a_slice_view(above) as (_, image):
        assert not coloured(image, (255, 0, 0), 60).any()
