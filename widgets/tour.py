"""A first look round: a few notes beside real controls. Work goes on underneath; Esc ends it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from planning.texts import tr
from widgets.announce import announce
from widgets.plain_text import label
from widgets.theme import scaled

_WIDTH_PX: Final = 286  # no wider than the safety board of a small laptop
_GAP_PX: Final = 12
_LINE_PX: Final = 3


@dataclass(frozen=True)
class Stop:
    """One note: what it says, and the control it stands beside (None where it is not on screen)."""

    title: str
    text: str
    target: Callable[[], QWidget | None]


class Tour(QFrame):
    """Shows notes one after the other.

    It is a child of the window, never takes the keyboard, and lies beside its control, not on it.

    Parameters
    ----------
    stops : sequence of Stop
    window : QWidget
    busy : callable
        Asked before Esc ends the tour: whether Esc meant something else, such as a drag.
    kept : QWidget, optional
        What no note may cover: the patient and the warnings beside the name.
    spared : QWidget, optional
        What notes leave uncovered as long as there is another place: the views.
    native : bool
        Whether views have a system window of their own, which would cover it.

    Signals
    -------
    ended()
        The last note was read, or the tour was skipped.
    """

    ended = Signal()

    def __init__(
        self,
        stops: Sequence[Stop],
        window: QWidget,
        busy: Callable[[], bool] = lambda: False,
        *,
        kept: QWidget | None = None,
        spared: QWidget | None = None,
        native: bool = False,
    ) -> None:
        super().__init__(window)
        self._stops, self._window, self._busy = tuple(stops), window, busy
        self._kept, self._spared = kept, spared
        self._at = 0
        self._held: QWidget | None = None  # who had the keyboard before
        self.setObjectName("tour")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(scaled(_WIDTH_PX))
        self.title = label("", "title", wrap=True)
        self.words = label("", wrap=True)
        self.count = label("", "muted")
        self.back = QPushButton(tr("&Back"))
        self.next = QPushButton(tr("&Next"))
        self.skip = QPushButton(tr("Skip (Esc)"))
        self._edges = [_edge(window) for _ in range(4)]
        if native:
            for part in (self, *self._edges):
                part.setAttribute(Qt.WidgetAttribute.WA_NativeWindow)
        buttons = QHBoxLayout()
        buttons.addWidget(self.count)
        buttons.addStretch(1)
        for button, act in ((self.skip, self.end), (self.back, self._back), (self.next, self._next)):
            button.setAutoDefault(False)
            button.clicked.connect(act)
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addLayout(buttons)
        self._leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), window)
        self._leave.activated.connect(self._escape)
        window.installEventFilter(self)

    @property
    def stop(self) -> Stop:
        """The note shown."""
        return self._stops[self._at]

    def start(self) -> None:
        """Show the first note; its button has the keyboard until the end, unless somebody is typing."""
        self._at = 0
        self._held = QApplication.focusWidget()
        self._show()
        if not isinstance(self._held, QLineEdit | QAbstractSpinBox | QComboBox):
            self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def end(self) -> None:
        """Leave; nothing of it stays."""
        self._window.removeEventFilter(self)
        if self._held is not None and isValid(self._held) and self._has_the_keyboard():
            self._held.setFocus(Qt.FocusReason.OtherFocusReason)
        self._leave.setEnabled(False)
        for edge in self._edges:
            edge.hide()
            edge.deleteLater()
        self._leave.deleteLater()
        self.hide()
        self.ended.emit()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay beside the control when the window changes its size."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press the button that has the keyboard by Enter too: outside dialogs Qt knows only Space."""
        held = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(held, QPushButton):
            held.click()
        else:
            super().keyPressEvent(event)

    def _has_the_keyboard(self) -> bool:
        held = QApplication.focusWidget()
        return held is not None and self.isAncestorOf(held)

    def _escape(self) -> None:
        # Esc during a drag gives the blade back, as always.
        if not self._busy():
            self.end()

    def _next(self) -> None:
        if self._at + 1 < len(self._stops):
            self._at += 1
            self._show()
        else:
            self.end()

    def _back(self) -> None:
        self._at = max(0, self._at - 1)
        self._show()

    def _show(self) -> None:
        stop, last = self.stop, self._at + 1 == len(self._stops)
        self.title.setText(stop.title)
        self.words.setText(stop.text)
        self.count.setText(f"{self._at + 1}/{len(self._stops)}")
        self.back.setEnabled(self._at > 0)
        self.next.setText(tr("&Done") if last else tr("&Next"))
        self.setAccessibleName(f"{stop.title}. {stop.text}")
        self._place()
        self.show()
        self.raise_()
        announce(self, f"{stop.title}. {stop.text} {tr('Alt+N: next. Esc: end of the tour.')}")

    def _place(self) -> None:
        self.setFixedHeight(self._needed_height())
        target = self.stop.target()
        shown = target is not None and target.isVisible()
        area = self._box(target) if target and shown else QRect()
        kept = self._box(self._kept) if self._kept is not target else QRect()
        self.move(place_beside(area, self.size(), self._window.size(), kept, self._box(self._spared)))
        for edge, box in zip(self._edges, _frame_of(area), strict=True):
            edge.setGeometry(box)
            edge.setVisible(shown)
            edge.raise_()
        self.raise_()

    def _box(self, part: QWidget | None) -> QRect:
        if part is None or not part.isVisible():
            return QRect()
        return QRect(part.mapTo(self._window, QPoint(0, 0)), part.size())

    def _needed_height(self) -> int:
        layout = self.layout()
        return layout.totalHeightForWidth(self.width()) if layout is not None else self.height()


