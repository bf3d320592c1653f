"""Read the headers of many files in child processes; name what ends one, notice when their place is gone."""

import os
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from planning.errors import ImportRefused, WorkerDied
from planning.imaging.folder_listing import listing_of
from planning.imaging.limits import FILE_SECONDS
from planning.kernel.process import Worker
from planning.progress import Cancelled, Progress
from planning.texts import mark, tr

Record = dict[str, Any]

TASK: Final = "planning.imaging.headers:read_headers"
# Files of these may have been slices; anything else never was one.
LOST_SLICES: Final = frozenset({"NOT_READABLE", "NO_ENTRY", "NO_PIXELS", "TRUNCATED", "HUNG", "CRASHED"})
# Of these the place itself may be gone; a file that was cut short tells nothing of its place.
_OUT_OF_REACH: Final = frozenset({"NOT_READABLE", "HUNG", "CRASHED"})
BATCH: Final = 400
# A second child costs half a second to start.
_TWO_CHILDREN_FROM: Final = 5 * BATCH
_POLL_S: Final = 0.05

CRASHED: Final = mark(
    "Reading this file ended the reading process, so it was left out. It may be damaged on purpose."
)
HUNG: Final = mark("Reading this file took longer than {seconds} seconds, so it was left out.")
VANISHED: Final = mark(
    "{name} could no longer be read after {count} of {total} files: the network folder was disconnected or "
    "the disc taken out. Nothing was loaded. Reconnect it and import again."
)


@dataclass(frozen=True)
class HeaderReading:
    """What is read, from where, and by whom.

    Parameters
    ----------
    source : Path
        The folder or archive the files belong to.
    files : tuple of Path
    worker : Worker
        Reads; a second one is started for the time of a long reading.
    """

    source: Path
    files: tuple[Path, ...]
    worker: Worker

    def records(self, progress: Progress) -> list[Record]:
        """Return the records of all files, in order; a file that kills the child is named and passed over.

        Raises
        ------
        ImportRefused
            ``SOURCE_VANISHED`` or ``NO_ANSWER`` where the place went away.
        Cancelled
            From `progress`; no child reads on then.
        """
        queue = _Queue(self.files, progress)
        if len(self.files) < _TWO_CHILDREN_FROM or (os.cpu_count() or 1) < 2:
            self._work_off(queue, self.worker, queue.report)
        else:
            self._work_off_together(queue)
        return queue.in_order()

    def _work_off_together(self, queue: "_Queue") -> None:
        second = Worker()
        with ThreadPoolExecutor(1, thread_name_prefix="second header reader") as pool:
            other = pool.submit(self._work_off, queue, second, queue.stop_where_asked)
            try:
                self._work_off(queue, self.worker, queue.report)
                while not wait((other,), timeout=_POLL_S).done:
                    queue.report(0.0, tr("Reading headers"))
                other.result()
            finally:
                queue.stopped.set()
                pool.shutdown(wait=True)
                second.close()

    def _work_off(self, queue: "_Queue", worker: Worker, progress: Progress) -> None:
        while (batch := queue.next_batch()) is not None:
            records: list[Record] = []
            while len(records) < len(batch):
                new = _read_batch([str(f.absolute()) for f in batch[len(records) :]], progress, worker)
                records += new
                if any(record.get("rejected") in _OUT_OF_REACH for record in new):
                    self._check_still_there(queue, records, worker, progress)
            queue.put(batch, records)

    def _check_still_there(
        self, queue: "_Queue", records: Sequence[Record], worker: Worker, progress: Progress
    ) -> None:
        """Refuse what is left of a place that went away: a part of a study would look whole."""
        if self.source.is_file():
            return
        if len(listing_of(self.source, worker, progress).files) < len(self.files):
            count = queue.readable + sum("rejected" not in record for record in records)
            raise ImportRefused(
                "SOURCE_VANISHED", VANISHED, name=self.source.name, count=count, total=len(self.files)
            )


class _Queue:
    """Batches still to be read, and what was read; shared by two threads."""

    def __init__(self, files: tuple[Path, ...], progress: Progress) -> None:
        self.stopped = threading.Event()
        self._progress = progress
        self._files = files
        self._waiting = deque(files[n : n + BATCH] for n in range(0, len(files), BATCH))
        self._read: dict[Path, Record] = {}
        self._furthest = 0.0

    @property
    def readable(self) -> int:
        """How many headers were understood so far."""
        return sum("rejected" not in record for record in list(self._read.values()))

    def next_batch(self) -> tuple[Path, ...] | None:
        """Return files nobody reads yet; None at the end."""
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def put(self, batch: tuple[Path, ...], records: Sequence[Record]) -> None:
        """Keep what was read."""
        self._read.update(zip(batch, records, strict=True))

    def in_order(self) -> list[Record]:
        """Return one record for each file."""
        return [self._read[file] for file in self._files]

    def report(self, fraction: float, message: str, /) -> None:
        """Say how much is done of everything; `fraction` is of the first reader's batch."""
        total = max(1, len(self._files))
        done = (len(self._read) + fraction * min(BATCH, total)) / total
        self._furthest = max(self._furthest, min(1.0, done))
        self._progress(self._furthest, message)

    def stop_where_asked(self, fraction: float, message: str, /) -> None:
        """Stop the second reader when the first one was told to."""
        del fraction, message
        if self.stopped.is_set():
            raise Cancelled


def _read_batch(batch: list[str], progress: Progress, worker: Worker) -> list[dict[str, Any]]:
    """Return records of the batch up to its end, or up to and including the file that ends the child."""
    try:
        return _answered(batch, progress, worker)
    except WorkerDied:
        return _read_carefully(batch, progress, worker)


def _read_carefully(batch: list[str], progress: Progress, worker: Worker) -> list[dict[str, Any]]:
    done = 0

    def counting(fraction: float, message: str, /) -> None:
        nonlocal done
        done = round(fraction * len(batch))
        progress(fraction, message)

    try:
        return _answered(batch, counting, worker, careful=True)
    except WorkerDied as error:
        before = _answered(batch[:done], progress, worker) if done else []
        if len(before) < done:
            return before  # files of very many frames are answered in parts
        hung = error.code == "WORKER_TIMEOUT"
        template, values = (HUNG, {"seconds": f"{FILE_SECONDS:g}"}) if hung else (CRASHED, {})
        return [*before, {"rejected": "HUNG" if hung else "CRASHED", "template": template, "values": values}]


def _answered(
    batch: list[str], progress: Progress, worker: Worker, *, careful: bool = False
) -> list[dict[str, Any]]:
    request = {"files": batch, "careful": careful}
    return list(worker.call(TASK, request, progress=progress, stall_s=FILE_SECONDS)[0]["records"])
