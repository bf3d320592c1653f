"""Tilted stacks, missing slices and varying distances land where their positions say, and say so."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from planning.geometry.frames import Grid
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.imaging.series import SeriesSummary
from planning.kernel.process import Worker
from planning.model.study import Finding, Severity, StudyImage
from tests.imaging import phantom
from tests.imaging.phantom import Change

GRID = phantom.a_grid(np.eye(3), (10, 9, 11), (0.8, 0.9, 1.0))
ROUNDED = 0.51
Directions = NDArray[np.float64]


def _summary(folder: Path, worker: Worker) -> SeriesSummary:
    (summary,) = scan(folder, worker=worker).series
    return summary


def _finding(image: StudyImage, code: str) -> Finding:
    return next(f for f in image.findings if f.code == code)


def _leaning(grid: Grid, shift_ij: tuple[float, float]) -> Change:
    """Shift each slice within its plane against the one before, in mm; its pixels show what lies there."""

    def change(dataset: Dataset, k: int) -> None:
        i_lps, j_lps, _ = grid.directions.T
        shift = k * (shift_ij[0] * i_lps + shift_ij[1] * j_lps)
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in grid.to_lps((0, 0, k)) + shift]
        plane = phantom.centres(grid)[k] + shift
        stored = np.rint(phantom.values_at(plane)).astype(np.int32) + 1024
        dataset.PixelData = stored.astype("<u2").tobytes()

    return change


def _seen(image: StudyImage) -> NDArray[np.bool_]:
    """Return which voxels were imaged, by the image's own account."""
    coverage, grid = image.coverage, image.volume.grid
    assert coverage is not None
    k, j, i = (axis.ravel() for axis in np.indices(grid.shape_kji))
    upright = coverage.upright(np.column_stack([i, j, k]))[:, :2]
    slack = 1e-4
    inside = (upright >= np.array(coverage.first_ij) - slack) & (
        upright <= np.array(coverage.last_ij) + slack
    )
    return np.asarray(inside.all(axis=1).reshape(grid.shape_kji))


def _error(image: StudyImage, where: NDArray[np.bool_]) -> float:
    wanted = phantom.values_at(phantom.centres(image.volume.grid))
    return float(np.abs(image.volume.voxels_kji - wanted)[where].max())


@pytest.mark.parametrize("shift_ij", [(0.0, 0.4), (0.0, -0.4), (0.3, 0.0), (-0.25, 0.35)])
@pytest.mark.parametrize("directions", phantom.RIGHT_HANDED, ids=phantom.letters)
def test_a_tilted_stack_lands_in_each_of_24_orientations(
    tmp_path: Path, worker: Worker, directions: Directions, shift_ij: tuple[float, float]
) -> None:
    grid = phantom.a_grid(directions)
    phantom.write_series(tmp_path, grid, _leaning(grid, shift_ij))
    image = load_series(_summary(tmp_path, worker), worker=worker).image
    seen = _seen(image)
    # The phantom is linear, so sampling it between pixels is exact: one rounding on disk, one here.
    assert _error(image, seen) <= 2 * ROUNDED
    assert (image.volume.voxels_kji[~seen] == -1024).all()
    # Of each slice no more than its fraction of a pixel at one edge is lost.
    lost_ij = [1 if shift else 0 for shift in shift_ij]
    k, j, i = phantom.SHAPE_KJI
    assert seen.sum() >= k * (j - lost_ij[1]) * (i - lost_ij[0])
    angle = np.degrees(np.arctan(np.hypot(*shift_ij) / phantom.SPACING[2]))
    assert f"tilted by {angle:.1f} degrees" in _finding(image, "GANTRY_TILT").message
    assert image.slice_spacing_mm == pytest.approx(phantom.SPACING[2])


