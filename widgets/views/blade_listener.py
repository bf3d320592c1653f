"""What a scene says of a blade under the hand, as signals."""

from PySide6.QtCore import QObject, Qt, Signal

from planning.geometry.blade import Blade
from rendering.blade_handle import BladeHandle


class BladeSignals(QObject):
    """Turns the scene's calls into signals.

    Signals
    -------
    started, cancelled, lost, refused(str)
    moved, ended(str, Blade)
    """

    started = Signal(str)
    moved = Signal(str, object)
    ended = Signal(str, object)
    cancelled = Signal(str)
    lost = Signal(str)
    refused = Signal(str)

    def blade_started(self, blade_id: str) -> None:
        """Handle a grab."""
        self.started.emit(blade_id)

    def blade_moved(self, blade_id: str, blade: Blade) -> None:
        """Handle a step."""
        self.moved.emit(blade_id, blade)

    def blade_ended(self, blade_id: str, blade: Blade) -> None:
        """Handle the release."""
        self.ended.emit(blade_id, blade)

    def blade_cancelled(self, blade_id: str) -> None:
        """Handle Esc."""
        self.cancelled.emit(blade_id)

    def blade_lost(self, blade_id: str) -> None:
        """Handle a blade taken away under the pointer."""
        self.lost.emit(blade_id)

    def blade_refused(self, blade_id: str) -> None:
        """Handle a grab of a locked blade."""
        self.refused.emit(blade_id)


def blade_cursor(handle: BladeHandle) -> Qt.CursorShape:
    """Return the pointer that says what may be done there: grabbed, to be grabbed, locked, nothing."""
    if handle.is_grabbed:
        return Qt.CursorShape.ClosedHandCursor
    if handle.is_over_lock:
        return Qt.CursorShape.ForbiddenCursor
    return Qt.CursorShape.OpenHandCursor if handle.is_hot else Qt.CursorShape.ArrowCursor
