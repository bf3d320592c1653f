"""The strip under the menus: the way through a case, and buttons for the commands used most."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QActionEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from app.actions import Actions
from app.program import NOT_A_DEVICE
from planning.texts import tr
from widgets.flow_row import FlowRow
from widgets.plain_text import label
from widgets.stage_bar import StageBar
from widgets.theme import scaled
from widgets.views.layouts import LAYOUTS

_GROUPS = (
    ("open", "import_folder", "save", "report", "undo", "redo"),
    ("crosshair_mode", "window_mode", "outlines", "reset_views", "pieces", "matrix", "picture"),
    tuple(f"layout-{layout.id}" for layout in LAYOUTS),
)
_ICON_PX = 18


class CommandButton(QToolButton):
    """A button that follows its command without connecting to it anew at each change, as Qt's own does.

    Commands go off and on with every drag; connections that nobody takes back fill the memory of a long day.
    """

    def actionEvent(self, event: QActionEvent) -> None:
        """Take over what a command changes while the program runs."""
        action = event.action()
        if event.type() is not QEvent.Type.ActionChanged or action is not self.defaultAction():
            super().actionEvent(event)
            return
        self.setText(action.iconText())
        self.setIcon(action.icon())
        self.setToolTip(action.toolTip())
        self.setChecked(action.isChecked())
        self.setEnabled(action.isEnabled())


class ToolStrip(QFrame):
    """Stages and buttons; goes on in a second line where the window is narrow."""

    def __init__(self, stage_bar: StageBar, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("strip")
        self._actions = actions
        self.buttons: list[QToolButton] = []
        row = FlowRow(3)
        row.setContentsMargins(8, 0, 8, 0)
        self.setLayout(row)
        row.addWidget(stage_bar)
        note = label(tr(NOT_A_DEVICE), "muted")
        note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        row.addWidget(note)
        self._groups = [self._group(commands) for commands in _GROUPS]
        for group in self._groups:
            row.addWidget(group)
        self.fit_to_text()

    def show_tools(self, shown: bool) -> None:
        """Show or hide the buttons; the menus hold every command."""
        for group in self._groups:
            group.setVisible(shown)

    def fit_to_text(self) -> None:
        """Let icons go along with the size of the text."""
        for button in self.buttons:
            button.setIconSize(QSize(scaled(_ICON_PX), scaled(_ICON_PX)))

    def _group(self, commands: Sequence[str]) -> QWidget:
        """Return buttons that stay together in one line."""
        group = QWidget()
        row = QHBoxLayout(group)
        row.setContentsMargins(4, 0, 4, 0)
        row.setSpacing(1)
        for command in commands:
            row.addWidget(self._button(command))
        return group

    def _button(self, command: str) -> QToolButton:
        button = CommandButton()
        button.setDefaultAction(self._actions[command])
        button.setProperty("flat", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(self._actions[command].text().partition("\t")[0])
        self.buttons.append(button)
        return button
