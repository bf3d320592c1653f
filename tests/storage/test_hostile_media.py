"""Media and places that go wrong: one plain sentence each, nothing lost, and work goes on elsewhere."""

import os
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest

from planning.errors import CaseFileProblem
from planning.storage import holder, journal
from planning.storage.case_file import CaseFile, open_case
from planning.storage.journal import WorkingCopy, left_behind
from tests.storage.cases import a_rich_case, a_tiny_case
from tests.storage.test_disk import read_where_nothing_can_be_written
from tests.storage.test_round_trip import assert_same_case

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows locks files that are open")


def test_a_path_longer_than_260_characters(tmp_path: Path) -> None:
    folder = tmp_path
    while len(str(folder)) < 300:
        folder /= "Wirbelsäule-" + "x" * 40
    folder.mkdir(parents=True)
    path = folder / "case.enbloc"
    with CaseFile.create(path, a_tiny_case("long")) as file:
        file.save(a_tiny_case("longer"))
    assert open_case(path).diagnosis.text == "longer"


@pytest.mark.parametrize("where", ["name", "folder"])
def test_a_name_or_path_too_long_is_one_sentence(where: str, tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300 + ".enbloc")
    if where == "folder":
        folder = tmp_path
        while len(str(folder)) < 520:
            folder /= "x" * 60
        folder.mkdir(parents=True)
        path = folder / "case.enbloc"
    with pytest.raises(CaseFileProblem) as problem:
        CaseFile.create(path, a_tiny_case())
    assert problem.value.code == "NAME_TOO_LONG"
    assert "Choose a shorter place" in problem.value.message
    assert list(path.parent.iterdir() if where == "folder" else tmp_path.iterdir()) == []


NAMES = (
    *("a#b?c%20d&e=f.enbloc", "-rf.enbloc", "'; DROP TABLE blob; --.enbloc", "rtl\u202egnp.enbloc"),
    *("new\nline.enbloc", "Zoë.enbloc", " blank .enbloc", "🦴.enbloc"),
)


