"""Compiling that can be stopped: numba is asked between its passes over a kernel, not only at the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from numba.core import event

from planning.progress import Progress


class _Asking(event.Listener):
    """Asks before each pass whether to go on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_start(self, event: object) -> None:
        """Raise `Cancelled` where the work is to stop; the kernel stays as it was, to be compiled later."""
        del event
        self._progress(0.0, "")

    def on_end(self, event: object) -> None:
        """Nothing: a pass that ended has ended."""


@contextmanager
def stoppable(progress: Progress) -> Iterator[None]:
    """Let `progress` stop whatever is compiled meanwhile, by raising `Cancelled`.

    On every thread, because the work inside has threads of its own: for work that is stopped only with the
    whole program.
    """
    with event.install_listener("numba:run_pass", _Asking(progress)):
        yield
