"""Clearances on shapes of closed form, from mask to millimetre, by both evaluators.

The accuracy owed (INTERCHANGE section 3): |value - truth| <= max(0.3 mm, half of the largest voxel
edge); one voxel edge where the tool is more than 2 mm inside.
"""

import igl
import numpy as np
import pytest

from planning.geometry.blade import Blade, Footprint
from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Plan
from planning.model.structures import Structure, StructureKind
from planning.progress import silent
from planning.safety.clearance import RawClearance, clearances_of, cross_checked
from planning.safety.fields import Fields, fields_of
from planning.segmentation.surfaces import Surfaces, surfaces_of
from tests.builders import a_blade, a_cord_cylinder, a_cut, a_grid, a_mask
from tests.phantoms import STRAIGHT, Bools, Floats, Pose, Shape

OBLIQUE = Pose((0.2, 1.0, -0.4), 38.0, (12.0, -240.0, 870.0))
GRIDS = {
    "isotropic": (0.7, 0.7, 0.7),
    "thick slices": (0.7, 0.7, 2.5),
    "coarse": (1.0, 1.0, 1.0),
}
FLIPS = [(False, False, False), (True, False, False), (False, True, True), (True, True, True)]
Triple = tuple[float, float, float]


def _owed_mm(grid: Grid, truth_mm: float) -> float:
    edge = grid.largest_voxel_edge_mm
    return edge if truth_mm < -2.0 else max(0.3, edge / 2)


def _anatomy(shape: Shape, spacing: Triple, pose: Pose, flipped: tuple[bool, bool, bool]) -> Anatomy:
    grid = a_grid((-30, -30, -30), (30, 30, 30), spacing, pose, flipped)
    return Anatomy(grid, (Structure("it", StructureKind.AORTA, a_mask(grid, shape, pose)),))


def _measured(anatomy: Anatomy, blade: Blade) -> RawClearance:
    cut = a_cut("cut", OsteotomyKind.FREE, blade)
    fields = _fields(anatomy, cut)
    (found,) = cross_checked(cut, fields)
    return found


def _fields(anatomy: Anatomy, *cuts: Osteotomy) -> Fields:
    return fields_of(anatomy, surfaces_of(anatomy), Plan(osteotomies=cuts), silent)


def _ball(radius_mm: float) -> Shape:
    def inside(x: Floats, y: Floats, z: Floats) -> Bools:
        return np.asarray(x**2 + y**2 + z**2 <= radius_mm**2)

    return inside


def _sheet(thickness_mm: float) -> Shape:
    def inside(x: Floats, y: Floats, z: Floats) -> Bools:
        return np.asarray((np.abs(z) <= thickness_mm / 2) & (np.hypot(x, y) < 18))

    return inside


@pytest.mark.parametrize("spacing", list(GRIDS.values()), ids=list(GRIDS))
@pytest.mark.parametrize("gap_mm", [8.0, 2.0, 0.5, -1.0, -4.0])
def test_a_ball_beside_a_slab(spacing: Triple, gap_mm: float) -> None:
    for pose, flipped in zip((STRAIGHT, OBLIQUE, OBLIQUE, STRAIGHT), FLIPS, strict=True):
        anatomy = _anatomy(_ball(9.0), spacing, pose, flipped)
        blade = a_blade((0.0, -6.0, 9.0 + gap_mm + 0.5), (0, 0, 1), (0, 1, 0), 14, 12, 1.0, 0.0, pose=pose)
        found = _measured(anatomy, blade)
        assert found.withheld_reason is None
        assert found.value_mm == pytest.approx(gap_mm, abs=_owed_mm(anatomy.grid, gap_mm))


