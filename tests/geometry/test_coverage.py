"""Which part of a grid was imaged, told by place."""

from dataclasses import replace

import numpy as np
import pytest

from planning.geometry.coverage import Coverage
from planning.geometry.frames import Grid
from planning.model.original_stack import OriginalStack

GRID = Grid.from_axes((21, 40, 30), (5.0, -7.0, 100.0), np.eye(3), (0.5, 0.5, 1.0))


def _stack(shift_mm: float, places_mm: tuple[float, ...], gaps: tuple[int, ...] = ()) -> OriginalStack:
    positions = tuple((5.0, -7.0 + 8.0 + shift_mm * z, 100.0 + z) for z in places_mm)
    return OriginalStack(
        positions, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5), columns=30, rows=20, gaps=gaps
    )


def test_a_leaning_stack_covers_its_own_pixels_and_no_more() -> None:
    coverage = _stack(-0.4, tuple(float(z) for z in range(21))).coverage(GRID)
    assert coverage.leans
    assert coverage.lean_ij == pytest.approx((0.0, -0.8))
    assert coverage.first_at(0)[0] == pytest.approx((0.0, 16.0))
    assert coverage.first_at(20)[0] == pytest.approx((0.0, 0.0))
    assert coverage.last_at(20)[0] == pytest.approx((29.0, 19.0))
    np.testing.assert_allclose(coverage.upright([(3.0, 8.0, 10.0)]), [(3.0, 16.0, 10.0)], atol=1e-6)


def test_a_stack_that_strays_covers_what_all_its_slices_hold() -> None:
    straight = _stack(-0.4, (0.0, 5.0, 10.0, 15.0, 20.0))
    bent = list(straight.positions_lps_mm)
    bent[2] = (5.0, bent[2][1] + 0.5, 110.0)
    coverage = replace(straight, positions_lps_mm=tuple(bent)).coverage(GRID)
    rows = coverage.last_ij[1] - coverage.first_ij[1]
    assert 18.0 - 1e-6 <= rows < 19.0


def test_a_gap_lies_strictly_between_its_slices() -> None:
    coverage = _stack(0.0, (0.0, 1.0, 2.0, 5.0, 6.0), gaps=(2,)).coverage(GRID)
    assert not coverage.leans
    assert coverage.gaps_k == ((2.0, 5.0),)
    np.testing.assert_array_equal(
        coverage.in_gap([1.9, 2.0, 2.1, 4.9, 5.0, 5.1]), [False, False, True, True, False, False]
    )


def test_no_gap_is_nowhere() -> None:
    assert not Coverage((0.0, 0.0), (9.0, 9.0)).in_gap([0.0, 5.0]).any()
