"""Small dialogs in which a person puts a name to something."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from planning.model.structures import KIND_NAMES, ReviewState, StructureKind
from planning.texts import tr
from widgets.access import named_row
from widgets.fields import ChoiceField
from widgets.level_words import resection_words
from widgets.plain_text import label
from widgets.review_words import STATE_WORDS, states_explained
from widgets.theme import scaled

_WIDEST_PX: Final = 900


class NamedDialog(QDialog):
    """Asks who decides, and more; OK stays off, and says why, until everything needed is there."""

    def __init__(self, title: str, text: str, by: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(min(scaled(420), _WIDEST_PX))
        self.by = QLineEdit(by)
        self.by.setPlaceholderText(tr("your name"))
        self.form = QFormLayout()
        self.why = label("", "muted", wrap=True)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        # While OK is off, Enter must not mean Cancel, nor Cancel look like the way on.
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setDefault(True)
        self._column = QVBoxLayout(self)
        self._column.addWidget(label(text, wrap=True))
        self._column.addLayout(self.form)
        self._column.addWidget(self.why)
        self._column.addWidget(self.buttons)
        named_row(self.form, tr("Your name"), self.by)
        self.by.textChanged.connect(lambda _text: self.check())
        self.by.setFocus()
        self.check()

    def fit(self, width_px: int) -> None:
        """Take a width, and the height its words then need, with room for a longer reason why not."""
        self.ensurePolished()
        self.why.setMinimumHeight(2 * self.why.fontMetrics().lineSpacing())
        self.setMinimumWidth(width_px)
        self.setFixedSize(width_px, self._column.totalHeightForWidth(width_px))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Never be lower than the words need at this width: Qt's own guess cuts long ones short."""
        super().resizeEvent(event)
        self._keep_words_whole()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin high enough."""
        super().showEvent(event)
        self._keep_words_whole()

    def _keep_words_whole(self) -> None:
        needed = self._column.totalHeightForWidth(self.width())
        if self.isVisible() and self.height() < needed <= self.maximumHeight():
            self.setMinimumHeight(needed)

    @property
    def ok(self) -> bool:
        """Whether OK may be pressed."""
        return self.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()

    def lacking(self) -> str:
        """Return what is still missing, in words; empty where nothing is."""
        return "" if self.by.text().strip() else tr("Give your name.")

    def check(self) -> None:
        """Say what is missing."""
        missing = self.lacking()
        self.why.setText(missing)
        self._keep_words_whole()
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not missing)


class AcceptDialog(NamedDialog):
    """Accept a warning or failure, with a reason."""

    def __init__(self, sentence: str, by: str, parent: QWidget | None = None) -> None:
        self.reason = QPlainTextEdit()
        self.reason.setMaximumHeight(90)
        text = tr(
            "{sentence}\n\nOnly this result is accepted; others of the same cut stay open. It keeps its "
            "status; your name and reason are printed beside it, and both become void when the plan changes.",
            sentence=sentence,
        )
        super().__init__(tr("Accept this result"), text, by, parent)
        named_row(self.form, tr("Reason"), self.reason)
        self.reason.textChanged.connect(self.check)
        (self.reason if by else self.by).setFocus()

    def lacking(self) -> str:
        """Return what is missing."""
        return super().lacking() or ("" if self.reason.toPlainText().strip() else tr("Give the reason."))


class LevelsDialog(NamedDialog):
    """Confirm the level count; `targets` are the levels to be resected."""

    def __init__(
        self,
        levels: tuple[str, ...],
        by: str,
        parent: QWidget | None = None,
        targets: tuple[str, ...] = (),
    ) -> None:
        self.evidence = QLineEdit()
        self.evidence.setPlaceholderText(tr("such as: spine CT, from C2"))
        text = tr("Labelled from top to bottom: {levels}.\n\nCount them on images that show a countable end. "
                  "This is to prevent an operation on the wrong level.",
                  levels=", ".join(levels))  # fmt: skip
        text = "\n\n".join(part for part in (resection_words(targets), text) if part)
        super().__init__(tr("Confirm the level count"), text, by, parent)
        named_row(self.form, tr("Counted from"), self.evidence)
        self.evidence.textChanged.connect(lambda _text: self.check())
        (self.evidence if by else self.by).setFocus()

    def lacking(self) -> str:
        """Return what is missing."""
        return super().lacking() or (
            "" if self.evidence.text().strip() else tr("Say from what the levels were counted.")
        )


class ReviewDialog(NamedDialog):
    """Draft, reviewed or approved; the views stay free to look through the structure meanwhile."""

    def __init__(
        self,
        title: str,
        state: ReviewState,
        by: str,
        parent: QWidget | None = None,
        *,
        has_next: bool = False,
        asked_beside: int = 0,
    ) -> None:
        self._before = state
        self.wants_next = False
        self.state = ChoiceField([(s, tr(words)) for s, words in STATE_WORDS.items()])
        self.state.show_value(state)
        text = tr(
            "How far do you vouch for the outline of {title}? Scroll through it in the views first.",
            title=title,
        )
        if asked_beside:
            left = tr("The limits ask a person to see {count} more after this one.", count=asked_beside)
        else:
            left = tr("After this one no outline is left that the limits ask a person to see.")
        text = f"{text}\n\n{states_explained()}\n\n{left}"
        super().__init__(tr("Review {title}", title=title), text, by, parent)
        self.state.setAccessibleName(tr("State"))
        self.form.insertRow(0, label(tr("State")), self.state)
        self.state.currentIndexChanged.connect(lambda _index: self.check())
        self.next = QPushButton(tr("OK, next") if asked_beside else tr("OK, next draft"))
        self.next.clicked.connect(self._accept_and_go_on)
        self.next.setAutoDefault(False)
        self.buttons.addButton(self.next, QDialogButtonBox.ButtonRole.ActionRole)
        self.next.setVisible(has_next)  # only now: without a parent it would flash as a window
        self.state.setFocus()
        self.check()

    def lacking(self) -> str:
        """Return what is missing."""
        same = self.state.value == self._before
        return tr("Choose another state than the present one.") if same else super().lacking()

    def check(self) -> None:
        """Say what is missing."""
        super().check()
        if hasattr(self, "next"):
            self.next.setEnabled(self.ok)

    def _accept_and_go_on(self) -> None:
        self.wants_next = True
        self.accept()


class NotInFieldDialog(NamedDialog):
    """Say that kinds of structures do not run through this image."""

    def __init__(
        self,
        kinds: Iterable[StructureKind],
        marked: frozenset[StructureKind],
        by: str,
        parent: QWidget | None = None,
    ) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Kinds of structures"))
        for kind in kinds:
            item = QListWidgetItem(tr(KIND_NAMES[kind]))
            item.setData(Qt.ItemDataRole.UserRole, kind.value)
            item.setCheckState(Qt.CheckState.Checked if kind in marked else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        text = tr("A structure that is missing is NOT ASSESSED. Tick only what you made sure does not run "
                  "through this image; your name is kept with it.")  # fmt: skip
        super().__init__(tr("Not in this field"), text, by, parent)
        self.form.addRow(self.list)

    @property
    def marked(self) -> frozenset[StructureKind]:
        """The ticked kinds."""
        items = [self.list.item(n) for n in range(self.list.count())]
        return frozenset(
            StructureKind(item.data(Qt.ItemDataRole.UserRole))
            for item in items
            if item.checkState() is Qt.CheckState.Checked
        )


@dataclass(frozen=True)
class Choice:
    """An answer of `ask`: its words, and whether Enter takes it."""

    key: str
    words: str
    role: QMessageBox.ButtonRole
    default: bool = False


def ask(parent: QWidget | None, title: str, text: str, choices: Iterable[Choice]) -> str:
    """Ask a question and return the key of the answer; closing the box gives an empty one."""
    box = QMessageBox(parent)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    buttons = {}
    for choice in choices:
        button = box.addButton(choice.words, choice.role)
        buttons[button] = choice.key
        if choice.default:
            box.setDefaultButton(button)
        if choice.role is QMessageBox.ButtonRole.RejectRole:
            box.setEscapeButton(button)
    box.exec()
    return buttons.get(box.clickedButton(), "")  # type: ignore[call-overload,no-any-return]
