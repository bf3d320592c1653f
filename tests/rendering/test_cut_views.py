"""The slices that follow a cut, on boxes and cylinders whose sections are known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from planning.geometry.frames import Floats
from planning.model.structures import StructureKind
from rendering.corner_texts import Place
from rendering.cut_section import area_within, crossed_bones, hatching
from rendering.scene_state import DrawnBlade, DrawnStructure, SlicePlane, SliceState
from rendering.slice_geometry import across_state, cut_state, frame_of
from tests.rendering.drawing import a_blade, a_box, a_slice_view, coloured, marked_volume

pytestmark = pytest.mark.render

BONE_RGB = (255, 0, 0)
BLADE_RGB = (0, 158, 255)
BONE = DrawnStructure(
    "t10", "T10 vertebra", a_box((-30, -10, -9), (4, 12, 9)), BONE_RGB, StructureKind.VERTEBRA
)
AORTA = DrawnStructure("aorta", "aorta", a_box((-3, -14, -9), (3, -12, 9)), (0, 255, 0), StructureKind.AORTA)
CUT = DrawnBlade("cut", "T10 cut", a_blade(overshoot_mm=5.0), BLADE_RGB, active=True)
PLAIN = SliceState(
    SlicePlane.AXIAL, marked_volume(np.eye(3), (50.0, 50.0, 50.0)), window_hu=1000.0, level_hu=500.0,
    structures=(BONE, AORTA), blades=(CUT,), show_crosshair=False,
)  # fmt: skip
TILTED = a_blade(normal_lps=(0.0, 0.6, 0.8), advance_lps=(0.0, -0.8, 0.6))


def circle(radius: float, corners: int = 720) -> Floats:
    """Return the segments of a polygon on a circle round the origin, the inside on the left."""
    turn = np.arange(corners) * 2 * np.pi / corners
    points = radius * np.column_stack([np.cos(turn), np.sin(turn)])
    return np.stack([points, np.roll(points, -1, axis=0)], axis=1)


def rectangle(a0: float, a1: float, b0: float, b1: float) -> Floats:
    """Return a rectangle, counter-clockwise."""
    return np.array([(a0, b0), (a1, b0), (a1, b1), (a0, b1)])


L_SHAPE = np.array([(0, 0), (20, 0), (20, 20), (-20, 20), (-20, -20), (0, -20)], dtype=float)


@pytest.mark.parametrize(
    "outline, share",
    [
        (rectangle(-20, 20, -20, 20), 1.0),
        (rectangle(0, 20, -20, 20), 0.5),
        (rectangle(0, 20, 0, 20), 0.25),
        (L_SHAPE, 0.75),
        (rectangle(15, 20, 15, 20), 0.0),
    ],
)
def test_the_area_inside_an_outline_is_exact(outline: Floats, share: float) -> None:
    whole = 0.5 * 100 * 720 * np.sin(2 * np.pi / 720)
    assert area_within(circle(10.0), outline) == pytest.approx(share * whole, abs=0.01)


def test_an_outline_inside_the_bone_has_its_own_area_and_a_canal_is_left_out() -> None:
    assert area_within(circle(10.0), rectangle(-2, 2, -3, 3)) == pytest.approx(24.0)
    with_canal = np.concatenate([circle(10.0), circle(5.0)[:, ::-1]])
    whole, canal = (area_within(circle(r), rectangle(-20, 20, -20, 20)) for r in (10.0, 5.0))
    assert whole is not None
    assert canal is not None
    assert area_within(with_canal, rectangle(-20, 20, -20, 20)) == pytest.approx(whole - canal)
    assert area_within(with_canal, rectangle(-1, 1, -1, 1)) == pytest.approx(0.0, abs=1e-9)


def test_a_section_that_does_not_close_has_no_area() -> None:
    assert area_within(circle(10.0)[:-30], rectangle(-20, 20, -20, 20)) is None


def test_hatching_covers_the_bone_in_the_blade_and_nothing_else() -> None:
    with_canal = np.concatenate([circle(10.0), circle(5.0)[:, ::-1]])
    lines = hatching(with_canal, rectangle(0, 20, -20, 20), 0.25)
    covered = float(np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1).sum()) * 0.25
    assert covered == pytest.approx(0.375 * np.pi * 100, rel=0.005)
    assert lines[:, :, 0].min() >= -1e-9
    assert np.linalg.norm(lines.mean(axis=1), axis=1).max() <= 10.0


@pytest.mark.parametrize("blade", [a_blade(), TILTED, a_blade(normal_lps=(0.0, 0.0, -1.0))])
def test_the_bone_in_a_blade_is_measured_from_either_side_and_however_it_leans(blade: object) -> None:
    drawn = replace(CUT, blade=blade)  # type: ignore[arg-type]
    bones = crossed_bones(cut_state(PLAIN, drawn))
    assert [bone.structure.id for bone in bones] == ["t10"]
    # The blade reaches 10 mm to both sides, the bone 4 mm to the left: 14 mm wide, 22 mm deep when level.
    low, high = (drawn.blade.to_local(p)[1] for p in ((0.0, 12.0, 0.0), (0.0, -10.0, 0.0)))
    depth = 22.0 if abs(blade.normal_lps[1]) < 0.1 else None  # type: ignore[attr-defined]
    if depth is None:
        # Leaning, the blade leaves the bone where its plane passes z = 9 or y = 12 and -10.
        steps = np.linspace(0.0, 30.0, 300_001)
        places = drawn.blade.to_lps(np.stack([np.zeros_like(steps), steps, np.zeros_like(steps)], axis=1))
        inside = (np.abs(places[:, 2]) <= 9) & (places[:, 1] <= 12) & (places[:, 1] >= -10)
        depth = float(inside.mean() * 30.0)
    else:
        assert high - low == pytest.approx(22.0)
    assert bones[0].area_mm2 == pytest.approx(14.0 * depth, abs=0.05)


def test_off_the_cut_nothing_is_said_of_its_area_and_the_view_says_so() -> None:
    state = cut_state(PLAIN, CUT, 3.0)
    with a_slice_view(state) as (scene, image):
        assert scene.texts.get(Place.BANNER) == "OFF THE CUT by 3.0 mm towards I"
        assert "mm²" not in scene.texts.get(Place.TOP_RIGHT)
        assert frame_of(state, 0, 0, 300, 300).lps_at(150, 150)[2] == pytest.approx(-3.0)
        assert coloured(image, BLADE_RGB, 60).any()  # its place is still marked
    with a_slice_view(cut_state(PLAIN, CUT)) as (scene, _):
        assert scene.texts.get(Place.BANNER) == ""
        assert scene.texts.get(Place.TOP_RIGHT) == "In the cut\nT10 cut\nT10 vertebra: 308 mm² in the blade"


def test_the_area_is_withheld_with_its_reason() -> None:
    state = cut_state(PLAIN, CUT)
    assert state.cut is not None
    held = replace(state, cut=replace(state.cut, why_no_area="the blade leaves the image"))
    with a_slice_view(held) as (scene, _):
        words = scene.texts.get(Place.TOP_RIGHT)
        assert words.endswith("bone in the blade: not said\nthe blade leaves the image")
        assert "308" not in words


def test_the_face_shows_hatched_bone_inside_the_blade_and_outlines_of_all_else() -> None:
    state = replace(cut_state(PLAIN, CUT), blades=())
    with a_slice_view(state) as (scene, image):
        left, low = scene.pixel_of((4.0, 12.0, 0.0))
        right, high = scene.pixel_of((-10.0, -10.0, 0.0))
        (x0, x1), (y0, y1) = sorted((left, right)), sorted((low, high))
        red = coloured(image, BONE_RGB, 110)[::-1]
        inner = red[int(y0) + 8 : int(y1) - 8, int(x0) + 8 : int(x1) - 8]
        assert 0.08 < inner.mean() < 0.5  # lines, not a solid
        beyond, _ = scene.pixel_of((-24.0, 0.0, 0.0))
        outside = red[int(y0) + 8 : int(y1) - 8, int(min(beyond, x0)) + 4 : int(x0) - 6]
        assert outside.mean() < 0.02  # bone beside the blade is outlined, not hatched
        assert coloured(image, (0, 255, 0), 90).any()


def test_across_the_blade_both_faces_of_the_kerf_lie_as_far_apart_as_the_kerf() -> None:
    state = across_state(replace(PLAIN, structures=()), CUT)
    with a_slice_view(state, (400, 400)) as (scene, image):
        row = 400 - round(scene.pixel_of((0.0, 0.0, 0.0))[1])
        columns = np.flatnonzero((image[row].astype(int)[:, 2] - image[row][:, 0]) > 60)
        assert np.ptp(columns) * scene.mm_per_px == pytest.approx(4.0, abs=0.4)
        letters = [scene.texts.get(place) for place in (Place.TOP, Place.LEFT, Place.RIGHT)]
        assert letters == ["A", "S", "I"]  # the tool travels up the screen, the head is on the left
        column = np.flatnonzero((image[:, 200].astype(int)[:, 2] - image[:, 200, 0]) > 60)
        assert np.ptp(column) * scene.mm_per_px >= 35.0  # depth and overshoot are drawn


def test_a_view_of_a_cut_shows_the_blade_whatever_the_size_of_the_image() -> None:
    frame = frame_of(cut_state(PLAIN, CUT), 0, 0, 300, 300)
    corners = frame.pixels_of(CUT.blade.corners_lps_mm)
    assert corners.min() > 0
    assert corners.max() < 300
    assert np.ptp(corners[:, 1]) > 130


def test_without_a_cut_the_view_says_what_to_do() -> None:
    empty = SliceState(SlicePlane.CUT_FACE, empty="Choose a cut in the list, or add one.")
    with a_slice_view(empty) as (scene, image):
        assert scene.texts.get(Place.MIDDLE) == "Choose a cut in the list, or add one."
        assert (image > 120).any()
