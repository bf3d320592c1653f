"""What every test may rely on: one environment, no window left open, no patient in the log."""

import gc
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Before Qt or VTK are loaded: tests draw off-screen, whatever display the machine has.
os.environ.pop("DISPLAY", None)
os.environ.pop("WAYLAND_DISPLAY", None)
os.environ["QT_QPA_PLATFORM"] = "offscreen"
if sys.platform.startswith("linux"):
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

from planning.kernel import threads

threads.start()  # before the folders below: compiled kernels outlive a test run

# Settings, journals and caches of a test run never touch those of the person who runs it.
_HOME = tempfile.TemporaryDirectory(prefix="enbloc-tests-")
for _variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
    _folder = Path(_HOME.name) / _variable.lower()
    _folder.mkdir(mode=0o700)
    os.environ[_variable] = str(_folder)
os.environ["ENBLOC_HOME"] = str(Path(_HOME.name) / "enbloc")

settings.register_profile("steady", deadline=None, derandomize=True, database=None, max_examples=50)
settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=1000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

OWN_LOGGERS = ("app", "enbloc", "planning", "rendering", "widgets")


@dataclass(frozen=True)
class MarkerPatient:
    """A patient whose identity is easy to search for in whatever the program writes."""

    name: str = "Quillfeather^Zebedee"
    patient_id: str = "MRN-7731904"
    birth_date: str = "19410229"
    accession_number: str = "ACC-5520817"

    def found_in(self, text: str) -> list[str]:
        """Return the parts of the identity that `text` holds."""
        parts = (*self.name.split("^"), self.patient_id, self.birth_date, self.accession_number)
        return [part for part in parts if part.casefold() in text.casefold()]


@pytest.fixture
def marker_patient() -> MarkerPatient:
    """The patient to use wherever a test needs an identity."""
    return MarkerPatient()


@pytest.fixture(autouse=True)
def _sober_log(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test whose log names the marker patient, or holds an error the test did not announce."""
    for name in OWN_LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)
    yield
    formatter = logging.Formatter("%(name)s: %(message)s")
    lines = [(record.levelno, formatter.format(record)) for record in caplog.get_records("call")]
    names = [line for _, line in lines if MarkerPatient().found_in(line)]
    assert not names or request.node.get_closest_marker("logs_patient"), (
        f"patient identity in the log: {names}"
    )
    errors = [line for level, line in lines if level >= logging.ERROR]
    assert not errors or request.node.get_closest_marker("logs_errors"), (
        f"errors in the log; is the test about them? mark it logs_errors: {errors}"
    )


@pytest.fixture(autouse=True)
def _no_window_left() -> Iterator[None]:
    """Fail a test that leaves a top-level widget behind: an unclosed window crashes at exit."""
    before = set(map(id, _windows()))
    yield
    left = [window for window in _windows() if id(window) not in before]
    if left:
        del left
        gc.collect()
        left = [window for window in _windows() if id(window) not in before]
    assert not left, f"windows left behind: {[f'{type(w).__name__} {w.objectName()!r}' for w in left]}"


def _windows() -> list[Any]:
    widgets = sys.modules.get("PySide6.QtWidgets")  # loaded only by the tests that use it
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    core = sys.modules["PySide6.QtCore"]
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
    tops = widgets.QApplication.topLevelWidgets()
    return [top for top in tops if top.parent() is None and top.metaObject().className() != "QTipLabel"]
