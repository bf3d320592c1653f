"""The whole window on a case, off-screen, as benchmarks of its manners drive it; and the memory it holds."""

import ctypes
import gc
import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop
from PySide6.QtWidgets import QApplication

from app.allocator import give_back_what_is_freed
from app.errands.workbench import workbench
from app.gui import Workstation, build, warm_up
from app.settings import Preferences

SIZE = (1280, 800)
PATIENCE_S = 120.0
CALM_S = 0.3
_TURN = QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents


@contextmanager
def a_window() -> Iterator[Workstation]:
    """Show the window, painted, with a home of its own and warm kernels; close it afterwards."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.pop("DISPLAY", None)
    give_back_what_is_freed()
    with tempfile.TemporaryDirectory() as home, workbench() as bench:
        os.environ["ENBLOC_HOME"] = home
        application = QApplication.instance() or QApplication([])
        assert isinstance(application, QApplication)
        station = build(bench, Preferences(Path(home) / "window.ini"), application, painted=True)
        station.window.resize(*SIZE)
        station.window.show()
        warm_up(station)
        until(lambda: is_at_rest(station))
        try:
            yield station
        finally:
            station.window.may_close = None
            station.window.close()
            forget_deleted()


def is_at_rest(station: Workstation) -> bool:
    """Say whether no job runs and no number is still to come."""
    return not station.jobs.running and not station.session.derived.is_updating


def until(reached: Callable[[], bool], calm_s: float = CALM_S, look_every_s: float = 0.1) -> None:
    """Let the window work until something holds for a while; waits in the event loop, never beside it."""
    application = QApplication.instance()
    assert application is not None
    alarm = application.startTimer(round(1000 * look_every_s))
    end, since, look = monotonic() + PATIENCE_S, monotonic(), 0.0
    try:
        while monotonic() < end:
            application.processEvents(_TURN)
            if monotonic() < look:
                continue
            look = monotonic() + look_every_s
            if not reached():
                since = monotonic()
            elif monotonic() - since >= calm_s:
                return
    finally:
        application.killTimer(alarm)
    raise TimeoutError("the window found no rest")


def forget_deleted() -> None:
    """Delete what waits for it: that is done by a running program's own loop only."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def held_mib() -> float:
    """Return the memory this process holds, after garbage and what the allocator kept were given back."""
    gc.collect()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).malloc_trim(0)
    return held_now_mib()


def held_now_mib() -> float:
    """Return the memory this process holds, as it is; needs Linux."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def growth_mib(at: list[float], held: list[float], per: float) -> float:
    """Return the growth by least squares of what was held `at` so many moves, for `per` moves."""
    return per * float(np.polyfit(at, held, 1)[0])
