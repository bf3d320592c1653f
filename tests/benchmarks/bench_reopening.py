"""Whether opening and closing the demo case again and again gives its memory back.

    python -m tests.benchmarks.bench_reopening [TIMES]

Each time it is opened, measured, drawn and put away. The first three warm up; the target stands beside what
is held after the last closing against after the third. Objects of Python that became more are named.
"""

import gc
import sys
from collections import Counter
from time import perf_counter

from app.gui import Workstation
from tests.benchmarks.whole_window import a_window, forget_deleted, growth_mib, held_mib, is_at_rest, until

TIMES, WARM_UP = 50, 3
TARGET_PERCENT = 5.0
NAMED = 6


def main() -> None:
    """Print what is held after the warm-up and at the end."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else TIMES
    closed, opened, begin = list[float](), list[float](), perf_counter()
    before = Counter[str]()
    with a_window() as station:
        for n in range(times):
            open_and_close(station, opened)
            closed.append(held_mib())
            if n == WARM_UP - 1:
                before = kinds()
        more = kinds() - before
    warm = closed[WARM_UP - 1 :]
    grown = 100 * (warm[-1] / warm[0] - 1)
    print(
        f"demo case opened and closed {times} times in {perf_counter() - begin:.0f} s: held closed "
        f"{warm[0]:.0f} MiB after {WARM_UP}, {warm[-1]:.0f} at the end, {grown:+.1f} % "
        f"(target within {TARGET_PERCENT:.0f} %); at most {max(opened):.0f} MiB while open; "
        f"{growth_mib(list(range(len(warm))), warm, 1):+.2f} MiB a time by least squares"
    )
    print(f"objects that became more: {', '.join(f'{k} +{n}' for k, n in more.most_common(NAMED))}")


def open_and_close(station: Workstation, opened: list[float]) -> None:
    """Open the demo case, wait for its numbers and pictures, put it away."""
    station.bindings.open_demo()
    until(lambda: is_at_rest(station) and station.session.view.evaluation is not None)
    station.window.grab()
    opened.append(held_mib())
    station.parts.files.close_case()
    until(lambda: is_at_rest(station) and station.session.case is None)
    forget_deleted()


def kinds() -> Counter[str]:
    """Count the objects the collector of garbage knows, by kind."""
    gc.collect()
    return Counter(f"{type(o).__module__}.{type(o).__qualname__}" for o in gc.get_objects())


if __name__ == "__main__":
    main()
