"""The child process: arrays there and back, death, hanging, memory and cancelling."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from planning.errors import ImportRefused, WorkerDied
from planning.kernel import process
from planning.kernel.process import Worker
from planning.kernel.tasks import TASKS
from planning.progress import Cancelled

ECHO = "planning.kernel.child:warm"
HEADERS = "planning.imaging.headers:read_headers"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


@pytest.mark.parametrize("dtype", ["bool", "u1", "i2", "u2", "i4", "i8", "f4", "f8"])
def test_arrays_come_back_as_they_went(worker: Worker, dtype: str) -> None:
    arrays = [np.arange(24).reshape(2, 3, 4).astype(dtype), np.zeros((0, 3), dtype), np.ones(2**20, dtype)]
    header, back = worker.call(ECHO, {}, arrays)
    assert header["pid"] == worker.pid != os.getpid()
    for sent, received in zip(arrays, back, strict=True):
        assert received.dtype == sent.dtype
        np.testing.assert_array_equal(received, sent)
        assert not received.flags.writeable


def test_objects_never_travel(worker: Worker) -> None:
    with pytest.raises(TypeError, match="not exchanged"):
        worker.call(ECHO, {}, [np.array([{}], dtype=object)])


def test_only_listed_tasks_run(worker: Worker) -> None:
    with pytest.raises(KeyError):
        worker.call("os:system", {})


def test_a_killed_child_is_reported_and_replaced(worker: Worker) -> None:
    first = worker.call(ECHO, {})[0]["pid"]
    killer = threading.Timer(0.3, os.kill, (first, signal.SIGKILL))
    fifo_reader = {"files": [str(ROOT / "README.md")] * 200_000}
    killer.start()
    with pytest.raises(WorkerDied) as died:
        worker.call(HEADERS, fifo_reader)
    killer.join()
    assert died.value.code == "WORKER_DIED"
    second = worker.call(ECHO, {})[0]["pid"]
    assert second != first


def test_a_child_killed_while_idle_is_replaced_without_a_word(worker: Worker) -> None:
    first = worker.call(ECHO, {})[0]["pid"]
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert worker.call(ECHO, {})[0]["pid"] != first


def test_a_stalled_child_is_stopped(worker: Worker, tmp_path: Path) -> None:
    worker.warm([HEADERS])
    with pytest.raises(WorkerDied) as died:
        worker.call(HEADERS, {"files": [str(ROOT / "README.md")] * 500_000}, timeout_s=0.2)
    assert died.value.code == "WORKER_TIMEOUT"
    assert worker.pid is None


def test_cancelling_ends_the_child(worker: Worker) -> None:
    child = worker.call(ECHO, {})[0]["pid"]

    def cancel(fraction: float, message: str, /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        worker.call(HEADERS, {"files": ["/none"] * 10}, progress=cancel)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert worker.call(ECHO, {})[0]["pid"] != child


def test_progress_and_problems_come_through(worker: Worker, tmp_path: Path) -> None:
    seen: list[float] = []
    files = [str(tmp_path / str(n)) for n in range(4)]
    request = {"files": files, "careful": True}
    header, _ = worker.call(HEADERS, request, progress=lambda f, _: seen.append(f))
    assert [r["rejected"] for r in header["records"]] == ["NOT_READABLE"] * 4
    assert set(seen) >= {0.0, 0.25, 0.5, 0.75}
    with pytest.raises(ImportRefused) as refused:
        worker.call(
            "planning.imaging.archive:unpack", {"archive": str(ROOT / "README.md"), "target": str(tmp_path)}
        )
    assert refused.value.code == "TRUNCATED"
    assert worker.pid is not None, "a refusal does not end the child"


def test_a_bug_in_a_task_names_places_but_no_values(worker: Worker) -> None:
    with pytest.raises(WorkerDied) as died:
        worker.call(HEADERS, {"wrong": "Quillfeather"})
    assert died.value.code == "WORKER_FAILED"
    assert "headers.py:" in died.value.message
    assert "Quillfeather" not in died.value.message
    assert worker.pid is not None


@pytest.mark.skipif(os.name != "posix", reason="folders are swept by their owner")
def test_a_folder_that_goes_while_old_ones_are_swept_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    going, left, ours = (tmp_path / f"enbloc-worker-{n}-x" for n in (1, ended.pid, os.getpid()))
    for folder in (going, left, ours):
        folder.mkdir()
    seen = process._is_ours

    def taken_away_first(folder: Path) -> bool:
        if folder == going:
            folder.rmdir()  # its own program ends just now
        return seen(folder)

    monkeypatch.setattr(process, "_is_ours", taken_away_first)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    process._sweep_left_behind()
    assert list(tmp_path.iterdir()) == [ours]


def test_nothing_is_left_behind() -> None:
    script = (
        "import os, sys\n"
        "from planning.kernel.process import Worker\n"
        "worker = Worker()\n"
        "worker.warm()\n"
        "print(worker.pid, flush=True)\n"
        "if sys.argv[1] == 'killed': os.kill(os.getpid(), 9)\n"
    )
    for way in ("ends", "killed"):
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-c", script, way],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        child = int(ran.stdout)
        assert not ran.stderr
        _wait_until_gone(child)


def _wait_until_gone(pid: int) -> None:
    """Wait for the end of a process that notices by its closed pipe that nobody needs it."""
    gone = threading.Event()
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text("ascii").split(")")[1].split()[0] == "Z":
                return
        except (ProcessLookupError, FileNotFoundError):
            return
        gone.wait(0.05)
    pytest.fail(f"the child {pid} outlived its program")


def test_no_task_loads_qt() -> None:
    script = (
        "import importlib, sys\n"
        "import planning.kernel.child, planning.kernel.process\n"
        f"for task in {[t for t in TASKS if t.startswith('planning.imaging')]!r}:\n"
        "    importlib.import_module(task.split(':')[0])\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('PySide6', 'shiboken6', 'vtkmodules')])\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS binds on Linux; elsewhere a thread watches")
def test_memory_is_limited_and_the_limit_is_lifted_again() -> None:
    script = (
        "from planning.kernel.memory_limit import limit_memory\n"
        "limit_memory(64 * 2**20)\n"
        "try:\n"
        "    bytearray(256 * 2**20)\n"
        "except MemoryError:\n"
        "    print('refused')\n"
        "limit_memory(None)\n"
        "print(len(bytearray(256 * 2**20)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["refused", str(256 * 2**20)]


def test_a_task_that_needs_too_much_memory_is_given_up(worker: Worker) -> None:
    plane = {"rows": 40_000, "columns": 40_000}  # 3.2 GB in one array, 512 MiB allowed
    header = {"planes": [plane], "twins": [], "is_ct": True, "dtype": "int16"}
    with pytest.raises(WorkerDied) as died:
        worker.call("planning.imaging.decode:decode_slices", header)
    assert died.value.code == "WORKER_MEMORY"


def test_two_threads_wait_for_each_other(worker: Worker) -> None:
    results: list[int] = []

    def call(n: int) -> None:
        results.append(int(worker.call(ECHO, {}, [np.full(10, n)])[1][0][0]))

    threads = [threading.Thread(target=call, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(8))
