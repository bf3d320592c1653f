"""How far a command is: drawn over on a terminal, whole lines now and then elsewhere."""

import io

import pytest

from app import progress_lines
from app.cli import main
from app.progress_lines import progress_on, said_progress


class Terminal(io.StringIO):
    """A stream a person watches."""

    def isatty(self) -> bool:
        """Say so."""
        return True


class Clock:
    """Time that the test moves on."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        """Return it."""
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress_lines, "time", made)
    return made


def test_a_terminal_sees_one_line_drawn_over() -> None:
    stream = Terminal()
    progress = progress_on(stream)
    progress(0.0, "Reading")
    progress(0.5, "Meas\x1b[31muring\n")
    parts = stream.getvalue().split("\r")
    assert [p.rstrip() for p in parts] == ["", "  0% Reading", " 50% Meas [31muring"]
    assert "\n" not in stream.getvalue()


def test_elsewhere_lines_are_ten_seconds_apart_and_quick_work_says_nothing(clock: Clock) -> None:
    stream = io.StringIO()
    progress = progress_on(stream)
    for second in range(26):
        clock.now_s = 100.0 + second
        progress(second / 25, f"step {second}")
    assert stream.getvalue().splitlines() == [" 40% step 10", " 80% step 20"]


def test_a_line_is_read_back_as_it_was_told(clock: Clock) -> None:
    stream = io.StringIO()
    progress = progress_on(stream)
    clock.now_s += 60
    progress(0.37, "Making surfaces")
    assert said_progress(stream.getvalue().rstrip("\n")) == (0.37, "Making surfaces")
    assert said_progress("The folder out cannot be written.") is None
    assert said_progress("100% done") == (1.0, "done")


def test_help_tells_of_the_window_and_its_demo(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "--demo" in said
    assert "--painted" in said
    assert "Not a medical device" in said
