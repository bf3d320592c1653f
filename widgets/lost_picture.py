"""What a view shows when nothing can be drawn in it any more: why, and what to do."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from planning.errors import PlanningError
from planning.texts import mark, tr
from widgets.plain_text import label


def drawing_lost() -> PlanningError:
    """Return the problem of a graphics driver that gave up."""
    return PlanningError(
        "DRAWING_LOST",
        mark(
            "The graphics driver stopped drawing. Your plan is safe, and every step is still kept. Press "
            "'Draw again'; if that does not help, save and start EnBloc with --painted, which needs no "
            "driver."
        ),
    )


class LostPicture(QFrame):
    """Covers a view with the reason and a button.

    Signals
    -------
    again_asked()
    """

    again_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.sentence = label("", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.again = QPushButton(tr("Draw again"))
        self.again.clicked.connect(self.again_asked)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(self.sentence)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        self.hide()

    def show_problem(self, problem: PlanningError) -> None:
        """Cover the view and say why."""
        self.sentence.setText(problem.message)
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.show()
        self.raise_()
