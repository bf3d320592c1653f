"""A window on a screen of some density, under the mouse; prints what it saw as JSON.

Run by `test_scaled`, in a process of its own, because Qt reads the density once.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.errands.workbench import workbench
from app.gui import Workstation, build
from app.settings import Preferences
from planning.geometry.frames import Vec3
from tests.app.native_window import wait
from tests.app.planning_run import a_run_case
from tests.app.test_mishaps import spread
from tests.app.test_window_sizes import cut_short

LEFT = Qt.MouseButton.LeftButton


def clicked(station: Workstation, ratio: float) -> list[list[object]]:
    """Click structures in 3D where they are in device pixels; return what was hit and how far off."""
    spine = station.window.views.spine
    spine.viewport.draw_now()
    height = spine.viewport.height()
    found: list[list[object]] = []
    hits: list[tuple[str, Vec3]] = []
    spine.picked.connect(lambda name, point: hits.append((name, point)))
    for x in range(40, spine.viewport.width() - 40, 35):
        for y in range(40, height - 40, 35):
            wanted = spine.scene.pick(x * ratio, (height - 1 - y) * ratio)
            if wanted is None or spine.scene.handle.part_at(x * ratio, (height - 1 - y) * ratio) is not None:
                continue
            hits.clear()
            QTest.mouseClick(spine.viewport, LEFT, pos=QPoint(x, y))
            at = spine.scene.pixels_of(np.array([hits[0][1]]))[0] if hits else np.full(2, -1e9)
            off = max(abs(at[0] - x * ratio), abs(at[1] - (height - 1 - y) * ratio))
            found.append([wanted.id, hits[0][0] if hits else "", float(off)])
            if len(found) >= 12:
                return found
    return found


def dragged(station: Workstation, ratio: float) -> list[object]:
    """Grab a handle of the active blade where it is drawn; return whether it moved and Esc undid it."""
    case = station.session.case
    assert case is not None
    station.parts.commands.look(active_cut=case.plan.osteotomies[0].id)
    spine = station.window.views.spine
    spine.viewport.draw_now()
    height = spine.viewport.height()
    for y in range(4, height, 3):
        for x in range(4, spine.viewport.width(), 3):
            if spine.scene.handle.part_at(x * ratio, (height - 1 - y) * ratio) is not None:
                QTest.mousePress(spine.viewport, LEFT, pos=QPoint(x, y))
                QTest.mouseMove(spine.viewport, QPoint(x + 9, y + 7))
                wait(lambda: station.session.view.previewing, 5)
                moved = station.session.view.previewing
                QTest.keyClick(spine.viewport, Qt.Key.Key_Escape)
                return [moved, station.session.case is case and not station.session.view.previewing]
    return [False, False]


def main(home: Path, shot: str) -> None:
    """Open a case, click, drag, close; print what was seen."""
    application = QApplication(["scaled"])
    with workbench() as bench:
        station = build(bench, Preferences(home / "window.ini"), application, painted=True)
        window = station.window
        window.resize(1280, 800)
        window.show()
        station.parts.files.new_case(a_run_case())
        wait(lambda: station.session.view.evaluation is not None, 120)
        wait(lambda: not station.jobs.running, 20)
        ratio = window.devicePixelRatioF()
        pictures = []
        for view in (view for view in window.views.views if view.isVisible()):
            picture = view.viewport.picture()
            pictures.append(
                [
                    view.viewport.width(),
                    view.viewport.height(),
                    picture.width(),
                    picture.height(),
                    spread(picture),
                ]
            )
        seen: dict[str, object] = {
            "ratio": ratio,
            "pictures": pictures,
            "cut short": cut_short(window),
            "clicked": clicked(station, ratio),
            "dragged": dragged(station, ratio),
            "letters": window.views.spine.scene.handle._pixel_ratio,
        }
        if shot:
            window.grab().save(shot)
        window.may_close = None
        seen["closed"] = window.close()
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
