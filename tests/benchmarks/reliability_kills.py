"""kill -9 in the middle of saves, as often as wanted.

    python -m tests.benchmarks.reliability_kills [KILLS]

The test suite does 200; a release does 10 000. POSIX only.
"""

import sys
import tempfile
import time
from pathlib import Path

from planning.storage.case_file import CaseFile
from tests.storage.test_crash import a_counting_case, kill_during_saves


def main() -> None:
    """Print attempts and losses."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for mode in ("save", "autosave"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "case.enbloc"
            CaseFile.create(path, a_counting_case()).close()
            start = time.monotonic()
            tally = kill_during_saves(path, kills // 2, mode, 11, 0.06)
            left = len(list(Path(folder).iterdir())) - 1
            print(
                f"{mode:9} kills {tally.kills}, acknowledged {tally.acknowledged}, lost {tally.lost},"
                f" unreadable {tally.unreadable}, left over {left}  ({time.monotonic() - start:.0f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
