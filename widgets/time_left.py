"""How long work still takes, told only where its pace allows to know it, and without jumping about."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from planning.texts import tr

_LEAST_S: Final = 2.0
_LEAST_FRACTION: Final = 0.05
_RECENT_S: Final = 6.0
_STALLED_S: Final = 5.0
_DISAGREE: Final = 2.5
_PULL: Final = 0.25
_STEPS_S: Final = ((20, 1), (60, 5), (180, 15))


@dataclass
class TimeLeft:
    """Follows one piece of work.

    The pace since the start and the pace of late are compared: where they differ much, nobody knows. What
    is told moves towards what is measured by a quarter at a time, and in coarse steps.

    Parameters
    ----------
    started_s : float
        By the clock of `update`.
    """

    started_s: float
    _seen: deque[tuple[float, float]] = field(default_factory=deque)
    _end_s: float | None = None

    def update(self, now_s: float, fraction: float) -> float | None:
        """Return the seconds left, or None where they cannot be known."""
        self._note(now_s, fraction)
        measured = self._measured(now_s, fraction)
        if measured is None:
            self._end_s = None
            return None
        end_s = now_s + measured
        self._end_s = end_s if self._end_s is None else self._end_s + _PULL * (end_s - self._end_s)
        return max(0.0, self._end_s - now_s)

    def _note(self, now_s: float, fraction: float) -> None:
        if self._seen and fraction < self._seen[-1][1]:
            self._seen.clear()  # it began anew
        if not self._seen or fraction > self._seen[-1][1]:
            self._seen.append((now_s, fraction))
        while len(self._seen) > 2 and now_s - self._seen[1][0] > _RECENT_S:
            self._seen.popleft()

    def _measured(self, now_s: float, fraction: float) -> float | None:
        elapsed_s = now_s - self.started_s
        if elapsed_s < _LEAST_S or not _LEAST_FRACTION <= fraction < 1.0:
            return None
        since_start_s = elapsed_s * (1 - fraction) / fraction
        if len(self._seen) < 2:
            return since_start_s
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        if now_s - last_s > max(_STALLED_S, 2 * (last_s - first_s)):
            return None
        lately_s = (now_s - first_s) * (1 - fraction) / (last - first)
        if max(lately_s, since_start_s) > _DISAGREE * min(lately_s, since_start_s):
            return None
        return (lately_s + since_start_s) / 2


def time_left_words(seconds: float | None) -> str:
    """Return how long is left in words, in steps as coarse as the knowledge is; nothing where unknown."""
    if seconds is None:
        return ""
    for below_s, step_s in _STEPS_S:
        if seconds < below_s:
            rounded = max(step_s, step_s * round(seconds / step_s))
            if rounded < 60:
                return tr("about {count} s left", count=rounded)
            break
    return tr("about {count} min left", count=max(1, round(seconds / 60)))
