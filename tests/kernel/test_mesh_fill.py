"""Voxels inside surfaces: against closed form, and against the exact inside test of the triangle tree."""

import numpy as np
import pytest

from planning.geometry.mesh import Mesh
from planning.kernel.mesh_fill import filled_mesh, open_edges, turns_along
from planning.kernel.triangle_tree import forest_of, signed_distances
from tests.kernel.shapes import ball_mesh, box_mesh

SHAPE = (30, 32, 34)


def _centres() -> np.ndarray:
    k, j, i = np.meshgrid(*(np.arange(n, dtype=float) for n in SHAPE), indexing="ij")
    return np.stack([i, j, k], axis=-1)


def _joined(*meshes: Mesh) -> tuple[np.ndarray, np.ndarray]:
    points = np.concatenate([m.vertices_lps_mm for m in meshes]).astype(np.float64)
    starts = np.cumsum([0, *(len(m.vertices_lps_mm) for m in meshes[:-1])])
    faces = np.concatenate([m.triangles + s for m, s in zip(meshes, starts, strict=True)]).astype(np.int32)
    return points, faces


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_ball_is_filled_as_the_exact_distance_says(axis: int) -> None:
    mesh = ball_mesh((16.3, 15.1, 14.7), 11.2, steps=3)
    turns, closed = turns_along(mesh.vertices_lps_mm.astype(np.float64), mesh.triangles, SHAPE, axis)
    assert closed.all()
    exact = signed_distances(forest_of([mesh]), 0, _centres().reshape(-1, 3)).reshape(SHAPE)
    np.testing.assert_array_equal((turns != 0)[np.abs(exact) > 1e-6], (exact < 0)[np.abs(exact) > 1e-6])
    assert set(np.unique(np.abs(turns))) == {0, 1}


def test_lines_through_edges_and_corners_count_once() -> None:
    """A box with its corners on voxel centres: half-open, so its count is exact whichever way one looks."""
    mesh = box_mesh((5.0, 6.0, 7.0), (15.0, 14.0, 20.0))
    filled = filled_mesh(mesh.vertices_lps_mm.astype(np.float64), mesh.triangles, SHAPE)
    assert int(filled.voxels_kji.sum()) == 10 * 8 * 13
    assert (filled.open_edges, filled.overlaps) == (0, False)


def test_a_surface_turned_inside_out_and_a_cavity_mean_what_they_look_like() -> None:
    outer, inner = (
        box_mesh((3.5, 3.5, 3.5), (25.5, 25.5, 25.5)),
        box_mesh((9.5, 9.5, 9.5), (15.5, 15.5, 15.5)),
    )
    flipped = Mesh(inner.vertices_lps_mm, inner.triangles[:, ::-1])
    hollow = filled_mesh(*_joined(outer, flipped), SHAPE)
    assert int(hollow.voxels_kji.sum()) == 22**3 - 6**3
    assert not hollow.overlaps
    inside_out = filled_mesh(outer.vertices_lps_mm.astype(float), outer.triangles[:, ::-1].copy(), SHAPE)
    assert int(inside_out.voxels_kji.sum()) == 22**3


def test_overlapping_shells_are_joined_and_told() -> None:
    one, two = box_mesh((3.5, 3.5, 3.5), (15.5, 15.5, 15.5)), box_mesh((9.5, 9.5, 9.5), (20.5, 20.5, 20.5))
    filled = filled_mesh(*_joined(one, two), SHAPE)
    assert filled.overlaps
    assert int(filled.voxels_kji.sum()) == 12**3 + 11**3 - 6**3


@pytest.mark.parametrize("gone", range(6))
def test_a_box_without_one_face_is_filled_all_the_same(gone: int) -> None:
    mesh = box_mesh((3.5, 4.5, 5.5), (20.5, 15.5, 25.5))
    faces = np.delete(mesh.triangles, [2 * gone, 2 * gone + 1], axis=0)
    filled = filled_mesh(mesh.vertices_lps_mm.astype(np.float64), faces, SHAPE)
    assert filled.open_edges == 4
    assert int(filled.voxels_kji.sum()) == 17 * 11 * 20


def test_open_edges_are_counted_by_direction() -> None:
    mesh = box_mesh((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    assert open_edges(mesh.triangles) == 0
    assert open_edges(mesh.triangles[1:]) == 3
    # Two boxes that share an edge of four triangles are still closed.
    assert open_edges(np.concatenate([mesh.triangles, mesh.triangles])) == 0
    turned = mesh.triangles.copy()
    turned[0] = turned[0, ::-1]
    assert open_edges(turned) == 3
