"""Background work: progress, cancel, latest wins, and results on the main thread.

The one rule: work runs on a thread, returns a value and touches no widget. A cancelled or
overtaken job changes nothing, because its value is thrown away.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QEventLoop, QObject, Qt, Signal

from app.faults import without_values as without_values  # noqa: PLC0414 -- told here too
from planning.errors import PlanningError
from planning.progress import Cancelled, Progress

_LOG = logging.getLogger(__name__)
_THREADS: Final = 2
_REPORT_EVERY_S: Final = 0.05

Work = Callable[[Progress], Any]
Done = Callable[[Any], None]
LetGo = Callable[[Any], None]
Failed = Callable[[BaseException], None]


@dataclass(frozen=True)
class JobState:
    """What the job bar shows of one running job.

    Parameters
    ----------
    key, title, message : str
    fraction : float
        0 to 1.
    started_s : float
        `time.monotonic` at the start.
    can_cancel : bool
    background : bool
        Nobody asked for it: it is named behind what somebody did ask for.
    """

    key: str
    title: str
    message: str
    fraction: float
    started_s: float
    can_cancel: bool
    background: bool = False


class _Job:
    """One piece of work under way; its number says whether a later one overtook it."""

    def __init__(self, number: int, key: str, title: str, can_cancel: bool, work: Work) -> None:
        self.number = number
        self.key = key
        self.title = title
        self.can_cancel = can_cancel
        self.background = False
        self.work = work
        self.done: Done | None = None
        self.failed: Failed | None = None
        self.let_go: LetGo | None = None
        self.stop = threading.Event()
        self.started_s = time.monotonic()
        self.fraction = 0.0
        self.message = ""
        self.reported_s = 0.0

    def state(self) -> JobState:
        """Return what is shown of it."""
        fraction, started_s = self.fraction, self.started_s
        return JobState(
            self.key, self.title, self.message, fraction, started_s, self.can_cancel, self.background
        )


class Jobs(QObject):
    """Runs work on two threads and hands each value back on the main thread.

    Signals
    -------
    changed(tuple of JobState)
        Which jobs run and how far they are.
    problem(PlanningError, str)
        A job ended with something a person can act on and had no handler of its own; and its title.
    succeeded(str)
        The job of this title gave its value.
    bug(str)
        A job ended with a fault of the program; the text holds no patient data.
    """

    changed = Signal(object)
    problem = Signal(object, str)
    succeeded = Signal(str)
    bug = Signal(str)
    _finished = Signal(object)
    _progressed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="enbloc-job")
        self._fast_lane = ThreadPoolExecutor(1, thread_name_prefix="enbloc-save")
        self._numbers = itertools.count(1)
        self._running: dict[int, _Job] = {}
        self._unsettled: dict[int, tuple[_Job, Future[object]]] = {}
        self._closed = False
        self._finished.connect(self._settle, Qt.ConnectionType.QueuedConnection)
        self._progressed.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def start(
        self,
        key: str,
        title: str,
        work: Work,
        done: Done | None = None,
        failed: Failed | None = None,
        *,
        let_go: LetGo | None = None,
        can_cancel: bool = True,
        at_once: bool = False,
        background: bool = False,
    ) -> None:
        """Run `work` on a thread; a job of the same key still running is overtaken and its value dropped.

        Parameters
        ----------
        key : str
            What the job is about; latest wins within a key.
        title : str
            Shown in the job bar.
        work : callable
            Takes a `Progress`, returns a value. Runs off the main thread.
        done, failed : callable, optional
            Called on the main thread with the value or the exception. Without `failed` a
            `PlanningError` is emitted as `problem`, anything else as `bug`.
        let_go : callable, optional
            Called on the main thread with a value that is dropped, where it holds something open.
        can_cancel : bool
        at_once : bool
            Never wait behind other work; for saves.
        background : bool
            Nobody asked for it: the job bar names what somebody asked for before it.
        """
        if self._closed:
            return
        self.cancel(key)
        job = _Job(next(self._numbers), key, title, can_cancel, work)
        job.done, job.failed, job.let_go, job.background = done, failed, let_go, background
        self._running[job.number] = job
        future = (self._fast_lane if at_once else self._pool).submit(self._run, job)
        self._unsettled[job.number] = job, future
        future.add_done_callback(lambda _finished: self._report_end(job))
        self._tell()

    def finish(self, key: str, title: str, work: Work, done: Done, let_go: LetGo | None = None) -> bool:
        """Run `work` as a job that nothing else waits behind, and return once it has ended.

        The window stays alive meanwhile: it draws and shows how far the job is, and keeps what the user
        does for later. Returns whether `done` was called.
        """
        loop, arrived = QEventLoop(), [False]

        def arrive(value: object) -> None:
            done(value)
            arrived[0] = True

        def look(_running: object) -> None:
            if not self.is_running(key):
                loop.quit()

        self.start(key, title, work, arrive, let_go=let_go, can_cancel=False, at_once=True)
        self.changed.connect(look)
        loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        self.changed.disconnect(look)
        return arrived[0]

    def cancel(self, key: str) -> None:
        """Stop every job of that key; its value will be dropped."""
        for number, job in list(self._running.items()):
            if job.key == key:
                job.stop.set()
                del self._running[number]
                _, future = self._unsettled[number]
                if future.done():  # before the next one begins: it may want what this one holds
                    self._drop(number)
        self._tell()

    def is_running(self, key: str) -> bool:
        """Say whether a job of that key is under way."""
        return any(job.key == key for job in self._running.values())

    @property
    def running(self) -> tuple[JobState, ...]:
        """What is under way, oldest first."""
        return tuple(job.state() for job in self._running.values())

    def close(self) -> None:
        """Cancel everything and wait for the threads to end."""
        self._closed = True
        for job in self._running.values():
            job.stop.set()
        self._running.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._fast_lane.shutdown(wait=True)
        for number in list(self._unsettled):
            self._drop(number)

    def _run(self, job: _Job) -> object:
        def progress(fraction: float, message: str, /) -> None:
            if job.stop.is_set():
                raise Cancelled
            job.fraction, job.message = fraction, message
            now = time.monotonic()
            if now - job.reported_s > _REPORT_EVERY_S:
                job.reported_s = now
                self._progressed.emit()

        progress(0.0, "")
        return job.work(progress)

    def _report_end(self, job: _Job) -> None:
        if not self._closed:
            self._finished.emit(job)

    def _drop(self, number: int) -> None:
        """Throw away what a job gave, and let go what that holds."""
        job, future = self._unsettled.pop(number)
        if job.let_go is not None and not future.cancelled() and future.exception() is None:
            job.let_go(future.result())

    def _settle(self, job: _Job) -> None:
        if job.number not in self._unsettled:
            return  # dropped already
        if self._running.pop(job.number, None) is None:
            self._drop(job.number)  # cancelled or overtaken
            return
        _, future = self._unsettled.pop(job.number)
        self._tell()
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self.succeeded.emit(job.title)
            if job.done is not None:
                job.done(future.result())
        elif not isinstance(error, Cancelled | CancelledError):
            self._fail(job, error)

    def _fail(self, job: _Job, error: BaseException) -> None:
        if not isinstance(error, PlanningError):
            _LOG.error("job %s failed: %s", job.key, without_values(error))
        if job.failed is not None:
            job.failed(error)
        elif isinstance(error, PlanningError):
            self.problem.emit(error, job.title)
        else:
            self.bug.emit(without_values(error))

    def _tell(self) -> None:
        self.changed.emit(self.running)
