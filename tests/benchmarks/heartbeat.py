"""Hears whether a main thread comes back to its event loop, and names what kept it."""

import gc
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from time import perf_counter, sleep
from types import FrameType
from typing import Any, NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = tuple(str(ROOT / part) for part in ("app", "widgets", "rendering", "planning"))
LATE_MS, LOOK_EVERY_S = 16.0, 0.004


class Beat(NamedTuple):
    """One turn of the event loop: how long it took without drawing, how long drawing took, who was in it."""

    held_ms: float
    drawing_ms: float
    busy: str


class Heartbeat(QObject):
    """Beats every millisecond on the main thread; a second thread looks at its stack when it is late.

    Drawing is taken off: `Viewport._render` and its like, once `apart` is put around them, and Qt's painting
    of a window given to `leave_painting_out`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._beat)
        self._beats: list[Beat] = []
        self._last, self._apart_s, self._depth, self._since = perf_counter(), 0.0, 0, 0.0
        self._seen: Counter[str] = Counter()
        self._main = threading.get_ident()
        self._ended = False
        self._collecting_since = 0.0
        self._collected_s = 0.0
        gc.callbacks.append(self._hear_collector)
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def start(self) -> None:
        """Begin to count anew."""
        self._beats, self._last, self._apart_s = [], perf_counter(), 0.0
        self._seen = Counter()
        self._timer.start()

    def stop(self) -> list[Beat]:
        """End, and return every beat."""
        self._beat()
        self._timer.stop()
        return self._beats

    def close(self) -> None:
        """End the watching thread."""
        gc.callbacks.remove(self._hear_collector)
        self._ended = True
        self._watch.join()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Leave out what is done meanwhile; counted once where it is nested."""
        if self._depth == 0:
            self._since = perf_counter()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._apart_s += perf_counter() - self._since

    def leave_out(self, owner: type, method: str) -> None:
        """Leave a method out from now on."""
        plain: Callable[..., Any] = getattr(owner, method)

        @wraps(plain)
        def drawn(this: Any, *rest: Any, **named: Any) -> Any:
            with self.apart():
                return plain(this, *rest, **named)

        setattr(owner, method, drawn)

    def leave_painting_out(self, window: QWidget) -> None:
        """Leave out what a window paints when Qt asks for it."""
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Deliver a wish to paint here, where its time can be taken."""
        if event.type() is not QEvent.Type.UpdateRequest:
            return False
        with self.apart():
            watched.event(event)
        return True

    def _beat(self) -> None:
        now = perf_counter()
        busy = self._seen.most_common(1)[0][0] if self._seen else ""
        if self._collected_s > LOOK_EVERY_S:  # it holds every thread, whichever began it
            busy = f"{1000 * self._collected_s:.0f} ms the collector of garbage; {busy}"
        held_ms = 1000 * (now - self._last - self._apart_s)
        self._beats.append(Beat(held_ms, 1000 * self._apart_s, busy))
        self._last, self._apart_s, self._collected_s = now, 0.0, 0.0
        self._seen = Counter()

    def _hear_collector(self, phase: str, _found: object) -> None:
        if phase == "start":
            self._collecting_since = perf_counter()
        else:
            self._collected_s += perf_counter() - self._collecting_since

    def _look(self) -> None:
        while not self._ended:
            sleep(LOOK_EVERY_S)
            late_ms = 1000 * (perf_counter() - self._last - self._apart_s)
            if self._timer.isActive() and self._depth == 0 and late_ms > LATE_MS / 2:
                frame = sys._current_frames().get(self._main)
                self._seen[_busy_with(frame)] += 1


def _busy_with(frame: FrameType | None) -> str:
    """Return the three innermost functions of the program on a stack, outermost first."""
    names: list[str] = []
    while frame is not None and len(names) < 3:
        code = frame.f_code
        if code.co_filename.startswith(PROGRAM):
            names.append(f"{Path(code.co_filename).stem}.{code.co_qualname}:{frame.f_lineno}")
        frame = frame.f_back
    return " > ".join(reversed(names)) or "Qt, or other threads"


def percentile_ms(beats: list[Beat], percent: float) -> float:
    """Return what so many per cent of the beats stay within."""
    return float(np.percentile([beat.held_ms for beat in beats], percent))
