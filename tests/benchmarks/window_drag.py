"""A blade dragged in the whole window on the demo case, in one viewport mode; prints a table.

Run by `bench_render` in a process of its own per mode: ``python -m tests.benchmarks.window_drag native``.
A frame lasts from the mouse's move until the views, table and board show it. Every frame is preceded
by the same small piece of work, whose slowest against its best time says how busy the machine was.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from app.errands.workbench import workbench
from app.gui import Workstation, build
from app.session import Session
from app.settings import Preferences
from app.showing import Showing
from planning.kernel import threads
from rendering.blade_solid import slab_mesh
from rendering.convert import surface_of, triangle_data
from rendering.offscreen import offscreen_window, pixels
from rendering.scene import SpineScene
from tests.screenshots import wait_for_rest
from widgets.viewport import Viewport
from widgets.views.spine_view import SpineView

SIZE = (1280, 800)
FRAMES = 60
WARM_UP = 4
TARGET_MS = 50.0
TARGET_FULL_MS = 150.0


class Share:
    """Adds up how long calls of some methods take."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = {}

    def watch(self, owner: type, method: str, name: Callable[[Any], str]) -> None:
        """Time a method from now on, under the name its object is given."""
        plain = getattr(owner, method)

        @wraps(plain)
        def timed(this: Any, *rest: Any, **named: Any) -> Any:
            start = perf_counter()
            try:
                return plain(this, *rest, **named)
            finally:
                self.ms.setdefault(name(this), []).append(1000 * (perf_counter() - start))

        setattr(owner, method, timed)

    def per_frame(self, name: str, frames: int) -> float:
        """Return the mean time a frame spends so; the sum, not the median, because some calls are rare."""
        return sum(self.ms.get(name, [])) / frames


