"""Tilted and uneven series against dcm2niix, a second program that corrects them; skipped without it.

The real series is looked for beside the project, in ``../shared/badinput``, or where
``ENBLOC_BADINPUT`` points.
"""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 -- its documentation knows no other name
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from planning.geometry.frames import Grid
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.kernel.process import Worker
from planning.model.study import StudyImage
from tests.imaging import phantom

PROGRAM = shutil.which("dcm2niix")
WHOLE = Path(os.environ.get("ENBLOC_BADINPUT", Path(__file__).parents[3] / "shared" / "badinput"))
REAL = WHOLE / "real" / "ct_ge_tilt_variable"
GRID = phantom.a_grid(np.eye(3), (14, 32, 32), (0.8, 0.8, 1.5))
Floats = NDArray[np.float64]

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="dcm2niix is not installed")


def _theirs(folder: Path, scratch: Path) -> tuple[Floats, Grid]:
    """Return the volume dcm2niix corrected last, on its own grid."""
    assert PROGRAM is not None
    scratch.mkdir()
    command = [PROGRAM, "-z", "n", "-f", "x", "-o", str(scratch), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    best = max(scratch.glob("*.nii"), key=lambda path: len(path.name))
    assert best.name != "x.nii", "dcm2niix found nothing to correct"
    image = sitk.ReadImage(str(best))
    directions = np.array(image.GetDirection()).reshape(3, 3)
    voxels = sitk.GetArrayFromImage(image)
    grid = Grid.from_axes(voxels.shape, image.GetOrigin(), directions, image.GetSpacing())
    return voxels.astype(np.float64), grid


def _compared(image: StudyImage, voxels: Floats, grid: Grid, radius: float = np.inf) -> tuple[Floats, Floats]:
    """Return our values and theirs at the voxels that lie a pixel inside the data and near its middle."""
    k, j, i = (axis.ravel() for axis in np.indices(grid.shape_kji))
    ours_ijk = image.volume.grid.to_ijk(grid.to_lps(np.column_stack([i, j, k])))
    at = np.rint(ours_ijk).astype(np.int64)
    assert np.abs(ours_ijk - at).max() < 0.01, "both grids must have the same points"
    coverage = image.coverage
    assert coverage is not None
    upright = coverage.upright(at)[:, :2]
    inside: NDArray[np.bool_] = (upright >= np.array(coverage.first_ij) + 1) & (
        upright <= np.array(coverage.last_ij) - 1
    )
    middle = (np.array(coverage.first_ij) + np.array(coverage.last_ij)) / 2
    near = np.linalg.norm(upright - middle, axis=1) < radius
    kept = (
        near
        & inside.all(axis=1)
        & (at >= 0).all(axis=1)
        & (at < image.volume.grid.shape_kji[::-1]).all(axis=1)
    )
    at = at[kept]
    return (
        image.volume.voxels_kji[at[:, 2], at[:, 1], at[:, 0]].astype(np.float64),
        voxels[k, j, i][kept],
    )


def _tilted(folder: Path, angle_deg: float) -> Path:
    noise = np.random.default_rng(7).integers(0, 2000, GRID.shape_kji)

    def change(dataset: Dataset, k: int) -> None:
        # As scanners do it: the table moves along S, the slices are tilted about L.
        tangent, cosine = np.tan(np.radians(angle_deg)), np.cos(np.radians(angle_deg))
        column = (0.0, cosine, -tangent * cosine)
        dataset.ImageOrientationPatient = [f"{v:.8f}" for v in (1.0, 0.0, 0.0, *column)]
        dataset.GantryDetectorTilt = f"{angle_deg:g}"
        dataset.PixelRepresentation = 1  # it corrects signed values alone
        dataset.PixelData = noise[k].astype("<u2").tobytes()

    return phantom.write_series(folder, GRID, change)


@pytest.mark.parametrize("angle_deg", [7.5, 18.0, 25.5])
def test_a_tilt_is_corrected_and_placed_as_dcm2niix_does(
    tmp_path: Path, worker: Worker, angle_deg: float
) -> None:
    folder = _tilted(tmp_path / "series", angle_deg)
    image = load_series(scan(folder, worker=worker).series[0], worker=worker).image
    ours, theirs = _compared(image, *_theirs(folder, tmp_path / "out"))
    assert len(ours) > 5000
    assert np.abs(ours - theirs).max() <= 1.0, "both round to whole numbers"


def test_a_negative_tilt_is_corrected_as_dcm2niix_does(tmp_path: Path, worker: Worker) -> None:
    """Compare values alone: dcm2niix leaves the origin of a negative tilt where it was (1.0.20220720).

    Places are held to closed form, for both signs, by `tests.imaging.test_uneven_stacks`.
    """
    # Six whole pixels from the first to the last slice: both programs then use the same lattice.
    angle_deg = -float(np.degrees(np.arcsin(6 * 0.8 / (13 * 1.5))))
    folder = _tilted(tmp_path / "series", angle_deg)
    image = load_series(scan(folder, worker=worker).series[0], worker=worker).image
    voxels, _ = _theirs(folder, tmp_path / "out")
    ours, theirs = image.volume.voxels_kji, voxels[:, ::-1]  # NIfTI rows run the other way
    assert ours.shape == theirs.shape
    inner = slice(7, -7)
    assert np.abs(ours[:, inner] - theirs[:, inner]).max() <= 1.0


def test_the_real_tilted_and_uneven_series_is_corrected_as_dcm2niix_does(
    tmp_path: Path, worker: Worker
) -> None:
    if not REAL.is_dir():
        pytest.skip("the real series is not there")
    image = load_series(scan(REAL, worker=worker).series[0], worker=worker).image
    voxels, grid = _theirs(REAL, tmp_path / "out")
    assert image.volume.grid.shape_kji == grid.shape_kji
    # The field of view is a circle of 250 pixels; its padding is air here and mixed in there.
    ours, theirs = _compared(image, voxels, grid, radius=240)
    rms = float(np.sqrt(np.mean((ours - theirs) ** 2)))
    print(f"dcm2niix: {len(ours)} voxels of 1 real series compared, rms {rms:.2f} HU")  # noqa: T201 -- a figure
    assert len(ours) > 5e6
    assert np.median(np.abs(ours - theirs)) <= 1
    assert rms <= 1.0
