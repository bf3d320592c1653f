"""How long work still takes: steady, coarse, and silent where nobody knows."""

import itertools

import numpy as np
import pytest

from widgets.time_left import TimeLeft, time_left_words

TICK_S = 0.25


def told(fractions: list[float]) -> list[float | None]:
    """Return what is told at every tick of work that is so far."""
    left = TimeLeft(0.0)
    return [left.update(n * TICK_S, fraction) for n, fraction in enumerate(fractions)]


def test_steady_work_is_told_right_from_early_on() -> None:
    answers = told([n / 160 for n in range(160)])  # 40 s
    for n, seconds in enumerate(answers):
        if n * TICK_S < 2.0 or n / 160 < 0.05:
            assert seconds is None
        else:
            assert seconds == pytest.approx(40.0 - n * TICK_S, abs=0.5)


def test_uneven_work_never_jumps() -> None:
    rng = np.random.default_rng(7)
    steps = np.repeat(rng.uniform(0.2, 1.8, 80), 5)  # in bursts of 1.25 s
    answers = told(list(np.cumsum(steps) / steps.sum()))
    pairs = [(a, b) for a, b in itertools.pairwise(answers) if a is not None and b is not None]
    assert len(pairs) > 250
    assert max(abs((b + TICK_S) - a) / max(a, 5.0) for a, b in pairs) < 0.25


def test_work_that_stalls_or_slows_down_much_is_not_told() -> None:
    stalled = told([min(n / 80, 0.5) for n in range(200)])  # halfway in 10 s, then nothing for 40 s
    assert stalled[30] is not None
    assert stalled[-1] is None
    slow = told([n / 80 if n < 40 else 0.5 + (n - 40) / 4000 for n in range(140)])
    assert slow[-1] is None


def test_work_that_begins_anew_forgets_its_pace() -> None:
    left = TimeLeft(0.0)
    for n in range(40):
        left.update(n * TICK_S, n / 50)
    assert left.update(10.0, 0.01) is None


@pytest.mark.parametrize(
    "seconds, words",
    [
        (None, ""),
        (0.2, "about 1 s left"),
        (12.4, "about 12 s left"),
        (33.0, "about 35 s left"),
        (58.0, "about 1 min left"),
        (100.0, "about 2 min left"),
        (400.0, "about 7 min left"),
    ],
)
def test_words_are_as_coarse_as_the_knowledge(seconds: float | None, words: str) -> None:
    assert time_left_words(seconds) == words
