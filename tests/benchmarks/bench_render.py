"""Drawing: a drag frame against the full scene, and scrolling through a CT, in whatever renders here.

The scene is a synthetic spine of about 140 000 triangles per level of detail and six structures of
the usual kinds; the peer is the same scene drawn as a plain VTK program would draw it while
dragging: full surfaces, depth peeling, antialiasing.
"""

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.geometry.mesh import Mesh
from planning.geometry.volume import Volume
from planning.kernel import threads
from planning.model.structures import StructureKind
from rendering.cameras import StandardView
from rendering.offscreen import is_software, offscreen_window
from rendering.scene import SpineScene
from rendering.scene_state import (
    DrawnBlade,
    DrawnStructure,
    SlicePlane,
    SliceState,
    SpineState,
)
from rendering.slices import SliceScene
from tests.displays import a_display

SIZE = (1280, 800)
QUARTERS = ((0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1), (0, 0, 0.5, 0.5))
FRAMES = 25
TARGET_MS = 50.0


def a_body(middle: tuple[float, float, float], radii: tuple[float, float, float], triangles: int) -> Mesh:
    """Return a bumpy closed ellipsoid of about so many triangles."""
    n = max(8, int(np.sqrt(triangles / 4)))
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 2 * n, endpoint=False), np.linspace(0.01, np.pi - 0.01, n))
    bump = 1 + 0.06 * np.sin(9 * u) * np.sin(7 * v)
    sphere = np.stack([np.sin(v) * np.cos(u), np.sin(v) * np.sin(u), np.cos(v)], axis=-1) * bump[..., None]
    row, column = (a.ravel() for a in np.meshgrid(np.arange(n - 1), np.arange(2 * n), indexing="ij"))
    first, right = row * 2 * n + column, row * 2 * n + (column + 1) % (2 * n)
    cells = np.concatenate(
        [np.stack([first, first + 2 * n, right], 1), np.stack([right, first + 2 * n, right + 2 * n], 1)]
    )
    points = sphere.reshape(-1, 3) * radii + np.asarray(middle)
    return Mesh(points.astype(np.float32), cells.astype(np.int32))


