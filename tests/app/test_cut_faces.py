"""Cut faces come after the numbers; that they cannot be drawn withholds nothing and is said."""

import threading

import pytest
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from planning.editing.osteotomy_edits import ChangeOsteotomy
from planning.resection import cut_faces
from planning.safety.results import Evaluation
from tests.app.conftest import wait_for_numbers
from tests.app.test_mishaps import shown_text

pytestmark = [pytest.mark.gui, pytest.mark.render]


def faces(station: Workstation) -> int:
    """Return how many cut faces 3D draws."""
    return sum(len(piece.faces) for piece in station.window.views.spine.state.pieces)


def change(station: Workstation, qtbot: QtBot, kerf_mm: float) -> Evaluation:
    """Change a cut and show the new pieces."""
    assert station.session.do(ChangeOsteotomy("cranial", kerf_mm=kerf_mm))
    wait_for_numbers(station, qtbot)
    station.bindings.show_pieces(True)
    evaluation = station.session.view.evaluation
    assert evaluation is not None
    assert evaluation.clearances
    return evaluation


def test_faces_follow_the_numbers_and_are_found_off_the_main_thread(
    station: Workstation, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    real, go = cut_faces.parted_surface, threading.Event()
    threads: list[threading.Thread] = []

    def slow(*arguments: object) -> object:
        threads.append(threading.current_thread())
        go.wait(20)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("app.exploded.parted_surface", slow)
    change(station, qtbot, 1.3)
    assert station.window.views.spine.state.pieces
    assert faces(station) == 0
    go.set()
    qtbot.waitUntil(lambda: faces(station) > 4, timeout=20_000)
    assert threading.main_thread() not in threads
    station.bindings.show_pieces(False)


@pytest.mark.logs_errors
def test_faces_that_cannot_be_found_withhold_no_number_and_it_is_said_once(
    station: Workstation, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    def fail(*_arguments: object) -> None:
        raise IndexError("index 7 is out of bounds")

    monkeypatch.setattr("app.exploded.parted_surface", fail)
    evaluation = change(station, qtbot, 1.4)
    qtbot.waitUntil(lambda: "No number rests on them" in shown_text(station), timeout=20_000)
    station.window.messages.dismiss()
    station.session.tell()
    qtbot.waitUntil(lambda: not station.jobs.is_running("cut-faces"), timeout=5_000)
    assert shown_text(station) == ""
    assert station.session.view.evaluation is evaluation
    assert station.window.views.spine.state.pieces
    station.bindings.show_pieces(False)
