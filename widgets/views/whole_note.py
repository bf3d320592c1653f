"""A note that is shown whole or not at all: half a number reads as another number."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from planning.texts import literal


class WholeNote(QLabel):
    """Takes whatever width is left over; the tooltip reads it where that is too little."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("viewnote")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:  # noqa: N802 -- Qt's own name
        """Show a text letter by letter."""
        super().setText(literal(text))
        self.setToolTip("" if self.has_room else self.text())

    @property
    def needed_px(self) -> int:
        """How wide all of it is."""
        return self.fontMetrics().horizontalAdvance(self.text())

    @property
    def has_room(self) -> bool:
        """Whether every letter can be seen."""
        return self.needed_px <= self.contentsRect().width()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw all of it, or nothing."""
        if self.has_room:
            super().paintEvent(event)
