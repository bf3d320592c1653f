"""Simulated power cuts in the middle of saves, honest disk and lying disk, as often as wanted.

    python -m tests.benchmarks.reliability_power_cuts [CUTS]

The simulation is `tests.storage.failing_disk`. The same with ``synchronous=OFF`` shows that it does find
losses. The test suite does 60 of each, a release 100 000. Needs the package ``apsw``.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from planning.storage.case_file import CaseFile
from tests.benchmarks.crash_table import Row
from tests.storage.failing_disk import Cut, cut_power, with_generations
from tests.storage.test_crash import a_counting_case


def rows(cuts: int) -> list[Row]:
    """Cut the power and return the lines of the crash table."""
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "case.enbloc"
        CaseFile.create(whole, a_counting_case()).close()
        with_generations(whole)
        honest = [cut_power(seed, whole) for seed in range(cuts)]
        lying = [cut_power(seed, whole, lies=True) for seed in range(cuts)]
        off = [cut_power(seed, whole, synchronous="OFF") for seed in range(max(cuts // 10, 10))]
    itself = Counter(cut.itself for cut in lying)
    offered = Counter(cut.offered for cut in lying)
    spoilt = sum(cut.itself != "whole" for cut in off)
    unsaid = sum(cut.itself == "damaged" and not cut.told for cut in lying)
    return [
        Row(
            "C2", "power cut during a save", cuts, sum(cut.itself != "whole" for cut in honest),
            f"{_saves(honest)} acknowledged saves; with synchronous=OFF {spoilt} of {len(off)} are lost",
        ),
        Row(
            "C3", "power cut, disk lies about what it wrote", cuts, offered["lost"] + unsaid,
            f"the file itself: {itself['damaged']} damaged, {itself['lost']} older; with its generations:"
            f" {offered['whole']} whole, {offered['one save older']} one save older",
        ),
    ]  # fmt: skip


def _saves(cuts: list[Cut]) -> int:
    return sum(cut.saves for cut in cuts)


def main() -> None:
    """Print attempts and losses."""
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):
        print(row.sentence, flush=True)


if __name__ == "__main__":
    main()
