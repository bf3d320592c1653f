"""Fill closed contours drawn in parallel planes (RTSTRUCT) onto a voxel grid.

In a plane a point is inside by the even-odd rule, with edges half open, so that neighbouring
contours share no point and leave none out. Between two planes the signed distances of both are
mixed by how near each is (shape-based interpolation), which follows a slope and a bifurcation.
"""

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats

Bools = NDArray[np.bool_]
Singles = NDArray[np.float32]
# A lattice point right on a contour keeps the side the even-odd rule gave it.
_LEAST: Final = np.float32(1e-6)


class Lattice(NamedTuple):
    """Points in the contours' planes: ``u = low_u + column * step_u``, ``v = low_v + row * step_v``."""

    low_u: float
    low_v: float
    step_u: float
    step_v: float
    columns: int
    rows: int


class Slab(NamedTuple):
    """The space from `begin` (included) to `end` between two contour planes, in mm along their normal.

    Parameters
    ----------
    begin, end : float
    plane_a, plane_b : float
        Where the two planes lie; equal beyond the last plane.
    phi_a, phi_b : array of float32, shape (rows, columns)
        Signed distances at the lattice, negative inside.
    """

    begin: float
    end: float
    plane_a: float
    plane_b: float
    phi_a: Singles
    phi_b: Singles


@nb.njit(nogil=True, cache=True)
def inside_contour(points_uv: Floats, lattice: Lattice) -> Bools:
    """Return which lattice points lie inside one closed contour, shape (rows, columns)."""
    flips = np.zeros((lattice.rows, lattice.columns + 1), np.bool_)
    n = len(points_uv)
    for a in range(n):
        b = a + 1 if a + 1 < n else 0
        u0, v0, u1, v1 = points_uv[a, 0], points_uv[a, 1], points_uv[b, 0], points_uv[b, 1]
        if v0 > v1:
            u0, v0, u1, v1 = u1, v1, u0, v0
        first = max(0, int(np.ceil((v0 - lattice.low_v) / lattice.step_v)) - 1)
        last = min(lattice.rows - 1, int(np.floor((v1 - lattice.low_v) / lattice.step_v)) + 1)
        for row in range(first, last + 1):
            v = lattice.low_v + row * lattice.step_v
            if v0 <= v < v1:
                u = u0 + (v - v0) * (u1 - u0) / (v1 - v0)
                column = int(np.floor((u - lattice.low_u) / lattice.step_u)) + 1
                flips[row, min(max(column, 0), lattice.columns)] ^= True
    inside = np.zeros((lattice.rows, lattice.columns), np.bool_)
    for row in range(lattice.rows):
        now = False
        for column in range(lattice.columns):
            now ^= flips[row, column]
            inside[row, column] = now
    return inside


@nb.njit(nogil=True, cache=True)
def points_inside(points_uv: Floats, contour_uv: Floats) -> int:
    """Return how many points lie inside a closed contour."""
    count = 0
    for p in range(len(points_uv)):
        u, v = points_uv[p, 0], points_uv[p, 1]
        inside = False
        for a in range(len(contour_uv)):
            b = a + 1 if a + 1 < len(contour_uv) else 0
            u0, v0, u1, v1 = contour_uv[a, 0], contour_uv[a, 1], contour_uv[b, 0], contour_uv[b, 1]
            if (v0 <= v) != (v1 <= v) and u < u0 + (v - v0) * (u1 - u0) / (v1 - v0):
                inside = not inside
        count += inside
    return count


