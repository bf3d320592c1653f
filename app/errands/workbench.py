"""What every errand needs: settings and a warm child process, started in one explicit place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.program import RESOURCES
from planning.kernel import threads
from planning.kernel.process import Worker
from planning.model.settings import Settings, load_settings


@dataclass(frozen=True)
class Workbench:
    """Settings and the child process."""

    settings: Settings
    worker: Worker


@contextmanager
def workbench() -> Iterator[Workbench]:
    """Start threads, settings and worker; end the worker afterwards. Raises `SettingsInvalid`."""
    threads.start()
    worker = Worker()
    try:
        yield Workbench(load_settings(RESOURCES), worker)
    finally:
        worker.close()
