"""The images of the case: what each is, how it lies to the planning image, what the import found in it."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from planning.editing.edits import Edit
from planning.editing.image_edits import MakePlanningImage, RemoveImage, work_on_planning_image
from planning.model.case import Case
from planning.model.frame_relation import FrameRelation, frame_relation, relation_words
from planning.model.study import Finding, Severity, StudyImage
from planning.report.identity import date_words
from planning.texts import tr
from widgets.access import allow
from widgets.icons import icon
from widgets.plain_text import label, tip

# Told by shape as well: a full diamond, an equals sign, its negation.
_SIGNS: Final = {
    FrameRelation.PLANNING: "◆",
    FrameRelation.SAME: "=",
    FrameRelation.OTHER: "≠",
    FrameRelation.UNSTATED: "≠",
}


class ImageRow(QFrame):
    """One image.

    Signals
    -------
    show_asked(str), edited(Edit), acknowledge_asked(str, str)
        Of `ImagesBox`.
    """

    show_asked = Signal(str)
    edited = Signal(object)
    acknowledge_asked = Signal(str, str)

    def __init__(self, case: Case, image: StudyImage, shown: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self.title = label(title_words(image), "title", wrap=True)
        self.title.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.size_words = label(size_words(image), "muted", wrap=True)
        relation = frame_relation(case, image)
        self.relation = label(
            f"{_SIGNS[relation]} {relation_words(case, image)}",
            "" if relation.shares_space else "warning",
            wrap=True,
        )
        self.show_it = QPushButton(tr("Shown") if shown else tr("Show"))
        self.show_it.setCheckable(True)
        self.show_it.setChecked(shown)
        self.show_it.setToolTip(tip(tr("Show this image on the slices")))
        self.show_it.clicked.connect(lambda: self.show_asked.emit(image.id))
        self.plan_on_it = QPushButton(tr("Plan on it"))
        self.remove = QPushButton(icon("delete"), tr("Remove"))
        self._connect(self.plan_on_it, MakePlanningImage(image.id), why_not_planning(case, image))
        self._connect(self.remove, RemoveImage(image.id), why_not_removed(case, image))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 6, 6)
        column.setSpacing(3)
        for part in (self.title, self.size_words, self.relation):
            column.addWidget(part)
        self.acknowledge: dict[str, QPushButton] = {}
        self.findings: list[str] = []
        for finding in image.findings:
            self._add_finding(column, case, image, finding)
        buttons = QHBoxLayout()
        for button in (self.show_it, self.plan_on_it, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        alone = len(case.images) == 1
        for button in (self.show_it, self.plan_on_it):
            button.setVisible(not alone)

    def _connect(self, button: QPushButton, edit: Edit, why_not: str) -> None:
        allow(button, why_not, edit.label)
        button.clicked.connect(lambda: self.edited.emit(edit))

    def _add_finding(self, column: QVBoxLayout, case: Case, image: StudyImage, finding: Finding) -> None:
        known = case.acknowledgement(image.id, finding.code)
        warns = finding.severity is Severity.WARN
        words = f"{'▲' if warns else '•'} {finding.message}"
        if known is not None:
            words += " " + tr("Acknowledged by {by} on {at}.", by=known.by, at=f"{known.at:%Y-%m-%d %H:%M}")
        self.findings.append(words)
        column.addWidget(label(words, "warning" if warns and known is None else "", wrap=True))
        if warns and known is None and finding.code not in self.acknowledge:
            button = QPushButton(tr("Acknowledge..."))
            if finding.needs_acknowledgement:
                button.setObjectName("alert")
                button.setToolTip(
                    tip(tr("Nothing measured in this image is shown before a person has read this."))
                )
            button.clicked.connect(lambda: self.acknowledge_asked.emit(image.id, finding.code))
            self.acknowledge[finding.code] = button
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)


class ImagesBox(QWidget):
    """Every image of the case, and a way to add one.

    Signals
    -------
    show_asked(str)
        Id of the image to show on the slices.
    edited(Edit)
    acknowledge_asked(str, str)
        Image id and code of the finding.
    add_asked()
    """

    show_asked = Signal(str)
    edited = Signal(object)
    acknowledge_asked = Signal(str, str)
    add_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[ImageRow] = []
        self._shown: tuple[object, ...] = ()
        self.add = QPushButton(icon("add"), tr("Add an image of this patient..."))
        self.add.setToolTip(tip(tr("Another phase, an MR or a follow-up, from a DICOM folder")))
        self.add.clicked.connect(self.add_asked)
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addLayout(self._column)
        whole.addWidget(self.add)

    def show_case(self, case: Case, shown_image: str) -> None:
        """Show the images of a case; rows are built anew only where something of them changed."""
        ids = [image.id for image in case.images]
        shown = shown_image if shown_image in ids else next(iter(ids), "")
        state = (case.images, case.acknowledgements, shown, work_on_planning_image(case))
        if state == self._shown:
            return
        self.clear()
        self._shown = state
        self.rows = [ImageRow(case, image, image.id == shown, self) for image in case.images]
        for row in self.rows:
            row.show_asked.connect(self.show_asked)
            row.edited.connect(self.edited)
            row.acknowledge_asked.connect(self.acknowledge_asked)
            self._column.addWidget(row)

    def clear(self) -> None:
        """Show none: the case was closed."""
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows, self._shown = [], ()


def why_not_planning(case: Case, image: StudyImage) -> str:
    """Return why an image cannot become the planning image; empty where it can."""
    if image is case.image:
        return tr("This is the planning image.")
    work = work_on_planning_image(case)
    return tr("Not while work lies on the present planning image: {work}.", work=work) if work else ""


def why_not_removed(case: Case, image: StudyImage) -> str:
    """Return why an image cannot be removed; empty where it can."""
    work = work_on_planning_image(case) if image is case.image else ""
    return tr("The planning image cannot be removed: {work}.", work=work) if work else ""


def title_words(image: StudyImage) -> str:
    """Return what an image is."""
    parts = (image.modality, image.description, date_words(image.acquired), image.contrast)
    return " · ".join(part for part in parts if part) or tr("image without description")


def size_words(image: StudyImage) -> str:
    """Return the size of an image and of its voxels."""
    grid = image.volume.grid
    (k, j, i), (di, dj, dk) = grid.shape_kji, grid.spacing_ijk_mm
    voxel = (f"{v:.3f}" for v in (di, dj, dk))
    return tr("{i} × {j} × {k} voxels of {voxel} mm", i=i, j=j, k=k, voxel=" × ".join(voxel))
