"""One sentence at a time about what happened and what to do, else what comes next; always in one place."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMessageBox, QPushButton, QToolButton, QWidget

from planning.texts import tr
from widgets.announce import announce
from widgets.details_dialog import DetailsDialog
from widgets.dialogs import Choice, ask
from widgets.plain_text import label, tip

Tone = Literal["info", "warn", "fail"]
_INFO_MS: Final = 8000
_LINES: Final = 2
_SIGNS: Final = {"info": "ⓘ", "warn": "▲", "fail": "✕"}


@dataclass(frozen=True)
class Message:
    """What the bar says.

    Parameters
    ----------
    text : str
        Plain sentences.
    tone : {"info", "warn", "fail"}
        Information goes away by itself; the rest stays until it is closed.
    details : str
        For whoever helps; copied on request, without patient data.
    stays : bool
        Information that is not to be missed stays too, until it is closed or something else is said.
    wording : str
        The sentence without the names it was filled with: what is copied in its place.
    """

    text: str
    tone: Tone = "info"
    details: str = ""
    stays: bool = False
    wording: str = ""


class MessageBar(QFrame):
    """Shows messages in turn, in room for two lines that is kept for it; between them, the next step.

    A longer message is cut short there and read in full by *Read on*, so that nothing beside the bar moves.
    Every message is read out by a screen reader; the keyboard stays where it is. `program` says which
    program runs on what; `redacted` takes out of what is copied whatever names a person or a folder.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self._waiting: deque[Message] = deque()
        self._shown: Message | None = None
        self._hint = ""
        self.program = ""
        self.redacted: Callable[[str], str] = str
        self._sign = label("", "title")
        self.sentence = label("", wrap=True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = label("", "muted")
        self.read_on = QPushButton(tr("Read on..."))
        self.read_on.clicked.connect(self._read_on)
        self.details = QPushButton(tr("Details..."))
        self.details.clicked.connect(self._show_details)
        self.copy = QPushButton(tr("Copy"))
        self.copy.setToolTip(tip(tr("Copy the details for whoever helps you: no patient, no folder")))
        self.copy.clicked.connect(self._copy)
        self.close_button = QToolButton()
        self.close_button.setText("✕")
        self.close_button.setAccessibleName(tr("Close this message"))
        self.close_button.setToolTip(tip(tr("Close this message")))
        self.close_button.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 1, 6, 1)
        row.addWidget(self._sign)
        row.addWidget(self.sentence, 1)
        for part in (self._more, self.read_on, self.details, self.copy, self.close_button):
            row.addWidget(part)
        self.ensurePolished()
        self.fit_to_text()
        self._leave = QTimer(self)
        self._leave.setSingleShot(True)
        self._leave.timeout.connect(self.dismiss)
        self._refresh()

    def fit_to_text(self) -> None:
        """Keep one height at this size of text, whatever is said."""
        lines = _LINES * self.fontMetrics().lineSpacing() + 6
        self.setFixedHeight(max(lines, self.read_on.sizeHint().height() + 2))

    @property
    def shown(self) -> Message | None:
        """The message on screen, or None."""
        return self._shown

    def copied(self, message: Message) -> str:
        """Return what is copied of a message: its wording, its details and the program."""
        parts = (message.wording or message.text, message.details, self.program)
        return self.redacted("\n".join(part for part in parts if part))

    def show_hint(self, text: str) -> None:
        """Say what comes next, while there is no message."""
        if text != self._hint:
            self._hint = text
            if self._shown is None:
                self._refresh()

    def show_message(self, message: Message) -> None:
        """Show a message; problems wait their turn, information gives way to anything."""
        if message == self._shown or message in self._waiting:
            return
        if self._shown is None or self._shown.tone == "info":
            self._show(message)
        else:
            self._waiting.append(message)
            self._refresh()

    def dismiss(self) -> None:
        """Close the message and show the next."""
        if self._waiting:
            self._show(self._waiting.popleft())
        else:
            self._shown = None
            self._leave.stop()
            self._refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer to read on where a narrow window cuts the message short."""
        super().resizeEvent(event)
        self._offer_reading_on()

    def _show(self, message: Message) -> None:
        self._shown = message
        self._refresh()
        announce(self, message.text, urgent=message.tone == "fail")
        if message.tone == "info" and not message.stays:
            self._leave.start(_INFO_MS)
        else:
            self._leave.stop()

    def _refresh(self) -> None:
        shown = self._shown
        self._sign.setText(_SIGNS[shown.tone] if shown is not None else "→" if self._hint else "")
        self.sentence.setText(shown.text if shown is not None else self._hint)
        self.sentence.setAccessibleName(self.sentence.text())
        for button in (self.details, self.copy):
            button.setVisible(shown is not None and bool(shown.details))
        self.close_button.setVisible(shown is not None)
        self._more.setText(tr("+{count} more", count=len(self._waiting)) if self._waiting else "")
        self._more.setVisible(bool(self._waiting))
        self.setProperty("tone", shown.tone if shown is not None else "hint")
        for part in (self, self._sign, self.sentence):  # words take the colour of their tone too
            part.style().unpolish(part)
            part.style().polish(part)
        self._offer_reading_on()

    def _offer_reading_on(self) -> None:
        """Show the button where the words need more than the room there is; its own width counts."""
        self.read_on.setVisible(False)
        layout = self.layout()
        if layout is not None:
            layout.activate()
        needed = self.sentence.heightForWidth(max(1, self.sentence.width()))
        self.read_on.setVisible(needed > self.height())
        self.sentence.setToolTip(tip(self.sentence.text()) if needed > self.height() else "")

    def _read_on(self) -> None:
        close = Choice("ok", tr("Close"), QMessageBox.ButtonRole.AcceptRole, default=True)
        ask(self.window(), tr("Message"), self.sentence.text(), (close,))

    def _copy(self) -> None:
        if self._shown is not None:
            QGuiApplication.clipboard().setText(self.copied(self._shown))

    def _show_details(self) -> None:
        if self._shown is not None:
            dialog = DetailsDialog(self._shown.text, self.copied(self._shown), self.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()
