"""Fields take what a person means to type, and nothing a hand did in passing."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.fields import ChoiceField, NumberField, StepField, TextField
from widgets.theme import THEMES, apply_theme

pytestmark = pytest.mark.gui


@pytest.mark.parametrize("typed, value", [("11.5", 11.5), ("11,5", 11.5), ("1,234", 1.2), ("7", 7.0)])
def test_a_comma_is_a_decimal_point_and_never_ten_times_more(qtbot: QtBot, typed: str, value: float) -> None:
    field = NumberField(0.1, 500.0, "mm")
    qtbot.addWidget(field)
    entered: list[float] = []
    field.entered.connect(entered.append)
    field.selectAll()
    QTest.keyClicks(field, typed)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == pytest.approx(value)
    assert entered == [pytest.approx(value)]


class Page(QWidget):
    """Counts the wheels that reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = 0
        self.column = QVBoxLayout(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Count."""
        self.turns += 1
        event.accept()


def a_choice() -> ChoiceField:
    choice = ChoiceField([(1, "one"), (2, "two"), (3, "three")])
    choice.show_value(2)
    return choice


def a_step() -> StepField:
    step = StepField()
    step.show_value(5)
    return step


def a_number() -> NumberField:
    number = NumberField(0.0, 10.0, "mm")
    number.show_value(5.0)
    return number


def shown(field: QWidget) -> str:
    return field.currentText() if isinstance(field, QComboBox) else field.text()  # type: ignore[attr-defined]


def turn_the_wheel(field: QWidget) -> None:
    """Turn it over the field as the system does: what the field leaves goes on to the page."""
    window = field.window()
    QTest.wheelEvent(window.windowHandle(), field.mapTo(window, field.rect().center()), QPoint(0, -120))


@pytest.mark.qt_log_ignore("propagateSizeHints")
@pytest.mark.parametrize("make", [a_number, a_step, a_choice])
def test_the_wheel_steps_only_the_field_with_the_keyboard(qtbot: QtBot, make: object) -> None:
    page = Page()
    qtbot.addWidget(page)
    field, other = make(), a_number()  # type: ignore[operator]
    for part in (field, other):
        page.column.addWidget(part)
    page.show()
    page.activateWindow()
    assert QTest.qWaitForWindowActive(page, 5000)
    before = shown(field)
    other.setFocus()
    turn_the_wheel(field)
    assert shown(field) == before
    assert page.turns == 1
    field.setFocus()
    turn_the_wheel(field)
    assert shown(field) != before
    assert page.turns == 1


@pytest.mark.qt_log_ignore("propagateSizeHints")
@pytest.mark.parametrize("theme", list(THEMES))
def test_words_of_a_step_begin_where_those_of_a_text_begin(
    theme: str, qtbot: QtBot, qapp: QApplication
) -> None:
    apply_theme(qapp, THEMES[theme])
    page = Page()
    qtbot.addWidget(page)
    step, text = StepField(), TextField()
    for field in (step, text):
        page.column.addWidget(field)
    step.show_value(2)
    text.show_text("ribs")
    page.show()
    for has_keyboard in (text, step):
        has_keyboard.setFocus()
        qapp.processEvents()
        lefts = []
        for field, edit in ((step, step.lineEdit()), (text, text)):
            edit.setCursorPosition(0)
            lefts.append(edit.mapTo(page, edit.cursorRect().topLeft()).x() - field.x())
        assert abs(lefts[0] - lefts[1]) <= 1, lefts
        assert lefts[0] >= 4
    apply_theme(qapp, THEMES["dark"])
