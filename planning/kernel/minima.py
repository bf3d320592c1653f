"""The smallest signed distance over a swept slab, and where (INTERCHANGE sections 2 and 3).

A slab is a flat region in the blade's (a, b) axes, thickened by half the kerf to either side. The
region is cut into trapezoids between two values of a; run on by the overshoot along b, each stays
a trapezoid, so slab and overshoot slab are searched alike.

Branch and bound on the distance field finds the place; the mesh itself then gives the number: the
tool point is slid along the slab until the exact distance to the nearest triangle stops falling.
"""

from itertools import pairwise
from typing import Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats
from planning.kernel.distance_field import sample
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


class Slab(NamedTuple):
    """A swept slab in plain arrays.

    Parameters
    ----------
    origin, axes : array
        The blade's origin in LPS mm and its rows across, advance, normal: ``local = axes @ (p - origin)``.
    pieces : array, shape (m, 6)
        Trapezoids ``a0, a1, low(a0), low(a1), high(a0), high(a1)`` in mm; b runs from low to high.
    beyond, whole : array, shape (m, 6)
        What the overshoot adds past the far edge, and pieces and addition in one.
    half_kerf, overshoot : float
        Millimetres.
    """

    origin: Floats
    axes: Floats
    pieces: Floats
    beyond: Floats
    whole: Floats
    half_kerf: float
    overshoot: float


class Minimum(NamedTuple):
    """Smallest signed distance of one structure, shape () each, or (3,) points in LPS mm."""

    value_mm: float
    tool_lps_mm: Floats
    surface_lps_mm: Floats
    field_mm: float


def slab_of(blade: Blade) -> Slab:
    """Return the slab a blade sweeps."""
    pieces = _trapezoids(blade.outline_mm)
    beyond, whole = pieces.copy(), pieces.copy()
    beyond[:, 2:4] = pieces[:, 4:6]
    beyond[:, 4:6] += blade.overshoot_mm
    whole[:, 4:6] += blade.overshoot_mm
    return Slab(
        np.asarray(blade.origin_lps_mm, dtype=np.float64),
        blade.axes,
        pieces,
        beyond,
        whole,
        blade.kerf_mm / 2,
        blade.overshoot_mm,
    )


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
    found = _minima(slab, forest, fields, origin_lps_mm, spacing_mm)
    return [(_minimum(row[0]), _minimum(row[1])) for row in found]


def _minimum(row: Floats) -> Minimum:
    return Minimum(float(row[0]), row[1:4], row[4:7], float(row[7]))


def _trapezoids(outline_mm: Floats) -> Floats:
    """Cut a polygon, shape (n, 2), at every vertex along b, pairing the edges above each other."""
    cuts = np.unique(np.round(outline_mm[:, 0], 9))
    starts, ends = outline_mm, np.roll(outline_mm, -1, axis=0)
    pieces = []
    for a0, a1 in pairwise(cuts):
        edges = sorted(
            _edge_between(p, q, a0, a1)
            for p, q in zip(starts, ends, strict=True)
            if min(p[0], q[0]) <= a0 + 1e-9 and max(p[0], q[0]) >= a1 - 1e-9
        )
        for (_, low0, low1), (_, high0, high1) in zip(edges[::2], edges[1::2], strict=True):
            if high0 + high1 > low0 + low1:
                pieces.append((a0, a1, low0, low1, high0, high1))
    return np.array(pieces, dtype=np.float64).reshape(-1, 6)


def _edge_between(p: Floats, q: Floats, a0: float, a1: float) -> tuple[float, float, float]:
    slope = (q[1] - p[1]) / (q[0] - p[0])
    b0, b1 = float(p[1] + (a0 - p[0]) * slope), float(p[1] + (a1 - p[0]) * slope)
    return (b0 + b1) / 2, b0, b1


@nb.njit(nogil=True, cache=True)
def _minima(
    slab: Slab, forest: Forest, fields: NDArray[np.float32], origin: Floats, spacing: float
) -> Floats:
    result = np.empty((len(fields), 2, 8))
    for structure in range(len(fields)):
        field = fields[structure]
        start = np.array([np.inf, 0.0, 0.0, 0.0])
        best = _searched(slab, slab.pieces, field, origin, spacing, start)
        _settle(slab, slab.pieces, forest, structure, best, result[structure, 0])
        result[structure, 1] = result[structure, 0]
        if slab.overshoot > 0:
            further = _searched(slab, slab.beyond, field, origin, spacing, best)
            if further[0] < best[0]:
                _settle(slab, slab.whole, forest, structure, further, result[structure, 1])
            if result[structure, 0, 0] <= result[structure, 1, 0]:
                result[structure, 1] = result[structure, 0]
    return result


