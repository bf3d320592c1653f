"""Words in order of worth: as many whole parts as a line has room for, the first always."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from planning.texts import literal
from widgets.plain_text import tip

_DOT: Final = "  ·  "
_MORE: Final = "…"


class PartsLine(QLabel):
    """Asks for the room of its first part and takes what is left over; tooltip and reader have every part."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._parts: tuple[str, ...] = ()

    def show_parts(self, parts: Sequence[str]) -> None:
        """Show parts, the most important first; empty ones are left out."""
        self._parts = tuple(literal(part) for part in parts if part)
        whole = _DOT.join(self._parts)
        self.setToolTip(tip(whole))
        self.setAccessibleName(whole)
        self._fit()
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the size of the first part, with a sign that there are more."""
        words = self._first(1)
        return QSize(self.fontMetrics().horizontalAdvance(words) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Return the same: the first part is never cut short."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say as many parts as there is room for now."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wide = self.fontMetrics().horizontalAdvance
        counts = range(len(self._parts), 0, -1)
        fitting = (words for words in map(self._first, counts) if wide(words) <= self.width())
        self.setText(next(fitting, self._first(1)))

    def _first(self, count: int) -> str:
        more = (_MORE,) if count < len(self._parts) else ()
        return _DOT.join((*self._parts[:count], *more))
