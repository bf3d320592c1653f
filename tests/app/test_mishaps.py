"""The child dies, drawing stops, a slot has a fault, the display dies: program or work stays."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app import gui
from app.gui import Workstation
from planning.editing.case_edits import SetDiagnosis
from planning.editing.osteotomy_edits import ChangeOsteotomy
from planning.errors import PlanningError
from planning.model.case import Diagnosis
from planning.texts import mark
from rendering import offscreen
from tests.app.conftest import wait_for_numbers
from tests.app.killing import Outcome, look_at, prepare
from tests.app.test_gestures import colours
from widgets import viewport

pytestmark = [pytest.mark.gui, pytest.mark.render]
ROOT = Path(__file__).resolve().parents[2]


def shown_text(station: Workstation) -> str:
    shown = station.window.messages.shown
    return shown.text if shown is not None else ""


def spread(picture: QImage) -> float:
    """Return how much a picture's brightness varies: a blank one not at all."""
    grey = picture.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return float(rows[:, : grey.width()].std())


def same_scene(one: QImage, other: QImage) -> bool:
    """Say whether two pictures show the same, drawn in two graphics contexts.

    Order-independent transparency adds up in half floats, and another context of the same driver may
    round a sum the other way: 1/255 in a pixel of a hundred, up to 12/255 after smoothing of edges. What
    is missing or elsewhere differs by more.
    """
    if one.size() != other.size():
        return False
    apart = np.abs(colours(one).astype(int) - colours(other)).max(axis=2)
    return bool(apart.max() <= 16 and (apart > 0).mean() < 0.005)


