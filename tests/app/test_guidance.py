"""Help in the window: every command found, every panel and dialog explained, a tour that lets work go on."""

import importlib
import pkgutil
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

import widgets
from app.actions import COMMANDS
from app.gestures import GESTURES
from app.gui import Workstation
from app.guide_topics import TOPICS, topic_of
from app.synonyms import SYNONYMS
from widgets.dialogs import LevelsDialog
from widgets.guide.pages import Topic
from widgets.help_mark import HelpMark
from widgets.palette.command_palette import CommandPalette
from widgets.stage_bar import Stage
from widgets.tour import Tour, place_beside

pytestmark = [
    pytest.mark.gui,
    pytest.mark.render,
    pytest.mark.qt_log_ignore("propagateSizeHints", r"raise\("),
]
SELF_EXPLAINED = {"GuideWindow"}


def all_dialogs() -> set[type[QDialog]]:
    """Return every dialog class of the program."""
    for module in pkgutil.walk_packages(widgets.__path__, "widgets."):
        importlib.import_module(module.name)
    found: set[type[QDialog]] = set()
    queue = [QDialog]
    while queue:
        for kind in queue.pop().__subclasses__():
            if kind.__module__.startswith(("widgets.", "app.")):
                found.add(kind)
                queue.append(kind)
    return found


def has_seen(station: Workstation) -> bool:
    return station.preferences.tour_seen


def open_palette(station: Workstation) -> CommandPalette | None:
    return station.guidance.palette


def test_every_dialog_and_stage_has_a_page_and_every_page_exists(built: Workstation) -> None:
    for kind in all_dialogs():
        assert kind.__name__ in SELF_EXPLAINED or any(k.__name__ in TOPICS for k in kind.__mro__), kind
    guide = built.guidance.guide
    for name, words in TOPICS.items():
        assert guide.has(Topic.of(words)), f"{name}: {words}"
    for stage, panel in built.window.stages.items():
        assert type(panel).__name__ in TOPICS, stage
    for part in built.window.findChildren(QLineEdit):
        assert topic_of(part) is not None


def test_every_command_is_in_the_search_with_its_reason_and_its_keys(station: Workstation) -> None:
    found = {entry.id: entry for entry in station.guidance.entries()}
    table = station.window.actions_table
    for command in COMMANDS:
        if command.id.startswith("-") or command.id == "palette":
            continue
        entry = found[command.id]
        assert bool(entry.why_not) != table[command.id].isEnabled(), command.id
        assert entry.keys == command.every_key
    assert set(SYNONYMS) <= {command.id for command in COMMANDS}
    assert found["redo"].why_not == "Nothing to redo."
    assert {"level:T10", "structure:aorta"} <= set(found)
    assert sum(key.startswith("cut:") for key in found) == 8


def test_the_search_jumps_to_structures_levels_and_cuts(station: Workstation, qtbot: QtBot) -> None:
    guidance, views = station.guidance, station.window.views
    case = station.session.case
    assert case is not None
    before = views.looking.crosshair_lps_mm
    QTest.keyClick(station.window, Qt.Key.Key_F3)
    assert guidance.palette is not None
    QTest.keyClicks(guidance.palette.field, "T12")
    QTest.keyClick(guidance.palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: views.looking.crosshair_lps_mm != before)
    assert station.parts.commands.place_words(views.plan_crosshair_lps_mm).startswith("T12")
    last = case.plan.osteotomies[-1]
    guidance._do(f"cut:{last.id}")
    assert station.parts.commands.choices.active_cut == last.id
    middle = last.blade.corners_lps_mm.mean(axis=0)
    assert views.plan_crosshair_lps_mm == pytest.approx(middle, abs=2.0)


def test_enter_in_the_search_runs_a_command(station: Workstation, qtbot: QtBot) -> None:
    guidance = station.guidance
    shown = station.window.views.looking.outlines
    station.window.actions_table["palette"].trigger()
    palette = open_palette(station)
    assert palette is not None
    QTest.keyClicks(palette.field, "contours")  # a synonym
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: station.window.views.looking.outlines != shown)
    assert open_palette(station) is None
    assert next(iter(guidance._lately)) == "outlines"
    station.window.actions_table["outlines"].trigger()


def test_f1_shows_what_the_table_says_and_writes_it(station: Workstation, tmp_path: Path) -> None:
    station.guidance.show_keys()
    sheet = station.guidance.key_sheet
    assert sheet is not None
    words = sheet.sheet.toPlainText()
    for command in COMMANDS:
        if command.keys:
            assert command.text.removesuffix("...") in words
            assert ", ".join(command.keys) in words
    for what, how in GESTURES:
        assert what in words
        assert how in words
    sheet.write_pdf(tmp_path / "keys.pdf")
    assert (tmp_path / "keys.pdf").read_bytes().startswith(b"%PDF")
    sheet.close()