def test_the_lying_tilt_tag_is_not_asked(tmp_path: Path, worker: Worker) -> None:
    upright, tilted = tmp_path / "upright", tmp_path / "tilted"
    phantom.write_series(upright, GRID, lambda d, _: setattr(d, "GantryDetectorTilt", "20"))
    image = load_series(_summary(upright, worker), worker=worker).image
    assert image.findings == ()
    lean = _leaning(GRID, (0.0, np.tan(np.radians(-18.0))))

    def change(dataset: Dataset, k: int) -> None:
        lean(dataset, k)
        dataset.GantryDetectorTilt = "0"

    phantom.write_series(tilted, GRID, change)
    image = load_series(_summary(tilted, worker), worker=worker).image
    assert "18.0 degrees" in _finding(image, "GANTRY_TILT").message
    assert f"{9 * np.tan(np.radians(18.0)):.1f} mm" in _finding(image, "GANTRY_TILT").message


def test_a_ball_in_a_tilted_stack_is_found_within_half_a_voxel(tmp_path: Path, worker: Worker) -> None:
    """A marker with sharp edges, unlike the linear phantom, shows what interpolation does to places."""
    grid = phantom.a_grid(np.eye(3), (24, 40, 40), (0.7, 0.7, 1.5))
    centre, radius = phantom.MIDDLE + np.array([3.3, 5.1, -2.2]), 6.0

    def change(dataset: Dataset, k: int) -> None:
        shift = np.array([0.0, -np.tan(np.radians(25.0)) * 1.5 * (k - 12), 0.0])
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in grid.to_lps((0, 0, k)) + shift]
        away = np.linalg.norm(phantom.centres(grid)[k] + shift - centre, axis=-1)
        stored = np.clip((radius - away) / 0.7 + 0.5, 0, 1) * 1000 + 1024
        dataset.PixelData = stored.astype("<u2").tobytes()

    phantom.write_series(tmp_path, grid, change)
    image = load_series(_summary(tmp_path, worker), worker=worker).image
    weight = np.clip(image.volume.voxels_kji, 0, 1000).astype(np.float64)
    found = (phantom.centres(image.volume.grid) * weight[..., None]).sum(axis=(0, 1, 2)) / weight.sum()
    assert np.linalg.norm(found - centre) < 0.35
    volume = weight.sum() / 1000 * image.volume.grid.voxel_volume_mm3
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03)


def test_a_missing_slice_is_named_with_its_place_and_filled(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path, GRID)
    (tmp_path / "IM995").unlink()
    image = load_series(_summary(tmp_path, worker), worker=worker).image
    gap = _finding(image, "GAP")
    before, after = GRID.to_lps((0, 0, 3))[2], GRID.to_lps((0, 0, 5))[2]
    assert f"1 slice(s) are missing between S {before:.1f} and S {after:.1f} mm" in gap.message
    assert "2.00 mm apart there instead of 1.00 mm" in gap.message
    assert gap.severity is Severity.WARN
    assert image.volume.grid.same_as(GRID)
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 2 * ROUNDED
    assert image.coverage is not None
    assert image.coverage.gaps_k == ((3.0, 5.0),)
    assert image.slice_spacing_mm == pytest.approx(1.0)


def test_acquired_slices_beside_a_gap_keep_every_value(tmp_path: Path, worker: Worker) -> None:
    whole, holed = tmp_path / "whole", tmp_path / "holed"
    grid = phantom.a_grid(np.eye(3), (12, 9, 11), (0.8, 0.9, 1.0))
    noise = np.random.default_rng(5).integers(0, 3000, grid.shape_kji)

    def change(dataset: Dataset, k: int) -> None:
        dataset.PixelData = noise[k].astype("<u2").tobytes()

    phantom.write_series(whole, grid, change)
    phantom.write_series(holed, grid, change)
    for name in ("IM995", "IM994", "IM991"):
        (holed / name).unlink()
    wanted = load_series(_summary(whole, worker), worker=worker).image.volume
    image = load_series(_summary(holed, worker), worker=worker).image
    kept = [0, 1, 2, 3, 6, 7, 9, 10, 11]
    np.testing.assert_array_equal(image.volume.voxels_kji[kept], wanted.voxels_kji[kept])
    third = np.rint((2 * noise[3] + noise[6]) / 3) - 1024
    assert np.abs(image.volume.voxels_kji[4] - third).max() <= 1
    assert _finding(image, "GAP").message.startswith("3 slice(s) are missing between S ")
    assert image.coverage is not None
    assert image.coverage.gaps_k == ((3.0, 6.0), (7.0, 9.0))


