"""A phantom whose every voxel tells where it is, and writers for it in each file format.

The value at a point is ``10 L + 23 P + 37 S`` (mm from the phantom's middle), rounded: half a voxel
of shift, a flip or an exchange of axes changes it, so comparing the whole volume with the formula
proves the place of every voxel.
"""

from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813 -- its documentation knows no other name
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from planning.geometry.frames import Grid

# The faults to be written are the ones pydicom would warn of.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE

MIDDLE = np.array([12.0, -41.0, -700.0])
GRADIENT = np.array([10.0, 23.0, 37.0])
SPACING = (0.8, 0.9, 1.3)
SHAPE_KJI = (7, 9, 11)
Change = Callable[[Dataset, int], None]


def all_directions() -> list[NDArray[np.float64]]:
    """Return the 48 ways axes may lie along the patient's: 24 right-handed, 24 mirrored."""
    found = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        matrix = np.zeros((3, 3))
        for column, (row, sign) in enumerate(zip(order, signs, strict=True)):
            matrix[row, column] = sign
        found.append(matrix)
    return found


RIGHT_HANDED = [m for m in all_directions() if np.linalg.det(m) > 0]
ALL_DIRECTIONS = all_directions()


def letters(directions: NDArray[np.float64]) -> str:
    """Name the directions of i, j, k for test ids, such as ``LPS``."""
    return "".join("LPSRAI"[int(np.abs(c).argmax()) + (0 if c.sum() > 0 else 3)] for c in directions.T)


def a_grid(
    directions: NDArray[np.float64],
    shape_kji: tuple[int, int, int] = SHAPE_KJI,
    spacing: tuple[float, float, float] = SPACING,
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Grid:
    """Return a grid around the phantom's middle."""
    half = (np.array(shape_kji[::-1]) - 1) / 2 * np.array(spacing)
    return Grid.from_axes(shape_kji, MIDDLE + shift_mm - directions @ half, directions, spacing)


def values_at(points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the exact, unrounded value at points of shape (..., 3)."""
    return np.asarray((points_lps_mm - MIDDLE) @ GRADIENT)


def centres(grid: Grid) -> NDArray[np.float64]:
    """Return the LPS centre of every voxel, shape (k, j, i, 3)."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in grid.shape_kji), indexing="ij")
    return grid.to_lps(np.stack([i, j, k], axis=-1))


def voxels_of(grid: Grid) -> NDArray[np.int16]:
    """Return the phantom on a grid."""
    return np.rint(values_at(centres(grid))).astype(np.int16)


def worst_error(voxels_kji: NDArray[Any], grid: Grid) -> float:
    """Return how far any voxel's value is from what its place demands; rounding alone gives 0.5."""
    return float(np.abs(voxels_kji - values_at(centres(grid))).max())


def write_volume(path: Path, voxels_kji: NDArray[Any], grid: Grid) -> Path:
    """Write a volume file with SimpleITK, which chooses the format by the name."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(voxels_kji))
    image.SetSpacing(grid.spacing_ijk_mm)
    image.SetOrigin(grid.origin_lps_mm)
    image.SetDirection(grid.directions.ravel().tolist())
    sitk.WriteImage(image, str(path), useCompression=path.suffix != ".nii")
    return path


def a_slice(stored: NDArray[Any], grid: Grid, k: int) -> Dataset:
    """Return one CT slice of the grid with the given stored values (16 bit, HU = stored - 1024)."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(
        f"1.2.3.4.{k + 1}"
    )
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.1", "1.2.3.2"
    dataset.FrameOfReferenceUID = "1.2.3.3"
    dataset.PatientName, dataset.PatientID = "Phantom^Asymmetric", "P1"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "O"
    dataset.Modality, dataset.SeriesDescription, dataset.StudyDate = "CT", "phantom", "20260101"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.InstanceNumber = k + 1
    dataset.ImagePositionPatient = [f"{v:.6f}" for v in grid.to_lps((0, 0, k))]
    dataset.ImageOrientationPatient = [f"{v:.8f}" for v in grid.directions[:, :2].T.ravel()]
    i_mm, j_mm, k_mm = grid.spacing_ijk_mm
    dataset.PixelSpacing = [f"{j_mm:.6f}", f"{i_mm:.6f}"]
    dataset.SliceThickness = f"{k_mm:.6f}"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-1024"
    dataset.PixelData = stored.astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def write_series(folder: Path, grid: Grid, change: Change | None = None, *, nested: bool = False) -> Path:
    """Write the phantom as a DICOM series; `change` may spoil each slice, its number given."""
    stored = voxels_of(grid).astype(np.int32) + 1024
    for k in range(grid.shape_kji[0]):
        dataset = a_slice(stored[k], grid, k)
        if change is not None:
            change(dataset, k)
        # File names run against the order of slices, and some lie deeper: neither may matter.
        place = folder / f"deep{k % 2}" if nested else folder
        place.mkdir(parents=True, exist_ok=True)
        dataset.save_as(place / f"IM{999 - k}", enforce_file_format=True)
    return folder
