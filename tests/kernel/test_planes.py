"""Planes put onto a lattice: exact on ramps, never outside the values they are made of."""

import numpy as np
import pytest

from planning.kernel.planes import mix_into, placed

J, I = np.mgrid[0:6, 0:8]  # noqa: E741 -- the axis is called i
RAMP = (10 * J + 3 * I).astype(np.int16)


@pytest.mark.parametrize("offset", [(0.0, 0.0), (2.0, -1.0), (0.25, 0.0), (-1.75, 0.5), (3.4, 2.9)])
def test_a_ramp_is_read_exactly_wherever_it_lies(offset: tuple[float, float]) -> None:
    plane = placed(RAMP, offset)
    rows, columns = plane.values_ji.shape
    j = np.arange(plane.start_ji[0], plane.start_ji[0] + rows) - offset[0]
    i = np.arange(plane.start_ji[1], plane.start_ji[1] + columns) - offset[1]
    np.testing.assert_allclose(plane.values_ji, 10 * j[:, None] + 3 * i[None, :], atol=1e-4)
    assert (rows, columns) == tuple(n - (o != round(o)) for n, o in zip((6, 8), offset, strict=True))
    assert j[0] >= -1e-9
    assert j[-1] <= 5 + 1e-9


def test_whole_shifts_change_no_value() -> None:
    noise = np.random.default_rng(1).integers(-1024, 3000, (6, 8))
    plane = placed(noise, (1.0 + 1e-8, -2.0))
    assert plane.start_ji == (1, -2)
    np.testing.assert_array_equal(plane.values_ji, noise)


def test_a_mix_lies_between_its_planes_and_is_rounded() -> None:
    out = np.empty((6, 8), dtype=np.int16)
    mix_into(out, placed(RAMP, (0.0, 0.0)), placed(RAMP + 10, (0.0, 0.0)), 0.26, -1024)
    np.testing.assert_array_equal(out, RAMP + 3)


def test_where_one_of_two_planes_is_missing_nothing_is_made_up() -> None:
    out = np.empty((8, 8), dtype=np.float32)
    mix_into(out, placed(RAMP, (0.0, 0.0)), placed(RAMP, (2.0, 0.0)), 0.5, -1024)
    assert (out[:2] == -1024).all()
    assert (out[6:] == -1024).all()
    np.testing.assert_allclose(out[2:6], RAMP[2:] - 10)


def test_planes_beside_the_lattice_leave_it_empty() -> None:
    out = np.zeros((6, 8), dtype=np.int16)
    mix_into(out, placed(RAMP, (9.0, 0.0)), None, 0.0, -1024)
    assert (out == -1024).all()
