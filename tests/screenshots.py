"""Pictures of the workstation on the demo case, one a stage: python -m tests.screenshots --out DIR."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.errands.workbench import workbench
from app.gui import Workstation, build
from app.settings import Preferences
from widgets.stage_bar import Stage

SIZE = QSize(1600, 1000)
PATIENCE_S = 180.0
_NAMES = {Stage.PLAN: "workstation", Stage.ANATOMY: "anatomy", Stage.CHECK: "check"}
CALM_S = 0.5  # nothing under way for this long: every merged render has happened


def main() -> int:
    """Take the pictures; return 1 if the demo case did not come to rest."""
    parser = argparse.ArgumentParser(description="Pictures of the workstation on the demo case.")
    parser.add_argument("--out", type=Path, default=Path("resources/screenshots"))
    parser.add_argument("--case", type=Path, help="another case than the demo")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, workbench() as bench:
        os.environ["ENBLOC_HOME"] = home
        application = QApplication([])
        station = build(bench, Preferences(Path(home) / "window.ini"), application, painted=True)
        station.window.resize(SIZE)
        station.window.show()
        if options.case is None:
            station.bindings.open_demo()
        else:
            station.parts.files.open_path(options.case, as_template=True)
        rested = _take(station, options.out)
        station.window.may_close = None
        station.window.close()
        application.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return 0 if rested else 1


def _take(station: Workstation, folder: Path) -> bool:
    rested = wait_for_rest(station)
    for stage in Stage:
        station.window.stage_bar.choose(stage)
        rested = wait_for_rest(station) and rested
        name = _NAMES.get(stage)
        if name is not None:
            path = folder / f"{name}.png"
            _small(station.window.grab().toImage()).save(str(path), quality=0)  # 0 packs tightest
            print(path)
    return rested


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
