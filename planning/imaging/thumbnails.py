"""A small picture of a series: its middle slice, turned as radiologists look at it, for the chooser."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.errors import ImportRefused, WorkerDied
from planning.geometry.frames import Vec3, axis_letter, vec3
from planning.imaging.decode import plane_of
from planning.imaging.limits import FILE_SECONDS
from planning.imaging.series import SeriesSummary, Slice
from planning.imaging.volume_file import grid_of, middle_plane, volume_header
from planning.kernel.process import Worker
from planning.progress import Progress, silent
from planning.texts import mark

TASK: Final = "planning.imaging.decode:decode_slices"
EDGE_PX: Final = 96
# Width 1500 and centre 300 HU show bone and soft tissue at once.
_CT_RANGE_HU: Final = (-450.0, 1050.0)
_PERCENTILES: Final = (1.0, 99.5)
# Which patient direction goes to the right and down, tried against a slice's own rows and columns.
_RIGHT_LPS: Final = np.array([1.0, 0.6, 0.0])
_DOWN_LPS: Final = np.array([0.0, 0.6, -1.0])
NO_PICTURE: Final = mark("The middle slice cannot be shown: {reason}")
NO_SLICES: Final = mark("This series has no slices to show.")


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """A grey picture.

    Parameters
    ----------
    grey : array of uint8, shape (rows, columns)
        At most `EDGE_PX` each way.
    left, right : str
        Patient directions of the edges, such as ``R``; empty where the slice does not say.
    """

    grey: NDArray[np.uint8]
    left: str
    right: str


def thumbnail_of(summary: SeriesSummary, worker: Worker, progress: Progress = silent) -> Thumbnail:
    """Return the picture of a series; raises `ImportRefused` (``NO_PICTURE``) where there is none."""
    if summary.volume_file is not None:
        return _of_volume(summary, summary.volume_file, worker, progress)
    if not summary.slices:
        raise ImportRefused("NO_PICTURE", NO_SLICES)
    middle = _middle(summary.slices)
    try:
        header = {
            "planes": [plane_of(middle)],
            "twins": [],
            "is_ct": summary.modality == "CT",
            "dtype": "float32",
        }
        _, arrays = worker.call(TASK, header, progress=progress, stall_s=FILE_SECONDS, mapped_bytes=2**24)
    except ImportRefused as error:
        raise ImportRefused("NO_PICTURE", NO_PICTURE, reason=error.message) from error
    except WorkerDied as error:
        raise ImportRefused("NO_PICTURE", NO_PICTURE, reason=error.message) from error
    small = _shrunk(arrays[0][0], _aspect(middle))
    grey = _grey(small, _CT_RANGE_HU if summary.modality == "CT" else None)
    return _upright(grey, middle.row_lps, middle.column_lps)


def _of_volume(summary: SeriesSummary, path: Path, worker: Worker, progress: Progress) -> Thumbnail:
    """Return the picture of a volume file: the middle plane of its grid."""
    if summary.problem is not None:
        raise ImportRefused("NO_PICTURE", NO_PICTURE, reason=summary.problem.message)
    try:
        header = volume_header(path, worker)
        grid, plane = grid_of(header), middle_plane(path, header, worker, progress)
    except ImportRefused as error:
        raise ImportRefused("NO_PICTURE", NO_PICTURE, reason=error.message) from error
    i_mm, j_mm, _ = grid.spacing_ijk_mm
    grey = _grey(_shrunk(plane, float(np.clip(j_mm / i_mm, 0.1, 10.0))), None)
    row, column, _ = grid.directions.T
    return _upright(grey, vec3(row), vec3(column))


def _middle(slices: tuple[Slice, ...]) -> Slice:
    """Return the slice in the middle of the stack, by position where all have one."""
    first = slices[0]
    if first.row_lps is None or first.column_lps is None or any(s.position_lps_mm is None for s in slices):
        return slices[len(slices) // 2]
    normal = np.cross(first.row_lps, first.column_lps)
    along = [float(np.dot(s.position_lps_mm, normal)) for s in slices if s.position_lps_mm is not None]
    return slices[int(np.argsort(along)[len(along) // 2])]


def _aspect(one: Slice) -> float:
    """Return the height of a pixel by its width; 1 where it is not known."""
    spacing = one.spacing_ij_mm
    known = spacing is not None and np.isfinite(spacing).all() and min(spacing) > 0
    return float(np.clip(spacing[1] / spacing[0], 0.1, 10.0)) if known and spacing is not None else 1.0


def _shrunk(values: NDArray[np.generic], aspect: float) -> NDArray[np.float32]:
    """Return the nearest values on a grid of square pixels; a picture to recognise, not to measure in."""
    rows, columns = values.shape
    scale = EDGE_PX / max(rows * aspect, columns)
    height, width = (max(1, min(EDGE_PX, round(n * scale))) for n in (rows * aspect, columns))
    j = (np.arange(height) + 0.5) * rows / height
    i = (np.arange(width) + 0.5) * columns / width
    return np.asarray(values[np.ix_(j.astype(int), i.astype(int))], dtype=np.float32)


def _grey(values: NDArray[np.float32], window: tuple[float, float] | None) -> NDArray[np.uint8]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros(values.shape, dtype=np.uint8)
    low, high = window or (float(v) for v in np.percentile(finite, _PERCENTILES))
    share = (np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-6)
    return np.asarray(np.clip(share, 0.0, 1.0) * 255, dtype=np.uint8)


def _upright(grey: NDArray[np.uint8], row_lps: Vec3 | None, column_lps: Vec3 | None) -> Thumbnail:
    """Turn a slice as it is looked at: patient's left (or back) to the right, back (or feet) down."""
    if row_lps is None or column_lps is None:
        return Thumbnail(np.ascontiguousarray(grey), "", "")
    row, column = np.asarray(row_lps), np.asarray(column_lps)
    if abs(row @ _RIGHT_LPS) + abs(column @ _DOWN_LPS) < abs(column @ _RIGHT_LPS) + abs(row @ _DOWN_LPS):
        grey, row, column = grey.T, column, row
    if row @ _RIGHT_LPS < 0:
        grey, row = grey[:, ::-1], -row
    if column @ _DOWN_LPS < 0:
        grey = grey[::-1]
    return Thumbnail(np.ascontiguousarray(grey), axis_letter(-row), axis_letter(row))