def test_shift_f1_and_the_marks_open_the_right_page(station: Workstation) -> None:
    guidance, window = station.guidance, station.window
    window.stage_bar.choose(Stage.ANATOMY)
    guidance.explain(window.anatomy_panel.tree)
    assert guidance.guide_window is not None
    assert guidance.guide_window.topic == Topic("anatomy")
    marks = {type(mark.panel).__name__: mark for mark in window.findChildren(HelpMark)}
    assert {"SafetyBoard", "CutsPanel", *(type(p).__name__ for p in window.stages.values())} <= set(marks)
    QTest.mouseClick(marks["SafetyBoard"], Qt.MouseButton.LeftButton)
    assert guidance.guide_window.topic == Topic("safety-board")
    guidance.guide_window.close()


def test_a_dialog_gets_its_help_and_the_guide_can_be_used_over_it(station: Workstation, qtbot: QtBot) -> None:
    guidance = station.guidance
    dialog = LevelsDialog(("T9", "T10"), "", station.window)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.property("explained") is True)
    button = dialog.buttons.button(QDialogButtonBox.StandardButton.Help)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert guidance.guide_window is not None
    assert guidance.guide_window.topic == Topic("anatomy", "levels")
    assert guidance.guide_window.parentWidget() is dialog
    guidance.guide_window.close()
    dialog.reject()
    dialog.deleteLater()


def test_the_tour_comes_once_with_the_demo_and_takes_nothing_from_the_work(
    station: Workstation, qtbot: QtBot
) -> None:
    guidance, window = station.guidance, station.window
    window.stage_bar.choose(Stage.PLAN)
    field: QWidget = window.plan_panel.cut.name
    window.plan_panel.tabs.setCurrentIndex(0)
    field.setFocus()
    assert not has_seen(station)
    guidance.offer_tour()
    station.bindings.demo_opening.emit()
    station.parts.files.opened.emit()
    qtbot.waitUntil(lambda: guidance.tour is not None, timeout=5000)
    tour = guidance.tour
    assert isinstance(tour, Tour)
    assert has_seen(station)
    assert window.focusWidget() is field
    for _stop in range(len(tour._stops) - 1):
        target = tour.stop.target()
        assert target is not None
        assert target.isVisible(), tour.stop.title
        note = QRect(tour.pos(), tour.size())
        assert window.rect().contains(note)
        tour.next.setFocus()
        QTest.keyClick(tour.next, Qt.Key.Key_Return)
    assert tour.next.text() == "&Done"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert guidance.tour is None
    station.bindings.demo_opening.emit()
    station.parts.files.opened.emit()
    QTest.qWait(1000)
    assert guidance.tour is None


def test_a_note_stands_beside_its_control_and_inside_the_window() -> None:
    note = QRect(0, 0, 300, 120).size()
    window = QRect(0, 0, 1000, 700).size()
    for area in (
        QRect(0, 0, 200, 700),
        QRect(800, 0, 200, 700),
        QRect(300, 10, 40, 20),
        QRect(0, 660, 900, 40),
    ):
        box = QRect(place_beside(area, note, window), note)
        assert QRect(0, 0, 1000, 700).contains(box)
        assert not box.intersects(area)
    assert QRect(0, 0, 1000, 700).contains(QRect(place_beside(QRect(0, 0, 1000, 700), note, window), note))


def test_a_note_of_the_toolbar_stands_below_the_patient() -> None:
    button, banner, note = QRect(600, 30, 30, 30), QRect(0, 70, 1000, 40), QRect(0, 0, 300, 120).size()
    at = place_beside(button, note, QRect(0, 0, 1000, 700).size(), banner)
    assert at.y() > banner.bottom()
    assert at.x() == button.left()


@pytest.mark.parametrize("window", [QSize(1280, 800), QSize(1920, 1080)])
def test_notes_leave_the_views_free_while_there_is_another_place(window: QSize) -> None:
    """Panel, views and board as the window of that size has them; the note as wide as it is."""
    note, wide, high = QSize(286, 150), window.width(), window.height()
    banner = QRect(0, 70, wide, 38)
    views, board = QRect(360, 115, wide - 680, high - 350), QRect(wide - 315, 115, 305, high - 170)
    half = QSize(views.width() // 2, views.height() // 2)
    axial, spine = QRect(views.topLeft(), half), QRect(views.center(), half).translated(0, -half.height())
    for area in (QRect(630, 34, 30, 30), axial, spine, board, QRect(10, high - 50, 700, 40)):
        box = QRect(place_beside(area, note, window, banner, views), note)
        assert QRect(QPoint(0, 0), window).contains(box)
        assert not any(box.intersects(part) for part in (area, banner, views))
    assert place_beside(spine, note, window, banner, views).x() > spine.right(), "beside what it speaks of"


def test_the_tour_has_the_keyboard_where_nobody_types_and_gives_it_back(station: Workstation) -> None:
    viewport = station.window.views.spine.viewport
    viewport.setFocus()
    station.guidance.start_tour()
    tour = station.guidance.tour
    assert isinstance(tour, Tour)
    first = tour.stop
    assert QApplication.focusWidget() is tour.next
    QTest.keyClick(tour.next, Qt.Key.Key_Return)
    assert tour.stop is not first
    tour.skip.click()
    assert QApplication.focusWidget() is viewport
