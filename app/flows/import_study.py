"""From a folder, zip or volume file to a case in the window: scan, choose, load."""

from pathlib import Path
from uuid import uuid4

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from app.errands.import_study import with_labels
from app.errands.workbench import Workbench
from app.flows.case_files import CaseFiles
from app.flows.import_structures import LABEL_FILES, StructuresFlow
from app.jobs import Jobs
from app.session import Session
from app.settings import Preferences
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.imaging.series import Scan, SeriesSummary
from planning.model.case import Case
from planning.progress import Progress
from planning.texts import tr
from widgets.message_bar import Message
from widgets.series_dialog import SeriesDialog

_VOLUMES = "*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd"


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
        self.structures = StructuresFlow(window, session, jobs, bench, preferences)
        self.structures.told.connect(self.told)

    def choose_folder(self) -> None:
        """Ask for a DICOM folder and import it."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, tr("Import DICOM folder"), str(self._preferences.folder)
        )
        if chosen:
            self.start(Path(chosen))

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
        self._jobs.start(
            "import",
            tr("Looking for image series"),
            lambda progress: scan(source, progress, self._bench.worker),
            self._choose,
        )

    def choose_labels(self) -> None:
        """Ask for a file of structures and add them to the present case."""
        self.structures.choose_file()

    def _choose(self, found: Scan) -> None:
        dialog = SeriesDialog(found, self._ask_labels, self._ask_names, self._window)
        if dialog.exec() != QDialog.DialogCode.Accepted or dialog.chosen is None:
            return
        if self._files.settle():
            self._load(dialog.chosen, dialog.labels_path, dialog.names_path)

    def _load(self, series: SeriesSummary, labels: Path | None, names: Path | None) -> None:
        bench = self._bench

        def work(progress: Progress) -> Case:
            loaded = load_series(series, progress, bench.worker)
            case = Case(id=uuid4().hex, patient=loaded.patient, images=(loaded.image,))
            return with_labels(case, bench, progress, None, None)

        self._jobs.start("import", tr("Loading images"), work, lambda case: self._open(case, labels, names))

    def _open(self, case: Case, labels: Path | None, names: Path | None) -> None:
        self._files.new_case(case)
        if labels is not None:
            self.structures.start(labels, names)
        else:
            self.told.emit(
                Message(tr("Imported without structures. Import structures in the Anatomy stage."))
            )

    def _ask_labels(self) -> Path | None:
        kinds = f"{tr('Structures')} ({LABEL_FILES});;{tr('All files')} (*)"
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, tr("Import labels"), str(self._preferences.folder), kinds
        )
        return Path(chosen) if chosen else None

    def _ask_names(self) -> Path | None:
        kinds = f"{tr('Names of labels')} (*.json *.csv);;{tr('All files')} (*)"
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, tr("Names of the labels (optional)"), str(self._preferences.folder), kinds
        )
        return Path(chosen) if chosen else None
