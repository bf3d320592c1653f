"""Memory over many blade moves: first without drawing, then dragged in the window.

    python -m tests.benchmarks.bench_soak [MOVES] [MOVES IN THE WINDOW]

Every move is a new place of a blade, previewed and measured as in a drag; every hundredth drag is given up
(Esc), each thousandth move is let go and undone. Growth is by least squares over what was held after a
warm-up, the first fifth; the target stands beside it. A software driver's scenes fill up over the first
four thousand drawn moves and what is freed settles by twenty thousand: only a long run, such as
``100000 100000`` (an hour), says what a day in the window costs; a short one says how fast they fill.
"""

import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.gui import Workstation
from planning.editing.osteotomy_edits import MoveBlade
from tests.app.planning_run import a_run_case
from tests.benchmarks.whole_window import (
    a_window,
    forget_deleted,
    growth_mib,
    held_mib,
    held_now_mib,
    is_at_rest,
    until,
)
from tests.benchmarks.window_drag import a_handle

MOVES, IN_THE_WINDOW = 100_000, 2_000
DRAG, LET_GO_EVERY = 100, 1_000
TARGET_MIB = 1.0
PER = 10_000
SAMPLES = 60


def main() -> None:
    """Print the growth per ten thousand moves of both."""
    numbers = [int(word) for word in sys.argv[1:]]
    moves, in_the_window = (*numbers, *(MOVES, IN_THE_WINDOW)[len(numbers) :])[:2]
    with a_window() as station:
        station.parts.files.new_case(a_run_case())
        until(lambda: is_at_rest(station))
        _tell("measured", moves, lambda number, held: _measured(station, number, held))
        until(lambda: is_at_rest(station))
        _tell("drawn", in_the_window, lambda number, held: _drawn(station, number, held))
        case = station.session.case
        assert case is not None
        station.session.mark_saved(case, None)


def _tell(name: str, moves: int, soak: Callable[[int, Callable[[int], None]], int]) -> None:
    at, held = list[float](), list[float]()

    def note(number: int) -> None:
        at.append(number)
        held.append(held_now_mib())

    first_mib, start = held_mib(), perf_counter()
    measured = soak(moves, note)
    wall_s = perf_counter() - start
    last_mib = held_mib()
    warm = [n for n in range(len(at)) if at[n] >= 0.2 * moves]
    grown = growth_mib([at[n] for n in warm], [held[n] for n in warm], PER)
    print(
        f"{name:9s} {moves:7d} moves ({measured} of them measured) in {wall_s:4.0f} s: {grown:+.2f} MiB per "
        f"{PER} moves (target under {TARGET_MIB:.0f}); held {first_mib:.0f} MiB before, "
        f"{last_mib:.0f} after",
        flush=True,
    )


def _measured(station: Workstation, moves: int, note: Callable[[int], None]) -> int:
    session, dice, seen = station.session, np.random.default_rng(5), 0
    case = session.case
    assert case is not None
    session.blockSignals(True)  # showing is the other soak's
    for n in range(moves):
        cut = case.plan.osteotomies[n // DRAG % len(case.plan.osteotomies)]
        edit = MoveBlade(cut.id, cut.blade.moved(tuple(dice.normal(0.0, 1.5, 3))), cut.title)
        session.preview(edit, cut.id)
        seen += session.view.live is not None
        if n % LET_GO_EVERY == LET_GO_EVERY - 1:
            session.do(edit)
            session.undo()
        elif n % DRAG == DRAG - 1:
            session.drop_preview()
        if n % max(1, moves // SAMPLES) == 0:
            note(n)
    session.blockSignals(False)
    session.drop_preview()
    return seen


def _drawn(station: Workstation, moves: int, note: Callable[[int], None]) -> int:
    session, spine, seen = station.session, station.window.views.spine, 0
    case = session.case
    assert case is not None
    station.parts.commands.look(active_cut=case.plan.osteotomies[0].id)
    until(lambda: is_at_rest(station))
    at = QPoint()
    for n in range(moves):
        if n % DRAG == 0:
            at = a_handle(spine)
            QTest.mousePress(spine.viewport, Qt.MouseButton.LeftButton, pos=at)
        drawn = spine.viewport.schedule.renders
        QTest.mouseMove(spine.viewport, at + QPoint(1 + n % 40, n % 30))
        while spine.viewport.schedule.renders == drawn:
            QApplication.processEvents()
        seen += session.view.live is not None
        if n % DRAG == DRAG - 1:
            QTest.keyClick(spine.viewport, Qt.Key.Key_Escape)
            QTest.mouseRelease(spine.viewport, Qt.MouseButton.LeftButton, pos=at)
            until(lambda: is_at_rest(station))
            forget_deleted()
        if n % max(1, moves // SAMPLES) == 0:
            note(n)
    return seen


if __name__ == "__main__":
    main()