@pytest.mark.parametrize("spacing", list(GRIDS.values()), ids=list(GRIDS))
@pytest.mark.parametrize("angle_deg", [0.0, 20.0, 65.0])
def test_a_tilted_slab_beside_a_cord(spacing: Triple, angle_deg: float) -> None:
    """A slab whose normal leans from across the cord towards along it; its tip comes nearest."""
    for pose in (STRAIGHT, OBLIQUE):
        anatomy = a_cord_cylinder(5.0, 50.0, spacing, pose)
        turned = a_blade((12.0, -6.0, 0.0), (1, 0, 0), (0, 1, 0), 12.0, 12.0, 1.0, 0.0).turned(
            (0, 1, 0), angle_deg, (12.0, 0.0, 0.0)
        )
        corners = turned.to_lps(np.array([[a, 6.0, n] for a in (-6.0, 6.0) for n in (-0.5, 0.5)]))
        truth = float(corners[:, 0].min()) - 5.0
        blade = a_blade(
            turned.origin_lps_mm, turned.normal_lps, turned.advance_lps, 12.0, 12.0, 1.0, 0.0, pose=pose
        )
        found = _measured(anatomy, blade)
        assert found.value_mm == pytest.approx(truth, abs=_owed_mm(anatomy.grid, truth))


@pytest.mark.parametrize("spacing", list(GRIDS.values()), ids=list(GRIDS))
def test_overshoot_towards_a_cord(spacing: Triple) -> None:
    anatomy = a_cord_cylinder(5.0, 50.0, spacing, OBLIQUE)
    # The tool stops 3.5 mm before the cord and may run on by 3 mm, then by 6.
    for overshoot_mm, further in ((3.0, 0.5), (6.0, -2.5)):
        blade = a_blade((0.0, -18.0, 0.0), (0, 0, 1), (0, 1, 0), 4, 9.5, 1.0, overshoot_mm, pose=OBLIQUE)
        found = _measured(anatomy, blade)
        assert found.value_mm == pytest.approx(3.5, abs=_owed_mm(anatomy.grid, 3.5))
        assert found.with_overshoot_mm == pytest.approx(further, abs=_owed_mm(anatomy.grid, further))
        tip = OBLIQUE.local(found.overshoot_tool_point_lps_mm)
        if further > 0:
            assert tip[1] == pytest.approx(-5.0 - further, abs=0.5)


def test_a_footprint_spares_what_its_rectangle_would_cut() -> None:
    around: Footprint = ((-12, 0), (-8, 0), (-8, 16), (8, 16), (8, 0), (12, 0), (12, 20), (-12, 20))
    anatomy = a_cord_cylinder(5.0, 50.0, (0.7, 0.7, 0.7), OBLIQUE)
    whole = a_blade((0, -10, 0), (0, 0, 1), (0, 1, 0), 24, 20, 1.0, 0.0, pose=OBLIQUE)
    spared = a_blade((0, -10, 0), (0, 0, 1), (0, 1, 0), 24, 20, 1.0, 0.0, around, pose=OBLIQUE)
    inside = _measured(anatomy, whole).value_mm
    assert inside == pytest.approx(-5.0, abs=0.7)
    assert _measured(anatomy, spared).value_mm == pytest.approx(6.0 - 5.0, abs=0.35)


def test_a_footprint_run_on_by_its_overshoot_fills_its_slot() -> None:
    around: Footprint = ((-12, 0), (12, 0), (12, 4), (-12, 4))
    anatomy = a_cord_cylinder(5.0, 50.0, (0.7, 0.7, 0.7))
    blade = a_blade((0, -12, 0), (0, 0, 1), (0, 1, 0), 24, 20, 1.0, 6.0, around)
    found = _measured(anatomy, blade)
    assert found.value_mm == pytest.approx(3.0, abs=0.35)
    assert found.with_overshoot_mm == pytest.approx(-3.0, abs=0.7)


def test_a_blade_wholly_inside_an_organ_is_inside_it() -> None:
    blade = a_blade((0, -3, 0), (0, 0, 1), (0, 1, 0), 6, 6, 1.0, 0.0)
    found = _measured(_anatomy(_ball(14.0), (1.0, 1.0, 1.0), STRAIGHT, FLIPS[0]), blade)
    assert found.value_mm == pytest.approx(-14.0, abs=1.0)


def test_a_thin_sheet_between_two_nodes_of_the_field_is_seen() -> None:
    anatomy = _anatomy(_sheet(1.4), (0.7, 0.7, 0.7), STRAIGHT, FLIPS[0])
    blade = a_blade((0.0, -5.0, 0.0), (1, 0, 0), (0, 1, 0), 20.0, 10.0, 1.0, 0.0)
    assert _measured(anatomy, blade).value_mm == pytest.approx(-0.7, abs=0.35)


