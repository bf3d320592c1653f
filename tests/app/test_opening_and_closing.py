"""Files given back: two openings at once, a save while the window closes, a second wish to close."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from planning.model.case import Case
from planning.storage.case_file import CaseFile, open_case
from tests.app.test_journeys import answer, edited

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
