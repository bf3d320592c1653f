"""Whatever is off says why, in every stage; results that arrive leave the keyboard where it is."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.actions import COMMANDS
from app.gui import Workstation
from planning.editing.osteotomy_edits import ChangeOsteotomy
from tests.app.conftest import wait_for_numbers
from widgets.stage_bar import Stage

pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.qt_log_ignore("propagateSizeHints")]
CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSlider)


def silent_ones(station: Workstation) -> list[str]:
    """Return every control that is off and in sight, and does not say why."""
    found = [
        f"{type(widget).__name__} {widget.objectName()} {widget.accessibleName()}"
        for widget in station.window.findChildren(QWidget)
        if isinstance(widget, CONTROLS) and widget.isVisible() and not widget.isEnabled() and not tips(widget)
    ]
    actions = (station.window.actions_table[c.id] for c in COMMANDS if not c.id.startswith("-"))
    return found + [a.text() for a in actions if not a.isEnabled() and ". " not in a.toolTip()]


def tips(widget: QWidget) -> str:
    """Return the tooltip a pointer on a widget shows: its own or that of what it lies in."""
    part: QWidget | None = widget
    while part is not None and not part.toolTip():
        part = part.parentWidget()
    return part.toolTip() if part is not None else ""


def test_what_is_off_says_why_without_a_case(built: Workstation, qapp: QApplication) -> None:
    silent = {}
    for stage in Stage:
        built.window.stage_bar.choose(stage)
        qapp.processEvents()
        silent[stage] = silent_ones(built)
    assert not any(silent.values()), silent


def test_what_is_off_says_why_with_a_case(station: Workstation, qtbot: QtBot, qapp: QApplication) -> None:
    case = station.session.case
    assert case is not None
    cut = case.plan.osteotomies[0]
    station.parts.commands.look(active_cut=cut.id)
    rise, said = station.window.plan_panel.cut.angles["rise_deg"], []
    for locked in (False, True, False):
        station.session.do(ChangeOsteotomy(cut.id, cut.title, locked=locked))
        said.append(rise.toolTip())
        for stage in Stage:
            station.window.stage_bar.choose(stage)
            qapp.processEvents()
            assert silent_ones(station) == [], (stage, locked)
    assert "towards the head" in said[0]
    assert "is locked" in said[1]
    assert said[2] == said[0], "an unlocked cut is not said to be locked"


def test_numbers_that_arrive_leave_the_keyboard_where_it_is(station: Workstation, qtbot: QtBot) -> None:
    window = station.window
    window.stage_bar.choose(Stage.PLAN)
    window.plan_panel.tabs.setCurrentIndex(0)
    field = window.plan_panel.cut.name
    field.setFocus()
    QTest.keyClicks(field, "typing")
    assert station.session.case is not None
    cut = station.session.case.plan.osteotomies[-1]
    station.session.do(ChangeOsteotomy(cut.id, cut.title, kerf_mm=1.7))
    assert station.session.view.evaluation is None
    wait_for_numbers(station, qtbot)
    assert window.focusWidget() is field
    assert QApplication.activeModalWidget() is None
    QTest.keyClicks(field, " on")
    assert field.text().endswith("typing on")


def test_every_empty_stage_says_what_belongs_there_and_leads_on(
    built: Workstation, qapp: QApplication
) -> None:
    window = built.window
    built.parts.session.close()
    qapp.processEvents()
    assert window.welcome.isVisible()
    leads = (
        (Stage.ANATOMY, window.anatomy_panel.no_image, Stage.CASE),
        (Stage.PLAN, window.plan_panel.empty, Stage.CASE),
        (Stage.CHECK, window.check_panel.empty, Stage.PLAN),
    )
    for stage, empty, onward in leads:
        window.stage_bar.choose(stage)
        qapp.processEvents()
        assert empty.isVisible(), stage
        assert empty.words.text().endswith("."), stage
        QTest.mouseClick(empty.lead, Qt.MouseButton.LeftButton)
        assert window.stage_bar.buttons[onward].isChecked()
    assert not window.plan_panel.tabs.isVisible()  # nothing of the case before is left in sight
    assert window.board.note.text().startswith("Open a case")


def test_several_files_dropped_at_once_are_told(built: Workstation, tmp_path: Path) -> None:
    window = built.window
    urls = []
    for name in ("a.dcm", "b.dcm"):
        (tmp_path / name).write_bytes(b"")
        urls.append(QUrl.fromLocalFile(str(tmp_path / name)))
    data = QMimeData()
    data.setUrls(urls)
    dropped: list[object] = []
    window.dropped.connect(dropped.append)
    action, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(5, 5), action, data, button, keys)
    window.dragEnterEvent(entering)
    assert entering.isAccepted()
    window.dropEvent(QDropEvent(QPointF(5, 5), action, data, button, keys))
    assert dropped == []
    assert "one folder at a time" in window.messages.sentence.text()
    window.messages.dismiss()
