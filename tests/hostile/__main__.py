"""Throw spoilt files at the program until told how it bears them.

    python -m tests.hostile [COUNT] [SEED] [KIND]

`make test-hostile` throws 10 000; a release throws as many as time allows, with other seeds.
"""

import sys
import time

from tests.hostile.barrage import barrage

COUNT, SEED = 10_000, 20261123


def main(arguments: list[str]) -> int:
    """Write answers and failures; return 1 if there was any failure."""
    count = int(arguments[0]) if arguments else COUNT
    seed = int(arguments[1]) if len(arguments) > 1 else SEED
    start = time.monotonic()
    tally = barrage(count, seed, arguments[2] if len(arguments) > 2 else "", _say)
    for kind in sorted({kind for kind, _ in tally.answers}):
        answers = sorted(((n, code) for (k, code), n in tally.answers.items() if k == kind), reverse=True)
        _say(f"{kind:32} " + ", ".join(f"{code} {n}" for n, code in answers))
    _say(
        f"\n{tally.count} files in {time.monotonic() - start:.0f} s, seed {seed}: "
        f"{len(tally.failures)} failures, {tally.deaths} deaths of the child, "
        f"slowest answer {tally.slowest_s:.1f} s"
    )
    for failure in tally.failures:
        _say(failure)
    return 1 if tally.failures else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
