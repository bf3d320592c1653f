"""The program started twice: the second one says who holds the case, and nothing of either is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from planning.storage.case_file import CaseFile, open_case
from planning.storage.journal import left_behind
from tests.app.planning_run import a_run_case

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.gui,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="a socket notifier hears no pipe there"),
]


class Running:
    """One running program."""

    def __init__(self, home: Path, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.app.second_start", *map(str, arguments)],
            cwd=ROOT, env=os.environ | {"ENBLOC_HOME": str(home)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def hear(self) -> dict[str, Any]:
        """Return what it says next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read() if self.process.stderr else ""
        said: dict[str, Any] = json.loads(line)
        return said

    def ask(self, line: str) -> dict[str, Any]:
        """Have a line obeyed."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.hear()

    def kill(self) -> str:
        """End it as a power cut would; return what it complained of."""
        self.process.kill()
        return self.process.communicate()[1]


@contextmanager
def running(home: Path, *arguments: object) -> Iterator[Running]:
    """A program that is over in the end."""
    program = Running(home, *arguments)
    try:
        yield program
    finally:
        program.process.kill()
        program.process.communicate()


def test_the_second_of_two_starts_on_one_case_says_who_holds_it(tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "case.enbloc"
    CaseFile.create(path, a_run_case()).close()
    with running(home, path, path) as first:
        assert first.hear()["read only"] is False
        with running(home, path, path) as second:
            opened = second.hear()
            assert opened["read only"] is True
            assert "has had this case open since" in opened["said"]
            assert "Save as" in opened["said"]
            assert first.ask("edit of the first")["dirty"]
            assert second.ask("edit of the second")["diagnosis"] == "of the second"
            assert not first.ask("save")["dirty"]
            complaints = second.kill() + first.kill()
    assert "Traceback" not in complaints
    assert open_case(path).diagnosis.text == "of the first"
    works, problems = left_behind(home / "unsaved")
    assert problems == ()
    assert [work.case.diagnosis.text for work in works] == ["of the second"]


def test_two_starts_without_a_case_keep_work_and_settings_of_both(tmp_path: Path) -> None:
    home, demo = tmp_path / "home", tmp_path / "demo.enbloc"
    CaseFile.create(demo, a_run_case()).close()
    with running(home, demo, "--demo") as one, running(home, demo, "--demo") as other:
        for program in (one, other):
            assert program.hear()["said"] == ""
        for program, name in ((one, "one"), (other, "other")):
            assert program.ask(f"edit of {name}")["dirty"]
        one.ask("theme light")
        other.ask("text 150")
        complaints = one.kill() + other.kill()
    assert "Traceback" not in complaints
    works, problems = left_behind(home / "unsaved")
    assert problems == ()
    assert sorted(work.case.diagnosis.text for work in works) == ["of one", "of other"]
    kept = (home / "window.ini").read_text()
    assert "theme=light" in kept
    assert "text_percent=150" in kept
    assert open_case(demo).diagnosis.text == ""
