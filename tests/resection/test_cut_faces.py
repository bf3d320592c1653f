"""The faces cuts leave on a piece, on a box cut by one blade: areas known in closed form."""

import numpy as np
import pytest

from planning.geometry.mesh import Mesh
from planning.kernel.solids import cut_solids
from planning.resection.cut_faces import parted_surface
from tests.rendering.drawing import a_blade, a_box


def area_mm2(mesh: Mesh) -> float:
    """Return the area of a mesh."""
    corners = mesh.vertices_lps_mm[mesh.triangles].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return float(np.linalg.norm(across, axis=1).sum() / 2)


def test_a_cut_box_has_one_face_as_large_as_its_section() -> None:
    blade = a_blade(width_mm=60.0, depth_mm=60.0, origin_lps_mm=(0.0, 30.0, 2.0))
    pieces = cut_solids([a_box((-10, -8, -20), (10, 8, 20))], [blade])
    assert len(pieces) == 2
    for piece in pieces:
        surface = parted_surface(piece.mesh, [blade])
        (face,) = surface.faces
        assert area_mm2(face) == pytest.approx(20 * 16, rel=1e-4)
        height = face.vertices_lps_mm[:, 2]
        assert np.abs(height - 2.0) == pytest.approx(np.full(len(height), 2.0), abs=1e-3)
        assert area_mm2(surface.own) + area_mm2(face) == pytest.approx(area_mm2(piece.mesh))
        assert piece.mesh.is_closed  # the exported solid is never the parted one


def test_a_blade_that_passes_beside_a_piece_leaves_no_face() -> None:
    box = a_box((-10, -8, -20), (10, 8, 0))
    beside = a_blade(origin_lps_mm=(100.0, 15.0, 2.0))  # its lower face lies in the plane of the box's top
    surface = parted_surface(box, [beside])
    assert surface.faces == ()
    assert surface.own is box
