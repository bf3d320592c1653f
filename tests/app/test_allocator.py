"""A block above the threshold is mapped alone: freeing it gives it back, whatever was allocated meanwhile."""

import os
import platform
import subprocess
import sys

import pytest

from app.allocator import LARGE_BYTES

_KEPT_MIB = """
import resource
from pathlib import Path
import numpy as np
{set}
def held_mib():
    return int(Path('/proc/self/statm').read_text().split()[1]) * resource.getpagesize() / 2**20
np.ones(2**24, np.uint8)  # taken and freed: glibc would raise its threshold to this size
before = held_mib()
fields, between = [], []
for _ in range(20):
    fields.append(np.ones({block}, np.uint8))
    between.append(np.ones(2**16, np.uint8))
fields.clear()
print(held_mib() - before)
"""


def _kept_mib(setting: str) -> float:
    words = _KEPT_MIB.format(set=setting, block=4 * LARGE_BYTES)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    asked = [sys.executable, "-c", words]
    return float(subprocess.run(asked, check=True, capture_output=True, text=True, env=clean).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps what is freed")
def test_large_blocks_go_back_though_small_ones_among_them_stay() -> None:
    setting = "from app.allocator import give_back_what_is_freed; assert give_back_what_is_freed()"
    assert _kept_mib("") > 40.0
    assert _kept_mib(setting) < 10.0
