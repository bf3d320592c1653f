"""From a mask to a closed surface that stays true to it.

Flying edges, windowed-sinc smoothing with every point held near where it came from, fast quadric
simplification, and an offset that gives the mask's volume back. Then the result is checked against
the unsmoothed surface and the mask, and where it strayed it is made again more carefully.

Smoothing and checks run in voxel units, so that "half a voxel" means half of the voxel's edge in
each direction; simplification runs in millimetres, where its error measure has a meaning.
(Windowed-sinc averages neighbours with equal weights, so it gives the same surface in either.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Final

import fast_simplification
import numba as nb
import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D, vtkWindowedSincPolyDataFilter

from planning.errors import ComputationFailed
from planning.geometry.frames import Floats, Grid
from planning.geometry.mesh import Mesh
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.kernel.near_mesh import beyond, held_between_corners
from planning.kernel.triangle_tree import Forest, tree_of
from planning.kernel.vtk_arrays import image_data, triangles_of
from planning.texts import mark

MOST_MOVED_VOXELS: Final = 0.5
"""No point of the surface moves further than this by smoothing (INTERCHANGE section 3)."""
LEAST_VOLUME_RATIO: Final = 0.93
"""No vessel loses more than 7 % of its volume (INTERCHANGE section 3)."""

_ITERATIONS: Final = 20
_HELD_VOXELS: Final = 0.36  # leaves room for simplification within MOST_MOVED_VOXELS
_MOST_OFFSET_VOXELS: Final = 0.25
_ROUNDING_VOXELS: Final = 1e-3
_FEWEST_TRIANGLES: Final = 200
_PULLS: Final = 5
_NEAR_VOXELS: Final = 2.0
_REDUCTIONS: Final = (0.8, 0.65, 0.5, 0.0)
_THIN_VOXELS: Final = 3.0  # mean radius below which coarse triangles would cut a tube's roundness away
_THIN_REDUCTION: Final = 0.5
# A tube two or three voxels wide loses more by sampling than it may gain: its outermost row of voxel centres
# may just miss it. A surface this much further out errs to neither side by more than half a voxel.
_OUTWARD_VOXELS: Final = 0.05
_MOST_GAIN: Final = 0.05

# fast_simplification keeps its mesh in one place between the calls that load, simplify and return it: two
# threads at once would be handed each other's triangles.
_ONE_AT_A_TIME: Final = Lock()

Points = NDArray[np.float32]
Triangles = NDArray[np.int32]
Reduce = Callable[[Points, Triangles, float], tuple[Points, Triangles]]


class Smoothing(Enum):
    """Pass band of the windowed-sinc filter: thin and vital structures keep more of their detail."""

    FINE = 0.1
    BROAD = 0.01


@dataclass(frozen=True)
class Fidelity:
    """How true a surface stayed to its mask.

    Parameters
    ----------
    moved_voxels : float
        No point of the surface lies further from the unsmoothed one (nor the other way round), in
        voxel edges of its direction.
    volume_ratio : float
        Enclosed volume over the mask's volume.
    smoothing, reduction : float
        Pass band used (0 where none) and share of triangles taken away.
    is_true : bool
        Whether the rule of INTERCHANGE section 3 holds and the surface is closed.
    """

    moved_voxels: float
    volume_ratio: float
    smoothing: float
    reduction: float
    is_true: bool


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed mesh and its fidelity."""

    mesh: Mesh
    fidelity: Fidelity


@dataclass(frozen=True, eq=False)
class _Raw:
    """The unsmoothed surface of a mask, in voxel units of the grid, shape (n, 3) as (i, j, k)."""

    points: Floats
    triangles: Triangles
    voxels: int
    data: vtkPolyData
    tree: Forest

    @property
    def is_thin(self) -> bool:
        """Whether a tube of this volume and surface would be a few voxels wide."""
        _, area = _normals(self.points, self.triangles)
        return 2 * self.voxels < _THIN_VOXELS * area


def decimated(points_mm: Points, triangles: Triangles, reduction: float) -> tuple[Points, Triangles]:
    """Return a mesh with `reduction` of its triangles collapsed; holds the interpreter lock meanwhile."""
    if reduction <= 0 or len(triangles) < _FEWEST_TRIANGLES:
        return points_mm, triangles
    # It takes writable arrays only.
    with _ONE_AT_A_TIME:
        points, kept = fast_simplification.simplify(
            np.array(points_mm), np.array(triangles), target_reduction=reduction
        )
    return np.asarray(points, dtype=np.float32), np.asarray(kept, dtype=np.int32)


