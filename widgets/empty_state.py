"""What a place says while there is nothing in it yet: what belongs there, and a button that leads on."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from widgets.plain_text import label


class EmptyState(QWidget):
    """A sentence and one button.

    Parameters
    ----------
    words : str
        What is missing, and what to do.
    lead : str
        The button's words.

    Signals
    -------
    asked()
        The button was pressed.
    """

    asked = Signal()

    def __init__(self, words: str, lead: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = label(words, "muted", wrap=True)
        self.lead = QPushButton(lead)
        self.lead.clicked.connect(self.asked)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 26, 10, 8)
        column.addWidget(self.words)
        column.addWidget(self.lead, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
