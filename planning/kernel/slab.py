"""The swept slab of a blade in plain arrays, for compiled code (INTERCHANGE section 2).

The flat region is cut into trapezoids between two values of a, in order of a; run on by the
overshoot along b, each stays a trapezoid, so slab and overshoot slab are handled alike.
"""

from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats

_OUTLINES_KEPT: Final = 256  # a dragged blade keeps its outline


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


def slab_of(blade: Blade) -> Slab:
    """Return the slab a blade sweeps."""
    pieces = _trapezoids(blade.outline_mm.tobytes()).copy()
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


@lru_cache(maxsize=_OUTLINES_KEPT)
def _trapezoids(corners: bytes) -> Floats:
    """Cut a polygon, the bytes of (n, 2) floats, at every vertex along b, pairing edges above each other."""
    outline_mm = np.frombuffer(corners).reshape(-1, 2)
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
def to_lps(slab: Slab, a: float, b: float, n: float) -> tuple[float, float, float]:
    """Map local (a, b, n) to LPS millimetres."""
    o, m = slab.origin, slab.axes
    return (
        o[0] + a * m[0, 0] + b * m[1, 0] + n * m[2, 0],
        o[1] + a * m[0, 1] + b * m[1, 1] + n * m[2, 1],
        o[2] + a * m[0, 2] + b * m[1, 2] + n * m[2, 2],
    )


@nb.njit(nogil=True, cache=True)
def to_local(slab: Slab, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Map LPS millimetres to local (a, b, n)."""
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
def _first_piece(pieces: Floats, a: float) -> int:
    """Return the first trapezoid that ends at or beyond `a`: they lie in order of a."""
    low, high = 0, len(pieces)
    while low < high:
        middle = (low + high) // 2
        if pieces[middle, 1] < a:
            low = middle + 1
        else:
            high = middle
    return low


@nb.njit(nogil=True, cache=True)
def touches(pieces: Floats, cell: Floats) -> bool:
    """Say whether a cell may hold points of the region; never wrongly denied."""
    for p in range(_first_piece(pieces, cell[0] - cell[3]), len(pieces)):
        if pieces[p, 0] > cell[0] + cell[3]:
            return False
        low, high = min(pieces[p, 2], pieces[p, 3]), max(pieces[p, 4], pieces[p, 5])
        if low <= cell[1] + cell[4] and high >= cell[1] - cell[4]:
            return True
    return False


@nb.njit(nogil=True, cache=True)
def holds(pieces: Floats, a: float, b: float) -> bool:
    """Say whether (a, b) lies in the region."""
    for p in range(_first_piece(pieces, a), len(pieces)):
        if pieces[p, 0] > a:
            return False
        if _b_at(pieces[p], a, 0.0) <= b <= _b_at(pieces[p], a, 1.0):
            return True
    return False


@nb.njit(nogil=True, cache=True)
def whole_cell(slab: Slab, pieces: Floats, cell: Floats) -> None:
    """Make a cell of the region's bounding box: middle a, b, n, half sizes of the three, lower bound."""
    low, high = np.inf, -np.inf
    for p in range(len(pieces)):
        low = min(low, pieces[p, 2], pieces[p, 3])
        high = max(high, pieces[p, 4], pieces[p, 5])
    first, last = pieces[0, 0], pieces[len(pieces) - 1, 1]
    cell[0], cell[1], cell[2] = (first + last) / 2, (low + high) / 2, 0.0
    cell[3], cell[4], cell[5] = (last - first) / 2, (high - low) / 2, slab.half_kerf
    cell[6] = -np.inf


@nb.njit(nogil=True, cache=True)
def onto(slab: Slab, pieces: Floats, a: float, b: float, n: float) -> tuple[float, float, float]:
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
def nearest_points(slab: Slab, points: Floats, ends: NDArray[np.int64], within_mm: Floats) -> Floats:
    """Return the distance from the slab to the nearest of several groups of LPS points.

    Parameters
    ----------
    slab : Slab
    points : array, shape (n, 3)
        The groups, one behind the other.
    ends : array, shape (groups,)
        Where each group ends.
    within_mm : array, shape (groups, 2)
        How far is looked, for the slab and for the slab run on by its overshoot.

    Returns
    -------
    array, shape (groups, 2)
        At most `within_mm`.
    """
    result = within_mm.copy()
    box = np.empty(7)
    for overshoot in range(2):
        pieces = slab.whole if overshoot else slab.pieces
        whole_cell(slab, pieces, box)
        first = 0
        for group in range(len(ends)):
            for p in range(first, ends[group]):
                a, b, n = to_local(slab, points[p, 0], points[p, 1], points[p, 2])
                da, db = max(abs(a - box[0]) - box[3], 0.0), max(abs(b - box[1]) - box[4], 0.0)
                dn = max(abs(n) - box[5], 0.0)
                if da * da + db * db + dn * dn >= result[group, overshoot] ** 2:
                    continue
                qa, qb, qn = onto(slab, pieces, a, b, n)
                found = np.sqrt((qa - a) ** 2 + (qb - b) ** 2 + (qn - n) ** 2)
                result[group, overshoot] = min(result[group, overshoot], found)
            first = ends[group]
    return result