def test_moving_everything_rigidly_leaves_distances_unchanged() -> None:
    values = []
    for pose in (STRAIGHT, OBLIQUE, Pose((1, 1, 1), 120.0, (-300.0, 40.0, -1500.0)), Pose(mirrored=True)):
        grid_pose = Pose(pose.axis, pose.angle_deg, pose.shift_mm)
        grid = a_grid((-30, -30, -30), (30, 30, 30), (0.8, 0.8, 1.2), grid_pose)
        shape = _ball(8.0)
        anatomy = Anatomy(grid, (Structure("it", StructureKind.AORTA, a_mask(grid, shape, pose)),))
        blade = a_blade((3.0, -12.0, 10.5), (0, 0.6, 0.8), (0, 0.8, -0.6), 14, 9, 1.0, 3.0, pose=pose)
        found = _measured(anatomy, blade)
        values.append((found.value_mm, found.with_overshoot_mm))
    assert np.ptp(np.array(values, dtype=float), axis=0).max() < 0.06


def test_points_lie_where_they_say_and_their_distance_is_the_value() -> None:
    anatomy = a_cord_cylinder(5.0, 50.0, (0.7, 0.7, 0.7), OBLIQUE)
    blade = a_blade((0.0, -18.0, 3.0), (0, 0, 1), (0, 1, 0), 4, 9.5, 1.0, 3.0, pose=OBLIQUE)
    found = _measured(anatomy, blade)
    for value, tool, surface, run_mm in (
        (found.value_mm, found.tool_point_lps_mm, found.structure_point_lps_mm, 0.0),
        (
            found.with_overshoot_mm,
            found.overshoot_tool_point_lps_mm,
            found.overshoot_structure_point_lps_mm,
            3.0,
        ),
    ):
        assert value is not None
        assert tool is not None
        assert surface is not None
        assert np.linalg.norm(np.subtract(tool, surface)) == pytest.approx(value, abs=1e-4)
        a, b, n = blade.to_local(tool)
        assert abs(a) <= 2 + 1e-6
        assert -1e-6 <= b <= 9.5 + run_mm + 1e-6
        assert abs(n) <= 0.5 + 1e-6
        local = OBLIQUE.local(surface)
        assert np.hypot(local[0], local[1]) == pytest.approx(5.0, abs=0.35)


def test_two_evaluators_and_an_independent_library_agree_on_a_whole_plan() -> None:
    anatomy = a_cord_cylinder(5.0, 50.0, (0.8, 0.8, 1.5), OBLIQUE)
    random = np.random.default_rng(11)
    surfaces: Surfaces = surfaces_of(anatomy)
    mesh = surfaces.mesh("spinal_cord")
    assert mesh is not None
    cuts = []
    for n in range(8):
        blade = a_blade(tuple(random.uniform(-9, 9, 3)), (0, 0, 1), (0, 1, 0), 6, 5, 1.0, 2.0, pose=OBLIQUE)
        cuts.append(a_cut(f"cut-{n}", OsteotomyKind.FREE, blade.turned(random.normal(size=3), 50 * n)))
    fields = fields_of(anatomy, surfaces, Plan(osteotomies=tuple(cuts)), silent)
    for cut in cuts:
        (quick,) = clearances_of(cut, fields)
        (sure,) = cross_checked(cut, fields)
        assert sure.value_mm == quick.value_mm is not None
        lines = [np.linspace(*ends, 31) for ends in ((-3.0, 3.0), (0.0, 5.0), (-0.5, 0.5))]
        points = cut.blade.to_lps(np.stack(np.meshgrid(*lines, indexing="ij"), -1).reshape(-1, 3))
        vertices, faces = mesh.vertices_lps_mm.astype(float), mesh.triangles.astype(np.int64)
        squared, _, _ = igl.point_mesh_squared_distance(points, vertices, faces)
        inside = igl.fast_winding_number(vertices, faces, points) > 0.5
        sampled = float((np.where(inside, -1.0, 1.0) * np.sqrt(squared)).min())
        assert sure.value_mm == pytest.approx(sampled, abs=0.12)
