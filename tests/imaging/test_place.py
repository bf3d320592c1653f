"""Every voxel lands where it was, whatever the file and the way its axes run."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from planning.geometry.frames import Grid
from planning.imaging.intake import Onto
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.imaging.structure_import import import_structures
from planning.imaging.volume_file import load_volume_file
from planning.kernel.process import Worker
from tests.imaging import phantom

ROUNDED = 0.51
SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha", ".mhd")
Directions = NDArray[np.float64]


def _same_place(grid: Grid, wanted: Grid) -> bool:
    """Compare outer corners, which no reordering of axes changes."""
    return bool(np.allclose(np.stack(grid.bounds_lps_mm()), np.stack(wanted.bounds_lps_mm()), atol=1e-4))


@pytest.mark.parametrize("directions", phantom.RIGHT_HANDED, ids=phantom.letters)
def test_a_dicom_series_lands_in_each_of_24_orientations(
    tmp_path: Path, worker: Worker, directions: Directions
) -> None:
    grid = phantom.a_grid(directions)
    phantom.write_series(tmp_path, grid, nested=True)
    found = scan(tmp_path, worker=worker)
    assert [s.problem for s in found.series] == [None]
    image = load_series(found.series[0], worker=worker).image
    assert image.volume.voxels_kji.dtype == np.int16
    assert image.slice_spacing_mm == pytest.approx(1.3)
    assert _same_place(image.volume.grid, grid)
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= ROUNDED
    assert image.sop_instance_uids == tuple(f"1.2.3.4.{k + 1}" for k in range(phantom.SHAPE_KJI[0]))


def test_slice_identifiers_follow_the_voxels_when_the_stack_runs_backwards(
    tmp_path: Path, worker: Worker
) -> None:
    phantom.write_series(tmp_path, phantom.a_grid(np.diag([1.0, 1.0, -1.0])))
    image = load_series(scan(tmp_path, worker=worker).series[0], worker=worker).image
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= ROUNDED
    assert image.sop_instance_uids == tuple(f"1.2.3.4.{k + 1}" for k in reversed(range(phantom.SHAPE_KJI[0])))


def test_slices_without_identifiers_of_their_own_carry_none(tmp_path: Path, worker: Worker) -> None:
    def nameless(dataset: Dataset, k: int) -> None:
        if k == 3:
            del dataset.SOPInstanceUID

    phantom.write_series(tmp_path, phantom.a_grid(np.eye(3)), nameless)
    image = load_series(scan(tmp_path, worker=worker).series[0], worker=worker).image
    assert image.sop_instance_uids == ()


@pytest.mark.parametrize("directions", phantom.RIGHT_HANDED, ids=phantom.letters)
def test_a_zipped_series_lands_in_each_of_24_orientations(
    tmp_path: Path, worker: Worker, directions: Directions
) -> None:
    grid = phantom.a_grid(directions)
    folder = phantom.write_series(tmp_path / "study", grid, nested=True)
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in folder.rglob("IM*"):
            packed.write(file, file.relative_to(tmp_path))
    summary = scan(archive, worker=worker).series[0]
    image = load_series(summary, worker=worker).image
    assert _same_place(image.volume.grid, grid)
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= ROUNDED


def test_an_unpacked_zip_is_removed_with_its_last_user(tmp_path: Path, worker: Worker) -> None:
    folder = phantom.write_series(tmp_path / "study", phantom.a_grid(np.eye(3)))
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in folder.iterdir():
            packed.write(file, file.name)
    found = scan(archive, worker=worker)
    unpacked = found.series[0].files[0].parent
    assert unpacked.is_dir()
    assert unpacked.stat().st_mode & 0o077 == 0
    del found
    assert not unpacked.exists()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("directions", phantom.ALL_DIRECTIONS, ids=phantom.letters)
def test_a_volume_file_lands_in_each_orientation(
    tmp_path: Path, worker: Worker, directions: Directions, suffix: str
) -> None:
    grid = phantom.a_grid(directions)
    path = phantom.write_volume(tmp_path / f"image{suffix}", phantom.voxels_of(grid), grid)
    volume = load_volume_file(path, worker=worker).image.volume
    assert volume.voxels_kji.dtype == np.int16
    assert np.linalg.det(volume.grid.directions) > 0, (
        "mirrored files become right-handed by reading slices in reverse"
    )
    assert _same_place(volume.grid, grid)
    assert phantom.worst_error(volume.voxels_kji, volume.grid) <= ROUNDED


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_oblique_volume_keeps_its_axes(tmp_path: Path, worker: Worker, suffix: str) -> None:
    turned, _ = np.linalg.qr(np.array([[0.9, 0.3, -0.2], [-0.2, 0.8, 0.5], [0.3, -0.4, 0.9]]))
    grid = phantom.a_grid(np.asarray(turned * np.sign(np.linalg.det(turned))))
    path = phantom.write_volume(tmp_path / f"image{suffix}", phantom.voxels_of(grid), grid)
    volume = load_volume_file(path, worker=worker).image.volume
    assert volume.grid.shape_kji == grid.shape_kji
    assert phantom.worst_error(volume.voxels_kji, volume.grid) <= ROUNDED + 0.02


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("directions", phantom.ALL_DIRECTIONS, ids=phantom.letters)
def test_labels_in_any_orientation_land_exactly(
    tmp_path: Path, worker: Worker, directions: Directions, suffix: str
) -> None:
    image_grid = phantom.a_grid(np.eye(3), (9, 9, 9), (1.0, 1.0, 1.0))
    label_grid = phantom.a_grid(directions, (9, 9, 9), (1.0, 1.0, 1.0))
    wanted = _regions(image_grid)
    path = phantom.write_volume(tmp_path / f"labels{suffix}", _regions(label_grid), label_grid)
    names = tmp_path / "labels.json"
    names.write_text(
        '{"schema": "enbloc-labels/1", "labels": '
        '{"1": {"kind": "aorta"}, "2": {"kind": "tumour", "name": "a"}}}'
    )
    found = import_structures(path, names, Onto(image_grid), worker=worker)
    assert [s.kind.value for s in found.structures] == ["aorta", "tumour"]
    assert not found.findings
    for value, structure in enumerate(found.structures, start=1):
        np.testing.assert_array_equal(structure.mask.to_array(), wanted == value)


def _regions(grid: Grid) -> NDArray[np.uint8]:
    """Return two regions without any symmetry, told by place: no voxel centre lies on a border."""
    left, posterior, superior = np.moveaxis(phantom.centres(grid) - phantom.MIDDLE, -1, 0)
    first = (left > 1.5) & (posterior < 0.5) & (superior > -2.5)
    second = (left < -0.5) & (posterior > 2.5)
    return np.asarray(first * 1 + second * 2, dtype=np.uint8)
