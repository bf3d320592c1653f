"""Pictures of the workstation on the demo case, stages and dialogs: python -m tests.screenshots --out DIR."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.errands.workbench import workbench
from app.gui import Workstation, build
from app.language import LANGUAGES, OPTION
from app.language_choice import speak_at_start
from app.program import RESOURCES
from app.settings import Preferences
from planning.model.osteotomy import OsteotomyKind
from planning.model.structures import StructureKind
from planning.texts import spoken
from widgets.dialogs import LevelsDialog
from widgets.stage_bar import Stage

DEFAULT = Path("resources/screenshots")
_BOARD_PX = 470  # as much of the board as a page of the guide has room for
PATIENCE_S = 180.0
_NAMES = {Stage.PLAN: "workstation", Stage.ANATOMY: "anatomy", Stage.CHECK: "check"}
CALM_S = 0.5  # nothing under way for this long: every merged render has happened


def main() -> int:
    """Take the pictures; return 1 if the demo case did not come to rest."""
    parser = argparse.ArgumentParser(description="Pictures of the workstation on the demo case.")
    parser.add_argument("--out", type=Path, help="instead of resources/screenshots and the guide")
    parser.add_argument("--case", type=Path, help="another case than the demo")
    parser.add_argument("--size", default="1600x1000", help="of the window, such as 1280x800")
    parser.add_argument(OPTION, choices=tuple(LANGUAGES), default="en")
    options = parser.parse_args()
    illustrates = options.out is None
    options.out = options.out or (DEFAULT if options.language == "en" else DEFAULT / options.language)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, workbench() as bench:
        os.environ["ENBLOC_HOME"] = home
        application = QApplication([])
        speak_at_start(application, options.language)
        station = build(bench, Preferences(Path(home) / "window.ini"), application, painted=True)
        station.window.resize(*(int(n) for n in options.size.split("x")))
        station.window.show()
        _settle(application)
        _keep(station.window, options.out / "welcome.png")
        if options.case is None:
            station.bindings.open_demo()
        else:
            station.parts.files.open_path(options.case, as_template=True)
        rested = _take(station, options.out, illustrates=illustrates)
        station.window.may_close = None
        station.window.close()
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return 0 if rested else 1


def _take(station: Workstation, folder: Path, *, illustrates: bool) -> bool:
    rested = wait_for_rest(station)
    _look_at_the_tumour(station)
    for stage in Stage:
        station.window.stage_bar.choose(stage)
        rested = wait_for_rest(station) and rested
        name = _NAMES.get(stage)
        if name is not None:
            _keep(station.window, folder / f"{name}.png")
    if illustrates:
        _illustrate_the_guide(station, RESOURCES / "guide" / spoken())
    for name, dialog in _dialogs(station):
        _settle(QApplication.instance())
        _keep(dialog, folder / f"{name}.png")
        dialog.close()
    return rested


def _illustrate_the_guide(station: Workstation, folder: Path) -> None:
    """Take the guide's own pictures: parts of the window, in the language spoken."""
    station.window.stage_bar.choose(Stage.PLAN)
    _settle(QApplication.instance())
    _keep(station.window.board, folder / "board.png", height=_BOARD_PX)
    _keep(station.window.views.spine, folder / "blade.png")


def _look_at_the_tumour(station: Workstation) -> None:
    """Put the crosshair on the tumour and a disc cut into the hand, where the case has them."""
    case = station.session.case
    if case is None or case.anatomy is None:
        return
    tumour = next(iter(case.anatomy.of_kind(StructureKind.TUMOUR)), None)
    if tumour is not None:
        station.bindings.fly_to_structure(tumour.id)
        station.parts.commands.look(chosen_structure="")
    disc = next((o for o in case.plan.osteotomies if o.kind is OsteotomyKind.DISC), None)
    if disc is not None:
        station.parts.commands.look(active_cut=disc.id)


def _dialogs(station: Workstation) -> Iterator[tuple[str, QDialog]]:
    """Yield the dialogs a first plan goes through, each as it opens."""
    window, case = station.window, station.session.case
    levels = case.anatomy.levels if case is not None and case.anatomy is not None else ()
    report = station.parts.outputs.report_dialog()
    report.field.setText("/home/surgeon/plans/enbloc-report")
    made: tuple[tuple[str, QDialog], ...] = (("levels", LevelsDialog(levels, "", window)), ("report", report))
    for name, dialog in made:
        dialog.show()
        yield name, dialog
    tumour = window.anatomy_panel.next_draft()
    if tumour is not None:
        station.bindings.review(tumour)
        reviewing = station.parts.decisions.beside
        if reviewing is not None:
            yield "review", reviewing
    station.bindings.show_matrix()
    if station.bindings.matrix is not None:
        yield "numbers", station.bindings.matrix


def _settle(application: QCoreApplication | None) -> None:
    for _ in range(5):
        if application is not None:
            application.processEvents()


def _keep(widget: QWidget, path: Path, height: int = -1) -> None:
    shown = widget.grab(QRect(0, 0, -1, height))
    _small(shown.toImage()).save(str(path), quality=0)  # 0 packs tightest
    print(path)


def _small(picture: QImage) -> QImage:
    """Return the picture with 64 shades a colour: the eye sees no difference, and it packs far smaller."""
    picture = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.bits(), np.uint8) & 0xFC
    rows |= rows >> 6
    size = picture.width(), picture.height(), picture.bytesPerLine()
    return QImage(rows.tobytes(), *size, QImage.Format.Format_RGB888).copy()


def wait_for_rest(station: Workstation) -> bool:
    """Let the window work until nothing is under way; say whether that came about."""
    end, calm_since = time.monotonic() + PATIENCE_S, time.monotonic()
    while time.monotonic() < end:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        time.sleep(0.01)
        view = station.session.view
        if station.jobs.running or view.updating or view.case is None:
            calm_since = time.monotonic()
        elif time.monotonic() - calm_since > CALM_S:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
