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
    brief: str = ""


_LOOKS: Final = {
    Standing.NONE: _Look("", ""),
    Standing.APPROVED: _Look(mark("✓ APPROVED"), ""),
    Standing.UNPROVEN: _Look(mark("▲ APPROVED ELSEWHERE"), "warn", mark("▲ UNPROVEN")),
    Standing.LAPSED: _Look(mark("▲ APPROVAL LAPSED"), "warn", mark("▲ LAPSED")),
    Standing.CHANGED: _Look(mark("✕ CHANGED AFTER APPROVAL"), "fail", mark("✕ CHANGED")),
    Standing.TAMPERED: _Look(mark("✕ ALTERED OUTSIDE ENBLOC"), "fail", mark("✕ ALTERED")),
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
        self._look = _LOOKS[Standing.NONE]
        self.setVisible(False)

    def show_standing(self, standing: PlanStanding) -> None:
        """Show where the plan stands."""
        self._look = _LOOKS[standing.standing]
        words = tr(self._look.words) if self._look.words else ""
        self.setToolTip(tip(f"{words}. {standing.sentence}"))
        self.setAccessibleName(f"{words}. {standing.sentence}")
        self.word.setProperty("tone", self._look.tone)
        self.word.style().unpolish(self.word)
        self.word.style().polish(self.word)
        self.show_brief(False)
        self.setVisible(bool(words))

    def show_brief(self, brief: bool) -> None:
        """Say it in one word where there is no room for more; the whole stands in the tooltip."""
        words = self._look.brief if brief and self._look.brief else self._look.words
        self.word.setText(tr(words) if words else "")
        self.word.adjustSize()
        self.setFixedSize(self.word.size())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Show who approved what."""
        super().mousePressEvent(event)
        self.history_asked.emit()
