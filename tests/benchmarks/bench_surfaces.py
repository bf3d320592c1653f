"""Masks to closed, smoothed, decimated surfaces: thirteen labels in 400 x 400 x 400 voxels.

The peer is what a plain script does: marching cubes of scikit-image over the whole volume, VTK's
Laplacian smoothing and VTK's quadric decimation. Goal: under 2.5 s, ten times faster, and a tube
of 1.0 mm radius keeps at least 93 % of its volume.
"""

from statistics import median
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes
from vtkmodules.vtkFiltersCore import vtkQuadricDecimation, vtkSmoothPolyDataFilter

from planning.geometry.mesh import Mesh
from planning.kernel import threads
from planning.kernel.process import Worker
from planning.kernel.surface import Smoothing
from planning.kernel.vtk_arrays import mesh_of, poly_data_of
from planning.progress import silent
from planning.segmentation.surfaces import surfaces_of
from tests.benchmarks.spine import SIDE, SPACING_MM, a_spine
from tests.builders import a_grid
from tests.kernel.shapes import centres_lps_mm, surface_of_voxels
from tests.phantoms import Bools, Pose


def main() -> None:
    """Print our time, the peer's, their ratio, and what both kept of a thin vessel."""
    threads.start()
    anatomy, boxes = a_spine()
    worker = Worker()
    surfaces = surfaces_of(anatomy, silent, None, worker)  # warms child and kernels
    times = []
    for _ in range(5):
        start = perf_counter()
        surfaces = surfaces_of(anatomy, silent, None, worker)
        times.append(perf_counter() - start)
    worker.close()
    ours_s = median(times)
    start = perf_counter()
    theirs = [_naive(box, at) for at, box in boxes.values()]
    peer_s = perf_counter() - start
    closed = sum(s.mesh.is_closed for s in surfaces.surfaces)
    true = sum(s.fidelity.is_true for s in surfaces.surfaces)
    print(f"{len(boxes)} labels, {SIDE}^3 voxels of {SPACING_MM} mm")
    print(f"EnBloc   {ours_s:7.2f} s  {closed}/{len(boxes)} closed, {true} within half a voxel of their mask")
    print(f"peer     {peer_s:7.2f} s  {sum(m.is_closed for m in theirs)}/{len(theirs)} closed")
    print(f"ratio    {peer_s / ours_s:7.1f}x (goal 10x, under 2.5 s)")
    ours, naive = _vessel()
    print(f"tube of 1.0 mm radius keeps {ours:.1%} of its volume (goal 93 %); peer {naive:.1%}")


def _naive(box: Bools, at: tuple[int, ...]) -> Mesh:
    volume = np.zeros((SIDE, SIDE, SIDE), dtype=np.float32)
    volume[tuple(slice(a, a + n) for a, n in zip(at, box.shape, strict=True))] = box
    return _naive_surface(volume, SPACING_MM)


def _naive_surface(volume: NDArray[np.float32], spacing_mm: float) -> Mesh:
    points, triangles, _, _ = marching_cubes(volume, 0.5, spacing=(spacing_mm,) * 3)
    smooth = vtkSmoothPolyDataFilter()
    smooth.SetInputData(poly_data_of(points.astype(np.float32), triangles))
    smooth.SetNumberOfIterations(20)
    reduce = vtkQuadricDecimation()
    reduce.SetInputConnection(smooth.GetOutputPort())
    reduce.SetTargetReduction(0.8)
    reduce.Update()
    return mesh_of(reduce.GetOutput())


def _vessel() -> tuple[float, float]:
    pose = Pose((1.0, 0.4, 0.2), 33.0)
    grid = a_grid((-24, -24, -24), (24, 24, 24), (SPACING_MM,) * 3)
    x, y, z = np.moveaxis(pose.local(centres_lps_mm(grid)), -1, 0)
    voxels = np.asarray(np.hypot(np.hypot(x, y) - 20.0, z) <= 1.0)
    truth = 2 * np.pi**2 * 20.0
    ours = surface_of_voxels(voxels, grid, Smoothing.FINE).mesh.volume_mm3
    naive = abs(_naive_surface(voxels.astype(np.float32), SPACING_MM).volume_mm3)
    return ours / truth, naive / truth


if __name__ == "__main__":
    main()
