import igl
import numpy as np
import pytest

from planning.geometry.blade import Blade, signed_area
from planning.geometry.frames import Floats
from planning.geometry.mesh import Mesh
from planning.kernel.distance_field import Region, signed_distance_field
from planning.kernel.minima import Minimum, minima
from planning.kernel.slab import nearest_points, slab_of
from planning.kernel.triangle_tree import forest_of
from tests.kernel.shapes import a_random_blade, ball_mesh, box_mesh

REGION = Region((-45.0, -45.0, -45.0), 1.0, (91, 91, 91))
LOZENGE = ((-20.0, 12.0), (20.0, 12.0), (24.0, 40.0), (-24.0, 40.0))
ARROW = ((-15.0, 2.0), (0.0, 10.0), (15.0, 2.0), (4.0, 29.0), (-6.0, 24.0))


def _minima(blade: Blade, *meshes: Mesh) -> list[tuple[Minimum, Minimum]]:
    forest = forest_of(meshes)
    fields = np.stack([signed_distance_field(forest, n, REGION) for n in range(len(meshes))])
    return minima(slab_of(blade), forest, fields, REGION.low_lps_mm, REGION.spacing_mm)


def _flat_blade(height: float, overshoot_mm: float = 0.0) -> Blade:
    return Blade((0.0, -15.0, height), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 30.0, 30.0, 1.0, overshoot_mm)


@pytest.mark.parametrize("height", [14.0, 11.0, 9.0, 4.0])
def test_a_ball_under_a_slab(height: float) -> None:
    """The slab's lower face is half a kerf below its plane; the ball's top is at 10 mm."""
    ((near, _),) = _minima(_flat_blade(height), ball_mesh((0, 0, 0), 10.0))
    assert near.value_mm == pytest.approx(height - 0.5 - 10.0, abs=0.03)
    assert np.allclose(near.tool_lps_mm, [0, 0, height - 0.5], atol=0.3)
    assert np.linalg.norm(near.tool_lps_mm - near.surface_lps_mm) == pytest.approx(
        abs(near.value_mm), abs=1e-6
    )


