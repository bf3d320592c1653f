"""A report or export that is cancelled or whose process dies leaves nothing anywhere."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from app.flows import outputs
from app.flows.outputs import run_on_copy
from planning.errors import ExportRefused
from planning.kernel.process import Worker
from planning.model.case import Case
from planning.progress import Cancelled
from planning.storage.holder import is_alive
from tests.app.outside import everything_below

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


class Watched:
    """Acts on the child as soon as it, or what it started, has written something of its own."""

    def __init__(self, scratch: Path, how: str, patch: pytest.MonkeyPatch) -> None:
        self.children: list[subprocess.Popen[str]] = []
        self._scratch, self._how, real = scratch, how, subprocess.Popen

        def started(*arguments: Any, **more: Any) -> "subprocess.Popen[str]":
            child: subprocess.Popen[str] = real(*arguments, **more)
            self.children.append(child)
            return child

        patch.setattr("app.flows.outputs.subprocess.Popen", started)

    def __call__(self, _fraction: float, _message: str, /) -> None:
        """Stop the child once it works."""
        if not self.children or not list(self._scratch.glob("enbloc-output-*/scratch/*")):
            return
        if self._how == "cancelled":
            raise Cancelled
        if self._how == "deaf":
            os.kill(self.children[0].pid, signal.SIGSTOP)  # hears no wish to end
            raise Cancelled
        self.children[0].kill()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("how", ["cancelled", "deaf", "killed"])
def test_a_stopped_export_leaves_nothing(
    how: str, small_case: Case, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "_GRACE_S", 0.3 if how == "deaf" else 20.0)
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "plan.json").write_text("of last week")
    watched = Watched(temporary, how, monkeypatch)
    expected = ExportRefused if how == "killed" else Cancelled
    with pytest.raises(expected):
        run_on_copy(small_case, ["export", "--format", "json"], folder, watched)
    deadline = time.monotonic() + 10
    while everything_below(temporary) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert everything_below(temporary) == {}
    assert everything_below(folder) == {"plan.json": 12}
    (child,) = watched.children
    assert not is_alive(child.pid)


def test_a_place_that_cannot_be_written_is_refused_before_anything_runs(
    small_case: Case, tmp_path: Path, temporary: Path
) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ExportRefused) as refusal:
        run_on_copy(small_case, ["export"], tmp_path / "out", lambda _f, _m: None)
    assert refusal.value.code == "NOT_WRITTEN"
    assert everything_below(temporary) == {}


def test_private_folders_of_ended_programs_are_removed_and_of_living_ones_kept(temporary: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    dead = int(ended.stdout)
    for kind in ("output", "report", "case", "worker"):
        (temporary / f"enbloc-{kind}-{dead}-x").mkdir()
        (temporary / f"enbloc-{kind}-{os.getpid()}-x").mkdir()
    worker = Worker()
    try:
        worker.warm()
    finally:
        worker.close()
    left = {path.name for path in temporary.iterdir()}
    assert left == {f"enbloc-{kind}-{os.getpid()}-x" for kind in ("output", "report", "case", "worker")}
