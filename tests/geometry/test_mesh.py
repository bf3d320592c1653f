import numpy as np
import pytest

from planning.errors import PlanningError
from planning.geometry.frames import Grid
from planning.geometry.mesh import Mesh
from planning.geometry.volume import Volume

CORNERS = np.array([(x, y, z) for x in (0, 2) for y in (0, 3) for z in (0, 4)], dtype=np.float32)
_FACES = "013 032 467 475 045 051 237 276 026 064 157 173"
BOX = np.array([[int(corner) for corner in face] for face in _FACES.split()], dtype=np.int32)


def test_a_box_is_closed_and_has_its_volume_far_from_the_origin_too():
    box = Mesh(CORNERS + np.float32(500.0), BOX)
    assert box.is_closed
    assert box.volume_mm3 == pytest.approx(24.0, rel=1e-5)


def test_a_box_without_a_face_is_open():
    assert not Mesh(CORNERS, BOX[:-1]).is_closed


def test_a_box_with_one_triangle_turned_inside_out_is_not_closed():
    turned = BOX.copy()
    turned[0] = turned[0][::-1]
    assert not Mesh(CORNERS, turned).is_closed


def test_a_mesh_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        Mesh(CORNERS, BOX).vertices_lps_mm[0] = 0


def test_a_volume_refuses_voxels_that_do_not_fit_or_are_doubles():
    grid = Grid((2, 3, 4), np.eye(4))
    with pytest.raises(PlanningError):
        Volume(np.zeros((2, 3, 5), dtype=np.int16), grid)
    with pytest.raises(PlanningError):
        Volume(np.zeros((2, 3, 4)), grid)


def test_the_digest_of_a_volume_changes_with_one_voxel_and_with_its_place():
    voxels = np.zeros((2, 3, 4), dtype=np.int16)
    changed = voxels.copy()
    changed[1, 2, 3] = 1
    moved = np.eye(4)
    moved[0, 3] = 1e-3
    digests = {
        Volume(voxels, Grid((2, 3, 4), np.eye(4))).digest,
        Volume(changed, Grid((2, 3, 4), np.eye(4))).digest,
        Volume(voxels, Grid((2, 3, 4), moved)).digest,
    }
    assert len(digests) == 3
