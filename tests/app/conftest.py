"""One built window for the tests of a module, on a small spine of closed form."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from app.errands.workbench import Workbench, workbench
from app.gui import Workstation, build
from app.settings import Preferences
from planning.model.case import Case
from tests.app.outside import CommandLine
from tests.builders import a_case, a_plan, a_vertebral_column

SMALL = ("T8", "T9", "T10", "T11", "T12")


@pytest.fixture(scope="session")
def bench() -> Iterator[Workbench]:
    """Settings and the child process."""
    with workbench() as made:
        yield made


@pytest.fixture
def command(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The command line in this process."""
    return CommandLine(bench, monkeypatch, capsys)


@pytest.fixture(scope="module")
def small_case() -> Case:
    """Five vertebrae with a tumour in T10 and eight cuts."""
    return a_case(a_vertebral_column(levels=SMALL), a_plan(levels=SMALL))


class Flashes(QObject):
    """Hears of widgets that are shown as windows of their own, as a part without a parent is for a moment.

    Such a flash takes the keyboard from the window: what is typed then is lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note parts that are no dialog and no main window."""
        if event.type() is QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            alone = watched.parent() is None and not isinstance(watched, QMainWindow | QDialog)
            if alone and watched.windowType() not in (Qt.WindowType.Popup, Qt.WindowType.ToolTip):
                self.seen.append(f"{type(watched).__name__} {watched.objectName()!r}")
        return False


@pytest.fixture(scope="module")
def built(
    qapp: QApplication, bench: Workbench, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workstation]:
    """The window, painted, at the size of a small laptop."""
    preferences = Preferences(tmp_path_factory.mktemp("home") / "window.ini")
    station = build(bench, preferences, qapp, painted=True)
    station.window.resize(1280, 800)
    station.window.show()
    flashes = Flashes()
    qapp.installEventFilter(flashes)
    yield station
    qapp.removeEventFilter(flashes)
    station.window.may_close = None
    station.window.close()
    station.window.deleteLater()
    assert flashes.seen == []


@pytest.fixture
def station(built: Workstation, small_case: Case, qtbot: QtBot) -> Workstation:
    """The window with the small case, freshly opened and evaluated."""
    built.parts.files.new_case(small_case)
    built.session.mark_saved(small_case, None)
    built.window.views.reset_look()
    built.window.activateWindow()
    assert QTest.qWaitForWindowActive(built.window, 5000)
    built.window.messages.dismiss()
    wait_for_numbers(built, qtbot)
    return built


def wait_for_numbers(station: Workstation, qtbot: QtBot) -> None:
    """Wait until the evaluation is current."""
    qtbot.waitUntil(lambda: station.session.view.evaluation is not None, timeout=120_000)
