"""The three columns of the window: panel, views, safety board. What has no room is scrolled to."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QWidget

from widgets.theme import scaled

_LEFT, _RIGHT = (0.25, 320, 345), (0.215, 260, 320)  # share of the width, least and most pixels
_MOST_SHARE = 0.32  # with large text on a small screen the panels scroll rather than take the views' room
_LEAST_VIEWS_PX = 320


class Columns(QScrollArea):
    """Panel at the left, views in the middle, board at the right; widths go along with the text."""

    def __init__(self, left: QWidget, middle: QWidget, right: QWidget) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self._left, self._middle, self._right = left, middle, right
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        for place, part in enumerate((left, middle, right)):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(place, 1 if part is middle else 0)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(5)
        self.setWidget(self.splitter)

    def share_out(self) -> None:
        """Share the width anew: on a small screen the views get what the panels can spare."""
        width = self.viewport().width()
        self._limit(width)
        left, right = (_wide(width, *column) for column in (_LEFT, _RIGHT))
        left = left if self._left.isVisibleTo(self.splitter) else 0
        self.splitter.setSizes([left, max(width - left - right, _LEAST_VIEWS_PX), right])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the panels' least widths fitting the window."""
        super().resizeEvent(event)
        self._limit(self.viewport().width())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave every key to the window: Page Up scrolls slices, not this."""
        event.ignore()

    def _limit(self, width: int) -> None:
        for part, (_, least, _most) in ((self._left, _LEFT), (self._right, _RIGHT)):
            part.setMinimumWidth(min(scaled(least), max(round(width * _MOST_SHARE), least)))


def _wide(width: int, share: float, least: int, most: int) -> int:
    return min(max(round(share * width), scaled(least)), scaled(most), max(round(width * _MOST_SHARE), least))
