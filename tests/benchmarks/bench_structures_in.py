"""How long structures take to come in, beside the peers a hospital would use, in the same run.

DICOM SEG: highdicom's own reader. Surfaces: VTK's stencil, which 3D Slicer uses. Contours have no
peer here; the figure stands alone, with how near the volume comes to closed form.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from highdicom.seg import Segmentation
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

from planning.geometry.frames import Grid
from planning.imaging.contour_planes import filled, stacked
from planning.imaging.dicom_write import segmentation_bytes
from planning.imaging.intake import onto_case
from planning.imaging.structure_import import import_structures
from planning.imaging.warmth import touch_every_kernel
from planning.kernel.mesh_fill import filled_mesh
from planning.kernel.process import Worker
from planning.kernel.vtk_arrays import numpy_array, poly_data
from planning.model.anatomy import Anatomy
from planning.model.anatomy_table import load_anatomy_table
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.structures import Structure, StructureKind
from planning.progress import silent
from tests.imaging.seg_files import PATIENT, onto
from tests.kernel.shapes import ball_mesh

TABLE = Path(__file__).parents[2] / "resources" / "anatomy.toml"
SEGMENTS = 24
GRID = Grid.from_axes((200, 256, 256), (-90.0, -90.0, -100.0), np.eye(3), (0.7, 0.7, 1.0))


def _timed(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Return the least seconds of several runs, and the last result."""
    best, result = np.inf, None
    for _ in range(times):
        begin = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - begin)
    return best, result


def _case() -> Case:
    k, j, i = np.ogrid[: GRID.shape_kji[0], : GRID.shape_kji[1], : GRID.shape_kji[2]]
    found = []
    for n in range(SEGMENTS):
        near = ((k - 8 * n - 8) / 6.0) ** 2 + ((j - 128) / 40.0) ** 2 + ((i - 128) / 50.0) ** 2
        found.append(Structure(f"r{n}", StructureKind.RIB, Mask.from_array(near < 1.0), f"T{n % 12 + 1}"))
    image = onto(GRID).image
    assert image is not None
    return Case("c", PATIENT, (image,), Anatomy(GRID, tuple(found)))


def seg(folder: Path, worker: Worker) -> None:
    """Many segments on 200 slices."""
    path, case = folder / "seg.dcm", _case()
    path.write_bytes(segmentation_bytes(case, load_anatomy_table(TABLE), "p", with_identity=True))
    ours, found = _timed(lambda: import_structures(path, None, onto_case(case), worker=worker))

    def peer() -> int:
        read = Segmentation.from_dataset(pydicom.dcmread(path))
        return sum(
            int(read.get_volume(segment_numbers=[n + 1], combine_segments=True, relabel=True).array.sum())
            for n in range(SEGMENTS)
        )

    theirs, voxels = _timed(peer, 1)
    same = sum(s.mask.count for s in found.structures) == voxels
    print(
        f"SEG, {SEGMENTS} segments: ours {ours:.2f} s (masks placed), highdicom {theirs:.2f} s (arrays), "
        f"voxels the same: {same}"
    )


def surface() -> None:
    """A ball of 80 000 triangles."""
    mesh = ball_mesh((3.3, 2.1, 1.7), 70.0, steps=6)
    ijk = GRID.to_ijk(mesh.vertices_lps_mm)
    ours, inside = _timed(lambda: filled_mesh(ijk, mesh.triangles, GRID.shape_kji))

    def peer() -> int:
        stencil = vtkPolyDataToImageStencil()
        stencil.SetInputData(poly_data(mesh))
        stencil.SetOutputSpacing(*GRID.spacing_ijk_mm)
        stencil.SetOutputOrigin(*GRID.origin_lps_mm)
        stencil.SetOutputWholeExtent(0, 255, 0, 255, 0, 199)
        image = vtkImageData()
        image.SetDimensions(256, 256, 200)
        image.SetSpacing(*GRID.spacing_ijk_mm)
        image.SetOrigin(*GRID.origin_lps_mm)
        image.AllocateScalars(3, 1)
        image.GetPointData().GetScalars().Fill(1)
        masked = vtkImageStencilToImage()
        masked.SetInputConnection(stencil.GetOutputPort())
        masked.SetOutputScalarTypeToUnsignedChar()
        masked.Update()
        return int(numpy_array(masked.GetOutput().GetPointData().GetScalars()).sum())

    theirs, voxels = _timed(peer)
    count = int(inside.voxels_kji.sum())
    exact = 4 / 3 * np.pi * 70.0**3 / GRID.voxel_volume_mm3
    print(
        f"surface, {len(mesh.triangles)} triangles: ours {ours:.3f} s, VTK stencil {theirs:.3f} s; voxels "
        f"{count} and {voxels}, closed form {exact:.0f}"
    )


def contours() -> None:
    """A body outline of 800 points on every slice, and on every third place between slices."""
    angle = np.linspace(0, 2 * np.pi, 800, endpoint=False)
    for gap, first in ((1.0, -100.0), (3.0, -99.6)):
        places = np.arange(first, 99.0, gap)
        drawn = [np.column_stack([70 * np.cos(angle), 60 * np.sin(angle), np.full(800, z)]) for z in places]

        def work(drawn: list[Any] = drawn) -> Any:
            stack = stacked(drawn, False, GRID)
            return None if stack is None else filled(stack, GRID, 2.0, silent)

        seconds, voxels = _timed(work)
        exact = np.pi * 70 * 60 * len(places) * gap
        off = 100 * (voxels.sum() * GRID.voxel_volume_mm3 / exact - 1)
        print(f"{len(drawn)} contours every {gap:g} mm: {seconds:.2f} s, volume off by {off:+.2f} %")


def main() -> None:
    """Print every figure."""
    touch_every_kernel()
    worker = Worker()
    with tempfile.TemporaryDirectory() as folder:
        seg(Path(folder), worker)
    worker.close()
    surface()
    contours()


if __name__ == "__main__":
    main()
