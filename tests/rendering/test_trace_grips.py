"""Handles on a slice: they lie on the blade's line, and what is grabbed stays under the pointer."""

from dataclasses import replace

import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, vec3
from rendering.handle_geometry import Part
from rendering.scene_state import STANDARD_AXES, DrawnBlade, SliceAxes, SlicePlane, SliceState
from rendering.slice_geometry import SliceFrame
from rendering.slices import SliceScene
from rendering.trace_grips import TraceGrips, TracePart, trace_of
from tests.rendering.drawing import a_blade
from tests.rendering.test_scene import Heard

SAGITTAL = SliceFrame(STANDARD_AXES[SlicePlane.SAGITTAL], (0.0, 0.0, 0.0), 40.0, 0, 0, 400, 300)
AXIAL = SliceFrame(STANDARD_AXES[SlicePlane.AXIAL], (0.0, 0.0, 0.4), 40.0, 0, 0, 400, 300)
# a_blade: transverse through the origin, 20 wide, from y = 15 to y = -15.
TILTED = a_blade().turned((1.0, 0.0, 0.0), 20.0, (0.0, 0.0, 0.0))


def _pixels(point: Floats, frame: SliceFrame = SAGITTAL) -> tuple[float, float]:
    x, y = frame.pixels_of(np.asarray(point)[None])[0]
    return float(x), float(y)


