import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.errors import PlanningError
from planning.model.mask import BRICK, Mask


def test_a_mask_gives_back_its_voxels_bounds_and_count():
    voxels = np.random.default_rng(1).random((70, 130, 65)) > 0.999
    mask = Mask.from_array(voxels)
    np.testing.assert_array_equal(mask.to_array(), voxels)
    assert mask.count == voxels.sum()
    used = np.argwhere(voxels)
    assert mask.bounds_kji == (tuple(used.min(axis=0)), tuple(used.max(axis=0) + 1))


def test_an_empty_mask_has_no_bricks_and_no_bounds():
    mask = Mask.from_array(np.zeros((10, 10, 10), dtype=bool))
    assert mask.is_empty
    assert mask.bounds_kji is None
    assert mask.count == 0


def test_a_stroke_changes_only_the_bricks_it_touches():
    before = Mask.from_array(np.ones((BRICK * 2, BRICK, BRICK), dtype=bool))
    after = before.with_box((3, 3, 3), np.zeros((2, 2, 2), dtype=bool))
    assert after.count == before.count - 8
    assert after.bricks[1, 0, 0] is before.bricks[1, 0, 0]
    assert before.count == BRICK**3 * 2


def test_wiping_a_brick_drops_it():
    full = Mask.from_array(np.ones((BRICK, BRICK, BRICK), dtype=bool))
    assert full.with_box((0, 0, 0), np.zeros((BRICK,) * 3, dtype=bool)).is_empty


@given(st.integers(-5, 75), st.integers(1, 80), st.integers(0, 2**31))
def test_a_box_reads_as_the_array_does_and_is_empty_outside(start, size, seed):
    voxels = np.random.default_rng(seed).random((70, 66, 65)) > 0.9
    mask = Mask.from_array(voxels)
    padded = np.pad(voxels, 200)
    expected = padded[200 + start : 200 + start + size, 200:210, 190:260]
    np.testing.assert_array_equal(mask.box((start, 0, -10), (size, 10, 70)), expected)


def test_a_stroke_outside_the_image_is_refused():
    mask = Mask.from_array(np.zeros((10, 10, 10), dtype=bool))
    with pytest.raises(PlanningError):
        mask.with_box((8, 0, 0), np.ones((3, 1, 1), dtype=bool))


def test_one_voxel_changes_the_digest_and_undoing_it_restores_it():
    mask = Mask.from_array(np.eye(80, dtype=bool)[:, :, None].repeat(3, axis=2))
    one = np.ones((1, 1, 1), dtype=bool)
    painted = mask.with_box((0, 5, 0), one)
    assert painted.digest != mask.digest
    assert painted.with_box((0, 5, 0), ~one).digest == mask.digest


def test_one_slice_is_the_same_slice_of_the_whole() -> None:
    """Also where the grid ends inside a brick, and across bricks."""
    rng = np.random.default_rng(7)
    voxels = rng.random((70, 131, 66)) < 0.2
    voxels[:, 64:128] = False
    mask = Mask.from_array(voxels)
    for axis, size in enumerate(voxels.shape):
        for index in (0, 7, 63, size - 1):
            np.testing.assert_array_equal(mask.plane(axis, index), np.take(voxels, index, axis=axis))
