"""Who this is about and what must not be overlooked, always in sight. Shown literally."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from planning.model.case import Case
from planning.report.identity import date_words
from planning.texts import listed, mark, tr
from widgets.flow_row import FlowRow
from widgets.level_words import resection_words
from widgets.plain_text import label, tip


@dataclass(frozen=True)
class Warned:
    """A badge of the banner."""

    text: str
    tone: str
    why: str


class Verdict(StrEnum):
    """What is known of cuts through tumour."""

    NOTHING = "nothing"
    UPDATING = "updating"
    INTRALESIONAL = "intralesional"


_VERDICTS: Final = {
    Verdict.NOTHING: ("", "", ""),
    Verdict.UPDATING: (
        mark("UPDATING"), "wait",
        mark("The plan is being checked; whether it cuts through tumour is told when that is done."),
    ),
    Verdict.INTRALESIONAL: (
        mark("INTRALESIONAL"), "fail", mark("At least one cut or specimen surface passes through tumour."),
    ),
}  # fmt: skip


class PatientBanner(QFrame):
    """Patient line, series, plan and badges.

    Signals
    -------
    levels_asked()
        The surgeon wants to confirm the level count.
    """

    levels_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.patient = label("", "patient")
        self.study = label("", "muted")
        self.badges: list[str] = []
        self.confirm_levels = QPushButton(tr("▲ Levels not confirmed..."))
        self.confirm_levels.setObjectName("alert")
        self.confirm_levels.setToolTip(
            tip(tr("Until a person has confirmed the level count, no result is better than WARN."))
        )
        self.confirm_levels.clicked.connect(self.levels_asked)
        self.verdict = label("", "badge")
        self.verdict.setAlignment(Qt.AlignmentFlag.AlignCenter)
        keep = self.verdict.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.verdict.setSizePolicy(keep)
        badges = QWidget()
        self._badges = QHBoxLayout(badges)
        self._badges.setContentsMargins(0, 0, 0, 0)
        self._badges.setSpacing(4)
        # Who the patient is is never cut off: what has no room goes to a second line.
        self.study.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row = FlowRow(10)
        row.setContentsMargins(12, 4, 8, 4)
        self.setLayout(row)
        for part in (self.patient, self.study, self.verdict, badges, self.confirm_levels):
            row.addWidget(part)
        self.show_verdict(Verdict.INTRALESIONAL)
        self.verdict.setMinimumWidth(self.verdict.sizeHint().width() + 8)
        self.show_verdict(Verdict.NOTHING)
        self.fit_to_text()

    def fit_to_text(self) -> None:
        """Take the height of one line with its button, shown or not: nothing moves when it goes."""
        self.ensurePolished()
        self.confirm_levels.ensurePolished()
        self.setMinimumHeight(self.confirm_levels.sizeHint().height() + 10)

    def show_verdict(self, verdict: Verdict) -> None:
        """Say whether the plan cuts through tumour, or that this is being found out; in one fixed place."""
        text, tone, why = _VERDICTS[verdict]
        self.verdict.setVisible(bool(text))
        if text and self.verdict.text() != tr(text):
            self.verdict.setText(tr(text))
            self.verdict.setToolTip(tip(tr(why)))
            self.verdict.setProperty("tone", tone)
            self.verdict.style().unpolish(self.verdict)
            self.verdict.style().polish(self.verdict)

    def show_case(self, case: Case | None) -> None:
        """Show whose case this is."""
        self.patient.setText(patient_line(case) if case is not None else tr("No case open"))
        study = study_line(case) if case is not None else tr("Open a case, or import images, to begin.")
        self.study.setText(study)
        self.study.setToolTip(tip(study))
        anatomy = case.anatomy if case is not None else None
        needs = anatomy is not None and bool(anatomy.levels) and anatomy.levels_confirmed is None
        self.confirm_levels.setVisible(needs)
        self._show_badges(badges_of(case))

    def _show_badges(self, wanted: tuple[Warned, ...]) -> None:
        texts = [badge.text for badge in wanted]
        if texts == self.badges:
            return
        self.badges = texts
        while self._badges.count():
            item = self._badges.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for badge in wanted:
            made = label(badge.text, "badge")
            made.setProperty("tone", badge.tone)
            made.setToolTip(tip(badge.why))
            self._badges.addWidget(made, 0, Qt.AlignmentFlag.AlignVCenter)


def patient_line(case: Case) -> str:
    """Return name, number, birth date and sex as the images give them."""
    patient = case.patient
    parts = [patient.name.replace("^", ", ").strip(", ") or tr("No name"), patient.patient_id]
    if patient.birth_date:
        parts.append(tr("born {date}", date=date_words(patient.birth_date)))
    parts.append(patient.sex)
    return "  ·  ".join(part for part in parts if part)


def study_line(case: Case) -> str:
    """Return what is resected, series and plan in words."""
    image = case.image
    parts = [case.plan.name]
    if image is not None:
        k, j, i = image.volume.grid.shape_kji
        parts = [
            " ".join(part for part in (image.modality, image.description) if part),
            date_words(image.acquired),
            tr("{count} slices of {rows} × {columns}", count=k, rows=j, columns=i),
            case.plan.name,
        ]
    parts.insert(0, resection_words(case.plan.target_levels))
    return "  ·  ".join(part for part in parts if part)


def badges_of(case: Case | None) -> tuple[Warned, ...]:
    """Return what must not be overlooked about the case."""
    badges = []
    anatomy = case.anatomy if case is not None else None
    if anatomy is not None and any(s.simulated for s in anatomy.structures):
        names = listed(s.title for s in anatomy.structures if s.simulated)
        badges.append(Warned(tr("SIMULATED PARTS"), "warn", tr("Not from the patient: {names}", names=names)))
    if case is not None and any(f.severity.value == "warn" for f in case.findings):
        why = " ".join(f.message for f in case.findings if f.severity.value == "warn")
        badges.append(Warned(tr("IMPORT FINDINGS"), "warn", why))
    return tuple(badges)
