"""A full disk, a disk that fails and a place that cannot be written: the old state stays whole."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from planning.errors import CaseFileProblem
from planning.model.case import Case
from planning.storage.case_file import CaseFile, open_case
from planning.storage.journal import WorkingCopy, left_behind
from tests.storage.cases import a_rich_case, a_tiny_case, a_volume
from tests.storage.test_round_trip import assert_same_case

ROOT = Path(__file__).parents[2]


def a_larger_case() -> Case:
    """Return the rich case with other voxels, so that all of them are written anew."""
    case = a_rich_case()
    return replace(
        case, images=(replace(case.images[0], volume=a_volume(case.images[0].volume.grid, 9)), case.images[1])
    )


def refusal_of(file: CaseFile, case: Case) -> str:
    """Return how the file refuses to save for a full disk, or nothing where it saves."""
    try:
        file.save(case, "new")
    except CaseFileProblem as problem:
        if problem.code != "DISK_FULL":
            raise
        return problem.message
    return ""


def test_a_disk_full_at_any_page_leaves_the_old_state_and_a_retry_succeeds(tmp_path: Path) -> None:
    old, new = a_rich_case(), a_larger_case()
    path = tmp_path / "case.enbloc"
    refused = 0
    with CaseFile.create(path, old) as file:
        pages = file._db.execute("PRAGMA page_count").fetchone()[0]
        while len(file.versions()) == 1:
            file._db.execute(f"PRAGMA max_page_count={pages + refused}")
            message = refusal_of(file, new)
            if message:
                assert re.search(r"needs about \d+ MB more", message)
                refused += 1
        assert refused > 10
        assert_same_case(file.read(file.versions()[0]), new)
        assert_same_case(file.read(file.versions()[1]), old)
    assert_same_case(open_case(path), new)


@contextmanager
def files_no_larger_than(limit_bytes: int) -> Iterator[None]:
    """Let every write beyond `limit_bytes` of a file fail, as a disk that takes no more."""
    resource = pytest.importorskip("resource", reason="only POSIX limits the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_new_file_that_cannot_be_written_whole_never_appears(tmp_path: Path) -> None:
    case = a_rich_case()
    CaseFile.create(tmp_path / "whole", case).close()
    size = (tmp_path / "whole").stat().st_size
    (tmp_path / "whole").unlink()
    for limit in range(0, size, size // 23):
        with pytest.raises(CaseFileProblem) as problem, files_no_larger_than(limit):
            CaseFile.create(tmp_path / "new.enbloc", case)
        assert problem.value.code in {"DISK_ERROR", "DISK_FULL"}
        assert list(tmp_path.iterdir()) == []
    CaseFile.create(tmp_path / "new.enbloc", case).close()
    assert_same_case(open_case(tmp_path / "new.enbloc"), case)


def test_a_failing_disk_while_saving_leaves_the_old_state(tmp_path: Path) -> None:
    old, new = a_rich_case(), a_larger_case()
    path = tmp_path / "case.enbloc"
    with CaseFile.create(path, old) as file:
        size = path.stat().st_size
        for share in (0.0, 0.1, 0.5, 0.9, 1.0, 1.05, 1.1):
            with pytest.raises(CaseFileProblem), files_no_larger_than(int(share * size)):
                file.save(new)
            assert_same_case(open_case(path), old)
        file.save(new)
    assert_same_case(open_case(path), new)


def test_unsaved_work_goes_to_the_private_folder_where_the_file_takes_no_more(tmp_path: Path) -> None:
    path, private = tmp_path / "case.enbloc", tmp_path / "private"
    with CaseFile.create(path, a_rich_case()) as file:
        work = WorkingCopy(private, file.case, file)
        pages = file._db.execute("PRAGMA page_count").fetchone()[0]
        file._db.execute(f"PRAGMA max_page_count={pages}")
        for _ in range(2):
            work.record(a_larger_case(), "brush")
        assert len(list(private.glob("*.enbloc"))) == 1
        with CaseFile.open(next(private.glob("*.enbloc")), read_only=True) as copy:
            assert_same_case(copy.case, a_larger_case())
        work.settle()
    assert left_behind(private) == ((), ())
    assert list(private.iterdir()) == []


INTERRUPTED = """
import os, sys
from pathlib import Path
from planning.storage.case_file import CaseFile
file = CaseFile.open(Path(sys.argv[1]))
file._db.execute("PRAGMA cache_size=1")
file._db.execute("BEGIN IMMEDIATE")
file._db.execute("UPDATE version SET body = 'half written'")
file._db.execute("DELETE FROM blob WHERE rowid > 3")
for n in range(40):
    file._db.execute("INSERT INTO blob VALUES (?, 1, 1, 0, zeroblob(50000))", (str(n),))
