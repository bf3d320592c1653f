"""A person at the window: sees on the main thread, acts by real events, waits as long as it takes.

The person sits in a thread of its own, because a dialog holds the main thread's event loop. What it
does reaches the window either through Qt (`QtHands`, off-screen) or through the X server as a mouse
and a keyboard would (`XHands`, with xdotool).
"""

import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QAction, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLineEdit, QMenu, QWidget

from app.gui import Workstation

Seen = TypeVar("Seen")
LEFT = Qt.MouseButton.LeftButton
PATIENCE_S = 20.0
_MODIFIERS = {"ctrl": Qt.KeyboardModifier.ControlModifier, "shift": Qt.KeyboardModifier.ShiftModifier}
_KEYS = {
    "Return": Qt.Key.Key_Return,
    "Escape": Qt.Key.Key_Escape,
    "Page_Up": Qt.Key.Key_PageUp,
    "Home": Qt.Key.Key_Home,
    "End": Qt.Key.Key_End,
}


class _Call:
    """Something to be done on the main thread, and what came of it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work, self.done = work, threading.Event()
        self.value: Any = None
        self.fault: BaseException | None = None


class MainThread(QObject):
    """Runs calls on the thread it was made on, also inside a dialog's own event loop."""

    _asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._asked.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def begin(self, work: Callable[[], Any]) -> _Call:
        """Have `work` done and do not wait: it may open a dialog."""
        call = _Call(work)
        self._asked.emit(call)
        return call

    def see(self, look: Callable[[], Seen]) -> Seen:
        """Return what `look` sees."""
        call = self.begin(look)
        if not call.done.wait(PATIENCE_S):
            raise AssertionError("the window is frozen")
        if call.fault is not None:
            raise call.fault
        value: Seen = call.value
        return value

    def _run(self, call: _Call) -> None:
        try:
            call.value = call.work()
        except Exception as fault:  # noqa: BLE001 -- raised again where it was asked for
            call.fault = fault
        finally:
            call.done.set()


class Hands(Protocol):
    """Mouse and keyboard; places are logical pixels of a widget."""

    def click(self, widget: QWidget, at: QPoint) -> None:
        """Click."""

    def press(self, widget: QWidget, at: QPoint) -> None:
        """Press the left button and hold it."""

    def move(self, widget: QWidget, at: QPoint) -> None:
        """Move the pointer there."""

    def release(self, widget: QWidget, at: QPoint) -> None:
        """Let the button go."""

    def wheel(self, widget: QWidget, notches: int) -> None:
        """Turn the wheel over the middle of a widget."""

    def keys(self, combination: str) -> None:
        """Press keys such as ``ctrl+e``, wherever the keyboard is."""

    def type(self, text: str) -> None:
        """Type a text, wherever the keyboard is."""


class QtHands:
    """Events through Qt: works off-screen."""

    def __init__(self, main: MainThread, window: QWidget) -> None:
        self._main, self._window = main, window

    def click(self, widget: QWidget, at: QPoint) -> None:
        """Click."""
        self._do(lambda: QTest.mouseClick(widget, LEFT, pos=at))

    def press(self, widget: QWidget, at: QPoint) -> None:
        """Press the left button and hold it."""
        self._do(lambda: QTest.mousePress(widget, LEFT, pos=at))

    def move(self, widget: QWidget, at: QPoint) -> None:
        """Move the pointer there."""
        self._do(lambda: QTest.mouseMove(widget, at))

    def release(self, widget: QWidget, at: QPoint) -> None:
        """Let the button go."""
        self._do(lambda: QTest.mouseRelease(widget, LEFT, pos=at))

    def wheel(self, widget: QWidget, notches: int) -> None:
        """Turn the wheel over the middle of a widget."""

        def turn() -> None:
            middle = QPointF(widget.rect().center())
            none, free = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
            phase = Qt.ScrollPhase.NoScrollPhase
            there = widget.mapToGlobal(middle)
            event = QWheelEvent(middle, there, QPoint(), QPoint(0, 120 * notches), none, free, phase, False)
            QApplication.sendEvent(widget, event)

        self._do(turn)

    def keys(self, combination: str) -> None:
        """Press keys such as ``ctrl+e``."""
        *held, key = combination.split("+")
        code = _KEYS.get(key) or Qt.Key(ord(key.upper()))
        modifiers = Qt.KeyboardModifier.NoModifier
        for name in held:
            modifiers |= _MODIFIERS[name]
        self._do(lambda: QTest.keyClick(self._with_the_keyboard(), code, modifiers))

    def type(self, text: str) -> None:
        """Type a text."""
        self._do(lambda: QTest.keyClicks(self._with_the_keyboard(), text))

    def _with_the_keyboard(self) -> QWidget:
        front = QApplication.activePopupWidget() or QApplication.focusWidget()
        return front or QApplication.activeModalWidget() or self._window

    def _do(self, act: Callable[[], Any]) -> None:
        before = self._main.see(_in_front)
        call = self._main.begin(act)
        end = time.monotonic() + PATIENCE_S
        # What opens a dialog or menu comes back only when that is closed.
        while not call.done.wait(0.01) and time.monotonic() < end and self._main.see(_in_front) is before:
            continue
        if call.fault is not None:
            raise call.fault


