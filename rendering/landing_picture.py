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
_FILL: Final = 0.40
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


def landing_pictures(
    volume: Volume, shown: Sequence[Shown], chosen: int | None, greys: tuple[float, float], size_px: int
) -> tuple[LandingPicture, LandingPicture, LandingPicture]:
    """Return the axial, sagittal and coronal slice through the middle of a structure.

    Parameters
    ----------
    volume : Volume
    shown : sequence of Shown
        Every structure; the chosen one is filled, the others outlined.
    chosen : int or None
        Which of them; None shows the middle of the image.
    greys : tuple of float
        Values drawn black and white.
    size_px : int
        Longer side of each picture; pixels are square in millimetres.
    """
    place = _busiest(shown[chosen].mask) if chosen is not None else None
    if place is None:
        k, j, i = (n // 2 for n in volume.grid.shape_kji)
        place = (k, j, i)
    first, second, third = (_picture(volume, shown, chosen, greys, size_px, view, place) for view in VIEWS)
    return first, second, third


def _busiest(mask: Mask) -> tuple[int, int, int] | None:
    """Return the slice with most voxels along each axis."""
    bounds = mask.bounds_kji
    if bounds is None:
        return None
    low, high = bounds
    voxels = mask.box(low, (high[0] - low[0], high[1] - low[1], high[2] - low[2]))
    busiest = [
        low[axis] + int(voxels.sum(axis=tuple(a for a in range(3) if a != axis)).argmax())
        for axis in range(3)
    ]
    return busiest[0], busiest[1], busiest[2]


def _picture(
    volume: Volume,
    shown: Sequence[Shown],
    chosen: int | None,
    greys: tuple[float, float],
    size_px: int,
    view: View,
    place_kji: tuple[int, int, int],
) -> LandingPicture:
    grid = volume.grid
    right, down = _RIGHT_DOWN[view]
    column_axis, row_axis = _axes_of(grid, right, down)
    across = ({0, 1, 2} - {column_axis, row_axis}).pop()
    flips = tuple(
        float(grid.directions[:, axis] @ np.array(way)) < 0
        for axis, way in ((row_axis, down), (column_axis, right))
    )
    start, shape = [0, 0, 0], list(grid.shape_kji)
    start[2 - across], shape[2 - across] = place_kji[2 - across], 1
    lay = _Lay(2 - across, row_axis < column_axis, flips, _size(grid, row_axis, column_axis, size_px))
    slices = tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))
    grey = lay.laid(volume.voxels_kji[slices]).astype(np.float32)
    grey = np.clip((grey - greys[0]) / (greys[1] - greys[0]), 0.0, 1.0) * 255.0
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    order = [n for n in range(len(shown)) if n != chosen] + ([chosen] if chosen is not None else [])
    for n in order:
        if _meets(shown[n].mask, start, shape):
            inside = lay.laid(
                shown[n].mask.box((start[0], start[1], start[2]), (shape[0], shape[1], shape[2]))
            )
            _paint(rgb, inside, shown[n].rgb, is_chosen=n == chosen)
    ends = [axis_letter(way) for way in _ways(grid, column_axis, row_axis, flips)]
    return LandingPicture(rgb.astype(np.uint8), ends[0], ends[1], ends[2], ends[3])


@dataclass(frozen=True)
class _Lay:
    """How a slice of the array becomes rows and columns of the screen."""

    axis: int
    turned: bool
    flips: tuple[bool, ...]
    size: tuple[int, int]

    def laid(self, values_kji: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the slice, nearest pixels taken."""
        plane = np.take(values_kji, 0, axis=self.axis)
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


def _meets(mask: Mask, start: list[int], shape: list[int]) -> bool:
    bounds = mask.bounds_kji
    return bounds is not None and all(
        low < s + n and high > s for low, high, s, n in zip(*bounds, start, shape, strict=True)
    )


def _paint(rgb: NDArray[np.float32], inside: NDArray[np.generic], colour: Rgb, *, is_chosen: bool) -> None:
    """Outline a structure; fill it lightly where it is the chosen one."""
    mask = inside.astype(bool)
    core = mask.copy()
    core[1:] &= mask[:-1]
    core[:-1] &= mask[1:]
    core[:, 1:] &= mask[:, :-1]
    core[:, :-1] &= mask[:, 1:]
    edge = mask & ~core
    paint = np.array(colour, np.float32)
    if is_chosen:
        rgb[mask] = (1 - _FILL) * rgb[mask] + _FILL * paint
        rgb[edge] = paint
    else:
        rgb[edge] = (1 - _OTHERS) * rgb[edge] + _OTHERS * paint


def _ways(
    grid: Grid, column_axis: int, row_axis: int, flips: tuple[bool, ...]
) -> tuple[NDArray[np.float64], ...]:
    """Return the directions of the left, right, top and bottom edge."""
    right = grid.directions[:, column_axis] * (-1 if flips[1] else 1)
    down = grid.directions[:, row_axis] * (-1 if flips[0] else 1)
    return -right, right, -down, down
