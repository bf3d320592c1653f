"""Voxels on a grid."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planning.errors import PlanningError
from planning.geometry.frames import Grid
from planning.texts import mark


@dataclass(frozen=True, eq=False)
class Volume:
    """An image: read-only voxels and where they lie.

    Parameters
    ----------
    voxels_kji : array of int16 or float32, shape `grid.shape_kji`
        Rescaled values (HU for CT). int16 where they are whole numbers, else float32.
    grid : Grid
    """

    voxels_kji: NDArray[Any]
    grid: Grid

    def __post_init__(self) -> None:
        """Check type and shape; make the voxels read-only."""
        if self.voxels_kji.shape != self.grid.shape_kji:
            raise PlanningError("SHAPE_MISMATCH", mark("The voxels do not fit their grid."))
        if self.voxels_kji.dtype not in (np.dtype(np.int16), np.dtype(np.float32)):
            raise PlanningError("BAD_TYPE", mark("Voxels must be 16-bit whole numbers or 32-bit floats."))
        self.voxels_kji.setflags(write=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the voxels and their place, computed once."""
        h = hashlib.sha256(str(self.voxels_kji.dtype).encode())
        h.update(self.grid.lps_from_ijk.tobytes())
        h.update(repr(self.grid.shape_kji).encode())
        h.update(np.ascontiguousarray(self.voxels_kji).data)
        return h.hexdigest()
