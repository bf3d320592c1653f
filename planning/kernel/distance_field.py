"""Signed distance fields of closed meshes on an isotropic grid along the LPS axes.

Nodes near the surface get their exact nearest triangle; sweeps hand triangles on to neighbours,
and each node keeps the nearest it was offered. Where the mesh leaves the region, nodes on the
region's faces are seeded exactly, because the triangle nearest to them may lie outside: with the
faces right, the inside is too. The sign is the winding number along x. Sub-voxel near the surface,
and float32 everywhere.
"""

from dataclasses import dataclass
from typing import Final

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats, Vec3, vec3
from planning.kernel.triangle_tree import Forest, closest_on_triangle, covers_yz, nearest, x_of_plane

Field = NDArray[np.float32]
_FACE_STRIDE: Final = 2
_BAND_NODES: Final = 1.5


@dataclass(frozen=True)
class Region:
    """A box of nodes along the LPS axes.

    Parameters
    ----------
    origin_lps_mm : Vec3
        Node (0, 0, 0).
    spacing_mm : float
    shape_zyx : tuple of int
    """

    origin_lps_mm: Vec3
    spacing_mm: float
    shape_zyx: tuple[int, int, int]

    @classmethod
    def around(cls, low_lps_mm: Floats, high_lps_mm: Floats, spacing_mm: float) -> "Region":
        """Return the region that holds a box, its nodes at whole multiples of the spacing."""
        # Nodes lie at whole multiples of the spacing, so that a distance does not depend on how far the
        # region happens to reach.
        low_lps_mm = np.floor(np.asarray(low_lps_mm) / spacing_mm) * spacing_mm
        nodes = np.ceil((np.asarray(high_lps_mm) - low_lps_mm) / spacing_mm).astype(int) + 1
        x, y, z = (max(2, int(n)) for n in nodes)
        return cls(vec3(low_lps_mm), spacing_mm, (z, y, x))

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
    result: Field = _field(forest, mesh, region.low_lps_mm, region.spacing_mm, region.shape_zyx)
    return result


@nb.njit(nogil=True, cache=True)
def _field(forest: Forest, mesh: int, origin: Floats, spacing: float, shape: tuple[int, int, int]) -> Field:
    nz, ny, nx = shape
    distance2 = np.full((nz, ny, nx), np.float32(1e12))
    triangle = np.full((nz, ny, nx), np.int32(-1))
    first, last = _triangles(forest, mesh)
    _seed_band(forest, first, last, origin, spacing, distance2, triangle)
    _seed_faces(forest, mesh, origin, spacing, distance2, triangle)
    for sz in (1, -1):
        for sy in (1, -1):
            for sx in (1, -1):
                _sweep(forest, origin, spacing, distance2, triangle, sz, sy, sx)
    inside = _windings(forest, first, last, origin, spacing, shape)
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                d = np.sqrt(distance2[z, y, x])
                distance2[z, y, x] = -d if inside[z, y, x] > 0 else d
    return distance2


@nb.njit(nogil=True, cache=True)
def _triangles(forest: Forest, mesh: int) -> tuple[int, int]:
    """Return the range of a mesh's triangles: its leaves lie one behind the other."""
    node = forest.roots[mesh]
    while forest.held[node] == 0:
        node += 1
    first = forest.link[node]
    last_node = (forest.roots[mesh + 1] if mesh + 1 < len(forest.roots) else len(forest.link)) - 1
    return first, forest.link[last_node] + forest.held[last_node]


@nb.njit(nogil=True, cache=True)
def _node_range(
    corners: Floats, axis: int, origin: Floats, spacing: float, n: int, band: float
) -> tuple[int, int]:
    """Return the first and last of `n` nodes within `band` nodes of a triangle, along one axis."""
    low = min(corners[0, axis], corners[1, axis], corners[2, axis])
    high = max(corners[0, axis], corners[1, axis], corners[2, axis])
    first = int(np.ceil((low - origin[axis]) / spacing - band))
    last = int(np.floor((high - origin[axis]) / spacing + band))
    return max(first, 0), min(last, n - 1)


@nb.njit(nogil=True, cache=True)
def _seed_band(
    forest: Forest,
    first: int,
    last: int,
    origin: Floats,
    spacing: float,
    distance2: Field,
    triangle: NDArray[np.int32],
) -> None:
    nz, ny, nx = distance2.shape
    for t in range(first, last):
        c = forest.corners[t]
        x0, x1 = _node_range(c, 0, origin, spacing, nx, _BAND_NODES)
        y0, y1 = _node_range(c, 1, origin, spacing, ny, _BAND_NODES)
        z0, z1 = _node_range(c, 2, origin, spacing, nz, _BAND_NODES)
        for z in range(z0, z1 + 1):
            pz = origin[2] + z * spacing
            for y in range(y0, y1 + 1):
                py = origin[1] + y * spacing
                for x in range(x0, x1 + 1):
                    px = origin[0] + x * spacing
                    qx, qy, qz = closest_on_triangle(px, py, pz, c)
                    d2 = np.float32((px - qx) ** 2 + (py - qy) ** 2 + (pz - qz) ** 2)
                    if d2 < distance2[z, y, x]:
                        distance2[z, y, x] = d2
                        triangle[z, y, x] = t


