"""From a folder, zip or volume file to a case in the window: scan, choose, load."""

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from app.errands.import_study import with_labels
from app.errands.workbench import Workbench
from app.flows.case_files import CaseFiles
from app.jobs import Jobs
from app.session import Session
from app.settings import Preferences
from planning.editing.anatomy_edits import AddStructures
from planning.imaging.label_import import LabelImport, import_labels
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.imaging.series import Scan, SeriesSummary
from planning.model.anatomy_table import AnatomyTable
from planning.model.case import Case
from planning.model.structures import StructureKind
from planning.progress import Progress, part
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
        """Ask for a label map and add its structures to the present case."""
        labels = self._ask_labels()
        if labels is None:
            return
        names = self._ask_names() if labels.is_file() else None
        case = self._session.case
        if case is None or case.anatomy is None:
            return
        grid = case.anatomy.grid
        self._jobs.start(
            "labels",
            tr("Importing labels"),
            lambda progress: import_labels(labels, names, grid, progress, self._bench.worker),
            lambda found: self._add(case, found),
        )

    def _choose(self, found: Scan) -> None:
        dialog = SeriesDialog(found, self._ask_labels, self._ask_names, self._window)
        if dialog.exec() != QDialog.DialogCode.Accepted or dialog.chosen is None:
            return
        if self._files.settle():
            self._load(dialog.chosen, dialog.labels_path, dialog.names_path)

    def _load(self, series: SeriesSummary, labels: Path | None, names: Path | None) -> None:
        bench = self._bench

        def work(progress: Progress) -> Case:
            loaded = load_series(series, part(progress, 0.0, 0.7), bench.worker)
            case = Case(id=uuid4().hex, patient=loaded.patient, images=(loaded.image,))
            return with_labels(case, bench, part(progress, 0.7, 1.0), labels, names)

        self._jobs.start("import", tr("Loading images"), work, self._open)

    def _open(self, case: Case) -> None:
        self._files.new_case(with_others_hidden(case, self._bench.settings.anatomy_table))
        count = len(case.anatomy.structures) if case.anatomy is not None else 0
        text = (
            tr("Imported with {count} structures. Check them in the Anatomy stage.", count=count)
            if count
            else tr("Imported without structures. Import labels in the Anatomy stage.")
        )
        self.told.emit(Message(text))

    def _add(self, case: Case, found: LabelImport) -> None:
        present = self._session.case
        if present is None or present.id != case.id:
            return
        if self._session.do(AddStructures(found.structures)):
            listed = ", ".join(found.listed_as_other)
            words = tr("{count} structures were added.", count=len(found.structures))
            if listed:
                words += " " + tr(
                    "Listed as 'other', because their names are unknown: {names}.", names=listed
                )
            self.told.emit(Message(words, "warn" if listed else "info"))
        for finding in found.findings:
            self.told.emit(Message(finding.message, "warn" if finding.severity.value == "warn" else "info"))

    def _ask_labels(self) -> Path | None:
        kinds = f"{tr('Label maps')} ({_VOLUMES});;{tr('All files')} (*)"
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


def with_others_hidden(case: Case, table: AnatomyTable) -> Case:
    """Return the case with structures of no known kind hidden: they are listed, but cover the spine."""
    others = case.anatomy.of_kind(StructureKind.OTHER) if case.anatomy is not None else ()
    looks = tuple((s.id, replace(table.look(s), visible=False)) for s in others)
    return replace(case, looks=(*case.looks, *looks))
