"""The child process: waits for tasks, runs them, answers; ends when the program is gone.

Started as ``python -m planning.kernel.child FOLDER`` by `planning.kernel.process.Worker`.
"""

import errno
import importlib
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from planning.errors import PlanningError
from planning.kernel.exchange import (
    Array,
    ArrayNote,
    Header,
    Task,
    TaskRoom,
    open_array,
    read_frame,
    write_frame,
)
from planning.kernel.memory_limit import limit_memory
from planning.kernel.tasks import TASKS


def warm(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Load the modules of the tasks named in the header; return the arrays as they came (a self-test)."""
    del room
    for task in header.get("tasks", []):
        _function(task)
    return {"pid": os.getpid()}, list(arrays)


def main(folder: Path) -> None:
    """Serve tasks until the pipe closes, then remove the private folder."""
    requests, replies = _private_pipes()
    # What libraries print may hold patient values, and nobody reads it here.
    warnings.simplefilter("ignore")
    while (request := read_frame(requests)) is not None:
        _serve(request, folder, replies)
    shutil.rmtree(folder, ignore_errors=True)


def _private_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Move the pipes away from descriptors 0 and 1, so that a library that prints cannot break the talk."""
    requests, replies = os.dup(0), os.dup(1)
    with Path(os.devnull).open("r+b") as nothing:
        for standard in (0, 1, 2):
            os.dup2(nothing.fileno(), standard)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb")


def _serve(request: Header, folder: Path, replies: IO[bytes]) -> None:
    def progress(fraction: float, message: str, /) -> None:
        write_frame(replies, {"progress": [float(fraction), message]})

    try:
        answer = _run(request, TaskRoom(folder, progress, int(request["call"])))
    except PlanningError as error:
        answer = {"refused": _refusal(error)}
    except BaseException as error:  # noqa: BLE001 -- pyo3's PanicException is no Exception; the parent must hear of everything
        answer = {"failed": {"kind": _kind(error), "where": _where(error)}}
    finally:
        limit_memory(None)
    write_frame(replies, answer)


def _run(request: Header, room: TaskRoom) -> Header:
    task, limit_mib = str(request["task"]), request["limit_mib"]
    function = _function(task)
    arrays = [open_array(room.folder, ArrayNote.from_json(note)) for note in request["arrays"]]
    if limit_mib is not None:
        limit_memory(int(limit_mib) * 2**20)
    header, results = function(request["header"], arrays, room)
    notes = room.notes_of(results)
    return {"done": header, "arrays": [note.to_json() for note in notes]}


def _function(task: str):  # type: ignore[no-untyped-def]
    if task not in TASKS:
        raise LookupError(task)
    module, name = task.split(":")
    function: Task = getattr(importlib.import_module(module), name)
    return function


def _refusal(error: PlanningError) -> Header:
    values = {
        name: value if isinstance(value, int | float) else str(value) for name, value in error.values.items()
    }
    return {"type": type(error).__name__, "code": error.code, "template": error.template, "values": values}


def _kind(error: BaseException) -> str:
    no_memory = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
    return "MemoryError" if no_memory else type(error).__name__


def _where(error: BaseException) -> str:
    """Return the places the error went through, without any value that a file put into its message."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-4:]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
