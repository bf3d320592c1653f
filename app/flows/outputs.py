"""Reports, exports and pictures: the command line runs as a child process on a frozen copy of the case."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Final

from PySide6.QtCore import QBuffer, QIODevice, QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from app.drawn import stamp_of
from app.errands.put_files import check_folder, put_files
from app.flows.case_files import CaseFiles
from app.jobs import Jobs
from app.language import OPTION
from app.paths import private_folder
from app.problem_messages import problem_message
from app.program import ROOT
from app.progress_lines import said_progress
from app.session import Session
from app.settings import Preferences
from planning.errors import ExportRefused, PlanningError
from planning.model.case import Case
from planning.progress import Cancelled, Progress
from planning.storage.case_file import CaseFile
from planning.storage.record import EXPORT
from planning.texts import mark, spoken, tr
from widgets.message_bar import Message
from widgets.output_dialog import Option, OutputDialog
from widgets.views.four_up import FourUp

_POLL_S: Final = 0.1
_GRACE_S: Final = 2.0  # to stop by itself and tidy up, before it is ended
_COPY: Final = "case.enbloc"


class OutputFlow(QObject):
    """Writes what leaves the program; only from a case whose numbers are current.

    Signals
    -------
    told(Message)
    """

    told = Signal(object)

    def __init__(
        self,
        window: QWidget,
        session: Session,
        jobs: Jobs,
        preferences: Preferences,
        views: FourUp,
        files: CaseFiles,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._preferences = preferences
        self._views = views
        self._files = files

    def report(self) -> None:
        """Ask for a folder, how much of the identity to print and the paper, then write the report there."""
        dialog = self.report_dialog()
        if dialog.exec() == QDialog.DialogCode.Accepted:
            identity, paper = dialog.chosen("identity"), dialog.chosen("paper")
            arguments = ["report", "--identity", identity, "--paper", paper]
            self._run(tr("Writing the report"), arguments, dialog.folder)
            self._preferences.folder = dialog.folder.parent

    def report_dialog(self) -> OutputDialog:
        """Return the dialog that asks where and how the report is written."""
        text = tr("PDF, HTML, pictures, tables, the plan and its evaluation are written to one folder.")
        return self._dialog(tr("Write the report"), text, "report", report_options())

    def export(self) -> None:
        """Ask for a folder and write meshes and DICOM objects there."""
        text = tr("Every structure and piece is written as a mesh (STL, 3MF), and as DICOM segmentation.")
        dialog = self._dialog(tr("Export meshes and DICOM"), text, "export", ())
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._run(tr("Exporting"), ["export"], dialog.folder)
            self._preferences.folder = dialog.folder.parent

    def picture(self) -> None:
        """Save what the views show as one PNG."""
        view = self._session.view
        if view.evaluation is None or view.case is None:
            words = tr("The numbers are not current; no picture was taken.")
            self.told.emit(Message(words, "warn", about=tr("Save picture")))
            return
        if self._is_blocked(tr("Save picture")):
            return
        place = self._preferences.folder / "views.png"
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, tr("Save picture"), str(place), f"{tr('PNG picture')} (*.png)"
        )
        if chosen:
            path = Path(chosen).with_suffix(".png")
            try:
                picture = self._views.picture(stamp_of(view.case, view.evaluation))
            except PlanningError as error:
                self.told.emit(problem_message(error, about=tr("Save picture")))
                return
            self._jobs.start(
                "picture",
                tr("Save picture"),
                lambda _progress: put_files(path.parent, {path.name: png_of(picture)}),
                lambda _done: self.told.emit(Message(tr("Picture saved as {name}.", name=path.name))),
            )

    def _run(self, title: str, arguments: list[str], folder: Path) -> None:
        case = self._session.case
        if case is None or self._session.view.evaluation is None:
            words = tr("The numbers are not current; nothing was written.")
            self.told.emit(Message(words, "warn", about=title))
            return
        if self._is_blocked(title):
            return
        book = self._files.book
        digest = self._session.view.evaluation.inputs.digest.removeprefix("sha256:")[:12]
        self._preferences.folder = folder
        self._jobs.start(
            "output",
            title,
            lambda progress: run_on_copy(case, arguments, folder, progress, book),
            lambda _done: self._tell_done(folder, arguments[0], digest),
        )

    def _is_blocked(self, title: str) -> bool:
        """Say why nothing may leave the program while an approval does not hold."""
        standing = self._session.view.standing
        if standing.blocks_output:
            words = tr("{reason} Nothing leaves EnBloc until then.", reason=standing.sentence)
            wording = f"Approval: {standing.standing.value}."
            self.told.emit(Message(words, "fail", "APPROVAL_BROKEN", wording=wording, about=title))
        return standing.blocks_output

    def _tell_done(self, folder: Path, what: str, digest: str) -> None:
        names = {"report": tr("report"), "export": tr("meshes and DICOM objects")}
        self._files.note(EXPORT, tr("{what}; inputs {digest}", what=names.get(what, what), digest=digest))
        if what == "report":
            words = tr(
                "The report is written: report.pdf, with all that belongs to it, in {folder}.", folder=folder
            )
        else:
            words = tr("Meshes and DICOM objects are written to {folder}.", folder=folder)
        self.told.emit(Message(words, stays=True, folder=folder))
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _dialog(self, title: str, text: str, name: str, options: Sequence[Option]) -> OutputDialog:
        return OutputDialog(title, text, self._preferences.folder / f"enbloc-{name}", options, self._window)


def report_options() -> tuple[Option, ...]:
    """Return what is asked of a report beside its folder."""
    identities = (
        ("none", tr("none: a code stands for it")),
        ("initials", tr("initials")),
        ("full", tr("in full: name, number, birth date")),
    )
    papers = (("a4", "A4"), ("letter", "Letter"))
    return Option("identity", tr("Patient's identity"), identities), Option("paper", tr("Paper"), papers)


def png_of(picture: QImage) -> bytes:
    """Return a picture as the bytes of a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not picture.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise ExportRefused("NO_PICTURE", mark("The picture is too large to be kept; nothing was written."))
    return bytes(buffer.data().data())


