"""The bad-input corpus as a table: what each file must get, what it got, beside SimpleITK's series reader.

    python -m tests.benchmarks.reliability_corpus

Made samples that are not copied into the project, and real ones, are looked for in ``../shared``.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.errands.workbench import workbench
from tests.imaging.corpus import Sample, Verdict, real_samples, samples, unpacked, verdict

_PEER_SECONDS = 60
# In a process of its own, which it may end.
_PEER = """
import sys, SimpleITK as sitk
reader = sitk.ImageSeriesReader()
folder = sys.argv[1]
uid = reader.GetGDCMSeriesIDs(folder)[0]
reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder, uid))
reader.Execute()
"""


@dataclass(frozen=True)
class Peer:
    """What SimpleITK's series reader did with the series that must not load silently.

    Parameters
    ----------
    silent, warned, raised : int
        Loaded without a word, loaded with a line on standard error, raised or ended the process.
    """

    silent: int = 0
    warned: int = 0
    raised: int = 0

    @property
    def total(self) -> int:
        """How many series were tried."""
        return self.silent + self.warned + self.raised


@dataclass(frozen=True)
class CorpusTable:
    """All rows, and the peer."""

    rows: tuple[Verdict, ...]
    peer: Peer

    @property
    def met(self) -> int:
        """How many rows got what they must."""
        return sum(row.met for row in self.rows)

    @property
    def silent_wrong(self) -> int:
        """How many loaded wrongly without a word."""
        return sum(row.silent_wrong for row in self.rows)

    @property
    def real(self) -> int:
        """How many rows are real files."""
        return sum(row.sample.kind == "real" for row in self.rows)


def corpus_table() -> CorpusTable:
    """Run everything that is at hand."""
    with workbench() as bench, tempfile.TemporaryDirectory() as scratch:
        rows = [verdict(sample, bench, Path(scratch)) for sample in [*samples(), *real_samples()]]
        return CorpusTable(tuple(rows), _peer(Path(scratch)))


def _peer(scratch: Path) -> Peer:
    silent = warned = raised = 0
    for sample in [*samples(), *real_samples()]:
        if not _must_not_load_silently(sample):
            continue
        try:
            ran = subprocess.run(
                [sys.executable, "-c", _PEER, str(unpacked(sample, scratch).source)],
                capture_output=True,
                timeout=_PEER_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raised += 1
            continue
        raised += ran.returncode != 0
        warned += ran.returncode == 0 and bool(ran.stderr.strip())
        silent += ran.returncode == 0 and not ran.stderr.strip()
    return Peer(silent, warned, raised)


def _must_not_load_silently(sample: Sample) -> bool:
    series = sample.kind == "dicom-series" or (sample.kind == "real" and sample.name.endswith("/"))
    return series and not sample.expected.startswith("accept")


def as_markdown(table: CorpusTable) -> str:
    """Return the counts and the rows for a document."""
    peer = table.peer
    lines = [
        f"{table.met} of {len(table.rows)} files as expected, {table.real} of them real; silent wrong loads: "
        f"{table.silent_wrong}. SimpleITK's series reader in the same run: of {peer.total} series that must "
        f"not load silently {peer.silent} do, {peer.warned} with a line on standard error, "
        f"{peer.raised} raise.",
        "",
        "| File | Must | As expected | Happened |",
        "|---|---|---|---|",
    ]
    for row in table.rows:
        sample = row.sample
        met = "yes" if row.met else "**no**"
        lines.append(f"| {sample.name} | {sample.expected} ({sample.code}) | {met} | {row.happened} |")
    return "\n".join(lines)


def main() -> CorpusTable:
    """Print the table and return it."""
    table = corpus_table()
    wide = max(len(row.sample.name) for row in table.rows)
    print(f"{'file':{wide}}  {'must':31}  {'as expected':11}  happened")
    for row in table.rows:
        mark = "yes" if row.met else "NO"
        print(f"{row.sample.name:{wide}}  {row.sample.expected:31.31}  {mark:11}  {row.happened}")
    slowest = max(table.rows, key=lambda row: row.seconds)
    print(
        f"\n{table.met} of {len(table.rows)} as expected, {table.real} of them real files; "
        f"silent wrong loads {table.silent_wrong}; slowest {slowest.seconds:.1f} s ({slowest.sample.name})"
    )
    peer = table.peer
    print(
        f"SimpleITK's ImageSeriesReader, same run: of {peer.total} series that must not load silently "
        f"{peer.silent} load silently, {peer.warned} with a line on standard error, {peer.raised} raise"
    )
    return table


if __name__ == "__main__":
    main()
