"""Closed contours sorted into parallel planes, holes told from parts, ready to be filled.

DICOM (PS3.3 C.8.8.6) knows three ways to draw a hole: a keyhole in one contour, contours marked for
XOR, and, in practice everywhere, a contour drawn inside another one. A contour that lies inside an
odd number of others of its plane is taken for a hole; contours that merely overlap are joined.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats, Grid
from planning.kernel.contour_fill import (
    Bools,
    Lattice,
    Slab,
    fill_slab,
    inside_contour,
    near_contour,
    points_inside,
    signed,
)
from planning.progress import Progress
from planning.texts import tr

SAME_PLANE_MM: Final = 0.05
_NOT_FLAT_MM: Final = 0.1
_PARALLEL: Final = 1e-6
_ALIKE: Final = 1e-5
# The common direction of a region is plain from this many of its largest contours.
_ASKED: Final = 500
# Points on a shared border fall on either side; less than this part inside is none, more is all.
_FEW: Final = 0.02
_USUAL_SPREAD: Final = 1.01


@dataclass(frozen=True)
class Plane:
    """The contours of one plane, in its own coordinates.

    Parameters
    ----------
    at_mm : float
        Along the normal.
    contours_uv : tuple of array, shape (n, 2)
    xor : bool
        Whether all are combined by XOR.
    """

    at_mm: float
    contours_uv: tuple[Floats, ...]
    xor: bool = False


@dataclass
class Stack:
    """All planes of one region, by rising place, and what was noticed.

    Parameters
    ----------
    axes : array, shape (3, 3)
        Rows: u, v and normal directions in LPS.
    planes : list of Plane
    usual_gap_mm : float
        The usual distance between planes.
    notes : set of str
        ``TILTED`` contours that are not flat or not parallel were left out; ``OVERLAP``; ``HOLES``;
        ``BRIDGED`` and ``GAP`` missing planes; ``ONE_PLANE``; ``TWIN`` a contour drawn twice.
    """

    axes: Floats
    planes: list[Plane]
    usual_gap_mm: float
    notes: set[str] = field(default_factory=set)


def stacked(contours: Sequence[Floats], xor: bool, grid: Grid) -> Stack | None:
    """Return the planes of a region's contours; None where no contour encloses anything.

    Parameters
    ----------
    contours : sequence of array, shape (n, 3)
        LPS mm.
    xor : bool
        Whether the contours are marked for XOR.
    grid : Grid
        Of the planning image: planes along its axes keep its voxel centres.
    """
    notes: set[str] = set()
    flat = [c for c in (_without_repeats(c) for c in contours) if len(c) >= 3]
    areas = [_area_vector(c) for c in flat]
    sizes = np.array([np.linalg.norm(a) for a in areas])
    flat = [c for c, size in zip(flat, sizes, strict=True) if size > 1e-6]
    if not flat:
        return None
    axes = _axes(_common_normal(np.array(areas)[sizes > 1e-6]), grid)
    sorted_in: list[tuple[float, Floats]] = []
    for contour in flat:
        local = contour @ axes.T
        if np.ptp(local[:, 2]) > _NOT_FLAT_MM:
            notes.add("TILTED")
        else:
            sorted_in.append((float(local[:, 2].mean()), np.ascontiguousarray(local[:, :2])))
    planes = _planes(sorted_in, xor, notes)
    if not planes:
        return None
    gaps = np.diff([p.at_mm for p in planes])
    step = float(np.abs(axes[2] @ grid.directions) @ np.array(grid.spacing_ijk_mm))
    if not len(gaps):
        notes.add("ONE_PLANE")
    return Stack(axes, planes, float(np.median(gaps)) if len(gaps) else step, notes)


def _common_normal(areas: Floats) -> Floats:
    """Return the direction most contours are drawn across; the largest one's where several are as common."""
    sizes = np.linalg.norm(areas, axis=1)
    largest = np.argsort(-sizes, kind="stable")[:_ASKED]
    normals = areas[largest] / sizes[largest, None]
    agreeing = (np.abs(normals @ normals.T) > 1.0 - _ALIKE).sum(axis=1)
    return np.asarray(normals[int(agreeing.argmax())])


