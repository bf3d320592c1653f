"""The smallest signed distance over a swept slab, and where (INTERCHANGE section 3).

Branch and bound on the distance field finds the place; the mesh itself then gives the number: the
tool point is slid along the slab until the exact distance to the nearest triangle stops falling.
"""

from typing import Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats
from planning.kernel.distance_field import sample
from planning.kernel.slab import Slab, holds, onto, to_local, to_lps, touches, whole_cell
from planning.kernel.triangle_tree import Forest, is_inside, nearest

_TOLERANCE_MM: Final = 0.02
_SLACK_MM: Final = 0.08  # how far interpolation may stray from the true distance near the slab
_SMALLEST_CELL_MM: Final = 0.35
_STACK: Final = 256
_SLIDES: Final = 24
_NEAR_MM: Final = 0.6
_STILL_MM: Final = 1e-4
_FIRST_STEP_MM: Final = 0.4
_LAST_STEP_MM: Final = 0.02
_DEEP_MM: Final = -2.0
_DEEP_TOLERANCE_MM: Final = 0.1


class Minimum(NamedTuple):
    """Smallest signed distance of one structure, shape () each, or (3,) points in LPS mm."""

    value_mm: float
    tool_lps_mm: Floats
    surface_lps_mm: Floats
    field_mm: float


def minima(
    slab: Slab, forest: Forest, fields: NDArray[np.float32], origin_lps_mm: Floats, spacing_mm: float
) -> list[tuple[Minimum, Minimum]]:
    """Return for each structure the minimum over the slab, and over the slab run on by the overshoot.

    Parameters
    ----------
    slab : Slab
    forest : Forest
        The structures' meshes.
    fields : array, shape (structures, z, y, x)
        Their distance fields, in the same order.
    origin_lps_mm, spacing_mm
        Node (0, 0, 0) of the fields and their spacing; the slab must lie inside.
    """
    first = np.round(np.asarray(origin_lps_mm) / spacing_mm)
    found = _minima(slab, forest, fields, first, spacing_mm)
    return [(_minimum(row[0]), _minimum(row[1])) for row in found]


def _minimum(row: Floats) -> Minimum:
    return Minimum(float(row[0]), row[1:4], row[4:7], float(row[7]))


@nb.njit(nogil=True, cache=True)
def _minima(slab: Slab, forest: Forest, fields: NDArray[np.float32], first: Floats, spacing: float) -> Floats:
    result = np.empty((len(fields), 2, 8))
    box = _box(slab)
    for structure in range(len(fields)):
        field = fields[structure]
        start = np.array([np.inf, 0.0, 0.0, 0.0])
        best = _searched(slab, slab.pieces, field, first, spacing, box, start)
        _settle(slab, slab.pieces, forest, structure, best, result[structure, 0])
        result[structure, 1] = result[structure, 0]
        if slab.overshoot > 0:
            further = _searched(slab, slab.beyond, field, first, spacing, box, best)
            if further[0] < best[0]:
                _settle(slab, slab.whole, forest, structure, further, result[structure, 1])
            if result[structure, 0, 0] <= result[structure, 1, 0]:
                result[structure, 1] = result[structure, 0]
    return result


@nb.njit(nogil=True, cache=True)
def _box(slab: Slab) -> Floats:
    """Return the lowest and highest corner, shape (2, 3), of the slab run on by its overshoot."""
    box = np.empty((2, 3))
    box[0], box[1] = np.inf, -np.inf
    for p in range(len(slab.whole)):
        for side in range(4):
            for n in (-slab.half_kerf, slab.half_kerf):
                x, y, z = to_lps(slab, slab.whole[p, side % 2], slab.whole[p, 2 + side], n)
                box[0, 0], box[0, 1], box[0, 2] = min(box[0, 0], x), min(box[0, 1], y), min(box[0, 2], z)
                box[1, 0], box[1, 1], box[1, 2] = max(box[1, 0], x), max(box[1, 1], y), max(box[1, 2], z)
    return box


