"""Dense screens: pictures have the screen's pixels, the mouse hits what it points at, words have room."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.slow]


@pytest.mark.parametrize("factor", [1.5, 2.0])
def test_on_a_dense_screen(factor: float, tmp_path: Path) -> None:
    environment = os.environ | {"QT_SCALE_FACTOR": str(factor), "ENBLOC_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.app.scaled_window", str(tmp_path)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["ratio"] == factor
    assert seen["letters"] == factor
    assert len(seen["pictures"]) == 4
    for width, height, wide, high, spread in seen["pictures"]:
        assert (wide, high) == (
            pytest.approx(width * factor, abs=0.6),
            pytest.approx(height * factor, abs=0.6),
        )
        assert spread > 4
    assert seen["cut short"] == []
    assert len({wanted for wanted, _, _ in seen["clicked"]}) >= 2
    assert all(wanted == hit for wanted, hit, _ in seen["clicked"]), seen["clicked"]
    assert max(off for _, _, off in seen["clicked"]) < 2.5, "the point hit lies under the pointer"
    assert seen["dragged"] == [True, True]
    assert seen["closed"]
    assert "Traceback" not in done.stderr
