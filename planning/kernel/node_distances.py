"""Exact distances of the nodes of a lattice from a mesh, block by block.

A block of nodes lists the triangles that may be nearest to any of them; each eighth of it keeps those that
may still be nearest to its own nodes, until few are left. What may be left out follows from one line:
for a node p of a block with middle m, a point r of the mesh and a point q of a triangle,
``|p - q|² - |p - r|² = |m - q|² - |m - r|² + 2 (p - m) · (r - q)``. Where that is positive for all p and
q, the triangle is nearest to no node. Its last term does not grow with distance: far lists stay short.

Nodes and blocks lie at whole multiples of their size from the origin of LPS. What a node is told depends on
the mesh and the node alone, to the last bit, however far the other nodes reach.
"""

from typing import Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats
from planning.kernel.triangle_tree import (
    TREE_DEPTH,
    Forest,
    Ints,
    box_distance2,
    closest_on_triangle,
    nearest,
    triangle_range,
    weights_of_closest,
)

_BLOCK: Final = 16
_SMALLEST: Final = 2
_FEW: Final = 4  # so many triangles are sooner asked for every node than sorted out further
_LEVELS: Final = 5
_SLACK_MM2: Final = 1e-6  # far above rounding, far below what lengthens a list


class _Room(NamedTuple):
    """Working memory: lists of triangles, a block's behind its parent's, and what each level looked from.

    `squares` holds each listed triangle's squared distance from the middle of its block, `middles` and
    `reached`, shape (levels, 3), the middles of the blocks at work and the mesh's points nearest to them.
    """

    listed: Ints
    squares: Floats
    middles: Floats
    reached: Floats
    blocks: NDArray[np.int64]
    best: Floats


@nb.njit(nogil=True, cache=True)
def node_distances(
    forest: Forest, mesh: int, first_xyz: NDArray[np.int64], spacing: float, shape: tuple[int, int, int]
) -> NDArray[np.float32]:
    """Return the distance from a mesh, without sign, of the nodes of a lattice, shape `shape` (z, y, x).

    Node (z, y, x) lies at ``spacing * (first_xyz + (x, y, z))`` in LPS mm; `spacing` should be exact in few
    binary digits, so that those products are.
    """
    nz, ny, nx = shape
    result = np.empty((nz, ny, nx), np.float32)
    start, stop = triangle_range(forest, mesh)
    room = _Room(
        np.empty(_LEVELS * (stop - start), np.int32),
        np.empty(_LEVELS * (stop - start)),
        np.empty((_LEVELS, 3)),
        np.empty((_LEVELS, 3)),
        np.empty((8 * _LEVELS, 7), np.int64),
        np.empty((_BLOCK, _BLOCK, _BLOCK)),
    )
    x0, y0, z0 = first_xyz[0], first_xyz[1], first_xyz[2]
    for z in range(z0 - z0 % _BLOCK, z0 + nz, _BLOCK):
        for y in range(y0 - y0 % _BLOCK, y0 + ny, _BLOCK):
            for x in range(x0 - x0 % _BLOCK, x0 + nx, _BLOCK):
                _fill(forest, mesh, room, x, y, z, first_xyz, spacing, result)
    return result


