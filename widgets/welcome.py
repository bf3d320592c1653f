"""What the window shows before there is a case: three ways to begin."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from planning.texts import tr
from widgets.icons import icon
from widgets.plain_text import label, tip


class Welcome(QWidget):
    """The empty state.

    Signals
    -------
    demo_asked(), import_folder_asked(), open_asked()
    """

    demo_asked = Signal()
    import_folder_asked = Signal()
    open_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.demo = QPushButton(tr("Open the demo case"))
        self.demo.setObjectName("primary")
        self.import_folder = QPushButton(icon("import"), tr("Import a DICOM folder..."))
        self.open_case = QPushButton(icon("open"), tr("Open a case..."))
        self.demo.clicked.connect(self.demo_asked)
        self.import_folder.clicked.connect(self.import_folder_asked)
        self.open_case.clicked.connect(self.open_asked)
        drop = QFrame()
        drop.setObjectName("drop")
        inside = QVBoxLayout(drop)
        inside.setContentsMargins(36, 30, 36, 30)
        inside.setSpacing(10)
        title = label(tr("Plan an en bloc resection"), "welcome")
        hint = label(
            tr("Drop a DICOM folder, a zip of one, a volume file or a case here"), "muted", wrap=True
        )
        for words in (title, hint):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
            inside.addWidget(words)
        inside.addSpacing(8)
        for button in (self.demo, self.import_folder, self.open_case):
            button.setMinimumHeight(34)
            inside.addWidget(button)
        inside.addSpacing(8)
        steps = (
            tr("1  Import images and the structures outlined on them"),
            tr("2  Count and confirm the levels"),
            tr("3  Place the cuts"),
            tr("4  Read the safety board, look at the pieces, write the report"),
        )
        inside.addWidget(label("\n".join(steps), "muted"), 0, Qt.AlignmentFlag.AlignHCenter)
        drop.setMaximumWidth(560)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(drop, 4)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)

    def show_demo(self, available: bool) -> None:
        """Say whether the demo case is there."""
        self.demo.setEnabled(available)
        self.demo.setToolTip("" if available else tip(tr("The demo case is missing from this installation.")))
