"""Read a source a second time, by pydicom alone, and compare what was loaded with it, voxel by voxel.

Nothing here is shared with the importer but the pixels on the disk: the values come from pydicom's own
decoding and scaling, the places from the positions and directions each file states.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from scipy.ndimage import map_coordinates

from planning.model.study import StudyImage

Floats = NDArray[np.float64]
_AIR = -1024
FAULTS = (
    *(ValueError, TypeError, LookupError, AttributeError, NotImplementedError, EOFError, OverflowError),
    *(RuntimeError, OSError, AssertionError),
)
# A resampled volume agrees between edges; on an edge half a voxel is hundreds of HU.
_RESAMPLED_MEDIAN_HU = 10.0
_FACING = 0.9
_BETWEEN_VOXELS = 0.1


@dataclass(frozen=True, eq=False)
class Plane:
    """One image plane as its own file states it.

    Parameters
    ----------
    values : array, shape (rows, columns)
    lps_from_ij : array, shape (3, 3)
        Columns: step to the next column, step to the next row, place of the first pixel.
    series_uid : str
    """

    values: Floats
    lps_from_ij: Floats
    series_uid: str


def planes_of(source: Path) -> Iterator[Plane]:
    """Yield every plane of a DICOM file or folder that pydicom can decode and place."""
    files = sorted(f for f in source.rglob("*") if f.is_file()) if source.is_dir() else [source]
    for file in files:
        try:
            dataset = pydicom.dcmread(file, force=True)
            yield from _planes(dataset)
        except FAULTS:
            continue


def _planes(dataset: Dataset) -> Iterator[Plane]:
    stored = stored_values(dataset)
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    if not groups:
        if stored.ndim == 2:
            yield Plane(scaled(stored, dataset), _placed([dataset]), str(dataset.SeriesInstanceUID))
        return
    shared = [item for group in dataset.get("SharedFunctionalGroupsSequence", []) for item in _items(group)]
    for frame, group in zip(stored.reshape(len(groups), *stored.shape[-2:]), groups, strict=True):
        sources = [*_items(group), *shared, dataset]
        scale = next((s for s in sources if "RescaleSlope" in s), dataset)
        yield Plane(scaled(frame, scale), _placed(sources), str(dataset.SeriesInstanceUID))


def _items(group: Dataset) -> list[Dataset]:
    return [item for element in group if element.VR == "SQ" for item in list(element.value)[:1]]


def stored_values(dataset: Dataset) -> NDArray[Any]:
    """Return pydicom's values without bits beside them."""
    values = dataset.pixel_array
    if values.dtype.kind == "f" or dataset.BitsStored == dataset.BitsAllocated:
        return np.asarray(values)
    down = dataset.HighBit + 1 - dataset.BitsStored
    kept = (values.astype(np.int64) >> down) & ((1 << dataset.BitsStored) - 1)
    if dataset.PixelRepresentation == 1:
        kept -= (kept >> (dataset.BitsStored - 1)) << dataset.BitsStored
    return np.asarray(kept)


def scaled(stored: NDArray[Any], source: Dataset) -> Floats:
    """Return values after rescale."""
    slope, intercept = source.get("RescaleSlope", 1), source.get("RescaleIntercept", 0)
    return stored * float(1 if slope is None else slope) + float(0 if intercept is None else intercept)


def _placed(sources: list[Dataset]) -> Floats:
    def first(keyword: str) -> Floats:
        return np.array(next(s[keyword].value for s in sources if keyword in s), dtype=np.float64)

    directions, spacing = first("ImageOrientationPatient"), first("PixelSpacing")
    return np.column_stack(
        [directions[:3] * spacing[1], directions[3:] * spacing[0], first("ImagePositionPatient")]
    )


def disagreement(image: StudyImage, source: Path) -> str:
    """Return in what an image differs from its source; empty where in nothing that could be compared."""
    uid = image.series_uid.partition("#")[0]
    grid, voxels = image.volume.grid, image.volume.voxels_kji
    for plane in planes_of(source):
        normal = np.cross(*plane.lps_from_ij.T[:2])
        facing = abs(normal @ grid.directions[:, 2]) / np.linalg.norm(normal)
        if plane.series_uid != uid or facing < _FACING:
            continue  # another series, or another part of a split one
        rows, columns = plane.values.shape
        j, i = np.mgrid[0:rows, 0:columns]
        points = np.stack([i, j, np.ones_like(i)], axis=-1) @ plane.lps_from_ij.T
        at_ijk = grid.to_ijk(points.reshape(-1, 3))
        inside = ((at_ijk > -0.01) & (at_ijk < np.array(grid.shape_kji[::-1]) - 0.99)).all(axis=1)
        inside &= (plane.values >= _AIR).ravel()
        if not inside.any():
            continue
        expected = plane.values.ravel()[inside]
        order = 0 if image.original is None else 1
        got = map_coordinates(voxels.astype(np.float32), at_ijk[inside].T[::-1], order=order, mode="nearest")
        apart = np.abs(got - expected)
        between = np.abs(at_ijk[inside] - np.rint(at_ijk[inside])).max()
        if image.original is None and between > _BETWEEN_VOXELS:
            return f"pixels lie {between:.2f} of a voxel off"
        if image.original is None and float(apart.max()) > 0.51:
            return f"values differ by up to {apart.max():.0f}"
        if image.original is not None and float(np.median(apart)) > _RESAMPLED_MEDIAN_HU:
            return f"resampled values differ by {np.median(apart):.0f} in the middle"
    return ""
