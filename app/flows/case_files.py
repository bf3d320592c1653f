"""Open, save, close: one case file at a time, and never a lost change without a question."""

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.jobs import Jobs
from app.session import Session
from app.settings import Preferences
from planning.errors import PlanningError
from planning.model.case import Case
from planning.storage.case_file import CaseFile
from planning.texts import tr
from widgets.dialogs import Choice, ask
from widgets.message_bar import Message

_LOG = logging.getLogger(__name__)
SUFFIX = ".enbloc"
_BEAT_MS = 60_000


def case_filter() -> str:
    """Return the file filter of case files."""
    return f"{tr('EnBloc case')} (*{SUFFIX})"


class CaseFiles(QObject):
    """Which file the case lives in.

    Signals
    -------
    told(Message)
        Something to read.
    opened(), saved()
        A case came in; the present case is safely stored.
    """

    told = Signal(object)
    opened = Signal()
    saved = Signal()

    def __init__(self, window: QWidget, session: Session, jobs: Jobs, preferences: Preferences) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._preferences = preferences
        self._file: CaseFile | None = None
        self._beat = QTimer(self)
        self._beat.setInterval(_BEAT_MS)
        self._beat.timeout.connect(self._give_sign_of_life)
        self._beat.start()

    @property
    def file(self) -> CaseFile | None:
        """The open case file, held for writing; None for a new or a read-only case."""
        return self._file

    def settle(self) -> bool:
        """Make sure no work is lost: ask to save where there are changes. False means: stop."""
        if not self._session.is_dirty:
            return True
        answer = ask(
            self._window,
            tr("Save changes?"),
            tr("This case has changes that are not saved. Without saving they are lost."),
            (
                Choice("save", tr("Save"), QMessageBox.ButtonRole.AcceptRole, default=True),
                Choice("discard", tr("Do not save"), QMessageBox.ButtonRole.DestructiveRole),
                Choice("cancel", tr("Cancel"), QMessageBox.ButtonRole.RejectRole),
            ),
        )
        if answer == "save":
            return self._save_now()
        return answer == "discard"

    def choose_and_open(self) -> None:
        """Ask for a case file and open it."""
        path, _ = QFileDialog.getOpenFileName(
            self._window, tr("Open case"), str(self._preferences.folder), case_filter()
        )
        if path:
            self.open_path(Path(path))

    def open_path(self, path: Path, *, as_template: bool = False) -> None:
        """Open a case file after settling the present case.

        Parameters
        ----------
        path : Path
        as_template : bool
            Read it without holding it: saving asks for another place (the demo case).
        """
        if not self.settle():
            return
        self._release()
        title = tr("Opening the case")

        def work(progress: object) -> CaseFile:
            del progress
            return CaseFile.open(path, read_only=as_template)

        def done(file: CaseFile) -> None:
            self._take(file, path, as_template)

        self._jobs.start("open", title, work, done, can_cancel=False)

    def new_case(self, case: Case) -> None:
        """Work on an imported case that has no file yet. The present case must be settled."""
        self._release()
        self._session.open(case, saved=False)
        self.opened.emit()

    def recover(self, path: Path) -> None:
        """Open work a crash left in the private folder, as a case that was never saved."""

        def work(_progress: object) -> Case:
            with CaseFile.open(path, read_only=True) as file:
                version = file.unsaved
                return file.read(version) if version is not None else file.case

        self._jobs.start("open", tr("Recovering the case"), work, self.new_case, can_cancel=False)

    def save(self) -> None:
        """Save as a job; without a file, ask where."""
        case, file = self._session.case, self._file
        if case is None:
            return
        if file is None or file.read_only:
            self.save_as()
            return
        label = self._session.view.undo_label or ""

        def done(_version: object) -> None:
            self._note_saved(case, file.path)

        self._jobs.start("save", tr("Saving"), lambda _p: file.save(case, label), done, can_cancel=False)

    def save_as(self) -> None:
        """Ask for a place and save there as a job."""
        case, path = self._session.case, self._ask_place()
        if case is None or path is None:
            return

        def done(file: CaseFile) -> None:
            self._hold(file)
            self._note_saved(case, path)

        work = self._writer(case, path)
        self._jobs.start("save", tr("Saving"), lambda _p: work(), done, can_cancel=False)

    def close_case(self) -> None:
        """Put the case away after settling it."""
        if self.settle():
            self._release()
            self._session.close()

    def close(self) -> None:
        """Give the file back at the end of the program."""
        self._beat.stop()
        self._release()

    def _save_now(self) -> bool:
        case = self._session.case
        if case is None:
            return True
        try:
            if self._file is not None and not self._file.read_only:
                self._file.save(case, self._session.view.undo_label or "")
                path = self._file.path
            else:
                place = self._ask_place()
                if place is None:
                    return False
                self._hold(self._writer(case, place)())
                path = place
        except PlanningError as error:
            self.told.emit(Message(error.message, "fail"))
            return False
        self._note_saved(case, path)
        return True

    def _writer(self, case: Case, path: Path) -> Callable[[], CaseFile]:
        present = self._file

        def write() -> CaseFile:
            if present is not None and present.path == path and not present.read_only:
                present.save(case)
                return present
            return CaseFile.create(path, case, overwrite=True)

        return write

    def _ask_place(self) -> Path | None:
        start = self._preferences.folder / f"case{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(self._window, tr("Save case as"), str(start), case_filter())
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)

    def _take(self, file: CaseFile, path: Path, as_template: bool) -> None:
        for damage in file.damage:
            self.told.emit(Message(damage.message, "fail"))
        if file.read_only:
            if not as_template and file.why_read_only:
                self.told.emit(Message(file.why_read_only, "warn"))
            self._session.open(file.case, saved=True)
            file.close()
        else:
            self._file = file
            case = self._recovered(file)
            self._session.open(case, path)
            if case is not file.case:
                self._session.mark_saved(file.case, path)
        if not as_template:
            self._remember(path)
        self.opened.emit()

    def _recovered(self, file: CaseFile) -> Case:
        version = file.unsaved
        if version is None:
            return file.case
        answer = ask(
            self._window,
            tr("Unsaved work found"),
            tr("EnBloc ended before this work was saved: {label}. Recover it?", label=version.label),
            (
                Choice("recover", tr("Recover"), QMessageBox.ButtonRole.AcceptRole, default=True),
                Choice("saved", tr("Open as last saved"), QMessageBox.ButtonRole.RejectRole),
            ),
        )
        if answer != "recover":
            file.discard_unsaved()
            return file.case
        try:
            return file.read(version)
        except PlanningError as error:
            self.told.emit(Message(error.message, "fail"))
            return file.case

    def _note_saved(self, case: Case, path: Path) -> None:
        self._session.mark_saved(case, path)
        self._remember(path)
        self.saved.emit()
        self.told.emit(Message(tr("Saved as {name}.", name=path.name)))

    def _remember(self, path: Path) -> None:
        self._preferences.folder = path.parent
        self._preferences.add_recent(path)

    def _hold(self, file: CaseFile) -> None:
        if file is not self._file:
            self._release()
            self._file = file

    def _release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _give_sign_of_life(self) -> None:
        file = self._file
        if file is not None and not self._jobs.is_running("save"):
            self._jobs.start(
                "beat",
                tr("Holding the case file"),
                lambda _p: file.beat(),
                failed=self._lost,
                can_cancel=False,
            )

    def _lost(self, error: BaseException) -> None:
        if isinstance(error, PlanningError):
            self.told.emit(Message(error.message, "warn"))
        else:
            _LOG.error("sign of life failed: %s", type(error).__name__)
