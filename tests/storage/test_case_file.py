"""Versions, unsaved work, holders, places and growth of a case file."""

import os
import socket
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import IO

import pytest

from planning.errors import CaseFileProblem
from planning.model.case import Diagnosis
from planning.model.plan import Plan
from planning.storage import holder as holders
from planning.storage.case_file import CaseFile, open_case
from planning.storage.holder import Holder
from planning.storage.places import part_of
from tests.storage.cases import a_rich_case, a_tiny_case, with_stroke
from tests.storage.test_round_trip import assert_same_case


def code_of(action: object) -> str:
    """Return the code of the problem that calling `action` raises."""
    with pytest.raises(CaseFileProblem) as problem:
        action()  # type: ignore[operator]
    assert problem.value.message.endswith(".")
    return problem.value.code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "case.enbloc"


def test_each_save_is_a_version_that_can_be_read_again(path: Path) -> None:
    cases = [a_tiny_case(str(n)) for n in range(5)]
    with CaseFile.create(path, cases[0], "v0") as file:
        for n in range(1, 5):
            assert file.save(cases[n], f"v{n}").number == n + 1
        versions = file.versions()
        assert [v.label for v in versions] == ["v4", "v3", "v2", "v1", "v0"]
        assert [file.read(v).diagnosis.text for v in versions] == ["4", "3", "2", "1", "0"]
        assert all(a.at >= b.at for a, b in pairwise(versions))
    assert open_case(path).diagnosis.text == "4"


def test_unsaved_work_is_found_again_and_a_save_settles_it(path: Path) -> None:
    with CaseFile.create(path, a_tiny_case("saved")) as file:
        assert file.unsaved is None
        file.autosave(a_tiny_case("one"), "Move T9/T10 disc")
        file.autosave(a_tiny_case("two"), "Lock T9/T10 disc")
    with CaseFile.open(path) as file:
        assert file.case.diagnosis.text == "saved"
        assert file.unsaved is not None
        assert file.unsaved.label == "Lock T9/T10 disc"
        assert file.read(file.unsaved).diagnosis.text == "two"
        assert len(file.versions()) == 1
        file.save(a_tiny_case("three"))
    with CaseFile.open(path) as file:
        assert file.unsaved is None
        file.autosave(a_tiny_case("four"), "x")
        file.discard_unsaved()
        assert len(file.versions()) == 2
    assert open_case(path).diagnosis.text == "three"


def test_a_second_opener_reads_only_and_is_told_who_holds_it_since_when(path: Path) -> None:
    with CaseFile.create(path, a_tiny_case("a")) as first:
        since = datetime.now(UTC).astimezone().strftime("%Y-%m-%d")
        with CaseFile.open(path) as second:
            assert second.read_only
            assert second.why_read_only is not None
            assert socket.gethostname() in second.why_read_only
            assert since in second.why_read_only
            assert code_of(lambda: second.save(a_tiny_case("b"))) == "READ_ONLY_CASE"
        first.save(a_tiny_case("c"))
    with CaseFile.open(path) as third:
        assert not third.read_only
        assert third.case.diagnosis.text == "c"


def _hold(path: Path, **change: object) -> None:
    """Leave the file held as a crashed or silent program would."""
    start = datetime.now(UTC)
    other = Holder("token", "Dr. Far", "elsewhere", 1, start, start)
    db = sqlite3.connect(path)
    holders.write_holder(db, replace(other, **change))  # type: ignore[arg-type]
    db.commit()
    db.close()


def test_a_holder_whose_process_ended_here_is_stale(path: Path) -> None:
    CaseFile.create(path, a_tiny_case()).close()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    _hold(path, host=socket.gethostname(), process=ended.pid)
    with CaseFile.open(path) as file:
        assert not file.read_only
    _hold(path, host=socket.gethostname(), process=os.getppid())
    with CaseFile.open(path) as file:
        assert file.read_only


@pytest.mark.parametrize("silent_minutes,read_only", [(1, True), (6, False), (-60 * 24 * 365, True)])
def test_a_holder_elsewhere_is_stale_after_five_silent_minutes(
    path: Path, silent_minutes: int, read_only: bool
) -> None:
    CaseFile.create(path, a_tiny_case()).close()
    beat = datetime.now(UTC) - timedelta(minutes=silent_minutes)
    _hold(path, since=beat, beat=beat)
    with CaseFile.open(path) as file:
        assert file.read_only == read_only
        if read_only:
            assert file.why_read_only is not None
            assert "Dr. Far on elsewhere" in file.why_read_only


