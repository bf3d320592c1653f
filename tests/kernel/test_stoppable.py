"""Closing the window does not wait for kernels that are still being compiled."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import pytest

from planning.kernel.stoppable import stoppable
from planning.progress import Cancelled, silent


def test_compiling_stops_in_the_middle_and_can_begin_anew() -> None:
    asked: list[str] = []
    twice: Any = numba.njit(lambda x: 2 * x)

    def third(_fraction: float, message: str, /) -> None:
        asked.append(message)
        if len(asked) == 3:
            raise Cancelled

    with ThreadPoolExecutor(1) as pool, pytest.raises(Cancelled), stoppable(third):
        pool.submit(twice, 1.0).result()  # as surfaces are built
    assert len(asked) == 3
    assert twice.signatures == []
    with stoppable(silent):
        assert twice(2.0) == 4.0
    assert len(asked) == 3
    assert len(twice.signatures) == 1
