"""Whether the window ever freezes: the event loop's turns during import, opening, drag, save and report.

    python -m tests.benchmarks.bench_heartbeat

A beat is one turn of the event loop, without what drawing took (3D, slices, Qt's painting). The target is
the peer here: no turn over 100 ms, 99 % of them within 16 ms. Whatever held it longest is named, as a second
thread saw the stack. Turns of the machine's other work count too, so the load is printed.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QDesktopServices, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from app.gui import Workstation
from planning.editing.osteotomy_edits import ChangeOsteotomy
from tests.benchmarks.heartbeat import Beat, Heartbeat, percentile_ms
from tests.benchmarks.whole_window import a_window, is_at_rest, until
from tests.benchmarks.window_drag import a_handle
from widgets.arrivals_dialog import ArrivalsDialog
from widgets.output_dialog import OutputDialog
from widgets.series_dialog import SeriesDialog
from widgets.viewport import Viewport
from widgets.views.spine_view import SpineView

DATA = Path(__file__).parents[1] / "data"
LONGEST_MS, USUAL_MS = 100.0, 16.0
MOVES = 60
NAMED = 4


def main() -> None:
    """Print the longest turn and the 99th percentile of each activity."""
    with a_window() as station, tempfile.TemporaryDirectory() as folder:
        heart = Heartbeat()
        for method in ("_render", "_make_picture"):
            heart.leave_out(Viewport, method)
        heart.leave_painting_out(station.window)
        print(f"target: no turn over {LONGEST_MS:.0f} ms, 99 % within {USUAL_MS:.0f} ms, drawing left out")
        for name, work in (
            ("import", lambda: import_a_study(station)),
            ("open", lambda: open_the_demo(station)),
            ("drag", lambda: drag_a_blade(station, heart)),
            ("save", lambda: save(station, Path(folder))),
            ("report", lambda: report(station, Path(folder))),
        ):
            heart.start()
            work()
            tell(name, heart.stop())
        heart.close()


def tell(name: str, beats: list[Beat]) -> None:
    """Print one activity's line, and what held the turns that were too long."""
    longest_ms, usual_ms = max(b.held_ms for b in beats), percentile_ms(beats, 99)
    kept = longest_ms <= LONGEST_MS and usual_ms <= USUAL_MS
    print(
        f"{name:8s} longest {longest_ms:6.0f} ms   99 % within {usual_ms:6.1f} ms   {len(beats):6d} turns   "
        f"longest drawing {max(b.drawing_ms for b in beats):4.0f} ms   "
        f"{'kept' if kept else 'MISSED'}   load {os.getloadavg()[0]:.1f}"
    )
    late = sorted((b for b in beats if b.held_ms > LONGEST_MS / 2), reverse=True)
    for beat in late[:NAMED]:
        print(f"    {beat.held_ms:5.0f} ms  {beat.busy}")
    sys.stdout.flush()


def import_a_study(station: Workstation) -> None:
    """Import a folder of slices with its labels, through the dialogs a person goes through."""

    def take_in() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, ArrivalsDialog):
            dialog.take.click()
        elif isinstance(dialog, SeriesDialog):
            dialog.labels.setText(str(DATA / "t11-t12-labels.nii.gz"))
            dialog.load.click()

    timer = QTimer()
    timer.timeout.connect(take_in)
    timer.start(200)
    station.parts.imports.start(DATA / "t11-t12")
    until(lambda: is_at_rest(station) and has_structures(station))
    timer.stop()


def has_structures(station: Workstation) -> bool:
    """Say whether the case holds structures and their surfaces."""
    case = station.session.case
    held = case is not None and case.anatomy is not None and bool(case.anatomy.structures)
    return held and bool(station.session.derived.surfaces)


def open_the_demo(station: Workstation) -> None:
    """Open the demo case; what was imported is given up."""
    imported = station.session.case
    assert imported is not None
    station.session.mark_saved(imported, None)
    station.bindings.open_demo()
    until(lambda: is_at_rest(station) and station.session.case is not imported)


def drag_a_blade(station: Workstation, heart: Heartbeat) -> None:
    """Drag a blade in 3D and let it go; wait for its numbers."""
    case, spine = station.session.case, station.window.views.spine
    assert case is not None
    station.parts.commands.look(active_cut=case.plan.osteotomies[0].id)
    until(lambda: True)
    with heart.apart():  # tries hundreds of places: a hand sees where the handle is
        at = a_handle(spine)
    QTest.mousePress(spine.viewport, Qt.MouseButton.LeftButton, pos=at)
    for n in range(MOVES):
        more = spine.viewport.schedule.renders + 1
        _move_hand(spine.viewport, at + QPoint(1 + n % 40, n % 30))
        until(partial(_has_drawn, spine, more), calm_s=0.0, look_every_s=0.005)
    QTest.mouseRelease(spine.viewport, Qt.MouseButton.LeftButton, pos=at + QPoint(20, 20))
    until(lambda: is_at_rest(station))


def _move_hand(viewport: Viewport, to: QPoint) -> None:
    """Let a move come in through the event loop, behind what is due, as one of the window system does.

    QTest calls the view itself, between two turns, which makes one of both.
    """
    place = QPointF(to)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        viewport.mapToGlobal(place),
        none,
        left,
        Qt.KeyboardModifier.NoModifier,
    )
    QTimer.singleShot(1, viewport, lambda: QApplication.sendEvent(viewport, move))


def _has_drawn(spine: SpineView, pictures: int) -> bool:
    return spine.viewport.schedule.renders >= pictures


def save(station: Workstation, folder: Path) -> None:
    """Save the case to a new file, then once more after an edit."""
    path = folder / "case.enbloc"
    with replaced(QFileDialog, "getSaveFileName", lambda *_a: (str(path), "")):
        station.parts.files.save()
    until(lambda: is_at_rest(station) and path.is_file() and not station.session.is_dirty)
    case = station.session.case
    assert case is not None
    station.session.do(ChangeOsteotomy(case.plan.osteotomies[0].id, kerf_mm=1.3))
    station.parts.files.save()
    until(lambda: is_at_rest(station) and not station.session.is_dirty)


def report(station: Workstation, folder: Path) -> None:
    """Write the report to a folder."""
    place = folder / "report"

    def typed(dialog: OutputDialog) -> int:
        dialog.field.setText(str(place))
        dialog.accept()
        return dialog.result()

    with (
        replaced(OutputDialog, "exec", typed),
        replaced(QDesktopServices, "openUrl", lambda _url: True),
    ):
        station.parts.outputs.report()
        until(lambda: is_at_rest(station))
    if not any(place.rglob("*.pdf")):
        raise RuntimeError("no report was written")


@contextmanager
def replaced(owner: type, name: str, stand_in: Callable[..., Any]) -> Iterator[None]:
    """Answer in a person's place for a while."""
    plain = getattr(owner, name)
    setattr(owner, name, stand_in)
    try:
        yield
    finally:
        setattr(owner, name, plain)


if __name__ == "__main__":
    main()