def test_a_program_that_was_taken_over_cannot_save_any_more(path: Path) -> None:
    with CaseFile.create(path, a_tiny_case("mine")) as file:
        file.beat()
        _hold(path)
        assert code_of(lambda: file.save(a_tiny_case("lost?"))) == "TAKEN_OVER"
        assert code_of(file.beat) == "TAKEN_OVER"
    assert open_case(path).diagnosis.text == "mine"
    with CaseFile.open(path) as other:
        assert other.read_only, "closing must not take the other's hold away"


RACER = (
    "import sys; sys.path.insert(0, '.')\n"
    "from pathlib import Path; from planning.storage.case_file import CaseFile\n"
    "print('ready', flush=True)\n"
    "while sys.stdin.readline():\n"
    "    file = CaseFile.open(Path(sys.argv[1]))\n"
    "    print('reads' if file.read_only else 'writes', flush=True); sys.stdin.readline(); file.close()\n"
    "    print('closed', flush=True)\n"
)


def race(path: Path, races: int, openers: int = 4) -> list[list[str]]:
    """Let programs open one file at once, again and again; return what each race came to."""
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(openers)
    ]
    pipes = [(p.stdin, p.stdout) for p in programs if p.stdin is not None and p.stdout is not None]
    results = []
    try:
        for _, said in pipes:
            assert said.readline() == "ready\n"
        for _ in range(races):
            _say(pipes, "go\n")
            results.append(sorted(said.readline().strip() for _, said in pipes))
            _say(pipes, "close\n")
            assert {said.readline() for _, said in pipes} == {"closed\n"}
    finally:
        for program in programs:
            program.communicate()
    return results


def _say(pipes: list[tuple[IO[str], IO[str]]], words: str) -> None:
    for ask, _ in pipes:
        ask.write(words)
        ask.flush()


def test_racing_openers_never_both_write(path: Path) -> None:
    CaseFile.create(path, a_tiny_case()).close()
    assert race(path, 5) == [["reads", "reads", "reads", "writes"]] * 5


def test_nothing_but_a_case_is_ever_replaced(tmp_path: Path) -> None:
    text = tmp_path / "thesis.docx"
    text.write_bytes(b"years of work")
    for overwrite in (False, True):
        wanted = "NOT_REPLACED" if overwrite else "FILE_EXISTS"
        assert code_of(lambda o=overwrite: CaseFile.create(text, a_tiny_case(), overwrite=o)) == wanted
    assert text.read_bytes() == b"years of work"
    other_database = tmp_path / "other.db"
    db = sqlite3.connect(other_database)
    db.execute("CREATE TABLE t(x)")
    db.close()
    assert code_of(lambda: CaseFile.create(other_database, a_tiny_case(), overwrite=True)) == "NOT_REPLACED"
    assert code_of(lambda: CaseFile.open(other_database)) == "NOT_A_CASE"
    assert code_of(lambda: CaseFile.create(tmp_path / "no" / "x", a_tiny_case())) == "NO_FOLDER"


def test_a_case_is_replaced_where_asked_and_free(path: Path, tmp_path: Path) -> None:
    with CaseFile.create(path, a_tiny_case("old")):
        assert code_of(lambda: CaseFile.create(path, a_tiny_case(), overwrite=True)) == "CASE_HELD"
    (tmp_path / "case.enbloc-journal").write_bytes(b"left by another case")
    with CaseFile.create(path, a_tiny_case("new"), overwrite=True) as file:
        file.save(a_tiny_case("newer"))
        assert code_of(lambda: CaseFile.create(path, a_tiny_case())) == "FILE_EXISTS"
    assert open_case(path).diagnosis.text == "newer"
    assert [p.name for p in tmp_path.iterdir()] == ["case.enbloc"]


def test_what_a_crashed_save_as_left_is_cleared(path: Path, tmp_path: Path) -> None:
    CaseFile.create(path, a_tiny_case()).close()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    own = part_of(path)
    left = own.with_name(own.name.replace(f"-{os.getpid()}.", f"-{ended.pid}."))
    left.write_bytes(b"half")
    left.with_name(left.name + "-journal").write_bytes(b"half")
    own.write_bytes(b"being written by this process")
    CaseFile.open(path).close()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([path.name, own.name])


