"""What every errand needs: settings and a warm child process, started in one explicit place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.paths import own_tools_file
from app.program import RESOURCES
from planning.errors import PlanningError, SettingsInvalid
from planning.kernel import threads
from planning.kernel.process import Worker
from planning.model.settings import Settings, load_settings


@dataclass(frozen=True)
class Workbench:
    """Settings and the child process."""

    settings: Settings
    worker: Worker
    problem: PlanningError | None = None


@contextmanager
def workbench(*, forgiving: bool = False) -> Iterator[Workbench]:
    """Start threads, settings and worker; end the worker afterwards.

    Parameters
    ----------
    forgiving : bool
        Do without own tools that cannot be read, and carry the problem; else `SettingsInvalid` is raised.
    """
    threads.start()
    worker = Worker()
    try:
        settings, problem = _settings(forgiving=forgiving)
        yield Workbench(settings, worker, problem)
    finally:
        worker.close()


def _settings(*, forgiving: bool) -> tuple[Settings, PlanningError | None]:
    try:
        return load_settings(RESOURCES, own_tools_file()), None
    except SettingsInvalid as problem:
        if not forgiving:
            raise
        return load_settings(RESOURCES), problem