@nb.njit(nogil=True, cache=True)
def _fill(
    forest: Forest,
    mesh: int,
    room: _Room,
    x: int,
    y: int,
    z: int,
    first_xyz: NDArray[np.int64],
    spacing: float,
    result: NDArray[np.float32],
) -> None:
    """Give the nodes of one block their distances; (x, y, z) is its first node on the whole lattice."""
    nz, ny, nx = result.shape
    half = (_BLOCK - 1) / 2 * spacing
    _set_middle(room.middles[0], x, y, z, half, spacing)
    waiting = _push_eighths(room.blocks, 0, x, y, z, _BLOCK, 0, _list_all(forest, mesh, room, half), 1)
    while waiting > 0:
        waiting -= 1
        x, y, z, size, begin, end, level = room.blocks[waiting]
        i, j, k = x - first_xyz[0], y - first_xyz[1], z - first_xyz[2]
        if i >= nx or j >= ny or k >= nz or i + size <= 0 or j + size <= 0 or k + size <= 0:
            continue
        half = (size - 1) / 2 * spacing
        _set_middle(room.middles[level], x, y, z, half, spacing)
        last = _list_some(forest.corners, room, begin, end, level, half)
        if size > _SMALLEST and last - end > _FEW:
            waiting = _push_eighths(room.blocks, waiting, x, y, z, size, end, last, level + 1)
            continue
        room.best[:size, :size, :size] = np.inf
        for n in range(end, last):
            _offer(forest.corners[room.listed[n]], x, y, z, size, spacing, room.best)
        for c in range(max(k, 0), min(k + size, nz)):
            for b in range(max(j, 0), min(j + size, ny)):
                for a in range(max(i, 0), min(i + size, nx)):
                    result[c, b, a] = np.sqrt(room.best[c - k, b - j, a - i])


@nb.njit(nogil=True, cache=True)
def _set_middle(middle: Floats, x: int, y: int, z: int, half: float, spacing: float) -> None:
    middle[0], middle[1], middle[2] = x * spacing + half, y * spacing + half, z * spacing + half


@nb.njit(nogil=True, cache=True)
def _push_eighths(
    blocks: NDArray[np.int64],
    waiting: int,
    x: int,
    y: int,
    z: int,
    size: int,
    begin: int,
    end: int,
    level: int,
) -> int:
    half = size // 2
    for n in range(8):
        block = blocks[waiting + n]
        block[0], block[1], block[2] = x + n % 2 * half, y + n // 2 % 2 * half, z + n // 4 * half
        block[3], block[4], block[5], block[6] = half, begin, end, level
    return waiting + 8


@nb.njit(nogil=True, cache=True)
def _list_all(forest: Forest, mesh: int, room: _Room, half: float) -> int:
    """List the triangles that may be nearest to a node of a block, from the tree; return the list's end."""
    middle, reached = room.middles[0], room.reached[0]
    x, y, z = middle[0], middle[1], middle[2]
    best, _, reached[0], reached[1], reached[2] = nearest(forest, mesh, x, y, z, np.inf, 0.0)
    stack = np.empty(TREE_DEPTH, np.int32)
    stack[0] = forest.roots[mesh]
    waiting, last = 1, 0
    while waiting > 0:
        waiting -= 1
        node = stack[waiting]
        low, high = forest.low[node], forest.high[node]
        spread = 0.0
        for axis in range(3):
            spread += max(abs(reached[axis] - low[axis]), abs(reached[axis] - high[axis]))
        if box_distance2(x, y, z, low, high) - best - 2 * half * spread > _SLACK_MM2:
            continue
        if forest.held[node] == 0:
            stack[waiting], stack[waiting + 1] = forest.link[node], node + 1
            waiting += 2
            continue
        for t in range(forest.link[node], forest.link[node] + forest.held[node]):
            qx, qy, qz = closest_on_triangle(x, y, z, forest.corners[t])
            square = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
            if square - best + _least(forest.corners[t], reached, 0.0, 0.0, 0.0, half) <= _SLACK_MM2:
                room.listed[last], room.squares[last] = t, square
                last += 1
    return last


