import igl
import numpy as np

from planning.geometry.frames import Floats
from planning.kernel.near_mesh import beyond, held_between_corners
from planning.kernel.triangle_tree import forest_of, nearest, signed_distances
from tests.kernel.shapes import ball_mesh, box_mesh

BALL = ball_mesh((1.0, -2.0, 3.0), 10.0, steps=3)
BOX = box_mesh((-5.0, -5.0, -5.0), (5.0, 7.0, 6.0))


def _random_points(n: int) -> Floats:
    return np.random.default_rng(3).uniform(-16, 16, (n, 3))


def test_distances_equal_the_exact_ones_of_an_independent_library() -> None:
    points = _random_points(4000)
    forest = forest_of([BALL, BOX])
    for place, mesh in enumerate((BALL, BOX)):
        vertices, faces = mesh.vertices_lps_mm.astype(float), mesh.triangles.astype(np.int64)
        squared, _, _ = igl.point_mesh_squared_distance(points, vertices, faces)
        inside = igl.fast_winding_number(vertices, faces, points) > 0.5
        signed = np.where(inside, -1.0, 1.0) * np.sqrt(squared)
        assert np.abs(signed_distances(forest, place, points) - signed).max() < 1e-6


def test_a_ray_through_edges_and_corners_is_counted_once() -> None:
    points = np.array(
        [[x, y, z] for x in (-9.0, 0.0, 9.0) for y in (-5.0, 1.0, 7.0) for z in (-5.0, 0.5, 6.0)]
    )
    found = signed_distances(forest_of([BOX]), 0, points)
    for point, distance in zip(points, found, strict=True):
        if abs(point[0]) > 8:
            assert distance > 0, point


def test_the_nearest_point_lies_on_the_mesh_at_the_distance_named() -> None:
    forest = forest_of([BALL])
    for point in _random_points(50):
        d2, triangle, x, y, z = nearest(forest, 0, point[0], point[1], point[2], np.inf)
        assert np.isclose(np.linalg.norm(point - [x, y, z]), np.sqrt(d2))
        assert np.isclose(np.linalg.norm(np.array([x, y, z]) - [1.0, -2.0, 3.0]), 10.0, atol=0.08)
        assert 0 <= triangle < len(BALL.triangles)


def test_nothing_is_found_beyond_the_range_asked_for() -> None:
    assert nearest(forest_of([BALL]), 0, 1.0, -2.0, 16.0, 2.9**2)[1] == -1
    assert nearest(forest_of([BALL]), 0, 1.0, -2.0, 16.0, 3.1**2)[1] >= 0


def test_only_points_beyond_are_reported_with_their_nearest_triangle_of_the_mesh() -> None:
    points = np.array([[1.0, -2.0, 13.2], [1.0, -2.0, 15.0], [1.0, 8.1, 3.0]])
    found, triangles, near = beyond(forest_of([BALL]), 0, points, 0.5)
    assert found.tolist() == [1]
    corners = BALL.vertices_lps_mm[BALL.triangles[triangles[0]]]
    assert np.linalg.norm(corners.mean(axis=0) - [1.0, -2.0, 13.0]) < 1.5
    assert np.allclose(near[0], [1.0, -2.0, 13.0], atol=0.1)


def test_points_are_held_between_the_corners_near_them_and_far_ones_stay() -> None:
    points = np.array([[0.0, 0.0, 6.4], [5.4, 7.3, 6.2], [40.0, 0.0, 0.0]])
    corner = held_between_corners(forest_of([BOX]), 0, points, 2.0)
    assert np.allclose(corner[0], points[0]), "no corner of the box is near the middle of its top"
    assert np.allclose(corner[1], [5.0, 7.0, 6.0])
    assert np.allclose(corner[2], points[2])
