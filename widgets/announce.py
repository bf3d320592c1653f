"""Says something to a screen reader without moving the keyboard's focus."""

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget


def announce(source: QWidget, words: str, *, urgent: bool = False) -> None:
    """Have `words` read out; urgent ones at once, others when the reader pauses."""
    if not words:
        return
    event = QAccessibleAnnouncementEvent(source, words)
    kinds = QAccessible.AnnouncementPoliteness
    event.setPoliteness(kinds.Assertive if urgent else kinds.Polite)
    QAccessible.updateAccessibility(event)
