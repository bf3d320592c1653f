"""A warm child process for what may crash, hang or hold the interpreter lock.

Files from outside are parsed there (a hostile file can end the process that reads it), and solids
are cut there (manifold3d holds the interpreter lock). The window, the command line and the tests
use the same class; the child never loads Qt.
"""

import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from planning import errors
from planning.errors import PlanningError, WorkerDied
from planning.kernel.exchange import (
    Array,
    ArrayNote,
    Header,
    read_frame,
    store_array,
    take_array,
    write_frame,
)
from planning.kernel.memory_limit import MEMORY_EXIT_STATUS
from planning.kernel.tasks import TASKS
from planning.progress import Progress, silent
from planning.texts import mark, tr

_ROOT: Final = Path(__file__).resolve().parents[2]
_POLL_SECONDS: Final = 0.05
_ERROR_TYPES: Final = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, PlanningError)
}


class Worker:
    """A child process that runs whitelisted tasks, started on the first call and kept warm.

    Calls from several threads wait for each other. A child that died is replaced on the next call.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._calls = 0

    @property
    def pid(self) -> int | None:
        """Process number of the living child, or None."""
        child = self._child
        return child.process.pid if child is not None and child.process.poll() is None else None

    def warm(self, tasks: Sequence[str] = ()) -> None:
        """Start the child and load the modules of `tasks`, so that the first real call is quick."""
        self.call("planning.kernel.child:warm", {"tasks": list(tasks)})

    def call(
        self,
        task: str,
        header: Mapping[str, Any],
        arrays: Sequence[Array] = (),
        progress: Progress = silent,
        timeout_s: float | None = None,
        stall_s: float | None = None,
        mapped_bytes: int = 0,
    ) -> tuple[dict[str, Any], list[Array]]:
        """Run `task` in the child and return its header and arrays.

        Parameters
        ----------
        task : str
            A name of `planning.kernel.tasks.TASKS`.
        header : mapping
            JSON values only.
        arrays : sequence of array
            Handed over through private files; the child sees them read-only.
        progress : Progress
            Called on this thread, at least every 50 ms; when it raises `Cancelled`, the child is
            killed and the exception goes on.
        timeout_s, stall_s : float or None
            Seconds for the whole call, and between two signs of life (answers or progress).
        mapped_bytes : int
            Size of the arrays the task will create, granted on top of its memory limit.

        Returns
        -------
        header : dict
            JSON values.
        arrays : list of array
            Read-only; large ones stay mapped on a file without a name.

        Raises
        ------
        PlanningError
            Whatever problem the task itself reports, with its type and code.
        WorkerDied
            The child ended, hung or failed: codes ``WORKER_DIED``, ``WORKER_TIMEOUT``,
            ``WORKER_MEMORY``, ``WORKER_FAILED`` (value ``detail``).
        Cancelled
            From `progress`.
        """
        limit_mib = TASKS[task]
        if limit_mib is not None:
            limit_mib += (mapped_bytes + sum(a.nbytes for a in arrays)) // 2**20 + 1
        while not self._lock.acquire(timeout=_POLL_SECONDS):
            progress(0.0, tr("Waiting for earlier work to finish"))
        try:
            return self._converse(task, dict(header), arrays, limit_mib, progress, _Clock(timeout_s, stall_s))
        except PlanningError as error:
            if isinstance(error, WorkerDied) and error.code != "WORKER_FAILED":
                self._kill()
            raise
        except BaseException:
            # Cancelled, or anything else: whatever the child was doing, nobody waits for it.
            self._kill()
            raise
        finally:
            self._lock.release()

    def _converse(
        self,
        task: str,
        header: Header,
        arrays: Sequence[Array],
        limit_mib: int | None,
        progress: Progress,
        clock: "_Clock",
    ) -> tuple[Header, list[Array]]:
        self._calls += 1
        child = self._living_child()
        notes = [store_array(child.folder, f"in-{self._calls}-{n}", array) for n, array in enumerate(arrays)]
        request = {
            "task": task,
            "header": header,
            "arrays": [note.to_json() for note in notes],
            "call": self._calls,
            "limit_mib": limit_mib,
        }
        try:
            write_frame(child.requests, request)
            return _taken(child, _answer(child, progress, clock))
        except OSError as error:
            raise _death(child) from error
        finally:
            _remove_files(child.folder, (f"in-{self._calls}-", f"out-{self._calls}-"))

    def close(self) -> None:
        """End the child; a later call starts another."""
        self._kill()

    def _living_child(self) -> "_Child":
        if self._child is None or self._child.has_ended():
            self._kill()
            self._child = _Child()
            weakref.finalize(self, _end, self._child)
        return self._child

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            _end(child)


@dataclass
class _Clock:
    """Two deadlines: for the whole call, and for the next sign of life."""

    timeout_s: float | None
    stall_s: float | None
    started: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)

    def hear(self) -> None:
        self.heard = time.monotonic()

    def is_over(self) -> bool:
        now = time.monotonic()
        late = self.timeout_s is not None and now - self.started > self.timeout_s
        return late or (self.stall_s is not None and now - self.heard > self.stall_s)


class _Child:
    """One started process with its private folder and the thread that hears its answers."""

    def __init__(self) -> None:
        _sweep_left_behind()
        self.folder = Path(tempfile.mkdtemp(prefix=f"enbloc-worker-{os.getpid()}-"))
        # Threads of the linear algebra library would only reserve address space, which is limited here.
        environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": str(_ROOT),
            "QT_QPA_PLATFORM": "offscreen",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "planning.kernel.child", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self.answers: queue.SimpleQueue[Header | None] = queue.SimpleQueue()
        assert self.process.stdin is not None  # noqa: S101 -- both were asked for as pipes
        assert self.process.stdout is not None  # noqa: S101
        self.requests: IO[bytes] = self.process.stdin
        self.listener = threading.Thread(
            target=_listen, args=(self.process.stdout, self.answers), name="child answers", daemon=True
        )
        self.listener.start()

    def has_ended(self) -> bool:
        """Say whether the process is gone, or has closed its side and is about to be."""
        return self.process.poll() is not None or not self.listener.is_alive()


def _listen(replies: IO[bytes], answers: "queue.SimpleQueue[Header | None]") -> None:
    while (answer := read_frame(replies)) is not None:
        answers.put(answer)
    answers.put(None)


def _answer(child: _Child, progress: Progress, clock: _Clock) -> Header:
    """Return the final answer, passing progress on."""
    fraction, message = 0.0, ""
    while True:
        try:
            answer = child.answers.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            if clock.is_over():
                raise WorkerDied(
                    "WORKER_TIMEOUT",
                    mark("The background process took too long and was stopped. Try with less data."),
                ) from None
            progress(fraction, message)
            continue
        clock.hear()
        if answer is None:
            raise _death(child)
        if "progress" not in answer:
            return answer
        fraction, message = min(1.0, max(0.0, float(answer["progress"][0]))), tr(str(answer["progress"][1]))
        progress(fraction, message)


def _taken(child: _Child, reply: Header) -> tuple[Header, list[Array]]:
    """Turn the final answer into a result, or raise what it reports."""
    if "refused" in reply:
        refused = reply["refused"]
        raise _ERROR_TYPES.get(refused["type"], PlanningError)(
            refused["code"], refused["template"], **refused["values"]
        )
    if "failed" in reply:
        failed = reply["failed"]
        if failed["kind"] == "MemoryError":
            raise _memory()
        raise WorkerDied(
            "WORKER_FAILED",
            mark("The background process met an error it does not know ({detail}). Nothing was changed."),
            detail=f"{failed['kind']} {failed['where']}".strip(),
        )
    try:
        notes = [ArrayNote.from_json(note) for note in reply["arrays"]]
        return dict(reply["done"]), [take_array(child.folder, note) for note in notes]
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise _death(child) from error


def _memory() -> WorkerDied:
    return WorkerDied(
        "WORKER_MEMORY",
        mark("Reading needed more memory than is allowed and was given up. The file may be damaged."),
    )


def _death(child: _Child) -> WorkerDied:
    try:
        status = child.process.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        status = 0
    if status == MEMORY_EXIT_STATUS:
        return _memory()
    return WorkerDied(
        "WORKER_DIED",
        mark(
            "The background process ended without an answer (status {status}). Nothing was changed, and the "
            "next attempt starts a new one: try again."
        ),
        status=status,
    )


def _end(child: _Child) -> None:
    """End a child and leave neither zombie, thread nor folder."""
    child.process.kill()
    child.process.wait()
    child.listener.join(timeout=1.0)
    for pipe in (child.process.stdin, child.process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue  # a request that was never read; the child is gone
    shutil.rmtree(child.folder, ignore_errors=True)


def _remove_files(folder: Path, prefixes: tuple[str, ...]) -> None:
    if folder.is_dir():
        for path in folder.iterdir():
            if path.name.startswith(prefixes):
                try:
                    path.unlink(missing_ok=True)
                except PermissionError:
                    continue  # still mapped on Windows; goes with the folder


def _sweep_left_behind() -> None:
    """Remove private folders of programs that were killed together with their child."""
    for folder in Path(tempfile.gettempdir()).glob("enbloc-*-*"):
        found = re.match(r"enbloc-(worker|import|output|report|case)-(\d+)-", folder.name)
        if found and _is_ours(folder) and not _is_running(int(found[2])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Say whether this user made the folder; one that its own program has just removed is nobody's."""
    try:
        return os.name == "posix" and folder.lstat().st_uid == os.getuid()
    except FileNotFoundError:
        return False


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
