"""Scrolling through a CT in one view of 800 pixels, beside a plain VTK pipeline of the same picture.

The CT is LIDC-IDRI-0314 where the data folder lies beside the project, else the demo case. Ours draws
outlines, crosshair, letters and words too; the peer only resamples and draws the grey slice, as
``vtkImageReslice`` and ``vtkImageSlice`` do in a plain program.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from vtkmodules.vtkImagingCore import vtkImageReslice
from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkImageSliceMapper, vtkRenderer

from app.program import DEMO_CASE
from planning.geometry.frames import Vec3, vec3
from planning.geometry.volume import Volume
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.kernel import threads
from planning.kernel.process import Worker
from planning.storage.case_file import CaseFile
from rendering.convert import image_of
from rendering.offscreen import is_software, offscreen_window
from rendering.scene_state import STANDARD_AXES, SlicePlane, SliceState
from rendering.slice_geometry import corners_lps_mm, step_mm
from rendering.slices import SliceScene
from tests.benchmarks.bench_render import a_scene

SIDE_PX = 800
SLICES = 60
TARGET_PER_S = 60.0
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "lidc-idri-0314-ct.zip"


def a_ct() -> tuple[str, Volume]:
    """Return the CT to scroll through, and its name."""
    if REAL.is_file():
        worker = Worker()
        try:
            found = max(scan(REAL, worker=worker).series, key=lambda series: len(series.slices))
            return "LIDC-IDRI-0314", load_series(found, worker=worker).image.volume
        finally:
            worker.close()
    print("The LIDC-IDRI-0314 data are not here: the demo case instead.")
    with CaseFile.open(DEMO_CASE) as file:
        image = file.case.image
        if image is None:
            raise ValueError("the demo case has no image")
        return "demo case", image.volume


def places(volume: Volume, normal_lps: Vec3) -> list[Vec3]:
    """Return points of neighbouring slices through the middle of a volume."""
    middle = corners_lps_mm(volume.grid).mean(axis=0)
    step = step_mm(volume.grid, normal_lps)
    return [vec3([m + step * (n - SLICES / 2) * d for m, d in zip(middle, normal_lps, strict=True)])
            for n in range(SLICES)]  # fmt: skip


def timed(frame: Callable[[Vec3], object], points: list[Vec3]) -> tuple[float, float]:
    """Return the median of a slice in milliseconds by the wall clock, and of processor time."""
    walls, cpus = [], []
    for point in points:
        wall, cpu = perf_counter(), process_time()
        frame(point)
        walls.append(1000 * (perf_counter() - wall))
        cpus.append(1000 * (process_time() - cpu))
    return median(walls[3:]), median(cpus[3:])


def ours(volume: Volume, plane: SlicePlane, outlined: bool) -> tuple[float, float]:
    """Time the slice view, with the outlines of a synthetic spine or without."""
    window, scene = offscreen_window(SIDE_PX, SIDE_PX), SliceScene()
    scene.attach(window)
    structures = a_scene(140_000).structures if outlined else ()
    state = SliceState(plane, volume, structures=structures)

    def frame(point: Vec3) -> None:
        scene.show(replace(state, crosshair_lps_mm=point))
        window.Render()

    times = timed(frame, places(volume, STANDARD_AXES[plane].normal_lps))
    scene.detach()
    window.Finalize()
    return times


def peer(volume: Volume, plane: SlicePlane) -> tuple[float, float]:
    """Time a plain program: the same plane resampled at screen resolution, and drawn."""
    window, renderer = offscreen_window(SIDE_PX, SIDE_PX), vtkRenderer()
    window.AddRenderer(renderer)
    axes, grid = STANDARD_AXES[plane], volume.grid
    reslice, mapper, image = vtkImageReslice(), vtkImageSliceMapper(), vtkImageSlice()
    reslice.SetInputData(image_of(volume))
    own = [grid.directions.T @ axis for axis in (axes.right_lps, axes.up_lps, axes.normal_lps)]
    reslice.SetResliceAxesDirectionCosines(*own[0], *own[1], *own[2])
    reslice.SetOutputDimensionality(2)
    reslice.SetInterpolationModeToLinear()
    side_mm = max(float((corners_lps_mm(grid) @ axis).max() - (corners_lps_mm(grid) @ axis).min())
                  for axis in (axes.right_lps, axes.up_lps))  # fmt: skip
    reslice.SetOutputSpacing(side_mm / SIDE_PX, side_mm / SIDE_PX, 1.0)
    reslice.SetOutputExtent(0, SIDE_PX - 1, 0, SIDE_PX - 1, 0, 0)
    reslice.SetOutputOrigin(-side_mm / 2, -side_mm / 2, 0.0)
    mapper.SetInputConnection(reslice.GetOutputPort())
    image.SetMapper(mapper)
    image.GetProperty().SetColorWindow(2000.0)
    image.GetProperty().SetColorLevel(400.0)
    renderer.AddViewProp(image)
    camera = renderer.GetActiveCamera()
    camera.ParallelProjectionOn()
    camera.SetParallelScale(side_mm / 2)

    def frame(point: Vec3) -> None:
        offset = [p - o for p, o in zip(point, grid.origin_lps_mm, strict=True)]
        reslice.SetResliceAxesOrigin(*(grid.directions.T @ offset))
        window.Render()

    times = timed(frame, places(volume, axes.normal_lps))
    window.Finalize()
    return times


def main() -> None:
    """Print every figure."""
    threads.start()
    name, volume = a_ct()
    k, j, i = volume.grid.shape_kji
    window = offscreen_window(8, 8)
    print(f"{name}, {i}x{j}x{k}, view {SIDE_PX}x{SIDE_PX}, software {is_software(window)}, target "
          f"{TARGET_PER_S:.0f} a second (a shared machine shows in the wall clock alone)")  # fmt: skip
    window.Finalize()
    for plane in (SlicePlane.AXIAL, SlicePlane.SAGITTAL, SlicePlane.CORONAL):
        plain, outlined, other = ours(volume, plane, False), ours(volume, plane, True), peer(volume, plane)
        print(f"{plane.value}: grey, words and crosshair {_words(plain)}; with outlines {_words(outlined)}; "
              f"peer, grey alone {_words(other)}; ratio {other[1] / plain[1]:.2f}")  # fmt: skip


def _words(times: tuple[float, float]) -> str:
    return f"{1000 / times[0]:.0f}/s ({times[0]:.1f} ms, {times[1]:.1f} ms of processor)"


if __name__ == "__main__":
    main()
