"""Open, save, close: one case file at a time, and never a lost change without a question."""

import logging
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.approving import Approving, known_of
from app.flows.opened_case import OpenedCase, saved_elsewhere, take_from_disk, take_left_work
from app.jobs import Jobs
from app.keeping import Keeper
from app.problem_messages import problem_message
from app.session import Session
from app.settings import Preferences
from planning.errors import PlanningError
from planning.imaging.memory_need import in_gb, usable_bytes
from planning.model.case import Case
from planning.storage.case_file import CaseFile
from planning.storage.journal import LeftBehind
from planning.storage.kept_limits import limits_of
from planning.storage.notary import Notary
from planning.storage.weight import surely_fits, weight_of
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

    def __init__(
        self,
        window: QWidget,
        session: Session,
        jobs: Jobs,
        preferences: Preferences,
        keeper: Keeper,
        notary: Notary | None = None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._preferences = preferences
        self._keeper = keeper
        self._notary = notary
        self._file: CaseFile | None = None
        self.approving = Approving(session.settings)
        session.standing_of = self.approving.standing
        self._beat = QTimer(self)
        self._beat.setInterval(_BEAT_MS)
        self._beat.timeout.connect(self._give_sign_of_life)
        self._beat.start()

    @property
    def file(self) -> CaseFile | None:
        """The case's open file, which may be read-only; None for a new case or a template."""
        return self._file

    @property
    def book(self) -> CaseFile | None:
        """Where the record of this case is kept now: its file, or the private copy; None where nowhere."""
        writable = self._file if self._file is not None and not self._file.read_only else None
        return writable or self._keeper.private_copy

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
        usable = usable_bytes()
        if surely_fits(path, usable):
            self._open_weighed(path, as_template=as_template)
            return

        def weigh(_progress: object) -> int:
            self._keeper.wait()  # the file may be the one that is just put away
            return weight_of(path)

        def weighed(needed: int) -> None:
            if usable is None or needed <= usable or self._opens_all_the_same(needed, usable):
                self._open_weighed(path, as_template=as_template)

        self._jobs.start("weigh", tr("Opening the case"), weigh, weighed, can_cancel=False)

    def _opens_all_the_same(self, needed: int, usable: int) -> bool:
        """Say, before a voxel is read, that memory is short; the present case stays open meanwhile."""
        words = tr(
            "This case needs about {needed} GB of memory, and {free} GB can be used now. Opened all the "
            "same, the program may become very slow or be ended by the system. Close other programs first.",
            needed=in_gb(needed),
            free=in_gb(usable),
        )
        choices = (
            Choice("cancel", tr("Do not open"), QMessageBox.ButtonRole.RejectRole, default=True),
            Choice("open", tr("Open all the same"), QMessageBox.ButtonRole.DestructiveRole),
        )
        return ask(self._window, tr("Not enough memory"), words, choices) == "open"

    def _open_weighed(self, path: Path, *, as_template: bool) -> None:
        if not self.settle():
            return
        self._release()

        def work(_progress: object) -> OpenedCase:
            self._keeper.wait()  # the file may be the one that was just put away
            return take_from_disk(path, self._notary, as_template=as_template)

        self._jobs.start("open", tr("Opening the case"), work, self._take, can_cancel=False)

    def new_case(self, case: Case) -> None:
        """Work on an imported case that has no file yet. The present case must be settled."""
        self._release()
        self._keeper.begin(case, None)
        self._session.open(case, saved=False)
        self.opened.emit()

    def recover(self, left: LeftBehind) -> None:
        """Open work a crash left, exactly as it was, with its own file where that can be written."""
        self._release()

        def work(_progress: object) -> OpenedCase:
            self._keeper.wait()
            return take_left_work(left, self._notary)

        self._jobs.start("open", tr("Recovering the case"), work, self._take, can_cancel=False)

    def save(self, label: str = "", *, keep: bool = False) -> None:
        """Save as a job; without a file, ask where. A `label` names the version, `keep` keeps it for good."""
        case, file = self._session.case, self._file
        if case is None:
            return
        if file is None or file.read_only:
            self.save_as(label)
            return
        words = label or self._session.view.undo_label or ""
        limits = limits_of(self._session.settings)

        def work(_progress: object) -> OpenedCase:
            file.save(case, words, keep=keep, limits=limits)
            return OpenedCase(case, file, file.path, known=known_of(file, case))

        self._jobs.start("save", tr("Saving"), work, self._note_saved, can_cancel=False)

    def save_as(self, label: str = "") -> None:
        """Ask for a place and save there as a job."""
        case, path = self._session.case, self._ask_place()
        if case is None or path is None:
            return
        book, limits = self._book_for_saving(), limits_of(self._session.settings)
        present = self._file

        def work(_progress: object) -> OpenedCase:
            return saved_elsewhere(case, path, present, book, self._notary, label, limits)

        self._jobs.start("save", tr("Saving"), work, self._note_saved, can_cancel=False)

    def refresh(self) -> None:
        """Hold the present saved case against the record again, after a decision was entered."""
        file = self._file
        if file is not None:
            case = file.case
            self._jobs.start(
                "record", tr("Reading the record"), lambda _p: known_of(file, case), self._judge_by
            )

    def note(self, what: str, detail: str) -> None:
        """Enter in the record what left the program; kept by the case's file, or by its private copy."""
        book, by = self.book, self._preferences.user_name
        if book is not None:
            self._jobs.start(
                "note",
                tr("Writing the record"),
                lambda _p: book.note(what, detail, by=by),
                lambda _line: self.refresh(),
                can_cancel=False,
            )

    def close_case(self) -> None:
        """Put the case away after settling it."""
        if self.settle():
            self._release()
            self._session.close()

    def close(self) -> None:
        """Give the file back at the end of the program."""
        self._beat.stop()
        self._release()
        self._keeper.close()

    def _save_now(self) -> bool:
        case = self._session.case
        if case is None:
            return True
        limits = limits_of(self._session.settings)
        try:
            if self._file is not None and not self._file.read_only:
                self._file.save(case, self._session.view.undo_label or "", limits=limits)
                done = OpenedCase(case, self._file, self._file.path, known=known_of(self._file, case))
            else:
                place = self._ask_place()
                if place is None:
                    return False
                book = self._book_for_saving()
                done = saved_elsewhere(case, place, self._file, book, self._notary, "", limits)
        except PlanningError as error:
            self.told.emit(problem_message(error))
            return False
        self._note_saved(done)
        return True

    def _book_for_saving(self) -> CaseFile | None:
        """Return the file whose record and versions a new file takes over."""
        return self._file or self._keeper.private_copy

    def _ask_place(self) -> Path | None:
        start = self._preferences.folder / f"case{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(self._window, tr("Save case as"), str(start), case_filter())
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)

    def _take(self, taken: OpenedCase) -> None:
        for message in taken.messages:
            self.told.emit(message)
        if taken.newer is not None and self._prefers_newer(taken):
            self._close_quietly(taken.file)
            self.open_path(taken.newer.path)
            return
        work = self._recovered(taken)
        self._file = taken.file
        self.approving.take(taken.known)
        if taken.is_template:
            self._keeper.begin_lazily(taken.case)
            self._session.open(taken.case, saved=True)
        else:
            file = taken.file if taken.path is not None else None
            self._keeper.begin(work or taken.case, file, taken.left)
            self._session.open(
                work or taken.case,
                taken.path,
                saved=taken.is_saved and work is None,
                saved_as=taken.case if work is not None and taken.is_saved else None,
            )
        if taken.path is not None and not taken.is_template:
            self._remember(taken.path)
        self._keep_generation()
        self.opened.emit()

    def _prefers_newer(self, taken: OpenedCase) -> bool:
        if taken.newer is None:
            return False
        at, there = (
            time.astimezone().strftime("%Y-%m-%d %H:%M") for time in (taken.newer.version.at, taken.saved_at)
        )
        answer = ask(
            self._window,
            tr("A later save was found"),
            tr(
                "This file was saved last on {there}, but the generation beside it on {at}. The disk lost a "
                "save, or an older copy was put here. Which one?",
                there=there, at=at,
            ),
            (
                Choice("newer", tr("The later one"), QMessageBox.ButtonRole.AcceptRole, default=True),
                Choice("this", tr("This file"), QMessageBox.ButtonRole.RejectRole),
            ),
        )  # fmt: skip
        return answer == "newer"

    def _recovered(self, taken: OpenedCase) -> Case | None:
        """Return recovered work in place of the saved case, as the user chose."""
        version = taken.unsaved
        if taken.left is not None or version is None or taken.file is None:
            return taken.work
        at = version.at.astimezone().strftime("%Y-%m-%d %H:%M")
        answer = ask(
            self._window,
            tr("Unsaved work found"),
            tr(
                "EnBloc ended before this work was saved: {label} ({at}, {who}). Recover it?",
                label=version.label, at=at, who=version.by or "?",
            ),
            (
                Choice("recover", tr("Recover"), QMessageBox.ButtonRole.AcceptRole, default=True),
                Choice("saved", tr("Open as last saved"), QMessageBox.ButtonRole.RejectRole),
            ),
        )  # fmt: skip
        if answer == "recover":
            return taken.work
        self._keeper.forget_unsaved(taken.file)
        return None

    def _note_saved(self, done: OpenedCase) -> None:
        if done.file is not self._file:
            self._release()
            self._file = done.file
            self._keeper.begin(done.case, done.file)
        self._session.mark_saved(done.case, done.path)
        self._judge_by(done.known)
        if done.path is not None:
            self._remember(done.path)
            self.told.emit(Message(tr("Saved as {name}.", name=done.path.name)))
        self._keep_generation()
        self.saved.emit()

    def _judge_by(self, known: object) -> None:
        self.approving.take(known)  # type: ignore[arg-type]
        self._session.tell()

    def _keep_generation(self) -> None:
        if self._file is not None and not self._file.read_only:
            self._keeper.keep_generation(self._file.path)

    def _remember(self, path: Path) -> None:
        self._preferences.folder = path.parent
        self._preferences.add_recent(path)

    def _release(self) -> None:
        file, self._file = self._file, None
        self.approving.take(None)
        self._keeper.put_away(file)

    @staticmethod
    def _close_quietly(file: CaseFile | None) -> None:
        if file is not None:
            file.close()

    def _give_sign_of_life(self) -> None:
        file = self._file
        self._keep_generation()
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
