"""What happened technically, to copy for whoever helps: no patient, no folder."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from planning.texts import literal, tr
from widgets.plain_text import label
from widgets.theme import scaled


class DetailsDialog(QDialog):
    """Shows a message in full and its details.

    Parameters
    ----------
    sentence : str
        What was said; may name things of this case.
    details : str
        What may be copied.
    """

    def __init__(self, sentence: str, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Details of this message"))
        self.resize(min(scaled(620), 1100), min(scaled(380), 700))
        self.text = QPlainTextEdit(literal(details))
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(tr("Details to copy"))
        self.copy = QPushButton(tr("Copy"))
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(details))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(label(sentence, wrap=True))
        column.addWidget(
            label(tr("For whoever helps you. It names no patient and no folder."), "muted", wrap=True)
        )
        column.addWidget(self.text, 1)
        column.addWidget(buttons)