@nb.njit(nogil=True, cache=True)
def _seed_faces(
    forest: Forest,
    mesh: int,
    origin: Floats,
    spacing: float,
    distance2: Field,
    triangle: NDArray[np.int32],
) -> None:
    """Give nodes on the region's faces their exact nearest triangle, where the mesh leaves the region."""
    shape = distance2.shape
    low, high = forest.low[forest.roots[mesh]], forest.high[forest.roots[mesh]]
    leaves = False
    for axis in range(3):
        end = origin[axis] + (shape[2 - axis] - 1) * spacing
        leaves = leaves or low[axis] < origin[axis] or high[axis] > end
    if not leaves:
        return
    nz, ny, nx = shape
    for z in range(nz):
        for y in range(ny):
            on_face = z in (0, nz - 1) or y in (0, ny - 1)
            on_stride = (z % _FACE_STRIDE == 0 or z == nz - 1) and (y % _FACE_STRIDE == 0 or y == ny - 1)
            if on_face and not on_stride:
                continue
            stride = _FACE_STRIDE if on_face else max(nx - 1, 1)
            within = np.inf
            for x in range(0, nx, stride):
                px, py, pz = origin[0] + x * spacing, origin[1] + y * spacing, origin[2] + z * spacing
                d2, t, _, _, _ = nearest(forest, mesh, px, py, pz, within * within)
                distance2[z, y, x] = d2
                triangle[z, y, x] = t
                # The next node's nearest triangle is no further than this one's and the way to it.
                within = np.sqrt(d2) + 1.01 * stride * spacing


@nb.njit(nogil=True, cache=True)
def _sweep(
    forest: Forest,
    origin: Floats,
    spacing: float,
    distance2: Field,
    triangle: NDArray[np.int32],
    sz: int,
    sy: int,
    sx: int,
) -> None:
    nz, ny, nx = distance2.shape
    for zi in range(nz):
        z = zi if sz > 0 else nz - 1 - zi
        pz = origin[2] + z * spacing
        for yi in range(ny):
            y = yi if sy > 0 else ny - 1 - yi
            py = origin[1] + y * spacing
            for xi in range(nx):
                x = xi if sx > 0 else nx - 1 - xi
                best, mine = distance2[z, y, x], triangle[z, y, x]
                for axis in range(3):
                    zz = z - sz if axis == 0 else z
                    yy = y - sy if axis == 1 else y
                    xx = x - sx if axis == 2 else x
                    if zz < 0 or zz >= nz or yy < 0 or yy >= ny or xx < 0 or xx >= nx:
                        continue
                    offered = triangle[zz, yy, xx]
                    if offered < 0 or offered == mine:
                        continue
                    # A neighbour's distance less one step is the least its triangle can be away.
                    least = np.sqrt(distance2[zz, yy, xx]) - spacing
                    if least > 0 and least * least >= best:
                        continue
                    px = origin[0] + x * spacing
                    qx, qy, qz = closest_on_triangle(px, py, pz, forest.corners[offered])
                    d2 = np.float32((px - qx) ** 2 + (py - qy) ** 2 + (pz - qz) ** 2)
                    if d2 < best:
                        best, mine = d2, offered
                distance2[z, y, x] = best
                triangle[z, y, x] = mine


@nb.njit(nogil=True, cache=True)
def _windings(
    forest: Forest, first: int, last: int, origin: Floats, spacing: float, shape: tuple[int, int, int]
) -> NDArray[np.int8]:
    """Return for each node how often the mesh winds round it, counted along +x."""
    nz, ny, nx = shape
    winding = np.zeros((nz, ny, nx), np.int8)
    for t in range(first, last):
        c = forest.corners[t]
        y0, y1 = _node_range(c, 1, origin, spacing, ny, 0.0)
        z0, z1 = _node_range(c, 2, origin, spacing, nz, 0.0)
        for z in range(z0, z1 + 1):
            pz = origin[2] + z * spacing
            for y in range(y0, y1 + 1):
                py = origin[1] + y * spacing
                side = covers_yz(c, py, pz)
                if side != 0:
                    # The crossing counts for every node that lies before it.
                    x = int(np.ceil((x_of_plane(c, py, pz) - origin[0]) / spacing)) - 1
                    if x >= 0:
                        winding[z, y, min(x, nx - 1)] += side
    for z in range(nz):
        for y in range(ny):
            for x in range(nx - 2, -1, -1):
                winding[z, y, x] += winding[z, y, x + 1]
    return winding


@nb.njit(nogil=True, cache=True)
def sample(field: Field, origin: Floats, inverse_spacing: float, x: float, y: float, z: float) -> float:
    """Return a field, shape (z, y, x), at one LPS point by trilinear interpolation; clamped to the region."""
    nz, ny, nx = field.shape
    u = min(max((x - origin[0]) * inverse_spacing, 0.0), nx - 1.000001)
    v = min(max((y - origin[1]) * inverse_spacing, 0.0), ny - 1.000001)
    w = min(max((z - origin[2]) * inverse_spacing, 0.0), nz - 1.000001)
    i, j, k = int(u), int(v), int(w)
    u, v, w = u - i, v - j, w - k
    a = field[k, j, i] + (field[k, j, i + 1] - field[k, j, i]) * u
    b = field[k, j + 1, i] + (field[k, j + 1, i + 1] - field[k, j + 1, i]) * u
    c = field[k + 1, j, i] + (field[k + 1, j, i + 1] - field[k + 1, j, i]) * u
    d = field[k + 1, j + 1, i] + (field[k + 1, j + 1, i + 1] - field[k + 1, j + 1, i]) * u
    front = a + (b - a) * v
    return float(front + (c + (d - c) * v - front) * w)


@nb.njit(nogil=True, cache=True)
def sampled(field: Field, origin: Floats, spacing: float, points: Floats) -> Floats:
    """Return a field at LPS points, shape (n, 3); points outside the region take its nearest face's value."""
    values = np.empty(len(points))
    for n in range(len(points)):
        values[n] = sample(field, origin, 1.0 / spacing, points[n, 0], points[n, 1], points[n, 2])
    return values
