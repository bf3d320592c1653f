"""Drags of a blade: what was under the pointer stays under it, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats
from rendering.cameras import StandardView, standing, view_pose
from rendering.eye import ViewEye
from rendering.handle_geometry import (
    EDGES,
    SHIFTS,
    TURNS,
    Part,
    Ray,
    along_axis_mm,
    axis_lps,
    can_grab,
    dragged,
    middle_lps_mm,
    on_plane,
    resized,
)
from rendering.handle_shapes import APART_PX, ARROW_PX, RING_PX, nearest_part, shapes
from tests.rendering.drawing import a_blade

OBLIQUE = standing((0, 0, 0), (0.5, 0.7, 0.6), (0, 0, 1), 60.0)


def _eye(parallel: bool = True) -> ViewEye:
    return ViewEye(OBLIQUE, parallel, 0, 0, 400, 300)


def _grab_and_drag(part: Part, by_px: tuple[float, float], parallel: bool = True) -> tuple[Blade, Blade]:
    """Grab a part somewhere along its drawn line, drag, and return the blade before and after."""
    eye, blade = _eye(parallel), a_blade()
    middle = middle_lps_mm(blade)
    mm_per_px = eye.mm_per_px_at(middle)
    lines = shapes(blade, np.asarray(eye.ray_at(200, 150).direction_lps), mm_per_px)[part]
    x, y = eye.pixels_of(lines[len(lines) // 3, :1])[0]
    grab, now = eye.ray_at(x, y), eye.ray_at(x + by_px[0], y + by_px[1])
    return blade, dragged(blade, part, grab, now, middle, RING_PX * mm_per_px)


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("part", list(Part))
def test_a_touch_without_movement_changes_nothing(part: Part, parallel: bool) -> None:
    before, after = _grab_and_drag(part, (0.0, 0.0), parallel)
    assert after.origin_lps_mm == pytest.approx(before.origin_lps_mm, abs=1e-9)
    assert after.normal_lps == pytest.approx(before.normal_lps, abs=1e-12)
    assert (after.width_mm, after.depth_mm) == pytest.approx((before.width_mm, before.depth_mm))


@pytest.mark.parametrize("part", SHIFTS)
def test_a_shift_keeps_to_its_axis_and_the_grabbed_point_under_the_pointer(part: Part) -> None:
    eye, blade = _eye(), a_blade()
    axis = axis_lps(blade, part)
    seen = eye.pixels_of(np.array([[0, 0, 0], axis]))
    along_px = (seen[1] - seen[0]) / np.linalg.norm(seen[1] - seen[0])
    _, after = _grab_and_drag(part, tuple(40 * along_px))
    moved = np.subtract(after.origin_lps_mm, blade.origin_lps_mm)
    assert np.linalg.norm(np.cross(moved, axis)) == pytest.approx(0, abs=1e-9)
    shift_px = eye.pixels_of(moved[None])[0] - eye.pixels_of(np.zeros((1, 3)))[0]
    assert shift_px == pytest.approx(40 * along_px, abs=1e-6)
    assert after.normal_lps == blade.normal_lps


def test_free_movement_keeps_the_plane() -> None:
    before, after = _grab_and_drag(Part.IN_PLANE, (25.0, -10.0))
    moved = np.subtract(after.origin_lps_mm, before.origin_lps_mm)
    assert np.linalg.norm(moved) > 5
    assert float(moved @ before.normal_lps) == pytest.approx(0, abs=1e-9)
    shift_px = _eye().pixels_of(moved[None])[0] - _eye().pixels_of(np.zeros((1, 3)))[0]
    assert shift_px == pytest.approx((25.0, -10.0), abs=1e-6)


@pytest.mark.parametrize("part", TURNS)
def test_a_turn_keeps_the_middle_and_the_axis(part: Part) -> None:
    before, after = _grab_and_drag(part, (18.0, 22.0))
    assert middle_lps_mm(after) == pytest.approx(middle_lps_mm(before), abs=1e-9)
    assert axis_lps(after, part) == pytest.approx(axis_lps(before, part), abs=1e-9)
    assert after.axes != pytest.approx(before.axes, abs=1e-3)


def test_a_turn_is_the_angle_swept_round_the_ring() -> None:
    blade = a_blade()
    middle = middle_lps_mm(blade)
    down = np.array([0.0, 0.0, -1.0])
    grab = Ray(np.add(middle, (10, 0, 100)), down)
    now = Ray(np.add(middle, (0, 10, 100)), down)
    turned = dragged(blade, Part.ROUND_NORMAL, grab, now, middle, 10.0)
    assert turned.advance_lps == pytest.approx((1.0, 0.0, 0.0))  # (0,-1,0) by +90 degrees round +z


def test_an_edge_on_ring_turns_the_way_the_near_side_is_pushed() -> None:
    blade = a_blade()
    middle = middle_lps_mm(blade)
    sight = np.array([0.0, 1.0, 0.0])  # seen from the front: the ring round z is a line
    grab = Ray(middle - 100 * sight, sight)
    now = Ray(np.add(middle - 100 * sight, (1.0, 0, 0)), sight)
    turned = dragged(blade, Part.ROUND_NORMAL, grab, now, middle, 30.0)
    angle = np.degrees(np.arctan2(turned.advance_lps[0], -turned.advance_lps[1]))
    assert angle == pytest.approx(np.degrees(1 / 30.0), rel=1e-3)


@pytest.mark.parametrize("part", EDGES)
def test_resizing_keeps_the_opposite_edge(part: Part) -> None:
    before = a_blade()
    along = {Part.LEFT_EDGE: -4.0, Part.RIGHT_EDGE: 4.0, Part.FAR_EDGE: 4.0, Part.NEAR_EDGE: -4.0}[part]
    axis = axis_lps(before, part)
    side = np.array([0.0, 0.0, 100.0])
    grab = Ray(side, -side / 100)
    now = Ray(side + along * axis, -side / 100)
    after = dragged(before, part, grab, now, middle_lps_mm(before), 10.0)
    edges = {Part.LEFT_EDGE: (1, 2), Part.RIGHT_EDGE: (0, 3), Part.FAR_EDGE: (0, 1), Part.NEAR_EDGE: (2, 3)}
    kept = edges[part]
    for corner in kept:
        assert after.corners_lps_mm[corner] == pytest.approx(before.corners_lps_mm[corner], abs=1e-9)
    grown = (after.width_mm - before.width_mm) + (after.depth_mm - before.depth_mm)
    assert grown == pytest.approx(4.0)


def test_an_edge_cannot_be_pushed_through_its_opposite() -> None:
    side = np.array([0.0, 0.0, 100.0])
    blade = a_blade()
    now = Ray(np.add(side, (0.0, 500.0, 0.0)), -side / 100)
    after = dragged(blade, Part.FAR_EDGE, Ray(side, -side / 100), now, middle_lps_mm(blade), 10.0)
    assert after.depth_mm == pytest.approx(1.0)


def test_what_is_seen_end_on_is_not_offered() -> None:
    blade = a_blade()
    along_normal = np.asarray(blade.normal_lps)
    assert not can_grab(blade, Part.ALONG_NORMAL, along_normal)
    assert can_grab(blade, Part.ALONG_ACROSS, along_normal)
    assert can_grab(blade, Part.IN_PLANE, along_normal)
    assert not can_grab(blade, Part.IN_PLANE, np.asarray(blade.advance_lps))


def test_an_edge_takes_the_footprint_along_and_the_opposite_edge_stays() -> None:
    blade = a_blade(footprint_mm=((-10, 0), (10, 0), (10, 30), (0, 24), (-10, 30)))
    assert can_grab(blade, Part.LEFT_EDGE, np.asarray(blade.normal_lps))
    wider = resized(blade, Part.LEFT_EDGE, -5.0)
    assert wider.width_mm == 25.0
    assert wider.footprint_mm == pytest.approx(
        np.array([(-12.5, 0), (12.5, 0), (12.5, 30), (0, 24), (-12.5, 30)])
    )
    for corner in (1, 2):  # the right edge
        assert wider.corners_lps_mm[corner] == pytest.approx(blade.corners_lps_mm[corner], abs=1e-9)
    shorter = resized(blade, Part.NEAR_EDGE, 15.0)
    assert shorter.depth_mm == 15.0
    assert shorter.corners_lps_mm[2] == pytest.approx(blade.corners_lps_mm[2], abs=1e-9)
    assert shorter.footprint_mm is not None
    assert shorter.footprint_mm[3] == (0.0, 12.0)


def test_lines_of_sight() -> None:
    ray = Ray(np.array([0.0, -50.0, 3.0]), np.array([0.0, 1.0, 0.0]))
    assert along_axis_mm(ray, np.array([0.0, 0, 0]), np.array([0.0, 0, 1])) == pytest.approx(3.0)
    assert on_plane(ray, np.zeros(3), np.array([0.0, 1, 0])) == pytest.approx([0, 0, 3])
    assert on_plane(ray, np.zeros(3), np.array([0.0, 0, 1])) is None


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("view", list(StandardView))
def test_a_ray_through_a_points_pixel_meets_the_point(view: StandardView, parallel: bool) -> None:
    eye = ViewEye(view_pose(view, (3.0, -4.0, 5.0), 80.0), parallel, 100, 50, 400, 300)
    point = np.array([12.0, 7.0, -9.0])
    ray = eye.ray_at(*eye.pixels_of(point[None])[0])
    away = np.linalg.norm(np.cross(point - ray.origin_lps_mm, ray.direction_lps))
    assert away == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("half_height", [20.0, 200.0])
def test_handles_keep_their_size_on_the_screen(half_height: float) -> None:
    eye = ViewEye(standing((0, 0, 0), (1, 0, 0), (0, 0, 1), half_height), True, 0, 0, 400, 300)
    blade = a_blade()
    drawn = shapes(blade, np.array([-1.0, 0, 0]), eye.mm_per_px_at(np.zeros(3)))
    seen = eye.pixels_of(drawn[Part.ALONG_NORMAL].reshape(-1, 3))
    middle = eye.pixels_of(middle_lps_mm(blade)[None])[0]
    assert np.linalg.norm(seen - middle, axis=1).max() == pytest.approx(ARROW_PX, abs=0.01)


def test_the_nearest_line_within_reach_is_taken() -> None:
    lines: dict[Part, Floats] = {
        Part.ALONG_NORMAL: np.array([[[0.0, 0.0], [100.0, 0.0]]]),
        Part.ROUND_NORMAL: np.array([[[0.0, 12.0], [100.0, 12.0]]]),
    }
    assert nearest_part(lines, 50, 4) is Part.ALONG_NORMAL
    assert nearest_part(lines, 50, 9) is Part.ROUND_NORMAL
    assert nearest_part(lines, 50, 30) is None


def test_an_arrow_wins_over_a_ring_that_lies_along_it_seen_from_its_edge() -> None:
    along = np.array([[[0.0, 0.0], [100.0, 0.0]]])
    ring = np.array([[[0.0, 0.4], [100.0, -0.4]]])
    lines: dict[Part, Floats] = {Part.ROUND_ADVANCE: ring, Part.ALONG_NORMAL: along}
    for x, y in ((10, -1), (30, 1), (50, 2), (90, -2)):
        assert nearest_part(lines, x, y) is Part.ALONG_NORMAL
    assert nearest_part({Part.ROUND_ADVANCE: ring}, 50, 7) is Part.ROUND_ADVANCE
    assert nearest_part({Part.ROUND_ADVANCE: np.add(ring, [0.0, 5.0]), Part.ALONG_NORMAL: along}, 50, 4) is (
        Part.ROUND_ADVANCE
    )


@pytest.mark.parametrize("view", [StandardView.POSTERIOR, StandardView.LEFT, StandardView.SURGEON, None])
@pytest.mark.parametrize("size_mm", [4.0, 15.0, 40.0])
def test_knobs_never_run_together_and_each_is_grabbed_where_it_is_drawn(
    view: StandardView | None, size_mm: float
) -> None:
    pose = OBLIQUE if view is None else view_pose(view, (0, 0, 0), 120.0)
    eye = ViewEye(pose, True, 0, 0, 400, 300)
    blade = replace(a_blade(), width_mm=size_mm, depth_mm=0.8 * size_mm)
    middle, sight = middle_lps_mm(blade), np.asarray(pose.sight_lps)
    drawn = shapes(blade, sight, eye.mm_per_px_at(middle))
    seen = {part: eye.pixels_of(lines.reshape(-1, 3)).reshape(-1, 2, 2) for part, lines in drawn.items()}
    knobs = {part: seen[part].mean(axis=(0, 1)) for part in EDGES if part in seen}
    assert knobs
    places = [*knobs.values(), *([eye.pixels_of(middle[None])[0]])]
    for n, one in enumerate(places):
        assert all(np.linalg.norm(one - other) >= APART_PX - 0.1 for other in places[:n])
    for part, (x, y) in knobs.items():
        assert nearest_part(seen, x, y) is part
        tall = seen[part].reshape(-1, 2)
        assert np.ptp(tall, axis=0) == pytest.approx(np.ptp(tall, axis=0)[::-1], rel=0.01)  # faces the viewer


def test_a_knob_that_sits_farther_out_still_moves_its_edge_by_the_way_of_the_pointer() -> None:
    eye, blade = ViewEye(view_pose(StandardView.CAUDAL, (0, 0, 0), 120.0), True, 0, 0, 400, 300), a_blade()
    middle, mm_per_px = middle_lps_mm(blade), eye.mm_per_px_at(middle_lps_mm(blade))
    lines = shapes(blade, np.asarray(eye.pose.sight_lps), mm_per_px)[Part.RIGHT_EDGE]
    away = abs(float((lines.mean(axis=(0, 1)) - middle) @ blade.axes[0]))
    assert away > blade.width_mm / 2 + 1  # pushed off the plate
    x, y = eye.pixels_of(lines[0, :1])[0]
    along = eye.pixels_of(np.array([middle, middle + 10 * blade.axes[0]]))
    by = along[1] - along[0]
    after = dragged(blade, Part.RIGHT_EDGE, eye.ray_at(x, y), eye.ray_at(x + by[0], y + by[1]), middle, 1.0)
    assert after.width_mm == pytest.approx(blade.width_mm + 10.0, abs=1e-6)