class XHands:
    """Events through the X server, as from a mouse and a keyboard."""

    def __init__(self, main: MainThread) -> None:
        self._main = main

    def click(self, widget: QWidget, at: QPoint) -> None:
        """Click."""
        self.move(widget, at)
        _xdotool("click", "1")

    def press(self, widget: QWidget, at: QPoint) -> None:
        """Press the left button and hold it."""
        self.move(widget, at)
        _xdotool("mousedown", "1")

    def move(self, widget: QWidget, at: QPoint) -> None:
        """Move the pointer there."""
        there = self._main.see(lambda: widget.mapToGlobal(at))
        _xdotool("mousemove", str(there.x()), str(there.y()))
        time.sleep(0.05)  # a hand is no faster, and the window draws in between

    def release(self, widget: QWidget, at: QPoint) -> None:
        """Let the button go."""
        self.move(widget, at)
        _xdotool("mouseup", "1")

    def wheel(self, widget: QWidget, notches: int) -> None:
        """Turn the wheel over the middle of a widget."""
        self.move(widget, self._main.see(lambda: widget.rect().center()))
        _xdotool("click", "--repeat", str(abs(notches)), "4" if notches > 0 else "5")

    def keys(self, combination: str) -> None:
        """Press keys such as ``ctrl+e``."""
        _xdotool("key", combination)

    def type(self, text: str) -> None:
        """Type a text."""
        _xdotool("type", "--delay", "4", text)


class Person:
    """Looks, acts, waits; knows the window as its user does."""

    def __init__(
        self, station: Workstation, main: MainThread, hands: Hands, *, tour_offered: bool = False
    ) -> None:
        self.station, self.main, self.hands = station, main, hands
        self.tour_offered = tour_offered

    def see(self, look: Callable[[], Seen]) -> Seen:
        """Return what is seen now."""
        return self.main.see(look)

    def wait(self, until: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
        """Wait until something is seen."""
        end = time.monotonic() + seconds
        while not self.see(until):
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain for {what}; {self.see(self._what_is_said)}")
            time.sleep(0.02)

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        """Click a widget, at its middle unless told."""
        self.hands.click(widget, at if at is not None else self.see(lambda: widget.rect().center()))

    def press(self, window: QWidget, words: str) -> None:
        """Click the button that reads so."""
        self.click(self.see(lambda: _button(window, words)))

    def choose(self, menu: QMenu, words: str) -> None:
        """Click the line of an open menu that begins so."""
        self.wait(menu.isVisible, f"the menu with {words!r}", 10)
        self.click(menu, self.see(lambda: menu.actionGeometry(_action(menu, words)).center()))

    def dialog(self, title: str) -> QDialog:
        """Wait for the dialog of that title."""
        self.wait(lambda: _dialog_named(title) is not None, f"the dialog {title!r}")
        found = self.see(lambda: _dialog_named(title))
        assert found is not None
        return found

    def write_into(self, field: QLineEdit, text: str) -> None:
        """Replace the text of a field."""
        self.click(field)
        self.hands.keys("ctrl+a")
        self.hands.type(text)
        self.wait(lambda: field.text() == text, f"{text!r} in a field that holds {field.text()!r}", 10)

    def _what_is_said(self) -> str:
        shown = self.station.window.messages.shown
        front = _in_front()
        dialog = front.windowTitle() if front is not None else "no dialog"
        return f"the window says {shown.text if shown is not None else 'nothing'!r}, {dialog!r} is open"


def live(person: Person, journey: Callable[[], Seen]) -> Seen:
    """Let the window live on this thread while a person is on a journey; return what the journey returns."""
    found: list[Seen] = []
    faults: list[BaseException] = []

    def run() -> None:
        try:
            found.append(journey())
        except BaseException as fault:  # noqa: BLE001 -- raised again below
            faults.append(fault)
            while person.see(_in_front) is not None:  # an open dialog would hold the main thread
                person.main.begin(_close_dialog)
                time.sleep(0.05)

    thread = threading.Thread(target=run, name="person", daemon=True)
    thread.start()
    while thread.is_alive():
        QApplication.processEvents()
        time.sleep(0.002)
    if faults:
        raise faults[0]
    return found[0]


def _in_front() -> QWidget | None:
    return QApplication.activePopupWidget() or QApplication.activeModalWidget()


def _close_dialog() -> None:
    front = _in_front()
    if front is not None:
        front.close()


def _dialog_named(title: str) -> QDialog | None:
    front = QApplication.activeModalWidget()
    return front if isinstance(front, QDialog) and front.windowTitle() == title else None


def _button(window: QWidget, words: str) -> QAbstractButton:
    found = [b for b in window.findChildren(QAbstractButton) if b.text().replace("&", "") == words]
    shown = [b for b in found if b.isVisible() and b.isEnabled()]
    assert len(shown) == 1, f"{len(shown)} buttons read {words!r}"
    return shown[0]


def _action(menu: QMenu, words: str) -> QAction:
    return next(action for action in menu.actions() if action.text().replace("&", "").startswith(words))


def _xdotool(*arguments: str) -> None:
    subprocess.run(["xdotool", *arguments], check=True, timeout=60, stdout=subprocess.DEVNULL)
