import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.mesh import Mesh
from planning.kernel.exact_distance import SEARCHED_BEYOND_MM, MeshEvaluator, mesh_values, mesh_values_by
from planning.kernel.process import Worker
from tests.kernel.shapes import a_random_blade, ball_mesh, box_mesh

BALL = ball_mesh((0, 0, 0), 10.0)


def _flat_blade(height: float, size_mm: float = 30.0, footprint: object = None) -> Blade:
    return Blade(
        (0.0, -size_mm / 2, height),
        (0.0, 0.0, 1.0),
        (0.0, 1.0, 0.0),
        size_mm,
        size_mm,
        1.0,
        3.0,
        footprint,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("height", [40.0, 14.0, 11.0, 9.0, 4.0])
def test_a_ball_under_a_slab(height: float) -> None:
    truth = height - 0.5 - 10.0
    value = MeshEvaluator([BALL]).value_mm(0, _flat_blade(height), False, truth)
    assert value == pytest.approx(truth, abs=0.05)


def test_a_slab_wholly_inside_a_structure_is_inside_it() -> None:
    """The trap of hollow meshes: nothing touches, and yet the tool is ten millimetres deep."""
    value = MeshEvaluator([ball_mesh((0, 0, 0), 20.0)]).value_mm(0, _flat_blade(0.0, 6.0), False, -20.0)
    assert value == pytest.approx(-20.0, abs=0.1)


def test_a_structure_wholly_inside_a_slab_is_entered() -> None:
    thick = Blade((0.0, -15.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 30.0, 30.0, 20.0)
    assert MeshEvaluator([ball_mesh((0, 0, 0), 2.0)]).value_mm(0, thick, False, -2.0) == pytest.approx(
        -2.0, abs=0.1
    )


def test_a_gap_wider_than_expected_is_not_reported_as_the_expected_one() -> None:
    value = MeshEvaluator([BALL]).value_mm(0, _flat_blade(40.0), False, 3.0)
    assert value == pytest.approx(3.0 + SEARCHED_BEYOND_MM)


def test_depth_is_looked_for_within_the_footprint_only() -> None:
    corner = ((10.0, 0.0), (15.0, 0.0), (15.0, 5.0))
    value = MeshEvaluator([BALL]).value_mm(0, _flat_blade(0.0, 30.0, corner), False, 5.0)
    assert value is not None
    assert value > 0


def test_an_open_mesh_gives_no_value() -> None:
    open_mesh = Mesh(BALL.vertices_lps_mm, BALL.triangles[:-1])
    assert MeshEvaluator([open_mesh]).value_mm(0, _flat_blade(14.0), False, 3.5) is None
    assert np.isnan(mesh_values([open_mesh], [_flat_blade(14.0)], np.full((1, 1, 2), 3.5))).all()


def test_the_child_process_finds_the_same() -> None:
    meshes = [BALL, box_mesh((-2, -2, -40), (2, 2, 40))]
    blades = [a_random_blade(s, (8.0, 0.0, 0.0), 6.0) for s in range(3)]
    expected = np.zeros((3, 2, 2))
    expected[0, 1, 1] = np.nan
    worker = Worker()
    try:
        there = mesh_values_by(worker, meshes, blades, expected)
    finally:
        worker.close()
    here = mesh_values(meshes, blades, expected)
    assert np.array_equal(there, here, equal_nan=True)
    assert np.isnan(here[0, 1, 1])
    assert np.isfinite(here).sum() == here.size - 1
