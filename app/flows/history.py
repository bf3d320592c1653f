"""Versions, comparison, going back, approval: what the history dialog asks for, done as jobs."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QInputDialog, QWidget

from app.flows.case_files import CaseFiles
from app.jobs import Jobs
from app.session import Session
from app.settings import Preferences
from planning.editing.case_edits import ReplaceCase
from planning.editing.differences import Difference, case_differences, limit_differences
from planning.model.case import Case
from planning.progress import Progress
from planning.safety.board import board
from planning.safety.number_differences import number_differences
from planning.safety.results import Evaluation, Status
from planning.storage.case_file import CaseFile
from planning.storage.kept_limits import limits_of
from planning.storage.record import Record
from planning.storage.versions import Version
from planning.texts import tr
from widgets.approval_dialogs import ApproveDialog, WithdrawDialog
from widgets.dialogs import NamedDialog
from widgets.history_dialog import HistoryDialog
from widgets.history_rows import record_rows, record_sentence, version_rows
from widgets.message_bar import Message


@dataclass(frozen=True, eq=False)
class _Loaded:
    versions: tuple[Version, ...]
    record: Record


@dataclass(frozen=True, eq=False)
class _Compared:
    version: Version
    case: Case
    found: tuple[Difference, ...]
    note: str


class HistoryFlow(QObject):
    """Shows the history of the open case and does what is asked there.

    Signals
    -------
    told(Message)
    """

    told = Signal(object)

    def __init__(
        self, window: QWidget, session: Session, jobs: Jobs, files: CaseFiles, preferences: Preferences
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._files = files
        self._preferences = preferences
        self._versions: tuple[Version, ...] = ()
        self.dialog: HistoryDialog | None = None
        files.saved.connect(self._load)
        files.opened.connect(self.close)

    def show(self) -> None:
        """Open the dialog beside the views."""
        if self.dialog is None:
            self.dialog = HistoryDialog(self._window)
            self.dialog.compare_asked.connect(self._compare)
            self.dialog.restore_asked.connect(self._restore)
            self.dialog.name_asked.connect(self._name)
        self._load()
        self.dialog.show()
        self.dialog.raise_()

    def close(self) -> None:
        """Close the dialog: it shows another case."""
        if self.dialog is not None:
            self.dialog.close()
            self.dialog.deleteLater()
            self.dialog = None

    def save_named(self) -> None:
        """Ask for a name and save a version that is kept for good."""
        name = self._ask_name(tr("Save a named version"), "")
        if name:
            self._files.save(name, keep=True)

    def approve(self) -> None:
        """Ask who approves the plan on screen, then save it as approved."""
        view, file = self._session.view, self._files.file
        case, evaluation = view.case, view.evaluation
        if file is None or case is None or evaluation is None:
            return
        dialog = ApproveDialog(
            case.plan.name, _counts(evaluation, case), self._preferences.user_name, self._window
        )
        if not self._agreed(dialog):
            return
        by, settings = dialog.by.text(), self._session.settings
        label = tr("Approved: {plan}", plan=case.plan.name)
        self._jobs.start(
            "save",
            tr("Saving the approved plan"),
            lambda _p: file.approve(case, by, label, settings.digest, limits_of(settings), dialog.said),
            lambda _done: self._approved(case, file),
            can_cancel=False,
        )

    def withdraw(self) -> None:
        """Ask who withdraws the approval and why."""
        case, file = self._session.case, self._files.file
        if case is None or file is None:
            return
        names = {plan.name for plan in case.plans}
        gone = next((a.plan for a in file.approvals if a.plan not in names), case.plan.name)
        plan = case.plan.name if any(a.plan == case.plan.name for a in file.approvals) else gone
        dialog = WithdrawDialog(plan, self._preferences.user_name, self._window)
        if not self._agreed(dialog):
            return
        by, reason = dialog.by.text(), dialog.reason.toPlainText()
        self._jobs.start(
            "save",
            tr("Writing the record"),
            lambda _p: file.withdraw(plan, by, reason),
            lambda _done: self._decided(tr("The approval of {plan} is withdrawn.", plan=plan)),
            can_cancel=False,
        )

    def _approved(self, case: Case, file: CaseFile) -> None:
        self._session.mark_saved(case, file.path)
        self._files.saved.emit()
        self._decided(tr("The plan is saved and approved. Any change to it voids the approval."))

    def _decided(self, words: str) -> None:
        self._files.refresh()
        self._load()
        self.told.emit(Message(words))

    def _load(self) -> None:
        file = self._files.file
        if self.dialog is None:
            return
        if file is None:
            self.dialog.show_versions((), tr("Save the case first."))
            self.dialog.show_record((), tr("This case has no file yet, so no record."), is_whole=True)
            return

        def done(loaded: _Loaded) -> None:
            self._versions = loaded.versions
            if self.dialog is not None:
                self.dialog.show_versions(
                    version_rows(loaded.versions, loaded.record), file.why_read_only or ""
                )
                sentence = file.tampering or record_sentence(loaded.record)
                self.dialog.show_record(record_rows(loaded.record), sentence, is_whole=not file.tampering)

        self._jobs.start(
            "history", tr("Reading the history"), lambda _p: _Loaded(file.versions(), file.record()), done
        )

    def _compare(self, number: int) -> None:
        file, present, version = self._files.file, self._session.case, self._version(number)
        if file is None or present is None or version is None:
            return
        limits = limits_of(self._session.settings)

        def work(_progress: Progress) -> _Compared:
            case = file.read(version)
            kept = file.limits_of(version)
            found = case_differences(case, present)
            if kept is None:
                note = tr("The limits of that time were not kept with this version.")
            else:
                found, note = (*found, *limit_differences(kept, limits)), ""
            return _Compared(version, case, found, note)

        self._jobs.start("compare", tr("Comparing"), work, self._show_compared)

    def _show_compared(self, compared: _Compared) -> None:
        if self.dialog is None:
            return
        measured = self._session.view.evaluation
        waits = tr("Numbers of both are being measured under the present limits.")
        cannot = tr("Numbers are compared once the present plan is checked.")
        note = " ".join(part for part in (compared.note, waits if measured is not None else cannot) if part)
        self.dialog.show_differences(_title(compared.version), compared.found, note)
        if measured is not None:
            self._compare_numbers(compared, measured)

    def _compare_numbers(self, compared: _Compared, measured: Evaluation) -> None:
        derived = self._session.derived

        def done(found: tuple[Difference, ...]) -> None:
            if self.dialog is not None and self.dialog.chosen == compared.version.number:
                said = tr("Numbers of both are measured anew under the present limits, by this program.")
                if not found:
                    said = tr("No number differs under the present limits.")
                self.dialog.add_numbers(found, " ".join(part for part in (said, compared.note) if part))

        def failed(error: BaseException) -> None:
            if self.dialog is not None:
                self.dialog.add_numbers(
                    (), tr("The numbers of that version could not be measured: {why}", why=str(error))
                )

        def work(progress: Progress) -> tuple[Difference, ...]:
            then = derived.measured_apart(compared.case, progress)
            return number_differences(then, measured) if then is not None else ()

        self._jobs.start("compare-numbers", tr("Measuring the earlier version"), work, done, failed)

    def _restore(self, number: int) -> None:
        file, version = self._files.file, self._version(number)
        if file is None or version is None:
            return

        def done(case: Case) -> None:
            words = tr("Go back to {version}", version=_title(version))
            if self._session.do(ReplaceCase(case, words)):
                self.told.emit(Message(tr("The case is as it was then. Undo returns; saving keeps both.")))

        self._jobs.start("restore", tr("Reading the version"), lambda _p: file.read(version), done)

    def _name(self, number: int) -> None:
        file, version = self._files.file, self._version(number)
        name = self._ask_name(tr("Name this version"), version.label if version is not None else "")
        if file is None or version is None or not name:
            return
        self._jobs.start(
            "name", tr("Naming"), lambda _p: file.name_version(version, name), lambda _done: self._load()
        )

    def _version(self, number: int) -> Version | None:
        return next((v for v in self._versions if v.number == number), None)

    def _ask_name(self, title: str, present: str) -> str:
        words = tr("Its name; such a version is kept for good.")
        name, agreed = QInputDialog.getText(self._window, title, words, text=present)
        return name.strip() if agreed else ""

    def _agreed(self, dialog: NamedDialog) -> bool:
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return False
        self._preferences.user_name = dialog.by.text().strip()
        return True


def _title(version: Version) -> str:
    at = version.at.astimezone().strftime("%Y-%m-%d %H:%M")
    return f"{version.label or tr('the version')} ({at})"


def _counts(evaluation: Evaluation, case: Case) -> tuple[int, int, int]:
    """Return how many lines of the safety board fail, are not assessed and warn, accepted ones left out."""
    open_lines = [line.status for line in board(evaluation, case) if line.accepted is None]
    fails, missing, warns = (open_lines.count(s) for s in (Status.FAIL, Status.NOT_ASSESSED, Status.WARN))
    return fails, missing, warns
