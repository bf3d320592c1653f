"""Five hundred seeded random events in the window: no exception, and never a number that is not current."""

import random
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from planning.model.stamp import is_current
from planning.progress import silent
from planning.safety.board import board
from planning.safety.evaluation import evaluate
from tests.app.conftest import wait_for_numbers
from tests.app.planning_run import a_run_case
from tests.app.test_gestures import row_of
from widgets.stage_bar import Stage
from widgets.status_mark import status_word
from widgets.tables.cut_rows import Said, cut_rows
from widgets.tables.cut_table import MARGIN, NEAREST
from widgets.views.layouts import LAYOUTS

pytestmark = [pytest.mark.gui, pytest.mark.render]
EVENTS, CHECK_EVERY, SEED = 500, 10, 20261123
KEYS = "123456WGRCOXYZ+-"
COMMANDS = (
    "undo", "undo", "redo", "duplicate_cut", "delete_cut", "lock_cut", "crosshair_mode", "window_mode",
    "outlines", "reset_views", "pieces", "matrix", *(f"layout-{layout.id}" for layout in LAYOUTS),
)  # fmt: skip
BUTTONS = (Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton,
           Qt.MouseButton.MiddleButton)  # fmt: skip


class Monkey:
    """Does whatever comes to its hands; the same for the same seed."""

    def __init__(self, station: Workstation, seed: int) -> None:
        self._station, self._dice = station, random.Random(seed)

    def act(self) -> None:
        """Do one thing."""
        ways = (self._drag, self._click, self._wheel, self._key, self._command, self._stage)
        self._dice.choices(ways, (30, 15, 20, 12, 15, 8))[0]()

    def _view(self) -> QWidget:
        views = [f.viewport for f in self._station.window.views.frames if f.viewport.isVisible()]
        return self._dice.choice(views)

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(self._dice.randrange(widget.width()), self._dice.randrange(widget.height()))

    def _drag(self) -> None:
        view, button = self._view(), self._dice.choice(BUTTONS)
        QTest.mousePress(view, button, pos=self._place(view))
        for _ in range(self._dice.randrange(1, 4)):
            QTest.mouseMove(view, self._place(view))
        if self._dice.random() < 0.2:
            QTest.keyClick(view, Qt.Key.Key_Escape)
        shows_only_what_is_current(self._station)
        QTest.mouseRelease(view, button, pos=self._place(view))

    def _click(self) -> None:
        table = self._station.window.cuts.table.viewport()
        place = self._dice.choice((table, self._view()))
        QTest.mouseClick(place, Qt.MouseButton.LeftButton, pos=self._place(place))

    def _wheel(self) -> None:
        view, turn = self._view(), self._dice.choice((-3, -1, 1, 3))
        held = self._dice.choice((Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier))
        at = QPointF(self._place(view))
        none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        there = view.mapToGlobal(at)
        event = QWheelEvent(at, there, QPoint(), QPoint(0, 120 * turn), none, held, phase, False)
        QApplication.sendEvent(view, event)

    def _key(self) -> None:
        QTest.keyClicks(self._view(), self._dice.choice(KEYS).lower())

    def _command(self) -> None:
        self._station.window.actions_table[self._dice.choice(COMMANDS)].trigger()

    def _stage(self) -> None:
        button = self._station.window.stage_bar.buttons[self._dice.choice(list(Stage))]
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def shows_only_what_is_current(station: Workstation) -> None:
    """Assert that no number is shown but of the present case, or of the cut in the hand."""
    view, safety = station.session.view, station.window.board
    assert view.case is not None
    if view.evaluation is None:
        known = {view.live.osteotomy} if view.live is not None else set()
        for cut in view.case.plan.osteotomies:
            assert cut.id in known or row_of(station, cut.id)[NEAREST] == "..."
        assert view.live is not None or safety.lines == ()
        assert view.live is None or is_current(view.live, view.case, station.session.settings)
        assert " mm" not in safety.remarks.text()
        assert station.bindings.matrix is None
        return
    assert is_current(view.evaluation, view.case, station.session.settings)
    shown = [row.sentence.text() for row in safety.rows if not row.isHidden()]
    assert shown == [line.sentence for line in board(view.evaluation, view.case)]


@pytest.fixture
def window(station: Workstation, qtbot: QtBot) -> Iterator[Workstation]:
    """The window with a case so small that it is measured between two gestures."""
    station.parts.files.new_case(a_run_case())
    wait_for_numbers(station, qtbot)
    yield station
    station.window.actions_table[f"layout-{LAYOUTS[0].id}"].trigger()
    assert station.session.case is not None
    station.session.mark_saved(station.session.case, None)


@pytest.mark.qt_log_ignore("propagateSizeHints", "raise()", "grabbing")
def test_500_random_events_leave_no_fault_and_no_stale_number(
    window: Workstation, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    bugs: list[str] = []
    window.jobs.bug.connect(bugs.append)
    monkey = Monkey(window, SEED)
    for n in range(EVENTS):
        monkey.act()
        QApplication.processEvents()
        if n % CHECK_EVERY == 0:
            shows_only_what_is_current(window)
    assert bugs == []
    assert window.session.view.history, "the monkey changed something"
    case = window.session.case
    assert case is not None
    assert case.plan.osteotomies
    wait_for_numbers(window, qtbot)
    shows_only_what_is_current(window)
    fresh = evaluate(case, window.session.settings, silent)
    lines = [(status_word(line.status), line.sentence) for line in board(fresh, case)]
    assert [(r.word.text(), r.sentence.text()) for r in window.window.board.rows if not r.isHidden()] == lines
    known = frozenset(cut.id for cut in case.plan.osteotomies)
    said = Said(fresh.clearances, fresh.tumour_margins, known)
    for row in cut_rows(case.plan, said, window.session.settings.tools, frozenset(), case.anatomy):
        assert row_of(window, row.osteotomy.id)[MARGIN] == row.margin
        assert row_of(window, row.osteotomy.id)[NEAREST] == row.nearest
