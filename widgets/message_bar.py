"""One sentence at a time about what happened and what to do, with details to copy."""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from planning.texts import tr
from widgets.plain_text import label, tip

Tone = Literal["info", "warn", "fail"]
_INFO_MS = 8000


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
    """

    text: str
    tone: Tone = "info"
    details: str = ""


class MessageBar(QFrame):
    """Shows messages in turn; takes no room while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self._waiting: deque[Message] = deque()
        self._shown: Message | None = None
        self._sign = label("", "title")
        self.sentence = label("", wrap=True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = label("", "muted")
        self.copy = QPushButton(tr("Copy details"))
        self.copy.clicked.connect(self._copy)
        self.close_button = QToolButton()
        self.close_button.setText("✕")
        self.close_button.setAccessibleName(tr("Close this message"))
        self.close_button.setToolTip(tip(tr("Close this message")))
        self.close_button.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 6, 5)
        row.addWidget(self._sign)
        row.addWidget(self.sentence, 1)
        row.addWidget(self._more)
        row.addWidget(self.copy)
        row.addWidget(self.close_button)
        self._leave = QTimer(self)
        self._leave.setSingleShot(True)
        self._leave.timeout.connect(self.dismiss)
        self.setVisible(False)

    @property
    def shown(self) -> Message | None:
        """The message on screen, or None."""
        return self._shown

    def show_message(self, message: Message) -> None:
        """Show a message; problems wait their turn, information gives way to anything."""
        if message == self._shown or message in self._waiting:
            return
        if self._shown is None or self._shown.tone == "info":
            self._show(message)
        else:
            self._waiting.append(message)
            self._count()

    def dismiss(self) -> None:
        """Close the message and show the next."""
        if self._waiting:
            self._show(self._waiting.popleft())
        else:
            self._shown = None
            self._leave.stop()
            self.setVisible(False)

    def _show(self, message: Message) -> None:
        self._shown = message
        self._sign.setText({"info": "ⓘ", "warn": "▲", "fail": "✕"}[message.tone])
        self.sentence.setText(message.text)
        self.copy.setVisible(bool(message.details))
        self.setProperty("tone", message.tone)
        self.style().unpolish(self)
        self.style().polish(self)
        self._count()
        self.setVisible(True)
        if message.tone == "info":
            self._leave.start(_INFO_MS)
        else:
            self._leave.stop()

    def _count(self) -> None:
        self._more.setText(tr("+{count} more", count=len(self._waiting)) if self._waiting else "")

    def _copy(self) -> None:
        if self._shown is not None:
            QGuiApplication.clipboard().setText(f"{self._shown.text}\n{self._shown.details}")
