"""Bone voxels as a graph that swept slabs cut: pieces, and volumes exact to the slab.

Two neighbouring voxels (6-neighbourhood) are parted when the segment between their centres meets a
slab, so a kerf thinner than a voxel cuts too; a voxel whose centre lies in a slab is kerf. Neighbours
hold together within one bone, and wherever one of the two is tumour: tumour is tissue grown into
bone. Two bones whose labels merely touch do not.

Arrays are (k, j, i); a slab works in its own millimetres (a, b, n), reached from (i, j, k) by an
affine, so that oblique and flipped grids need no special case.
"""

from typing import Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats

Labels = NDArray[np.uint8]
Ints = NDArray[np.int32]

KERF: Final = 8
"""The voxel's centre lies in a slab. Bits 0, 1, 2 of the flags: parted from the next along i, j, k."""
NEAR: Final = 16
"""The voxel's box may meet a slab: its volume is settled line by line."""

_TOUCH_MM: Final = 1e-7  # slabs that share an edge leave no gap for rounding


class Slabs(NamedTuple):
    """Swept slabs in index coordinates.

    Parameters
    ----------
    frames : array, shape (m, 3, 4)
        Rows map (i, j, k, 1) to a, b and n millimetres.
    half_mm : array, shape (m,)
        Half the kerf.
    outlines : array, shape (points, 2)
        The regions' polygons in (a, b), one behind the other; not closed.
    starts : array of int32, shape (m + 1,)
    low_ijk, high_ijk : array of int32, shape (m, 3)
        First and last voxel each slab may concern.
    """

    frames: Floats
    half_mm: Floats
    outlines: Floats
    starts: Ints
    low_ijk: Ints
    high_ijk: Ints


@nb.njit(nogil=True, cache=True)
def local_of(frame: Floats, i: float, j: float, k: float) -> tuple[float, float, float]:
    """Return (a, b, n) of a point in index coordinates."""
    a = frame[0, 0] * i + frame[0, 1] * j + frame[0, 2] * k + frame[0, 3]
    b = frame[1, 0] * i + frame[1, 1] * j + frame[1, 2] * k + frame[1, 3]
    n = frame[2, 0] * i + frame[2, 1] * j + frame[2, 2] * k + frame[2, 3]
    return a, b, n


@nb.njit(nogil=True, cache=True)
def in_outline(slabs: Slabs, m: int, a: float, b: float) -> bool:
    """Say whether (a, b) lies in the region of slab `m`, its edge included."""
    first, last = slabs.starts[m], slabs.starts[m + 1]
    inside = False
    a0, b0 = slabs.outlines[last - 1, 0], slabs.outlines[last - 1, 1]
    for p in range(first, last):
        a1, b1 = slabs.outlines[p, 0], slabs.outlines[p, 1]
        da, db = a1 - a0, b1 - b0
        length2 = da * da + db * db
        t = 0.0 if length2 == 0.0 else min(max(((a - a0) * da + (b - b0) * db) / length2, 0.0), 1.0)
        if (a - a0 - t * da) ** 2 + (b - b0 - t * db) ** 2 <= _TOUCH_MM * _TOUCH_MM:
            return True
        if (b0 > b) != (b1 > b) and a < a0 + (b - b0) * da / db:
            inside = not inside
        a0, b0 = a1, b1
    return inside


@nb.njit(nogil=True, cache=True)
def edge_crossing(
    a0: float, b0: float, a1: float, b1: float, c0: float, d0: float, c1: float, d1: float
) -> float:
    """Return where (0..1) the segment (a0,b0)-(a1,b1) meets the edge (c0,d0)-(c1,d1), or -1."""
    ua, ub, va, vb = a1 - a0, b1 - b0, c1 - c0, d1 - d0
    cross = ua * vb - ub * va
    if cross == 0.0:
        return -1.0
    wa, wb = c0 - a0, d0 - b0
    t = (wa * vb - wb * va) / cross
    s = (wa * ub - wb * ua) / cross
    return t if 0.0 <= t <= 1.0 and 0.0 <= s <= 1.0 else -1.0


@nb.njit(nogil=True, cache=True)
def thickness_span(n0: float, n1: float, half: float) -> tuple[float, float]:
    """Return the part (t0, t1) of a segment that lies within the thickness; empty where t0 > t1."""
    dn = n1 - n0
    if abs(dn) < 1e-12:
        return (0.0, 1.0) if abs(n0) <= half else (1.0, 0.0)
    t0, t1 = (-half - n0) / dn, (half - n0) / dn
    if t0 > t1:
        t0, t1 = t1, t0
    return max(t0, 0.0), min(t1, 1.0)