def _drag(blade: Blade, part: TracePart, by_px: tuple[float, float], frame: SliceFrame = SAGITTAL) -> Blade:
    grips = TraceGrips(lambda: frame)
    lines = grips.shapes(blade, 1.0)[part]
    x, y = _pixels(lines[len(lines) // 3].mean(axis=0), frame)
    return grips.grab(blade, part, x, y, 1.0)(x + by_px[0], y + by_px[1])


def test_the_line_is_where_the_slice_meets_the_blade() -> None:
    trace = trace_of(TILTED, SAGITTAL)
    assert trace is not None
    ends = sorted([trace.first_lps_mm.tolist(), trace.last_lps_mm.tolist()], key=lambda p: p[1])
    c, s = np.cos(np.radians(20)), np.sin(np.radians(20))
    assert ends[0] == pytest.approx([0, -15 * c, -15 * s], abs=1e-9)
    assert ends[1] == pytest.approx([0, 15 * c, 15 * s], abs=1e-9)


def test_a_slice_beside_the_blade_offers_nothing() -> None:
    aside = SliceFrame(SAGITTAL.axes, (30.0, 0.0, 0.0), 40.0, 0, 0, 400, 300)
    assert TraceGrips(lambda: aside).shapes(TILTED, 1.0) == {}
    above = SliceFrame(AXIAL.axes, (0.0, 0.0, 9.0), 40.0, 0, 0, 400, 300)
    assert TraceGrips(lambda: above).shapes(a_blade(), 1.0) == {}


@pytest.mark.parametrize("part", list(TracePart))
def test_a_touch_changes_nothing(part: TracePart) -> None:
    after = _drag(TILTED, part, (0.0, 0.0))
    assert after.origin_lps_mm == pytest.approx(TILTED.origin_lps_mm, abs=1e-9)
    assert after.axes == pytest.approx(TILTED.axes, abs=1e-9)
    assert (after.width_mm, after.depth_mm) == pytest.approx((20.0, 30.0))


def test_the_line_moves_the_blade_along_its_normal_by_what_the_pointer_moves_across_it() -> None:
    across = np.array([0.0, -np.sin(np.radians(20)), np.cos(np.radians(20))])  # in the slice, at right angles
    by_px = np.subtract(_pixels(7.0 * across), _pixels(np.zeros(3)))
    along_px = np.subtract(_pixels(np.cross(across, (1, 0, 0)) * 11), _pixels(np.zeros(3)))
    after = _drag(TILTED, TracePart.LINE, tuple(by_px + along_px))
    assert np.subtract(after.origin_lps_mm, TILTED.origin_lps_mm) == pytest.approx(7.0 * across, abs=1e-9)


def test_a_line_that_runs_aslant_through_the_slice_stays_under_the_pointer() -> None:
    aslant = a_blade().turned((0.0, 1.0, 0.0), 30.0, (0.0, 0.0, 0.0))  # leans out of the sagittal slice
    after = _drag(aslant, TracePart.LINE, (0.0, 20.0))
    trace = trace_of(after, SAGITTAL)
    assert trace is not None
    # In the slice the line rises as far as the plane rises along its normal allows: never beyond it.
    moved = np.subtract(after.origin_lps_mm, aslant.origin_lps_mm)
    assert np.cross(moved, aslant.normal_lps) == pytest.approx(np.zeros(3), abs=1e-9)
    assert trace.middle_lps_mm[2] == pytest.approx(20 * SAGITTAL.mm_per_px, abs=1e-9)


def test_the_plate_moves_it_freely_in_the_slice() -> None:
    after = _drag(TILTED, TracePart.FREE, (12.0, -9.0))
    scale = SAGITTAL.mm_per_px
    assert np.subtract(after.origin_lps_mm, TILTED.origin_lps_mm) == pytest.approx(
        (0.0, 12 * scale, -9 * scale), abs=1e-9
    )


@pytest.mark.parametrize("part", [TracePart.TURN_FIRST, TracePart.TURN_LAST])
def test_the_knobs_turn_it_in_the_slice_round_the_middle_of_its_line(part: TracePart) -> None:
    grips = TraceGrips(lambda: SAGITTAL)
    knob = np.asarray(_pixels(grips.shapes(TILTED, 1.0)[part][:18].mean(axis=(0, 1))))
    middle = np.asarray(_pixels(np.zeros(3)))
    angle = np.radians(7.5)  # counter-clockwise on the screen: right-handed about the normal
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    now = middle + turn @ (knob - middle)
    after = grips.grab(TILTED, part, float(knob[0]), float(knob[1]), 1.0)(*now)
    expected = TILTED.turned(SAGITTAL.axes.normal_lps, 7.5, (0.0, 0.0, 0.0))
    assert after.axes == pytest.approx(expected.axes, abs=1e-9)
    assert after.origin_lps_mm == pytest.approx(expected.origin_lps_mm, abs=1e-9)


@pytest.mark.parametrize("footprint", [None, ((-8, 3), (8, 3), (8, 27), (-8, 27))])
@pytest.mark.parametrize("part", [TracePart.SIZE_FIRST, TracePart.SIZE_LAST])
def test_a_box_moves_its_own_end_and_leaves_the_other(
    part: TracePart, footprint: tuple[tuple[float, float], ...] | None
) -> None:
    blade = a_blade(footprint_mm=footprint)
    before = trace_of(blade, SAGITTAL)
    assert before is not None
    first = part is TracePart.SIZE_FIRST
    end = before.first_lps_mm if first else before.last_lps_mm
    outwards = np.sign(end[1])  # along y
    after = trace_of(_drag(blade, part, (outwards * 15.0, 0.0)), SAGITTAL)
    assert after is not None
    by = outwards * 15 * SAGITTAL.mm_per_px
    moved, kept = (
        (after.first_lps_mm, after.last_lps_mm) if first else (after.last_lps_mm, after.first_lps_mm)
    )
    assert moved[1] == pytest.approx(end[1] + by, abs=1e-9)
    if footprint is None:
        assert kept[1] == pytest.approx(-end[1], abs=1e-9)
    assert (after.way_lps == before.way_lps).all()


def test_a_slanting_line_through_a_wide_blade_resizes_the_edge_it_ends_on() -> None:
    blade = replace(a_blade(), width_mm=60.0, depth_mm=10.0)
    way = np.cos(np.radians(30)) * blade.axes[0] + np.sin(np.radians(30)) * blade.axes[1]
    frame = SliceFrame(SliceAxes(vec3(way), (0.0, 0.0, 1.0)), vec3(blade.middle_lps_mm), 40.0, 0, 0, 400, 300)
    before = trace_of(blade, frame)
    assert before is not None
    part = TracePart.SIZE_LAST if before.way_lps @ way > 0 else TracePart.SIZE_FIRST
    after = _drag(blade, part, (15.0, 0.0), frame)
    assert (after.width_mm, after.depth_mm) == pytest.approx((60.0, 10.0 + 15 * frame.mm_per_px / 2))
    trace = trace_of(after, frame)
    assert trace is not None
    reach = [max(t.first_lps_mm @ way, t.last_lps_mm @ way) for t in (before, trace)]
    assert reach[1] - reach[0] == pytest.approx(15 * frame.mm_per_px)  # it stays under the pointer


def test_face_on_the_slice_offers_what_3d_offers_face_on() -> None:
    parts = set(TraceGrips(lambda: AXIAL).shapes(a_blade(), 1.0))
    assert parts == {
        Part.IN_PLANE, Part.ROUND_NORMAL, Part.ALONG_ADVANCE, Part.ALONG_ACROSS,
        Part.LEFT_EDGE, Part.RIGHT_EDGE, Part.FAR_EDGE, Part.NEAR_EDGE,
    }  # fmt: skip


def test_handles_keep_their_size_on_the_screen() -> None:
    close = SliceFrame(SAGITTAL.axes, (0.0, 0.0, 0.0), 10.0, 0, 0, 400, 300)
    sizes = []
    for frame in (SAGITTAL, close):
        box = TraceGrips(lambda f=frame: f).shapes(a_blade(), 2.0)[TracePart.SIZE_LAST]  # type: ignore[misc]
        sizes.append(np.ptp(frame.pixels_of(box.reshape(-1, 3)), axis=0))
    assert sizes[0] == pytest.approx((20.0, 20.0))
    assert sizes[1] == pytest.approx((20.0, 20.0))


def test_a_scene_hands_the_gesture_to_its_listener_and_refuses_a_locked_cut() -> None:
    heard = Heard()
    scene = SliceScene(listener=heard)
    state = SliceState(SlicePlane.SAGITTAL, blades=(DrawnBlade("cut", "", a_blade(), active=True),))
    scene.show(state)
    x, y = scene.frame.pixel_of((0.0, 5.0, 0.0))
    assert scene.handle.hover(x, y)
    assert scene.handle.is_hot
    assert scene.handle.press(x, y)
    scene.handle.drag(x, y)
    assert heard.blades[-1].origin_lps_mm == pytest.approx(a_blade().origin_lps_mm, abs=1e-9)
    assert scene.handle.cancel()
    assert heard.words == ["start cut", "move cut", "cancel cut"]
    scene.show(
        SliceState(SlicePlane.SAGITTAL, blades=(DrawnBlade("cut", "", a_blade(), active=True, locked=True),))
    )
    x, y = scene.frame.pixel_of((0.0, 0.0, 0.0))
    assert not scene.handle.press(x, y)
    assert scene.handle.refuse(x, y)
    assert heard.words[-1] == "refuse cut"