def place_beside(
    area: QRect, note: QSize, window: QSize, kept: QRect | None = None, spared: QRect | None = None
) -> QPoint:
    """Return where a note stands inside the window: as near to its control as it can without covering things.

    It covers the least of its control, then of `kept`, then of `spared`; among such places the nearest is
    taken. Without a control it stands in the middle.
    """
    if area.isNull():
        return QPoint((window.width() - note.width()) // 2, (window.height() - note.height()) // 2)
    boxes = [box for box in (area, kept or QRect(), spared or QRect()) if not box.isNull()]
    inside = QRect(QPoint(0, 0), window).adjusted(_GAP_PX, _GAP_PX, -_GAP_PX, -_GAP_PX)
    right, bottom = inside.right() + 1 - note.width(), inside.bottom() + 1 - note.height()
    xs, ys = {inside.left(), right}, {inside.top(), bottom}
    for box in boxes:
        xs |= {box.left(), box.right() + _GAP_PX, box.left() - note.width() - _GAP_PX}
        ys |= {box.top(), box.bottom() + _GAP_PX, box.top() - note.height() - _GAP_PX}
    places = [
        QRect(QPoint(x, y), note)
        for x in sorted({min(max(x, inside.left()), right) for x in xs})
        for y in sorted({min(max(y, inside.top()), bottom) for y in ys})
    ]
    return min(places, key=lambda at: (*(_shared(at, box) for box in boxes), _apart(at, area))).topLeft()


def _shared(one: QRect, other: QRect) -> int:
    common = one.intersected(other)
    return common.width() * common.height() if common.isValid() else 0


def _apart(one: QRect, other: QRect) -> int:
    """Return how far two boxes are apart, across and down together."""
    across = max(one.left() - other.right(), other.left() - one.right(), 0)
    down = max(one.top() - other.bottom(), other.top() - one.bottom(), 0)
    return across + down


def _edge(window: QWidget) -> QFrame:
    edge = QFrame(window)
    edge.setObjectName("touredge")
    edge.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    edge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    edge.hide()
    return edge


def _frame_of(area: QRect) -> tuple[QRect, QRect, QRect, QRect]:
    """Return four lines round a control."""
    box = area.adjusted(-_LINE_PX, -_LINE_PX, _LINE_PX, _LINE_PX)
    w, h = box.width(), box.height()
    return (
        QRect(box.left(), box.top(), w, _LINE_PX),
        QRect(box.left(), box.bottom() - _LINE_PX + 1, w, _LINE_PX),
        QRect(box.left(), box.top(), _LINE_PX, h),
        QRect(box.right() - _LINE_PX + 1, box.top(), _LINE_PX, h),
    )
