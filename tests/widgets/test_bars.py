"""Messages, jobs and numbers in words."""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets import message_bar
from widgets.fields import NumberField, TextField
from widgets.job_bar import JobBar, time_left
from widgets.message_bar import Message, MessageBar
from widgets.plain_text import label, millimetres, tip

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]


@pytest.mark.parametrize(
    "value,words",
    [
        (None, "–"),
        (2.13, "2.1 mm"),
        (0.04, "< 0.1 mm"),
        (-0.04, "< 0.1 mm inside"),
        (-1.26, "−1.3 mm"),
        (0.0, "< 0.1 mm"),
    ],
)
def test_a_distance_in_words(value: float | None, words: str) -> None:
    assert millimetres(value) == words


def test_hostile_words_stay_words(qtbot: QtBot) -> None:
    shown = label("<b>bold</b>")
    qtbot.addWidget(shown)
    assert shown.textFormat() is Qt.TextFormat.PlainText
    assert tip("<img src=x>") == "<qt>&lt;img src=x&gt;</qt>"


def test_the_newest_message_is_in_front_and_problems_stay_open(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.resize(700, bar.height())
    bar.show()
    bar.dismiss()
    assert bar.shown is None
    assert bar.sentence.text() == ""
    bar.show_message(Message("Saved."))
    bar.show_message(Message("Disk full.", "fail", "CASE_FILE_FULL"))
    assert bar.sentence.text() == "Disk full."
    QTest.mouseClick(bar.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "Disk full.\nCASE_FILE_FULL"
    assert not bar.more.isVisible()
    bar.show_message(Message("Two patients.", "fail"))
    bar.show_message(Message("Two patients.", "fail"))  # said once
    assert (bar.sentence.text(), bar.more.text()) == ("Two patients.", "+1 more")
    bar.show_message(Message("Report written.", stays=True))
    assert (bar.sentence.text(), bar.more.text()) == ("Report written.", "+2 more")
    QTest.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert (bar.sentence.text(), bar.more.text()) == ("Two patients.", "+1 more")
    bar.list.aboutToShow.emit()
    disk = bar.list.actions()[0]
    assert disk.text() == "✕ Disk full."
    disk.trigger()
    assert (bar.sentence.text(), bar.more.text()) == ("Disk full.", "+1 more")
    QTest.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert (bar.sentence.text(), bar.more.isVisible()) == ("Two patients.", False)
    bar.show_message(Message("Wait.", "warn"))
    bar.list.aboutToShow.emit()
    bar.list.actions()[-1].trigger()
    assert (bar.shown, bar.open, bar.sentence.text()) == (None, (), "")


def test_a_success_takes_back_the_failure_of_the_same_action_and_no_other(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.show_hint("Next: count the levels.")
    bar.show_message(Message("The file is damaged.", "fail", about="Opening"))
    bar.show_message(Message("The folder cannot be written.", "fail", about="Writing"))
    bar.show_message(Message("The disk is full.", "fail", about="Writing"))
    assert [m.text for m in bar.open] == ["The file is damaged.", "The disk is full."]
    bar.settle("Writing")
    assert bar.sentence.text() == "The file is damaged."
    bar.show_message(Message("Written.", about="Writing"))
    bar.settle("Opening")
    assert (bar.sentence.text(), bar.open) == ("Written.", ())
    bar.show_message(Message("A fault.", "fail"))
    bar.settle("")
    assert bar.sentence.text() == "A fault."
    bar.dismiss()
    assert bar.sentence.text() == "Next: count the levels."


def test_information_leaves_by_itself_unless_it_is_not_to_be_missed(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.show_message(Message("Saved."))
    assert bar._leave.isActive()
    bar.show_message(Message("Written to a folder.", stays=True))
    assert bar.sentence.text() == "Written to a folder."
    assert not bar._leave.isActive()


def test_what_was_written_is_opened_from_the_message(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.show_message(Message("Saved."))
    assert bar.open_folder.isHidden()
    bar.show_message(Message("The report is written.", stays=True, folder=tmp_path))
    assert not bar.open_folder.isHidden()
    bar.open_folder.click()
    assert opened == [str(tmp_path)]


def test_a_message_takes_the_place_of_the_next_step_and_gives_it_back(qtbot: QtBot) -> None:
    bar = MessageBar()
    qtbot.addWidget(bar)
    bar.show_hint("Next: count the levels.")
    assert bar.sentence.text() == "Next: count the levels."
    assert bar.close_button.isHidden()
    bar.show_message(Message("Disk full.", "fail"))
    bar.show_hint("Next: write the report.")
    assert bar.sentence.text() == "Disk full."
    bar.dismiss()
    assert bar.sentence.text() == "Next: write the report."


def test_no_message_moves_anything_and_a_long_one_can_be_read_on(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    above, bar = QWidget(), MessageBar()
    column.addWidget(above, 1)
    column.addWidget(bar)
    page.resize(800, 400)
    page.show()
    long = "This sentence goes on and on, because there is much to say and to do. " * 8
    heights = []
    for message in (None, Message("Saved."), Message("Next.", "warn"), Message(long, "fail", "CODE")):
        if message is not None:
            bar.show_message(message)
        qapp.processEvents()
        heights.append(above.height())
    assert len(set(heights)) == 1
    assert bar.shown == Message(long, "fail", "CODE")
    assert bar.read_on.isVisible()
    read: list[str] = []
    monkeypatch.setattr(message_bar, "ask", lambda _w, _title, text, _choices: read.append(text))
    QTest.mouseClick(bar.read_on, Qt.MouseButton.LeftButton)
    assert read == [long]
    bar.dismiss()
    assert not bar.read_on.isVisible()


@dataclass
class AJob:
    key: str
    title: str
    message: str
    fraction: float
    started_s: float
    can_cancel: bool = True
    background: bool = False


def test_short_work_does_not_flicker_and_long_work_can_be_stopped(qtbot: QtBot) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    bar.show()
    bar.show_jobs([AJob("a", "Saving", "", 0.5, time.monotonic())])
    assert bar.bar.isHidden()
    bar.show_jobs([AJob("b", "Loading images", "slice 3", 0.5, time.monotonic() - 10)])
    assert bar.words.text() == "Loading images · slice 3 · about 10 s left"
    assert bar.bar.value() == 500
    with qtbot.waitSignal(bar.cancel_asked) as asked:
        QTest.mouseClick(bar.cancel, Qt.MouseButton.LeftButton)
    assert asked.args == ["b"]
    bar.show_jobs([])
    assert bar.words.text() == ""


def test_words_of_a_job_stay_in_one_line_of_their_place(qtbot: QtBot) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    bar.show()
    size = bar.size()
    for message in (
        "",
        "slice 3",
        "Measuring the whole surface of the specimen, part by part, point by point",
    ):
        bar.show_jobs([AJob("a", "Checking the plan", message, 0.5, time.monotonic() - 10)])
        assert bar.size() == size
        assert bar.words.fontMetrics().horizontalAdvance(bar.words.text()) <= bar.words.width()
        assert message in bar.words.toolTip()
        assert message in bar.words.accessibleName()
    assert bar.words.text() == "Checking the plan · about 10 s left"
    long = "Measuring the earlier version under the limits of the present department"
    bar.show_jobs([AJob("a", long, "", 0.5, time.monotonic() - 10)])
    assert bar.words.text().endswith("…")
    assert bar.words.fontMetrics().horizontalAdvance(bar.words.text()) <= bar.words.width()
    assert bar.words.accessibleName() == f"{long} · about 10 s left"
    bar.show_jobs([])
    assert (bar.words.text(), bar.words.toolTip(), bar.words.accessibleName()) == ("", "", "")


def test_what_somebody_asked_for_is_named_before_what_runs_by_itself(qtbot: QtBot) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    bar.show()
    began = time.monotonic() - 1
    waking = [AJob(key, "Getting ready", "", 0.0, began - 30, background=True) for key in ("warm", "bones")]
    bar.show_jobs([*waking, AJob("open", "Opening", "", 0.0, began), AJob("save", "Saving", "", 0.0, began)])
    assert bar.words.text() == "Opening · +2 more"
    assert "Saving<br>Getting ready" in bar.words.toolTip()
    with qtbot.waitSignal(bar.cancel_asked) as asked:
        QTest.mouseClick(bar.cancel, Qt.MouseButton.LeftButton)
    assert asked.args == ["open"]
    bar.show_jobs(waking)
    assert bar.words.text() == "Getting ready"


def test_time_left_is_said_only_when_it_can_be_known() -> None:
    assert time_left(1.0, 0.5) == ""
    assert time_left(10.0, 0.01) == ""
    assert time_left(60.0, 0.25) == "about 3 min left"


def test_a_number_field_tells_only_what_a_person_typed(qtbot: QtBot) -> None:
    field = NumberField(0, 100, "mm")
    qtbot.addWidget(field)
    field.show()
    told: list[float] = []
    field.entered.connect(told.append)
    field.show_value(12.34)
    assert told == []
    assert field.text() == "12.3 mm"
    field.selectAll()
    QTest.keyClicks(field, "7.5")
    assert told == []
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert told == [7.5]


def test_a_text_field_tells_once(qtbot: QtBot) -> None:
    field = TextField()
    qtbot.addWidget(field)
    field.show()
    told: list[str] = []
    field.entered.connect(told.append)
    field.show_text("T10")
    field.selectAll()
    QTest.keyClicks(field, "T11")
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert told == ["T11"]
