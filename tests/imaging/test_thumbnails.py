"""The chooser's pictures: the middle slice, the right way round, and a reason where there is none."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from planning.errors import ImportRefused
from planning.imaging.scan import scan
from planning.imaging.thumbnails import EDGE_PX, thumbnail_of
from planning.kernel.process import Worker
from tests.imaging import phantom


@pytest.mark.parametrize("directions", phantom.RIGHT_HANDED, ids=phantom.letters)
def test_every_orientation_is_shown_as_it_is_looked_at(
    directions: np.ndarray, tmp_path: Path, worker: Worker
) -> None:
    """The phantom grows to the left, the back and the head, so its picture tells how it lies."""
    grid = phantom.a_grid(directions, (5, 40, 30), (1.0, 1.0, 1.0))
    series = scan(phantom.write_series(tmp_path, grid), worker=worker).series[0]
    found = thumbnail_of(series, worker)
    grey = found.grey.astype(np.float64)
    right = grey[:, -1].mean() - grey[:, 0].mean()
    down = grey[-1].mean() - grey[0].mean()
    plane = {"axial": ("R", "L", 1, 1), "coronal": ("R", "L", 1, -1), "sagittal": ("A", "P", 1, -1)}
    left_letter, right_letter, right_sign, down_sign = plane[series.orientation]
    assert (found.left, found.right) == (left_letter, right_letter)
    assert np.sign(right) == right_sign
    assert np.sign(down) == down_sign


@pytest.mark.parametrize("directions", phantom.ALL_DIRECTIONS[::7], ids=phantom.letters)
def test_a_volume_file_has_a_picture_too(directions: np.ndarray, tmp_path: Path, worker: Worker) -> None:
    grid = phantom.a_grid(directions, (5, 40, 30), (1.0, 1.0, 1.0))
    path = phantom.write_volume(tmp_path / "image.nii.gz", phantom.voxels_of(grid), grid)
    (series,) = scan(path, worker=worker).series
    found = thumbnail_of(series, worker)
    grey = found.grey.astype(np.float64)
    ways = {("R", "L"): 1, ("A", "P"): 1}
    assert np.sign(grey[:, -1].mean() - grey[:, 0].mean()) == ways[found.left, found.right]
    axial = np.abs(grid.directions[:, 2]).argmax() == 2
    assert np.sign(grey[-1].mean() - grey[0].mean()) == (1 if axial else -1)
    assert grey.shape in ((EDGE_PX, EDGE_PX * 3 // 4), (EDGE_PX * 3 // 4, EDGE_PX))


def test_pixels_are_shown_square(tmp_path: Path, worker: Worker) -> None:
    grid = phantom.a_grid(np.eye(3), (5, 20, 40), (1.0, 4.0, 1.0))
    series = scan(phantom.write_series(tmp_path, grid), worker=worker).series[0]
    assert thumbnail_of(series, worker).grey.shape == (EDGE_PX, EDGE_PX // 2)


def test_it_is_the_middle_slice_that_is_shown(tmp_path: Path, worker: Worker) -> None:
    def only_the_middle_is_bright(dataset: Dataset, k: int) -> None:
        value = 2000 if k == 3 else 0
        dataset.PixelData = np.full((9, 11), value, dtype="<u2").tobytes()

    folder = phantom.write_series(tmp_path, phantom.a_grid(np.eye(3)), only_the_middle_is_bright)
    series = scan(folder, worker=worker).series[0]
    assert thumbnail_of(series, worker).grey.min() > 200


def test_a_series_without_a_picture_says_why(tmp_path: Path, worker: Worker) -> None:
    folder = phantom.write_series(tmp_path, phantom.a_grid(np.eye(3)))
    series = scan(folder, worker=worker).series[0]
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(ImportRefused) as refused:
        thumbnail_of(series, worker)
    assert refused.value.code == "NO_PICTURE"
    grid = phantom.a_grid(np.eye(3))
    volume = phantom.write_volume(tmp_path / "v.nii.gz", phantom.voxels_of(grid), grid)
    volume.write_bytes(volume.read_bytes()[:500])  # its header is whole, its voxels are not
    with pytest.raises(ImportRefused, match="cannot be shown") as refused:
        thumbnail_of(scan(volume, worker=worker).series[0], worker)
    assert refused.value.code == "NO_PICTURE"
