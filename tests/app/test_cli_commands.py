"""The four commands on real slices: what they leave behind, their exit status, and that Qt stays away."""

import csv
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest

from planning.model.anatomy import LevelConfirmation, NotInField
from planning.model.case import Case
from planning.model.structures import BONES, Review, ReviewState, Structure, StructureKind
from planning.storage.case_file import CaseFile, open_case
from tests.app.contract import check_evaluation
from tests.app.outside import (
    DATA,
    ROOT,
    SMALL_SHAPES,
    CommandLine,
    Phantom,
    a_cut,
    a_phantom,
    a_tube,
    everything_below,
    run_process,
    without_progress,
    written,
)
from tests.app.outside import a_plan as plan_file
from tests.builders import a_case, a_mask, a_plan, a_vertebral_column
from tests.phantoms import CANAL_Y_MM, Ball

CT, LABELS = DATA / "t11-t12", DATA / "t11-t12-labels.nii.gz"
SMALL = ("T9", "T10", "T11")
AT = datetime(2026, 1, 1, tzinfo=UTC)
NOT_THERE = (
    StructureKind.DURAL_SAC,
    StructureKind.AORTA,
    StructureKind.INFERIOR_VENA_CAVA,
    StructureKind.AZYGOS,
)

IN_ONE_PROCESS = """
import json, sys
from main import main
statuses = [main(arguments) for arguments in json.loads(sys.argv[1])]
loaded = sorted(m for m in sys.modules if m.split(".")[0] in ("PySide6", "shiboken6", "pyqtgraph", "widgets"))
print(json.dumps([statuses, loaded]))
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything the commands write of the test slices, made in one process of its own without Qt."""
    folder = tmp_path_factory.mktemp("t11")
    case = str(folder / "case.enbloc")
    commands = [
        ["import", str(CT), "--labels", str(LABELS), "--out", case],
        ["evaluate", case, "--json"],
        ["report", case, "--out", str(folder / "report")],
        ["export", case, "--out", str(folder / "export"), "--format", "stl,3mf,seg,json"],
    ]
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS, json.dumps(commands)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
        timeout=240,
    )
    assert without_progress(done.stderr) == ""
    statuses, loaded = json.loads(done.stdout.splitlines()[-1])
    assert statuses == [0, 1, 0, 0]
    assert loaded == []
    return folder


def test_import_takes_image_and_structures(finished: Path) -> None:
    case = open_case(finished / "case.enbloc")
    assert case.anatomy is not None
    assert case.images[0].volume.grid.shape_kji == (20, 512, 512)
    assert len(case.images[0].sop_instance_uids) in (0, 20)
    assert {"T11", "T12"} <= set(case.anatomy.levels)
    kinds = {s.kind.value for s in case.anatomy.structures}
    # TotalSegmentator's "spinal_cord" fills the canal: it is no cord.
    assert {"aorta", "spinal_canal"} <= kinds
    assert "spinal_cord" not in kinds


