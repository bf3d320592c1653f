"""Prints the crash table and the corpus table, and writes both into `docs/reliability.md`.

    python -m tests.benchmarks.reliability [SCALE]

Kills, power cuts and deaths of child and window are tried as often as the goal table asks, at any scale below
1; the other mishaps so many times the scale. About half an hour at scale 1, on an idle machine. Ends with 1
where anything was lost or loaded wrongly.
"""

import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from planning.model.stamp import PROGRAM
from tests.benchmarks import (
    reliability_corpus,
    reliability_files,
    reliability_power_cuts,
    reliability_window,
    reliability_worker,
)
from tests.benchmarks.crash_table import Row, as_markdown

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"


def crash_rows(scale: float) -> list[Row]:
    """Try every mishap, printing lines as they are there."""
    often = max(scale, 1.0)
    found: list[Row] = []
    with ProcessPoolExecutor(4, get_context("spawn")) as pool:
        kinds = [
            pool.submit(reliability_window.rows, round(100 * often)),
            pool.submit(reliability_power_cuts.rows, round(1000 * often)),
            pool.submit(reliability_files.rows, scale),
            pool.submit(reliability_worker.rows, round(100 * often)),
        ]
        for done in as_completed(kinds):
            for row in done.result():
                print(row.sentence, flush=True)
                found.append(row)
    return sorted(found, key=lambda row: (row.code[0], int(row.code[1:])))


def put_between(text: str, name: str, table: str) -> str:
    """Return the document with a table between its markers; raises `ValueError` where they are missing."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the document has no place for the {name}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def write(name: str, table: str) -> None:
    """Put a table into the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    where = f"{PROGRAM}, {datetime.now(UTC):%Y-%m-%d}, {platform.system()}, {os.cpu_count()} cores."
    DOCUMENT.write_text(put_between(text, name, f"{where}\n\n{table}"), encoding="utf-8")
    print(f"The {name} is in {DOCUMENT.name}.", flush=True)


def main(arguments: list[str]) -> int:
    """Run everything; each table is written as soon as it is there."""
    scale = float(arguments[0]) if arguments else 1.0
    rows = crash_rows(scale)
    write("crash table", as_markdown(rows))
    corpus = reliability_corpus.main()
    write("corpus table", reliability_corpus.as_markdown(corpus))
    lost = sum(row.losses for row in rows)
    print(f"{len(rows)} kinds of mishap, {sum(r.attempts for r in rows)} attempts, {lost} losses")
    return 0 if lost == 0 and corpus.silent_wrong == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
