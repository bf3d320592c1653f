"""A smaller copy of an image: whole blocks of voxels averaged, for pictures only."""

from typing import Final

import numpy as np

from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.progress import Progress

_ROWS_AT_ONCE: Final = 8


def factors_ijk(grid: Grid, most_voxels: int) -> tuple[int, int, int]:
    """Return how many voxels become one along each axis, so that at most `most_voxels` are left.

    The finest axis is halved first, so that what is left is as even as it can be.
    """
    factors = [1, 1, 1]
    counts = grid.shape_kji[::-1]
    while np.prod([-(-n // f) for n, f in zip(counts, factors, strict=True)]) > most_voxels:
        sizes = [s * f for s, f in zip(grid.spacing_ijk_mm, factors, strict=True)]
        factors[int(np.argmin(sizes))] += 1
    return factors[0], factors[1], factors[2]


def averaged(volume: Volume, most_voxels: int, progress: Progress) -> Volume:
    """Return an image of at most `most_voxels`, each the mean of a block; the same one where it is small.

    Voxels that do not fill a block at the far ends are left out: they hold less than one new voxel.
    """
    i, j, k = factors_ijk(volume.grid, most_voxels)
    if (i, j, k) == (1, 1, 1):
        return volume
    n_k, n_j, n_i = (max(1, n // f) for n, f in zip(volume.grid.shape_kji, (k, j, i), strict=True))
    small = np.empty((n_k, n_j, n_i), dtype=np.int16)
    for start in range(0, n_k, _ROWS_AT_ONCE):
        progress(start / n_k, "")
        stop = min(start + _ROWS_AT_ONCE, n_k)
        block = volume.voxels_kji[start * k : stop * k, : n_j * j, : n_i * i]
        shape = (stop - start, block.shape[0] // (stop - start), n_j, block.shape[1] // n_j, n_i, -1)
        mean = block.reshape(shape).mean(axis=(1, 3, 5), dtype=np.float32)
        small[start:stop] = np.clip(np.rint(mean), -32768, 32767)
    affine = volume.grid.lps_from_ijk.copy()
    affine[:3, 3] = volume.grid.to_lps((np.array([i, j, k]) - 1) / 2)
    affine[:3, :3] = affine[:3, :3] * np.array([i, j, k])
    return Volume(small, Grid((n_k, n_j, n_i), affine))
