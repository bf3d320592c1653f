import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.kernel.process import Worker
from planning.kernel.solids import cut_solids, cut_solids_by, slab_solid
from planning.kernel.surface import Smoothing
from tests.kernel.shapes import a_random_blade, ball_mesh, box_mesh, centres_lps_mm, surface_of_voxels

LYING_U = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 6.0), (6.0, 6.0), (6.0, 4.0), (0.0, 4.0))


def _across(height: float, kerf_mm: float = 2.0) -> Blade:
    return Blade((0.0, -20.0, height), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 40.0, 40.0, kerf_mm)


def test_a_box_cut_by_a_kerf_leaves_two_boxes() -> None:
    pieces = cut_solids([box_mesh((-5, -5, -10), (5, 5, 10))], [_across(2.0)])
    assert [p.volume_mm3 for p in pieces] == pytest.approx([1100.0, 700.0], rel=1e-5)
    assert all(p.mesh.is_closed for p in pieces)
    assert [p.mesh.volume_mm3 for p in pieces] == pytest.approx([1100.0, 700.0], rel=1e-4)
    assert pieces[0].mesh.bounds_lps_mm[1][2] == pytest.approx(1.0)


def test_a_ball_loses_a_spherical_cap() -> None:
    pieces = cut_solids([ball_mesh((0, 0, 0), 10.0)], [_across(6.0)])
    cap = np.pi * 3.0**2 * (3 * 10.0 - 3.0) / 3
    assert pieces[-1].volume_mm3 == pytest.approx(cap, rel=0.005)


def test_a_blade_too_small_to_part_a_bone_leaves_it_in_one_piece() -> None:
    slot = Blade((0.0, -20.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 40.0, 22.0, 2.0)
    (piece,) = cut_solids([box_mesh((-5, -5, -10), (5, 5, 10))], [slot])
    assert piece.volume_mm3 == pytest.approx(2000.0 - 10 * 7 * 2, rel=1e-5)


def test_pieces_name_the_bone_they_come_from_and_overshoot_cuts_nothing() -> None:
    blade = Blade((0.0, -20.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 40.0, 40.0, 2.0, 30.0)
    pieces = cut_solids([box_mesh((-5, -5, -10), (5, 5, 10)), box_mesh((-5, 25, -10), (5, 35, 10))], [blade])
    assert [p.source for p in pieces] == [0, 0, 1]


def test_overshoot_fills_what_the_tool_sweeps_and_no_more() -> None:
    """A lying U run on by 3 mm closes its 2 mm slot; by 1 mm it leaves half of it."""
    for overshoot_mm, area in ((3.0, 130.0), (1.0, 104.0)):
        blade = Blade((0, 0, 0), (0, 0, 1), (0, 1, 0), 30.0, 30.0, 2.0, overshoot_mm, LYING_U)
        assert slab_solid(blade, overshoot=False).volume() == pytest.approx(2 * 88.0)
        assert slab_solid(blade, overshoot=True).volume() == pytest.approx(2 * area)


def test_two_hundred_random_cuts_leave_closed_pieces() -> None:
    grid = Grid.from_axes((24, 60, 60), (-24.0, -24.0, -28.0), np.diag([1.0, 1.0, -1.0]), (0.8, 0.8, 2.5))
    grid = Grid.from_axes(grid.shape_kji, (-24.0, -24.0, 28.0), grid.directions, (0.8, 0.8, 2.5))
    x, y, z = np.moveaxis(centres_lps_mm(grid), -1, 0)
    ring = (np.hypot(x, y - 8) < 16) & (np.hypot(x, y - 8) > 8) & (np.abs(z) < 9)
    body = (np.hypot(x / 18, (y + 6) / 13) < 1) & (np.abs(z) < 14) & (np.hypot(x, y - 8) > 8)
    bone = surface_of_voxels(ring | body, grid, Smoothing.BROAD).mesh
    for seed in range(200):
        blade = a_random_blade(seed, (0.0, 0.0, 0.0), 8.0, LYING_U if seed % 4 == 0 else None)
        pieces = cut_solids([bone], [blade])
        assert pieces
        assert all(p.mesh.is_closed and p.volume_mm3 > 0 for p in pieces), seed
        assert sum(p.volume_mm3 for p in pieces) <= bone.volume_mm3 * (1 + 1e-4)


def test_the_child_process_cuts_the_same() -> None:
    meshes, blades = [ball_mesh((0, 0, 0), 10.0, 3)], [_across(2.0), _across(-4.0)]
    worker = Worker()
    try:
        there = cut_solids_by(worker, meshes, blades)
    finally:
        worker.close()
    here = cut_solids(meshes, blades)
    assert [p.volume_mm3 for p in there] == [p.volume_mm3 for p in here]
    for one, other in zip(there, here, strict=True):
        assert np.array_equal(one.mesh.vertices_lps_mm, other.mesh.vertices_lps_mm)
