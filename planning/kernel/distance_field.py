"""Signed distance fields of closed meshes on an isotropic grid along the LPS axes.

Every node holds the exact distance to the nearest triangle; its sign is the winding number along x.
Nodes lie at whole multiples of their spacing, and what a node holds does not depend on how far the
region reaches: fields of two regions have the same bits at the nodes they share. float32 everywhere.
"""

from dataclasses import dataclass
from typing import Final

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats, Vec3, vec3
from planning.kernel.node_distances import node_distances
from planning.kernel.triangle_tree import Forest, covers_yz, triangle_range, x_of_plane

Field = NDArray[np.float32]
_OFF_LATTICE_STEPS: Final = 1e-6


@dataclass(frozen=True)
class Region:
    """A box of nodes along the LPS axes.

    Parameters
    ----------
    origin_lps_mm : Vec3
        Node (0, 0, 0); a whole multiple of the spacing along each axis.
    spacing_mm : float
    shape_zyx : tuple of int

    Raises
    ------
    ValueError
        Where the origin is none of the lattice.
    """

    origin_lps_mm: Vec3
    spacing_mm: float
    shape_zyx: tuple[int, int, int]

    def __post_init__(self) -> None:
        steps = self.low_lps_mm / self.spacing_mm
        if np.abs(steps - np.round(steps)).max() > _OFF_LATTICE_STEPS:
            raise ValueError(f"{self.origin_lps_mm} is no whole multiple of {self.spacing_mm} mm")

    @classmethod
    def around(cls, low_lps_mm: Floats, high_lps_mm: Floats, spacing_mm: float) -> "Region":
        """Return the region that holds a box, its nodes at whole multiples of the spacing."""
        low_lps_mm = np.floor(np.asarray(low_lps_mm) / spacing_mm) * spacing_mm
        nodes = np.ceil((np.asarray(high_lps_mm) - low_lps_mm) / spacing_mm).astype(int) + 1
        x, y, z = (max(2, int(n)) for n in nodes)
        return cls(vec3(low_lps_mm), spacing_mm, (z, y, x))

    @property
    def first_xyz(self) -> NDArray[np.int64]:
        """Numbers of node (0, 0, 0) along x, y and z, counted from the origin of LPS."""
        return np.round(self.low_lps_mm / self.spacing_mm).astype(np.int64)

    @property
    def low_lps_mm(self) -> Floats:
        """Lowest corner."""
        return np.asarray(self.origin_lps_mm, dtype=np.float64)

    @property
    def high_lps_mm(self) -> Floats:
        """Highest corner."""
        return self.low_lps_mm + self.spacing_mm * (np.array(self.shape_zyx[::-1]) - 1.0)

    def holds(self, points_lps_mm: Floats) -> bool:
        """Say whether all points, shape (n, 3), lie in the region."""
        points = np.asarray(points_lps_mm)
        return bool((points >= self.low_lps_mm).all() and (points <= self.high_lps_mm).all())


def signed_distance_field(forest: Forest, mesh: int, region: Region) -> Field:
    """Return the signed distance of one mesh, shape `region.shape_zyx`, in mm; negative inside.

    The mesh must be closed and face outward. Releases the interpreter lock.
    """
    first, spacing, shape = region.first_xyz, region.spacing_mm, region.shape_zyx
    result: Field = node_distances(forest, mesh, first, spacing, shape)
    _negate_inside(forest, mesh, first, spacing, result)
    return result


@nb.njit(nogil=True, cache=True)
def _negate_inside(
    forest: Forest, mesh: int, first_xyz: NDArray[np.int64], spacing: float, field: Field
) -> None:
    """Turn the distances of nodes that the mesh winds round, counted along +x, to negative ones."""
    nz, ny, nx = field.shape
    winding = np.zeros((nz, ny, nx), np.int8)
    start, stop = triangle_range(forest, mesh)
    for n in range(start, stop):
        corners = forest.corners[n]
        y0, y1 = _node_range(corners, 1, first_xyz[1], spacing, ny)
        z0, z1 = _node_range(corners, 2, first_xyz[2], spacing, nz)
        for z in range(z0, z1 + 1):
            pz = (first_xyz[2] + z) * spacing
            for y in range(y0, y1 + 1):
                py = (first_xyz[1] + y) * spacing
                side = covers_yz(corners, py, pz)
                if side != 0:
                    # The crossing counts for every node that lies before it.
                    x = int(np.ceil(x_of_plane(corners, py, pz) / spacing)) - 1 - first_xyz[0]
                    if x >= 0:
                        winding[z, y, min(x, nx - 1)] += side
    for z in range(nz):
        for y in range(ny):
            times = 0
            for x in range(nx - 1, -1, -1):
                times += winding[z, y, x]
                if times > 0:
                    field[z, y, x] = -field[z, y, x]


@nb.njit(nogil=True, cache=True)
def _node_range(corners: Floats, axis: int, first: int, spacing: float, n: int) -> tuple[int, int]:
    """Return the first and last of `n` nodes that lie beside a triangle along one axis."""
    low = min(corners[0, axis], corners[1, axis], corners[2, axis])
    high = max(corners[0, axis], corners[1, axis], corners[2, axis])
    return max(int(np.ceil(low / spacing)) - first, 0), min(int(np.floor(high / spacing)) - first, n - 1)


@nb.njit(nogil=True, cache=True)
def sample(field: Field, first: Floats, inverse_spacing: float, x: float, y: float, z: float) -> float:
    """Return a field, shape (z, y, x), at one LPS point by trilinear interpolation; clamped to the region.

    `first` is the number of the first node along x, y and z, counted from the origin of LPS: a point's
    share of its cell is then the same to the last bit, wherever the region begins.
    """
    nz, ny, nx = field.shape
    i, u = _cell(x * inverse_spacing, first[0], nx)
    j, v = _cell(y * inverse_spacing, first[1], ny)
    k, w = _cell(z * inverse_spacing, first[2], nz)
    a = field[k, j, i] * (1 - u) + field[k, j, i + 1] * u
    b = field[k, j + 1, i] * (1 - u) + field[k, j + 1, i + 1] * u
    c = field[k + 1, j, i] * (1 - u) + field[k + 1, j, i + 1] * u
    d = field[k + 1, j + 1, i] * (1 - u) + field[k + 1, j + 1, i + 1] * u
    return float((a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w)


@nb.njit(nogil=True, cache=True)
def _cell(steps: float, first: float, n: int) -> tuple[int, float]:
    """Return a cell's first of `n` nodes and how far along it a point lies, from 0 to 1."""
    whole = np.floor(steps)
    at = int(whole - first)
    if at < 0:
        return 0, 0.0
    if at > n - 2:
        return n - 2, 1.0
    return at, steps - whole


@nb.njit(nogil=True, cache=True)
def sampled(field: Field, first: Floats, spacing: float, points: Floats) -> Floats:
    """Return a field at LPS points, shape (n, 3); points outside the region take its nearest face's value.

    `first` as for `sample`.
    """
    values = np.empty(len(points))
    for n in range(len(points)):
        values[n] = sample(field, first, 1.0 / spacing, points[n, 0], points[n, 1], points[n, 2])
    return values
