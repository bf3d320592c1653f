"""The frame every view sits in: a title that maximises on double-click, buttons, a note, the viewport."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from planning.texts import tr
from widgets.plain_text import label, tip
from widgets.viewport import Viewport
from widgets.views.overflow_menu import OverflowMenu
from widgets.views.whole_note import WholeNote

_LEAST_BAR_PX = 90
_BETWEEN_PX = 24
_SLACK_PX = 12


class ViewFrame(QFrame):
    """Title bar and viewport.

    Signals
    -------
    maximise_asked()
        The title was double-clicked, or its button pressed.
    """

    maximise_asked = Signal()
    keeps_note = False  # buttons go into the menu before the note does

    def __init__(self, title: str, stripe: str, viewport: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("view")
        self.viewport = viewport
        self.title = label(title, "viewtitle")
        self.note = WholeNote()
        self._kept_px = 0
        self._bar = QFrame()
        self._bar.setObjectName("viewbar")
        self._bar.setStyleSheet(f"QFrame#viewbar {{ border-left: 4px solid {stripe}; }}")
        self._say_left_out()
        self._bar.installEventFilter(self)
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(2, 1, 3, 1)
        row.setSpacing(2)
        row.addWidget(self.title)
        row.addSpacing(6)
        row.addWidget(self.note, 1)
        self.overflow = OverflowMenu()
        row.addWidget(self.overflow)
        self._controls: list[QWidget] = []
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(1)
        row.addLayout(self._buttons)
        self._bar.setMinimumWidth(_LEAST_BAR_PX)
        self.maximise = self.add_button("⤢", tr("Maximise this view, or bring the others back"))
        self.maximise.clicked.connect(self.maximise_asked)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(viewport, 1)
        viewport.installEventFilter(self)

    def add_button(self, text: str, help_text: str) -> QToolButton:
        """Add a small labelled button to the left of those already there."""
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip(help_text))
        button.setAccessibleName(help_text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._buttons.insertWidget(max(0, self._buttons.count() - 1), button)
        if self._buttons.count() > 1:  # the first one maximises: it is always in sight
            self.overflow.add(button)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put buttons that have no room into a menu."""
        super().resizeEvent(event)
        self._fit()

    def say(self, note: str) -> None:
        """Say something beside the title."""
        self.note.setText(note)
        if not (self.keeps_note and 0 <= self._kept_px - self.note.needed_px <= _SLACK_PX):
            self._fit()  # a step of the wheel leaves the bar as it is

    def shorten(self, *, short: bool) -> None:
        """Show controls in few characters, or in full."""

    def _fit(self) -> None:
        """Divide the bar: what stands beside the title first, then the controls' names, then buttons."""
        ends = self.title.sizeHint().width() + self.maximise.sizeHint().width() + _BETWEEN_PX
        needed = self.note.needed_px
        self._kept_px = needed + _SLACK_PX // 2 if self.keeps_note and needed else 0
        self.shorten(short=False)
        room = self.width() - ends - self._controls_px()
        if max(needed, self._kept_px) > room:
            self.shorten(short=True)
            room = self.width() - ends - self._controls_px()
        self.overflow.fit(room - self._kept_px)
        self.note.setMinimumWidth(self._kept_px)

    def _controls_px(self) -> int:
        return sum(c.sizeHint().width() for c in self._controls)

    def changeEvent(self, event: QEvent) -> None:
        """Divide the bar anew when words change their size."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._fit()

    def add_control(self, control: QWidget) -> None:
        """Add a control to the left of the buttons, always in sight."""
        self._controls.append(control)
        self._buttons.insertWidget(0, control)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Maximise on a double-click on the title bar; show which view has the keyboard."""
        if (
            watched is self._bar
            and event.type() is QEvent.Type.MouseButtonDblClick
            and isinstance(event, QMouseEvent)
            and event.button() is Qt.MouseButton.LeftButton
        ):
            self.maximise_asked.emit()
            return True
        if watched is self.viewport and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.setProperty("active", event.type() is QEvent.Type.FocusIn)
            self.style().unpolish(self)
            self.style().polish(self)
        if watched is self._bar and event.type() is QEvent.Type.ToolTip:
            self._say_left_out()
        return super().eventFilter(watched, event)

    def left_out(self) -> tuple[str, ...]:
        """Return what found no free place in the view; it is read in the title's tooltip."""
        return ()

    def _say_left_out(self) -> None:
        words = [tr("Double-click to maximise this view and to bring the others back.")]
        if left_out := self.left_out():
            words.append(tr("No room in the view for: {words}", words="; ".join(left_out)))
        self._bar.setToolTip(tip("\n".join(words)))
