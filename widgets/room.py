"""Room for a whole window's content: a window smaller than that scrolls it, and nothing is out of reach."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class Room(QScrollArea):
    """Gives its content the window's size, and never less than the content can do with."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._content = content
        self.setWidget(content)

    def fit(self) -> None:
        """Size the content anew, after something in it grew."""
        layout = self._content.layout()
        if layout is None:
            return
        room = self.maximumViewportSize()
        width = max(room.width(), layout.minimumSize().width())
        needed = layout.totalMinimumHeightForWidth(width)
        if needed > room.height():  # a bar beside it takes some of the width
            width = max(
                room.width() - self.verticalScrollBar().sizeHint().width(), layout.minimumSize().width()
            )
            needed = layout.totalMinimumHeightForWidth(width)
        self._content.resize(width, max(room.height(), needed))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the content."""
        super().resizeEvent(event)
        self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave every key to the window: Page Up scrolls slices, not this."""
        event.ignore()