@nb.njit(nogil=True, cache=True)
def meets(slabs: Slabs, m: int, a0: float, b0: float, n0: float, a1: float, b1: float, n1: float) -> bool:
    """Say whether a segment given in the slab's own millimetres meets the slab."""
    half = slabs.half_mm[m] + _TOUCH_MM
    if (n0 > half and n1 > half) or (n0 < -half and n1 < -half):
        return False
    t0, t1 = thickness_span(n0, n1, half)
    if t0 > t1:
        return False
    p0, q0, p1, q1 = a0 + t0 * (a1 - a0), b0 + t0 * (b1 - b0), a0 + t1 * (a1 - a0), b0 + t1 * (b1 - b0)
    if in_outline(slabs, m, p0, q0) or in_outline(slabs, m, p1, q1):
        return True
    last = slabs.starts[m + 1] - 1
    for p in range(slabs.starts[m], slabs.starts[m + 1]):
        c0, d0 = slabs.outlines[last, 0], slabs.outlines[last, 1]
        if edge_crossing(p0, q0, p1, q1, c0, d0, slabs.outlines[p, 0], slabs.outlines[p, 1]) >= 0.0:
            return True
        last = p
    return False


@nb.njit(nogil=True, cache=True)
def held(tissue_kji: Labels, tumour_kji: Labels, k: int, j: int, i: int, z: int, y: int, x: int) -> bool:
    """Say whether two uncut neighbours hold together."""
    one, other = tissue_kji[k, j, i], tissue_kji[z, y, x]
    if one == 0 or other == 0:
        return False
    return bool(one == other or tumour_kji[k, j, i] > 0 or tumour_kji[z, y, x] > 0)


@nb.njit(nogil=True, cache=True)
def cut_edges(tissue_kji: Labels, tumour_kji: Labels, slabs: Slabs) -> tuple[Labels, NDArray[np.int64]]:
    """Return the flags of every voxel, and for each slab how many neighbours it parts or voxels it takes.

    Parameters
    ----------
    tissue_kji : array of uint8
        Bone number per voxel, tumour outside bone as a number of its own; 0 where there is no
        tissue. The outermost voxels must be 0.
    tumour_kji : array of uint8
        0 none, 1 another tumour, 2 the plan's tumour.
    """
    flags = np.zeros(tissue_kji.shape, np.uint8)
    touched = np.zeros(len(slabs.half_mm), np.int64)
    for m in range(len(slabs.half_mm)):
        row = np.abs(slabs.frames[m, 2, :3])
        far = slabs.half_mm[m] + max(row.sum() / 2, row.max()) + _TOUCH_MM
        low, high = slabs.low_ijk[m], slabs.high_ijk[m]
        for k in range(low[2], high[2] + 1):
            for j in range(low[1], high[1] + 1):
                for i in range(low[0], high[0] + 1):
                    if tissue_kji[k, j, i] > 0:
                        a, b, n = local_of(slabs.frames[m], i, j, k)
                        if abs(n) <= far:
                            touched[m] += _mark(flags, tissue_kji, tumour_kji, slabs, m, (k, j, i), (a, b, n))
    return flags, touched


@nb.njit(nogil=True, cache=True)
def _mark(
    flags_kji: Labels,
    tissue_kji: Labels,
    tumour_kji: Labels,
    slabs: Slabs,
    m: int,
    voxel: tuple[int, int, int],
    abn: tuple[float, float, float],
) -> int:
    """Set the flags one slab gives one voxel; return how many partings that makes."""
    k, j, i = voxel
    a, b, n = abn
    frame, half = slabs.frames[m], slabs.half_mm[m]
    touched = 0
    if abs(n) <= half + np.abs(frame[2, :3]).sum() / 2:
        flags_kji[k, j, i] |= np.uint8(NEAR)
    if abs(n) <= half + _TOUCH_MM and in_outline(slabs, m, a, b):
        flags_kji[k, j, i] |= np.uint8(KERF)
        touched += 1
    for axis in range(3):
        z, y, x = k + int(axis == 2), j + int(axis == 1), i + int(axis == 0)
        if held(tissue_kji, tumour_kji, k, j, i, z, y, x) and meets(
            slabs, m, a, b, n, a + frame[0, axis], b + frame[1, axis], n + frame[2, axis]
        ):
            flags_kji[k, j, i] |= np.uint8(1 << axis)
            touched += 1
    return touched


@nb.njit(nogil=True, cache=True)
def _root(parent: Ints, n: int) -> int:
    while parent[n] != n:
        parent[n] = parent[parent[n]]
        n = parent[n]
    return n