def test_varying_distances_are_resampled_to_a_regular_grid(tmp_path: Path, worker: Worker) -> None:
    places = [0.0, 1.0, 2.0, 3.0, 4.0, 6.5, 9.0, 11.5, 14.0, 16.5]

    def change(dataset: Dataset, k: int) -> None:
        point = GRID.to_lps((0, 0, 0)) + np.array([0.0, 0.0, places[k]])
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in point]
        plane = phantom.centres(GRID)[0] + np.array([0.0, 0.0, places[k]])
        dataset.PixelData = (np.rint(phantom.values_at(plane)) + 1024).astype("<u2").tobytes()

    phantom.write_series(tmp_path, GRID, change)
    image = load_series(_summary(tmp_path, worker), worker=worker).image
    varying = _finding(image, "NONUNIFORM")
    assert "varies from 1.00 to 2.50 mm" in varying.message
    assert varying.severity is Severity.WARN
    assert "GAP" not in [f.code for f in image.findings]
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 2 * ROUNDED
    assert image.slice_spacing_mm == pytest.approx(2.5), "the coarsest step bounds what can be told"
    last = image.volume.grid.to_lps((0, 0, image.volume.grid.shape_kji[0] - 1))
    assert last[2] == pytest.approx(GRID.origin_lps_mm[2] + 16.5, abs=1e-5)
    assert 10 < image.volume.grid.shape_kji[0] <= 20


@pytest.mark.parametrize("jitter_mm, code", [(0.004, None), (0.04, "NONUNIFORM")])
def test_only_rounding_is_ignored(tmp_path: Path, worker: Worker, jitter_mm: float, code: str | None) -> None:
    def change(dataset: Dataset, k: int) -> None:
        x, y, z = (float(v) for v in dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in (x, y, z + jitter_mm * (-1) ** k)]

    phantom.write_series(tmp_path, GRID, change)
    image = load_series(_summary(tmp_path, worker), worker=worker).image
    assert [f.code for f in image.findings] == ([code] if code else [])
    assert (image.original is not None) == (code is not None)
    if code:
        assert image.findings[0].severity is Severity.NOTE


def test_the_original_slices_stay_in_the_case(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path, GRID, _leaning(GRID, (0.0, 0.3)))
    (tmp_path / "IM995").unlink()
    original = load_series(_summary(tmp_path, worker), worker=worker).image.original
    assert original is not None
    kept = [0, 1, 2, 3, 5, 6, 7, 8, 9]
    wanted = [GRID.to_lps((0, 0, k)) + np.array([0.0, 0.3 * k, 0.0]) for k in kept]
    np.testing.assert_allclose(original.positions_lps_mm, wanted, atol=1e-5)
    assert original.sop_instance_uids == tuple(f"1.2.3.4.{k + 1}" for k in kept)
    assert (original.columns, original.rows, original.spacing_ij_mm) == (11, 9, (0.8, 0.9))
    assert (original.row_lps, original.column_lps) == ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    assert original.gaps == (3,)


def test_a_value_too_large_for_16_bits_makes_the_resampled_volume_float(
    tmp_path: Path, worker: Worker
) -> None:
    lean = _leaning(GRID, (0.0, 0.3))

    def change(dataset: Dataset, k: int) -> None:
        lean(dataset, k)
        dataset.RescaleSlope, dataset.RescaleIntercept = "0.5", "-512"

    phantom.write_series(tmp_path, GRID, change)
    image = load_series(_summary(tmp_path, worker), worker=worker).image
    assert image.volume.voxels_kji.dtype == np.float32
    wanted = phantom.values_at(phantom.centres(image.volume.grid)) / 2
    assert np.abs(image.volume.voxels_kji - wanted)[_seen(image)].max() <= 0.26
