"""A marker keeps its anatomical place from file to export, whichever way the patient lay in the scanner."""

import io
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from app.errands.export import export_case
from app.errands.import_study import import_case
from app.errands.workbench import Workbench
from planning.geometry.frames import Grid
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.progress import silent
from tests.imaging import phantom

Floats = NDArray[np.float64]

PATIENT_POSITIONS = ("HFS", "HFP", "HFDR", "HFDL", "FFS", "FFP", "FFDR", "FFDL")
SHAPE_KJI = (14, 18, 16)
SPACING = (1.0, 1.2, 1.5)
ROUNDED = 0.51


def _marker(grid: Grid) -> NDArray[np.uint8]:
    """Return a lump to the left, in front and above, without any symmetry, told by place."""
    left, posterior, superior = np.moveaxis(phantom.centres(grid) - phantom.MIDDLE, -1, 0)
    block = (left > 0.3) & (left < 6.3) & (posterior < -0.7) & (posterior > -5.9) & (superior > 0.4)
    return np.asarray(block & (superior < 6.4) & (left - superior < 3.1), dtype=np.uint8)


def _lying(position: str) -> phantom.Change:
    def change(dataset: Dataset, _k: int) -> None:
        dataset.PatientPosition = position

    return change


@pytest.mark.parametrize("directions", phantom.RIGHT_HANDED, ids=phantom.letters)
def test_a_marker_keeps_its_place_for_every_orientation_and_patient_position(
    tmp_path: Path, bench: Workbench, directions: Floats
) -> None:
    grid = phantom.a_grid(directions, SHAPE_KJI, SPACING)
    marker = _marker(grid)
    middle = phantom.centres(grid)[marker > 0].mean(axis=0)
    contents = set()
    for position in PATIENT_POSITIONS:
        folder = phantom.write_series(tmp_path / position, grid, _lying(position))
        image = load_series(scan(folder, worker=bench.worker).series[0], worker=bench.worker).image
        assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= ROUNDED
        contents.add((image.volume.voxels_kji.tobytes(), image.volume.grid.lps_from_ijk.tobytes()))
    assert len(contents) == 1, "how the patient lay changes no voxel and no place"

    labels = phantom.write_volume(tmp_path / "labels.nii.gz", marker, grid)
    names = tmp_path / "labels.json"
    names.write_text('{"schema": "enbloc-labels/1", "labels": {"1": {"kind": "tumour", "name": "marker"}}}')
    lying = PATIENT_POSITIONS[sum(map(ord, phantom.letters(directions))) % 8]
    case = import_case((tmp_path / lying,), bench, silent, labels, names)
    assert case.anatomy is not None
    mask = case.anatomy.structures[0].mask.to_array()
    np.testing.assert_allclose(phantom.centres(case.anatomy.grid)[mask].mean(axis=0), middle, atol=1e-4)
    assert mask.sum() == marker.sum()

    export_case(case, tmp_path / "out", ("stl", "seg"), bench, silent)
    (stl,) = (tmp_path / "out").glob("*.stl")
    volume_mm3, centroid = _volume_and_centroid(_stl_corners(stl.read_bytes()))
    assert volume_mm3 == pytest.approx(marker.sum() * np.prod(SPACING), rel=0.1)
    np.testing.assert_allclose(centroid, middle, atol=0.3)
    written = pydicom.dcmread(io.BytesIO((tmp_path / "out" / "segmentation.dcm").read_bytes()))
    np.testing.assert_allclose(_seg_middle(written), middle, atol=1e-3)


def _stl_corners(data: bytes) -> Floats:
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")])
    return np.frombuffer(data, dtype=record, offset=84)["corners"].astype(np.float64)


def _volume_and_centroid(corners: Floats) -> tuple[float, Floats]:
    """Return both by the divergence theorem; a mirrored surface has a negative volume."""
    origin = corners.mean(axis=(0, 1))
    a, b, c = np.moveaxis(corners - origin, 1, 0)
    sixfold = np.einsum("ni,ni->n", a, np.cross(b, c))
    centroid = ((a + b + c) * sixfold[:, None]).sum(axis=0) / (4 * sixfold.sum()) + origin
    return float(sixfold.sum() / 6), np.asarray(centroid)


def _seg_middle(written: Dataset) -> Floats:
    volume = hd.seg.Segmentation.from_dataset(written).get_volume(combine_segments=True)
    return np.asarray(volume.map_indices_to_reference(np.argwhere(volume.array > 0)).mean(axis=0))