@nb.njit(nogil=True, cache=True)
def _to_lps(slab: Slab, a: float, b: float, n: float) -> tuple[float, float, float]:
    o, m = slab.origin, slab.axes
    return (
        o[0] + a * m[0, 0] + b * m[1, 0] + n * m[2, 0],
        o[1] + a * m[0, 1] + b * m[1, 1] + n * m[2, 1],
        o[2] + a * m[0, 2] + b * m[1, 2] + n * m[2, 2],
    )


@nb.njit(nogil=True, cache=True)
def _to_local(slab: Slab, x: float, y: float, z: float) -> tuple[float, float, float]:
    dx, dy, dz = x - slab.origin[0], y - slab.origin[1], z - slab.origin[2]
    m = slab.axes
    return (
        m[0, 0] * dx + m[0, 1] * dy + m[0, 2] * dz,
        m[1, 0] * dx + m[1, 1] * dy + m[1, 2] * dz,
        m[2, 0] * dx + m[2, 1] * dy + m[2, 2] * dz,
    )


@nb.njit(nogil=True, cache=True)
def _b_at(piece: Floats, a: float, share: float) -> float:
    """Return b at `a`, `share` of the way from the trapezoid's low side to its high side."""
    part = (a - piece[0]) / (piece[1] - piece[0])
    low = piece[2] + part * (piece[3] - piece[2])
    return float(low + share * (piece[4] + part * (piece[5] - piece[4]) - low))


@nb.njit(nogil=True, cache=True)
def _reach(piece: Floats, cell: Floats, b: float) -> float:
    """Return how far any point of a cell lies from its middle, in the (a, b) plane."""
    worst = 0.0
    for side in (-1.0, 1.0):
        for end in (-1.0, 1.0):
            other = _b_at(piece, cell[0] + side * cell[3], cell[1] + end * cell[4])
            worst = max(worst, (other - b) ** 2)
    return float(np.sqrt(worst + cell[3] ** 2))


@nb.njit(nogil=True, cache=True)
def _searched(
    slab: Slab, pieces: Floats, field: NDArray[np.float32], origin: Floats, spacing: float, known: Floats
) -> Floats:
    """Return value, a, b, n of the smallest field value over pieces, if below the known one."""
    best = known.copy()
    inverse = 1.0 / spacing
    # A cell: middle a, share, n, half sizes of the three, lower bound.
    stack = np.empty((_STACK, 7))
    for p in range(len(pieces)):
        piece = pieces[p]
        stack[0, 0], stack[0, 1], stack[0, 2] = (piece[0] + piece[1]) / 2, 0.5, 0.0
        stack[0, 3], stack[0, 4], stack[0, 5] = (piece[1] - piece[0]) / 2, 0.5, slab.half_kerf
        stack[0, 6] = -np.inf
        waiting = 1
        while waiting > 0:
            waiting -= 1
            cell = stack[waiting]
            tolerance = _TOLERANCE_MM if best[0] > _DEEP_MM else _DEEP_TOLERANCE_MM
            if cell[6] >= best[0] - tolerance:
                continue
            b = _b_at(piece, cell[0], cell[1])
            x, y, z = _to_lps(slab, cell[0], b, cell[2])
            value = sample(field, origin, inverse, x, y, z)
            if value < best[0]:
                best[0], best[1], best[2], best[3] = value, cell[0], b, cell[2]
            flat = _reach(piece, cell, b)
            reach = np.sqrt(flat * flat + cell[5] * cell[5])
            least = value - reach - _SLACK_MM
            if least >= best[0] - tolerance or reach < _SMALLEST_CELL_MM:
                continue
            axis = _longest(piece, cell)
            half = cell[3 + axis] / 2
            other = stack[waiting + 1]
            for k in range(6):
                other[k] = cell[k]
            cell[axis] -= half
            other[axis] += half
            cell[3 + axis] = other[3 + axis] = half
            cell[6] = other[6] = least
            waiting += 2
    return best


@nb.njit(nogil=True, cache=True)
def _longest(piece: Floats, cell: Floats) -> int:
    along = _b_at(piece, cell[0], cell[1] + cell[4]) - _b_at(piece, cell[0], cell[1] - cell[4])
    if 2 * cell[3] >= along and cell[3] >= cell[5]:
        return 0
    return 1 if along >= 2 * cell[5] else 2


