"""One sentence at a time about what happened and what to do, else what comes next; always in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Literal

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QMessageBox, QPushButton, QToolButton, QWidget

from planning.texts import brief, tr
from widgets.announce import announce
from widgets.details_dialog import DetailsDialog
from widgets.dialogs import Choice, ask
from widgets.plain_text import label, tip

Tone = Literal["info", "warn", "fail"]
_INFO_MS: Final = 8000
_LINES: Final = 2
_LISTED: Final = 90  # letters of a message in the list of open ones
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
    about : str
        The action it is about: whatever is said later about the same action takes its place.
    folder : Path, optional
        Where what it tells of lies; a button opens it.
    """

    text: str
    tone: Tone = "info"
    details: str = ""
    stays: bool = False
    wording: str = ""
    about: str = ""
    folder: Path | None = None


class MessageBar(QFrame):
    """Shows the newest message, in room for two lines that is kept for it; between messages, the next step.

    Problems stay open until they are closed or their action succeeds: what is newer stands in front of them,
    their number beside it, and behind the number the list of them. A longer message is cut short there and
    read in full by *Read on*, so that nothing beside the bar moves.
    Every message is read out by a screen reader; the keyboard stays where it is. `program` says which
    program runs on what; `redacted` takes out of what is copied whatever names a person or a folder.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message")
        self._open: tuple[Message, ...] = ()  # problems nobody has closed, oldest first
        self._shown: Message | None = None
        self._hint = ""
        self.program = ""
        self.redacted: Callable[[str], str] = str
        self._sign = label("", "title")
        self.sentence = label("", wrap=True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.more = QToolButton()
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setAccessibleName(tr("Messages that are still open: show the list"))
        self.more.setToolTip(tip(self.more.accessibleName()))
        self.list = QMenu(self)
        self.list.setToolTipsVisible(True)
        self.list.aboutToShow.connect(self._fill_list)
        self.more.setMenu(self.list)
        self.read_on = QPushButton(tr("Read on..."))
        self.read_on.clicked.connect(self._read_on)
        self.open_folder = QPushButton(tr("Open folder"))
        self.open_folder.clicked.connect(self._open_folder)
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
        for part in (self.more, self.read_on, self.open_folder, self.details, self.copy, self.close_button):
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

    @property
    def open(self) -> tuple[Message, ...]:
        """The problems that are still open, oldest first; the one on screen among them."""
        return self._open

    def show_message(self, message: Message) -> None:
        """Show a message in front of older ones; it takes the place of what was said about its action."""
        if message == self._shown:
            return
        self._open = tuple(m for m in self._open if m != message and not _same_action(m, message.about))
        if message.tone != "info":
            self._open += (message,)
        self._show(message)
        announce(self, message.text, urgent=message.tone == "fail")

    def settle(self, about: str) -> None:
        """Take back the problems of an action that succeeded since."""
        self._open = tuple(m for m in self._open if not _same_action(m, about))
        shown = self._shown
        if shown is not None and shown.tone != "info" and shown not in self._open:
            self._show(self._open[-1] if self._open else None)
        else:
            self._refresh()

    def dismiss(self) -> None:
        """Close the message and show the newest problem that is still open."""
        self._open = tuple(m for m in self._open if m != self._shown)
        self._show(self._open[-1] if self._open else None)

    def dismiss_all(self) -> None:
        """Close every message."""
        self._open = ()
        self._show(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer to read on where a narrow window cuts the message short."""
        super().resizeEvent(event)
        self._offer_reading_on()

    def _show(self, message: Message | None) -> None:
        self._shown = message
        self._refresh()
        if message is not None and message.tone == "info" and not message.stays:
            self._leave.start(_INFO_MS)
        else:
            self._leave.stop()

    def _fill_list(self) -> None:
        self.list.clear()
        for message in reversed(self._open):
            if message != self._shown:
                words = brief(f"{_SIGNS[message.tone]} {message.text}", _LISTED)
                action = self.list.addAction(words.replace("&", "&&"))
                action.setToolTip(tip(message.text))
                action.triggered.connect(partial(self._show, message))
        self.list.addSeparator()
        self.list.addAction(tr("Close all messages")).triggered.connect(self.dismiss_all)

    def _refresh(self) -> None:
        shown = self._shown
        self._sign.setText(_SIGNS[shown.tone] if shown is not None else "→" if self._hint else "")
        self.sentence.setText(shown.text if shown is not None else self._hint)
        self.sentence.setAccessibleName(self.sentence.text())
        self.open_folder.setVisible(shown is not None and shown.folder is not None)
        for button in (self.details, self.copy):
            button.setVisible(shown is not None and bool(shown.details))
        self.close_button.setVisible(shown is not None)
        others = sum(message != shown for message in self._open)
        self.more.setText(tr("+{count} more", count=others) if others else "")
        self.more.setVisible(bool(others))
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

    def _open_folder(self) -> None:
        if self._shown is not None and self._shown.folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._shown.folder)))

    def _copy(self) -> None:
        if self._shown is not None:
            QGuiApplication.clipboard().setText(self.copied(self._shown))

    def _show_details(self) -> None:
        if self._shown is not None:
            dialog = DetailsDialog(self._shown.text, self.copied(self._shown), self.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()


def _same_action(message: Message, about: str) -> bool:
    return bool(about) and message.about == about
