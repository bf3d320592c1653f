"""kill -9 of the real window while a person plans: the next start offers the exact state."""

import sys
from itertools import islice
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.flows.recovery import Recovery
from app.gui import Workstation
from planning.storage.case_file import CaseFile
from tests.app.killing import (
    Outcome,
    digest_of,
    kill_windows,
    look_at,
    one_kill,
    planning_program,
    prepare,
    the_work,
)
from tests.app.planning_run import states
from widgets.recovery_dialog import RecoveryDialog

pytestmark = [
    pytest.mark.gui,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork"),
]


def test_a_killed_window_loses_one_gesture_at_most(tmp_path: Path) -> None:
    outcome = kill_windows(tmp_path, 3, 101, longest_s=3.0)
    assert outcome.kills == 3
    assert outcome.unrecovered == 0
    assert max(outcome.lost) <= 1
    assert outcome.oldest_lost_s < 2.0


@pytest.mark.qt_log_ignore("propagateSizeHints")
@pytest.mark.parametrize("kind", ["new", "saved"])
def test_the_next_window_opens_the_work_where_it_was_left(
    kind: str, station: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    home, seed = tmp_path / "home", 23 + len(kind)
    prepare(home, kind)
    with planning_program() as (ask, answers):
        noted, _ = one_kill(ask, answers, home, seed, kind, 3.0)
    if the_work(home) is None:  # killed right after a save: there is nothing to offer
        assert kind == "saved"
        return
    monkeypatch.setenv("ENBLOC_HOME", str(home))
    listed: list[list[str]] = []

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, RecoveryDialog):
            QTimer.singleShot(50, press)
            return
        item = dialog.tree.topLevelItem(0)
        assert item is not None
        listed.append([item.text(column) for column in range(3)])
        dialog.recover.click()

    QTimer.singleShot(50, press)
    station.parts.files.close_case()
    recovery = Recovery(station.window, station.jobs, station.parts.files)
    recovery.offer(lambda: pytest.fail("nothing was offered"))
    qtbot.waitUntil(lambda: station.session.case is not None, timeout=60_000)
    case = station.session.case
    assert case is not None
    was = [digest_of(state) for state in islice(states(seed), len(noted) + 1)]
    at = max(n for n, digest in enumerate(was, 1) if digest == digest_of(case))
    assert len(noted) - at <= 1
    assert station.session.is_dirty
    name = "A case that was never saved" if kind == "new" else "case.enbloc"
    assert listed[0][0] == name
    assert station.session.path == (None if kind == "new" else home / "case.enbloc")
    # Kept anew before the old entry was given up: another crash now would lose nothing either.
    station.parts.keeper.wait()
    if kind == "saved":
        file = station.parts.files.file
        assert file is not None
        assert file.unsaved is not None
        assert digest_of(file.read(file.unsaved)) == digest_of(case)
    else:
        copy = station.parts.keeper.private_copy
        assert copy is not None
        assert copy.unsaved is not None
        assert digest_of(copy.read(copy.unsaved)) == digest_of(case)
    station.session.mark_saved(case, None)
    station.parts.files.close_case()
    station.parts.keeper.wait()
    assert list((home / "unsaved").iterdir()) == []


def test_a_state_that_never_was_counts_as_unrecovered(tmp_path: Path) -> None:
    """The count itself must be able to fail."""
    home = tmp_path / "home"
    prepare(home, "saved")
    outcome = Outcome()
    look_at(outcome, home, "saved", 2, [1.0, 2.0], 3.0)
    assert outcome.lost == [2], "the file holds what was before the first gesture"
    with CaseFile.open(home / "case.enbloc") as file:
        other = next(islice(states(99), 30, None))
        file.save(other)
    look_at(outcome, home, "saved", 2, [1.0, 2.0], 3.0)
    assert outcome.unrecovered == 1