def main(mode: str) -> None:
    """Drag and print."""
    threads.start()
    share = Share()
    share.watch(Session, "_measured", lambda _: "distances")
    share.watch(Showing, "show", lambda _: "table, board, panels")
    share.watch(Viewport, "_render", lambda v: "3D" if isinstance(v._scene, SpineScene) else "one slice")
    with tempfile.TemporaryDirectory() as home, workbench() as bench:
        os.environ["ENBLOC_HOME"] = home
        application = QApplication.instance() or QApplication([])
        assert isinstance(application, QApplication)
        station = build(bench, Preferences(Path(home) / "window.ini"), application, mode == "painted")
        station.window.resize(*SIZE)
        station.window.show()
        station.bindings.open_demo()
        wait_for_rest(station)
        case = station.session.case
        assert case is not None
        station.parts.commands.look(active_cut=case.plan.osteotomies[0].id)
        wait_for_rest(station)
        measure(station, application, share, mode)
        station.window.may_close = None
        station.window.close()
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def measure(station: Workstation, application: QApplication, share: Share, mode: str) -> None:
    """Print the frame, where it goes, the way back to full detail, and the plain program's frame."""
    spine = station.window.views.spine
    spine.viewport.draw_now()
    at = a_handle(spine)
    walls, cpus, others = list[float](), list[float](), list[float]()
    heart = Heartbeat()
    QTest.mousePress(spine.viewport, Qt.MouseButton.LeftButton, pos=at)
    for n in range(WARM_UP + FRAMES):
        if n == WARM_UP:
            share.ms.clear()
            heart.start()
        others.append(a_fixed_piece_of_work())
        wall, cpu = perf_counter(), process_time()
        drawn = spine.viewport.schedule.renders
        QTest.mouseMove(spine.viewport, at + QPoint(1 + n % 40, n % 30))
        while spine.viewport.schedule.renders == drawn:
            application.processEvents()
        application.processEvents()
        walls.append(1000 * (perf_counter() - wall))
        cpus.append(1000 * (process_time() - cpu))
    longest_ms = heart.stop()
    walls, cpus = walls[WARM_UP:], cpus[WARM_UP:]
    parts = {n: share.per_frame(n, FRAMES) for n in ("distances", "table, board, panels", "3D", "one slice")}
    rest = sum(walls) / FRAMES - sum(parts.values())
    full_ms = to_full_detail(station, application, at)
    peer = plain_frame_ms(station)
    print(
        f"drag frame, whole window, demo case, {SIZE[0]}x{SIZE[1]}, {mode}: "
        f"median {median(walls):.0f} ms, 95 % within {np.percentile(walls, 95):.0f}, best {min(walls):.0f} "
        f"(processor {median(cpus):.0f}); target {TARGET_MS:.0f}\n"
        f"  mean of each: {', '.join(f'{n} {ms:.1f}' for n, ms in parts.items())}, "
        f"Qt painting and all else {rest:.1f}\n"
        f"  main thread held at most {longest_ms:.0f} ms (target 100); "
        f"full detail {full_ms:.0f} ms after the release (target {TARGET_FULL_MS:.0f})\n"
        f"  peer, same 3D view alone in plain VTK, all surfaces drawn anew: {peer:.0f} ms\n"
        f"  the same fixed work took {median(others):.1f} ms, at its best {min(others):.1f}: "
        f"the machine was {median(others) / min(others):.1f} times busy; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


class Heartbeat:
    """The longest time the main thread did not come back to its event loop."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._beat)
        self._last = self._longest = 0.0

    def start(self) -> None:
        """Begin."""
        self._last, self._longest = perf_counter(), 0.0
        self._timer.start()

    def stop(self) -> float:
        """End; return milliseconds."""
        self._timer.stop()
        return 1000 * self._longest

    def _beat(self) -> None:
        now = perf_counter()
        self._longest, self._last = max(self._longest, now - self._last), now


def to_full_detail(station: Workstation, application: QApplication, at: QPoint) -> float:
    """Release the blade; return how long it takes until every view in sight was drawn in full."""
    frames = station.window.views.frames
    schedules = [frame.viewport.schedule for frame in frames if frame.viewport.isVisible()]
    before = [schedule.renders for schedule in schedules]
    start = perf_counter()
    QTest.mouseRelease(station.window.views.spine.viewport, Qt.MouseButton.LeftButton, pos=at)
    while any(s.renders == b for s, b in zip(schedules, before, strict=True)):
        application.processEvents()
    application.processEvents()
    return 1000 * (perf_counter() - start)


def plain_frame_ms(station: Workstation) -> float:
    """Return a frame of the same 3D view as a plain VTK program draws it when one blade moved."""
    view = station.window.views.spine
    window = offscreen_window(view.viewport.width(), view.viewport.height())
    renderer = vtkRenderer()
    window.AddRenderer(renderer)
    state = view.state
    for drawn in state.structures:
        actor = _plain_actor(surface_of(drawn.mesh))
        actor.GetProperty().SetOpacity(drawn.opacity)
        actor.SetVisibility(drawn.visible)
        renderer.AddActor(actor)
    blade = slab_mesh(state.blades[0].blade)
    moved = _plain_actor(triangle_data(blade.vertices_lps_mm, blade.triangles))
    moved.GetProperty().SetOpacity(0.45)
    renderer.AddActor(moved)
    renderer.ResetCamera()
    durations = []
    for n in range(9):
        start = perf_counter()
        moved.SetPosition(0.0, 0.0, 0.2 * n)
        pixels(window)
        durations.append(1000 * (perf_counter() - start))
    window.Finalize()
    return median(durations[2:])


def _plain_actor(data: Any) -> vtkActor:
    mapper, actor = vtkPolyDataMapper(), vtkActor()
    mapper.SetInputData(data)
    mapper.ScalarVisibilityOff()
    actor.SetMapper(mapper)
    return actor


def a_fixed_piece_of_work() -> float:
    """Return how many milliseconds a small fixed computation takes now."""
    start = perf_counter()
    sum(n * n for n in range(40_000))
    return 1000 * (perf_counter() - start)


def a_handle(spine: SpineView) -> QPoint:
    """Return a place of the 3D view where the active blade can be grabbed."""
    height = spine.viewport.height()
    for y in range(4, height, 5):
        for x in range(4, spine.viewport.width(), 5):
            if spine.scene.handle.part_at(float(x), float(height - 1 - y)) is not None:
                return QPoint(x, y)
    raise RuntimeError("no handle of the active blade is in view")


if __name__ == "__main__":
    main(sys.argv[1])
