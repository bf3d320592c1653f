"""Volumes of cut pieces, exact to the slab where it passes through voxels.

A voxel near a slab is run through by lines along the axis most nearly at right angles to the slab.
On each line the stretch inside the kerf is exact; what is left of it goes to the nearest voxel of
the same bone that it reaches without crossing a slab.
"""

from typing import Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats
from planning.kernel.voxel_graph import (
    NEAR,
    Ints,
    Labels,
    Slabs,
    edge_crossing,
    held,
    in_outline,
    local_of,
    meets,
    thickness_span,
)

_LINES: Final = 4  # per direction across the line
_MOST_BREAKS: Final = 256
PLAN_TUMOUR: Final = 2


class Volumes(NamedTuple):
    """Volumes in voxels, shape (components + 1,) each.

    Index 0 holds what lies beside a slab but belongs to no component: slivers thinner than a voxel.
    `kerf` has two entries: all tissue the tools take, and the plan's tumour among it.
    """

    tissue: Floats
    tumour: Floats
    kerf: Floats


class Cut(NamedTuple):
    """Voxels as `voxel_graph` leaves them."""

    tissue_kji: Labels
    tumour_kji: Labels
    flags_kji: Labels
    found_kji: Ints
    pieces: int


@nb.njit(nogil=True, cache=True)
def volumes_of(cut: Cut, slabs: Slabs, spacing_ijk_mm: Floats) -> Volumes:
    """Return the volume of every component, of the plan's tumour in it, and of the kerf."""
    tissue, tumour, kerf = np.zeros(cut.pieces + 1), np.zeros(cut.pieces + 1), np.zeros(2)
    near = np.zeros(len(slabs.half_mm), np.int32)
    breaks = np.zeros(_MOST_BREAKS)
    nk, nj, ni = cut.tissue_kji.shape
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                if cut.tissue_kji[k, j, i] == 0:
                    continue
                sick = 1.0 if cut.tumour_kji[k, j, i] == PLAN_TUMOUR else 0.0
                met = 0
                if cut.flags_kji[k, j, i] & NEAR:
                    met = _slabs_near(slabs, k, j, i, near)
                if met == 0:
                    tissue[cut.found_kji[k, j, i]] += 1.0
                    tumour[cut.found_kji[k, j, i]] += sick
                else:
                    _share(
                        cut,
                        slabs,
                        spacing_ijk_mm,
                        (k, j, i),
                        near[:met],
                        breaks,
                        sick,
                        (tissue, tumour, kerf),
                    )
    return Volumes(tissue, tumour, kerf)


@nb.njit(nogil=True, cache=True)
def _slabs_near(slabs: Slabs, k: int, j: int, i: int, near: Ints) -> int:
    """Write the slabs whose planes may meet the voxel's box into `near`; return how many."""
    met = 0
    for m in range(len(slabs.half_mm)):
        low, high = slabs.low_ijk[m], slabs.high_ijk[m]
        if i < low[0] or i > high[0] or j < low[1] or j > high[1] or k < low[2] or k > high[2]:
            continue
        row = slabs.frames[m, 2]
        n = row[0] * i + row[1] * j + row[2] * k + row[3]
        if abs(n) <= slabs.half_mm[m] + (abs(row[0]) + abs(row[1]) + abs(row[2])) / 2:
            near[met] = m
            met += 1
    return met


@nb.njit(nogil=True, cache=True)
def _share(
    cut: Cut,
    slabs: Slabs,
    spacing: Floats,
    voxel: tuple[int, int, int],
    near: Ints,
    breaks: Floats,
    sick: float,
    sums: tuple[Floats, Floats, Floats],
) -> None:
    """Give the parts of one voxel to the kerf and to the components on its sides."""
    row = slabs.frames[near[0], 2]
    axis = int(np.argmax(np.abs(row[:3])))
    side, other = (axis + 1) % 3, (axis + 2) % 3
    start = np.empty(3)
    weight = 1.0 / (_LINES * _LINES)
    for u in range(_LINES):
        for v in range(_LINES):
            start[0], start[1], start[2] = voxel[2], voxel[1], voxel[0]
            start[axis] -= 0.5
            start[side] += (u + 0.5) / _LINES - 0.5
            start[other] += (v + 0.5) / _LINES - 0.5
            count = _breaks_on(slabs, near, start, axis, breaks)
            for s in range(count - 1):
                length = breaks[s + 1] - breaks[s]
                if length <= 1e-12:
                    continue
                middle = start.copy()
                middle[axis] += (breaks[s] + breaks[s + 1]) / 2
                if _in_any(slabs, near, middle):
                    sums[2][0] += length * weight
                    sums[2][1] += length * weight * sick
                else:
                    owner = _owner(cut, slabs, near, spacing, voxel, middle)
                    sums[0][owner] += length * weight
                    sums[1][owner] += length * weight * sick


