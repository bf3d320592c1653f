"""Which voxels' centres lie inside a surface: winding numbers counted along lines of voxels.

Every triangle adds one turn, or takes one away, to the voxels behind it on the lines that cross it.
Projected edges follow one half-open rule and are computed from the same end for both triangles that
share them, so that a line through an edge or a corner meets one of them, never both or none.
"""

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats

Turns = NDArray[np.int16]


class Filled(NamedTuple):
    """Voxels inside a surface.

    Parameters
    ----------
    voxels_kji : array of bool
    open_edges : int
        Edges that are not run once in each direction as often: 0 for a closed surface.
    overlaps : bool
        Whether the surface winds round some voxel's centre more than once: parts of it lie inside
        others. Such voxels are inside.
    """

    voxels_kji: NDArray[np.bool_]
    open_edges: int
    overlaps: bool


def filled_mesh(
    vertices_ijk: Floats, triangles: NDArray[np.int32], shape_kji: tuple[int, int, int]
) -> Filled:
    """Return the voxels whose centres a surface encloses.

    A surface with holes is counted along all three axes; lines that end unevenly pass through a hole
    and have no vote, the others decide by majority.

    Parameters
    ----------
    vertices_ijk : array, shape (n, 3)
        In voxel indices; the shape must hold them all.
    triangles : array of int32, shape (m, 3)
    shape_kji : tuple of int
    """
    edges = open_edges(triangles)
    turns, _ = turns_along(vertices_ijk, triangles, shape_kji, 0)
    overlaps = bool((np.abs(turns) > 1).any())
    if not edges:
        return Filled(turns != 0, 0, overlaps)
    votes = np.zeros(shape_kji, np.int8)
    for axis in range(3):
        turns, closed = turns_along(vertices_ijk, triangles, shape_kji, axis)
        votes += np.where(closed, np.where(turns != 0, 1, -1), 0).astype(np.int8)
    return Filled(votes > 0, edges, overlaps)


def open_edges(triangles: NDArray[np.int32]) -> int:
    """Return how many edges are run more often in one direction than in the other."""
    t = triangles.astype(np.int64)
    edges = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    edges = edges[edges[:, 0] != edges[:, 1]]
    n = int(t.max()) + 1 if len(t) else 1
    low, high = edges.min(axis=1), edges.max(axis=1)
    _, index = np.unique(low * n + high, return_inverse=True)
    balance = np.bincount(index, weights=np.where(edges[:, 0] == low, 1.0, -1.0))
    return int(np.count_nonzero(balance))


def turns_along(
    vertices_ijk: Floats, triangles: NDArray[np.int32], shape_kji: tuple[int, int, int], axis: int
) -> tuple[Turns, NDArray[np.bool_]]:
    """Return how often the surface winds round each voxel's centre, seen along one axis.

    Parameters
    ----------
    vertices_ijk : array, shape (n, 3)
        In voxel indices.
    triangles : array of int32, shape (m, 3)
    shape_kji : tuple of int
        Must hold the whole surface along `axis`.
    axis : int
        0 for i, 1 for j, 2 for k.

    Returns
    -------
    turns_kji : array of int16
    closed_kji : array of bool
        False along lines that leave the surface more or less often than they enter it. Has length 1
        along the axis.
    """
    order = (axis, (axis + 1) % 3, (axis + 2) % 3)
    shape_xyz = tuple(shape_kji[2 - a] for a in order)
    turned = np.ascontiguousarray(vertices_ijk[:, order], dtype=np.float64)
    counted = np.zeros((shape_xyz[2], shape_xyz[1], shape_xyz[0] + 1), np.int16)
    _count(turned, triangles, counted)
    closed = _summed(counted)
    # Axes of `counted` are z, y, x of the turned frame; bring them back to k, j, i.
    back = [order[::-1].index(a) for a in (2, 1, 0)]
    return counted[:, :, :-1].transpose(back), closed[:, :, None].transpose(back)


@nb.njit(nogil=True, cache=True)
def _count(vertices: Floats, triangles: NDArray[np.int32], counted: Turns) -> None:
    """Add each triangle's turn at the first voxel behind it on every line it crosses."""
    nz, ny, nx = counted.shape[0], counted.shape[1], counted.shape[2] - 1
    for t in range(len(triangles)):
        a, b, c = vertices[triangles[t, 0]], vertices[triangles[t, 1]], vertices[triangles[t, 2]]
        y_low = max(0, int(np.ceil(min(a[1], b[1], c[1]))))
        y_high = min(ny - 1, int(np.floor(max(a[1], b[1], c[1]))))
        z_low = max(0, int(np.ceil(min(a[2], b[2], c[2]))))
        z_high = min(nz - 1, int(np.floor(max(a[2], b[2], c[2]))))
        for y in range(y_low, y_high + 1):
            for z in range(z_low, z_high + 1):
                turn = _side(a, b, y, z) + _side(b, c, y, z) + _side(c, a, y, z)
                if turn != 0:
                    x = int(np.ceil(_depth(a, b, c, y, z)))
                    counted[z, y, min(max(x, 0), nx)] += turn


@nb.njit(nogil=True, cache=True)
def _side(p: Floats, q: Floats, y: float, z: float) -> int:
    """Return +1 or -1 where the edge p to q crosses height y beyond z, else 0."""
    if (p[1] <= y) == (q[1] <= y):
        return 0
    rising = q[1] > p[1]
    if not rising:
        p, q = q, p
    crossing = p[2] + (y - p[1]) * (q[2] - p[2]) / (q[1] - p[1])
    if crossing <= z:
        return 0
    return 1 if rising else -1


@nb.njit(nogil=True, cache=True)
def _depth(a: Floats, b: Floats, c: Floats, y: float, z: float) -> float:
    """Return x of the triangle's plane at (y, z), within the triangle's own range."""
    low, high = min(a[0], b[0], c[0]), max(a[0], b[0], c[0])
    u1, v1, w1 = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    u2, v2, w2 = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    area = v1 * w2 - w1 * v2
    if abs(area) < 1e-300:
        return float(0.5 * (low + high))
    s = ((y - a[1]) * w2 - (z - a[2]) * v2) / area
    r = (v1 * (z - a[2]) - w1 * (y - a[1])) / area
    return float(min(high, max(low, a[0] + s * u1 + r * u2)))


@nb.njit(nogil=True, cache=True)
def _summed(counted: Turns) -> NDArray[np.bool_]:
    """Turn counts into turns in place; return which lines end with none."""
    nz, ny, n = counted.shape
    closed = np.zeros((nz, ny), np.bool_)
    for z in range(nz):
        for y in range(ny):
            turns = 0
            for x in range(n):
                turns += counted[z, y, x]
                counted[z, y, x] = turns
            closed[z, y] = turns == 0
    return closed
