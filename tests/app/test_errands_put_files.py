"""Files leave the program all together or not at all."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errands.put_files import check_folder, put_files
from planning.errors import ExportRefused
from planning.storage.places import this_process
from tests.app.outside import ROOT, SMALL_SHAPES, CommandLine, a_phantom, everything_below, refused

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX stand for the full disk")
LIMIT_BYTES = 12_000


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let no file grow beyond a limit, as on a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_files_and_folders_appear(tmp_path: Path) -> None:
    paths = put_files(tmp_path / "a" / "b", {"x.txt": b"1", "deep/y.txt": b"22"})
    assert [p.read_bytes() for p in paths] == [b"1", b"22"]
    assert everything_below(tmp_path) == {
        "a": -1,
        "a/b": -1,
        "a/b/deep": -1,
        "a/b/deep/y.txt": 2,
        "a/b/x.txt": 1,
    }


def test_written_again_they_are_replaced_and_nothing_else_is_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    put_files(tmp_path, {"x.txt": b"1"})
    put_files(tmp_path, {"x.txt": b"22"})
    assert everything_below(tmp_path) == {"mine.txt": 4, "x.txt": 2}


def test_on_a_full_disk_a_new_folder_disappears(tmp_path: Path, full_disk: None) -> None:
    with pytest.raises(ExportRefused) as refusal:
        put_files(tmp_path / "a" / "b", {"x.txt": b"1", "large": bytes(LIMIT_BYTES + 1)})
    assert refusal.value.code == "NOT_WRITTEN"
    assert everything_below(tmp_path) == {}


def test_on_a_full_disk_an_old_folder_stays_as_it_was(tmp_path: Path, full_disk: None) -> None:
    (tmp_path / "x.txt").write_text("old")
    with pytest.raises(ExportRefused):
        put_files(tmp_path, {"x.txt": b"1", "large": bytes(LIMIT_BYTES + 1)})
    assert everything_below(tmp_path) == {"x.txt": 3}
    assert (tmp_path / "x.txt").read_text() == "old"


def test_a_place_that_can_hold_no_files_is_refused_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for place in ("file", "file/below", "link", "link/below"):
        with pytest.raises(ExportRefused):
            check_folder(tmp_path / place)
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(ExportRefused):
            check_folder(tmp_path / "locked" / "new")
    check_folder(tmp_path / "new" / "below")
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "locked") == ["file", "link"]


def test_commands_on_a_full_disk_leave_nothing(
    tmp_path: Path, command: CommandLine, request: pytest.FixtureRequest
) -> None:
    phantom = a_phantom(tmp_path / "in", SMALL_SHAPES, (28.0, 28.0, 24.0), (2.0, 2.0, 2.0))
    case = tmp_path / "case.enbloc"
    assert command("import", *phantom.options[1:], "--out", case).status == 0
    assert command("export", case, "--out", tmp_path / "warm", "--format", "stl").status == 0
    before = everything_below(tmp_path)
    request.getfixturevalue("full_disk")
    refused(command("import", *phantom.options[1:], "--out", tmp_path / "other.enbloc"))
    refused(command("export", case, "--out", tmp_path / "export", "--format", "stl,seg"), "export")
    refused(command("report", case, "--out", tmp_path / "report"))
    assert everything_below(tmp_path) == before


@pytest.mark.parametrize("at", range(1, 6))
def test_stopped_between_two_moves_everything_is_as_it_was(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("old a")
    (tmp_path / "c.txt").write_text("old c")
    before, real, moves = everything_below(tmp_path), Path.replace, 0

    def stop(path: Path, target: Path) -> Path:
        nonlocal moves
        moves += 1
        if moves == at:
            raise KeyboardInterrupt
        return real(path, target)

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        put_files(tmp_path, {"a.txt": b"new a", "deep/b.txt": b"new b", "c.txt": b"new c"})
    assert everything_below(tmp_path) == before
    assert (tmp_path / "a.txt").read_text() == "old a"
    assert (tmp_path / "c.txt").read_text() == "old c"


def test_a_folder_where_a_file_should_be_stays_with_all_it_holds(tmp_path: Path) -> None:
    (tmp_path / "b.txt").mkdir()
    (tmp_path / "b.txt" / "mine").write_text("mine")
    with pytest.raises(ExportRefused):
        put_files(tmp_path, {"a.txt": b"new", "b.txt": b"new"})
    assert everything_below(tmp_path) == {"b.txt": -1, "b.txt/mine": 4}


def test_what_a_killed_program_left_is_put_back_and_removed_by_the_next_write(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old a")
    (tmp_path / "b.txt").write_text("old b")
    program = (
        "import os, signal, sys; from pathlib import Path; from app.errands.put_files import put_files\n"
        "real, moves = Path.replace, []\n"
        "def die(path, target):\n"
        "    moves.append(path)\n"
        "    return os.kill(os.getpid(), signal.SIGKILL) if len(moves) == 4 else real(path, target)\n"
        "Path.replace = die\n"
        "put_files(Path(sys.argv[1]), {'a.txt': b'new a', 'b.txt': b'new b'})\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "b.txt").exists(), "it was killed with this one moved aside"
    mine = tmp_path / f".enbloc-{this_process()}-mine"
    mine.mkdir()
    put_files(tmp_path, {"c.txt": b"c"})
    assert everything_below(tmp_path) == {"a.txt": 5, "b.txt": 5, "c.txt": 1, mine.name: -1}
    assert (tmp_path / "a.txt").read_text() == "old a"
    assert (tmp_path / "b.txt").read_text() == "old b"
