"""Keep the child process from eating the machine's memory."""

import mmap
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

MEMORY_EXIT_STATUS: Final = 77
_WATCH_SECONDS: Final = 0.05
_WINDOWS_COUNTERS: Final = (
    *("PeakWorkingSetSize", "WorkingSetSize", "QuotaPeakPagedPoolUsage", "QuotaPagedPoolUsage"),
    *("QuotaPeakNonPagedPoolUsage", "QuotaNonPagedPoolUsage", "PagefileUsage", "PeakPagefileUsage"),
)


def limit_memory(extra_bytes: int | None) -> None:
    """Allow this process `extra_bytes` more address space than it has now; None lifts the limit.

    On Linux the system enforces it (RLIMIT_AS), so an allocation fails. Elsewhere RLIMIT_AS is
    absent or ignored and a watching thread ends the process with `MEMORY_EXIT_STATUS`.
    """
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 -- does not exist on Windows

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = hard if extra_bytes is None else _address_space_bytes() + extra_bytes
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    else:
        _Watch.limit_bytes = None if extra_bytes is None else _resident_bytes() + extra_bytes
        _Watch.start()


@contextmanager
def mapped_file(file: IO[bytes]) -> Iterator[mmap.mmap]:
    """Map an open file for reading, and allow for it on top of the limit while it is mapped.

    A mapping takes address space but no memory of its own: without this a sound file larger than the
    limit could not be read at all.
    """
    size = os.fstat(file.fileno()).st_size
    if sys.platform != "linux":
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data
        return
    import resource  # noqa: PLC0415 -- does not exist on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limited = soft != resource.RLIM_INFINITY
    if limited:
        wanted = soft + size + mmap.PAGESIZE
        granted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (granted, hard))
    try:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data
    finally:
        if limited:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


class _Watch:
    limit_bytes: int | None = None
    running = False

    @classmethod
    def start(cls) -> None:
        if not cls.running:
            cls.running = True
            threading.Thread(target=cls._watch, daemon=True).start()

    @classmethod
    def _watch(cls) -> None:
        while True:
            time.sleep(_WATCH_SECONDS)
            if cls.limit_bytes is not None and _resident_bytes() > cls.limit_bytes:
                os._exit(MEMORY_EXIT_STATUS)


def _resident_bytes() -> int:
    """Return the memory in use: on macOS the peak, which only errs on the careful side."""
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415 -- only needed on Windows
        from ctypes import wintypes  # noqa: PLC0415

        class Counters(ctypes.Structure):
            _fields_ = (
                ("cb", wintypes.DWORD),
                ("PageFaultCount", wintypes.DWORD),
                *(
                    (name, ctypes.c_size_t)
                    for name in (
                        "PeakWorkingSetSize",
                        "WorkingSetSize",
                        "A",
                        "B",
                        "C",
                        "D",
                        "PagefileUsage",
                        "E",
                    )
                ),
            )

        counters = Counters(cb=ctypes.sizeof(Counters))
        ctypes.windll.kernel32.K32GetProcessMemoryInfo(
            ctypes.windll.kernel32.GetCurrentProcess(), ctypes.byref(counters), counters.cb
        )
        return int(counters.PagefileUsage)
    import resource  # noqa: PLC0415 -- does not exist on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