def test_a_newer_layout_is_read_only_or_refused(path: Path) -> None:
    CaseFile.create(path, a_tiny_case("kept")).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=2")
    db.execute("ALTER TABLE version ADD COLUMN mood TEXT")
    db.commit()
    before = path.read_bytes()
    with CaseFile.open(path) as file:
        assert file.why_read_only is not None
        assert "newer EnBloc" in file.why_read_only
        assert file.case.diagnosis.text == "kept"
    assert path.read_bytes() == before
    db.execute("UPDATE meta SET value='2' WHERE key='readable_by'")
    db.commit()
    db.close()
    assert code_of(lambda: CaseFile.open(path)) == "CASE_NEWER"


@pytest.mark.parametrize(
    "attack",
    [
        "CREATE TRIGGER t AFTER INSERT ON version BEGIN DELETE FROM blob; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE extra(x)",
        "DROP TABLE record",
    ],
)
def test_a_forged_layout_is_refused(path: Path, attack: str) -> None:
    CaseFile.create(path, a_tiny_case()).close()
    db = sqlite3.connect(path)
    db.execute(attack)
    db.commit()
    db.close()
    assert code_of(lambda: CaseFile.open(path)) == "CASE_FOREIGN"


def test_a_plan_change_writes_no_voxels_and_a_stroke_only_its_bricks(path: Path) -> None:
    case = a_rich_case()
    with CaseFile.create(path, case) as file:
        before = _blobs(path)
        case = replace(case, diagnosis=Diagnosis("changed"))
        file.save(case)
        after_plan = _blobs(path)
        assert len(after_plan - before) == 1, "the manifest alone"
        stroke = with_stroke(case, "aorta", (15, 40, 80))
        file.save(stroke)
        # One brick, the mask's table, the anatomy, the manifest.
        assert len(_blobs(path) - after_plan) == 4
        assert_same_case(file.read(file.versions()[0]), stroke)
    with CaseFile.open(path) as file:
        before = _blobs(path)
        file.save(replace(file.case, diagnosis=Diagnosis("again")))
        assert len(_blobs(path) - before) == 1, "also after opening"


def _blobs(path: Path) -> set[str]:
    db = sqlite3.connect(path)
    names = {name for (name,) in db.execute("SELECT name FROM blob")}
    db.close()
    return names


def test_five_hundred_saves_stay_below_twice_the_live_content(path: Path) -> None:
    case = a_rich_case()
    with CaseFile.create(path, case, "first") as file:
        live = path.stat().st_size
        kept = file.save(case, "agreed in conference", keep=True)
        largest = 0
        for n in range(500):
            case = with_stroke(case, "aorta", (n % 28, (7 * n) % 90, (13 * n) % 90))
            case = case.with_plan(Plan(f"Plan {n}"))
            if n % 3:
                file.autosave(case, f"stroke {n}")
            else:
                file.save(case, f"save {n}")
            largest = max(largest, path.stat().st_size)
        versions = file.versions()
        assert largest <= 2 * live, (largest, live)
        assert versions[0].label == "save 498"
        assert kept.number in [v.number for v in versions]
        assert len(versions) > 10, "history is kept while there is room"
        for version in versions:
            file.read(version)
        assert file.unsaved is not None
        assert_same_case(file.read(file.unsaved), case)
    with CaseFile.open(path) as file:
        assert file.why_read_only is None


def test_undone_masks_come_back_after_their_blobs_were_let_go(path: Path) -> None:
    first = a_rich_case()
    with CaseFile.create(path, first) as file:
        file.autosave(with_stroke(first, "aorta", (1, 1, 1)), "stroke")
        stroke = with_stroke(first, "aorta", (2, 2, 2))
        file.autosave(stroke, "another")
        file.autosave(first, "undo")
        file.autosave(stroke, "redo")
        assert file.unsaved is not None
        assert_same_case(file.read(file.unsaved), stroke)


def test_a_closed_file_says_so(path: Path) -> None:
    file = CaseFile.create(path, a_tiny_case())
    file.close()
    file.close()
    assert code_of(lambda: file.save(a_tiny_case())) == "CASE_CLOSED"
    assert code_of(file.versions) == "CASE_CLOSED"
