"""A blade in the numbers of a frame of the anatomy, typed and read back to the last bit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.geometry.blade import Blade, rotation_matrix
from planning.geometry.relative_place import RelativePlace, mirrored, placed, relative_place
from tests.rendering.drawing import a_blade

ORIGIN = (12.0, -30.0, 210.0)
TURN = rotation_matrix((0.2, 1.0, -0.4), 23.0)
ROWS = np.eye(3) @ TURN.T  # a frame that is tilted in every way


def test_seven_and_a_half_degrees_and_twenty_three_point_six_millimetres() -> None:
    """In a frame along the patient: the closed form by hand."""
    blade = placed(a_blade(), RelativePlace(0.0, 0.0, 23.6, 0.0, 7.5, 0.0), ORIGIN, np.eye(3))
    c, s = np.cos(np.radians(7.5)), np.sin(np.radians(7.5))
    assert blade.middle_lps_mm == pytest.approx((12.0, -30.0, 233.6), abs=1e-12)
    assert blade.advance_lps == pytest.approx((0.0, -c, s), abs=1e-15)
    assert blade.normal_lps == pytest.approx((0.0, s, c), abs=1e-15)
    assert blade.origin_lps_mm == pytest.approx((12.0, -30.0 + 15 * c, 233.6 - 15 * s), abs=1e-12)
    back = relative_place(blade, ORIGIN, np.eye(3))
    assert back.superior_mm == pytest.approx(23.6, abs=1e-9)
    assert back.tilt_deg == pytest.approx(7.5, abs=1e-9)


def test_in_a_tilted_frame_it_is_the_same_closed_form_turned() -> None:
    straight = placed(a_blade(), RelativePlace(3.0, -4.0, 23.6, 10.0, 7.5, -5.0), (0.0, 0.0, 0.0), np.eye(3))
    tilted = placed(a_blade(), RelativePlace(3.0, -4.0, 23.6, 10.0, 7.5, -5.0), ORIGIN, ROWS)
    assert tilted.axes == pytest.approx(straight.axes @ TURN.T, abs=1e-12)
    moved = np.asarray(ORIGIN) + TURN @ np.asarray(straight.origin_lps_mm)
    assert tilted.origin_lps_mm == pytest.approx(moved, abs=1e-12)


@given(
    st.tuples(*[st.floats(-80, 80)] * 3),
    st.floats(-179, 179),
    st.floats(-89, 89),
    st.floats(-179, 179),
)
def test_what_is_typed_is_read_back(
    at: tuple[float, float, float], turn: float, tilt: float, roll: float
) -> None:
    place = RelativePlace(*at, turn, tilt, roll)
    back = relative_place(placed(a_blade(), place, ORIGIN, ROWS), ORIGIN, ROWS)
    for name in ("left_mm", "anterior_mm", "superior_mm", "turn_deg", "tilt_deg", "roll_deg"):
        assert getattr(back, name) == pytest.approx(getattr(place, name), abs=1e-6)


def test_one_number_typed_leaves_the_others_exactly() -> None:
    blade = a_blade().turned((1, 2, 3), 31.7, (1.234, 5.678, 9.1))
    place = relative_place(blade, ORIGIN, ROWS)
    after = placed(blade, replace(place, superior_mm=23.6), ORIGIN, ROWS)
    assert after.axes == pytest.approx(blade.axes, abs=1e-12)
    shift = after.middle_lps_mm - blade.middle_lps_mm
    assert shift == pytest.approx((23.6 - place.superior_mm) * ROWS[2], abs=1e-9)


def test_a_mirrored_blade_is_its_own_mirror_image_point_by_point() -> None:
    blade = a_blade(footprint_mm=((-9, 1), (6, 2), (8, 25), (-3, 28))).turned((1, 1, 0), 20.0)
    normal = TURN @ np.array([1.0, 0.0, 0.0])
    other = mirrored(blade, ORIGIN, normal)
    away = (blade.corners_lps_mm - ORIGIN) @ normal
    expected = blade.corners_lps_mm - 2 * np.outer(away, normal)
    found = other.corners_lps_mm
    assert len(found) == len(expected)
    for corner in expected:
        assert np.linalg.norm(found - corner, axis=1).min() < 1e-9
    assert (other.kerf_mm, other.overshoot_mm) == (blade.kerf_mm, blade.overshoot_mm)
    twice = mirrored(other, ORIGIN, normal)
    assert _corners(twice) == pytest.approx(_corners(blade), abs=1e-9)


def _corners(blade: Blade) -> np.ndarray:
    return blade.corners_lps_mm
