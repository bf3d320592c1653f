"""kill -9 of the real window at random moments of a scripted planning run, as often as wanted.

    python -m tests.benchmarks.reliability_window [KILLS]

Every other run works on a case that was never saved. After each kill the next start's offer is held
against every state the run went through. The test suite does 3 kills, a release 500. POSIX only.
"""

import sys
import tempfile
from pathlib import Path

from tests.app.killing import kill_windows
from tests.benchmarks.crash_table import Row


def rows(kills: int) -> list[Row]:
    """Kill the window and return the line of the crash table."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = kill_windows(Path(folder), kills, 2026)
    worst = max(outcome.lost, default=0)
    note = (
        f"{outcome.gestures} gestures; lost: {sum(outcome.lost)} in all, {worst} at most in one kill,"
        f" the oldest {outcome.oldest_lost_s:.2f} s old"
    )
    # Bearable is one gesture, and two seconds of work.
    too_much = sum(n > 1 for n in outcome.lost) + (outcome.oldest_lost_s > 2.0)
    return [Row("E1", "window killed while planning", outcome.kills, outcome.unrecovered + too_much, note)]


def main() -> None:
    """Print attempts and losses."""
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 100):
        print(row.sentence, flush=True)


if __name__ == "__main__":
    main()
