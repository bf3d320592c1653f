"""The regular, orthogonal grid for a stack of slices, and how each slice comes to lie on it.

Slices are only ever moved within their own plane (a tilted gantry shifts each against the next) and
mixed with their neighbour (where the grid has a plane between two). The planes keep the direction
they were acquired in, so an untilted, even stack needs neither.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.errors import ImportRefused
from planning.geometry.frames import Grid
from planning.imaging.limits import MAX_EDGE_VOXELS, MAX_VOXELS, position_tolerance_mm
from planning.imaging.stack_steps import Steps, even_places
from planning.texts import mark

Floats = NDArray[np.float64]
TOO_LARGE: Final = mark(
    "On a regular grid the image would have {columns} x {rows} x {slices} voxels, more than this program "
    "reads. Export a smaller part of the series."
)
# A shift this close to whole pixels moves nothing by a micrometre.
_WHOLE: Final = 1e-3


@dataclass(frozen=True)
class Resampling:
    """How the slices of a stack fill a regular grid.

    Parameters
    ----------
    offsets_ij : tuple of (float, float)
        For each slice in order, where its first pixel lies on the grid, in voxels.
    places_k : tuple of float
        For each slice, where it lies among the planes of the grid; ascending.
    """

    offsets_ij: tuple[tuple[float, float], ...]
    places_k: tuple[float, ...]

    def sources(self, count: int) -> tuple[tuple[int, float], ...]:
        """Return for each of `count` planes the slice at or before it, and its way to the next (0 to 1)."""
        places = np.array(self.places_k)
        return tuple(_between(places, k) for k in range(count))


def even_grid(
    positions_lps_mm: Floats, axes: Floats, spacing_ij_mm: tuple[float, float], shape_ji: tuple[int, int]
) -> Grid:
    """Return the even stack that fits best the slices of one that is even and upright already.

    Parameters
    ----------
    positions_lps_mm : array, shape (n, 3)
        Centre of the first pixel of each slice, in order.
    axes : array, shape (3, 3)
        Columns are the directions of row, column and stack.
    """
    local = positions_lps_mm @ axes
    gap, begin = (float(v) for v in np.polyfit(np.arange(len(local)), local[:, 2], 1))
    gap = round(gap, 9)  # what positions of six digits cannot tell
    start = axes @ np.array([*local[:, :2].mean(axis=0), begin])
    return Grid.from_axes((len(local), *shape_ji), start, axes, (*spacing_ij_mm, gap))


def resampled_grid(
    positions_lps_mm: Floats,
    axes: Floats,
    spacing_ij_mm: tuple[float, float],
    shape_ji: tuple[int, int],
    steps: Steps,
    *,
    tilted: bool,
) -> tuple[Grid, Resampling]:
    """Return the regular grid that holds every pixel of every slice, and how to fill it.

    Parameters are those of `even_grid`; with `tilted`, slices lie shifted within their planes.

    Raises
    ------
    ImportRefused
        ``GIANT``.
    """
    local = positions_lps_mm @ axes
    planes, places_k = _planes(local[:, 2], steps)
    # Lattice points stay on the pixels of the first slice, and on those of all where none is shifted.
    anchor = local[0, :2] if tilted else local[:, :2].mean(axis=0)
    offsets = (local[:, :2] - anchor) / spacing_ij_mm if tilted else np.zeros((len(local), 2))
    whole = np.rint(offsets)
    offsets = np.where(np.abs(offsets - whole) < _WHOLE, whole, offsets)
    low, high = np.floor(offsets.min(axis=0)), np.ceil(offsets.max(axis=0))
    columns, rows = (int(n) for n in np.array(shape_ji[::-1]) + high - low)
    count = len(planes)
    if max(columns, rows) > MAX_EDGE_VOXELS or columns * rows * count > MAX_VOXELS:
        raise ImportRefused("GIANT", TOO_LARGE, columns=columns, rows=rows, slices=count)
    start = axes @ np.array([*(anchor + low * spacing_ij_mm), planes[0]])
    step = (planes[-1] - planes[0]) / (count - 1)
    grid = Grid.from_axes((count, rows, columns), start, axes, (*spacing_ij_mm, round(float(step), 9)))
    placed = tuple((float(i), float(j)) for i, j in offsets - low)
    return grid, Resampling(placed, tuple(float(k) for k in places_k))


def _planes(along_mm: Floats, steps: Steps) -> tuple[Floats, Floats]:
    """Return where the planes of the grid lie along the stack, and the slices among them."""
    reach = float(along_mm[-1] - along_mm[0])
    if steps.is_even:
        places = even_places(along_mm, steps.usual_mm)
        step, begin = (float(v) for v in np.polyfit(places, along_mm, 1))
        return begin + step * np.arange(places[-1] + 1), places.astype(np.float64)
    # The finest step that no more than doubles the number of slices.
    finest = steps.usual_mm
    if steps.varies:
        finest = max(min(steps.imaged_mm), reach / (2 * len(along_mm) - 1))
    count = max(2, round(reach / finest) + 1)
    step = reach / (count - 1)
    places = (along_mm - along_mm[0]) / step
    near = np.abs(places - np.rint(places)) <= position_tolerance_mm(0.0) / step
    return np.linspace(along_mm[0], along_mm[-1], count), np.where(near, np.rint(places), places)


def _between(places_k: Floats, k: int) -> tuple[int, float]:
    """Return the slice at or before plane `k`, and how far `k` is on the way to the next."""
    n = min(int(np.searchsorted(places_k, k, side="right")) - 1, len(places_k) - 1)
    if n == len(places_k) - 1 or places_k[n] == k:
        return n, 0.0
    return n, float((k - places_k[n]) / (places_k[n + 1] - places_k[n]))