@nb.njit(nogil=True, cache=True)
def _breaks_on(slabs: Slabs, near: Ints, start: Floats, axis: int, breaks: Floats) -> int:
    """Write where a line of one voxel's length enters or leaves a slab, sorted, 0 and 1 included."""
    breaks[0], breaks[1] = 0.0, 1.0
    count = 2
    for m in near:
        frame = slabs.frames[m]
        a0, b0, n0 = local_of(frame, start[0], start[1], start[2])
        a1, b1, n1 = a0 + frame[0, axis], b0 + frame[1, axis], n0 + frame[2, axis]
        t0, t1 = thickness_span(n0, n1, slabs.half_mm[m])
        if t0 > t1:
            continue
        if count + 2 + slabs.starts[m + 1] - slabs.starts[m] > _MOST_BREAKS:
            break
        breaks[count], breaks[count + 1] = t0, t1
        count += 2
        last = slabs.starts[m + 1] - 1
        for p in range(slabs.starts[m], slabs.starts[m + 1]):
            c0, d0 = slabs.outlines[last, 0], slabs.outlines[last, 1]
            t = edge_crossing(a0, b0, a1, b1, c0, d0, slabs.outlines[p, 0], slabs.outlines[p, 1])
            if t >= 0.0:
                breaks[count] = t
                count += 1
            last = p
    breaks[:count].sort()
    return count


@nb.njit(nogil=True, cache=True)
def _in_any(slabs: Slabs, near: Ints, point: Floats) -> bool:
    for m in near:
        a, b, n = local_of(slabs.frames[m], point[0], point[1], point[2])
        if abs(n) <= slabs.half_mm[m] and in_outline(slabs, m, a, b):
            return True
    return False


@nb.njit(nogil=True, cache=True)
def _owner(
    cut: Cut, slabs: Slabs, near: Ints, spacing: Floats, voxel: tuple[int, int, int], point: Floats
) -> int:
    """Return the component a point beside a slab belongs to; 0 where it is cut off from every voxel."""
    k, j, i = voxel
    best, best2 = 0, np.inf
    nk, nj, ni = cut.tissue_kji.shape
    for z in range(max(k - 1, 0), min(k + 2, nk)):
        for y in range(max(j - 1, 0), min(j + 2, nj)):
            for x in range(max(i - 1, 0), min(i + 2, ni)):
                if cut.found_kji[z, y, x] == 0:
                    continue
                far2 = ((point[0] - x) * spacing[0]) ** 2
                far2 += ((point[1] - y) * spacing[1]) ** 2 + ((point[2] - z) * spacing[2]) ** 2
                if far2 >= best2 or not held(cut.tissue_kji, cut.tumour_kji, k, j, i, z, y, x):
                    continue
                if not _parted(slabs, near, point, x, y, z):
                    best, best2 = cut.found_kji[z, y, x], far2
    return best


@nb.njit(nogil=True, cache=True)
def _parted(slabs: Slabs, near: Ints, point: Floats, i: int, j: int, k: int) -> bool:
    for m in near:
        a0, b0, n0 = local_of(slabs.frames[m], point[0], point[1], point[2])
        a1, b1, n1 = local_of(slabs.frames[m], i, j, k)
        if meets(slabs, m, a0, b0, n0, a1, b1, n1):
            return True
    return False


@nb.njit(nogil=True, cache=True)
def surface_voxels(tissue_kji: Labels) -> NDArray[np.int64]:
    """Return flat indices of tissue voxels that have a 6-neighbour of another number (or none)."""
    nk, nj, ni = tissue_kji.shape
    found = np.empty(1024, np.int64)
    count = 0
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                mine = tissue_kji[k, j, i]
                if mine == 0 or not _on_surface(tissue_kji, k, j, i):
                    continue
                if count == len(found):
                    longer = np.empty(2 * count, np.int64)
                    longer[:count] = found
                    found = longer
                found[count] = (k * nj + j) * ni + i
                count += 1
    return found[:count].copy()


@nb.njit(nogil=True, cache=True)
def _on_surface(tissue_kji: Labels, k: int, j: int, i: int) -> bool:
    nk, nj, ni = tissue_kji.shape
    mine = tissue_kji[k, j, i]
    if k == 0 or j == 0 or i == 0 or k == nk - 1 or j == nj - 1 or i == ni - 1:
        return True
    return bool(
        tissue_kji[k - 1, j, i] != mine or tissue_kji[k + 1, j, i] != mine
        or tissue_kji[k, j - 1, i] != mine or tissue_kji[k, j + 1, i] != mine
        or tissue_kji[k, j, i - 1] != mine or tissue_kji[k, j, i + 1] != mine
    )  # fmt: skip


@nb.njit(nogil=True, cache=True)
def tally(cut: Cut, bones: int) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Count each component's voxels by bone, their summed (i, j, k), and its voxels of the plan's tumour.

    Shapes (pieces + 1, bones + 2), (pieces + 1, bones + 2, 3) and (pieces + 1,).
    """
    voxels = np.zeros((cut.pieces + 1, bones + 2), np.int64)
    sums = np.zeros((cut.pieces + 1, bones + 2, 3))
    sick = np.zeros(cut.pieces + 1, np.int64)
    nk, nj, ni = cut.tissue_kji.shape
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                piece, bone = cut.found_kji[k, j, i], cut.tissue_kji[k, j, i]
                if piece == 0:
                    continue
                voxels[piece, bone] += 1
                sums[piece, bone, 0] += i
                sums[piece, bone, 1] += j
                sums[piece, bone, 2] += k
                if cut.tumour_kji[k, j, i] == PLAN_TUMOUR:
                    sick[piece] += 1
    return voxels, sums, sick


@nb.njit(nogil=True, cache=True)
def renamed(found_kji: Ints, name: Ints) -> None:
    """Replace every component by its name, in place."""
    flat = found_kji.reshape(-1)
    for v in range(len(flat)):
        if flat[v] > 0:
            flat[v] = name[flat[v]]