def test_the_kerf_and_not_the_plane_comes_near() -> None:
    thick = Blade((0.0, -15.0, 14.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 30.0, 30.0, 4.0)
    ((near, _),) = _minima(thick, ball_mesh((0, 0, 0), 10.0))
    assert near.value_mm == pytest.approx(14.0 - 2.0 - 10.0, abs=0.03)


def test_overshoot_runs_on_beyond_the_far_edge_only() -> None:
    ahead, behind = ball_mesh((0.0, 30.0, 0.0), 5.0), ball_mesh((0.0, -30.0, 0.0), 5.0)
    (near, further), (start, start_further) = _minima(_flat_blade(0.0, 4.0), ahead, behind)
    assert near.value_mm == pytest.approx(10.0, abs=0.03)
    assert further.value_mm == pytest.approx(6.0, abs=0.03)
    assert np.allclose(further.tool_lps_mm[1], 19.0, atol=0.01)
    assert start.value_mm == pytest.approx(10.0, abs=0.03)
    assert start_further.value_mm == start.value_mm


def test_a_footprint_keeps_the_tool_away_from_where_its_rectangle_would_go() -> None:
    ball = ball_mesh((14.0, 13.0, 0.0), 3.0)
    whole = _flat_blade(0.0)
    cut_down = Blade(
        whole.origin_lps_mm,
        whole.normal_lps,
        whole.advance_lps,
        30.0,
        30.0,
        1.0,
        0.0,
        ((-15, 0), (15, 0), (0, 15)),
    )
    # The nearest point of the triangle's edge from (15, 0) to (0, 15), in (a, b) with a along -x.
    distance = abs(-14.0 + 28.0 - 15.0) / np.sqrt(2)
    ((near, _),) = _minima(whole, ball)
    assert near.value_mm < -2.0
    ((away, _),) = _minima(cut_down, ball)
    assert distance < 3.0 or away.value_mm > 0
    a = cut_down.to_local(np.array([14.0, 13.0, 0.0]))
    edges = [((15.0, 0.0), (0.0, 15.0)), ((0.0, 15.0), (-15.0, 0.0))]
    truth = min(_to_edge(a[:2], np.array(p), np.array(q)) for p, q in edges) - 3.0
    assert away.value_mm == pytest.approx(truth, abs=0.03)


def _to_edge(point: Floats, p: Floats, q: Floats) -> float:
    share = np.clip((point - p) @ (q - p) / ((q - p) @ (q - p)), 0, 1)
    return float(np.linalg.norm(point - p - share * (q - p)))


@pytest.mark.parametrize("footprint", [None, LOZENGE, ARROW])
def test_trapezoids_have_the_area_of_the_outline(footprint: tuple[tuple[float, float], ...] | None) -> None:
    blade = Blade((0, 0, 0), (0, 0, 1), (0, 1, 0), 50.0, 45.0, 1.0, 0.0, footprint)
    pieces = slab_of(blade).pieces
    heights = (pieces[:, 4] - pieces[:, 2] + pieces[:, 5] - pieces[:, 3]) / 2
    area = ((pieces[:, 1] - pieces[:, 0]) * heights).sum()
    assert area == pytest.approx(signed_area(blade.outline_mm), rel=1e-9)


@pytest.mark.parametrize(
    "footprint", [None, ((-15.0, 2.0), (0.0, 10.0), (15.0, 2.0), (4.0, 29.0), (-6.0, 24.0))]
)
def test_no_sampled_point_of_the_slab_is_nearer(footprint: tuple[tuple[float, float], ...] | None) -> None:
    """Against dense sampling by another library, for random blades round a cord, a vessel and a ball."""
    meshes = [
        box_mesh((-4.0, -3.0, -80.0), (4.0, 3.0, 80.0)),
        box_mesh((8.0, 6.0, -80.0), (9.4, 7.4, 80.0)),
        ball_mesh((-12.0, 5.0, 3.0), 6.0, 4),
    ]
    for seed in range(12):
        blade = a_random_blade(seed, (0.0, 0.0, 0.0), 9.0, footprint)
        found = _minima(blade, *meshes)
        for overshoot in (False, True):
            points = _dense(blade, overshoot)
            for mesh, pair in zip(meshes, found, strict=True):
                vertices, faces = mesh.vertices_lps_mm.astype(float), mesh.triangles.astype(np.int64)
                squared, _, _ = igl.point_mesh_squared_distance(points, vertices, faces)
                inside = igl.fast_winding_number(vertices, faces, points) > 0.5
                sampled = float((np.where(inside, -1.0, 1.0) * np.sqrt(squared)).min())
                value = pair[overshoot].value_mm
                assert value <= sampled + (0.05 if sampled > 0 else 0.35), (seed, overshoot)
                assert value >= sampled - 0.45, (seed, overshoot)


def _dense(blade: Blade, overshoot: bool) -> Floats:
    pieces = slab_of(blade).pieces
    rows = []
    for a0, a1, low0, low1, high0, high1 in pieces:
        run = blade.overshoot_mm if overshoot else 0.0
        for share in np.linspace(0, 1, max(2, int((a1 - a0) / 0.5) + 1)):
            low, high = low0 + share * (low1 - low0), high0 + share * (high1 - high0) + run
            for b in np.linspace(low, high, max(2, int((high - low) / 0.5) + 1)):
                rows += [(a0 + share * (a1 - a0), b, n) for n in (-0.5, 0.0, 0.5)]
    return blade.to_lps(np.array(rows))


def test_the_same_question_has_the_same_answer() -> None:
    blade, ball = a_random_blade(5, (0, 0, 0), 9.0), ball_mesh((3.0, 1.0, -2.0), 6.0, 4)
    one, other = _minima(blade, ball)[0], _minima(blade, ball)[0]
    assert one[0].value_mm == other[0].value_mm
    assert np.array_equal(one[1].tool_lps_mm, other[1].tool_lps_mm)


def test_distance_from_a_slab_to_groups_of_points() -> None:
    slab = slab_of(_flat_blade(0.0, 4.0))
    points = np.array([[0.0, 25.0, 0.0], [0.0, 0.0, 50.0], [0.0, 0.0, 50.0]])
    found = nearest_points(slab, points, np.array([2, 3]), np.full((2, 2), 100.0))
    assert found == pytest.approx(np.array([[10.0, 6.0], [49.5, 49.5]]))
    near = nearest_points(slab, points, np.array([2, 3]), np.full((2, 2), 7.0))
    assert near == pytest.approx(np.array([[7.0, 6.0], [7.0, 7.0]]))


def test_a_footprint_of_many_corners_is_searched_as_surely_as_its_hull() -> None:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    wavy = (12 + 2 * np.cos(9 * angles))[:, None] * np.stack([np.cos(angles), np.sin(angles)], -1) + [0, 15]
    footprint = tuple((float(a), float(b)) for a, b in wavy)
    blade = Blade((0, -15, 0), (0, 0, 1), (0, 1, 0), 40.0, 40.0, 1.0, 2.0, footprint)
    for place in ((-20.0, 3.0, 1.0), (14.0, 16.0, -2.0), (2.0, -22.0, 5.0)):
        radius = 3.0
        ((near, _),) = _minima(blade, ball_mesh(place, radius, 4))
        sampled = np.linalg.norm(_dense(blade, False) - place, axis=1).min() - radius
        assert near.value_mm == pytest.approx(sampled, abs=0.25)
        assert near.value_mm <= sampled + 0.03
