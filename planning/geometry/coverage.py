"""Which part of a regular grid was really imaged: a stack that may lean, and may have slices missing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coverage:
    """The imaged part of a grid, in indices of its voxels.

    Parameters
    ----------
    first_ij, last_ij : (float, float)
        First and last pixel centre of a slice that lay at k = 0.
    lean_ij : (float, float)
        How far a slice is shifted against the one a whole k before it.
    gaps_k : tuple of (float, float)
        Where slices are missing: places of the last slice before and the first behind.
    """

    first_ij: tuple[float, float]
    last_ij: tuple[float, float]
    lean_ij: tuple[float, float] = (0.0, 0.0)
    gaps_k: tuple[tuple[float, float], ...] = ()

    @property
    def leans(self) -> bool:
        """Whether slices are shifted against each other, so that the grid has corners without data."""
        return any(self.lean_ij)

    def upright(self, points_ijk: ArrayLike) -> Floats:
        """Return points, shape (n, 3), with the lean taken out: data lies from `first_ij` to `last_ij`."""
        points = np.array(points_ijk, dtype=np.float64)
        points[:, :2] -= np.outer(points[:, 2], self.lean_ij)
        return points

    def first_at(self, k: ArrayLike) -> Floats:
        """Return the first imaged pixel centre (i, j) of planes, shape (n, 2)."""
        return np.asarray(np.array(self.first_ij) + np.outer(np.atleast_1d(np.asarray(k)), self.lean_ij))

    def last_at(self, k: ArrayLike) -> Floats:
        """Return the last imaged pixel centre (i, j) of planes, shape (n, 2)."""
        return np.asarray(np.array(self.last_ij) + np.outer(np.atleast_1d(np.asarray(k)), self.lean_ij))

    def in_gap(self, k: ArrayLike) -> NDArray[np.bool_]:
        """Say of places along the stack whether they lie between slices that lost others between them."""
        places = np.asarray(k, dtype=np.float64)
        inside = np.zeros(places.shape, dtype=np.bool_)
        for before, behind in self.gaps_k:
            inside |= (places > before) & (places < behind)
        return inside
