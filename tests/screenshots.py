"""Pictures of the workstation on the demo case: every stage, layout and theme in every language.

``python -m tests.screenshots`` puts the picture of the README beside it and everything else, with a
contact sheet of each language and theme, into a folder that git ignores. What there is to take is read
from the program's own tables, so a new layout, theme, stage or language comes in by itself.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.errands.workbench import workbench
from app.gui import Workstation, build
from app.language import LANGUAGES
from app.language_choice import speak_at_start
from app.program import RESOURCES
from app.settings import Preferences
from planning.model.osteotomy import OsteotomyKind
from planning.model.structures import StructureKind
from planning.texts import ENGLISH, spoken
from widgets.dialogs import LevelsDialog
from widgets.stage_bar import Stage
from widgets.theme import DARK, TEXT_SIZES, THEMES
from widgets.views.apart_window import ApartWindow
from widgets.views.layouts import FOUR, LAYOUTS

PATIENCE_S = 180.0
CALM_S = 0.3  # nothing under way for this long: every merged render has happened
README_PICTURE = Path("resources/screenshots/workstation.webp")
EVERYTHING = Path("screenshots")
_QUALITY = 82
_BOARD_PX = 470  # as much of the board as a page of the guide has room for
_SHEET_COLUMNS = 4
_THUMB_PX = (640, 400)


def main() -> int:
    """Take every picture, each language in a process of its own; return 1 where the window found no rest."""
    options = _parser().parse_args()
    if options.language:
        return _take_language(options)
    given = [word for word in sys.argv[1:] if word != "--language"]
    done = [
        subprocess.run(
            [sys.executable, "-m", "tests.screenshots", *given, "--language", code], check=False
        ).returncode
        for code in LANGUAGES
    ]
    return max(done)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Pictures of the workstation on the demo case.")
    parser.add_argument("--out", type=Path, default=EVERYTHING, help="folder for everything")
    parser.add_argument("--case", type=Path, help="another case than the demo")
    parser.add_argument("--size", default="1600x1000", help="of the window, such as 1280x800")
    parser.add_argument(
        "--text", type=int, choices=TEXT_SIZES, default=TEXT_SIZES[0], help="size of words, %%"
    )
    parser.add_argument("--language", choices=tuple(LANGUAGES), help="this one only")
    parser.add_argument("--theme", choices=tuple(THEMES), help="this one only")
    return parser


def _take_language(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as home, workbench() as bench:
        os.environ["ENBLOC_HOME"] = home
        application = QApplication([])
        speak_at_start(application, options.language)
        station = build(bench, Preferences(Path(home) / "window.ini"), application, painted=True)
        window = station.window
        window.resize(*(int(n) for n in options.size.split("x")))
        window.show()
        window.actions_table[f"text-{options.text}"].trigger()
        _settle(application)
        folder = options.out / options.language
        _keep(window, folder / DARK.name / "welcome.webp")
        if options.case is None:
            station.bindings.open_demo()
        else:
            station.parts.files.open_path(options.case, as_template=True)
        rested = wait_for_rest(station)
        _look_at_the_tumour(station)
        for theme in THEMES:
            if options.theme in (None, theme):
                window.actions_table[f"theme-{theme}"].trigger()
                rested = _take_theme(station, folder / theme) and rested
                _contact_sheet(folder / theme, options.out / f"{options.language}-{theme}.webp")
        plain = (options.case, options.text, options.theme, options.out) == (None, 100, None, EVERYTHING)
        if plain:
            rested = _illustrate(station) and rested
        window.may_close = None
        window.close()
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return 0 if rested else 1


def _illustrate(station: Workstation) -> bool:
    """Take the pictures that are kept: the README's, and the guide's in the language spoken."""
    station.window.actions_table[f"theme-{DARK.name}"].trigger()
    station.window.stage_bar.choose(Stage.PLAN)
    rested = wait_for_rest(station)
    if spoken() == ENGLISH:
        _keep(station.window, README_PICTURE)
    guide = RESOURCES / "guide" / spoken()
    if guide.is_dir():
        _keep(station.window.board, guide / "board.png", height=_BOARD_PX)
        _keep(station.window.views.spine, guide / "blade.png")
    return rested


def _take_theme(station: Workstation, folder: Path) -> bool:
    """Take every stage among four views, every layout at the plan, and the dialogs of a first plan."""
    window, rested = station.window, True
    for stage in Stage:
        window.stage_bar.choose(stage)
        rested = wait_for_rest(station) and rested
        _keep(window, folder / f"stage-{stage.value}.webp")
    window.stage_bar.choose(Stage.PLAN)
    for layout in LAYOUTS:
        window.actions_table[f"layout-{layout.id}"].trigger()
        rested = wait_for_rest(station) and rested
        _keep(window, folder / f"layout-{layout.id}.webp")
    window.actions_table[f"layout-{FOUR.id}"].trigger()
    for name, dialog in _dialogs(station):
        _settle(QApplication.instance())
        _keep(dialog, folder / f"dialog-{name}.webp")
        dialog.close()
    return rested


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
    """Write what a widget shows, and beside it what its view in a window of its own shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = _picture(widget, height)
    if path.suffix == ".png":
        picture.quantize(256).save(path, optimize=True)
    else:
        picture.save(path, quality=_QUALITY)
    for apart in widget.findChildren(ApartWindow):
        if apart.isVisible():
            _picture(apart).save(path.with_stem(f"{path.stem}-apart"), quality=_QUALITY)
    print(path)


def _picture(widget: QWidget, height: int = -1) -> Image.Image:
    shown = widget.grab(QRect(0, 0, -1, height)).toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(shown.constBits(), np.uint8).reshape(shown.height(), shown.bytesPerLine())
    return Image.fromarray(rows[:, : shown.width() * 3].reshape(shown.height(), shown.width(), 3).copy())


def _contact_sheet(folder: Path, path: Path) -> None:
    """Put small copies of a folder's pictures on one sheet, to be looked at."""
    pictures = sorted(folder.glob("*.webp"))
    width, height = _THUMB_PX
    rows = -(-len(pictures) // _SHEET_COLUMNS)
    sheet = Image.new("RGB", (_SHEET_COLUMNS * width, rows * (height + 16)), (60, 60, 60))
    drawing = ImageDraw.Draw(sheet)
    for n, picture in enumerate(pictures):
        at = n % _SHEET_COLUMNS * width, n // _SHEET_COLUMNS * (height + 16)
        with Image.open(picture) as opened:
            opened.thumbnail(_THUMB_PX)
            sheet.paste(opened, (at[0], at[1] + 16))
        drawing.text((at[0] + 4, at[1] + 2), picture.stem, fill=(255, 255, 255))
    sheet.save(path, quality=_QUALITY)


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