def a_scene(triangles: int) -> SpineState:
    """Return eight vertebrae, aorta, vein, cord and a tumour, two of them translucent, and two blades."""
    bones = [
        DrawnStructure(
            f"v{n}",
            f"T{n + 5}",
            a_body((0, 0, 26.0 * (n - 4)), (24, 30, 14), triangles // 10),
            (226, 202, 134),
            StructureKind.VERTEBRA,
        )
        for n in range(8)
    ]
    tubes = [
        ("aorta", StructureKind.AORTA, (18, -38, 0), (11, 11, 110), (224, 97, 76), 0.5),
        ("cava", StructureKind.INFERIOR_VENA_CAVA, (-16, -36, 0), (10, 10, 110), (0, 151, 206), 0.5),
        ("cord", StructureKind.SPINAL_CORD, (0, 8, 0), (6, 6, 115), (244, 214, 49), 1.0),
        ("tumour", StructureKind.TUMOUR, (12, -4, 0), (16, 16, 20), (144, 238, 144), 1.0),
    ]
    others = [
        DrawnStructure(name, name, a_body(middle, radii, triangles // 20), rgb, kind, opacity)
        for name, kind, middle, radii, rgb, opacity in tubes
    ]
    blades = tuple(
        DrawnBlade(name, name, Blade((0, 34, z), (0, 0, 1), (0, -1, 0), 60, 68, 1.0, 3.0), active=name == "a")
        for name, z in (("a", 24.0), ("b", -24.0))
    )
    return SpineState(structures=(*bones, *others), blades=blades)


def a_volume(shape_kji: tuple[int, int, int] = (275, 512, 512)) -> Volume:
    """Return voxels of the size of LIDC-IDRI-0314."""
    k, j, i = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape_kji)
    plane = (1200 * np.exp(-8 * (j[:, None] ** 2 + i[None] ** 2)) - 200).astype(np.int16)
    voxels = plane[None] + (200 * np.sin(9 * k)).astype(np.int16)[:, None, None]
    grid = Grid.from_axes(shape_kji, (-200, -200, -137), np.eye(3), (0.781, 0.781, 1.0))
    return Volume(np.ascontiguousarray(voxels), grid)


class Times(NamedTuple):
    """Median of a frame by the wall clock and in processor time of all threads."""

    wall_ms: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.wall_ms:.0f} ms ({self.cpu_ms:.0f} ms of processor)"


def timed(frame: Callable[[int], object], frames: int = FRAMES) -> Times:
    """Time a frame after two to warm up."""
    durations = []
    for n in range(frames + 2):
        wall, cpu = perf_counter(), process_time()
        frame(n)
        durations.append((1000 * (perf_counter() - wall), 1000 * (process_time() - cpu)))
    return Times(median(d[0] for d in durations[2:]), median(d[1] for d in durations[2:]))


def drag_frames(triangles: int) -> None:
    """Time a drag frame of 3D and three slices, and the same scene drawn in full with depth peeling."""
    window = offscreen_window(*SIZE)
    volume, state = a_volume((120, 512, 512)), a_scene(triangles)
    scenes = [SliceScene() for _ in QUARTERS]
    planes = [p for p in SlicePlane if p is not SlicePlane.OBLIQUE]
    slices = [SliceState(p, volume, structures=state.structures, blades=state.blades) for p in planes]
    for scene, place in zip(scenes, QUARTERS, strict=True):
        scene.attach(window, place)
    spine = SpineScene()
    spine.attach(window, (0.5, 0, 1, 0.5))

    def drag(n: int) -> None:
        blade = state.blades[0].blade.moved((0.0, 0.0, 0.2 * n))
        blades = (replace(state.blades[0], blade=blade), state.blades[1])
        spine.show(replace(state, blades=blades))
        for scene, shown in zip(scenes, slices, strict=True):
            scene.show(replace(shown, blades=blades))
        window.Render()

    drag(0)
    spine.look(StandardView.POSTERIOR)
    spine.rotate(60, 20)
    spine.set_moving(True)
    ours = timed(drag)
    spine.set_moving(False)
    full = timed(drag, 5)
    peer = timed(_peeled(state), 5)
    drawn = sum(len(s.mesh.triangles) for s in state.structures)
    print(
        f"drag frame, {drawn / 1e3:.0f} k triangles + 3 slices, {SIZE[0]}x{SIZE[1]}, "
        f"software {is_software(window)}: "
        f"{ours} (target {TARGET_MS:.0f}); at rest {full}; "
        f"peer, 3D alone in full with peeling and FXAA: {peer}; ratio {peer.cpu_ms / ours.cpu_ms:.1f}"
    )
    spine.detach()
    for scene in scenes:
        scene.detach()
    window.Finalize()


def _peeled(state: SpineState) -> Callable[[int], None]:
    window: vtkRenderWindow = offscreen_window(*SIZE)
    spine = SpineScene()
    spine.attach(window)
    spine.show(state)
    main = window.GetRenderers().GetFirstRenderer()

    def frame(n: int) -> None:
        spine.rotate(1 + n % 2, 0)
        spine._software = False
        main.SetUseDepthPeeling(True)
        window.Render()

    return frame


def scrolling() -> None:
    """Time scrolling each plane of a 275-slice CT in one 800x800 view."""
    volume, state = a_volume(), a_scene(140_000)
    for plane, axis in ((SlicePlane.AXIAL, 2), (SlicePlane.SAGITTAL, 0), (SlicePlane.CORONAL, 1)):
        window = offscreen_window(800, 800)
        scene = SliceScene()
        scene.attach(window)

        ours = timed(_scroll(scene, window, SliceState(plane, volume, structures=state.structures), axis))
        print(f"scroll {plane.value}, 512x512x275, 800x800: {ours} a slice (target 16.7)")
        scene.detach()
        window.Finalize()


def _scroll(
    scene: SliceScene, window: vtkRenderWindow, state: SliceState, axis: int
) -> Callable[[int], None]:
    def frame(n: int) -> None:
        point = [0.0, 0.0, 0.0]
        point[axis] = 0.8 * (n - FRAMES / 2)
        scene.show(replace(state, crosshair_lps_mm=(point[0], point[1], point[2])))
        window.Render()

    return frame


def dragging_in_the_window() -> None:
    """Time drag frames of the whole window on the demo case, in both modes, beside a plain VTK program."""
    painted = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    _run_drag("painted", painted)
    if shutil.which("Xvfb") is None:
        print("native: not measured, Xvfb is missing")
        return
    with a_display() as environment:
        _run_drag("native", environment)


def _run_drag(mode: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.window_drag", mode]
    subprocess.run(command, cwd=Path(__file__).parents[2], env=environment, check=True)


def main() -> None:
    """Print every figure."""
    threads.start()
    dragging_in_the_window()
    for triangles in (140_000, 1_000_000):
        drag_frames(triangles)
        gc.collect()
    scrolling()


if __name__ == "__main__":
    main()
