"""A native window on a display of its own, driven by real events; prints what it saw as JSON.

Run by `test_native`, in a process of its own, because a test run draws off-screen.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.errands.workbench import workbench
from app.gui import build
from app.settings import Preferences
from rendering.scene_state import SlicePlane
from tests.builders import a_case, a_plan, a_vertebral_column
from widgets.views.layouts import FOUR, layout_of

LEVELS = ("T9", "T10", "T11")


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Let the window live until a condition holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        if condition():
            return True
        time.sleep(0.01)
    return False


def on_screen(at: QPoint, width: int, height: int) -> list[float]:
    """Return mean brightness and its spread of a piece of the *screen*, not of the widget."""
    picture = QGuiApplication.primaryScreen().grabWindow(0, at.x(), at.y(), width, height).toImage()
    picture = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    values = rows[:, : picture.width() * 3].astype(float)
    return [float(values.mean()), float(values.std())]


def main(home: Path) -> None:
    """Open a case, turn the 3D view, scroll, close; print what was seen."""
    application = QApplication(["native"])
    seen: dict[str, object] = {"platform": application.platformName()}
    with workbench() as bench:
        station = build(bench, Preferences(home / "window.ini"), application)
        window = station.window
        window.resize(1280, 800)
        window.show()
        seen["mode"] = window.views.spine.viewport.mode.value
        case = a_case(a_vertebral_column(LEVELS, spacing_ijk_mm=(2.0, 2.0, 2.0)), a_plan(levels=LEVELS))
        station.parts.files.new_case(case)
        seen["surfaces"] = wait(lambda: bool(window.views.spine.state.structures), 120)
        wait(lambda: False, 0.8)
        spine = window.views.spine.viewport
        corner = spine.mapToGlobal(QPoint(0, 0))
        seen["before"] = on_screen(corner, spine.width(), spine.height())
        QTest.keyClick(spine, Qt.Key.Key_3, Qt.KeyboardModifier.KeypadModifier)
        wait(lambda: False, 0.8)
        seen["after"] = on_screen(corner, spine.width(), spine.height())
        window.views.show_layout(layout_of("two-screens"))
        wait(lambda: False, 0.8)
        seen["apart"] = on_screen(spine.mapToGlobal(QPoint(0, 0)), spine.width(), spine.height())
        window.views.show_layout(FOUR)
        wait(lambda: False, 0.8)
        spine.draw_again()
        wait(lambda: False, 0.8)
        seen["back"] = on_screen(spine.mapToGlobal(QPoint(0, 0)), spine.width(), spine.height())
        axial = window.views.slices[SlicePlane.AXIAL]
        seen["note"] = axial.note.text()
        QTest.keyClick(axial.viewport, Qt.Key.Key_PageUp)
        seen["note after"] = axial.note.text()
        station.session.mark_saved(station.session.case, None)  # type: ignore[arg-type]
        seen["closed"] = window.close()
        wait(lambda: False, 0.2)
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
