import itertools

import numpy as np
import pytest

from planning.errors import PlanningError
from planning.geometry.frames import Grid, axis_letter, cross, lps_from_ras, ras_from_lps


def orientations():
    """All 24 right-handed ways to lay the axes of a grid along the patient's."""
    for permutation in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            matrix = np.zeros((3, 3))
            for column, (row, sign) in enumerate(zip(permutation, signs, strict=True)):
                matrix[row, column] = sign
            if np.linalg.det(matrix) > 0:
                yield matrix


def test_there_are_24_orientations():
    assert len(list(orientations())) == 24


@pytest.mark.parametrize("directions", list(orientations()))
def test_index_and_patient_coordinates_round_trip_in_every_orientation(directions):
    grid = Grid.from_axes((4, 5, 6), (10.0, -20.0, 30.0), directions, (0.5, 0.7, 2.5))
    corner = grid.to_lps((5.0, 4.0, 3.0))
    expected = np.array((10.0, -20.0, 30.0)) + directions @ np.array((5 * 0.5, 4 * 0.7, 3 * 2.5))
    np.testing.assert_allclose(corner, expected, atol=1e-12)
    np.testing.assert_allclose(grid.to_ijk(corner), (5.0, 4.0, 3.0), atol=1e-12)


def test_ras_is_lps_with_left_and_posterior_reversed():
    point_lps = np.array((3.0, -4.0, 5.0, 1.0))
    assert (ras_from_lps(np.eye(4)) @ point_lps).tolist() == [-3.0, 4.0, 5.0, 1.0]
    affine = np.arange(16.0).reshape(4, 4)
    np.testing.assert_array_equal(lps_from_ras(ras_from_lps(affine)), affine)


def test_cropping_keeps_every_voxel_where_it_was():
    grid = Grid.from_axes((10, 11, 12), (1.0, 2.0, 3.0), np.diag((-1.0, -1.0, 1.0)), (0.7, 0.7, 2.5))
    part = grid.cropped((2, 3, 4), (5, 5, 5))
    np.testing.assert_allclose(part.to_lps((0.0, 0.0, 0.0)), grid.to_lps((4.0, 3.0, 2.0)))
    np.testing.assert_allclose(part.to_lps((1.0, 2.0, 3.0)), grid.to_lps((5.0, 5.0, 5.0)))


def test_a_point_on_the_outer_face_is_inside_and_just_past_it_is_not():
    grid = Grid.from_axes((10, 10, 10), (0.0, 0.0, 0.0), np.eye(3), (1.0, 1.0, 2.0))
    assert grid.contains((-0.5, 5.0, 5.0))
    assert not grid.contains((-0.51, 5.0, 5.0))
    assert grid.contains((5.0, 5.0, 18.9))
    assert not grid.contains((5.0, 5.0, 18.9), margin_mm=0.2)


@pytest.mark.parametrize(
    "affine",
    [
        np.full((4, 4), np.nan),
        np.zeros((4, 4)),
        np.array([[1, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]),
    ],
    ids=["not a number", "no size", "sheared"],
)
def test_an_affine_that_cannot_place_voxels_is_refused(affine):
    with pytest.raises(PlanningError):
        Grid((2, 2, 2), affine)


def test_letters_point_to_the_patients_side():
    assert axis_letter((1, 0, 0)) == "L"
    assert axis_letter((0, 1, 0)) == "P"
    assert axis_letter((0, 0, -1)) == "I"
    assert axis_letter((-0.8, -0.6, 0)) == "RA"


def test_the_cross_product_has_the_bits_of_numpy():
    for a, b in np.random.default_rng(7).normal(size=(200, 2, 3)):
        assert cross(a, b).tolist() == np.cross(a, b).tolist()
        assert cross(tuple(a), b).tolist() == np.cross(a, b).tolist()
