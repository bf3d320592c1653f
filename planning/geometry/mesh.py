"""Triangle meshes: vertices in LPS millimetres, outward-facing triangles."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planning.errors import PlanningError
from planning.texts import mark


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh.

    Parameters
    ----------
    vertices_lps_mm : array of float32, shape (n, 3)
    triangles : array of int32, shape (m, 3)
        Vertex indices, counter-clockwise seen from outside.
    """

    vertices_lps_mm: NDArray[np.float32]
    triangles: NDArray[np.int32]

    def __post_init__(self) -> None:
        """Check shapes; make read-only."""
        v = np.ascontiguousarray(self.vertices_lps_mm, dtype=np.float32)
        t = np.ascontiguousarray(self.triangles, dtype=np.int32)
        if v.ndim != 2 or v.shape[1] != 3 or t.ndim != 2 or t.shape[1] != 3:
            raise PlanningError("BAD_MESH", mark("A surface needs points and triangles."))
        v.setflags(write=False)
        t.setflags(write=False)
        object.__setattr__(self, "vertices_lps_mm", v)
        object.__setattr__(self, "triangles", t)

    @cached_property
    def volume_mm3(self) -> float:
        """Enclosed volume by the divergence theorem; meaningful only when closed."""
        if not len(self.triangles):
            return 0.0
        corners = self.vertices_lps_mm[self.triangles].astype(np.float64)
        corners -= corners.reshape(-1, 3).mean(axis=0)
        return float(np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6.0)

    @cached_property
    def is_closed(self) -> bool:
        """Whether every edge is shared by exactly two triangles that run it in opposite directions."""
        if not len(self.triangles):
            return False
        t = self.triangles.astype(np.int64)
        edges = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
        n = int(t.max()) + 1
        forward = np.sort(edges[:, 0] * n + edges[:, 1])
        backward = np.sort(edges[:, 1] * n + edges[:, 0])
        return bool(len(np.unique(forward)) == len(forward) and np.array_equal(forward, backward))

    @cached_property
    def bounds_lps_mm(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Lowest and highest corner."""
        low, high = self.vertices_lps_mm.min(axis=0), self.vertices_lps_mm.max(axis=0)
        low.setflags(write=False)
        high.setflags(write=False)
        return low, high

    def meets_box(self, low_lps_mm: ArrayLike, high_lps_mm: ArrayLike) -> bool:
        """Say whether its box shares room with another box; a mesh of nothing meets none."""
        if not len(self.triangles):
            return False
        low, high = self.bounds_lps_mm
        return bool((low <= np.asarray(high_lps_mm)).all() and (high >= np.asarray(low_lps_mm)).all())
