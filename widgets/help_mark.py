"""A question mark in the corner of a panel: opens the page of the guide that explains it."""

from typing import Final

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QToolButton, QWidget

from planning.texts import tr
from widgets.plain_text import tip

_INSET_PX: Final = 5


class HelpMark(QToolButton):
    """Stays in the upper right corner of a panel, over whatever lies there.

    Parameters
    ----------
    panel : QWidget
        What it explains.
    """

    def __init__(self, panel: QWidget) -> None:
        super().__init__(panel)
        self.panel = panel
        self.setText("?")
        self.setProperty("flat", True)
        self.setObjectName("helpmark")
        self.setAccessibleName(tr("Help on this part"))
        self.setToolTip(tip(tr("Explain this in the guide (Shift+F1)")))
        self.setFixedSize(self._side_px(), self._side_px())
        panel.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return super().eventFilter(watched, event)

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the letters."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.setFixedSize(self._side_px(), self._side_px())
            self._place()

    def _side_px(self) -> int:
        return max(20, self.fontMetrics().lineSpacing() + 6)

    def _place(self) -> None:
        self.move(self.panel.width() - self.width() - _INSET_PX, _INSET_PX)
        self.raise_()