@nb.njit(nogil=True, cache=True)
def near_contour(distances: Singles, points_uv: Floats, lattice: Lattice, reach_mm: float) -> None:
    """Lower `distances` to those of one closed contour, as far as `reach_mm` from it."""
    n = len(points_uv)
    for a in range(n):
        b = a + 1 if a + 1 < n else 0
        u0, v0 = points_uv[a, 0], points_uv[a, 1]
        du, dv = points_uv[b, 0] - u0, points_uv[b, 1] - v0
        length2 = du * du + dv * dv
        low_c = max(0, int((min(u0, u0 + du) - reach_mm - lattice.low_u) / lattice.step_u))
        high_c = min(lattice.columns - 1, int((max(u0, u0 + du) + reach_mm - lattice.low_u) / lattice.step_u))
        low_r = max(0, int((min(v0, v0 + dv) - reach_mm - lattice.low_v) / lattice.step_v))
        high_r = min(lattice.rows - 1, int((max(v0, v0 + dv) + reach_mm - lattice.low_v) / lattice.step_v))
        for row in range(low_r, high_r + 1):
            v = lattice.low_v + row * lattice.step_v - v0
            for column in range(low_c, high_c + 1):
                u = lattice.low_u + column * lattice.step_u - u0
                along = (u * du + v * dv) / length2 if length2 > 0 else 0.0
                along = min(1.0, max(0.0, along))
                far_u, far_v = u - along * du, v - along * dv
                distance = np.float32(np.sqrt(far_u * far_u + far_v * far_v))
                distances[row, column] = min(distances[row, column], distance)


def signed(inside: Bools, distances: NDArray[Any]) -> Singles:
    """Return signed distances, negative inside."""
    size = np.maximum(distances, _LEAST).astype(np.float32)
    return np.asarray(np.where(inside, -size, size), dtype=np.float32)


@nb.njit(nogil=True, cache=True)
def fill_slab(voxels_kji: Bools, uvt_from_ijk: Floats, slab: Slab, lattice: Lattice, outside: float) -> None:
    """Set the voxels whose centres lie in the slab and inside the shape there.

    Parameters
    ----------
    voxels_kji : array of bool
        Changed in place.
    uvt_from_ijk : array, shape (3, 4)
        From voxel indices to the planes' coordinates.
    slab : Slab
    lattice : Lattice
    outside : float
        Signed distance beyond the lattice.
    """
    nk, nj, ni = voxels_kji.shape
    m = uvt_from_ijk
    between = slab.plane_b - slab.plane_a
    for k in range(nk):
        for j in range(nj):
            t0 = m[2, 1] * j + m[2, 2] * k + m[2, 3]
            first, last = _span(t0, m[2, 0], slab.begin, slab.end, ni)
            for i in range(first, last):
                t = t0 + m[2, 0] * i
                if not slab.begin <= t < slab.end:
                    continue
                column = (m[0, 0] * i + m[0, 1] * j + m[0, 2] * k + m[0, 3] - lattice.low_u) / lattice.step_u
                row = (m[1, 0] * i + m[1, 1] * j + m[1, 2] * k + m[1, 3] - lattice.low_v) / lattice.step_v
                share = min(1.0, max(0.0, (t - slab.plane_a) / between)) if between > 0 else 0.0
                phi = (1.0 - share) * _at(slab.phi_a, row, column, outside)
                if share > 0.0:
                    phi += share * _at(slab.phi_b, row, column, outside)
                if phi < 0:
                    voxels_kji[k, j, i] = True


@nb.njit(nogil=True, cache=True)
def _span(t0: float, dt: float, begin: float, end: float, n: int) -> tuple[int, int]:
    """Return the indices whose t may lie between begin and end."""
    if abs(dt) < 1e-9:
        return (0, n) if begin <= t0 < end else (0, 0)
    a, b = (begin - t0) / dt, (end - t0) / dt
    if a > b:
        a, b = b, a
    first = int(max(0.0, min(float(n), np.floor(a))))
    last = int(max(0.0, min(float(n), np.ceil(b) + 1.0)))
    return first, last


@nb.njit(nogil=True, cache=True)
def _at(phi: Singles, row: float, column: float, outside: float) -> float:
    """Return the value between lattice points, linear in both directions."""
    rows, columns = phi.shape
    # Indices of whole numbers carry rounding; a lattice made on voxel centres is read there alone.
    near_r, near_c = np.round(row), np.round(column)
    if abs(row - near_r) < 1e-6:
        row = near_r
    if abs(column - near_c) < 1e-6:
        column = near_c
    r, c = int(np.floor(row)), int(np.floor(column))
    if r < 0 or c < 0 or r >= rows or c >= columns:
        return outside
    fr, fc = row - r, column - c
    r1, c1 = min(r + 1, rows - 1), min(c + 1, columns - 1)
    above = phi[r, c] * (1.0 - fc) + phi[r, c1] * fc
    below = phi[r1, c] * (1.0 - fc) + phi[r1, c1] * fc
    return float(above * (1.0 - fr) + below * fr)
