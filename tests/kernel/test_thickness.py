import numpy as np
import pytest

from planning.kernel.thickness import Bools, breaks, thin_voxels, widths_mm
from tests.phantoms import Floats

ROOM = (24, 24, 24)


def _filled(*boxes: tuple[slice, slice, slice]) -> Bools:
    voxels = np.zeros(ROOM, dtype=bool)
    for box in boxes:
        voxels[box] = True
    return voxels


def test_what_is_two_voxels_thick_everywhere_has_no_thin_voxel() -> None:
    assert not thin_voxels(_filled((slice(4, 6), slice(3, 20), slice(0, 2)))).any()
    assert not thin_voxels(np.ones((2, 2, 2), dtype=bool)).any()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_plate_of_one_voxel_is_thin_throughout(axis: int) -> None:
    box = [slice(2, 20)] * 3
    box[axis] = slice(9, 10)
    plate = _filled((box[0], box[1], box[2]))
    assert np.array_equal(thin_voxels(plate), plate)


def test_a_line_that_leaves_a_block_is_thin_from_its_second_voxel_on() -> None:
    voxels = _filled((slice(4, 8), slice(4, 8), slice(4, 8)), (slice(5, 6), slice(5, 6), slice(8, 20)))
    assert np.argwhere(thin_voxels(voxels)).tolist() == [[5, 5, i] for i in range(9, 20)]


def test_a_bump_of_one_voxel_is_not_thin() -> None:
    voxels = _filled((slice(4, 8), slice(4, 8), slice(4, 8)), (slice(8, 9), slice(5, 6), slice(5, 6)))
    assert not thin_voxels(voxels).any()


def _tube(radius_mm: float, along: Floats, spacing_kji_mm: Floats, shift: Floats) -> Bools:
    shape = np.ceil(40.0 / spacing_kji_mm).astype(int)
    at = (
        np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), -1) * spacing_kji_mm - 20 + shift
    )
    return np.asarray(np.linalg.norm(at - (at @ along)[..., None] * along, axis=-1) <= radius_mm)


@pytest.mark.parametrize("spacing", [(0.7, 0.7, 0.7), (2.5, 0.7, 0.7), (1.0, 0.5, 0.5)])
def test_the_width_of_a_tube_is_told_within_a_quarter_in_every_direction(
    spacing: tuple[float, float, float],
) -> None:
    """Thin, thick, and with gaps between the slices: what is seen tells how wide the whole is."""
    random, spacing_kji_mm = np.random.default_rng(5), np.array(spacing)
    for radius_mm in np.array([0.45, 0.6, 0.8, 1.0]) * max(spacing):
        for _ in range(6):
            along = random.normal(size=3)
            along /= np.linalg.norm(along)
            voxels = _tube(radius_mm, along, spacing_kji_mm, random.uniform(-1, 1, 3))
            places = np.argwhere(voxels)
            inner = places[np.abs(places * spacing_kji_mm - 20).max(axis=1) < 12][::7]
            found = float(np.median(widths_mm(voxels, inner, spacing_kji_mm)))
            assert found == pytest.approx(2 * radius_mm, rel=0.25), (radius_mm, along)


def test_a_plate_is_as_thick_as_it_is_and_not_as_wide() -> None:
    plate = _filled((slice(9, 10), slice(2, 22), slice(2, 22)))
    (found,) = widths_mm(plate, np.array([[9, 12, 12]]), np.array([1.0, 1.0, 1.0]))
    assert found == pytest.approx(1.0, abs=1e-6)


def test_breaks_join_every_part_to_the_nearest_other_one() -> None:
    voxels = _filled(
        (slice(0, 4), slice(5, 8), slice(5, 8)),
        (slice(7, 12), slice(5, 8), slice(5, 8)),
        (slice(7, 12), slice(5, 8), slice(14, 16)),
    )
    found = sorted(breaks(voxels, np.array([2.0, 1.0, 1.0])), key=lambda b: b.length_mm)
    assert [b.length_mm for b in found] == [7.0, 8.0]
    assert [b.width_mm for b in found] == [4.0, 4.0]
    for gap in found:
        ways = np.linalg.norm((gap.ways_kji[:, 0] - gap.ways_kji[:, 1]) * [2.0, 1.0, 1.0], axis=1)
        assert ways[0] == gap.length_mm == ways.min()
        assert ways.max() <= gap.length_mm + gap.width_mm / 2
    assert breaks(_filled((slice(0, 3), slice(0, 3), slice(0, 3))), np.ones(3)) == []


def test_every_voxel_of_a_flat_end_faces_the_other_end() -> None:
    cut = _filled((slice(0, 8), slice(5, 15), slice(5, 15)), (slice(11, 20), slice(5, 15), slice(5, 15)))
    (gap,) = breaks(cut, np.ones(3))
    ends = gap.ways_kji[gap.ways_kji[:, 0, 0] == 11]
    assert np.array_equal(ends[:, 0, 1:], ends[:, 1, 1:])
    assert (np.ptp(ends[:, 0], axis=0) >= [0, 7, 7]).all()
    assert (gap.length_mm, gap.width_mm) == (4.0, 2 * 3.0), (
        "half a width is told to the nearest voxel within reach"
    )
