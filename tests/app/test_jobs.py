"""Background work: results on the main thread, latest wins, cancel, faults without names."""

import logging
import threading

import pytest
from PySide6.QtCore import QCoreApplication, QThread, QTimer
from pytestqt.qtbot import QtBot

from app.jobs import Jobs, JobState, without_values
from planning.errors import PlanningError
from planning.progress import Progress
from planning.texts import mark

pytestmark = pytest.mark.gui


@pytest.fixture
def jobs(qtbot: QtBot):
    made = Jobs()
    yield made
    made.close()


def test_work_runs_elsewhere_and_its_value_arrives_on_the_main_thread(jobs: Jobs, qtbot: QtBot) -> None:
    seen: dict[str, object] = {}

    def work(_progress: Progress) -> int:
        seen["worker"] = threading.current_thread()
        return 42

    def done(value: int) -> None:
        seen["value"] = value
        application = QCoreApplication.instance()
        seen["is main"] = application is not None and QThread.currentThread() == application.thread()

    jobs.start("a", "A", work, done)
    qtbot.waitUntil(lambda: "value" in seen, timeout=5000)
    assert seen["value"] == 42
    assert seen["is main"]
    assert seen["worker"] is not threading.main_thread()
    assert jobs.running == ()


def test_the_latest_of_a_key_wins_and_the_overtaken_one_is_stopped(jobs: Jobs, qtbot: QtBot) -> None:
    values: list[str] = []
    stopped = threading.Event()
    started = threading.Event()

    def slow(progress: Progress) -> str:
        started.set()
        try:
            while True:
                progress(0.5, "working")
                threading.Event().wait(0.005)
        finally:
            stopped.set()

    jobs.start("plan", "old", slow, values.append)
    assert started.wait(5)
    jobs.start("plan", "new", lambda _p: "new", values.append)
    qtbot.waitUntil(lambda: values == ["new"], timeout=5000)
    assert stopped.wait(5)
    qtbot.wait(50)
    assert values == ["new"]


def test_an_overtaken_job_that_ignores_the_wish_to_stop_is_dropped_all_the_same(
    jobs: Jobs, qtbot: QtBot
) -> None:
    values: list[str] = []
    go = threading.Event()

    def deaf(_progress: Progress) -> str:
        go.wait(5)
        return "old"

    jobs.start("plan", "old", deaf, values.append)
    jobs.start("plan", "new", lambda _p: "new", values.append)
    qtbot.waitUntil(lambda: values == ["new"], timeout=5000)
    go.set()
    qtbot.wait(100)
    assert values == ["new"]


def test_progress_is_shown_and_cancel_ends_it(jobs: Jobs, qtbot: QtBot) -> None:
    states: list[tuple[JobState, ...]] = []
    jobs.changed.connect(states.append)
    values: list[object] = []

    def work(progress: Progress) -> None:
        while True:
            progress(0.25, "slice 3 of 12")
            threading.Event().wait(0.01)

    jobs.start("import", "Importing", work, values.append)
    qtbot.waitUntil(lambda: any(s and s[0].message == "slice 3 of 12" for s in states), timeout=5000)
    assert jobs.running[0].fraction == 0.25
    jobs.cancel("import")
    assert jobs.running == ()
    qtbot.wait(80)
    assert values == []


