"""Where something is written, and how: a folder that may not exist yet, and a few choices."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from planning.texts import tr
from widgets.access import named_row
from widgets.fields import ChoiceField
from widgets.plain_text import label


@dataclass(frozen=True)
class Option:
    """A choice of the dialog: its key, its words, and what may be chosen; the first is offered."""

    key: str
    words: str
    choices: tuple[tuple[str, str], ...]


class OutputDialog(QDialog):
    """Asks for a folder, typed or looked for, and says whether it will be made."""

    def __init__(
        self,
        title: str,
        text: str,
        folder: Path,
        options: Sequence[Option] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(560)
        self.field = QLineEdit(str(folder))
        self.field.setAccessibleName(tr("Folder"))
        self.browse = QPushButton(tr("Browse..."))
        self.browse.clicked.connect(self._browse)
        self.options = {option.key: _field(option) for option in options}
        self.why = label("", "muted", wrap=True)
        self.why.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.button(QDialogButtonBox.StandardButton.Cancel).setAutoDefault(False)
        self.browse.setAutoDefault(False)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        place = QHBoxLayout()
        place.addWidget(self.field, 1)
        place.addWidget(self.browse)
        form = QFormLayout()
        self.field.setAccessibleName(tr("Folder"))
        form.addRow(label(tr("Folder")), place)
        for option in options:
            named_row(form, option.words, self.options[option.key])
        column = QVBoxLayout(self)
        column.addWidget(label(text, wrap=True))
        column.addLayout(form)
        column.addWidget(self.why)
        column.addWidget(self.buttons)
        self.field.textChanged.connect(lambda _text: self.check())
        self.check()

    @property
    def folder(self) -> Path:
        """The folder as typed, with the home folder for a leading tilde."""
        return Path(self.field.text().strip()).expanduser()

    def chosen(self, key: str) -> str:
        """Return what was chosen of an option."""
        return str(self.options[key].value)

    def lacking(self) -> str:
        """Return why this cannot be the folder; empty where it can."""
        if not self.field.text().strip():
            return tr("Type a folder, or look for one with 'Browse...'.")
        if not self.folder.is_absolute():
            return tr("Type the whole path, from the top of the disk.")
        if self.folder.exists() and not self.folder.is_dir():
            return tr("There is a file of that name. Choose a folder.")
        return ""

    def check(self) -> None:
        """Say what is missing, or that the folder will be made."""
        missing = self.lacking()
        self.why.setText(missing or self._what_happens())
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setEnabled(not missing)

    def _what_happens(self) -> str:
        if not self.folder.exists():
            return tr("This folder does not exist yet; it will be made.")
        try:
            is_empty = next(self.folder.iterdir(), None) is None
        except OSError:
            return tr("This folder cannot be looked into; writing there may fail.")
        return "" if is_empty else tr("Files of the same names in this folder are replaced.")

    def _browse(self) -> None:
        there = next((p for p in (self.folder, *self.folder.parents) if p.is_dir()), Path.home())
        chosen = QFileDialog.getExistingDirectory(self, self.windowTitle(), str(there))
        if chosen:
            self.field.setText(chosen)


def _field(option: Option) -> ChoiceField:
    field = ChoiceField()
    field.show_value(option.choices[0][0])
    field.offer(option.choices)
    return field
