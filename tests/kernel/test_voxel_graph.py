"""Voxels cut by slabs: where the answer is known by counting or by formula."""

import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Grid, unit
from planning.kernel.slab_volume import Cut, Volumes, surface_voxels, tally, volumes_of
from planning.kernel.voxel_graph import Labels, components, cut_edges, segments_cut, sides_of_slabs
from planning.resection.slabs import slabs_on
from tests.builders import Triple, a_blade, a_grid
from tests.phantoms import Pose

POSES = (Pose(), Pose((0.3, 1.0, -0.5), 33.0, (12.0, -7.0, 5.0)))


def a_block(grid: Grid, low: Triple, high: Triple, pose: Pose) -> Labels:
    k, j, i = np.indices(grid.shape_kji)
    local = pose.local(grid.to_lps(np.stack([i, j, k], -1)))
    return np.asarray(((local > low) & (local < high)).all(-1), dtype=np.uint8)


def pieces_of(tissue: Labels, tumour: Labels, grid: Grid, blades: list[Blade]) -> tuple[Cut, Volumes]:
    slabs = slabs_on(grid, blades)
    flags, _ = cut_edges(tissue, tumour, slabs)
    found, count = components(tissue, tumour, flags)
    cut = Cut(tissue, tumour, flags, found, count)
    return cut, volumes_of(cut, slabs, np.asarray(grid.spacing_ijk_mm))


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("flipped", [(False, False, False), (True, False, True)])
def test_a_kerf_thinner_than_a_voxel_cuts_thick_voxels(pose: Pose, flipped: tuple[bool, bool, bool]) -> None:
    grid = a_grid((-15, -15, -15), (15, 15, 15), (1.0, 1.0, 3.0), pose, flipped)
    tissue = a_block(grid, (-10, -10, -12), (10, 10, 12), pose)
    # The slab, 0.4 mm thick, lies wholly between voxel centres at 1.5 and 4.5.
    blade = a_blade((0, -12, 3.2), (0, 0, 1), (0, 1, 0), 30, 24, kerf_mm=0.4, pose=pose)
    cut, volumes = pieces_of(tissue, np.zeros_like(tissue), grid, [blade])
    assert cut.pieces == 2
    assert not ((cut.flags_kji & 8) > 0).any()
    assert sorted(volumes.tissue[1:] * 3.0) == pytest.approx([400 * 8.6, 400 * 15.0], rel=1e-9)
    assert volumes.kerf[0] * 3.0 == pytest.approx(400 * 0.4, rel=1e-9)


def test_a_blade_that_ends_inside_parts_nothing() -> None:
    grid = a_grid((-15, -15, -15), (15, 15, 15))
    tissue = a_block(grid, (-10, -10, -10), (10, 10, 10), Pose())
    blade = a_blade((0, -12, 0), (0, 0, 1), (0, 1, 0), 30, 15)
    cut, volumes = pieces_of(tissue, np.zeros_like(tissue), grid, [blade])
    assert cut.pieces == 1
    # The blade goes from y = -10 to y = 3 through a block 20 mm wide, 1 mm thick.
    assert volumes.kerf[0] == pytest.approx(20 * 13 * 1.0, rel=1e-9)
    assert volumes.tissue[1] == pytest.approx(8000 - 260, rel=1e-9)
    sides = sides_of_slabs(tissue, np.zeros_like(tissue), cut.found_kji, 1, slabs_on(grid, [blade]))
    assert sides.shape == (1, 2)
    assert sides[0, 1] > 0


def test_a_footprint_leaves_what_lies_outside_it() -> None:
    grid = a_grid((-15, -15, -15), (15, 15, 15))
    tissue = a_block(grid, (-10, -10, -10), (10, 10, 10), Pose())
    whole = a_blade((0, -12, 0), (0, 0, 1), (0, 1, 0), 30, 24)
    # A U: the notch a in (-2, 2), b in (9, 24) is not cut, so a bridge of bone stays.
    notch = ((-15, 0), (15, 0), (15, 24), (2, 24), (2, 9), (-2, 9), (-2, 24), (-15, 24))
    notched = a_blade((0, -12, 0), (0, 0, 1), (0, 1, 0), 30, 24, footprint_mm=notch)
    none = np.zeros_like(tissue)
    assert pieces_of(tissue, none, grid, [whole])[0].pieces == 2
    cut, volumes = pieces_of(tissue, none, grid, [notched])
    assert cut.pieces == 1
    # Of the 20 x 20 section the notch spares 4 x (10 - -3) mm.
    assert volumes.kerf[0] == pytest.approx(400 - 4 * 13, rel=1e-9)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.9, 2.5)])
