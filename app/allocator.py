"""How the C library's allocator keeps memory, so that a closed case gives its memory back."""

import ctypes
import platform
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8

LARGE_BYTES: Final = 2**20
"""Blocks from this size on are mapped alone and go back to the system as soon as they are freed."""

ARENAS: Final = 2
"""One for the main thread, one for all jobs; the library would make eight for each core."""


def give_back_what_is_freed() -> bool:
    """Keep large arrays out of the heaps that glibc makes for each thread; says whether it could be set.

    Without it the threshold for mapping a block alone rises with use (to 32 MiB, mallopt(3)), images and
    distance fields of a case come to lie among small long-lived blocks, and what is freed is never given
    back: opening and closing the demo case 12 times left 763 MiB held with 167 MiB of them in use, with it
    580 MiB (`tests/benchmarks/bench_reopening.py`). Other C libraries give back by themselves.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_M_ARENA_MAX, ARENAS)) and bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES))
