"""Every gesture is durable within a blink, so that a crash loses one at most.

The session says what changed; `keeping.Keeper` writes it, on a thread of its own.
"""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from app.keeping import Keeper
from app.paths import private_folder, user_folder
from app.session import Session, SessionView
from planning.errors import PlanningError
from planning.model.case import Case
from planning.storage.notary import Notary
from planning.texts import tr
from widgets.message_bar import Message


class Autosave(QObject):
    """Follows the session and keeps what is not saved.

    Signals
    -------
    told(Message)
        Unsaved work cannot be kept, and why; said once a case.

    Attributes
    ----------
    keeper : Keeper
        Does the writing; the flows tell it which case and file they work on.
    """

    told = Signal(object)
    _failed = Signal(object)

    def __init__(self, parent: QWidget, session: Session, notary: Notary | None) -> None:
        super().__init__(parent)
        self._session = session
        self._kept: Case | None = None
        self._told_of = ""
        self.keeper = Keeper(unsaved_folder(), notary, self._failed.emit)
        self._failed.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        session.changed.connect(self._follow)

    def keep_again(self) -> None:
        """Keep the present state once more: a save settled what was kept while it ran."""
        self._kept = None
        self._follow(self._session.view)

    def _follow(self, view: SessionView) -> None:
        case = self._session.case
        if case is None or view.previewing:
            return
        if not view.dirty:
            if self._kept is not None:
                self._kept = None
                self.keeper.rest()
        elif case is not self._kept:
            self._kept = case
            self.keeper.record(case, view.undo_label or "")

    def _tell(self, error: PlanningError) -> None:
        case = self._session.case
        if case is None or case.id == self._told_of:
            return
        self._told_of = case.id
        words = tr("Unsaved work cannot be kept against a crash: {reason} Save soon.", reason=error.message)
        self.told.emit(Message(words, "warn", error.code))


def unsaved_folder() -> Path:
    """Return the private folder of unsaved work."""
    return private_folder(user_folder() / "unsaved")
