"""The window on a real display: VTK draws into the system window, and closing it is clean."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.displays import a_display

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.xvfb,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is missing"),
]


def test_the_native_window_draws_turns_scrolls_and_closes(tmp_path: Path) -> None:
    with a_display() as environment:
        done = subprocess.run(
            [sys.executable, "-m", "tests.app.native_window", str(tmp_path)],
            cwd=ROOT, env=environment | {"ENBLOC_HOME": str(tmp_path)},
            capture_output=True, text=True, timeout=280, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["platform"] == "xcb"
    assert seen["mode"] == "native"
    assert seen["surfaces"]
    assert seen["before"][1] > 15  # a black or grey rectangle has no spread
    assert abs(seen["before"][0] - seen["after"][0]) + abs(seen["before"][1] - seen["after"][1]) > 1
    assert seen["apart"][1] > 15  # in the second window, and back from it with a fresh graphics context
    assert seen["back"][1] > 15
    assert seen["note"] != seen["note after"]
    assert seen["closed"]