def _without_repeats(contour: Floats) -> Floats:
    """Drop points that repeat the one before, the closing one included."""
    moved = np.linalg.norm(contour - np.roll(contour, 1, axis=0), axis=1) > 1e-9
    return contour[moved] if moved.any() else contour[:1]


def _area_vector(contour: Floats) -> Floats:
    local = contour - contour[0]
    return np.asarray(0.5 * np.cross(local[:-1], local[1:]).sum(axis=0))


def _axes(normal: Floats, grid: Grid) -> Floats:
    """Return u, v and normal; along the image's axes where the normal is one of them."""
    along = normal @ grid.directions
    nearest = int(np.abs(along).argmax())
    if 1.0 - abs(along[nearest]) < _PARALLEL:
        first, second = [axis for axis in range(3) if axis != nearest]
        u, v = grid.directions[:, first], grid.directions[:, second]
        return np.array([u, v, grid.directions[:, nearest] * np.sign(along[nearest])])
    other = grid.directions[:, int(np.abs(along).argmin())]
    u = other - (other @ normal) * normal
    u = u / np.linalg.norm(u)
    return np.array([u, np.cross(normal, u), normal])


def _planes(contours: list[tuple[float, Floats]], xor: bool, notes: set[str]) -> list[Plane]:
    planes: list[Plane] = []
    group: list[tuple[float, Floats]] = []
    for at, contour in sorted(contours, key=lambda pair: pair[0]):
        if group and at - group[0][0] > SAME_PLANE_MM:
            planes.append(_plane(group, xor, notes))
            group = []
        group.append((at, contour))
    return [*planes, _plane(group, xor, notes)] if group else planes


def _plane(group: list[tuple[float, Floats]], xor: bool, notes: set[str]) -> Plane:
    kept: list[Floats] = []
    for _, contour in group:
        if any(_same(contour, other) for other in kept):
            notes.add("TWIN")
        else:
            kept.append(contour)
    return Plane(float(np.mean([at for at, _ in group])), tuple(kept), xor)


def _same(one: Floats, two: Floats) -> bool:
    if one.shape != two.shape:
        return False
    return np.array_equal(one[np.lexsort(one.T)], two[np.lexsort(two.T)])


def filled(stack: Stack, grid: Grid, widest_gap_planes: float, progress: Progress) -> Bools:
    """Return which voxel centres of `grid` lie inside the region.

    Parameters
    ----------
    stack : Stack
        Its notes are added to.
    grid : Grid
        May reach beyond the image, so that what lies outside is counted.
    widest_gap_planes : float
        Gaps of up to so many usual distances are bridged.
    """
    voxels = np.zeros(grid.shape_kji, dtype=bool)
    uvt = np.column_stack([stack.axes @ grid.lps_from_ijk[:3, :3], stack.axes @ grid.lps_from_ijk[:3, 3]])
    lattice = _lattice(stack, grid, uvt)
    # Contours on the image's own slices are taken as they are; between slices distances are mixed.
    reach = 0.0 if _on_slices(stack, uvt) else max(4.0 * stack.usual_gap_mm, 4.0 * lattice.step_u)
    outside = reach or 1.0
    before: tuple[Plane, NDArray[np.float32]] | None = None
    half = 0.5 * stack.usual_gap_mm
    for n, plane in enumerate(stack.planes):
        progress(n / len(stack.planes), tr("Filling contours"))
        phi = _field(plane, lattice, reach, stack.notes)
        gap = plane.at_mm - before[0].at_mm if before is not None else np.inf
        bridged = gap <= widest_gap_planes * stack.usual_gap_mm * _USUAL_SPREAD
        if before is not None:
            if gap > 1.5 * stack.usual_gap_mm:
                stack.notes.add("BRIDGED" if bridged else "GAP")
            if bridged:
                between = Slab(before[0].at_mm, plane.at_mm, before[0].at_mm, plane.at_mm, before[1], phi)
                fill_slab(voxels, uvt, between, lattice, outside)
            else:
                fill_slab(voxels, uvt, _cap(before, 0.0, half), lattice, outside)
        if not bridged:
            fill_slab(voxels, uvt, _cap((plane, phi), -half, 0.0), lattice, outside)
        before = (plane, phi)
    if before is not None:
        fill_slab(voxels, uvt, _cap(before, 0.0, half), lattice, outside)
    return voxels


