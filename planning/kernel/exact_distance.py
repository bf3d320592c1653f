"""The second, independent evaluator: solids against solids, without distance fields.

Where slab and structure are apart, manifold3d gives the smallest gap between the two solids. Where
they meet, their intersection is a solid too (a slab wholly inside a hollow-looking mesh included),
and the deepest point is found by sampling the slab inside the structure and asking VTK for exact
distances. Nothing here shares code with the field evaluator. manifold3d holds the interpreter
lock: windows run `run_task` in the child process.
"""

from collections.abc import Sequence
from typing import Final

import manifold3d
import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkDoubleArray
from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats
from planning.geometry.mesh import Mesh
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.kernel.process import Worker
from planning.kernel.solids import manifold_of, slab_region, slab_solid
from planning.kernel.task_values import blade_from_json, blade_to_json, mesh_arrays, meshes_from
from planning.kernel.vtk_arrays import data_array, numpy_array, poly_data
from planning.progress import Progress, silent

SEARCHED_BEYOND_MM: Final = 5.0
"""How far past the expected gap a larger one is looked for; the search costs more the further it goes."""

_COARSE_MM: Final = 2.0
_FINE_MM: Final = 0.4
_TASK: Final = "planning.kernel.exact_distance:run_task"
_TIMEOUT_S: Final = 120.0


class MeshEvaluator:
    """Solids of the structures, built once and asked for many blades."""

    def __init__(self, meshes: Sequence[Mesh]) -> None:
        self._meshes = tuple(meshes)
        self._solids = [manifold_of(mesh) for mesh in meshes]
        self._distances: dict[int, vtkImplicitPolyDataDistance] = {}

    def value_mm(self, structure: int, blade: Blade, overshoot: bool, expected_mm: float) -> float | None:
        """Return the signed distance between a structure and a blade's slab.

        Parameters
        ----------
        structure : int
            Place in the meshes given.
        blade : Blade
        overshoot : bool
            Whether the slab is run on by the overshoot.
        expected_mm : float
            What the other evaluator found; only bounds the search: a gap more than
            `SEARCHED_BEYOND_MM` larger is reported as that much larger.

        Returns
        -------
        float or None
            None where the structure's mesh is no solid.
        """
        solid = self._solids[structure]
        if solid is None:
            return None
        slab = slab_solid(blade, overshoot)
        gap = slab.min_gap(solid, max(expected_mm, 0.0) + SEARCHED_BEYOND_MM)
        if gap > 0:
            return float(gap)
        common = slab ^ solid
        return 0.0 if common.is_empty() else -self._depth(structure, blade, overshoot, common)

    def _depth(self, structure: int, blade: Blade, overshoot: bool, common: manifold3d.Manifold) -> float:
        """Return how deep the deepest point of the common solid lies inside the structure."""
        corners = blade.to_local(_vertices(common))
        low, high = corners.min(axis=0), corners.max(axis=0)
        contours = slab_region(blade, overshoot).to_polygons()
        best = float(self._depths(structure, blade, corners).max(initial=0.0))
        step = _COARSE_MM
        points = _lattice(low, high, step)
        while True:
            # No point of a cell lies deeper than its middle by more than half its diagonal.
            reach = step * np.sqrt(3) / 2
            depths = self._depths(structure, blade, points)
            best = max(best, float(depths[_in_polygons(contours, points)].max(initial=0.0)))
            if step <= _FINE_MM:
                return best
            points, step = _halved(points[depths > best - reach], low, high, step), step / 2

    def _depths(self, structure: int, blade: Blade, points_abn: Floats) -> Floats:
        if not len(points_abn):
            return np.zeros(0)
        if structure not in self._distances:
            distance = vtkImplicitPolyDataDistance()
            distance.SetInput(poly_data(self._meshes[structure]))
            self._distances[structure] = distance
        values = vtkDoubleArray()
        self._distances[structure].FunctionValue(data_array(blade.to_lps(points_abn)), values)
        return -numpy_array(values).astype(np.float64)


def mesh_values(
    meshes: Sequence[Mesh], blades: Sequence[Blade], expected_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the signed distances of every blade and structure, NaN where nothing can be said.

    Parameters
    ----------
    meshes, blades : sequences
    expected_mm : array, shape (blades, structures, 2)
        What the other evaluator found for the slab and for the slab with overshoot; NaN is left out.

    Returns
    -------
    array, shape (blades, structures, 2)
    """
    evaluator = MeshEvaluator(meshes)
    values = np.full(expected_mm.shape, np.nan)
    for b, blade in enumerate(blades):
        for s in range(len(meshes)):
            for overshoot in (0, 1):
                expected = expected_mm[b, s, overshoot]
                if np.isnan(expected):
                    continue
                if overshoot and blade.overshoot_mm == 0:
                    values[b, s, 1] = values[b, s, 0]
                    continue
                found = evaluator.value_mm(s, blade, bool(overshoot), float(expected))
                values[b, s, overshoot] = np.nan if found is None else found
    return values


def run_task(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Run `mesh_values` in the child process for `mesh_values_by`."""
    del room
    expected, *parts = arrays
    meshes = meshes_from(parts)
    blades = [blade_from_json(entry) for entry in header["blades"]]
    return {}, [mesh_values(meshes, blades, np.array(expected))]


def mesh_values_by(
    worker: Worker,
    meshes: Sequence[Mesh],
    blades: Sequence[Blade],
    expected_mm: NDArray[np.float64],
    progress: Progress = silent,
) -> NDArray[np.float64]:
    """Return `mesh_values`, computed in the child process; raises `WorkerDied` when that ends."""
    header = {"blades": [blade_to_json(blade) for blade in blades]}
    _, (values,) = worker.call(
        _TASK, header, [expected_mm, *mesh_arrays(meshes)], progress, timeout_s=_TIMEOUT_S
    )
    return np.array(values, dtype=np.float64)


def _vertices(solid: manifold3d.Manifold) -> Floats:
    return np.array(solid.to_mesh64().vert_properties[:, :3], dtype=np.float64)


def _in_polygons(contours: Sequence[Floats], points_abn: Floats) -> NDArray[np.bool_]:
    """Say which points lie within contours, by counting the edges on one side (holes count twice)."""
    a, b = points_abn[:, :1], points_abn[:, 1:2]
    crossings = np.zeros(len(points_abn), dtype=np.int64)
    for contour in contours:
        p, q = np.asarray(contour), np.roll(contour, -1, axis=0)
        spans = (p[:, 1] <= b) != (q[:, 1] <= b)
        rise = np.where(p[:, 1] == q[:, 1], 1.0, q[:, 1] - p[:, 1])
        crossings += (spans & (p[:, 0] + (b - p[:, 1]) * (q[:, 0] - p[:, 0]) / rise > a)).sum(axis=1)
    return np.asarray(crossings % 2 == 1)


def _lattice(low: Floats, high: Floats, step: float) -> Floats:
    lines = [
        np.linspace(lo, hi, max(2, int(np.ceil((hi - lo) / step)) + 1))
        for lo, hi in zip(low, high, strict=True)
    ]
    return np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)


def _halved(points: Floats, low: Floats, high: Floats, step: float) -> Floats:
    """Return points at half the step round each point, within the bounds."""
    offsets = np.stack(np.meshgrid(*[(-step / 2, 0.0, step / 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    around = (points[:, None, :] + offsets[None]).reshape(-1, 3)
    return np.unique(np.round(np.clip(around, low, high), 6), axis=0)
