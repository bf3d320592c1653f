"""Unsaved work survives a crash exactly, and nothing private is left when it is settled."""

import subprocess
import sys
from pathlib import Path

import pytest

from planning.storage.case_file import CaseFile, open_case
from planning.storage.journal import LeftBehind, WorkingCopy, left_behind
from tests.storage.cases import a_rich_case, a_tiny_case, with_stroke
from tests.storage.test_round_trip import assert_same_case

ROOT = Path(__file__).parents[2]

# Works on a case, gesture by gesture, and dies without a word.
CRASHING = """
import os, sys
from pathlib import Path
from planning.storage.case_file import CaseFile
from planning.storage.journal import WorkingCopy
from tests.storage.cases import a_rich_case, with_stroke
private, path = Path(sys.argv[1]), Path(sys.argv[2])
case = a_rich_case()
if sys.argv[3] == "saved":
    file = CaseFile.create(path, case)
elif sys.argv[3] == "read-only":
    CaseFile.create(path, case).close()
    file = CaseFile.open(path, read_only=True)
else:
    file = None
work = WorkingCopy(private, case, file)
for n in range(3):
    case = with_stroke(case, "aorta", (n, n, n))
    work.record(case, f"stroke {n}")
os._exit(9)
"""


def crash(private: Path, path: Path, kind: str) -> None:
    """Run the program above."""
    program = [sys.executable, "-c", CRASHING, str(private), str(path), kind]
    run = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (9, "")


def the_one(private: Path) -> LeftBehind:
    """Return the one piece of work that was left."""
    found, problems = left_behind(private)
    assert problems == ()
    (work,) = found
    return work


@pytest.mark.parametrize("kind", ["saved", "read-only", "never saved"])
def test_a_crash_loses_no_recorded_gesture(kind: str, tmp_path: Path) -> None:
    private, path = tmp_path / "private", tmp_path / "汉字 case.enbloc"
    crash(private, path, kind)
    work = the_one(private)
    expected = a_rich_case()
    assert work.patient == expected.patient
    for n in range(3):
        expected = with_stroke(expected, "aorta", (n, n, n))
    assert_same_case(work.case, expected)
    assert work.label == "stroke 2"
    assert work.path == (None if kind == "never saved" else path)
    assert "stroke 2" in work.message
    assert (private.stat().st_mode & 0o777) == 0o700
    if kind != "never saved":
        assert_same_case(open_case(path), a_rich_case())
    # Asking again offers it again; only discarding ends that.
    assert_same_case(the_one(private).case, expected)
    work.discard()
    assert left_behind(private) == ((), ())
    assert list(private.iterdir()) == []
    if kind == "saved":
        with CaseFile.open(path) as file:
            assert file.unsaved is None
            assert not file.read_only


def test_work_of_a_running_program_is_not_offered(tmp_path: Path) -> None:
    private = tmp_path / "private"
    work = WorkingCopy(private, a_tiny_case("a"))
    work.record(a_tiny_case("b"), "gesture")
    assert left_behind(private) == ((), ())
    assert len(list(private.iterdir())) == 2
    work.settle()
    assert list(private.iterdir()) == []


def test_settling_discards_unsaved_work_in_the_file(tmp_path: Path) -> None:
    with CaseFile.create(tmp_path / "c.enbloc", a_tiny_case("saved")) as file:
        work = WorkingCopy(tmp_path / "private", file.case, file)
        work.record(a_tiny_case("given up"), "gesture")
        assert file.unsaved is not None
        work.settle()
    with CaseFile.open(tmp_path / "c.enbloc") as file:
        assert file.unsaved is None
        assert file.case.diagnosis.text == "saved"


def test_a_saved_case_left_by_a_crash_is_not_offered(tmp_path: Path) -> None:
    private, path = tmp_path / "private", tmp_path / "c.enbloc"
    crash(private, path, "saved")
    with CaseFile.open(path) as file:
        assert file.unsaved is not None
        file.save(file.read(file.unsaved))
    assert left_behind(private) == ((), ())
    assert list(private.iterdir()) == []


def test_a_copy_whose_entry_is_lost_or_unreadable_is_still_offered(tmp_path: Path) -> None:
    private = tmp_path / "private"
    crash(private, tmp_path / "c.enbloc", "never saved")
    (entry,) = private.glob("*.json")
    entry.write_text('{"host": 3')
    assert the_one(private).label == "stroke 2"
    entry.unlink()
    assert the_one(private).label == "stroke 2"


def test_work_that_cannot_be_read_is_told_and_kept(tmp_path: Path) -> None:
    private = tmp_path / "private"
    crash(private, tmp_path / "c.enbloc", "never saved")
    (copy,) = private.glob("*.enbloc")
    half = copy.read_bytes()[: copy.stat().st_size // 2]
    copy.write_bytes(half)
    found, problems = left_behind(private)
    assert found == ()
    assert [p.code for p in problems] == ["CASE_CUT_SHORT"]
    assert copy.read_bytes() == half


def test_a_folder_that_does_not_exist_holds_nothing(tmp_path: Path) -> None:
    assert left_behind(tmp_path / "nowhere") == ((), ())
    assert not (tmp_path / "nowhere").exists()


def test_strokes_go_to_the_copy_without_their_voxels(tmp_path: Path) -> None:
    private, case = tmp_path / "private", a_rich_case()
    work = WorkingCopy(private, case)
    (copy,) = private.glob("*.enbloc")
    before = copy.stat().st_size
    for n in range(30):
        case = with_stroke(case, "aorta", (n % 20, n, n))
        work.record(case, "stroke")
    assert copy.stat().st_size < before + 10 * 16_384
    work.settle()