@pytest.mark.parametrize("tilt_deg", [0.0, 7.0, 31.0])
def test_tilted_slab_volumes_match_the_formula(spacing: Triple, tilt_deg: float) -> None:
    half = np.array([14, 12, 10]) * np.asarray(spacing)
    grid = a_grid(tuple(-half - 3 * np.asarray(spacing)), tuple(half + 3 * np.asarray(spacing)), spacing)
    tissue = a_block(grid, tuple(-half), tuple(half), Pose())
    size = 2 * half
    tilt = np.deg2rad(tilt_deg)
    normal = unit((np.sin(tilt), 0.0, np.cos(tilt)))
    kerf, shift = 1.3, 0.37
    forward = unit(np.cross(normal, (0, 1, 0)))
    centre = shift * np.asarray(normal)
    origin = tuple(centre - 60 * np.asarray(forward))
    blade = a_blade(origin, normal, forward, 120, 120, kerf_mm=kerf)
    cut, volumes = pieces_of(tissue, np.zeros_like(tissue), grid, [blade])
    voxel = float(np.prod(spacing))
    # The slab leaves by the sides of the block only, so both cuts are prisms of height half +- shift.
    middle = size[0] * size[1]
    kerf_mm3 = middle * kerf / np.cos(tilt)
    upper = middle * (half[2] - (shift + kerf / 2) / np.cos(tilt))
    lower = middle * (half[2] + (shift - kerf / 2) / np.cos(tilt))
    assert cut.pieces == 2
    assert volumes.kerf[0] * voxel == pytest.approx(kerf_mm3, rel=5e-3)
    assert sorted(volumes.tissue[1:] * voxel) == pytest.approx(sorted([upper, lower]), rel=5e-3)
    assert float(volumes.tissue.sum() + volumes.kerf[0]) == pytest.approx(tissue.sum(), rel=1e-12)


def test_two_bones_in_label_contact_do_not_hold_but_tumour_bridges_them() -> None:
    tissue = np.zeros((6, 4, 4), dtype=np.uint8)
    tissue[1:3, 1:3, 1:3], tissue[3:5, 1:3, 1:3] = 1, 2
    tumour = np.zeros_like(tissue)
    flags = np.zeros_like(tissue)
    assert components(tissue, tumour, flags)[1] == 2
    tumour[2, 1, 1] = 2
    assert components(tissue, tumour, flags)[1] == 1
    # Exclusive masks: the tumour voxel has a number of its own.
    tissue[2, 1, 1] = 3
    assert components(tissue, tumour, flags)[1] == 1


def test_a_winding_shape_is_one_component() -> None:
    tissue = np.zeros((3, 12, 12), dtype=np.uint8)
    tissue[1, 1:11, 1] = tissue[1, 10, 1:11] = tissue[1, 1:11, 10] = tissue[1, 1, 3:11] = 1
    tissue[1, 1:9, 3] = tissue[1, 8, 3:9] = 1
    tissue[1, 5, 6] = 1
    found, count = components(tissue, np.zeros_like(tissue), np.zeros_like(tissue))
    assert count == 2
    assert (found[1] == found[1, 5, 6]).sum() == 1


def test_crossed_blades_share_out_a_block() -> None:
    grid = a_grid((-15, -15, -15), (15, 15, 15))
    tissue = a_block(grid, (-10, -10, -10), (10, 10, 10), Pose())
    tumour = np.where(tissue > 0, np.uint8(2), np.uint8(0))
    across = a_blade((0, -14, 0), (0, 0, 1), (0, 1, 0), 40, 40, kerf_mm=1.6)
    upright = a_blade((0.25, -14, 0), (1, 0, 0), (0, 1, 0), 40, 40, kerf_mm=0.8)
    cut, volumes = pieces_of(tissue, tumour, grid, [across, upright])
    assert cut.pieces == 4
    low, high = 10 + 0.25 - 0.4, 10 - 0.25 - 0.4
    expected = sorted([low * 9.2 * 20, low * 9.2 * 20, high * 9.2 * 20, high * 9.2 * 20])
    assert sorted(volumes.tissue[1:]) == pytest.approx(expected, rel=5e-3)
    assert np.allclose(volumes.tumour, volumes.tissue)
    voxels, sums, sick = tally(cut, 1)
    assert (sick == voxels.sum(axis=1)).all()
    assert int(voxels.sum()) == int((cut.found_kji > 0).sum())
    centre = sums.sum(axis=(0, 1)) / voxels.sum()
    assert np.allclose(grid.to_lps(centre)[1:], 0, atol=0.6)


def test_segments_meet_a_slab_only_inside_its_outline() -> None:
    grid = a_grid((-15, -15, -15), (15, 15, 15))
    slabs = slabs_on(grid, [a_blade((0, -5, 0), (0, 0, 1), (0, 1, 0), 10, 10, kerf_mm=1.0)])
    starts: Floats = np.array([[0, 0, 3], [6, 0, 3], [0, 0, 3], [0, 0, 0.2], [-9, 0, 0.0]], dtype=float)
    ends: Floats = np.array([[0, 0, -3], [6, 0, -3], [0, 0, 1], [0, 0, 0.3], [9, 0, 0.0]], dtype=float)
    met = segments_cut(grid.to_ijk(starts), grid.to_ijk(ends), slabs)
    assert met[:, 0].tolist() == [True, False, False, True, True]


def test_surface_voxels_are_the_shell() -> None:
    tissue = np.zeros((7, 7, 7), dtype=np.uint8)
    tissue[1:6, 1:6, 1:6] = 1
    assert len(surface_voxels(tissue)) == 125 - 27
    tissue[3, 3, 3] = 2
    assert len(surface_voxels(tissue)) == 125 - 27 + 1 + 6
