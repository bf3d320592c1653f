"""A row that goes on in a second line where the first has no room."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy


class FlowRow(QLayout):
    """Places widgets from left to right and wraps; one that expands gets what a line leaves over.

    Widgets added after `begin_tail` stay together: where one line does not hold everything they begin the
    next, flush right.
    """

    def __init__(self, spacing_px: int = 4) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._tail_at: int | None = None
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing_px)

    def addItem(self, item: QLayoutItem) -> None:
        """Append an item, in the middle of its line's height."""
        item.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._items.append(item)

    def begin_tail(self) -> None:
        """Keep together what is added from now on."""
        self._tail_at = len(self._items)

    def in_one_line(self, width: int) -> bool:
        """Say whether everything has room beside each other."""
        return self.sizeHint().width() <= width

    def count(self) -> int:
        """Return how many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return an item."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove and return an item."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Take no more room than is needed."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Say that lines wrap."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all lines at a width."""
        return self._place(QRect(0, 0, width, 0), moving=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place everything."""
        super().setGeometry(rect)
        self._place(rect, moving=True)

    def sizeHint(self) -> QSize:
        """Return the size of one line that holds everything."""
        hints = [item.sizeHint() for item in self._shown()]
        margins = self.contentsMargins()
        width = sum(h.width() for h in hints) + self.spacing() * max(0, len(hints) - 1)
        height = max((h.height() for h in hints), default=0)
        return QSize(width + margins.left() + margins.right(), height + margins.top() + margins.bottom())

    def minimumSize(self) -> QSize:
        """Return the size of the largest item."""
        least = QSize(0, 0)
        for item in self._shown():
            least = least.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return least + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, rect: QRect, *, moving: bool) -> int:
        room = rect.marginsRemoved(self.contentsMargins())
        y = room.top()
        for line in self._lines(room.width()):
            height = max(item.sizeHint().height() for item in line)
            if moving:
                self._place_line(line, room.left(), y, room.width(), height)
            y += height + self.spacing()
        margins = self.contentsMargins()
        return y - self.spacing() - room.top() + margins.top() + margins.bottom()

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines = _broken(self._shown(), width, self.spacing())
        if self._tail_at is None or len(lines) <= 1:
            return lines
        parts = (self._items[: self._tail_at], self._tail)
        shown = ([item for item in part if not item.isEmpty()] for part in parts)
        return [line for part in shown for line in _broken(part, width, self.spacing())]

    @property
    def _tail(self) -> list[QLayoutItem]:
        return self._items[self._tail_at :] if self._tail_at is not None else []

    def _place_line(self, line: list[QLayoutItem], x: int, y: int, width: int, height: int) -> None:
        spare = width - sum(i.sizeHint().width() for i in line) - self.spacing() * (len(line) - 1)
        greedy = [item for item in line if _expands(item)]
        if line[0] in self._tail:
            x += max(0, spare)
        for item in line:
            hint = item.sizeHint()
            wide = hint.width() + (max(0, spare) // len(greedy) if item in greedy else 0)
            item.setGeometry(QRect(QPoint(x, y), QSize(min(wide, width), height)))
            x += wide + self.spacing()


def _broken(items: list[QLayoutItem], width: int, spacing: int) -> list[list[QLayoutItem]]:
    lines: list[list[QLayoutItem]] = []
    used = 0
    for item in items:
        needed = item.sizeHint().width()
        if lines and used + spacing + needed <= width:
            lines[-1].append(item)
            used += spacing + needed
        else:
            lines.append([item])
            used = needed
    return lines


def _expands(item: QLayoutItem) -> bool:
    widget = item.widget()
    return widget is not None and widget.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Expanding
