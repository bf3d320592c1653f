"""Whether the plan is approved, in a word and a shape; never by colour alone."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel, QWidget

from planning.storage.approvals import PlanStanding, Standing
from planning.texts import mark, tr
from widgets.plain_text import label, tip


@dataclass(frozen=True)
class _Look:
    words: str
    tone: str


_LOOKS: Final = {
    Standing.NONE: _Look("", ""),
    Standing.APPROVED: _Look(mark("✓ APPROVED"), ""),
    Standing.UNPROVEN: _Look(mark("▲ APPROVED ELSEWHERE"), "warn"),
    Standing.LAPSED: _Look(mark("▲ APPROVAL LAPSED"), "warn"),
    Standing.CHANGED: _Look(mark("✕ CHANGED AFTER APPROVAL"), "fail"),
    Standing.TAMPERED: _Look(mark("✕ ALTERED OUTSIDE ENBLOC"), "fail"),
}


class ApprovalBadge(QWidget):
    """A badge that is there while there is something to say; a click asks for the history.

    Signals
    -------
    history_asked()
    """

    history_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.word: QLabel = label("", "badge", parent=self)
        self.setVisible(False)

    def show_standing(self, standing: PlanStanding) -> None:
        """Show where the plan stands."""
        look = _LOOKS[standing.standing]
        self.word.setText(tr(look.words) if look.words else "")
        self.word.setProperty("tone", look.tone)
        self.word.style().unpolish(self.word)
        self.word.style().polish(self.word)
        self.word.adjustSize()
        self.setFixedSize(self.word.size())
        self.setToolTip(tip(standing.sentence))
        self.setAccessibleName(f"{self.word.text()}. {standing.sentence}")
        self.setVisible(bool(look.words))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show who approved what."""
        super().mousePressEvent(event)
        self.history_asked.emit()