@pytest.mark.parametrize("name", NAMES)
def test_names_that_mean_something_elsewhere(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with CaseFile.create(path, a_tiny_case("a")) as file:
        file.save(a_tiny_case("b"))
    assert open_case(path).diagnosis.text == "b"
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_two_spellings_of_one_letter_are_two_files_or_the_same_never_a_loss(tmp_path: Path) -> None:
    """Disks differ: some take composed and decomposed letters, or upper and lower case, for one name."""
    pairs = [unicodedata.normalize(form, "Müller.enbloc") for form in ("NFC", "NFD")]
    for first, second in (pairs, ["Case.enbloc", "CASE.ENBLOC"]):
        CaseFile.create(tmp_path / first, a_tiny_case("first")).close()
        try:
            CaseFile.create(tmp_path / second, a_tiny_case("second")).close()
        except CaseFileProblem as problem:
            assert problem.code == "FILE_EXISTS"  # noqa: PT017 -- either way is right on some disk
        assert open_case(tmp_path / first).diagnosis.text == "first"


@POSIX
@pytest.mark.parametrize("how", ["pulled", "deleted", "replaced"])
def test_a_medium_that_goes_away_while_the_case_is_open(how: str, tmp_path: Path) -> None:
    media, private = tmp_path / "media", tmp_path / "private"
    media.mkdir()
    path = media / "case.enbloc"
    with CaseFile.create(path, a_rich_case()) as file:
        work = WorkingCopy(private, file.case, file)
        if how == "pulled":
            media.rename(tmp_path / "elsewhere")
        elif how == "deleted":
            path.unlink()
        else:
            shutil.copyfile(path, media / "copy")
            (media / "copy").replace(path)
        with pytest.raises(CaseFileProblem) as problem:
            file.save(a_rich_case(seed=2))
        assert problem.value.code in {"READ_ONLY", "CANNOT_OPEN", "DISK_ERROR", "TAKEN_OVER"}
        assert "another name" in problem.value.message or "elsewhere" in problem.value.message
        # The gesture is durable all the same, and Save as works with everything in memory.
        work.record(a_rich_case(seed=2), "stroke")
        assert len(list(private.glob("*.enbloc"))) == 1
        rescued = tmp_path / "rescued.enbloc"
        CaseFile.create(rescued, a_rich_case(seed=2)).close()
        assert_same_case(open_case(rescued), a_rich_case(seed=2))
        work.settle()


def test_work_on_a_medium_that_is_gone_at_the_next_start_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media, private = tmp_path / "media", tmp_path / "private"
    media.mkdir()
    file = CaseFile.create(media / "case.enbloc", a_tiny_case("saved"))
    work = WorkingCopy(private, file.case, file)
    if sys.platform == "win32":
        file.close()
    media.rename(tmp_path / "elsewhere")
    work.record(a_tiny_case("after"), "gesture")
    monkeypatch.setattr(journal, "is_alive", lambda _process: False)
    found, problems = left_behind(private)
    assert problems == ()
    assert [work.case.diagnosis.text for work in found] == ["after"]
    assert found[0].path == media / "case.enbloc"
    file.close()


def test_a_clock_set_back_a_year_loses_and_steals_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "case.enbloc"
    real = holder.now
    with CaseFile.create(path, a_tiny_case("a")) as file:
        file.save(a_tiny_case("b"))
        monkeypatch.setattr(holder, "now", lambda: real() - timedelta(days=365))
        monkeypatch.setattr(holder, "is_alive", lambda _process: True)
        with CaseFile.open(path) as other:
            assert other.read_only, "a sign of life in the future is no silence"
        file.save(a_tiny_case("c"))
        assert [v.number for v in file.versions()] == [3, 2, 1], "versions count; they do not ask the clock"
    assert open_case(path).diagnosis.text == "c"


READ_A_PROTECTED_FILE = """
path = Path(sys.argv[1])
with CaseFile.open(path) as file:
    print(file.read_only, file.case.diagnosis.text, sep="|")
    try:
        file.save(a_tiny_case("x"))
    except CaseFileProblem as problem:
        print(problem.code, problem.message, sep="|")
"""
IMPORTS = """
from pathlib import Path
from planning.errors import CaseFileProblem
from planning.storage.case_file import CaseFile
from tests.storage.cases import a_tiny_case
"""


@POSIX
def test_a_write_protected_file_is_read_and_says_why_it_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "media" / "case.enbloc"
    path.parent.mkdir()
    CaseFile.create(path, a_tiny_case("protected")).close()
    first, second = read_where_nothing_can_be_written(IMPORTS, READ_A_PROTECTED_FILE, path).splitlines()
    assert first == "True|protected"
    code, message = second.split("|")
    assert code == "READ_ONLY_CASE"
    assert "nothing can be written" in message
    assert "another name" in message


@POSIX
def test_a_file_nobody_may_read_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, a_tiny_case()).close()
    program = (
        f"import os, sys\n{IMPORTS}\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try: CaseFile.open(Path(sys.argv[1]))\n"
        "except CaseFileProblem as problem: print(problem.code, problem.message, sep='|')\n"
    )
    path.chmod(0)
    own = [f for f in path.parents if f.stat().st_uid == os.getuid() and f != Path(f.root)]
    modes = {folder: folder.stat().st_mode for folder in own}
    try:
        for folder, mode in modes.items():
            folder.chmod(mode | 0o055)
        run = subprocess.run(
            [sys.executable, "-c", program, str(path)],
            capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False,
        )  # fmt: skip
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)
    assert run.stdout.strip() == "NO_PERMISSION|You have no permission to use case.enbloc."


@POSIX
def test_a_link_to_a_case_is_followed_and_a_dangling_one_refused(tmp_path: Path) -> None:
    path, link = tmp_path / "case.enbloc", tmp_path / "link.enbloc"
    CaseFile.create(path, a_tiny_case("a")).close()
    link.symlink_to(path)
    with CaseFile.open(link) as file:
        file.save(a_tiny_case("through the link"))
    assert open_case(path).diagnosis.text == "through the link"
    path.unlink()
    with pytest.raises(CaseFileProblem) as problem:
        CaseFile.open(link)
    assert problem.value.code == "NO_FILE"


def test_a_disk_that_locks_for_somebody_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, a_tiny_case("a")).close()
    with CaseFile.open(path) as file:
        file._db.execute("PRAGMA busy_timeout=100")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            with pytest.raises(CaseFileProblem) as problem:
                file.save(a_tiny_case("b"))
            assert problem.value.code == "CASE_BUSY"
        finally:
            other.execute("ROLLBACK")
            other.close()
        file.save(a_tiny_case("b"))
    assert open_case(path).diagnosis.text == "b"
