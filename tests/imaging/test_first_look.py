"""Where the spine is seen in a CT without structures: on a body of closed form, stored along any axes."""

import numpy as np
import pytest

from planning.geometry.frames import Floats, Grid
from planning.geometry.volume import Volume
from planning.imaging.first_look import SURE_ENOUGH, spine_seen
from tests.rendering.drawing import ORIENTATIONS

SPINE_XY_MM = (6.0, 70.0)


def a_chest(
    directions: Floats, *, spine: bool = True, spacing_ijk_mm: tuple[float, float, float] = (4.0, 4.0, 4.0)
) -> Volume:
    """Return an oval body on a table: a vertebra at the back, ribs at the sides, a bright heart in front."""
    matrix = np.asarray(directions)
    half = np.abs(matrix.T @ np.array([200.0, 160.0, 60.0]))
    n_ijk = np.ceil(2 * half / np.asarray(spacing_ijk_mm)).astype(int)
    origin = -(matrix * spacing_ijk_mm) @ ((n_ijk - 1) / 2)
    i, j, k = (int(n) for n in n_ijk)
    grid = Grid.from_axes((k, j, i), origin, matrix, spacing_ijk_mm)
    index = np.stack(np.meshgrid(np.arange(k), np.arange(j), np.arange(i), indexing="ij"), -1)[..., ::-1]
    x, y, _ = np.moveaxis(grid.to_lps(index), -1, 0)
    hu = np.full(x.shape, -1000)
    hu[np.abs(y - 148.0) < 6.0] = 100  # the table
    hu[(x / 170) ** 2 + (y / 130) ** 2 < 1] = 40
    hu[np.hypot(x - 20, y + 40) < 45] = 400  # contrast in the heart
    hu[np.abs(np.hypot(x / 160, y / 120) - 1) < 0.03] = 500  # ribs all round
    if spine:
        hu[np.hypot(x - SPINE_XY_MM[0], y - SPINE_XY_MM[1]) < 20] = 350
    return Volume(hu.astype(np.int16), grid)


@pytest.mark.parametrize("directions", ORIENTATIONS[::3])
def test_the_vertebra_is_found_not_the_heart_whichever_way_the_voxels_lie(directions: Floats) -> None:
    seen = spine_seen(a_chest(directions))
    assert seen is not None
    assert seen.confidence == 1.0
    np.testing.assert_allclose(seen.point_lps_mm[:2], SPINE_XY_MM, atol=5.0)
    assert abs(seen.point_lps_mm[2]) < 4.0  # half way along


def test_uneven_voxels_are_measured_in_millimetres() -> None:
    seen = spine_seen(a_chest(np.eye(3), spacing_ijk_mm=(1.5, 3.0, 10.0)))
    assert seen is not None
    np.testing.assert_allclose(seen.point_lps_mm[:2], SPINE_XY_MM, atol=10.0)  # inside it: its radius is 20


def test_nothing_is_said_without_a_spine_or_where_slices_disagree() -> None:
    bare = spine_seen(a_chest(np.eye(3), spine=False))
    assert bare is None or bare.confidence < SURE_ENOUGH
    air = a_chest(np.eye(3))
    assert spine_seen(Volume(np.full_like(air.voxels_kji, -1000), air.grid)) is None
    voxels = a_chest(np.eye(3)).voxels_kji.copy()
    voxels[: len(voxels) * 6 // 10] = -1000  # the spine shows on the last few slices only
    partly = spine_seen(Volume(voxels, air.grid))
    assert partly is not None
    assert partly.confidence < SURE_ENOUGH
