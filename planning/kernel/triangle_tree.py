"""Exact nearest points and inside tests on triangle meshes: bounding-box trees in plain arrays.

Several meshes lie in one `Forest`, each under its own root, so that one compiled call can ask all
of them. Distances are exact to double precision. Inside is decided by the winding number along +x;
projected edges follow one half-open rule, so a ray through an edge or a corner is counted once.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats
from planning.geometry.mesh import Mesh

Ints = NDArray[np.int32]
TREE_DEPTH: Final = 96
"""As many nodes as may wait on the way through a tree."""

_LEAF: Final = 4
_TINY: Final = 1e-300  # triangles without area fall back to one of their points


class Forest(NamedTuple):
    """Bounding-box trees over the triangles of one or more meshes.

    Parameters
    ----------
    corners : array, shape (m, 3, 3)
        Triangle corners in millimetres, leaf by leaf.
    low, high : array, shape (n, 3)
        Boxes of the nodes.
    link, held : array of int32, shape (n,)
        A leaf holds `held` triangles from `link`; an inner node has held 0, its left child
        directly behind it and its right child at `link`.
    roots : array of int32, shape (meshes,)
    source : array of int32, shape (m,)
        Which triangle of its mesh each is.
    """

    corners: Floats
    low: Floats
    high: Floats
    link: Ints
    held: Ints
    roots: Ints
    source: Ints


def forest_of(meshes: Sequence[Mesh]) -> Forest:
    """Return the trees of meshes, in their order."""
    return joined([tree_of(mesh.vertices_lps_mm, mesh.triangles) for mesh in meshes])


def tree_of(vertices: NDArray[np.floating[Any]], triangles: Ints) -> Forest:
    """Return the tree of one mesh; `vertices` may be in any frame of equal axes."""
    corners = np.ascontiguousarray(vertices[triangles], dtype=np.float64)
    order, low, high, link, held = _built(corners)
    return Forest(corners[order], low, high, link, held, np.zeros(1, dtype=np.int32), order)


def joined(trees: Sequence[Forest]) -> Forest:
    """Return several forests as one; roots keep their order."""
    if not trees:
        empty = np.zeros((0, 3))
        none = np.zeros(0, dtype=np.int32)
        return Forest(np.zeros((0, 3, 3)), empty, empty, none, none, none, none)
    links, roots = [], []
    triangles = nodes = 0
    for tree in trees:
        links.append(tree.link + np.where(tree.held > 0, triangles, nodes).astype(np.int32))
        roots.append(tree.roots + np.int32(nodes))
        triangles += len(tree.corners)
        nodes += len(tree.link)
    return Forest(
        np.concatenate([t.corners for t in trees]),
        np.concatenate([t.low for t in trees]),
        np.concatenate([t.high for t in trees]),
        np.concatenate(links),
        np.concatenate([t.held for t in trees]),
        np.concatenate(roots),
        np.concatenate([t.source for t in trees]),
    )


@nb.njit(nogil=True, cache=True)
def triangle_range(forest: Forest, mesh: int) -> tuple[int, int]:
    """Return the first of a mesh's triangles and the one behind its last: its leaves lie in a row."""
    node = forest.roots[mesh]
    while forest.held[node] == 0:
        node += 1
    first = forest.link[node]
    last_node = (forest.roots[mesh + 1] if mesh + 1 < len(forest.roots) else len(forest.link)) - 1
    return first, forest.link[last_node] + forest.held[last_node]


@nb.njit(nogil=True, cache=True)
def _built(corners: Floats) -> tuple[Ints, Floats, Floats, Ints, Ints]:
    m = corners.shape[0]
    order = np.empty(m, np.int32)
    middle = np.empty((m, 3))
    for t in range(m):
        order[t] = t
        for x in range(3):
            middle[t, x] = corners[t, 0, x] + corners[t, 1, x] + corners[t, 2, x]
    size = max(2 * m, 1)
    low, high = np.empty((size, 3)), np.empty((size, 3))
    link, held = np.zeros(size, np.int32), np.zeros(size, np.int32)
    todo = np.empty((TREE_DEPTH, 3), np.int64)  # first, last, parent waiting for its right child (or -1)
    todo[0, 0], todo[0, 1], todo[0, 2] = 0, m, -1
    waiting, nodes = 1, 0
    while waiting > 0:
        waiting -= 1
        first, last, parent = todo[waiting, 0], todo[waiting, 1], todo[waiting, 2]
        node = nodes
        nodes += 1
        if parent >= 0:
            link[parent] = node
        _fit_box(corners, order, first, last, low[node], high[node])
        if last - first <= _LEAF:
            link[node], held[node] = first, last - first
            continue
        half = (first + last) // 2
        _part(order, middle, _longest_axis(low[node], high[node]), first, last, half)
        todo[waiting, 0], todo[waiting, 1], todo[waiting, 2] = half, last, node
        todo[waiting + 1, 0], todo[waiting + 1, 1], todo[waiting + 1, 2] = first, half, -1
        waiting += 2
    return order, low[:nodes].copy(), high[:nodes].copy(), link[:nodes].copy(), held[:nodes].copy()


