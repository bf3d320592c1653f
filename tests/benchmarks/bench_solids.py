"""Kerf cuts: eight cuts of a set of vertebrae in the child process, and 200 random ones.

The peer is `vtkBooleanOperationPolyDataFilter` on one of the vertebrae. Goal: all pieces closed in
200 of 200, eight cuts under 1 s, off the main thread.
"""

from statistics import median
from time import perf_counter

import numpy as np
from vtkmodules.vtkFiltersGeneral import vtkBooleanOperationPolyDataFilter

from planning.geometry.blade import Blade
from planning.kernel import threads
from planning.kernel.process import Worker
from planning.kernel.solids import cut_solids, cut_solids_by, mesh_of_solid, slab_solid
from planning.kernel.vtk_arrays import mesh_of, poly_data
from planning.model.structures import StructureKind
from planning.segmentation.surfaces import surfaces_of
from tests.benchmarks.spine import a_spine
from tests.builders import a_plan
from tests.kernel.shapes import a_random_blade
from tests.phantoms import PERIOD_MM

RANDOM_CUTS = 200
PEER_CUTS = 3


def main() -> None:
    """Print our times, the peer's, and how many results are closed."""
    threads.start()
    anatomy, _ = a_spine()
    surfaces = surfaces_of(anatomy)
    meshes = [m for s in anatomy.of_kind(StructureKind.VERTEBRA) if (m := surfaces.mesh(s.id)) is not None]
    blades: list[Blade] = [o.blade for o in a_plan().osteotomies][:8]
    worker = Worker()
    pieces = cut_solids_by(worker, meshes, blades)
    times = []
    for _ in range(5):
        start = perf_counter()
        pieces = cut_solids_by(worker, meshes, blades)
        times.append(perf_counter() - start)
    worker.close()
    triangles = sum(len(m.triangles) for m in meshes)
    print(
        f"{len(blades)} cuts of {len(meshes)} vertebrae ({triangles} triangles) in the child process: ",
        end="",
    )
    print(
        f"{median(times):.2f} s, {len(pieces)} pieces, "
        f"all closed: {all(p.mesh.is_closed for p in pieces)} (goal 1 s)"
    )
    target = meshes[2]
    times, closed = [], 0
    for seed in range(RANDOM_CUTS):
        blade = a_random_blade(seed, (0.0, 8.0, -2 * PERIOD_MM), 9.0)
        start = perf_counter()
        pieces = cut_solids([target], [blade])
        times.append(perf_counter() - start)
        closed += all(p.mesh.is_closed for p in pieces)
    print(f"EnBloc   {1e3 * median(times):8.1f} ms a cut, closed in {closed} of {RANDOM_CUTS}")
    peer_times, peer_closed = [], 0
    for seed in range(PEER_CUTS):
        slab = mesh_of_solid(
            slab_solid(a_random_blade(seed, (0.0, 8.0, -2 * PERIOD_MM), 9.0), overshoot=False)
        )
        boolean = vtkBooleanOperationPolyDataFilter()
        boolean.SetOperationToDifference()
        boolean.SetInputData(0, poly_data(target))
        boolean.SetInputData(1, poly_data(slab))
        start = perf_counter()
        boolean.Update()
        peer_times.append(perf_counter() - start)
        peer_closed += mesh_of(boolean.GetOutput()).is_closed
    print(f"peer     {1e3 * median(peer_times):8.0f} ms a cut, closed in {peer_closed} of {PEER_CUTS}")
    print(f"ratio    {np.median(peer_times) / np.median(times):8.0f}x")


if __name__ == "__main__":
    main()
