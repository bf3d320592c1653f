"""From a file or folder of structures to the case: read, look where they land, take in."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from app.errands.take_in import arrival_look
from app.errands.workbench import Workbench
from app.jobs import Jobs, without_values
from app.problem_messages import problem_message
from app.session import Session
from app.settings import Preferences
from planning.editing.intake_edits import Arrival, TakeIn
from planning.errors import PlanningError
from planning.imaging.import_settings import import_settings
from planning.imaging.intake import UNITS_MM, Choices, LabelImport, Unit, findings_for, onto_case
from planning.imaging.mesh_import import AXES, UNITS
from planning.imaging.mesh_import import SUFFIXES as SURFACES
from planning.imaging.structure_import import import_structures
from planning.model.study import Severity
from planning.texts import tr
from widgets.arrivals_dialog import PLACE_AGAIN, UNIT_WORDS, ArrivalsDialog
from widgets.dialogs import Choice, ask
from widgets.message_bar import Message

# Files that are structures whatever they hold; DICOM and volumes may be images as well.
STRUCTURE_FILES: Final = (".seg.nrrd", *SURFACES)
LABEL_FILES: Final = "*.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd *.dcm *.stl *.obj *.ply"


class StructuresFlow(QObject):
    """Imports structures into the present case, never without a look at them.

    Signals
    -------
    told(Message)
    """

    told = Signal(object)

    def __init__(
        self, window: QWidget, session: Session, jobs: Jobs, bench: Workbench, preferences: Preferences
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._bench = bench
        self._preferences = preferences

    def choose_file(self) -> None:
        """Ask for one file of structures."""
        kinds = f"{tr('Structures')} ({LABEL_FILES});;{tr('All files')} (*)"
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, tr("Import structures"), str(self._preferences.folder), kinds
        )
        if chosen:
            self.start(Path(chosen))

    def choose_folder(self) -> None:
        """Ask for a folder of masks, surfaces or DICOM objects."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, tr("Import a folder of structures"), str(self._preferences.folder)
        )
        if chosen:
            self.start(Path(chosen))

    def start(self, path: Path, names: Path | None = None, choices: Choices | None = None) -> None:
        """Read structures and show where they land."""
        self._preferences.folder = path.parent
        case = self._session.case
        if case is None or case.image is None:
            self.told.emit(Message(tr("Import images first: structures lie on an image."), "warn"))
            return
        onto = onto_case(case)
        worker = self._bench.worker
        self._jobs.start(
            "structures",
            tr("Reading structures"),
            lambda progress: import_structures(path, names, onto, progress, worker, choices),
            lambda found: self._preview(case.id, found, path, names),
            lambda error: self._failed(error, path, names, choices or Choices()),
        )

    def _failed(self, error: BaseException, path: Path, names: Path | None, choices: Choices) -> None:
        """Ask for what only a person can say; tell everything else."""
        if not isinstance(error, PlanningError):
            self._jobs.bug.emit(without_values(error))
            return
        if error.template == UNITS and choices.unit is None:
            units = _unit_choices(float(str(error.values["size"])))
            answer = self._asked(tr("Which unit?"), error.message, units)
            unit = next((u for u in UNITS_MM if u == answer), None)
            if unit is not None:
                self.start(path, names, replace(choices, unit=unit))
        elif error.template == AXES and choices.space is None:
            axes = [Choice(a, a, QMessageBox.ButtonRole.AcceptRole) for a in ("LPS", "RAS")]
            answer = self._asked(tr("Which axes?"), error.message, axes)
            if answer in ("LPS", "RAS"):
                self.start(path, names, replace(choices, space="RAS" if answer == "RAS" else "LPS"))
        elif error.code == "NO_NAMES" and names is None:
            self._ask_names(path, error)
        else:
            self.told.emit(problem_message(error, about=tr("Reading structures")))

    def _asked(self, title: str, text: str, choices: list[Choice]) -> str:
        cancel = Choice("", tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        return ask(self._window, title, text, (*choices, cancel))

    def _ask_names(self, path: Path, error: PlanningError) -> None:
        give = Choice("give", tr("Choose names..."), QMessageBox.ButtonRole.AcceptRole, default=True)
        if self._asked(tr("What are the labels?"), error.message, [give]) != "give":
            return
        kinds = f"{tr('Names of labels')} (*.json *.csv *.tsv);;{tr('All files')} (*)"
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, tr("Names of the labels"), str(self._preferences.folder), kinds
        )
        if chosen:
            self.start(path, Path(chosen))

    def _preview(self, case_id: str, found: LabelImport, path: Path, names: Path | None) -> None:
        case = self._session.case
        if case is None or case.id != case_id or case.image is None:
            return
        dialog = ArrivalsDialog(
            found, case.image, case.anatomy, self._bench.settings.anatomy_table, self._window
        )
        answer = dialog.exec()
        # It holds every mask that was found, and its parent lives as long as the program.
        dialog.deleteLater()
        if answer == PLACE_AGAIN:
            self.start(path, names, dialog.choices)
        elif answer == QDialog.DialogCode.Accepted:
            self._take_in(found, dialog)

    def _take_in(self, found: LabelImport, dialog: ArrivalsDialog) -> None:
        table = self._bench.settings.anatomy_table
        arrivals = tuple(
            Arrival(row.structure, row.replaces, arrival_look(row.structure, row.origin, table))
            for row in dialog.arrivals
        )
        findings = findings_for(found, [(row.structure, row.origin) for row in dialog.arrivals])
        if not self._session.do(TakeIn(arrivals, findings)):
            return
        others = sum(row.structure.kind.value == "other" for row in dialog.arrivals)
        words = tr("{count} structures were taken in as drafts.", count=len(arrivals))
        if others:
            words += " " + tr(
                "{count} of them have no kind: they are hidden, and no distance to them is judged.",
                count=others,
            )
        for finding in reversed(findings):  # the newest stands in front: what was done, then these in turn
            if finding.severity is Severity.WARN:
                self.told.emit(Message(finding.message, "warn"))
        self.told.emit(Message(words, "warn" if others else "info"))


def _unit_choices(size: float) -> list[Choice]:
    """Return the units in which a surface of that size could be of a body, with what it would measure."""
    settings = import_settings()
    sizes: dict[Unit, float] = {unit: size * factor for unit, factor in UNITS_MM.items()}
    likely = {u: s for u, s in sizes.items() if settings.least_mesh_mm <= s <= settings.largest_mesh_mm}
    return [
        Choice(
            unit,
            tr("{unit}: {size} mm", unit=tr(UNIT_WORDS[unit]), size=f"{mm:.3g}"),
            QMessageBox.ButtonRole.AcceptRole,
        )
        for unit, mm in (likely or sizes).items()
    ]