@nb.njit(nogil=True, cache=True)
def _longest_axis(low: Floats, high: Floats) -> int:
    axis = 0
    for x in (1, 2):
        if high[x] - low[x] > high[axis] - low[axis]:
            axis = x
    return axis


@nb.njit(nogil=True, cache=True)
def _part(order: Ints, middle: Floats, axis: int, first: int, last: int, half: int) -> None:
    """Order `first` to `last` so that what lies before `half` is not higher along an axis (quickselect)."""
    low, high = first, last - 1
    while low < high:
        pivot = middle[order[(low + high) // 2], axis]
        i, j = low, high
        while i <= j:
            while middle[order[i], axis] < pivot:
                i += 1
            while middle[order[j], axis] > pivot:
                j -= 1
            if i <= j:
                held = order[i]
                order[i] = order[j]
                order[j] = held
                i += 1
                j -= 1
        if half <= j:
            high = j
        elif half >= i:
            low = i
        else:
            return


@nb.njit(nogil=True, cache=True)
def _fit_box(corners: Floats, order: Ints, first: int, last: int, low: Floats, high: Floats) -> None:
    for x in range(3):
        low[x], high[x] = np.inf, -np.inf
    for n in range(first, last):
        for c in range(3):
            for x in range(3):
                value = corners[order[n], c, x]
                low[x] = min(low[x], value)
                high[x] = max(high[x], value)


@nb.njit(nogil=True, cache=True)
def closest_on_triangle(x: float, y: float, z: float, corners: Floats) -> tuple[float, float, float]:
    """Return the point of a triangle, shape (3, 3), nearest to (x, y, z)."""
    ax, ay, az = corners[0, 0], corners[0, 1], corners[0, 2]
    ux, uy, uz = corners[1, 0] - ax, corners[1, 1] - ay, corners[1, 2] - az
    vx, vy, vz = corners[2, 0] - ax, corners[2, 1] - ay, corners[2, 2] - az
    px, py, pz = x - ax, y - ay, z - az
    s, t = weights_of_closest(
        ux * px + uy * py + uz * pz,
        vx * px + vy * py + vz * pz,
        ux * ux + uy * uy + uz * uz,
        ux * vx + uy * vy + uz * vz,
        vx * vx + vy * vy + vz * vz,
    )
    return ax + s * ux + t * vx, ay + s * uy + t * vy, az + s * uz + t * vz


@nb.njit(nogil=True, cache=True)
def weights_of_closest(d1: float, d2: float, uu: float, uv: float, vv: float) -> tuple[float, float]:
    """Return s and t, so that ``a + s u + t v`` is the point nearest to p of the triangle a, a + u, a + v.

    Parameters
    ----------
    d1, d2 : float
        Scalar products of p - a with u and v.
    uu, uv, vv : float
        Scalar products of u and v.
    """
    if d1 <= 0 and d2 <= 0:
        return 0.0, 0.0
    d3, d4 = d1 - uu, d2 - uv
    if d3 >= 0 and d4 <= d3:
        return 1.0, 0.0
    d5, d6 = d1 - uv, d2 - vv
    if d6 >= 0 and d5 <= d6:
        return 0.0, 1.0
    vc, vb, va = d1 * d4 - d3 * d2, d5 * d2 - d1 * d6, d3 * d6 - d5 * d4
    if vc <= 0 and d1 >= 0 and d3 <= 0:
        return d1 / max(d1 - d3, _TINY), 0.0
    if vb <= 0 and d2 >= 0 and d6 <= 0:
        return 0.0, d2 / max(d2 - d6, _TINY)
    if va <= 0 and d4 >= d3 and d5 >= d6:
        t = (d4 - d3) / max((d4 - d3) + (d5 - d6), _TINY)
        return 1.0 - t, t
    whole = max(va + vb + vc, _TINY)
    return vb / whole, vc / whole


@nb.njit(nogil=True, cache=True)
def box_distance2(x: float, y: float, z: float, low: Floats, high: Floats) -> float:
    """Return the squared distance of a point from a box; 0 inside."""
    dx = max(low[0] - x, 0.0, x - high[0])
    dy = max(low[1] - y, 0.0, y - high[1])
    dz = max(low[2] - z, 0.0, z - high[2])
    return float(dx * dx + dy * dy + dz * dz)


@nb.njit(nogil=True, cache=True)
def nearest(
    forest: Forest, mesh: int, x: float, y: float, z: float, within2: float, enough2: float = 0.0
) -> tuple[float, int, float, float, float]:
    """Return squared distance, triangle and point of the mesh nearest to (x, y, z).

    Only what is nearer than the square root of `within2` is looked for; the triangle is -1 where
    nothing is. The first triangle no further than the square root of `enough2` ends the search, though
    another may be nearer.
    """
    best, triangle, bx, by, bz = within2, -1, x, y, z
    stack = np.empty(TREE_DEPTH, np.int32)
    stack[0] = forest.roots[mesh]
    waiting = 1
    while waiting > 0:
        waiting -= 1
        node = stack[waiting]
        if box_distance2(x, y, z, forest.low[node], forest.high[node]) >= best:
            continue
        if forest.held[node] > 0:
            for t in range(forest.link[node], forest.link[node] + forest.held[node]):
                qx, qy, qz = closest_on_triangle(x, y, z, forest.corners[t])
                d2 = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
                if d2 < best:
                    best, triangle, bx, by, bz = d2, t, qx, qy, qz
            if best <= enough2:
                break
            continue
        left, right = node + 1, forest.link[node]
        to_left = box_distance2(x, y, z, forest.low[left], forest.high[left])
        to_right = box_distance2(x, y, z, forest.low[right], forest.high[right])
        near, far = (left, right) if to_left <= to_right else (right, left)
        stack[waiting], stack[waiting + 1] = far, near
        waiting += 2
    return best, triangle, bx, by, bz


@nb.njit(nogil=True, cache=True)
def covers_yz(corners: Floats, y: float, z: float) -> int:
    """Return the side of a triangle seen along x that covers (y, z): 1, -1, or 0 where it does not."""
    crossings = 0
    for c in range(3):
        y0, z0 = corners[c, 1], corners[c, 2]
        y1, z1 = corners[(c + 1) % 3, 1], corners[(c + 1) % 3, 2]
        if (z0 <= z) != (z1 <= z):
            # Always from the lower end, so that both triangles of an edge round alike.
            if z0 > z1:
                y0, z0, y1, z1 = y1, z1, y0, z0
            if y0 + (z - z0) * (y1 - y0) / (z1 - z0) > y:
                crossings += 1
    if crossings % 2 == 0:
        return 0
    area = (corners[1, 1] - corners[0, 1]) * (corners[2, 2] - corners[0, 2]) - (
        corners[1, 2] - corners[0, 2]
    ) * (corners[2, 1] - corners[0, 1])
    return 1 if area > 0 else -1


@nb.njit(nogil=True, cache=True)
def x_of_plane(corners: Floats, y: float, z: float) -> float:
    """Return where the line along x through (y, z) meets the triangle's plane."""
    u, v = corners[1] - corners[0], corners[2] - corners[0]
    # A triangle seen edge on covers the line by rounding alone: any of its points is as good.
    nx, ny, nz = u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
    if nx == 0.0:
        return float(corners[0, 0])
    return float(corners[0, 0] - (ny * (y - corners[0, 1]) + nz * (z - corners[0, 2])) / nx)


@nb.njit(nogil=True, cache=True)
def is_inside(forest: Forest, mesh: int, x: float, y: float, z: float) -> bool:
    """Say whether a closed, outward-facing mesh encloses (x, y, z)."""
    winding = 0
    stack = np.empty(TREE_DEPTH, np.int32)
    stack[0] = forest.roots[mesh]
    waiting = 1
    while waiting > 0:
        waiting -= 1
        node = stack[waiting]
        low, high = forest.low[node], forest.high[node]
        if high[0] < x or low[1] > y or high[1] < y or low[2] > z or high[2] < z:
            continue
        if forest.held[node] > 0:
            for t in range(forest.link[node], forest.link[node] + forest.held[node]):
                side = covers_yz(forest.corners[t], y, z)
                if side != 0 and x_of_plane(forest.corners[t], y, z) > x:
                    winding += side
            continue
        stack[waiting], stack[waiting + 1] = node + 1, forest.link[node]
        waiting += 2
    return winding > 0


@nb.njit(nogil=True, cache=True)
def signed_distances(forest: Forest, mesh: int, points: Floats) -> Floats:
    """Return the exact signed distance of points, shape (n, 3), from one mesh; negative inside."""
    result = np.empty(len(points))
    for n in range(len(points)):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        distance = np.sqrt(nearest(forest, mesh, x, y, z, np.inf)[0])
        result[n] = -distance if is_inside(forest, mesh, x, y, z) else distance
    return result
