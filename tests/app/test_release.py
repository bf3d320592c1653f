"""The command line prints and exports what was approved, and nothing of a plan changed after that."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from app.errands.release import notary, released_case
from app.errands.workbench import Workbench
from planning.errors import ExportRefused
from planning.storage.approvals import Standing
from planning.storage.case_file import CaseFile
from tests.app.outside import CommandLine
from tests.builders import a_case, a_plan, a_vertebral_column

LEVELS = ("T9", "T10", "T11")


@pytest.fixture
def approved(tmp_path: Path, bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a case file whose plan Dr. Berg approved on this workstation."""
    monkeypatch.setenv("ENBLOC_HOME", str(tmp_path / "home"))
    path = tmp_path / "case.enbloc"
    case = a_case(a_vertebral_column(LEVELS, spacing_ijk_mm=(2.0, 2.0, 2.0)), a_plan(levels=LEVELS))
    with CaseFile.create(path, case, notary=notary()) as file:
        file.approve(case, "Dr. Berg", "Approved", bench.settings.digest)
    return path


def test_the_report_names_who_approved(approved: Path, tmp_path: Path, command: CommandLine) -> None:
    run = command("report", approved, "--out", tmp_path / "out")
    assert run.status == 0, run.err
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Approved by Dr. Berg on" in text
    assert "Nobody has approved" not in text


def test_a_plan_nobody_approved_says_so(approved: Path, tmp_path: Path, bench: Workbench) -> None:
    with CaseFile.open(approved, notary=notary()) as file:
        file.withdraw(file.case.plan.name, "Dr. Berg", "not yet")
    _, standing = released_case(approved, bench.settings)
    assert (standing.standing, standing.sentence) == (Standing.NONE, "")


@pytest.mark.parametrize("what", ["report", "export"])
@pytest.mark.parametrize("how", ["changed", "altered"])
def test_nothing_leaves_while_the_approval_does_not_hold(
    what: str, how: str, approved: Path, tmp_path: Path, command: CommandLine
) -> None:
    if how == "changed":
        with CaseFile.open(approved, notary=notary()) as file:
            file.save(file.case.with_plan(replace(file.case.plan, required_margin_mm=9.0)))
    else:
        with sqlite3.connect(approved) as db:
            db.execute("DELETE FROM record")
        db.close()
    run = command(what, approved, "--out", tmp_path / "out")
    assert run.status == 2
    words = "Changed after the approval by Dr. Berg" if how == "changed" else "altered outside EnBloc"
    assert words in run.err
    assert "Nothing leaves EnBloc until then." in run.err
    assert not (tmp_path / "out").exists()


def test_other_limits_let_an_approval_lapse_and_are_no_reason_to_refuse(
    approved: Path, bench: Workbench
) -> None:
    limits = replace(bench.settings.limits, lower_below_mm=bench.settings.limits.lower_below_mm + 1)
    _, standing = released_case(approved, replace(bench.settings, limits=limits))
    assert standing.standing is Standing.LAPSED
    assert "other limits or tools" in standing.sentence
    with CaseFile.open(approved, notary=notary()) as file:
        file.save(file.case.with_plan(replace(file.case.plan, name="Plan C")))
    with pytest.raises(ExportRefused, match="approved a plan named"):
        released_case(approved, bench.settings)
