"""At the start: work a crash left is looked for in the background and offered as it was."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from app.autosave import unsaved_folder
from app.flows.case_files import CaseFiles
from app.jobs import Jobs
from planning.errors import CaseFileProblem
from planning.model.study import Patient
from planning.report.identity import person_name
from planning.storage.journal import LeftBehind, left_behind
from planning.texts import tr
from widgets.dialogs import Choice, ask
from widgets.message_bar import Message
from widgets.recovery_dialog import LeftRow, RecoveryDialog

_Found = tuple[tuple[LeftBehind, ...], tuple[CaseFileProblem, ...]]


class Recovery(QObject):
    """Offers unsaved work.

    Signals
    -------
    told(Message)
    """

    told = Signal(object)

    def __init__(self, window: QWidget, jobs: Jobs, files: CaseFiles) -> None:
        super().__init__(window)
        self._window, self._jobs, self._files = window, jobs, files

    def offer(self, otherwise: Callable[[], object]) -> None:
        """Look for work that was left and ask what to do with it; `otherwise` runs where none is opened."""

        def done(found: _Found) -> None:
            if not self._ask(*found):
                otherwise()

        folder = unsaved_folder()
        self._jobs.start(
            "recovery", tr("Looking for unsaved work"), lambda _p: left_behind(folder), done, can_cancel=False
        )

    def _ask(self, works: tuple[LeftBehind, ...], problems: tuple[CaseFileProblem, ...]) -> bool:
        """Return whether work is being recovered."""
        left = list(works)
        told = tuple(problem.message for problem in problems)
        while left or told:
            dialog = RecoveryDialog(tuple(_row(work) for work in left), told, self._window)
            dialog.exec()
            answer, chosen = dialog.answer, dialog.chosen
            dialog.deleteLater()
            if answer == "recover":
                self._files.recover(left[chosen])
                return True
            if answer != "discard":
                return False
            if self._is_sure(left[chosen]):
                self._discard(left.pop(chosen))
            told = told if left else ()
        return False

    def _is_sure(self, work: LeftBehind) -> bool:
        text = tr("{what}\n\nThis work is deleted and cannot be brought back.", what=work.message)
        return (
            ask(
                self._window,
                tr("Discard unsaved work?"),
                text,
                (
                    Choice("keep", tr("Keep"), QMessageBox.ButtonRole.RejectRole, default=True),
                    Choice("discard", tr("Discard"), QMessageBox.ButtonRole.DestructiveRole),
                ),
            )
            == "discard"
        )

    def _discard(self, work: LeftBehind) -> None:
        self._jobs.start(
            "discard", tr("Discarding"), lambda _p: work.discard(), lambda _done: self.told.emit(
                Message(tr("Discarded."))), can_cancel=False
        )  # fmt: skip


def _row(work: LeftBehind) -> LeftRow:
    name = work.path.name if work.path is not None else tr("A case that was never saved")
    at = work.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return LeftRow(name, work.label or tr("as it was opened"), at, _patient_words(work.patient))


def _patient_words(patient: Patient | None) -> str:
    """Return name and number; a dash where neither can be read."""
    if patient is None:
        return "–"
    return " · ".join(
        part for part in (person_name(patient.name) or tr("No name"), patient.patient_id) if part
    )