@nb.njit(nogil=True, cache=True)
def _value(
    slab: Slab,
    field: NDArray[np.float32],
    first: Floats,
    inverse: float,
    box: Floats,
    a: float,
    b: float,
    n: float,
) -> float:
    """Return the field at a local point, moved into the slab's box along the axes of LPS if outside.

    That brings it no further from any point of the slab, so it bounds the distances there as well; and
    nothing depends on how far the field reaches beyond the slab.
    """
    x, y, z = to_lps(slab, a, b, n)
    x, y, z = (
        min(max(x, box[0, 0]), box[1, 0]),
        min(max(y, box[0, 1]), box[1, 1]),
        min(max(z, box[0, 2]), box[1, 2]),
    )
    return sample(field, first, inverse, x, y, z)


@nb.njit(nogil=True, cache=True)
def _searched(
    slab: Slab,
    pieces: Floats,
    field: NDArray[np.float32],
    first: Floats,
    spacing: float,
    box: Floats,
    known: Floats,
) -> Floats:
    """Return value, a, b, n of the smallest field value over pieces, if below the known one."""
    best = known.copy()
    inverse = 1.0 / spacing
    stack = np.empty((_STACK, 7))
    whole_cell(slab, pieces, stack[0])
    waiting = 1
    while waiting > 0:
        waiting -= 1
        cell = stack[waiting]
        tolerance = _TOLERANCE_MM if best[0] > _DEEP_MM else _DEEP_TOLERANCE_MM
        if cell[6] >= best[0] - tolerance or not touches(pieces, cell):
            continue
        value = _value(slab, field, first, inverse, box, cell[0], cell[1], cell[2])
        reach = np.sqrt(cell[3] * cell[3] + cell[4] * cell[4] + cell[5] * cell[5])
        least = value - reach - _SLACK_MM
        if least >= best[0] - tolerance:
            continue
        is_small = reach < _SMALLEST_CELL_MM
        if holds(pieces, cell[0], cell[1]):
            if value < best[0]:
                best[0], best[1], best[2], best[3] = value, cell[0], cell[1], cell[2]
        elif is_small:
            _try_edge(slab, pieces, field, first, inverse, box, cell, best)
        if is_small:
            continue
        waiting = _split(stack, waiting, least)
    return best


@nb.njit(nogil=True, cache=True)
def _split(stack: Floats, at: int, least: float) -> int:
    """Halve the cell at one place of the stack across its longest side; return the new height."""
    cell, other = stack[at], stack[at + 1]
    axis = 0
    for k in (1, 2):
        if cell[3 + k] > cell[3 + axis]:
            axis = k
    half = cell[3 + axis] / 2
    for k in range(6):
        other[k] = cell[k]
    cell[axis] -= half
    other[axis] += half
    cell[3 + axis] = other[3 + axis] = half
    cell[6] = other[6] = least
    return at + 2


@nb.njit(nogil=True, cache=True)
def _try_edge(
    slab: Slab,
    pieces: Floats,
    field: NDArray[np.float32],
    first: Floats,
    inverse: float,
    box: Floats,
    cell: Floats,
    best: Floats,
) -> None:
    """Look at the point of the region nearest to a small cell's middle, which lies outside it."""
    a, b, n = onto(slab, pieces, cell[0], cell[1], cell[2])
    value = _value(slab, field, first, inverse, box, a, b, n)
    if value < best[0]:
        best[0], best[1], best[2], best[3] = value, a, b, n


@nb.njit(nogil=True, cache=True)
def _signed(
    slab: Slab, forest: Forest, mesh: int, a: float, b: float, n: float
) -> tuple[float, float, float, float]:
    x, y, z = to_lps(slab, a, b, n)
    d2, _, qx, qy, qz = nearest(forest, mesh, x, y, z, np.inf)
    distance = np.sqrt(d2)
    return (-distance if is_inside(forest, mesh, x, y, z) else distance), qx, qy, qz


