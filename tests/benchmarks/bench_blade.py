"""A dragged blade: all its clearances from ten structures, with overshoot and nearest points.

The peer asks `vtkImplicitPolyDataDistance` for the same minima over the slab's two faces, overshoot
included, a point every 0.5 mm; it is timed on every twentieth point and scaled. Goal: 4 ms median, 300 times
faster.
"""

from dataclasses import replace
from statistics import median
from time import perf_counter

import numpy as np
from vtkmodules.vtkCommonCore import vtkDoubleArray
from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

from planning.geometry.blade import Blade
from planning.geometry.frames import unit, vec3
from planning.kernel import threads
from planning.kernel.slab import slab_of
from planning.kernel.vtk_arrays import data_array, numpy_array, poly_data
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Plan
from planning.model.structures import BONES, StructureKind
from planning.progress import silent
from planning.safety.clearance import all_cross_checked, clearances_of
from planning.safety.fields import Fields, fields_of
from planning.segmentation.surfaces import surfaces_of
from tests.benchmarks.spine import a_spine
from tests.phantoms import PERIOD_MM

SAMPLING_MM = 0.5
PEER_SHARE = 20
BLADES = 100


def main() -> None:
    """Print our time per blade, the peer's, their ratio, and how far the two evaluators differ."""
    threads.start()
    fields, blades = _ten_structures()
    clearances_of(blades[0], fields)
    times = []
    for blade in blades:
        start = perf_counter()
        clearances_of(blade, fields)
        times.append(perf_counter() - start)
    ours_ms = 1e3 * median(times)
    peer_ms = 1e3 * median(_peer(blade.blade, fields) for blade in blades[:5])
    print(f"{len(fields.structures)} structures, blade 40 x 30 mm, kerf 1 mm, overshoot 3 mm, {BLADES} poses")
    print(f"EnBloc   {ours_ms:9.2f} ms median, {1e3 * np.quantile(times, 0.95):.2f} ms at 95 % (goal 4 ms)")
    print(f"peer     {peer_ms:9.0f} ms (scaled from every {PEER_SHARE}th point; no nearest points)")
    print(f"ratio    {peer_ms / ours_ms:9.0f}x (goal 300x)")
    start = perf_counter()
    checked = all_cross_checked(blades[:10], fields)
    second_ms = 1e2 * (perf_counter() - start)
    withheld = sum(c.withheld_reason == "disagreement" for row in checked for c in row)
    print(
        f"second evaluator {second_ms:.0f} ms a blade, "
        f"disagreements {withheld} of {10 * len(fields.structures)}"
    )


def _ten_structures() -> tuple[Fields, list[Osteotomy]]:
    spine, _ = a_spine()
    soft = [s for s in spine.structures if s.kind not in BONES]
    bones = [s for s in spine.structures if s.kind in BONES][: 10 - len(soft)]
    # Bones stand in for further vessels: what counts is how many surfaces are asked, and how near.
    posing = [replace(s, kind=StructureKind.OESOPHAGUS) for s in bones]
    anatomy = replace(spine, structures=(*soft, *posing))
    random = np.random.default_rng(4)
    blades = [_blade(random, n) for n in range(BLADES)]
    return fields_of(anatomy, surfaces_of(anatomy), Plan(osteotomies=tuple(blades)), silent), blades


def _blade(random: np.random.Generator, n: int) -> Osteotomy:
    normal = np.array(unit(random.normal(size=3)))
    advance = np.array(unit(np.cross(normal, random.normal(size=3))))
    origin = np.array([0.0, 10.0, -2 * PERIOD_MM]) + random.normal(0, 8, 3) - 15 * advance
    blade = Blade(vec3(origin), vec3(normal), vec3(advance), 40.0, 30.0, 1.0, 3.0)
    return Osteotomy(f"cut-{n}", OsteotomyKind.FREE, "", blade)


def _peer(blade: Blade, fields: Fields) -> float:
    """Return the seconds the peer needs for one blade."""
    a, b = np.arange(-20.0, 20.01, SAMPLING_MM), np.arange(0.0, 33.01, SAMPLING_MM)
    grid = np.stack(np.meshgrid(a, b, [-0.5, 0.5], indexing="ij"), -1).reshape(-1, 3)[::PEER_SHARE]
    points = data_array(blade.to_lps(grid))
    distances = []
    for structure in fields.structures:
        distance = vtkImplicitPolyDataDistance()
        distance.SetInput(poly_data(structure.mesh))
        distances.append(distance)
    start = perf_counter()
    for distance in distances:
        values = vtkDoubleArray()
        distance.FunctionValue(points, values)
        numpy_array(values).min()
    assert len(slab_of(blade).pieces) == 1
    return (perf_counter() - start) * PEER_SHARE


if __name__ == "__main__":
    main()
