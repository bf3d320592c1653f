"""Every file of the bad-input corpus gets what its manifest says.

Some files are copied into the project. The whole corpus is looked for beside the project, in
``../shared/badinput``, or where
``ENBLOC_BADINPUT`` points.
"""

import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from planning.errors import PlanningError
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.kernel.process import Worker

COPIED = Path(__file__).parents[1] / "data" / "badinput"
WHOLE = Path(os.environ.get("ENBLOC_BADINPUT", Path(__file__).parents[3] / "shared" / "badinput"))

# Single files of one slice cannot be a volume; what is to be mended in them is told by their headers.
ONE_SLICE = "TOO_FEW"
# Findings that say nothing is wrong with the numbers, so the manifest expects no word of them.
SILENT = frozenset({"NO_IDENTITY", "UNITS_MISSING", "THICK_SLICES"})
# Repairs that leave no trace but the right result.
WORDLESS = frozenset({"PRIVATE_BIG", "ESCAPE", "CHARSET", "NOISE", "PREAMBLE", "NO_PREAMBLE"})
REFUSALS = frozenset({"refuse", "refuse-or-ask", "skip"})


def _rows() -> list[tuple[Path, dict[str, Any]]]:
    rows: dict[str, tuple[Path, dict[str, Any]]] = {}
    for folder in (COPIED, WHOLE / "generated"):
        manifest = folder / "manifest.json"
        if manifest.is_file():
            for row in json.loads(manifest.read_text("utf-8")):
                if row["kind"] != "stl":
                    rows[row["case"]] = (folder, row)
    return list(rows.values())


def _outcome(source: Path, worker: Worker) -> tuple[set[str], set[str], int]:
    """Return the codes of refusals, the codes of findings, and how many volumes were loaded."""
    refusals: set[str] = set()
    findings: set[str] = set()
    loaded = 0
    try:
        found = scan(source, worker=worker)
    except PlanningError as error:
        return {error.code}, findings, 0
    findings |= {f.code for f in found.findings} | {r.code for r in found.rejected}
    for summary in found.series:
        findings |= {f.code for f in summary.findings}
        try:
            image = load_series(summary, worker=worker).image
        except PlanningError as error:
            refusals.add(error.code)
        else:
            loaded += 1
            findings |= {f.code for f in image.findings}
    return refusals, findings, loaded


def _source(folder: Path, row: dict[str, Any], scratch: Path) -> Path:
    packed = folder / f"{row['case']}.tar.gz"
    if packed.is_file():
        with tarfile.open(packed) as archive:
            archive.extractall(scratch, filter="data")
        return scratch / str(row["case"])
    source = folder / str(row["case"])
    return next(iter(source.iterdir())) if row["kind"] in ("zip", "nifti") else source


@pytest.mark.parametrize("folder, row", [pytest.param(f, r, id=r["case"]) for f, r in _rows()])
def test_the_importer_does_what_the_manifest_says(
    folder: Path, row: dict[str, Any], worker: Worker, tmp_path: Path
) -> None:
    refusals, findings, loaded = _outcome(_source(folder, row, tmp_path), worker)
    code, expected = row["code"], row["expect"]
    if expected in REFUSALS:
        assert code in refusals
        assert loaded == 0
    elif refusals == {ONE_SLICE} and loaded == 0 and code != ONE_SLICE:
        assert code in findings | WORDLESS
    elif expected == "accept":
        assert (refusals, findings - SILENT) == (set(), set())
        assert loaded == 1
    else:
        assert loaded >= 1
        assert code in findings | WORDLESS


def _real_files() -> list[Path]:
    manifest = WHOLE / "real_manifest.json"
    rows = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else []
    return [WHOLE / row["file"] for row in rows]


def test_no_real_file_ends_the_program_or_gets_no_answer(worker: Worker) -> None:
    for source in _real_files():
        refusals, _, loaded = _outcome(source, worker)
        assert refusals or loaded, source.name
