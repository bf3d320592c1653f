"""Three angles a surgeon can say: closed-form directions, and back without loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.geometry.blade import Blade
from planning.geometry.blade_angles import BladeAngles, angles_of, directions, turned_to

AXIS_ALIGNED = [
    # axial, rise, roll: tool travels, face looks
    ((0, 0, 0), (0, -1, 0), (0, 0, 1)),  # to the front, face to the head
    ((90, 0, 0), (1, 0, 0), (0, 0, 1)),  # to the patient's left
    ((-90, 0, 0), (-1, 0, 0), (0, 0, 1)),  # to the patient's right
    ((180, 0, 0), (0, 1, 0), (0, 0, 1)),  # to the back
    ((0, 90, 0), (0, 0, 1), (0, 1, 0)),  # to the head; the face looks to the back
    ((0, 0, 180), (0, -1, 0), (0, 0, -1)),
]


@pytest.mark.parametrize("angles,advance,normal", AXIS_ALIGNED)
def test_named_directions(
    angles: tuple[float, float, float],
    advance: tuple[float, float, float],
    normal: tuple[float, float, float],
) -> None:
    found = directions(BladeAngles(*angles))
    assert found[0] == pytest.approx(advance, abs=1e-9)
    assert found[1] == pytest.approx(normal, abs=1e-9)


@given(st.floats(-179, 179), st.floats(-89, 89), st.floats(-179, 179))
def test_there_and_back(axial: float, rise: float, roll: float) -> None:
    advance, normal = directions(BladeAngles(axial, rise, roll))
    blade = Blade((1.0, 2.0, 3.0), normal, advance, 30.0, 20.0, 1.0)
    found = angles_of(blade)
    again = turned_to(blade, found)
    assert np.allclose(again.advance_lps, advance, atol=1e-9)
    assert np.allclose(again.normal_lps, normal, atol=1e-9)
    assert again.origin_lps_mm == blade.origin_lps_mm
    assert found.rise_deg == pytest.approx(rise, abs=1e-6)


def test_rise_lifts_the_tip_by_its_sine() -> None:
    advance, normal = directions(BladeAngles(0.0, 30.0, 0.0))
    assert advance == pytest.approx((0.0, -np.sqrt(3) / 2, 0.5))
    assert normal == pytest.approx((0.0, 0.5, np.sqrt(3) / 2))
