"""How far a command is, as lines on standard error: drawn over where a person watches, else now and then."""

import re
import sys
import time
from typing import Final, TextIO

from planning.progress import Progress

EVERY_S = 10.0
"""How far lines are apart where no terminal shows them; what takes less says nothing."""
_LINE: Final = re.compile(r"\s*(\d{1,3})% (.*)")


def progress_on(stream: TextIO) -> Progress:
    """Return a progress that tells `stream`: one line drawn over on a terminal, else whole lines, seldom."""
    if stream.isatty():

        def draw(fraction: float, message: str, /) -> None:
            print(f"\r{fraction:4.0%} {one_line(message):60.60}", end="", file=stream, flush=True)

        return draw
    told_s = time.monotonic()

    def say(fraction: float, message: str, /) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if now_s - told_s >= EVERY_S:
            told_s = now_s
            print(f"{fraction:4.0%} {one_line(message)}", file=stream, flush=True)

    return say


def stderr_progress() -> Progress:
    """Return the progress of a command."""
    return progress_on(sys.stderr)


def said_progress(line: str) -> tuple[float, str] | None:
    """Return the fraction and words of a progress line, or None where the line is something else."""
    found = _LINE.fullmatch(line)
    return (min(int(found[1]), 100) / 100, found[2]) if found is not None else None


def one_line(text: str) -> str:
    """Fold hostile line breaks and control characters: a sentence stays one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
