"""Versions, comparison, going back and approval, in the window as a person uses them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QInputDialog, QLabel, QTreeWidget
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from planning.editing.case_edits import SetDiagnosis
from planning.editing.osteotomy_edits import ChangeOsteotomy
from planning.model.case import Diagnosis
from planning.storage.approvals import Standing
from planning.storage.case_file import CaseFile
from tests.app.conftest import wait_for_numbers
from widgets.approval_badge import ApprovalBadge
from widgets.approval_dialogs import ApproveDialog, WithdrawDialog
from widgets.dialogs import NamedDialog
from widgets.history_dialog import HistoryDialog

pytestmark = [
    pytest.mark.gui,
    pytest.mark.render,
    pytest.mark.qt_log_ignore("propagateSizeHints", "does not support raise"),
]


@pytest.fixture
def saved(
    station: Workstation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> Iterator[Path]:
    """Return the case file of the case in the window."""
    path = tmp_path / "case.enbloc"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ""))
    with qtbot.waitSignal(station.parts.files.saved, timeout=60_000):
        station.window.actions_table["save_as"].trigger()
    yield path
    monkeypatch.setattr(station.parts.files, "settle", lambda: True)
    station.parts.files.close_case()
    station.parts.keeper.wait()


def badge_of(station: Workstation) -> ApprovalBadge:
    """Return the badge in the patient banner."""
    badge = station.window.findChild(ApprovalBadge)
    assert badge is not None
    return badge


def fill(kind: type[NamedDialog], by: str, reason: str = "") -> list[str]:
    """Fill in the next dialog of that kind and agree; returns the texts it showed."""
    seen: list[str] = []

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, kind):
            QTimer.singleShot(50, press)
            return
        seen.extend(shown.text() for shown in dialog.findChildren(QLabel))
        dialog.by.setText("")
        allowed = [bool(dialog.ok)]
        dialog.by.setText(by)
        if isinstance(dialog, WithdrawDialog):
            allowed.append(bool(dialog.ok))
            dialog.reason.setPlainText(reason)
        assert not any(allowed)
        assert dialog.ok
        dialog.done(QDialog.DialogCode.Accepted)

    QTimer.singleShot(50, press)
    return seen


def wait_for(station: Workstation, qtbot: QtBot, standing: Standing) -> None:
    """Wait until the plan stands so."""
    qtbot.waitUntil(lambda: station.session.view.standing.standing is standing, timeout=60_000)


def rows_of(tree: QTreeWidget) -> dict[str, list[tuple[str, ...]]]:
    """Return the rows of a grouped tree by their heading, without its count."""
    groups = {}
    for n in range(tree.topLevelItemCount()):
        group = tree.topLevelItem(n)
        assert group is not None
        children = [group.child(m) for m in range(group.childCount())]
        groups[group.text(0).rpartition(" (")[0]] = [
            tuple(c.text(i) for i in range(3)) for c in children if c is not None
        ]
    return groups


def opened_history(station: Workstation, qtbot: QtBot, versions: int) -> HistoryDialog:
    """Open the history and wait until it lists so many versions."""
    station.window.actions_table["history"].trigger()
    dialog = station.parts.history.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.versions.topLevelItemCount() == versions, timeout=30_000)
    return dialog


def test_an_approval_shows_voids_blocks_and_is_withdrawn(
    station: Workstation, saved: Path, qtbot: QtBot
) -> None:
    actions = station.window.actions_table
    assert not actions["withdraw_approval"].isEnabled()
    assert "Nobody has approved" in actions["withdraw_approval"].toolTip()
    wait_for_numbers(station, qtbot)
    seen = fill(ApproveDialog, "Dr. Berg")
    actions["approve"].trigger()
    assert any("Open on the safety board:" in text for text in seen)
    wait_for(station, qtbot, Standing.APPROVED)
    badge = badge_of(station)
    assert badge.word.text() == "✓ APPROVED"
    assert "Approved by Dr. Berg on" in badge.accessibleName()
    assert actions["report"].isEnabled()
    assert not actions["approve"].isEnabled()
    assert not station.session.is_dirty

    assert station.session.do(ChangeOsteotomy("cranial", kerf_mm=2.2))
    assert badge.word.text() == "✕ CHANGED AFTER APPROVAL"
    assert badge.word.property("tone") == "fail"
    assert "the cuts and the plan" in badge.accessibleName()
    wait_for_numbers(station, qtbot)
    for command in ("report", "export", "picture"):
        assert not actions[command].isEnabled()
        assert "Changed after the approval by Dr. Berg" in actions[command].toolTip()
    station.session.undo()
    assert badge.word.text() == "✓ APPROVED", "nothing was saved: the approved plan is back"

    assert station.session.do(ChangeOsteotomy("cranial", kerf_mm=2.2))
    with qtbot.waitSignal(station.parts.files.saved, timeout=60_000):
        actions["save"].trigger()
    station.session.undo()
    wait_for(station, qtbot, Standing.CHANGED)
    fill(WithdrawDialog, "Dr. Berg", "kerf of the new saw")
    actions["withdraw_approval"].trigger()
    wait_for(station, qtbot, Standing.NONE)
    assert badge.isHidden()
    file = station.parts.files.file
    assert file is not None
    assert [line.what for line in file.record().lines] == ["approval", "void", "withdrawal"]
    assert file.record().lines[-1].detail == "kerf of the new saw"


def test_a_version_is_named_compared_and_gone_back_to(
    station: Workstation, saved: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("agreed in conference", True))
    station.session.do(SetDiagnosis(Diagnosis(text="chordoma")))
    with qtbot.waitSignal(station.parts.files.saved, timeout=60_000):
        station.window.actions_table["save_named"].trigger()
    before = station.session.case
    assert before is not None
    station.session.do(SetDiagnosis(Diagnosis(text="metastasis")))
    station.session.do(ChangeOsteotomy("cranial", kerf_mm=2.5))
    wait_for_numbers(station, qtbot)
    dialog = opened_history(station, qtbot, 2)
    newest = dialog.versions.topLevelItem(0)
    assert newest is not None
    assert newest.text(0) == "★ agreed in conference"
    dialog.versions.setCurrentItem(newest)
    qtbot.waitUntil(lambda: "measured anew" in dialog.note.text(), timeout=120_000)
    found = rows_of(dialog.differences)
    assert ("cranial: kerf", "1 mm", "2.5 mm") in [
        (subject.replace("Cranial", "cranial"), old, new) for subject, old, new in found["Cuts"]
    ]
    assert found["Decisions"] == [("diagnosis", "chordoma", "metastasis")]
    # The kerf grew by 1.5 mm round its own plane: every distance of that cut shrinks, by half of it at most.
    numbers = [(old, new) for subject, old, new in found["Numbers"] if " mm " in old and " mm " in new]
    assert numbers
    for old, new in numbers:
        shrunk = float(old.split()[0]) - float(new.split()[0])
        assert -0.01 <= shrunk <= 0.85
    assert max(float(old.split()[0]) - float(new.split()[0]) for old, new in numbers) > 0.6

    dialog.restore.click()
    qtbot.waitUntil(lambda: station.session.view.undo_label is not None and
                    station.session.view.undo_label.startswith("Go back to"), timeout=30_000)  # fmt: skip
    case = station.session.case
    assert case is not None
    assert case.diagnosis.text == "chordoma"
    assert case.plan == before.plan
    assert case.images[0].volume is before.images[0].volume, "versions share their voxels"
    station.session.undo()
    assert station.session.case is not None
    assert station.session.case.diagnosis.text == "metastasis"
    station.session.redo()
    with qtbot.waitSignal(station.parts.files.saved, timeout=60_000):
        station.window.actions_table["save"].trigger()
    file = station.parts.files.file
    assert file is not None
    assert len(file.versions()) == 3, "going back is a new version"
    assert file.versions()[0].manifest == file.versions()[1].manifest
    dialog.close()


def test_without_a_file_or_a_choice_the_history_says_what_is_missing(
    station: Workstation, qtbot: QtBot
) -> None:
    assert not station.window.actions_table["history"].isEnabled()
    assert "Save the case first" in station.window.actions_table["history"].toolTip()
    station.parts.history.show()
    dialog = station.parts.history.dialog
    assert dialog is not None
    assert not dialog.restore.isEnabled()
    assert dialog.restore.accessibleDescription() == "Choose a version first."
    assert "no file yet" in dialog.chain.text()
    station.parts.history.close()


def test_the_record_shows_who_did_what_and_a_broken_chain_in_red(
    station: Workstation, saved: Path, qtbot: QtBot
) -> None:
    import sqlite3

    station.parts.files.note("export", "report; inputs 0123")
    file = station.parts.files.file
    assert file is not None
    qtbot.waitUntil(lambda: len(file.record().lines) == 1, timeout=30_000)
    dialog = opened_history(station, qtbot, 1)
    qtbot.waitUntil(lambda: dialog.record.topLevelItemCount() == 1, timeout=30_000)
    line = dialog.record.topLevelItem(0)
    assert line is not None
    assert (line.text(3), line.text(4), line.text(5)) == (
        "exported",
        "report; inputs 0123",
        "✓ this workstation",
    )
    assert dialog.chain.text().startswith("✓ Lines: 1")
    station.parts.files.close_case()
    station.parts.keeper.wait()
    with sqlite3.connect(saved) as db:
        db.execute("UPDATE record SET body = replace(body, 'report', 'rapport')")
    db.close()
    with qtbot.waitSignal(station.parts.files.opened, timeout=60_000):
        station.parts.files.open_path(saved)
    assert badge_of(station).word.text() == "✕ ALTERED OUTSIDE ENBLOC"
    shown = station.window.messages.shown
    assert shown is not None
    assert "altered outside EnBloc" in shown.text
    wait_for_numbers(station, qtbot)
    assert not station.window.actions_table["export"].isEnabled()
    dialog = opened_history(station, qtbot, 1)
    qtbot.waitUntil(lambda: dialog.chain.text().startswith("✕"), timeout=30_000)
    assert dialog.tabs.tabText(1) == "✕ Record"
    dialog.close()


def test_a_second_window_is_told_who_holds_the_case_and_saves_elsewhere(
    station: Workstation, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    station.parts.files.close_case()
    station.parts.keeper.wait()
    with CaseFile.open(saved) as other:
        assert other.why_read_only is None
        with qtbot.waitSignal(station.parts.files.opened, timeout=60_000):
            station.parts.files.open_path(saved)
        shown = station.window.messages.shown
        assert shown is not None
        assert "has had this case open since 20" in shown.text
        file = station.parts.files.file
        assert file is not None
        assert file.read_only
        # Work goes on, kept in the private folder, and is saved under another name.
        station.session.do(SetDiagnosis(Diagnosis(text="mine")))
        station.parts.keeper.wait()
        copy = station.parts.keeper.private_copy
        assert copy is not None
        assert copy.unsaved is not None
        elsewhere = tmp_path / "mine.enbloc"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(elsewhere), ""))
        with qtbot.waitSignal(station.parts.files.saved, timeout=60_000):
            station.window.actions_table["save"].trigger()
        assert other.case.diagnosis.text == ""
    with CaseFile.open(elsewhere, read_only=True) as mine:
        assert mine.case.diagnosis.text == "mine"
    station.parts.files.close_case()
    station.parts.keeper.wait()
    # The other window has gone: the case is free again.
    with qtbot.waitSignal(station.parts.files.opened, timeout=60_000):
        station.parts.files.open_path(saved)
    assert station.parts.files.file is not None
    assert not station.parts.files.file.read_only


def test_a_damaged_file_gives_way_to_its_earlier_generation_and_says_so(
    station: Workstation, saved: Path, qtbot: QtBot
) -> None:
    station.parts.files.close_case()
    station.parts.keeper.wait()
    assert saved.with_name(saved.name + ".earlier-1").exists()
    whole = saved.read_bytes()
    saved.write_bytes(b"\0" * 4096 + whole[4096:])
    with qtbot.waitSignal(station.parts.files.opened, timeout=60_000):
        station.parts.files.open_path(saved)
    shown = station.window.messages.shown
    assert shown is not None
    assert "The generation before it" in shown.text
    assert station.session.is_dirty, "it is saved nowhere under its own name"
    assert station.session.case is not None
    assert len(station.session.case.plan.osteotomies) == 8
    assert station.session.path is None
