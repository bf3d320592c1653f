"""Asking a triangle tree about many points at once: which are too far, and what lies round them."""

import numba as nb
import numpy as np

from planning.geometry.frames import Floats
from planning.kernel.triangle_tree import TREE_DEPTH, Forest, Ints, closest_on_triangle, nearest


@nb.njit(nogil=True, cache=True)
def beyond(forest: Forest, mesh: int, points: Floats, free: float) -> tuple[Ints, Ints, Floats]:
    """Return which of `points` lie further than `free` from a mesh, the nearest triangles and points.

    Triangles are numbered as in their mesh. Much faster than asking for every distance.
    """
    found, triangles = np.empty(len(points), np.int32), np.empty(len(points), np.int32)
    nearest_points = np.empty((len(points), 3))
    many, last = 0, -1
    free2 = free * free
    for n in range(len(points)):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        if last >= 0:
            qx, qy, qz = closest_on_triangle(x, y, z, forest.corners[last])
            if (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2 <= free2:
                continue
        d2, last, qx, qy, qz = nearest(forest, mesh, x, y, z, np.inf, free2)
        if d2 > free2:
            found[many], triangles[many] = n, forest.source[last]
            nearest_points[many, 0], nearest_points[many, 1], nearest_points[many, 2] = qx, qy, qz
            many += 1
    return found[:many].copy(), triangles[:many].copy(), nearest_points[:many].copy()


@nb.njit(nogil=True, cache=True)
def held_between_corners(forest: Forest, mesh: int, points: Floats, reach: float) -> Floats:
    """Return points with each coordinate held between those of a mesh's corners near them.

    Near is within `reach` along every axis; points without any corner near them stay.
    """
    result = points.copy()
    low, high = np.empty(3), np.empty(3)
    for n in range(len(points)):
        _bounds_near(forest, mesh, points[n], reach, low, high)
        if low[0] <= high[0]:
            for axis in range(3):
                result[n, axis] = min(max(points[n, axis], low[axis]), high[axis])
    return result


@nb.njit(nogil=True, cache=True)
def _bounds_near(forest: Forest, mesh: int, point: Floats, reach: float, low: Floats, high: Floats) -> None:
    for axis in range(3):
        low[axis], high[axis] = np.inf, -np.inf
    stack = np.empty(TREE_DEPTH, np.int32)
    stack[0] = forest.roots[mesh]
    waiting = 1
    while waiting > 0:
        waiting -= 1
        node = stack[waiting]
        if not _is_near(point, forest.low[node], forest.high[node], reach):
            continue
        if forest.held[node] == 0:
            stack[waiting], stack[waiting + 1] = node + 1, forest.link[node]
            waiting += 2
            continue
        for t in range(forest.link[node], forest.link[node] + forest.held[node]):
            for c in range(3):
                _widen(point, forest.corners[t, c], reach, low, high)


@nb.njit(nogil=True, cache=True)
def _widen(point: Floats, corner: Floats, reach: float, low: Floats, high: Floats) -> None:
    if _is_near(point, corner, corner, reach):
        for axis in range(3):
            low[axis] = min(low[axis], corner[axis])
            high[axis] = max(high[axis], corner[axis])


@nb.njit(nogil=True, cache=True)
def _is_near(point: Floats, low: Floats, high: Floats, reach: float) -> bool:
    near = True
    for axis in range(3):
        near = near and low[axis] <= point[axis] + reach and high[axis] >= point[axis] - reach
    return near