def _cap(end: tuple[Plane, NDArray[np.float32]], low_mm: float, high_mm: float) -> Slab:
    at = end[0].at_mm
    return Slab(at + low_mm, at + high_mm, at, at, end[1], end[1])


def _lattice(stack: Stack, grid: Grid, uvt: Floats) -> Lattice:
    points = np.concatenate([c for plane in stack.planes for c in plane.contours_uv])
    low, high = points.min(axis=0), points.max(axis=0)
    along = np.abs(stack.axes[:2] @ grid.directions)
    if (along.max(axis=1) > 1.0 - _PARALLEL).all():
        steps = np.array([grid.spacing_ijk_mm[int(row.argmax())] for row in along])
        # Start on a voxel centre, so that every lattice point is one.
        start = uvt[:2, 3] + np.floor((low - uvt[:2, 3]) / steps - 1.0) * steps
    else:
        steps = np.full(2, 0.5 * min(grid.spacing_ijk_mm))
        start = low - steps
    columns, rows = (np.ceil((high - start) / steps) + 2).astype(int)
    return Lattice(
        float(start[0]), float(start[1]), float(steps[0]), float(steps[1]), int(columns), int(rows)
    )


def _on_slices(stack: Stack, uvt: Floats) -> bool:
    """Say whether every plane is a slice of the grid and every slice between them has its plane."""
    steps = uvt[2, :3]
    axis = int(np.abs(steps).argmax())
    if np.delete(np.abs(steps), axis).max() > 1e-6 or abs(abs(steps[axis]) - stack.usual_gap_mm) > 0.01:
        return False
    index = np.array([(plane.at_mm - uvt[2, 3]) / steps[axis] for plane in stack.planes])
    single = bool((np.abs(np.diff(np.rint(index))) <= 1).all())
    return single and float(np.abs(index - np.rint(index)).max()) < 0.02


def _field(plane: Plane, lattice: Lattice, reach_mm: float, notes: set[str]) -> NDArray[np.float32]:
    """Return signed distances to the region in one plane, or just signs where `reach_mm` is 0."""
    inside = _inside(plane, lattice, notes)
    distances = np.full(inside.shape, reach_mm or 1.0, dtype=np.float32)
    if reach_mm:
        for contour in plane.contours_uv:
            near_contour(distances, contour, lattice, reach_mm)
    return signed(inside, distances)


def _inside(plane: Plane, lattice: Lattice, notes: set[str]) -> Bools:
    fills = [inside_contour(contour, lattice) for contour in plane.contours_uv]
    result = np.zeros((lattice.rows, lattice.columns), dtype=bool)
    if plane.xor:
        for fill in fills:
            result ^= fill
        return result
    depths = _depths(plane.contours_uv, notes)
    for n in np.argsort(depths, kind="stable"):
        if depths[n] % 2:
            result &= ~fills[n]
            notes.add("HOLES")
        else:
            result |= fills[n]
    return result


def _depths(contours: tuple[Floats, ...], notes: set[str]) -> list[int]:
    """Return inside how many others each contour lies; say where two merely overlap."""
    boxes = [(c.min(axis=0), c.max(axis=0)) for c in contours]
    depths = [0] * len(contours)
    for a, one in enumerate(contours):
        for b, other in enumerate(contours):
            if a == b or (boxes[a][1] < boxes[b][0]).any() or (boxes[a][0] > boxes[b][1]).any():
                continue
            share = points_inside(one, other) / len(one)
            if share > 1.0 - _FEW:
                depths[a] += 1
            elif share > _FEW:
                notes.add("OVERLAP")
    return depths
