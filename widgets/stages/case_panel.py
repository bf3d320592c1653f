"""The Case stage: where the case comes from, what is known of the lesion, what the import found."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from planning.editing.case_edits import SetDiagnosis
from planning.model.case import Case, Diagnosis
from planning.texts import tr
from widgets.access import named_row
from widgets.fields import TextField
from widgets.icons import icon
from widgets.plain_text import label, tip
from widgets.stages.images_box import ImagesBox


class CasePanel(QScrollArea):
    """Start here; and the case's own facts.

    Signals
    -------
    open_asked(), import_folder_asked(), import_file_asked(), demo_asked(), labels_asked(), plan_asked()
    recent_asked(Path)
    edited(Edit)
    """

    open_asked = Signal()
    import_folder_asked = Signal()
    import_file_asked = Signal()
    demo_asked = Signal()
    plan_asked = Signal()
    recent_asked = Signal(object)
    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.demo = QPushButton(tr("Open the demo case"))
        self.demo.setObjectName("primary")
        self.import_folder = QPushButton(icon("import"), tr("Import a DICOM folder..."))
        self.import_file = QPushButton(icon("import"), tr("Import a zip or volume file..."))
        self.open_case = QPushButton(icon("open"), tr("Open a case..."))
        self.plan = QPushButton(icon("open"), tr("Load a plan (JSON)..."))
        self.hint = label(
            tr("Drop a DICOM folder, a zip of one, a volume file or a case here."), "muted", wrap=True
        )
        self.demo.clicked.connect(self.demo_asked)
        self.import_folder.clicked.connect(self.import_folder_asked)
        self.import_file.clicked.connect(self.import_file_asked)
        self.open_case.clicked.connect(self.open_asked)
        self.plan.clicked.connect(self.plan_asked)
        self._recent = QVBoxLayout()
        self.recent_title = label(tr("Recent cases"), "title")
        self.diagnosis = {
            "text": TextField(tr("what is known of the lesion")),
            "histology": TextField(tr("such as giant cell tumour")),
            "biopsy": TextField(tr("such as proven by CT-guided biopsy")),
        }
        words = {"text": tr("Diagnosis"), "histology": tr("Histology"), "biopsy": tr("Biopsy")}
        self.facts = QWidget()
        form = QFormLayout()
        for key, field in self.diagnosis.items():
            named_row(form, words[key], field)
            field.entered.connect(lambda _text: self._diagnose())
        self.unproven = label(tr("▲ No biopsy is recorded: the report says 'unproven'."), wrap=True)
        self.images = ImagesBox()
        self.credit = label("", "muted", wrap=True)
        self._lay_out(form)
        self.show_recent(())
        self.show_case(None)

    def _lay_out(self, form: QFormLayout) -> None:
        facts = QVBoxLayout(self.facts)
        facts.setContentsMargins(0, 0, 0, 0)
        facts.addSpacing(6)
        facts.addWidget(label(tr("Lesion"), "title"))
        facts.addLayout(form)
        facts.addWidget(self.unproven)
        facts.addWidget(label(tr("Images"), "title"))
        facts.addWidget(self.images)
        facts.addWidget(self.credit)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(10, 8, 8, 8)
        column.addWidget(label(tr("Begin"), "title"))
        for button in (self.demo, self.import_folder, self.import_file, self.open_case, self.plan):
            column.addWidget(button)
        column.addWidget(self.hint)
        column.addWidget(self.recent_title)
        column.addLayout(self._recent)
        column.addWidget(self.facts)
        column.addStretch(1)
        self.setWidget(inner)

    def show_demo(self, available: bool) -> None:
        """Say whether the demo case is there."""
        self.demo.setEnabled(available)
        self.demo.setToolTip("" if available else tip(tr("The demo case is missing from this installation.")))

    def show_recent(self, paths: Sequence[Path]) -> None:
        """Offer cases opened before."""
        while self._recent.count():
            item = self._recent.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self.recent_title.setVisible(bool(paths))
        for path in paths:
            button = QPushButton(path.stem)
            button.setToolTip(tip(str(path)))
            button.clicked.connect(lambda _checked=False, chosen=path: self.recent_asked.emit(chosen))
            self._recent.addWidget(button)

    def show_case(self, case: Case | None, shown_image: str = "") -> None:
        """Show the facts of a case; `shown_image` is the one on the slices, empty for the planning image."""
        self.facts.setVisible(case is not None)
        self.demo.setObjectName("primary" if case is None else "")
        self.demo.style().unpolish(self.demo)
        self.demo.style().polish(self.demo)
        self.plan.setEnabled(case is not None and case.anatomy is not None)
        self.plan.setToolTip("" if self.plan.isEnabled() else tip(tr("Open a case first.")))
        if case is None:
            self.images.clear()
            return
        for key, field in self.diagnosis.items():
            field.show_text(getattr(case.diagnosis, key))
        self.unproven.setVisible(not case.diagnosis.biopsy)
        self.images.show_case(case, shown_image)
        self.credit.setText(case.credit)
        self.credit.setVisible(bool(case.credit))

    def _diagnose(self) -> None:
        values = {key: field.text().strip() for key, field in self.diagnosis.items()}
        self.edited.emit(SetDiagnosis(Diagnosis(**values)))