@nb.njit(nogil=True, cache=True)
def _list_some(corners: Floats, room: _Room, begin: int, end: int, level: int, half: float) -> int:
    """List behind `end` what a block keeps of its parent's list, the nearest first; return the list's end."""
    listed, squares = room.listed, room.squares
    middle, reached = room.middles[level], room.reached[level]
    before, theirs = room.middles[level - 1], room.reached[level - 1]
    dx, dy, dz = middle[0] - before[0], middle[1] - before[1], middle[2] - before[2]
    x, y, z = middle[0], middle[1], middle[2]
    parents = (before[0] - theirs[0]) ** 2 + (before[1] - theirs[1]) ** 2 + (before[2] - theirs[2]) ** 2
    best, at, many = np.inf, end, end
    for n in range(begin, end):
        # What is known from the parent's middle spares most triangles the exact question.
        if squares[n] - parents + _least(corners[listed[n]], theirs, dx, dy, dz, half) > _SLACK_MM2:
            continue
        qx, qy, qz = closest_on_triangle(x, y, z, corners[listed[n]])
        square = (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2
        if square < best:
            best, at, reached[0], reached[1], reached[2] = square, many, qx, qy, qz
        listed[many], squares[many] = listed[n], square
        many += 1
    listed[end], listed[at] = listed[at], listed[end]
    squares[end], squares[at] = squares[at], squares[end]
    is_corner = _corner_at(corners[listed[end]], reached) >= 0
    last = end + 1
    for n in range(end + 1, many):
        t = listed[n]
        if squares[n] - best + _least(corners[t], reached, 0.0, 0.0, 0.0, half) > _SLACK_MM2:
            continue
        if is_corner and squares[n] <= best + _SLACK_MM2 and _ends_at(corners[t], reached, middle, half):
            continue
        listed[last], squares[last] = t, squares[n]
        last += 1
    return last


@nb.njit(nogil=True, cache=True)
def _least(corners: Floats, reached: Floats, dx: float, dy: float, dz: float, half: float) -> float:
    """Return the least of ``2 (p - m) · (r - q)`` for nodes p of a block and points q of a triangle.

    The block's middle is m + (dx, dy, dz), its nodes lie within `half` of that along each axis. The least
    over the nodes is concave in q, so a corner of the triangle has it.
    """
    least = np.inf
    for c in range(3):
        x, y, z = reached[0] - corners[c, 0], reached[1] - corners[c, 1], reached[2] - corners[c, 2]
        least = min(least, dx * x + dy * y + dz * z - half * (abs(x) + abs(y) + abs(z)))
    return 2 * least


@nb.njit(nogil=True, cache=True)
def _corner_at(corners: Floats, point: Floats) -> int:
    for c in range(3):
        if corners[c, 0] == point[0] and corners[c, 1] == point[1] and corners[c, 2] == point[2]:
            return c
    return -1


@nb.njit(nogil=True, cache=True)
def _ends_at(corners: Floats, point: Floats, middle: Floats, half: float) -> bool:
    """Say whether a corner at `point` is the triangle's nearest point for every node of a block.

    Most nodes outside a convex shape lie nearest to a corner, which five further triangles share.
    """
    corner = _corner_at(corners, point)
    if corner < 0:
        return False
    for side in (1, 2):
        along = spread = 0.0
        for axis in range(3):
            edge = corners[(corner + side) % 3, axis] - point[axis]
            along += edge * (middle[axis] - point[axis])
            spread += abs(edge)
        if along + half * spread > 0:
            return False
    return True


@nb.njit(nogil=True, cache=True)
def _offer(corners: Floats, x: int, y: int, z: int, size: int, spacing: float, best: Floats) -> None:
    """Lower the squared distances of a block's nodes, `best` (z, y, x), to those from one triangle."""
    ax, ay, az = corners[0, 0], corners[0, 1], corners[0, 2]
    ux, uy, uz = corners[1, 0] - ax, corners[1, 1] - ay, corners[1, 2] - az
    vx, vy, vz = corners[2, 0] - ax, corners[2, 1] - ay, corners[2, 2] - az
    uu, uv, vv = ux * ux + uy * uy + uz * uz, ux * vx + uy * vy + uz * vz, vx * vx + vy * vy + vz * vz
    for k in range(size):
        pz = (z + k) * spacing - az
        for j in range(size):
            py = (y + j) * spacing - ay
            for i in range(size):
                px = (x + i) * spacing - ax
                s, t = weights_of_closest(
                    ux * px + uy * py + uz * pz, vx * px + vy * py + vz * pz, uu, uv, vv
                )
                rx, ry, rz = px - s * ux - t * vx, py - s * uy - t * vy, pz - s * uz - t * vz
                best[k, j, i] = min(best[k, j, i], rx * rx + ry * ry + rz * rz)
