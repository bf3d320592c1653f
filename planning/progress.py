"""How long work says how far it is, and how it is stopped."""

from typing import Protocol


class Cancelled(Exception):
    """The user asked for the work to stop; nothing was changed."""


class Progress(Protocol):
    """Called by long work; raises `Cancelled` when the user wants it to stop."""

    def __call__(self, fraction: float, message: str, /) -> None:
        """Report that `fraction` (0 to 1) is done and what is being done now."""


def silent(fraction: float, message: str, /) -> None:
    """Report to nobody."""
    del fraction, message


def part(progress: Progress, start: float, end: float) -> Progress:
    """Return a progress whose 0 to 1 is mapped onto `start` to `end` of `progress`."""

    def inner(fraction: float, message: str, /) -> None:
        progress(start + (end - start) * fraction, message)

    return inner
