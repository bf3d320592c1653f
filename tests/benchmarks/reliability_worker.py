"""The child process that reads hostile files and cuts solids dies at a random moment.

    python -m tests.benchmarks.reliability_worker [DEATHS]

After each death the caller must have a typed answer within a second, and the next call must work.
"""

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

from planning.errors import WorkerDied
from planning.kernel.process import Worker
from tests.benchmarks.crash_table import Row

_ECHO = "planning.kernel.child:warm"
_LONG = "planning.imaging.headers:read_headers"
_FILES = [str(Path(__file__))] * 500_000
LONGEST_S = 1.0


def rows(deaths: int) -> list[Row]:
    """Kill the child and return the line of the crash table."""
    worker, moment, failed, slowest_s = Worker(), random.Random(6), 0, 0.0
    worker.warm([_LONG])
    for _ in range(deaths):
        answered_s = _die_once(worker, moment.random() * 0.2)
        slowest_s = max(slowest_s, answered_s)
        try:
            header, _ = worker.call(_ECHO, {})
            works = header["pid"] == worker.pid
        except WorkerDied:
            works = False
        failed += not works or answered_s > LONGEST_S
    worker.close()
    note = f"answer after {slowest_s:.2f} s at the latest; the next call worked each time"
    return [Row("E2", "the child process is killed in the middle of work", deaths, failed, note)]


def _die_once(worker: Worker, after_s: float) -> float:
    """Kill the child while it works; return how long the caller waited for its answer."""
    header, _ = worker.call(_ECHO, {})
    died = [0.0]

    def kill() -> None:
        died[0] = time.monotonic()
        os.kill(header["pid"], signal.SIGKILL)

    killer = threading.Timer(after_s, kill)
    killer.start()
    try:
        worker.call(_LONG, {"files": _FILES})
    except WorkerDied:
        return time.monotonic() - died[0]
    finally:
        killer.join()
    return LONGEST_S + 1.0  # it was never told


def main() -> None:
    """Print attempts and losses."""
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 100):
        print(row.sentence, flush=True)


if __name__ == "__main__":
    main()
