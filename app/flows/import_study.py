"""From a folder, zip or volume file to a case in the window: scan, choose, load."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from app.errands.load_images import case_of, load_images
from app.errands.workbench import Workbench
from app.flows.case_files import CaseFiles
from app.flows.import_structures import LABEL_FILES, StructuresFlow
from app.jobs import Jobs
from app.landing import spine_lps_mm
from app.session import Session
from app.settings import Preferences
from planning.editing.image_edits import AddImage
from planning.errors import PlanningError
from planning.geometry.frames import Vec3
from planning.imaging.import_choice import ImportChoice
from planning.imaging.memory_need import usable_bytes
from planning.imaging.scan import scan
from planning.imaging.series import Scan
from planning.imaging.thumbnails import Thumbnail, thumbnail_of
from planning.model.case import Case
from planning.progress import Progress
from planning.texts import tr
from widgets.message_bar import Message
from widgets.series_dialog import SeriesDialog
from widgets.together import Together

_PICTURES: Final = "pictures"
_VOLUMES: Final = "*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd"


@dataclass(frozen=True, eq=False)
class Begun:
    """A new case, and where to look first in a CT without structures."""

    case: Case
    spine_lps_mm: Vec3 | None


class ImportFlow(QObject):
    """Imports images and labels.

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
        bench: Workbench,
        files: CaseFiles,
        preferences: Preferences,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._bench = bench
        self._files = files
        self._preferences = preferences
        self._adding = False
        self.structures = StructuresFlow(window, session, jobs, bench, preferences)
        self.structures.told.connect(self.told)

    def choose_folder(self) -> None:
        """Ask for a DICOM folder and import it."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, tr("Import DICOM folder"), str(self._preferences.folder)
        )
        if chosen:
            self.start(Path(chosen))

    def add_from_folder(self) -> None:
        """Ask for a DICOM folder and offer its series as further images of the present case."""
        self._adding = True
        self.choose_folder()
        self._adding = False

    def choose_file(self) -> None:
        """Ask for a zip or volume file and import it."""
        kinds = f"{tr('Images')} (*.zip {_VOLUMES} *.dcm);;{tr('All files')} (*)"
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, tr("Import zip or volume file"), str(self._preferences.folder), kinds
        )
        if chosen:
            self.start(Path(chosen))

    def start(self, source: Path) -> None:
        """Scan a source and let the user choose."""
        self._preferences.folder = source.parent
        adding = self._adding
        self._jobs.start(
            "import",
            tr("Looking for image series"),
            lambda progress: scan(source, progress, self._bench.worker),
            lambda found: self._choose(found, adding),
        )

    def _choose(self, found: Scan, adding: bool) -> None:
        dialog = SeriesDialog(
            found,
            self._ask_labels,
            self._ask_names,
            self._window,
            case=self._session.case,
            usable_bytes=usable_bytes(),
            by=self._preferences.user_name,
        )
        if adding and dialog.into_case.isEnabled():
            dialog.into_case.setChecked(True)
        self._fetch_picture(dialog, 0)
        answer = dialog.exec()
        self._jobs.cancel(_PICTURES)
        if answer != QDialog.DialogCode.Accepted:
            return
        choice = dialog.choice
        if choice.confirmed_by:
            self._preferences.user_name = choice.confirmed_by
        if choice.case is not None or self._files.settle():
            self._load(choice, dialog.labels_path, dialog.names_path)

    def _fetch_picture(self, dialog: SeriesDialog, number: int) -> None:
        """Fetch one picture after another, for as long as the dialog is there."""
        if number >= len(dialog.tree.series):
            return
        summary = dialog.tree.series[number]

        def show(picture: Thumbnail | None, why_none: str = "") -> None:
            if not dialog.is_done:
                dialog.show_picture(number, picture, why_none)
                self._fetch_picture(dialog, number + 1)

        def failed(error: BaseException) -> None:
            show(None, error.message if isinstance(error, PlanningError) else "")

        self._jobs.start(
            _PICTURES,
            tr("Fetching pictures of the series"),
            lambda progress: thumbnail_of(summary, self._bench.worker, progress),
            show,
            failed,
        )

    def _load(self, choice: ImportChoice, labels: Path | None, names: Path | None) -> None:
        bench = self._bench

        def work(progress: Progress) -> Begun | tuple[AddImage, ...]:
            edits = load_images(choice, bench, progress, lambda: datetime.now(UTC))
            if choice.case is not None:
                return edits
            case = case_of(edits)
            return Begun(case, spine_lps_mm(case))

        def done(loaded: Begun | tuple[AddImage, ...]) -> None:
            if isinstance(loaded, Begun):
                self._open(loaded, labels, names)
            else:
                self._add(choice.case, loaded)

        self._jobs.start("import", tr("Loading images"), work, done)

    def _add(self, case: Case | None, edits: tuple[AddImage, ...]) -> None:
        present = self._session.case
        if present is None or case is None or present.id != case.id:
            words = tr("Another case was opened meanwhile, so the images were not added. Import them again.")
            self.told.emit(Message(words, "warn"))
        elif self._session.do(Together(tr("Add images"), edits)):
            words = tr(
                "{count} image(s) were added. The Case stage lists them and chooses which one is shown.",
                count=len(edits),
            )
            self.told.emit(Message(words))

    def _open(self, begun: Begun, labels: Path | None, names: Path | None) -> None:
        self._files.new_case(begun.case, begun.spine_lps_mm)
        if labels is not None:
            self.structures.start(labels, names)
        else:
            self.told.emit(
                Message(tr("Imported without structures. Import structures in the Anatomy stage."))
            )

    def _ask_labels(self) -> Path | None:
        kinds = f"{tr('Structures')} ({LABEL_FILES});;{tr('All files')} (*)"
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, tr("Import structures"), str(self._preferences.folder), kinds
        )
        return Path(chosen) if chosen else None

    def _ask_names(self) -> Path | None:
        kinds = f"{tr('Names of labels')} (*.json *.csv);;{tr('All files')} (*)"
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, tr("Names of the labels (optional)"), str(self._preferences.folder), kinds
        )
        return Path(chosen) if chosen else None
