"""Small inputs that never change by accident: a wheel over an unfocused field does nothing."""

from collections.abc import Callable, Iterable
from typing import Final

from PySide6.QtCore import QEvent, QLocale, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QValidator
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from planning.texts import literal, tr

_INSET_PX: Final = 7  # border and padding of a text field


class WheelNeedsKeyboard(QObject):
    """Lets the wheel step a field only while it has the keyboard: scrolling a page changes no number."""

    def __init__(self, field: QWidget) -> None:
        super().__init__(field)
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hand the wheel on to the page where the field is only passed over."""
        if event.type() is not QEvent.Type.Wheel or not isinstance(watched, QWidget) or watched.hasFocus():
            return False
        event.ignore()
        return True


class PlanUndo(QObject):
    """Leaves Ctrl+Z and Ctrl+Y to the plan; while something is being typed, undo takes that back.

    A line of text takes both keys for itself even when it has nothing to take back: after a number was
    entered, undo would do nothing and say nothing while the keyboard stays in its field.
    """

    def __init__(
        self, field: QWidget, is_being_typed: Callable[[], bool], take_back: Callable[[], None]
    ) -> None:
        super().__init__(field)
        self._is_being_typed, self._take_back = is_being_typed, take_back
        field.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Claim the keys while something is being typed, else hand them on."""
        kind = event.type()
        if kind not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress) or not isinstance(
            event, QKeyEvent
        ):
            return False
        undo = event.matches(QKeySequence.StandardKey.Undo)
        if not undo and not event.matches(QKeySequence.StandardKey.Redo):
            return False
        if not self._is_being_typed():
            event.ignore()
            return True
        event.accept()
        if undo and kind is QEvent.Type.KeyPress:
            self._take_back()
        return True


def _is_typed_over(field: QDoubleSpinBox | QSpinBox) -> bool:
    """Say whether the line reads otherwise than the value; the line itself forgets it was modified."""
    special = field.specialValueText()
    if special and field.value() == field.minimum():
        return field.lineEdit().text() != special
    words = field.textFromValue(field.value())  # type: ignore[arg-type]
    return field.lineEdit().text() != f"{field.prefix()}{words}{field.suffix()}"


def inset(field: QSpinBox | QDoubleSpinBox) -> None:
    """Begin the words where those of a text field begin: the style sheet's padding does not reach them."""
    field.lineEdit().setTextMargins(_INSET_PX, 0, 0, 0)


class NumberField(QDoubleSpinBox):
    """A number with a unit, read and written with a point in every language.

    Signals
    -------
    entered(float)
        A person typed or stepped to another value; never emitted by `show_value`.
    """

    entered = Signal(float)

    def __init__(
        self,
        low: float,
        high: float,
        unit: str,
        step: float = 0.5,
        decimals: int = 1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        plain = QLocale.c()
        # Without this a comma separates thousands, and 11,5 typed for 11.5 would read as 115.
        plain.setNumberOptions(QLocale.NumberOption.RejectGroupSeparator)
        self.setLocale(plain)
        self.setRange(low, high)
        self.setDecimals(decimals)
        self.setSingleStep(step)
        self.setSuffix(f" {unit}" if unit else "")
        self.setKeyboardTracking(False)
        WheelNeedsKeyboard(self)
        PlanUndo(self, lambda: _is_typed_over(self), lambda: self.setValue(self.value()))
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(76)
        self.valueChanged.connect(self.entered)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Take a decimal comma as the point it is meant to be."""
        state, shown, place = super().validate(text.replace(",", "."), position)
        return state, shown, place

    def valueFromText(self, text: str) -> float:
        """Read a number typed with a point or a comma."""
        return float(super().valueFromText(text.replace(",", ".")))

    def show_value(self, value: float) -> None:
        """Show a value without telling anyone."""
        # A blade under the hand changes few of its numbers, and each one set costs a repaint.
        shown = round(value, self.decimals()) == self.value()
        if self.hasFocus() if _is_typed_over(self) else shown:
            return
        self.blockSignals(True)
        self.setValue(value)
        self.blockSignals(False)


class StepField(QSpinBox):
    """A step of the operation, or none.

    Signals
    -------
    entered(object)
        An int, or None.
    """

    entered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, 999)
        self.setPrefix(tr("step "))
        self.setSpecialValueText(tr("step –"))
        self.setKeyboardTracking(False)
        WheelNeedsKeyboard(self)
        PlanUndo(self, lambda: _is_typed_over(self), lambda: self.setValue(self.value()))
        self.setMinimumWidth(78)
        inset(self)
        self.valueChanged.connect(lambda value: self.entered.emit(value or None))

    def show_value(self, value: int | None) -> None:
        """Show a step without telling anyone."""
        if not _is_typed_over(self) and (value or 0) == self.value():
            return
        self.blockSignals(True)
        self.setValue(value or 0)
        self.blockSignals(False)


class TextField(QLineEdit):
    """One line of text.

    Signals
    -------
    entered(str)
        Editing ended with another text than was shown.
    """

    entered = Signal(str)

    def __init__(self, hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(hint)
        self._shown = ""
        self.editingFinished.connect(self._ended)
        PlanUndo(self, lambda: self.text() != self._shown, lambda: self.setText(self._shown))

    def show_text(self, text: str) -> None:
        """Show a text without telling anyone; what a person is typing stays."""
        if text == self._shown and (self.hasFocus() or self.text() == text):
            return
        self._shown = text
        self.setText(text)
        self.setCursorPosition(0)

    def _ended(self) -> None:
        if self.text() != self._shown:
            self._shown = self.text()
            self.entered.emit(self._shown)


class ChoiceField(QComboBox):
    """One of several values, each with its words.

    Signals
    -------
    entered(object)
        The value a person chose.
    """

    entered = Signal(object)

    def __init__(self, choices: Iterable[tuple[object, str]] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[object] = []
        self._words: list[str] = []
        WheelNeedsKeyboard(self)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.offer(choices)
        self.activated.connect(lambda index: self.entered.emit(self._values[index]))

    def offer(self, choices: Iterable[tuple[object, str]]) -> None:
        """Replace the choices where they differ; the chosen value stays where it still exists."""
        pairs = [(value, literal(words)) for value, words in choices]
        if [value for value, _ in pairs] == self._values and [words for _, words in pairs] == self._words:
            return
        chosen = self.value
        self._values = [value for value, _ in pairs]
        self._words = [words for _, words in pairs]
        self.clear()
        self.addItems(self._words)
        self.show_value(chosen)

    @property
    def value(self) -> object:
        """The chosen value, or None."""
        index = self.currentIndex()
        return self._values[index] if 0 <= index < len(self._values) else None

    def show_value(self, value: object) -> None:
        """Show a value without telling anyone; an unknown one is offered as itself."""
        if value not in self._values:
            self._values.append(value)
            self._words.append("" if value is None else str(value))
            self.addItem(self._words[-1])
        self.setCurrentIndex(self._values.index(value))
