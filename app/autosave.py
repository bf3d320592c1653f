"""Keeps unsaved work a few seconds behind the surgeon, so that a crash loses next to nothing.

A saved case keeps it in its own file, beside the saved versions. A case that was never saved keeps
it in a private folder, from which the next start offers it back.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.flows.case_files import SUFFIX, CaseFiles
from app.jobs import Jobs
from app.paths import private_folder, user_folder
from app.session import Session, SessionView
from planning.errors import PlanningError
from planning.model.case import Case
from planning.progress import Progress
from planning.storage.case_file import CaseFile
from planning.texts import tr
from widgets.message_bar import Message

_REST_MS: Final = 4000


class Autosave(QObject):
    """Follows the session and keeps what is not saved.

    Signals
    -------
    told(Message)
        Unsaved work cannot be kept, and why; said once.
    """

    told = Signal(object)

    def __init__(self, parent: QWidget, session: Session, jobs: Jobs, files: CaseFiles) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._files = files
        self._kept: Case | None = None
        self._private: CaseFile | None = None
        self._has_failed = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._keep)
        session.changed.connect(self._follow)

    def _follow(self, view: SessionView) -> None:
        if not view.dirty:
            self._rest.stop()
            self._forget()
        elif not view.previewing and self._session.case is not self._kept:
            self._rest.start()

    def _keep(self) -> None:
        case, file = self._session.case, self._files.file
        if case is None or not self._session.is_dirty:
            return
        label = self._session.view.undo_label or ""
        self._kept = case
        if file is not None and not file.read_only:
            self._start(lambda _progress: file.autosave(case, label))
        else:
            self._start(lambda _progress: self._keep_privately(case, label))

    def _keep_privately(self, case: Case, label: str) -> None:
        if self._private is None or self._private.case.id != case.id:
            self._private = CaseFile.create(
                unsaved_folder() / f"{case.id}{SUFFIX}", case, label, overwrite=True
            )
        else:
            self._private.autosave(case, label)

    def _start(self, work: Callable[[Progress], None]) -> None:
        self._jobs.start("autosave", tr("Keeping unsaved work"), work, failed=self._failed, can_cancel=False)

    def _failed(self, error: BaseException) -> None:
        if not self._has_failed:
            self._has_failed = True
            reason = error.message if isinstance(error, PlanningError) else type(error).__name__
            words = tr("Unsaved work cannot be kept against a crash: {reason} Save soon.", reason=reason)
            self.told.emit(Message(words, "warn"))

    def _forget(self) -> None:
        if self._private is not None and not self._jobs.is_running("autosave"):
            self._private.close()
            self._private.path.unlink(missing_ok=True)
            self._private = None


def unsaved_folder() -> Path:
    """Return the private folder of cases that were never saved."""
    return private_folder(user_folder() / "unsaved")


def left_behind() -> tuple[Path, ...]:
    """Return cases a crash left behind, newest first; one that another window holds is left alone."""
    paths = sorted(unsaved_folder().glob(f"*{SUFFIX}"), key=lambda p: p.stat().st_mtime, reverse=True)
    return tuple(path for path in paths if _is_free(path))


def _is_free(path: Path) -> bool:
    try:
        with CaseFile.open(path) as file:
            return not file.read_only
    except PlanningError:
        return False
