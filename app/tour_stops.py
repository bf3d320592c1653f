"""What the first tour points at."""

from PySide6.QtWidgets import QToolButton, QWidget

from app.window import MainWindow
from planning.texts import tr
from rendering.scene_state import SlicePlane
from widgets.tour import Stop


def tour_stops(window: MainWindow) -> tuple[Stop, ...]:
    """Return the notes, in the order of the work."""
    return (
        Stop(
            tr("Open or import"),
            tr("Open a case or images here, or drop them onto the window. "
               "This is the demo case: try anything."),
            lambda: button_of(window, "open"),
        ),
        Stop(
            tr("Slices"),
            tr("The wheel scrolls, a click moves the crosshair in all views, a right-drag zooms."),
            lambda: window.views.slices[SlicePlane.AXIAL],
        ),
        Stop(
            tr("The blade"),
            tr("Drag an arrow or a ring to move the chosen cut. Its distances follow your hand. "
               "Esc gives it back."),
            lambda: window.views.spine,
        ),
        Stop(
            tr("The safety board"),
            tr("The worst comes first. Click on a line: all views fly to the two closest points. "
               "NOT ASSESSED means unknown, never safe."),
            lambda: window.board,
        ),
        Stop(
            tr("The report"),
            tr("Writes PDF, HTML, pictures and tables, once every number is current."),
            lambda: button_of(window, "report"),
        ),
        Stop(
            tr("Find anything"),
            tr("F3 searches commands, structures and cuts. Shift+F1 explains whatever has the keyboard. "
               "This line always names the next step."),
            lambda: window.messages,
        ),
    )  # fmt: skip


def button_of(window: MainWindow, command: str) -> QWidget | None:
    """Return the button of a command that is on screen, else the menu bar."""
    action = window.actions_table[command]
    buttons = (b for b in window.findChildren(QToolButton) if b.defaultAction() is action and b.isVisible())
    return next(buttons, window.menuBar())