os._exit(9)
"""


@pytest.fixture
def interrupted(tmp_path: Path) -> Path:
    """Return a case file whose save a crash interrupted after part of it was written."""
    path = tmp_path / "media" / "case.enbloc"
    path.parent.mkdir()
    CaseFile.create(path, a_rich_case()).close()
    run_program(INTERRUPTED, path, returncode=9)
    assert path.with_name("case.enbloc-journal").stat().st_size > 0
    return path


def run_program(program: str, path: Path, returncode: int = 0) -> str:
    """Run a program in the project's folder; return its output."""
    command = [sys.executable, "-c", program, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (run.returncode, run.stderr) == (returncode, "")
    return run.stdout


DROP_PRIVILEGES = """
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
"""


def read_where_nothing_can_be_written(imports: str, program: str, path: Path) -> str:
    """Run a program as a user who may read but not write file and folder; return its output."""
    modes = dict.fromkeys(path.parent.iterdir(), 292) | {path.parent: 0o555}
    own = [f for f in path.parent.parents if f.stat().st_uid == os.getuid() and f != Path(f.root)]
    modes |= {folder: folder.stat().st_mode | 0o055 for folder in own}
    before = {entry: entry.stat().st_mode for entry in modes}
    try:
        for entry, mode in modes.items():
            entry.chmod(mode)
        return run_program(f"import os, sys\n{imports}\n{DROP_PRIVILEGES}\n{program}", path)
    finally:
        for entry, mode in before.items():
            entry.chmod(mode)


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("read_only", [True, False])
def test_an_interrupted_save_is_rolled_back_on_opening(
    read_only: bool, torn: bool, interrupted: Path
) -> None:
    if torn:
        # A power cut tore the very first sector, as the simulation did in 20 of 1000 cuts.
        interrupted.write_bytes(bytes(300) + interrupted.read_bytes()[300:])
    with CaseFile.open(interrupted, read_only=read_only) as file:
        assert file.damage == ()
        assert file.read_only == read_only
        assert_same_case(file.case, a_rich_case())
    assert [p.name for p in interrupted.parent.iterdir()] == ["case.enbloc"]


def test_an_interrupted_save_on_a_read_only_medium_opens_from_a_private_copy(interrupted: Path) -> None:
    before = interrupted.read_bytes()
    lines = read_where_nothing_can_be_written(IMPORTS, READ_FROM_COPY, interrupted).splitlines()
    assert lines == ["True True ()", "False"]
    assert interrupted.read_bytes() == before


IMPORTS = """
from pathlib import Path
from planning.errors import CaseFileProblem
from planning.storage.case_file import CaseFile
from planning.storage.manifest import Encoder
from tests.storage.cases import a_rich_case, a_tiny_case
"""
READ_FROM_COPY = """
with CaseFile.open(Path(sys.argv[1])) as file:
    same = Encoder().encoded(file.case).manifest == Encoder().encoded(a_rich_case()).manifest
    print(same, file.read_only, file.damage)
    copy = Path(file._copy.name)
    assert copy.stat().st_mode & 0o777 == 0o700
print(copy.exists())
"""
READ_AND_TRY_TO_CREATE = """
path = Path(sys.argv[1])
with CaseFile.open(path) as file:
    print(file.why_read_only, file.case.diagnosis.text, sep="|")
try:
    CaseFile.create(path.with_name("other"), a_tiny_case())
except CaseFileProblem as problem:
    print(problem.code)
"""


def test_a_file_in_a_folder_that_cannot_be_written_opens_read_only(tmp_path: Path) -> None:
    path = tmp_path / "media" / "case.enbloc"
    path.parent.mkdir()
    CaseFile.create(path, a_tiny_case("on disc")).close()
    first, second = read_where_nothing_can_be_written(IMPORTS, READ_AND_TRY_TO_CREATE, path).splitlines()
    assert first == "This case lies where nothing can be written, so it is open for reading only.|on disc"
    assert second == "NO_PERMISSION"
