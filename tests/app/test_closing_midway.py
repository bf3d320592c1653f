"""The window closed in the middle of each kind of job: no fault, no hang, the saved case as it was."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.errands.workbench import Workbench
from app.flows.outputs import run_on_copy
from app.flows.recovery import Recovery
from app.gui import Workstation, build
from app.settings import Preferences
from planning.editing.osteotomy_edits import ChangeOsteotomy
from planning.model.case import Case
from planning.model.plan_json import plan_text
from planning.storage.case_file import CaseFile
from tests.app.conftest import wait_for_numbers
from tests.app.outside import everything_below

pytestmark = [pytest.mark.gui, pytest.mark.render]
DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """A saved case."""
    path = tmp_path_factory.mktemp("kept") / "case.enbloc"
    CaseFile.create(path, small_case).close()
    return path


@pytest.fixture
def opened(kept: Path, bench: Workbench, tmp_path: Path, qapp: QApplication) -> Iterator[Workstation]:
    """A window of its own on the saved case, which is just being read."""
    station = build(bench, Preferences(tmp_path / "window.ini"), qapp, painted=True)
    station.window.show()
    station.parts.files.open_path(kept)
    yield station
    station.window.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def recompute(station: Workstation) -> None:
    """Change a cut: its distances and pieces are measured anew."""
    case = station.session.case
    assert case is not None
    assert station.session.do(ChangeOsteotomy(case.plan.osteotomies[0].id, kerf_mm=1.4))


def write_meshes(station: Workstation) -> None:
    """Write meshes by a process of its own, as the menu does after its dialog."""
    case, folder = station.session.case, station.preferences.folder / "meshes"
    assert case is not None
    station.jobs.start("output", "", lambda p: run_on_copy(case, ["export"], folder, p, None))


def change_and_save(station: Workstation) -> None:
    """Change a cut and save the case."""
    recompute(station)
    station.parts.files.save()


def read_structures(station: Workstation) -> None:
    """Read structures from a label map."""
    station.parts.imports.structures.start(DATA / "t11-t12-labels.nii.gz")


def load_a_plan(station: Workstation) -> None:
    """Load a plan file."""
    path, case = station.preferences.folder / "plan.json", station.session.case
    assert case is not None
    path.write_text(plan_text(case.plan), "utf-8")
    station.parts.plan_file.load(path)


def look_for_unsaved(station: Workstation) -> None:
    """Look for unsaved work, as at the start."""
    Recovery(station.window, station.jobs, station.parts.files).offer(lambda: None)


EARLY = ("open", "surfaces", "fields", "evaluation")
BEGIN: dict[str, Callable[[Workstation], object]] = {
    "import": lambda s: s.parts.imports.start(DATA / "t11-t12"),
    "history": lambda s: s.parts.history.show(),
    "volume-picture": lambda s: s.window.actions_table["volume_bone"].trigger(),
    "output": write_meshes,
    "plan": load_a_plan,
    "structures": read_structures,
    "recovery": look_for_unsaved,
    "save": change_and_save,  # last: the others compare with what was saved first
}


@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.parametrize("kind", [*EARLY, *(f"{kind} later" for kind in BEGIN)])
def test_closing_in_the_middle_of_a_job(
    kind: str,
    opened: Workstation,
    kept: Path,
    small_case: Case,
    tmp_path: Path,
    qtbot: QtBot,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, _, later = kind.partition(" ")
    opened.preferences.folder = tmp_path
    if later:
        qtbot.waitUntil(lambda: opened.session.case is not None, timeout=30_000)
        if key == "output":
            wait_for_numbers(opened, qtbot)
        BEGIN[key](opened)
    qtbot.waitUntil(lambda: opened.jobs.is_running(key), timeout=30_000)
    case = opened.session.case
    if opened.session.is_dirty and case is not None:
        opened.window.may_close = lambda: (
            True
        )  # the question is another test's; what is unsaved is kept aside
    seen: list[bool] = []
    put_away = opened.window.at_close
    assert put_away is not None

    def look_and_put_away() -> None:
        seen.append(opened.window.isVisible())
        put_away()

    opened.window.at_close = look_and_put_away
    with caplog.at_level(logging.ERROR):
        assert opened.window.close()
    assert seen == [False], "the window goes first, then its jobs end"
    assert opened.jobs.running == ()
    assert [record.message for record in caplog.records] == []
    with CaseFile.open(kept) as file:
        assert not file.read_only, file.why_read_only
        if key != "save":
            assert file.case.plan == small_case.plan
    assert not [name for name in everything_below(tmp_path) if name.startswith((".enbloc", "meshes"))]