def decimate_task(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Run `decimated` in the child process: points and triangles in `arrays`, ``reduction`` in `header`."""
    del room
    points, triangles = arrays
    return {}, decimated(points, triangles, float(header["reduction"]))


def surface_of(
    mask_kji: NDArray[np.bool_],
    start_kji: tuple[int, int, int],
    grid: Grid,
    smoothing: Smoothing,
    reduce: Reduce = decimated,
) -> Surface:
    """Return the closed surface of a mask, triangles facing outward.

    Parameters
    ----------
    mask_kji : array of bool
        The structure's voxels, cut to a box.
    start_kji : tuple of int
        Index of the box's first voxel in `grid`.
    grid : Grid
        Any orthogonal grid, left-handed ones included.
    smoothing : Smoothing
    reduce : callable
        Simplifies a mesh; give one that runs in the child process where a window must not freeze.

    Raises
    ------
    ComputationFailed
        Where the mask is empty.
    """
    if not mask_kji.any():
        raise ComputationFailed("EMPTY_STRUCTURE", mark("A structure without voxels has no surface."))
    raw = _extracted(mask_kji, start_kji)
    most = _THIN_REDUCTION if smoothing is Smoothing.FINE and raw.is_thin else max(_REDUCTIONS)
    for reduction in (r for r in _REDUCTIONS if r <= most):
        surface = _attempt(raw, grid, smoothing, smoothing.value, reduction, reduce)
        if surface.fidelity.is_true:
            break
    else:
        return _attempt(raw, grid, smoothing, 0.0, 0.0, reduce)
    if surface.fidelity.volume_ratio >= LEAST_VOLUME_RATIO or smoothing is Smoothing.FINE:
        return surface
    # Broad smoothing may by the rule move each point by half a voxel, but a spicule one voxel wide
    # would lose most of itself: what is so thin is treated like a vessel, and withheld like one.
    return surface_of(mask_kji, start_kji, grid, Smoothing.FINE, reduce)


def _extracted(mask_kji: NDArray[np.bool_], start_kji: tuple[int, int, int]) -> _Raw:
    # One empty voxel all round closes surfaces that the image's edge cuts.
    padded = np.pad(mask_kji, 1).astype(np.uint8)
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image_data(padded))
    edges.SetValue(0, 0.5)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    data = edges.GetOutput()
    points, triangles = triangles_of(data)
    shift = np.asarray(start_kji[::-1], dtype=np.float64) - 1
    placed = points.astype(np.float64) + shift
    return _Raw(placed, triangles, int(np.count_nonzero(mask_kji)), data, tree_of(placed, triangles))


def _smoothed(raw: _Raw, band: float) -> Floats:
    if band == 0:
        return raw.points
    sinc = vtkWindowedSincPolyDataFilter()
    sinc.SetInputData(raw.data)
    sinc.SetNumberOfIterations(_ITERATIONS)
    sinc.SetPassBand(band)
    sinc.BoundarySmoothingOff()
    sinc.FeatureEdgeSmoothingOff()
    sinc.NonManifoldSmoothingOn()
    sinc.NormalizeCoordinatesOn()
    sinc.Update()
    before, _ = triangles_of(raw.data)
    after, _ = triangles_of(sinc.GetOutput())
    moved = after.astype(np.float64) - before
    length = np.linalg.norm(moved, axis=1)
    moved *= np.minimum(1.0, _HELD_VOXELS / np.maximum(length, _HELD_VOXELS))[:, None]
    return np.asarray(raw.points + moved)


def _attempt(
    raw: _Raw, grid: Grid, smoothing: Smoothing, band: float, reduction: float, reduce: Reduce
) -> Surface:
    spacing = np.asarray(grid.spacing_ijk_mm)
    corner = raw.points.min(axis=0)
    smooth = _smoothed(raw, band)
    # Millimetres from the structure's own corner: 32-bit floats then keep a micrometre anywhere.
    points_mm, triangles = reduce(((smooth - corner) * spacing).astype(np.float32), raw.triangles, reduction)
    points = points_mm.astype(np.float64) / spacing + corner
    points = _with_volume(points, triangles, raw.voxels)
    points = _without_overshoot(raw, points, triangles, smoothing)
    if smoothing is Smoothing.FINE:
        gain = min(_OUTWARD_VOXELS * _normals(points, triangles)[1], _MOST_GAIN * raw.voxels)
        points = _with_volume(points, triangles, raw.voxels + gain)
    points = _pulled_back(raw, points, triangles)
    moved = _most_moved(raw, points, triangles)
    ratio = _volume(points, triangles) / raw.voxels
    mesh = _in_lps(points, triangles, grid)
    keeps_volume = smoothing is not Smoothing.FINE or ratio >= LEAST_VOLUME_RATIO
    is_true = mesh.is_closed and moved <= MOST_MOVED_VOXELS + _ROUNDING_VOXELS and keeps_volume
    return Surface(mesh, Fidelity(moved, ratio, band, reduction, is_true))


def _in_lps(points_ijk: Floats, triangles: Triangles, grid: Grid) -> Mesh:
    # The affine of a left-handed grid turns surfaces inside out.
    mirrored = np.linalg.det(grid.lps_from_ijk[:3, :3]) < 0
    return Mesh(grid.to_lps(points_ijk).astype(np.float32), triangles[:, ::-1] if mirrored else triangles)


def _with_volume(points: Floats, triangles: Triangles, volume: float) -> Floats:
    """Move every point along its normal by one small distance, so that the enclosed volume is right.

    Cutting the corners of voxels and smoothing both take volume from convex shapes, which would
    overstate the clearance of thin vessels.
    """
    result, offset = points, 0.0
    for _ in range(3):
        normals, area = _normals(result, triangles)
        lacking = volume - _volume(result, triangles)
        step = float(
            np.clip(lacking / max(area, 1e-9), -_MOST_OFFSET_VOXELS - offset, _MOST_OFFSET_VOXELS - offset)
        )
        offset += step
        result = result + step * normals
    return result


def _without_overshoot(raw: _Raw, points: Floats, triangles: Triangles, smoothing: Smoothing) -> Floats:
    """Hold every point between the steps round it, unless a thin vessel would lose volume by that.

    Windowed-sinc and simplification both bulge a little over flat tops, and the steps are already
    up to half a voxel away from where the structure ends.
    """
    held: Floats = held_between_corners(raw.tree, 0, points, _NEAR_VOXELS)
    keeps = _volume(held, triangles) >= raw.voxels * LEAST_VOLUME_RATIO
    return held if keeps or smoothing is not Smoothing.FINE else points


def _volume(points: Floats, triangles: Triangles) -> float:
    return float(_enclosed(points, triangles, points.mean(axis=0)))


def _pulled_back(raw: _Raw, points: Floats, triangles: Triangles) -> Floats:
    """Move the few triangles that simplification took too far from the unsmoothed surface back to it."""
    aim = MOST_MOVED_VOXELS - 0.02
    for _ in range(_PULLS):
        found, near, on_surface = beyond(tree_of(points, triangles), 0, raw.points, MOST_MOVED_VOXELS)
        if not len(found):
            break
        gap = raw.points[found] - on_surface
        length = np.linalg.norm(gap, axis=1, keepdims=True)
        points = points.copy()
        for corner in range(3):
            points[triangles[near, corner]] += gap * (1 - aim / length)
    return points


def _most_moved(raw: _Raw, points: Floats, triangles: Triangles) -> float:
    """Return how far apart the two surfaces are, looking both ways; exact only beyond the limit."""
    worst = MOST_MOVED_VOXELS
    for tree, asked in ((tree_of(points, triangles), raw.points), (raw.tree, points)):
        found, _, on_surface = beyond(tree, 0, asked, MOST_MOVED_VOXELS)
        if len(found):
            worst = max(worst, float(np.linalg.norm(asked[found] - on_surface, axis=1).max()))
    return worst


@nb.njit(nogil=True, cache=True)
def _normals(points: Floats, triangles: Triangles) -> tuple[Floats, float]:
    """Return unit vertex normals, shape (n, 3), weighted by area, and the whole area."""
    normals = np.zeros(points.shape)
    area = 0.0
    for t in range(len(triangles)):
        a, b, c = points[triangles[t, 0]], points[triangles[t, 1]], points[triangles[t, 2]]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        area += np.sqrt(x * x + y * y + z * z) / 2
        for corner in range(3):
            n = triangles[t, corner]
            normals[n, 0] += x
            normals[n, 1] += y
            normals[n, 2] += z
    for n in range(len(points)):
        length = np.sqrt(normals[n, 0] ** 2 + normals[n, 1] ** 2 + normals[n, 2] ** 2)
        if length > 0:
            for axis in range(3):
                normals[n, axis] /= length
    return normals, area


@nb.njit(nogil=True, cache=True)
def _enclosed(points: Floats, triangles: Triangles, centre: Floats) -> float:
    total = 0.0
    for t in range(len(triangles)):
        a, b, c = points[triangles[t, 0]], points[triangles[t, 1]], points[triangles[t, 2]]
        ax, ay, az = a[0] - centre[0], a[1] - centre[1], a[2] - centre[2]
        bx, by, bz = b[0] - centre[0], b[1] - centre[1], b[2] - centre[2]
        cx, cy, cz = c[0] - centre[0], c[1] - centre[1], c[2] - centre[2]
        total += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
    return total / 6.0