@nb.njit(nogil=True, cache=True)
def _settle(slab: Slab, pieces: Floats, forest: Forest, mesh: int, found: Floats, row: Floats) -> None:
    """Turn a place found on the field into the exact minimum on the mesh near it."""
    a, b, n = found[1], found[2], found[3]
    x, y, z = to_lps(slab, a, b, n)
    reach = abs(found[0]) + 2.0
    d2, t, qx, qy, qz = nearest(forest, mesh, x, y, z, reach * reach)
    if t < 0:
        d2, t, qx, qy, qz = nearest(forest, mesh, x, y, z, np.inf)
    value = np.sqrt(d2)
    for _ in range(_SLIDES):
        if value <= _STILL_MM or found[0] < -_NEAR_MM:
            break
        ta, tb, tn = to_local(slab, qx, qy, qz)
        ta, tb, tn = onto(slab, pieces, ta, tb, tn)
        if (ta - a) ** 2 + (tb - b) ** 2 + (tn - n) ** 2 < _STILL_MM**2:
            break
        x, y, z = to_lps(slab, ta, tb, tn)
        d2, t, rx, ry, rz = nearest(forest, mesh, x, y, z, value * value)
        if t < 0 or np.sqrt(d2) > value - _STILL_MM / 10:
            break
        a, b, n, value, qx, qy, qz = ta, tb, tn, np.sqrt(d2), rx, ry, rz
    if value < _NEAR_MM or found[0] < _NEAR_MM:
        a, b, n, value, qx, qy, qz = _deepened(slab, pieces, forest, mesh, a, b, n)
    row[0] = value
    row[1], row[2], row[3] = to_lps(slab, a, b, n)
    row[4], row[5], row[6] = qx, qy, qz
    row[7] = found[0]


@nb.njit(nogil=True, cache=True)
def _deepened(
    slab: Slab, pieces: Floats, forest: Forest, mesh: int, a: float, b: float, n: float
) -> tuple[float, float, float, float, float, float, float]:
    """Walk to the deepest point near a local point, in steps that halve."""
    value, qx, qy, qz = _signed(slab, forest, mesh, a, b, n)
    step = _FIRST_STEP_MM
    while step >= _LAST_STEP_MM:
        better = False
        for way in range(6):
            axis, side = way // 2, step if way % 2 else -step
            ta = a + side if axis == 0 else a
            tb = b + side if axis == 1 else b
            tn = n + side if axis == 2 else n
            ta, tb, tn = onto(slab, pieces, ta, tb, tn)
            x, y, z = to_lps(slab, ta, tb, tn)
            # Inside, a point no further from the old nearest point is no deeper.
            if value < 0 and (x - qx) ** 2 + (y - qy) ** 2 + (z - qz) ** 2 <= value * value:
                continue
            there, rx, ry, rz = _signed_near(forest, mesh, x, y, z, value, step)
            if there < value - 1e-6:
                a, b, n, value, qx, qy, qz = ta, tb, tn, there, rx, ry, rz
                better = True
        if not better:
            step /= 2
    return a, b, n, value, qx, qy, qz


@nb.njit(nogil=True, cache=True)
def _signed_near(
    forest: Forest, mesh: int, x: float, y: float, z: float, value: float, step: float
) -> tuple[float, float, float, float]:
    """Return the signed distance of a point no more than `step` from one whose signed distance is `value`."""
    reach = abs(value) + 1.01 * step
    d2, _, qx, qy, qz = nearest(forest, mesh, x, y, z, reach * reach)
    distance = np.sqrt(d2)
    inside = value < 0 if abs(value) > 1.01 * step else is_inside(forest, mesh, x, y, z)
    return (-distance if inside else distance), qx, qy, qz
