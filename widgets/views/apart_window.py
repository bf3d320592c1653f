"""A window for one view on another screen; closing it brings the view back."""

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QScreen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from planning.texts import tr
from widgets.views.view_frame import ViewFrame

_SHARE_OF_SCREEN = 0.62
_LEAST_PX = 420  # narrower or lower, a window beside the main one shows too little
_TOOLS_SHARE, _FREE_OF_BOARD = 0.3, 0.7


class ApartWindow(QWidget):
    """Holds one view.

    Signals
    -------
    closed()
        A person closed it; the view is still inside.
    key_pressed(QKeyEvent)
        A key that the view did not use.
    """

    closed = Signal()
    key_pressed = Signal(QKeyEvent)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("apart")
        self.setWindowTitle(tr("EnBloc, second window"))
        # The hand stays where it is: commands and keys go on to the main window.
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.frame: ViewFrame | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)

    def take(self, frame: ViewFrame) -> None:
        """Show a view here, on the screen the main window is not on where there is one."""
        self.frame = frame  # with its system window and graphics context, which a fresh one would black out
        self._column.addWidget(frame)
        frame.show()
        main = self.parentWidget()
        here = main.window().screen() if main is not None else self.screen()
        other = other_screen(here, QGuiApplication.screens())
        if other is None:
            over = main.window().frameGeometry() if main is not None else QRect()
            self.setGeometry(beside(here.availableGeometry(), over))
            self.show()
        else:
            self.setScreen(other)
            self.setGeometry(other.availableGeometry())
            self.showMaximized()

    def give_back(self) -> ViewFrame | None:
        """Return the view and close, without telling."""
        frame, self.frame = self.frame, None
        if frame is not None:
            self._column.removeWidget(frame)
        self.hide()
        return frame

    def toggle_full_screen(self) -> None:
        """Fill the screen, or be a window again."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Hand keys on to the views."""
        self.key_pressed.emit(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell, so that the view goes back."""
        super().closeEvent(event)
        if self.frame is not None:
            self.closed.emit()


def other_screen(here: QScreen, screens: list[QScreen]) -> QScreen | None:
    """Return the largest screen that is not `here`, or None."""
    others = [screen for screen in screens if screen is not here and screen.name() != here.name()]
    return max(others, key=lambda s: s.geometry().width() * s.geometry().height(), default=None)


def beside(room: QRect, main: QRect) -> QRect:
    """Return where a second window covers least of the main one: beside it, below it, or over its lower left.

    The main window's tools above and the safety board at its right stay in reach.
    """
    width, height = round(room.width() * _SHARE_OF_SCREEN), round(room.height() * _SHARE_OF_SCREEN)
    right, left = room.right() - main.right(), main.left() - room.left()
    if max(right, left) >= _LEAST_PX:
        wide = min(max(right, left), width)
        return QRect(main.right() + 1 if right >= left else main.left() - wide, room.top(), wide, height)
    below = room.bottom() - main.bottom()
    if below >= _LEAST_PX:
        return QRect(room.left(), main.bottom() + 1, width, below)
    within = main.intersected(room)
    top = within.top() + round(within.height() * _TOOLS_SHARE)
    wide = min(round(within.width() * _FREE_OF_BOARD), width)
    return QRect(within.left(), top, wide, min(within.bottom() - top + 1, height))
