"""Open, save, close: one case file at a time, and never a lost change without a question."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.approving import Approving, known_of
from app.flows.case_questions import later_save, short_of_memory, unsaved_changes, work_found
from app.flows.opened_case import OpenedCase, close_file, saved_elsewhere, take_from_disk, take_left_work
from app.jobs import Jobs, Work
from app.keeping import Keeper
from app.landing import spine_lps_mm
from app.session import Session
from app.settings import Preferences
from planning.errors import PlanningError
from planning.geometry.frames import Vec3
from planning.imaging.memory_need import usable_bytes
from planning.model.case import Case
from planning.progress import Cancelled, Progress
from planning.storage.case_file import CaseFile
from planning.storage.journal import LeftBehind
from planning.storage.kept_limits import limits_of
from planning.storage.notary import Notary
from planning.storage.weight import surely_fits, weight_of
from planning.texts import tr
from widgets.dialogs import ask
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
        self._settling = False
        self._opening = Lock()
        self.approving = Approving(session.settings)
        session.standing_of = self.approving.standing
        self._beat = QTimer(self)
        self._beat.setInterval(_BEAT_MS)
        self._beat.timeout.connect(self._give_sign_of_life)
        self._beat.start()
        self.spine_lps_mm: Vec3 | None = None

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
        if self._settling:
            return False  # the window is being closed twice while the first time still saves
        self._settling = True
        try:
            return self._ask_to_save()
        finally:
            self._settling = False

    def _ask_to_save(self) -> bool:
        answer = ask(self._window, *unsaved_changes())
        if answer == "save":
            work = self._saving("")
            return work is not None and self._jobs.finish(
                "save", tr("Saving"), work, self._note_saved, self._let_go
            )
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
        return ask(self._window, *short_of_memory(needed, usable)) == "open"

    def _open_weighed(self, path: Path, *, as_template: bool) -> None:
        if not self.settle():
            return
        self._release()

        self._start_opening(
            tr("Opening the case"), lambda: take_from_disk(path, self._notary, as_template=as_template)
        )

    def new_case(self, case: Case, spine_lps_mm: Vec3 | None = None) -> None:
        """Work on an imported case that has no file yet. The present case must be settled."""
        self._release()
        self.spine_lps_mm = spine_lps_mm
        self._keeper.begin(case, None)
        self._session.open(case, saved=False)
        self.opened.emit()

    def recover(self, left: LeftBehind) -> None:
        """Open work a crash left, exactly as it was, with its own file where that can be written."""
        self._release()

        self._start_opening(tr("Recovering the case"), lambda: take_left_work(left, self._notary))

    def _start_opening(self, title: str, take: Callable[[], OpenedCase]) -> None:
        """Open as a job; one that another overtakes gives its file back before that one opens."""

        def work(progress: Progress) -> OpenedCase:
            with self._opening:
                self._keeper.wait()  # the file may be the one that was just put away
                taken = take()
                case = taken.work or taken.case
                for structure in case.anatomy.structures if case.anatomy is not None else ():
                    _ = structure.mask.count  # kept here: counting beside busy threads held the window 70 ms
                taken = replace(taken, spine_lps_mm=spine_lps_mm(case))
                try:
                    progress(1.0, "")
                except Cancelled:
                    close_file(taken.file)
                    raise
                return taken

        self._jobs.start("open", title, work, self._take, let_go=self._let_go, can_cancel=False)

    def save(self, label: str = "", *, keep: bool = False) -> None:
        """Save as a job; without a file, ask where. A `label` names the version, `keep` keeps it for good."""
        self._start_saving(self._saving(label, keep=keep))

    def save_as(self, label: str = "") -> None:
        """Ask for a place and save there as a job."""
        self._start_saving(self._saving_elsewhere(label))

    def _start_saving(self, work: Work | None) -> None:
        if work is not None:
            self._jobs.start(
                "save", tr("Saving"), work, self._note_saved,
                let_go=self._let_go, can_cancel=False, at_once=True,
            )  # fmt: skip

    def _saving(self, label: str, *, keep: bool = False) -> Work | None:
        """Return the work of saving where the case lives; None where no place is chosen for a new one."""
        case, file = self._session.case, self._file
        if case is None or file is None or file.read_only:
            return self._saving_elsewhere(label)
        words = label or self._session.view.undo_label or ""
        limits = limits_of(self._session.settings)

        def work(_progress: Progress) -> OpenedCase:
            file.save(case, words, keep=keep, limits=limits)
            return OpenedCase(case, file, file.path, known=known_of(file, case))

        return work

    def _saving_elsewhere(self, label: str) -> Work | None:
        case = self._session.case
        path = self._ask_place() if case is not None else None
        if case is None or path is None:
            return None
        present, notary = self._file, self._notary
        book, limits = present or self._keeper.private_copy, limits_of(self._session.settings)
        return lambda _progress: saved_elsewhere(case, path, present, book, notary, label, limits)

    def _let_go(self, dropped: OpenedCase) -> None:
        """Give back the file of a case that nobody waits for any more."""
        if dropped.file is not self._file:
            self._keeper.give_back(dropped.file)

    def refresh(self) -> None:
        """Hold the present saved case against the record again, after a decision was entered."""
        file = self._file
        if file is not None:
            case = file.case
            self._jobs.start(
                "record",
                tr("Reading the record"),
                lambda _p: known_of(file, case),
                self._judge_by,
                background=True,
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
                background=True,
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

    def _ask_place(self) -> Path | None:
        start = self._preferences.folder / f"case{SUFFIX}"
        chosen, _ = QFileDialog.getSaveFileName(self._window, tr("Save case as"), str(start), case_filter())
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)

    def _take(self, taken: OpenedCase) -> None:
        for message in reversed(taken.messages):  # the newest stands in front: the first is to be read first
            self.told.emit(message)
        if taken.newer is not None and self._prefers_newer(taken):
            close_file(taken.file)
            self.open_path(taken.newer.path)
            return
        work = self._recovered(taken)
        self._file, self.spine_lps_mm = taken.file, taken.spine_lps_mm
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
        answer = ask(self._window, *later_save(taken.newer.version.at, taken.saved_at))
        return answer == "newer"

    def _recovered(self, taken: OpenedCase) -> Case | None:
        """Return recovered work in place of the saved case, as the user chose."""
        version = taken.unsaved
        if taken.left is not None or version is None or taken.file is None:
            return taken.work
        answer = ask(self._window, *work_found(version))
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
                background=True,
            )

    def _lost(self, error: BaseException) -> None:
        if isinstance(error, PlanningError):
            self.told.emit(Message(error.message, "warn", about=tr("Holding the case file")))
        else:
            _LOG.error("sign of life failed: %s", type(error).__name__)