@pytest.mark.slow
def test_a_child_that_dies_while_the_plan_is_checked_is_told_and_the_next_check_works(
    station: Workstation, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    worker = station.parts.imports._bench.worker
    assert worker.pid is not None, "the specimen's surface is measured in the child"
    stop = threading.Event()

    def keep_killing() -> None:
        while not stop.wait(0.01):
            pid = worker.pid
            if pid is not None:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue

    killer = threading.Thread(target=keep_killing)
    killer.start()
    try:
        assert station.session.do(ChangeOsteotomy("cranial", kerf_mm=2.75))
        qtbot.waitUntil(
            lambda: bool(station.session.view.failure) or station.session.view.evaluation is not None,
            timeout=120_000,
        )
    finally:
        stop.set()
        killer.join()
    assert station.session.view.evaluation is None, "no number without the child's part"
    assert "background process" in station.session.view.failure
    said = [shown.text() for shown in station.window.board.findChildren(QLabel)]
    assert any("background process" in text and "try again" in text for text in said)
    assert station.session.is_dirty
    assert station.session.do(ChangeOsteotomy("cranial", kerf_mm=2.7))
    wait_for_numbers(station, qtbot)
    assert station.session.view.failure == ""


@pytest.mark.slow
def test_a_child_that_dies_once_is_replaced_without_a_word(station: Workstation, qtbot: QtBot) -> None:
    worker = station.parts.imports._bench.worker
    assert worker.pid is not None
    began = threading.Event()
    killer = threading.Thread(target=_kill_at_work, args=(station, began))
    killer.start()
    assert station.session.do(ChangeOsteotomy("cranial", kerf_mm=2.65))
    began.set()
    wait_for_numbers(station, qtbot)
    killer.join()
    assert station.session.view.failure == ""
    assert station.session.do(ChangeOsteotomy("cranial", kerf_mm=1.0))
    wait_for_numbers(station, qtbot)


def _kill_at_work(station: Workstation, began: threading.Event) -> None:
    """Kill the child once the plan is being checked."""
    began.wait(30)
    worker = station.parts.imports._bench.worker
    while not worker._lock.locked() and station.session.view.evaluation is None:
        time.sleep(0.002)
    pid = worker.pid
    if pid is not None:
        os.kill(pid, signal.SIGKILL)


def test_a_drawing_context_that_is_taken_away_comes_back(station: Workstation) -> None:
    port = station.window.views.spine.viewport
    port.draw_now()
    before = port.picture()
    assert spread(before) > 10
    assert port._window is not None
    port._window.Finalize()  # what a driver does that resets itself
    port.draw_now()
    assert same_scene(port.picture(), before)
    assert station.session.case is not None
    station.parts.commands.toggle_cut_visibility(station.session.case.plan.osteotomies[-1].id)
    assert not same_scene(port.picture(), before), "a single blade less is seen"


def test_a_window_that_reports_an_error_is_built_anew_once(station: Workstation, qtbot: QtBot) -> None:
    port = station.window.views.spine.viewport
    port.draw_now()
    before, window = port.picture(), port._window
    assert window is not None
    window.InvokeEvent("ErrorEvent")
    qtbot.waitUntil(lambda: port._window is not None and port._window is not window, timeout=10_000)
    assert not port.lost.isVisible()
    port.draw_now()
    assert same_scene(port.picture(), before)
    assert port._errors == 0, "a picture without an error forgives the earlier ones"


def test_without_any_drawing_the_program_goes_on_and_says_what_to_do(
    station: Workstation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtbot: QtBot
) -> None:
    port = station.window.views.spine.viewport
    before = port.picture()
    real = offscreen.offscreen_window

    def none(_width: int, _height: int, _samples: int = 0) -> None:
        raise PlanningError("NO_GRAPHICS", mark("No picture can be drawn: this computer offers no OpenGL."))

    monkeypatch.setattr(viewport, "offscreen_window", none)
    port.finalise()
    port.draw_now()
    assert port.lost.isVisible()
    assert "No picture can be drawn" in port.lost.sentence.text()
    assert "No picture can be drawn" in shown_text(station)
    # Everything else works: the plan changes, is measured and kept.
    assert station.session.do(ChangeOsteotomy("cranial", kerf_mm=1.9))
    wait_for_numbers(station, qtbot)
    station.parts.keeper.wait()
    copy = station.parts.keeper.private_copy
    assert copy is not None
    assert copy.unsaved is not None
    assert port.picture().isNull()
    station.session.undo()
    monkeypatch.setattr(viewport, "offscreen_window", real)
    port.lost.again.click()
    assert not port.lost.isVisible()
    wait_for_numbers(station, qtbot)
    port.draw_now()
    assert spread(port.picture()) == pytest.approx(spread(before), rel=0.2)


def test_a_driver_that_keeps_failing_is_given_up_with_advice(station: Workstation, qtbot: QtBot) -> None:
    port = station.window.views.spine.viewport
    port.draw_now()
    for _ in range(viewport._ENOUGH_ERRORS):
        port._heard_error()
    qtbot.waitUntil(port.lost.isVisible, timeout=10_000)
    assert "Your plan is safe" in port.lost.sentence.text()
    assert "--painted" in shown_text(station)
    port.lost.again.click()
    assert not port.lost.isVisible()
    assert spread(port.picture()) > 10


@pytest.mark.logs_errors
def test_a_fault_in_a_slot_is_told_logged_and_the_work_is_kept(
    station: Workstation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, qtbot: QtBot
) -> None:
    monkeypatch.setattr(
        sys, "excepthook", lambda kind, error, trace: gui._tell_bug(station, kind, error, trace)
    )
    assert station.session.do(SetDiagnosis(Diagnosis(text="before the fault")))

    def faulty() -> None:
        raise RuntimeError("Quillfeather")

    with qtbot.capture_exceptions() as raised:
        QTimer.singleShot(0, faulty)
        qtbot.waitUntil(lambda: bool(raised), timeout=5_000)
    gui._tell_bug(station, *raised[0])
    assert "A fault of the program stopped this" in shown_text(station)
    assert "faulty" in caplog.text
    assert "Quillfeather" not in caplog.text
    assert station.session.case is not None
    assert station.session.case.diagnosis.text == "before the fault"
    station.parts.keeper.wait()
    copy = station.parts.keeper.private_copy
    assert copy is not None
    assert copy.unsaved is not None
    assert copy.read(copy.unsaved).diagnosis.text == "before the fault"


@pytest.mark.xvfb
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is missing")
def test_a_display_that_dies_takes_the_window_but_not_the_work(tmp_path: Path) -> None:
    home, notes, seed = tmp_path / "home", tmp_path / "home" / "notes", 77
    prepare(home, "new")
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        pass_fds=(writer,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as answer:
        display = f":{answer.readline().strip()}"
    environment = os.environ | {
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("VTK_DEFAULT_OPENGL_WINDOW", None)
    program = (
        "from pathlib import Path; from tests.app.planning_run import work_until_killed; "
        f"work_until_killed(Path({str(home)!r}), {seed}, 'new', Path({str(notes)!r}), painted=False)"
    )
    window = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 240
        while not (notes.exists() and notes.read_text().count("\n") > 5):
            assert window.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        server.kill()
        died = time.time()
        window.wait(60)
    finally:
        server.kill()
        server.wait()
        window.kill()
        window.wait()
    noted = [float(line.split()[1]) for line in notes.read_text().split("\n")[1:-1]]
    outcome = Outcome()
    look_at(outcome, home, "new", seed, noted, died)
    assert outcome.unrecovered == 0
    assert outcome.lost[0] <= 1
