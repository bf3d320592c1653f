"""A scan that is cancelled in the window: nothing comes of it, and nobody goes on reading."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.errands.workbench import Workbench
from app.gui import Workstation
from tests.imaging import phantom
from widgets.series_dialog import SeriesDialog

pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.qt_log_ignore("propagateSizeHints")]


def test_a_cancelled_scan_leaves_the_case_and_no_reader(
    station: Workstation, bench: Workbench, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = phantom.write_series(tmp_path, phantom.a_grid(np.eye(3)))
    before = station.session.case
    bench.worker.warm()
    stopped = bench.worker.pid
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)  # a place that is slow for ever
    station.parts.imports.start(folder)
    cancel = station.window.job_bar.cancel
    qtbot.waitUntil(cancel.isVisible, timeout=10_000)
    assert "Looking for image series" in station.window.job_bar.words.text()
    QTest.mouseClick(cancel, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert not station.jobs.is_running("import")
    qtbot.waitUntil(lambda: bench.worker.pid != stopped, timeout=10_000)
    QTest.qWait(100)
    assert QApplication.activeModalWidget() is None
    assert station.session.case is before
    assert station.window.messages.shown is None


def test_after_a_cancelled_scan_the_next_one_finds_its_series(
    station: Workstation, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = phantom.write_series(tmp_path, phantom.a_grid(np.eye(3)))
    station.parts.imports.start(folder)
    station.jobs.cancel("import")
    found: list[int] = []

    def close() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, SeriesDialog):
            QTimer.singleShot(50, close)
            return
        found.append(len(dialog.tree.series))
        dialog.reject()

    QTimer.singleShot(50, close)
    station.parts.imports.start(folder)
    qtbot.waitUntil(lambda: found == [1], timeout=60_000)
    assert station.session.case is not None
