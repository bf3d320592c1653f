"""Who this is about and what must not be overlooked, always in sight. Shown literally."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QWidget

from planning.model.case import Case
from planning.report.identity import date_words
from planning.storage.approvals import PlanStanding
from planning.texts import listed, mark, tr
from widgets.approval_badge import ApprovalBadge
from widgets.flow_row import FlowRow
from widgets.level_words import resection_words
from widgets.parts_line import PartsLine
from widgets.plain_text import label, tip


@dataclass(frozen=True)
class Warned:
    """A badge of the banner; `brief` stands where there is no room for its text."""

    text: str
    brief: str
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
    """Patient line, resection, plan and series, and badges, the most important first.

    Where there is little room the last parts of the study go first, then badges are said in a word, and only
    then do they begin a second line. Who the patient is and what is resected is never cut short.

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
        self.study = PartsLine("muted")
        self.badges: list[str] = []
        self._wanted: tuple[Warned, ...] = ()
        self._labels: list[QLabel] = []
        self._brief = False
        self._fitted: tuple[object, ...] = ()
        self.approval = ApprovalBadge()
        self.confirm_levels = QPushButton()
        self.confirm_levels.setObjectName("alert")
        self.confirm_levels.setAccessibleName(tr("▲ Levels not confirmed..."))
        self.confirm_levels.clicked.connect(self.levels_asked)
        self.verdict = label("", "badge")
        self.verdict.setAlignment(Qt.AlignmentFlag.AlignCenter)
        keep = self.verdict.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.verdict.setSizePolicy(keep)
        self._row = FlowRow(8)
        self._row.setContentsMargins(12, 4, 8, 4)
        self.setLayout(self._row)
        for part in (self.patient, self.study):
            self._row.addWidget(part)
        self._row.begin_tail()
        for badge in (self.verdict, self.approval, self.confirm_levels):
            self._row.addWidget(badge)
        self.show_verdict(Verdict.INTRALESIONAL)
        self.verdict.setMinimumWidth(self.verdict.sizeHint().width() + 8)
        self.show_verdict(Verdict.NOTHING)
        self.fit_to_text()
        self._say_in(brief=False)

    def fit_to_text(self) -> None:
        """Take the height of one line with its button, shown or not: nothing moves when it goes."""
        self.ensurePolished()
        self.confirm_levels.ensurePolished()
        self.setMinimumHeight(self.confirm_levels.sizeHint().height() + 10)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say badges in a word where whole ones would need a second line."""
        super().resizeEvent(event)
        self._fit()

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
        begin = (tr("Open a case, or import images, to begin."),)
        self.study.show_parts(study_parts(case) if case is not None else begin)
        anatomy = case.anatomy if case is not None else None
        needs = anatomy is not None and bool(anatomy.levels) and anatomy.levels_confirmed is None
        self.confirm_levels.setVisible(needs)
        self._show_badges(badges_of(case))
        self._fit()

    def show_standing(self, standing: PlanStanding) -> None:
        """Show where the approval of the plan stands."""
        self.approval.show_standing(standing)
        self.approval.show_brief(self._brief)
        self._fit()

    def _show_badges(self, wanted: tuple[Warned, ...]) -> None:
        if wanted == self._wanted:
            return
        self._wanted, self.badges = wanted, [badge.text for badge in wanted]
        for gone in self._labels:
            self._row.removeWidget(gone)
            gone.deleteLater()
        self._labels = [label("", "badge") for _ in wanted]
        for made, badge in zip(self._labels, wanted, strict=True):
            made.setProperty("tone", badge.tone)
            made.setToolTip(tip(f"{badge.text}. {badge.why}"))
            made.setAccessibleName(badge.text)
            self._row.addWidget(made)
        self._say_in(brief=self._brief)

    def _fit(self) -> None:
        parts = (
            self.patient.text(),
            self.study.accessibleName(),
            self.approval.accessibleName(),
            *self.badges,
        )
        said = (self.width(), self.fontMetrics().height(), self.confirm_levels.isHidden(), parts)
        if said == self._fitted:
            return
        self._fitted = said
        if self._brief:
            self._say_in(brief=False)
        if not self._row.in_one_line(self.width()):
            self._say_in(brief=True)

    def _say_in(self, *, brief: bool) -> None:
        """Say every badge in a word, or whole."""
        self._brief = brief
        self.approval.show_brief(brief)
        self.confirm_levels.setText(tr("▲ Levels...") if brief else tr("▲ Levels not confirmed..."))
        why = tr("Until a person has confirmed the level count, no result is better than WARN.")
        self.confirm_levels.setToolTip(tip(f"{tr('Levels not confirmed.')} {why}"))
        for made, badge in zip(self._labels, self._wanted, strict=True):
            made.setText(badge.brief if brief else badge.text)
        self._row.invalidate()


def patient_line(case: Case) -> str:
    """Return name, number, birth date and sex as the images give them."""
    patient = case.patient
    parts = [patient.name.replace("^", ", ").strip(", ") or tr("No name"), patient.patient_id]
    if patient.birth_date:
        parts.append(tr("born {date}", date=date_words(patient.birth_date)))
    parts.append(patient.sex)
    return "  ·  ".join(part for part in parts if part)


def study_parts(case: Case) -> tuple[str, ...]:
    """Return what is resected, plan and series in words; the last ones go first where room is short."""
    image = case.image
    parts = [resection_words(case.plan.target_levels), case.plan.name]
    if image is not None:
        k, j, i = image.volume.grid.shape_kji
        parts += [
            " ".join(part for part in (image.modality, image.description) if part),
            date_words(image.acquired),
            tr("{count} slices of {rows} × {columns}", count=k, rows=j, columns=i),
        ]
    return tuple(part for part in parts if part)


def badges_of(case: Case | None) -> tuple[Warned, ...]:
    """Return what must not be overlooked about the case."""
    badges = []
    anatomy = case.anatomy if case is not None else None
    if anatomy is not None and any(s.simulated for s in anatomy.structures):
        names = listed(s.title for s in anatomy.structures if s.simulated)
        badges.append(
            Warned(
                tr("SIMULATED PARTS"),
                tr("SIMULATED"),
                "warn",
                tr("Not from the patient: {names}", names=names),
            )
        )
    if case is not None and any(f.severity.value == "warn" for f in case.findings):
        why = " ".join(f.message for f in case.findings if f.severity.value == "warn")
        badges.append(Warned(tr("IMPORT FINDINGS"), tr("FINDINGS"), "warn", why))
    return tuple(badges)
