"""Small pictures of where structures would land: three slices of the image, patient's left on the right.

Numpy alone, and only the slices shown are unpacked, so a picture follows a click at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Grid, axis_letter
from planning.geometry.volume import Volume
from planning.model.mask import Mask

Rgb = tuple[int, int, int]
Pixels = NDArray[np.uint8]
View = Literal["axial", "sagittal", "coronal"]
VIEWS: Final[tuple[View, ...]] = ("axial", "sagittal", "coronal")
# Directions of a view in LPS: to the right and downwards on the screen.
_RIGHT_DOWN: Final = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
}
_FILL: Final = 0.4
_OTHERS: Final = 0.75
_TISSUE_HU: Final = (-250.0, 650.0)


@dataclass(frozen=True)
class LandingPicture:
    """One slice with outlines.

    Parameters
    ----------
    rgb : array of uint8, shape (rows, columns, 3)
    left, right, top, bottom : str
        Patient letters at the edges.
    """

    rgb: Pixels
    left: str
    right: str
    top: str
    bottom: str


@dataclass(frozen=True)
class Shown:
    """A mask on the image's grid and its colour."""

    mask: Mask
    rgb: Rgb


def grey_range(volume: Volume, modality: str) -> tuple[float, float]:
    """Return the values drawn black and white: soft tissue to bone for CT, else most of what there is."""
    if modality == "CT":
        return _TISSUE_HU
    sample = volume.voxels_kji[:: max(1, volume.voxels_kji.shape[0] // 16), ::8, ::8]
    low, high = np.percentile(sample, (1.0, 99.0))
    return float(low), float(max(high, low + 1.0))


@dataclass(frozen=True)
class Landing:
    """What is looked at.

    Parameters
    ----------
    volume : Volume
    shown : sequence of Shown
        Every structure; the chosen one is filled, the others outlined.
    chosen : int or None
        Which of them, if any.
    place_kji : tuple of int
        The voxel all three slices pass through.
    greys : tuple of float
        Values drawn black and white.
    """

    volume: Volume
    shown: Sequence[Shown]
    chosen: int | None
    place_kji: tuple[int, int, int]
    greys: tuple[float, float]


def landing_pictures(landing: Landing, size_px: int) -> tuple[LandingPicture, LandingPicture, LandingPicture]:
    """Return the axial, sagittal and coronal slice through a voxel.

    Pixels are square in millimetres; the longer side of each picture has `size_px`.
    """
    first, second, third = (_picture(landing, view, size_px) for view in VIEWS)
    return first, second, third


def _picture(landing: Landing, view: View, size_px: int) -> LandingPicture:
    grid = landing.volume.grid
    right, down = _RIGHT_DOWN[view]
    column_axis, row_axis = _axes_of(grid, right, down)
    array_axis = 2 - ({0, 1, 2} - {column_axis, row_axis}).pop()
    ways = ((row_axis, down), (column_axis, right))
    flips = tuple(float(grid.directions[:, axis] @ np.array(way)) < 0 for axis, way in ways)
    lay = _Lay(row_axis < column_axis, flips, _size(grid, row_axis, column_axis, size_px))
    at = landing.place_kji[array_axis]
    grey = lay.laid(np.take(landing.volume.voxels_kji, at, axis=array_axis)).astype(np.float32)
    low, high = landing.greys
    rgb = np.repeat((np.clip((grey - low) / (high - low), 0.0, 1.0) * 255.0)[:, :, None], 3, axis=2)
    owners, chosen = _owners(landing, array_axis, at)
    _outline(rgb, lay.laid(owners), [shown.rgb for shown in landing.shown])
    if chosen is not None:
        _fill(rgb, lay.laid(chosen).astype(bool), landing.shown[landing.chosen or 0].rgb)
    ends = [axis_letter(way) for way in _ways(grid, column_axis, row_axis, flips)]
    return LandingPicture(rgb.astype(np.uint8), ends[0], ends[1], ends[2], ends[3])


@dataclass(frozen=True)
class _Lay:
    """How a slice of the array becomes rows and columns of the screen."""

    turned: bool
    flips: tuple[bool, ...]
    size: tuple[int, int]

    def laid(self, plane: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return a slice as the screen shows it, nearest pixels taken."""
        plane = plane.T if self.turned else plane
        plane = plane[:: -1 if self.flips[0] else 1, :: -1 if self.flips[1] else 1]
        rows = (np.arange(self.size[0]) * plane.shape[0]) // self.size[0]
        columns = (np.arange(self.size[1]) * plane.shape[1]) // self.size[1]
        return np.asarray(plane[rows[:, None], columns[None, :]])


def _axes_of(grid: Grid, right: Sequence[float], down: Sequence[float]) -> tuple[int, int]:
    """Return the two grid axes (0 i, 1 j, 2 k) nearest to the screen's right and down."""
    cosines = np.abs(grid.directions)
    wanted = [int(np.abs(np.array(way)).argmax()) for way in (right, down)]
    best = max(permutations(range(3)), key=lambda p: sum(cosines[p_, axis] for axis, p_ in enumerate(p)))
    return best.index(wanted[0]), best.index(wanted[1])


def _size(grid: Grid, row_axis: int, column_axis: int, size_px: int) -> tuple[int, int]:
    extents = [grid.shape_kji[2 - a] * grid.spacing_ijk_mm[a] for a in (row_axis, column_axis)]
    scale = size_px / max(extents)
    return max(1, round(extents[0] * scale)), max(1, round(extents[1] * scale))


def _owners(landing: Landing, array_axis: int, at: int) -> tuple[NDArray[np.int32], NDArray[np.bool_] | None]:
    """Return which other structure each pixel belongs to, counted from 1, and the chosen one's pixels."""
    size = [n for axis, n in enumerate(landing.volume.grid.shape_kji) if axis != array_axis]
    owners = np.zeros(size, np.int32)
    chosen = None
    for n, shown in enumerate(landing.shown):
        bounds = shown.mask.bounds_kji
        if bounds is None or not bounds[0][array_axis] <= at < bounds[1][array_axis]:
            continue
        inside = shown.mask.plane(array_axis, at)
        if n == landing.chosen:
            chosen = inside
        else:
            owners[inside] = n + 1
    return owners, chosen


def _edges(owners: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return the pixels of a structure beside one that is not of it."""
    edge = np.zeros(owners.shape, bool)
    edge[1:] |= owners[1:] != owners[:-1]
    edge[:-1] |= owners[1:] != owners[:-1]
    edge[:, 1:] |= owners[:, 1:] != owners[:, :-1]
    edge[:, :-1] |= owners[:, 1:] != owners[:, :-1]
    return np.asarray(edge & (owners != 0))


def _outline(rgb: NDArray[np.float32], owners: NDArray[np.generic], colours: Sequence[Rgb]) -> None:
    edge = _edges(owners)
    table = np.array([(0, 0, 0), *colours], np.float32)
    rgb[edge] = (1 - _OTHERS) * rgb[edge] + _OTHERS * table[owners[edge].astype(int)]


def _fill(rgb: NDArray[np.float32], mask: NDArray[np.bool_], colour: Rgb) -> None:
    paint = np.array(colour, np.float32)
    rgb[mask] = (1 - _FILL) * rgb[mask] + _FILL * paint
    rgb[_edges(mask)] = paint


def _ways(
    grid: Grid, column_axis: int, row_axis: int, flips: tuple[bool, ...]
) -> tuple[NDArray[np.float64], ...]:
    """Return the directions of the left, right, top and bottom edge."""
    right = grid.directions[:, column_axis] * (-1 if flips[1] else 1)
    down = grid.directions[:, row_axis] * (-1 if flips[0] else 1)
    return -right, right, -down, down
