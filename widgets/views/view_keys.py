"""Keys that act wherever no field has the keyboard: one table of calls, asked with every key."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

# Written with Shift on most keyboards and without on some: the sign counts, not how it is typed.
_SIGNS: Final = frozenset(
    {Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_BracketLeft, Qt.Key.Key_BracketRight}
)


def key_of(event: QKeyEvent) -> str:
    """Return a key event as words, such as ``Shift+X`` or ``PgUp``."""
    key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key in _SIGNS:
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return QKeySequence(QKeyCombination(modifiers, key)).toString(QKeySequence.SequenceFormat.PortableText)


class ViewKeys:
    """What each key does."""

    def __init__(self) -> None:
        self._calls: dict[str, Callable[[], object]] = {}

    def add(self, key: str, call: Callable[[], object]) -> None:
        """Let a key, such as ``Shift+X``, do something; a later call takes the key over."""
        self._calls[key] = call

    @property
    def known(self) -> tuple[str, ...]:
        """Every key that does something."""
        return tuple(self._calls)

    def handle(self, event: QKeyEvent) -> bool:
        """Act on a key; say whether it was one."""
        call = self._calls.get(key_of(event))
        if call is None:
            return False
        call()
        return True