@nb.njit(nogil=True, cache=True)
def _onto(slab: Slab, pieces: Floats, a: float, b: float, n: float) -> tuple[float, float, float]:
    """Return the point of the slab nearest to a local point."""
    best, best_a, best_b = np.inf, a, b
    for p in range(len(pieces)):
        qa, qb = _onto_piece(pieces[p], a, b)
        d2 = (qa - a) ** 2 + (qb - b) ** 2
        if d2 < best:
            best, best_a, best_b = d2, qa, qb
    return best_a, best_b, min(max(n, -slab.half_kerf), slab.half_kerf)


@nb.njit(nogil=True, cache=True)
def _onto_piece(piece: Floats, a: float, b: float) -> tuple[float, float]:
    if piece[0] <= a <= piece[1] and _b_at(piece, a, 0.0) <= b <= _b_at(piece, a, 1.0):
        return a, b
    best, best_a, best_b = np.inf, a, b
    for side in range(4):
        if side < 2:  # the low and the high edge
            pa, pb = piece[0], piece[2 + 2 * side]
            qa, qb = piece[1], piece[3 + 2 * side]
        else:  # the edges at a0 and a1
            pa = qa = piece[side - 2]
            pb, qb = piece[side], piece[side + 2]
        ua, ub = qa - pa, qb - pb
        length2 = ua * ua + ub * ub
        share = 0.0
        if length2 > 0:
            share = min(max(((a - pa) * ua + (b - pb) * ub) / length2, 0.0), 1.0)
        ca, cb = pa + share * ua, pb + share * ub
        d2 = (ca - a) ** 2 + (cb - b) ** 2
        if d2 < best:
            best, best_a, best_b = d2, ca, cb
    return best_a, best_b


@nb.njit(nogil=True, cache=True)
def nearest_to(slab: Slab, overshoot: bool, points: Floats) -> float:
    """Return the distance from the slab, run on by its overshoot if asked, to the nearest of LPS points."""
    pieces = slab.whole if overshoot else slab.pieces
    best = np.inf
    for p in range(len(points)):
        a, b, n = _to_local(slab, points[p, 0], points[p, 1], points[p, 2])
        qa, qb, qn = _onto(slab, pieces, a, b, n)
        best = min(best, (qa - a) ** 2 + (qb - b) ** 2 + (qn - n) ** 2)
    return float(np.sqrt(best))


@nb.njit(nogil=True, cache=True)
def _signed(
    slab: Slab, forest: Forest, mesh: int, a: float, b: float, n: float
) -> tuple[float, float, float, float]:
    x, y, z = _to_lps(slab, a, b, n)
    d2, _, qx, qy, qz = nearest(forest, mesh, x, y, z, np.inf)
    distance = np.sqrt(d2)
    return (-distance if is_inside(forest, mesh, x, y, z) else distance), qx, qy, qz


@nb.njit(nogil=True, cache=True)
def _settle(slab: Slab, pieces: Floats, forest: Forest, mesh: int, found: Floats, row: Floats) -> None:
    """Turn a place found on the field into the exact minimum on the mesh near it."""
    a, b, n = found[1], found[2], found[3]
    x, y, z = _to_lps(slab, a, b, n)
    reach = abs(found[0]) + 2.0
    d2, t, qx, qy, qz = nearest(forest, mesh, x, y, z, reach * reach)
    if t < 0:
        d2, t, qx, qy, qz = nearest(forest, mesh, x, y, z, np.inf)
    value = np.sqrt(d2)
    for _ in range(_SLIDES):
        if value <= _STILL_MM or found[0] < -_NEAR_MM:
            break
        ta, tb, tn = _to_local(slab, qx, qy, qz)
        ta, tb, tn = _onto(slab, pieces, ta, tb, tn)
        if (ta - a) ** 2 + (tb - b) ** 2 + (tn - n) ** 2 < _STILL_MM**2:
            break
        x, y, z = _to_lps(slab, ta, tb, tn)
        d2, t, rx, ry, rz = nearest(forest, mesh, x, y, z, value * value)
        if t < 0 or np.sqrt(d2) > value - _STILL_MM / 10:
            break
        a, b, n, value, qx, qy, qz = ta, tb, tn, np.sqrt(d2), rx, ry, rz
    if value < _NEAR_MM or found[0] < _NEAR_MM:
        a, b, n, value, qx, qy, qz = _deepened(slab, pieces, forest, mesh, a, b, n)
    row[0] = value
    row[1], row[2], row[3] = _to_lps(slab, a, b, n)
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
            ta, tb, tn = _onto(slab, pieces, ta, tb, tn)
            x, y, z = _to_lps(slab, ta, tb, tn)
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