def test_a_problem_reaches_the_person_and_a_fault_is_told_without_what_it_was_about(
    jobs: Jobs, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    problems: list[PlanningError] = []
    bugs: list[str] = []
    about: list[str] = []
    jobs.problem.connect(lambda error, _title: problems.append(error))
    jobs.problem.connect(lambda _error, title: about.append(title))
    jobs.bug.connect(bugs.append)

    def refuse(_progress: Progress) -> None:
        raise PlanningError("PATIENT_MIX", mark("Two patients: {names}."), names="Quillfeather")

    def fail(_progress: Progress) -> None:
        raise ValueError("Quillfeather at /home/secret")

    with caplog.at_level(logging.CRITICAL, logger="app.jobs"):
        jobs.start("a", "A", refuse)
        jobs.start("b", "B", fail)
        qtbot.waitUntil(lambda: bool(problems and bugs), timeout=5000)
    assert problems[0].message == "Two patients: Quillfeather."
    assert about == ["A"]
    assert "ValueError" in bugs[0]
    assert "fail" in bugs[0]
    assert "Quillfeather" not in bugs[0]
    assert "secret" not in bugs[0]


def test_a_fault_is_named_by_place_only() -> None:
    try:
        raise RuntimeError("MRN-7731904")
    except RuntimeError as error:
        text = without_values(error)
    assert text.startswith("RuntimeError at test_a_fault_is_named_by_place_only:")
    assert "MRN" not in text


class Held:
    """A value that holds something open."""

    def __init__(self) -> None:
        self.released: list[bool] = []

    def let_go(self, value: object) -> None:
        assert value is self
        self.released.append(threading.current_thread() is threading.main_thread())


@pytest.mark.parametrize("end", ["overtaken late", "overtaken when done", "closed late", "closed when done"])
def test_a_dropped_value_is_let_go_once_on_the_main_thread(end: str, qtbot: QtBot) -> None:
    jobs, held, go, given = Jobs(), Held(), threading.Event(), threading.Event()
    arrived: list[object] = []

    def work(_progress: Progress) -> Held:
        go.wait(5)
        given.set()
        return held

    if "done" in end:
        go.set()
    jobs.start("open", "first", work, arrived.append, let_go=held.let_go)
    if "done" in end:
        assert given.wait(5)
        while jobs._unsettled[1][1].running():
            threading.Event().wait(0.001)
    if "overtaken" in end:
        jobs.start("open", "second", lambda _p: None)
        assert held.released == ([True] if "done" in end else []), "before the second one begins"
        go.set()
        qtbot.waitUntil(lambda: bool(held.released) and not jobs.running, timeout=5000)
    go.set()
    jobs.close()
    qtbot.wait(20)
    assert held.released == [True]
    assert arrived == []


def test_a_value_that_arrives_is_not_let_go(jobs: Jobs, qtbot: QtBot) -> None:
    held = Held()
    arrived: list[object] = []
    jobs.start("open", "open", lambda _p: held, arrived.append, let_go=held.let_go)
    qtbot.waitUntil(lambda: bool(arrived), timeout=5000)
    jobs.close()
    assert held.released == []


def test_a_save_waits_behind_nothing_and_the_window_lives_until_it_ended(jobs: Jobs, qtbot: QtBot) -> None:
    go, lived = threading.Event(), threading.Event()
    saved: list[object] = []
    for key in ("scan", "report", "more"):
        jobs.start(key, key, lambda _p: go.wait(10))
    QTimer.singleShot(0, lived.set)

    def save(_progress: Progress) -> bool:
        return lived.wait(5)  # only an event loop that runs lets this end well

    assert jobs.finish("save", "Saving", save, saved.append)
    assert saved == [True]
    assert jobs.is_running("more")
    go.set()


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.logs_errors
def test_a_save_that_fails_is_told_and_does_not_count_as_saved(known: bool, jobs: Jobs, qtbot: QtBot) -> None:
    told: list[object] = []
    jobs.problem.connect(lambda error, _title: told.append(error))
    jobs.bug.connect(told.append)

    def fail(_progress: Progress) -> None:
        raise PlanningError("DISK_FULL", mark("The disk is full.")) if known else OSError("gone")

    assert not jobs.finish("save", "Saving", fail, lambda _v: pytest.fail("it was not saved"))
    assert len(told) == 1
    assert jobs.running == ()


def test_what_succeeded_is_told_by_its_title_and_nothing_else_is(jobs: Jobs, qtbot: QtBot) -> None:
    told: list[str] = []
    jobs.succeeded.connect(told.append)
    jobs.problem.connect(lambda _error, title: told.append(f"not {title}"))

    def refuse(_progress: Progress) -> None:
        raise PlanningError("DISK_FULL", mark("The disk is full."))

    jobs.start("a", "A", refuse)
    jobs.start("b", "overtaken", lambda _p: threading.Event().wait(0.05))
    jobs.start("b", "B", lambda _p: None, lambda _v: told.append("done"))
    qtbot.waitUntil(lambda: not jobs.running, timeout=5000)
    qtbot.wait(60)
    assert sorted(told) == ["B", "done", "not A"]
    assert told.index("B") < told.index("done")
