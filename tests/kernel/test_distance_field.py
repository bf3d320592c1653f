import igl
import numpy as np
import pytest

from planning.geometry.frames import Floats, vec3
from planning.geometry.mesh import Mesh
from planning.kernel.distance_field import Region, sampled, signed_distance_field
from planning.kernel.triangle_tree import forest_of
from tests.kernel.shapes import ball_mesh, box_mesh

REGION = Region((-14.0, -13.0, -12.0), 1.0, (25, 28, 30))


def _nodes() -> Floats:
    axes = [np.arange(n) + lo for n, lo in zip(REGION.shape_zyx, REGION.origin_lps_mm[::-1], strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)[..., ::-1].reshape(-1, 3)


def _exact(mesh: Mesh) -> Floats:
    vertices, faces = mesh.vertices_lps_mm.astype(float), mesh.triangles.astype(np.int64)
    squared, _, _ = igl.point_mesh_squared_distance(_nodes(), vertices, faces)
    inside = igl.fast_winding_number(vertices, faces, _nodes()) > 0.5
    return np.asarray(np.where(inside, -1.0, 1.0) * np.sqrt(squared)).reshape(REGION.shape_zyx)


@pytest.mark.parametrize(
    "mesh",
    [
        ball_mesh((0.3, -0.2, 1.1), 6.0, 3),
        ball_mesh((0.3, -0.2, 1.1), 40.0, 4),  # the region lies wholly inside
        ball_mesh((-30.0, 4.0, 20.0), 9.0, 3),  # and wholly outside
        box_mesh((-3.0, -4.0, -60.0), (5.0, 2.0, 60.0)),  # a cord that runs through the region
        box_mesh((6.0, -40.0, -3.3), (90.0, 40.0, 2.2)),
    ],
    ids=["inside", "around", "away", "through", "sheet"],
)
def test_every_node_has_the_exact_distance(mesh: Mesh) -> None:
    field = signed_distance_field(forest_of([mesh]), 0, REGION)
    exact = _exact(mesh)
    assert np.abs(field - exact).max() < 1e-5
    off = np.abs(exact) > 1e-4
    assert (np.sign(field) == np.sign(exact))[off].all()


@pytest.mark.parametrize("spacing_mm", [1.0, 1.25])
def test_what_a_node_holds_does_not_depend_on_how_far_its_region_reaches(spacing_mm: float) -> None:
    """Same node, same bits: over random extents, with the mesh inside, beside and all round."""
    random = np.random.default_rng(7)
    rough = ball_mesh((3.3, -4.2, 5.1), 9.0, 3)
    bumps = rough.vertices_lps_mm * (1 + 0.05 * random.standard_normal((len(rough.vertices_lps_mm), 1)))
    forest = forest_of(
        [Mesh(bumps.astype(np.float32), rough.triangles), box_mesh((-30, 2, 3), (30, 2.7, 60))]
    )
    low = np.array([-24, -19, -21])
    shape = (44, 46, 42)
    for mesh in (0, 1):
        whole = signed_distance_field(forest, mesh, Region(vec3(low * spacing_mm), spacing_mm, shape))
        for _ in range(25):
            first = random.integers(0, 30, 3)
            count = np.minimum(random.integers(2, 40, 3), np.array(shape) - first)
            x, y, z = (int(n) for n in first[::-1])
            part = (int(count[0]), int(count[1]), int(count[2]))
            origin = vec3((low + np.array([x, y, z])) * spacing_mm)
            field = signed_distance_field(forest, mesh, Region(origin, spacing_mm, part))
            there = whole[z : z + part[0], y : y + part[1], x : x + part[2]]
            assert np.array_equal(field, there), (first, count)


def test_a_point_between_nodes_has_the_same_value_wherever_the_region_begins() -> None:
    forest = forest_of([ball_mesh((0.3, -0.2, 1.1), 6.0, 3)])
    inner = Region((-7.0, -8.0, -9.0), 1.0, (18, 17, 16))
    points = np.random.default_rng(2).uniform(-6.9, 7.9, (2000, 3))
    one, other = (
        sampled(signed_distance_field(forest, 0, r), r.first_xyz.astype(float), 1.0, points)
        for r in (REGION, inner)
    )
    assert np.array_equal(one, other)


def test_a_region_off_the_lattice_is_refused() -> None:
    with pytest.raises(ValueError, match="no whole multiple"):
        Region((0.5, 0.0, 0.0), 1.0, (4, 4, 4))


def test_each_mesh_of_a_forest_gets_its_own_field() -> None:
    one, other = ball_mesh((-4.0, 0.0, 0.0), 3.0, 3), ball_mesh((6.0, 1.0, 2.0), 2.0, 3)
    forest = forest_of([one, other])
    point = np.array([[6.0, 1.0, 2.0]])
    for place, value in ((0, np.sqrt(105) - 3.0), (1, -2.0)):
        field = signed_distance_field(forest, place, REGION)
        assert sampled(field, REGION.first_xyz.astype(float), 1.0, point)[0] == pytest.approx(value, abs=0.05)


def test_between_nodes_the_field_is_near_the_truth() -> None:
    field = signed_distance_field(forest_of([ball_mesh((0.3, -0.2, 1.1), 6.0, 5)]), 0, REGION)
    points = np.random.default_rng(1).uniform(-10, 10, (5000, 3))
    truth = np.linalg.norm(points - [0.3, -0.2, 1.1], axis=1) - 6.0
    near = np.abs(truth) < 3
    error = (sampled(field, REGION.first_xyz.astype(float), 1.0, points) - truth)[near]
    assert np.abs(error).max() < 0.12
    assert np.sqrt((error**2).mean()) < 0.06


def test_a_region_holds_what_lies_within_its_nodes() -> None:
    region = Region.around(np.array([0.0, 0.0, 0.0]), np.array([2.2, 3.0, 4.0]), 1.0)
    assert region.shape_zyx == (5, 4, 4)
    assert region.holds(np.array([[0.0, 0.0, 0.0], [3.0, 3.0, 4.0]]))
    assert not region.holds(np.array([[1.0, 1.0, 4.01]]))
