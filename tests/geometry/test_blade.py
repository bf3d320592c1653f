from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.errors import PlanInvalid
from planning.geometry.blade import Blade, clipped_to_rectangle, signed_area

TROUGH = ((-20.0, 12.0), (20.0, 12.0), (24.0, 40.0), (-24.0, 40.0))


def a_blade(**changes):
    blade = Blade((0.0, 40.0, 120.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0), 60.0, 45.0, 1.0, 3.0)
    return replace(blade, **changes)


def test_across_is_normal_times_advance():
    assert a_blade().across_lps == (1.0, 0.0, 0.0)


def test_a_local_point_lies_where_the_contract_says():
    point = a_blade().to_lps((10.0, 5.0, 0.5))
    np.testing.assert_allclose(point, (10.0, 35.0, 120.5))


@given(st.tuples(*[st.floats(-100, 100)] * 3))
def test_local_and_patient_coordinates_round_trip(point):
    blade = a_blade().turned((1.0, 2.0, 3.0), 33.0)
    np.testing.assert_allclose(blade.to_lps(blade.to_local(point)), point, atol=1e-9)


def test_without_footprint_the_outline_is_the_rectangle():
    outline = a_blade().outline_mm
    assert signed_area(outline) == pytest.approx(60.0 * 45.0)


def test_a_footprint_is_cut_down_to_the_rectangle():
    outline = a_blade(footprint_mm=TROUGH, width_mm=40.0).outline_mm
    assert outline[:, 0].min() == -20.0
    assert signed_area(outline) == pytest.approx(40.0 * 28.0)


def test_a_clockwise_footprint_means_the_same():
    forwards, backwards = a_blade(footprint_mm=TROUGH), a_blade(footprint_mm=TROUGH[::-1])
    assert signed_area(forwards.outline_mm) == pytest.approx(signed_area(backwards.outline_mm)) == 1232.0


def test_turning_goes_round_the_given_point_by_the_right_hand():
    turned = a_blade().turned((0.0, 0.0, 1.0), 90.0, about_lps_mm=(0.0, 0.0, 120.0))
    np.testing.assert_allclose(turned.origin_lps_mm, (-40.0, 0.0, 120.0), atol=1e-12)
    np.testing.assert_allclose(turned.advance_lps, (1.0, 0.0, 0.0), atol=1e-12)


def test_a_thousand_turns_keep_the_axes_true():
    blade = a_blade()
    for n in range(1000):
        blade = blade.turned((1.0, 0.3 * (n % 7), -1.0), 7.3)
    assert abs(np.dot(blade.normal_lps, blade.advance_lps)) < 1e-9


@pytest.mark.parametrize(
    "changes, key",
    [
        ({"normal_lps": (0.0, 0.0, 1.00001)}, "normal_lps"),
        ({"advance_lps": (0.0, -0.99, 0.0)}, "advance_lps"),
        ({"advance_lps": (0.0, -np.cos(1e-5), np.sin(1e-5))}, "advance_lps"),
        ({"width_mm": 0.0}, "width_mm"),
        ({"depth_mm": float("nan")}, "depth_mm"),
        ({"kerf_mm": -1.0}, "kerf_mm"),
        ({"overshoot_mm": 51.0}, "overshoot_mm"),
        ({"footprint_mm": ((0.0, 0.0), (1.0, 1.0))}, "footprint_mm"),
        ({"footprint_mm": ((0.0, 0.0), (5.0, 5.0), (5.0, 0.0), (0.0, 5.0))}, "footprint_mm"),
        ({"normal_lps": (0.0, 0.0, 1e308)}, "normal_lps"),
        ({"origin_lps_mm": (1e12, 0.0, 0.0)}, "origin_lps_mm"),
        ({"footprint_mm": ((0.0, 0.0), (1e12, 1.0), (5.0, 5.0))}, "footprint_mm"),
        ({"footprint_mm": tuple((float(n), 0.1 * n * n) for n in range(2001))}, "footprint_mm"),
    ],
)
def test_what_breaks_the_contract_is_refused_by_name(changes, key):
    with pytest.raises(PlanInvalid) as refusal:
        a_blade(**changes)
    assert key in refusal.value.message


def test_a_footprint_of_many_points_is_checked_for_crossings_too():
    turns = [2 * np.pi * n / 2000 for n in range(2000)]
    circle = [(20 * float(np.cos(t)), 25 + 20 * float(np.sin(t))) for t in turns]
    assert len(a_blade(footprint_mm=tuple(circle)).outline_mm) == 2000
    circle[700], circle[1300] = circle[1300], circle[700]
    with pytest.raises(PlanInvalid, match="crosses itself"):
        a_blade(footprint_mm=tuple(circle))


def test_a_footprint_outside_the_rectangle_is_refused():
    outside = a_blade(footprint_mm=((100.0, 0.0), (110.0, 0.0), (105.0, 5.0)))
    with pytest.raises(PlanInvalid):
        _ = outside.outline_mm


def test_clipping_a_triangle_to_a_rectangle_gives_the_known_area():
    triangle = np.array([(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)])
    assert signed_area(clipped_to_rectangle(triangle, 0, 5, 0, 5)) == pytest.approx(25.0)
