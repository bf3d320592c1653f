"""What a drag draws coarsely is made before the drag."""

import numpy as np
import pytest

from planning.geometry.mesh import Mesh
from rendering.convert import coarse_surface_of, has_coarse_surface
from rendering.scene import SpineScene
from rendering.scene_state import DrawnStructure, SpineState

pytestmark = pytest.mark.render


def a_sheet(columns: int) -> Mesh:
    """Return a wavy sheet of 2 x columns x columns triangles."""
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(columns + 1.0), indexing="ij")
    points = np.stack([x, y, np.sin(x)], axis=-1).reshape(-1, 3)
    first = (np.arange(columns)[:, None] * (columns + 1) + np.arange(columns)).reshape(-1, 1)
    corners = np.array([[0, 1, columns + 1], [1, columns + 2, columns + 1]])
    return Mesh(points, (first[:, None, :] + corners).reshape(-1, 3).astype(np.int32))


def test_each_large_surface_in_sight_is_made_ready_once() -> None:
    large, other, small, hidden = a_sheet(40), a_sheet(41), a_sheet(5), a_sheet(42)
    scene = SpineScene()
    scene.show(
        SpineState(
            structures=(
                DrawnStructure("a", "a", large, (255, 0, 0)),
                DrawnStructure("b", "b", other, (255, 0, 0)),
                DrawnStructure("c", "c", small, (255, 0, 0)),
                DrawnStructure("d", "d", hidden, (255, 0, 0), visible=False),
            )
        )
    )
    assert [has_coarse_surface(m) for m in (large, other, small, hidden)] == [False, False, True, False]
    assert [scene.prepare_one() for _ in range(3)] == [True, True, False]
    assert [has_coarse_surface(m) for m in (large, other, small, hidden)] == [True, True, True, False]
    assert coarse_surface_of(large).GetNumberOfPolys() < len(large.triangles)
