"""The one thread that keeps unsaved work: never behind other jobs, always the newest state.

Everything that touches the working copy runs there in the order it was asked for. A gesture that comes
while another is being written waits alone: only the newest one waiting is written.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.faults import without_values
from planning.errors import CaseFileProblem, PlanningError
from planning.model.case import Case
from planning.storage.case_file import CaseFile
from planning.storage.generations import keep_generation
from planning.storage.journal import LeftBehind, WorkingCopy
from planning.storage.notary import Notary

_LOG = logging.getLogger(__name__)
_CLOSE_S: Final = 30.0


class _Desk:
    """One case being worked on: its working copy, and the newest state that waits to be kept.

    `rests` counts how often what was kept was settled: a state asked for after that is not written before.
    """

    def __init__(self) -> None:
        self.copy: WorkingCopy | None = None
        self.template: Case | None = None
        self.waiting: tuple[int, Case, str] | None = None
        self.rests = 0


class Keeper:
    """Keeps unsaved work on a thread of its own.

    Parameters
    ----------
    folder : Path
        The private folder of unsaved work.
    notary : Notary or None
        Seals records of private copies.
    failed : callable
        Told on that thread, once a case, when work cannot be kept.
    """

    def __init__(
        self, folder: Path, notary: Notary | None, failed: Callable[[PlanningError], object]
    ) -> None:
        self.folder, self._notary, self._failed = folder, notary, failed
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="enbloc-keeper")
        self._lock = threading.Lock()
        self._desk = _Desk()

    def begin(self, case: Case, file: CaseFile | None, instead_of: LeftBehind | None = None) -> None:
        """Start on a case; put the one before away first. `instead_of` is given up once this one is kept."""
        desk = self._desk = _Desk()

        def work() -> None:
            desk.copy = WorkingCopy(self.folder, case, file, self._notary)
            if instead_of is not None:
                if not (instead_of.in_own_file and file is not None and not file.read_only):
                    desk.copy.record(case, instead_of.label)
                instead_of.discard()

        self._submit(work)

    def begin_lazily(self, case: Case) -> None:
        """Start on a case that is looked at first: nothing is written before the first gesture."""
        self._desk = _Desk()
        self._desk.template = case

    def forget_unsaved(self, file: CaseFile) -> None:
        """Forget the unsaved work in a file, as the user chose."""
        self._submit(file.discard_unsaved)

    def record(self, case: Case, label: str) -> None:
        """Keep the case as it is now; it is durable some milliseconds later."""
        desk = self._desk
        with self._lock:
            rests = desk.rests
            is_first = desk.waiting is None or desk.waiting[0] != rests
            desk.waiting = (rests, case, label)
        if is_first:
            self._submit(lambda: self._record(desk, rests))

    def rest(self) -> None:
        """Forget what was kept: it is saved or undone."""
        desk = self._desk
        with self._lock:
            desk.rests, desk.waiting = desk.rests + 1, None

        def work() -> None:
            if desk.copy is not None:
                desk.copy.rest()

        self._submit(work)

    def put_away(self, file: CaseFile | None) -> None:
        """Settle the case, whose work is saved or given up, and close its file."""
        desk, self._desk = self._desk, _Desk()
        with self._lock:
            desk.waiting = None

        def work() -> None:
            if desk.copy is not None:
                desk.copy.settle()
            if file is not None:
                file.close()

        self._submit(work)

    def give_back(self, file: CaseFile | None) -> None:
        """Close a file that nobody works on, before whatever is asked for next."""
        if file is not None:
            self._submit(file.close)

    def keep_generation(self, path: Path) -> None:
        """Bring the earlier generation of a case file up to date, when nothing else waits."""

        def work() -> None:
            try:
                keep_generation(path)
            except CaseFileProblem as problem:
                # The case is saved; what is missing is a second net, on a disk with no room for it.
                _LOG.warning("no earlier generation kept: %s", problem.code)

        self._submit(work)

    @property
    def private_copy(self) -> CaseFile | None:
        """The private copy of a case that has no file of its own; it holds the record meanwhile."""
        return self._desk.copy.copy if self._desk.copy is not None else None

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until everything asked for is done; never on the window's thread."""
        self._pool.submit(lambda: None).result(timeout_s)

    def close(self) -> None:
        """Do what was asked for, then end."""
        with suppress(TimeoutError, RuntimeError):  # closed before, or a disk that does not answer
            self.wait(_CLOSE_S)
        self._pool.shutdown(wait=False)

    def _record(self, desk: _Desk, rests: int) -> None:
        with self._lock:
            waiting = desk.waiting
            if waiting is None or waiting[0] != rests:
                return  # overtaken by a rest; what came after it has a turn of its own
            desk.waiting = None
        if desk.copy is None and desk.template is not None:
            desk.copy = WorkingCopy(self.folder, desk.template, None, self._notary)
        if desk.copy is not None:
            desk.copy.record(*waiting[1:])

    def _submit(self, work: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # closed: the program ends
            self._pool.submit(work).add_done_callback(self._settled)

    def _settled(self, done: "Future[None]") -> None:
        error = done.exception()
        if isinstance(error, PlanningError):
            self._failed(error)
        elif error is not None:
            _LOG.error("keeping unsaved work failed: %s", without_values(error))
            self._failed(PlanningError("KEEPING_FAILED", type(error).__name__))
