"""Files given back: two openings at once, a save while the window closes, a second wish to close."""

import math
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from app.landing import spine_lps_mm
from planning.geometry.frames import Vec3
from planning.model.case import Case
from planning.model.plan import Plan
from planning.model.study import Patient, StudyImage
from planning.storage.case_file import CaseFile, open_case
from tests.app.test_journeys import answer, edited
from tests.imaging.test_first_look import SPINE_XY_MM, a_chest

pytestmark = [pytest.mark.gui, pytest.mark.render]


def put_away(station: Workstation) -> None:
    """Leave no file of a test open."""
    case = station.session.case
    assert case is not None
    station.session.mark_saved(case, None)
    station.parts.files.close_case()
    station.parts.keeper.wait()


def test_of_two_openings_the_first_gives_its_file_back(
    station: Workstation, small_case: Case, tmp_path: Path, qtbot: QtBot
) -> None:
    first, second = tmp_path / "first.enbloc", tmp_path / "second.enbloc"
    for path in (first, second):
        CaseFile.create(path, small_case).close()
    for path in (first, second, second):  # the last as by a double click that came twice
        station.parts.files.open_path(path)
    qtbot.waitUntil(lambda: station.session.path == second, timeout=20_000)
    file = station.parts.files.file
    assert file is not None
    assert not file.read_only, file.why_read_only
    station.parts.keeper.wait()
    with CaseFile.open(first) as again:
        assert not again.read_only, "nobody works on it, so nobody may hold it"
    put_away(station)


def test_a_ct_without_structures_opens_at_its_spine_found_off_the_main_thread(
    station: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    image = StudyImage("ct", a_chest(np.eye(3), spacing_ijk_mm=(4.0, 4.0, 10.0)), "CT")
    path, threads = tmp_path / "bare.enbloc", []

    def seen(case: Case) -> Vec3 | None:
        threads.append(threading.current_thread())
        return spine_lps_mm(case)

    monkeypatch.setattr("app.flows.case_files.spine_lps_mm", seen)
    CaseFile.create(path, Case("bare", Patient(), (image,), None, (Plan(),))).close()
    station.parts.files.open_path(path)
    qtbot.waitUntil(lambda: station.session.path == path, timeout=20_000)
    at = station.window.views.looking.crosshair_lps_mm
    assert math.dist(at[:2], SPINE_XY_MM) < 12.0
    assert threads
    assert threading.main_thread() not in threads
    put_away(station)


@pytest.mark.parametrize("place", ["its own file", "a new file"])
def test_closing_saves_as_a_job_while_the_window_lives(
    place: str,
    station: Workstation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    path, lived = tmp_path / "case.enbloc", threading.Event()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ""))
    if place == "its own file":
        edited(station, "first")
        station.parts.files.save()
        qtbot.waitUntil(lambda: station.session.path == path, timeout=10_000)
    case = edited(station, "second")
    threads: list[threading.Thread] = []
    name = "save" if place == "its own file" else "create"
    real = getattr(CaseFile, name)

    def slow(*arguments: object, **more: object) -> object:
        threads.append(threading.current_thread())
        assert lived.wait(10), "the window does not live while it saves"
        return real(*arguments, **more)

    monkeypatch.setattr(CaseFile, name, slow if name == "save" else staticmethod(slow))
    asked = answer(monkeypatch, "save")

    def close_again() -> None:
        shown = [job.title for job in station.jobs.running]
        assert "Saving" in shown
        assert not station.parts.files.settle(), "a second wish to close waits for the first"
        lived.set()

    QTimer.singleShot(30, close_again)
    assert station.parts.files.settle()
    assert asked == ["Save changes?"]
    assert threads != []
    assert threading.main_thread() not in threads
    assert not station.session.is_dirty
    put_away(station)
    assert open_case(path).diagnosis == case.diagnosis


def test_a_save_that_fails_keeps_the_window_open_and_says_why(
    station: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(tmp_path / "no" / "case"), ""))
    answer(monkeypatch, "save")
    edited(station)
    assert not station.parts.files.settle()
    assert station.session.is_dirty
    shown = station.window.messages.shown
    assert shown is not None
    assert "does not exist" in shown.text
