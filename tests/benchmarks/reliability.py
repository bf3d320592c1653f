"""Prints the crash table and the corpus table, and writes both into `docs/reliability.md`.

    python -m tests.benchmarks.reliability [SCALE]

At scale 1 (about half an hour) every mishap is tried as often as the goal table asks; a smaller scale
prints and leaves the document alone. Ends with 1 where anything was lost or not met.
"""

import os
import platform
import sys
from datetime import UTC, datetime
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
    """Try every mishap, printing each line as it is there."""
    found: list[Row] = []
    for make in (
        lambda: reliability_files.rows(scale),
        lambda: reliability_power_cuts.rows(max(10, round(1000 * scale))),
        lambda: reliability_worker.rows(max(3, round(100 * scale))),
        lambda: reliability_window.rows(max(3, round(100 * scale))),
    ):
        for row in make():
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
    if scale >= 1.0:
        write("crash table", as_markdown(rows))
    corpus = reliability_corpus.main()
    if scale >= 1.0:
        write("corpus table", reliability_corpus.as_markdown(corpus))
    lost = sum(row.losses for row in rows)
    print(f"{len(rows)} kinds of mishap, {sum(r.attempts for r in rows)} attempts, {lost} losses")
    return 0 if lost == 0 and corpus.silent_wrong == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
