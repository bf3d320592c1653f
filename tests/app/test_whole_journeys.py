"""Three journeys from the first click to the last: off-screen through Qt, and with a mouse by xdotool."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices

from app import bindings
from app.gui import Workstation
from planning.model.case import Case
from planning.storage.case_file import CaseFile
from tests.app import journeys
from tests.app.hands import MainThread, Person, QtHands, live
from tests.displays import a_display

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
pytestmark = [pytest.mark.gui, pytest.mark.render]
with_a_mouse = [
    pytest.mark.xvfb,
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("Xvfb") or not shutil.which("xdotool"), reason="no Xvfb or xdotool"),
]


@pytest.fixture
def person(
    station: Workstation, small_case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Person]:
    """Someone before the welcome page; the demo case is a small one."""
    CaseFile.create(tmp_path / "demo.enbloc", small_case).close()
    monkeypatch.setattr(bindings, "DEMO_CASE", tmp_path / "demo.enbloc")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    station.parts.files.close_case()
    main = MainThread()
    yield Person(station, main, QtHands(main, station.window))
    if station.session.case is not None:
        station.session.mark_saved(station.session.case, None)
    station.parts.files.close_case()


@pytest.mark.qt_log_ignore("propagateSizeHints")
def test_from_the_demo_case_to_the_export(person: Person, tmp_path: Path) -> None:
    live(person, lambda: journeys.from_demo_to_export(person, tmp_path))


@pytest.mark.qt_log_ignore("propagateSizeHints", "raise()", "grabbing")
def test_from_a_dicom_folder_to_a_plan(person: Person) -> None:
    live(
        person, lambda: journeys.from_dicom_to_plan(person, DATA / "t11-t12", DATA / "t11-t12-labels.nii.gz")
    )


@contextmanager
def _window(
    journey: str, home: Path, environment: dict[str, str], *said: str
) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.app.journey_window", journey, str(home), *said],
        cwd=ROOT, env=environment | {"ENBLOC_HOME": str(home)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _whole(journey: str, home: Path, environment: dict[str, str], *said: str) -> None:
    with _window(journey, home, environment, *said) as process:
        _, errors = process.communicate(timeout=280)
        assert process.returncode == 0, errors[-3000:]


def _crash_and_recover(home: Path, environment: dict[str, str]) -> None:
    with _window("crash", home, environment) as process:
        assert process.stdout is not None
        seen = process.stdout.readline()
        if not seen:
            raise AssertionError(process.communicate()[1][-3000:])
        os.killpg(process.pid, signal.SIGKILL)
    _whole("recover", home, environment, seen)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_from_a_crash_back_to_the_work(small_case: Case, tmp_path: Path) -> None:
    CaseFile.create(tmp_path / "demo.enbloc", small_case).close()
    _crash_and_recover(tmp_path, dict(os.environ))


class TestWithARealMouse:
    """The same through the X server; the first journey on the demo case itself."""

    pytestmark = with_a_mouse

    @pytest.mark.parametrize("journey", ["demo", "dicom"])
    def test_journey(self, journey: str, tmp_path: Path) -> None:
        with a_display() as environment:
            _whole(journey, tmp_path, environment)

    def test_crash(self, small_case: Case, tmp_path: Path) -> None:
        CaseFile.create(tmp_path / "demo.enbloc", small_case).close()
        with a_display() as environment:
            _crash_and_recover(tmp_path, environment)