def run_on_copy(
    case: Case, arguments: list[str], folder: Path, progress: Progress, book: CaseFile | None = None
) -> None:
    """Freeze the case into a private copy and run the command line on it; runs on a job thread.

    The record of `book` goes with it, so that what is printed can name the approval. Everything the child
    writes lies in one private folder; only what is whole is put into `folder`, all of it or none, so that
    a cancelled or crashed child leaves nothing anywhere.

    Raises
    ------
    ExportRefused
        With the sentence the command line gave, or where `folder` cannot be written.
    """
    check_folder(folder)
    place = private_folder(Path(tempfile.mkdtemp(prefix=f"enbloc-output-{os.getpid()}-")))
    made, scratch = place / "made", place / "scratch"
    try:
        progress(0.05, tr("Freezing the case"))
        scratch.mkdir()
        kept = book.kept(versions=False) if book is not None else None
        CaseFile.create(place / _COPY, case, kept=kept).close()
        command, *options = arguments
        line = [str(ROOT / "main.py"), command, str(place / _COPY), "--out", str(made), OPTION, spoken()]
        child = subprocess.Popen(
            [sys.executable, *line, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))},
            start_new_session=True,
        )
        try:
            said = _waited(child, progress)
        finally:
            _end(child)
        if child.returncode != 0:
            raise ExportRefused("OUTPUT_FAILED", mark("Nothing was written: {reason}"), reason=said or "?")
        progress(0.97, tr("Writing"))
        files = sorted(path for path in made.rglob("*") if path.is_file())
        put_files(folder, {path.relative_to(made).as_posix(): path for path in files})
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _waited(child: "subprocess.Popen[str]", progress: Progress) -> str:
    """Hand on how far the child says it is, until it ends; return the last other thing it said."""
    lines: list[str] = []
    stream = child.stderr
    if stream is None:
        raise ValueError("the child's standard error must be a pipe")
    reader = Thread(target=lambda: lines.extend(line.strip() for line in stream), daemon=True)
    reader.start()
    told = 0.05, tr("Writing")
    with stream:
        try:
            while reader.is_alive():
                reader.join(_POLL_S)
                told = next((found for line in reversed(lines) if (found := said_progress(line))), told)
                progress(told[0], tr(told[1]))
        except Cancelled:
            _end(child)
            raise
        finally:
            reader.join()
    child.wait()
    said = [line for line in lines if line and said_progress(line) is None]
    return said[-1] if said else ""


def _end(child: "subprocess.Popen[str]") -> None:
    """End the child where it still runs, with whatever it started."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