@nb.njit(nogil=True, cache=True)
def components(tissue_kji: Labels, tumour_kji: Labels, flags_kji: Labels) -> tuple[Ints, int]:
    """Return the component of every voxel (0 in the kerf and outside tissue) and how many there are."""
    found = np.zeros(tissue_kji.shape, np.int32)
    parent = np.zeros(int((tissue_kji.ravel() > 0).sum()) + 1, np.int32)
    used = 0
    nk, nj, ni = tissue_kji.shape
    for k in range(1, nk - 1):
        for j in range(1, nj - 1):
            for i in range(1, ni - 1):
                if tissue_kji[k, j, i] > 0 and not flags_kji[k, j, i] & KERF:
                    mine = _joined(found, parent, tissue_kji, tumour_kji, flags_kji, (k, j, i))
                    if mine == 0:
                        used += 1
                        parent[used] = mine = used
                    found[k, j, i] = mine
    return found, _renumbered(found.reshape(-1), parent, used)


@nb.njit(nogil=True, cache=True)
def _joined(
    found: Ints,
    parent: Ints,
    tissue_kji: Labels,
    tumour_kji: Labels,
    flags_kji: Labels,
    voxel: tuple[int, int, int],
) -> int:
    """Join the components of the voxel's three earlier neighbours it holds to; return theirs, or 0."""
    k, j, i = voxel
    mine = 0
    for axis in range(3):
        z, y, x = k - int(axis == 2), j - int(axis == 1), i - int(axis == 0)
        if found[z, y, x] == 0 or flags_kji[z, y, x] & (1 << axis):
            continue
        if not held(tissue_kji, tumour_kji, k, j, i, z, y, x):
            continue
        other = _root(parent, found[z, y, x])
        if mine > 0 and other != mine:
            parent[max(mine, other)] = min(mine, other)
            other = min(mine, other)
        mine = other
    return mine


@nb.njit(nogil=True, cache=True)
def _renumbered(found: Ints, parent: Ints, used: int) -> int:
    number = np.zeros(used + 1, np.int32)
    count = 0
    for n in range(1, used + 1):
        if parent[n] == n:
            count += 1
            number[n] = count
    for v in range(len(found)):
        if found[v] > 0:
            found[v] = number[_root(parent, found[v])]
    return count


@nb.njit(nogil=True, cache=True)
def sides_of_slabs(
    tissue_kji: Labels, tumour_kji: Labels, found_kji: Ints, count: int, slabs: Slabs
) -> NDArray[np.int64]:
    """Return, per slab and component, how many of the component's voxels look onto the slab.

    Shape (m, count + 1). A slab that only one component looks onto parts nothing.
    """
    seen = np.zeros((len(slabs.half_mm), count + 1), np.int64)
    for m in range(len(slabs.half_mm)):
        far = slabs.half_mm[m] + np.abs(slabs.frames[m, 2, :3]).max() + _TOUCH_MM
        low, high = slabs.low_ijk[m], slabs.high_ijk[m]
        for k in range(low[2], high[2] + 1):
            for j in range(low[1], high[1] + 1):
                for i in range(low[0], high[0] + 1):
                    if found_kji[k, j, i] > 0:
                        a, b, n = local_of(slabs.frames[m], i, j, k)
                        if abs(n) <= far and _looks_onto(
                            tissue_kji, tumour_kji, slabs, m, (k, j, i), (a, b, n)
                        ):
                            seen[m, found_kji[k, j, i]] += 1
    return seen


@nb.njit(nogil=True, cache=True)
def _looks_onto(
    tissue_kji: Labels,
    tumour_kji: Labels,
    slabs: Slabs,
    m: int,
    voxel: tuple[int, int, int],
    abn: tuple[float, float, float],
) -> bool:
    k, j, i = voxel
    a, b, n = abn
    frame = slabs.frames[m]
    for way in range(6):
        axis, sign = way // 2, 1 - 2 * (way % 2)
        z, y, x = k + sign * int(axis == 2), j + sign * int(axis == 1), i + sign * int(axis == 0)
        if held(tissue_kji, tumour_kji, k, j, i, z, y, x) and meets(
            slabs, m, a, b, n, a + sign * frame[0, axis], b + sign * frame[1, axis], n + sign * frame[2, axis]
        ):
            return True
    return False


@nb.njit(nogil=True, cache=True)
def segments_cut(starts_ijk: Floats, ends_ijk: Floats, slabs: Slabs) -> NDArray[np.bool_]:
    """Say for segments in index coordinates, shape (n, 3) each, which slabs they meet: shape (n, m)."""
    result = np.zeros((len(starts_ijk), len(slabs.half_mm)), np.bool_)
    for s in range(len(starts_ijk)):
        p, q = starts_ijk[s], ends_ijk[s]
        for m in range(len(slabs.half_mm)):
            a0, b0, n0 = local_of(slabs.frames[m], p[0], p[1], p[2])
            a1, b1, n1 = local_of(slabs.frames[m], q[0], q[1], q[2])
            result[s, m] = meets(slabs, m, a0, b0, n0, a1, b1, n1)
    return result