def test_the_report_has_its_parts(finished: Path) -> None:
    report = finished / "report"
    assert (report / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert "<html" in (report / "report.html").read_text("utf-8")
    check_evaluation(json.loads((report / "evaluation.json").read_text("utf-8")))
    assert json.loads((report / "plan.json").read_text("utf-8"))["schema"] == "enbloc-plan/1"
    pictures = list((report / "pictures").glob("*.png"))
    assert len(pictures) >= 3
    assert all(p.read_bytes().startswith(b"\x89PNG\r\n") for p in pictures)
    tables = list((report / "tables").glob("*.csv"))
    assert tables
    for table in tables:
        rows = list(csv.reader(table.read_text("utf-8-sig").splitlines()))
        assert {len(row) for row in rows} == {len(rows[0])}


def test_the_export_has_a_file_for_every_structure(finished: Path) -> None:
    case = open_case(finished / "case.enbloc")
    assert case.anatomy is not None
    export = finished / "export"
    assert len(list(export.glob("*.stl"))) == len(case.anatomy.structures)
    with zipfile.ZipFile(export / "enbloc_mm_LPS.3mf") as package:
        assert package.testzip() is None
    segmentation = pydicom.dcmread(export / "segmentation.dcm")
    assert len(segmentation.SegmentSequence) == len(case.anatomy.structures)
    assert segmentation.PatientIdentityRemoved == "YES"
    assert {"plan.json", "evaluation.json"} <= {p.name for p in export.iterdir()}
    assert not list(export.rglob(".*"))


@dataclass(frozen=True)
class Small:
    """A phantom with one cut: its files, and the case made of them."""

    phantom: Phantom
    plan: Path
    case: Path


@pytest.fixture
def small(tmp_path: Path, command: CommandLine) -> Small:
    """A case that is evaluated in a moment."""
    phantom = a_phantom(tmp_path / "in", SMALL_SHAPES, (28.0, 28.0, 24.0), (2.0, 2.0, 2.0))
    cut = a_cut("cranial", (0, 9, 6), (0, 0, 1), (0, -1, 0), 10, 10)
    plan = written(tmp_path / "plan.json", plan_file(cut, tumour="lesion 1"))
    options = (*phantom.options[1:], "--plan", plan, "--out", tmp_path / "case.enbloc")
    assert command("import", *options).status == 0
    return Small(phantom, plan, tmp_path / "case.enbloc")


def test_evaluating_the_case_or_its_sources_is_the_same(small: Small, command: CommandLine) -> None:
    one = command("evaluate", small.case, "--json")
    other = command("evaluate", *small.phantom.options, "--plan", small.plan, "--json")
    assert one.status == other.status == 1
    assert one.evaluation == other.evaluation
    assert one.evaluation["plan"] == "Plan A"


def test_another_plan_may_be_tried_on_a_case(small: Small, tmp_path: Path, command: CommandLine) -> None:
    other = written(tmp_path / "other.json", {**plan_file(), "name": "Plan B"})
    run = command("evaluate", small.case, "--plan", other, "--json")
    assert (run.status, run.evaluation["plan"], run.evaluation["osteotomies"]) == (1, "Plan B", [])
    check_evaluation(run.evaluation)
    assert command("evaluate", small.case, "--json").evaluation["plan"] == "Plan A"


def test_without_json_it_speaks_in_sentences_and_writes_nothing(small: Small, command: CommandLine) -> None:
    folder = small.case.parent
    before, bytes_before = everything_below(folder), small.case.read_bytes()
    run = command("evaluate", small.case)
    assert run.status == 1
    assert run.err == ""
    worst, _, rest = run.out.splitlines()[-1].strip().partition(" ")
    assert (worst, rest.strip()) == ("not_assessed", "overall, Plan A")
    assert "{" not in run.out
    assert everything_below(folder) == before
    assert small.case.read_bytes() == bytes_before


def test_as_a_process_from_the_root(small: Small) -> None:
    run = run_process("evaluate", small.case, "--json")
    assert (run.status, run.err) == (1, "")
    check_evaluation(run.evaluation)
    run = run_process("evaluate", small.case.with_name("other.enbloc"), "--json")
    assert (run.status, run.out) == (2, "")
    assert run.err == "There is no file other.enbloc.\n"


def test_from_any_folder_with_relative_names(small: Small) -> None:
    folder = small.case.parent
    run = run_process("export", "case.enbloc", "--out", "a/b", "--format", "json", cwd=folder)
    assert (run.status, run.err) == (0, "")
    assert sorted(p.name for p in (folder / "a" / "b").iterdir()) == ["evaluation.json", "plan.json"]


def test_help_and_version_succeed(command: CommandLine) -> None:
    assert command("--help").status == 0
    version = command("--version")
    assert version.status == 0
    assert version.out.startswith("enbloc ")
    for name in ("import", "evaluate", "report", "export"):
        assert command(name, "--help").status == 0


def test_everything_assessed_and_passing_ends_with_0(tmp_path: Path, command: CommandLine) -> None:
    CaseFile.create(tmp_path / "good.enbloc", _reviewed(_all_good())).close()
    run = command("evaluate", tmp_path / "good.enbloc", "--json")
    assert (run.status, run.err) == (0, "")
    check_evaluation(run.evaluation)
    assert run.evaluation["status"] == "pass"
    assert run.evaluation["not_assessed"] == []
    assert {m["status"] for m in run.evaluation["specimen_margin"]} == {"pass"}
    pieces = {p["role"]: p for p in run.evaluation["pieces"]}
    assert pieces["specimen_anterior"]["tumour_fraction"] == 1.0
    assert pieces["specimen_anterior"]["links"] == []
    # The same without a person's word for the levels warns: exit status 1.
    CaseFile.create(tmp_path / "uncounted.enbloc", _all_good()).close()
    run = command("evaluate", tmp_path / "uncounted.enbloc", "--json")
    assert (run.status, run.evaluation["status"]) == (1, "warn")


def _all_good() -> Case:
    """A spine with a small tumour, a thin cord far from every cut, and nothing else to spare."""
    column = a_vertebral_column(SMALL, (1.25, 1.25, 1.25), Ball((0.0, 0.0, -28.0), 3.0))
    cord = a_mask(column.grid, a_tube(2.0, y_mm=CANAL_Y_MM))
    kept = [s for s in column.structures if s.kind in (*BONES, StructureKind.TUMOUR)]
    thin = Structure("spinal_cord", StructureKind.SPINAL_CORD, cord)
    plan = a_plan(levels=SMALL)
    sawn = tuple(replace(o, tool="t_saw") for o in plan.osteotomies)
    review = Review(ReviewState.APPROVED, "Dr R", AT)
    anatomy = replace(
        column,
        structures=tuple(replace(s, review=review) for s in (*kept, thin)),
        epidural_assessable=True,
        not_in_field=tuple(NotInField(kind, "Dr R", AT) for kind in NOT_THERE),
    )
    return a_case(anatomy, replace(plan, osteotomies=sawn))


def _reviewed(case: Case) -> Case:
    assert case.anatomy is not None
    return replace(
        case, anatomy=replace(case.anatomy, levels_confirmed=LevelConfirmation("Dr R", AT, "ribs counted"))
    )


@pytest.mark.parametrize(
    "fault", [RuntimeError("Quillfeather"), KeyboardInterrupt(), MemoryError("Quillfeather")]
)
def test_a_fault_of_the_program_never_reads_as_evaluated(
    small: Small, command: CommandLine, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    def fail(*_arguments: object) -> None:
        raise fault

    monkeypatch.setattr("app.errands.evaluation.assess", fail)
    run = command("evaluate", small.case, "--json")
    assert (run.status, run.out) == (2, "")
    assert run.err.count("\n") == 1
    assert "Quillfeather" not in run.err
    assert "Traceback" not in run.err
