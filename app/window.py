"""The main window: places components, no logic."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.actions import COMMANDS, MENUS, SUBMENUS, Actions
from app.program import NAME
from app.tool_strip import ToolStrip
from planning.model.settings import Settings
from planning.texts import tr
from rendering.lettering import Lettering
from widgets.columns import Columns
from widgets.job_bar import JobBar
from widgets.message_bar import Message, MessageBar
from widgets.patient_banner import PatientBanner
from widgets.room import Room
from widgets.safety_board import SafetyBoard
from widgets.stage_bar import Stage, StageBar
from widgets.stages.anatomy_panel import AnatomyPanel
from widgets.stages.case_panel import CasePanel
from widgets.stages.check_panel import CheckPanel
from widgets.stages.cuts_panel import CutsPanel
from widgets.stages.plan_panel import PlanPanel
from widgets.steps_panel import StepsPanel
from widgets.theme import scaled
from widgets.viewport import ViewportMode
from widgets.views.four_up import FourUp
from widgets.views.layouts import Layout
from widgets.welcome import Welcome

_LOW_PX = 430
_MESSAGES_PX = 170
_COLUMNS_PX = 180  # the least height of panel, views and board; a lower window scrolls as a whole


class MainWindow(QMainWindow):
    """The window.

    Signals
    -------
    dropped(Path)
        A file or folder was dropped on it.
    """

    dropped = Signal(object)

    def __init__(self, settings: Settings, mode: ViewportMode, lettering: Lettering) -> None:
        super().__init__()
        self.setWindowTitle(f"{NAME}[*]")  # never the patient's name: it shows in task bars and screen shares
        self.resize(1440, 900)
        self.setMinimumSize(400, 300)
        self.setAcceptDrops(True)
        self.may_close: Callable[[], bool] | None = None
        self.at_close: Callable[[], None] | None = None
        self._shared, self._panels_wanted = False, True
        self.actions_table = Actions(self)
        self.views = FourUp(mode, lettering)
        self.stage_bar = StageBar()
        self.banner = PatientBanner()
        self.messages = MessageBar()
        self.board = SafetyBoard()
        self.job_bar = JobBar()
        self.welcome = Welcome()
        self.case_panel = CasePanel()
        self.anatomy_panel = AnatomyPanel(settings.anatomy_table, settings.limits)
        self.plan_panel = PlanPanel(settings.tools)
        self.check_panel = CheckPanel()
        table = self.actions_table
        self.cuts = CutsPanel([table["duplicate_cut"], table["lock_cut"], table["delete_cut"]])
        self.stages = {
            Stage.CASE: self.case_panel,
            Stage.ANATOMY: self.anatomy_panel,
            Stage.PLAN: self.plan_panel,
            Stage.CHECK: self.check_panel,
        }
        self.stage_stack = QStackedWidget()
        for panel in self.stages.values():
            self.stage_stack.addWidget(_scrolled(panel) if panel is self.anatomy_panel else panel)
        self.steps = StepsPanel()
        self.steps_dock = QDockWidget(tr("Steps"))
        self._build_menus()
        self._lay_out()
        self._dock_steps()
        self.stage_bar.chosen.connect(self.show_stage)
        self.stage_bar.pressed.connect(lambda: self.show_panels(True))
        self.views.laid_out.connect(self._laid_out)
        self.views.set_apart_actions(table.every())
        self.show_panels(True)

    def show_stage(self, stage: Stage) -> None:
        """Show the panel of a stage."""
        self.stage_stack.setCurrentIndex(list(self.stages).index(stage))

    def show_steps(self, shown: bool) -> None:
        """Show or hide the list of steps."""
        self.steps_dock.setVisible(shown)
        if shown:
            self.steps.list.setFocus()

    def show_case_open(self, is_open: bool) -> None:
        """Show the views, or how to begin."""
        self.middle.setCurrentWidget(self.centre if is_open else self.welcome)

    @property
    def panels_shown(self) -> bool:
        """Whether the panel of the stage and the table of cuts are shown."""
        return not self._left.isHidden()

    def show_panels(self, shown: bool) -> None:
        """Show or hide what stands beside the views; the safety board stays."""
        self._panels_wanted = shown
        self._set_panels(shown)

    def _set_panels(self, shown: bool) -> None:
        self._left.setVisible(shown)
        self._bottom.setVisible(shown)
        self.actions_table["panels"].setChecked(shown)
        self.columns.share_out()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or be a window again."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.actions_table["full_screen"].setChecked(self.isFullScreen())

    def show_look(self, theme: str, text_percent: int) -> None:
        """Tick the colours and the text size in use, and let widths follow the text."""
        self.actions_table.show_choice("theme", f"theme-{theme}")
        self.actions_table.show_choice("text_size", f"text-{text_percent}")
        self.strip.fit_to_text()
        self.banner.fit_to_text()
        self.job_bar.fit_to_text()
        self.messages.fit_to_text()
        self.messages.setMinimumWidth(scaled(_MESSAGES_PX))
        for part in self.findChildren(QWidget):
            part.updateGeometry()  # kept sizes are those of the former letters
        self.columns.setMinimumHeight(scaled(_COLUMNS_PX))
        self.room.fit()
        self.columns.share_out()

    def _laid_out(self, layout: Layout) -> None:
        self.actions_table.show_choice("layout", f"layout-{layout.id}")
        self.actions_table["cut_views"].setChecked(self.views.cuts_shown)
        self._set_panels(layout.panels and self._panels_wanted)

    def showEvent(self, event: QShowEvent) -> None:
        """Share the width out once."""
        super().showEvent(event)
        if not self._shared:
            self._shared = True
            self.columns.share_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave a very low window's room to the views: every command stands in the menus."""
        super().resizeEvent(event)
        self.strip.show_tools(self.height() >= scaled(_LOW_PX))
        self.room.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let view keys work wherever the keyboard is, unless a field used them."""
        if not self.views.handle_key(event):
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        urls = event.mimeData().urls()
        if urls and all(url.isLocalFile() for url in urls):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand it on; of several nobody could say which one is meant."""
        urls = event.mimeData().urls()
        if len(urls) == 1:
            self.dropped.emit(Path(urls[0].toLocalFile()))
        else:
            words = tr("Drop one file or one folder at a time. Images of one study lie in one folder.")
            self.messages.show_message(Message(words, "warn"))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close only where no work is lost; give the render windows back first."""
        if self.may_close is not None and not self.may_close():
            event.ignore()
            return
        self.hide()  # jobs may take seconds to end: nobody waits before a window that does nothing
        if self.at_close is not None:
            self.at_close()
        self.views.finalise()
        super().closeEvent(event)

    def _build_menus(self) -> None:
        self.menus = {key: self.menuBar().addMenu(tr(words)) for key, words in MENUS.items()}
        for key, (parent, words) in SUBMENUS.items():
            self.menus[key] = self.menus[parent].addMenu(tr(words))
        for menu in self.menus.values():
            menu.setToolTipsVisible(True)
        for command in COMMANDS:
            if command.id.startswith("-"):
                self.menus[command.menu].addSeparator()
            else:
                self.menus[command.menu].addAction(self.actions_table[command.id])

    def _lay_out(self) -> None:
        self.strip = ToolStrip(self.stage_bar, self.actions_table)
        left = QFrame()
        left.setObjectName("panel")
        inside = QVBoxLayout(left)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(self.stage_stack)
        bottom = QFrame()
        bottom.setObjectName("panel")
        beneath = QVBoxLayout(bottom)
        beneath.setContentsMargins(2, 2, 2, 2)
        beneath.addWidget(self.cuts)
        self.centre = QSplitter(Qt.Orientation.Vertical)
        self.centre.addWidget(self.views)
        self.centre.addWidget(bottom)
        self.centre.setStretchFactor(0, 1)
        self.centre.setSizes([620, 180])
        self.middle = QStackedWidget()
        self.middle.addWidget(self.welcome)
        self.middle.addWidget(self.centre)
        self.centre.setChildrenCollapsible(False)
        self.centre.setHandleWidth(5)
        self._left, self._bottom = left, bottom
        self.columns = Columns(left, self.middle, self.board)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.banner)
        body = QVBoxLayout()
        body.setContentsMargins(6, 5, 6, 0)
        body.addWidget(self.columns)
        column.addLayout(body, 1)
        column.addLayout(self._foot())
        self.room = Room(whole)
        self.setCentralWidget(self.room)

    def _dock_steps(self) -> None:
        self.steps_dock.setObjectName("steps")
        self.steps_dock.setWidget(self.steps)
        self.steps_dock.setAllowedAreas(
            Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea
        )
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.steps_dock)
        self.steps_dock.hide()
        self.steps_dock.visibilityChanged.connect(self.actions_table["steps"].setChecked)

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setContentsMargins(6, 2, 0, 2)
        foot.addWidget(self.messages, 1)
        foot.addWidget(self.job_bar)
        return foot


def _scrolled(panel: QWidget) -> QWidget:
    """Return a panel that scrolls where large text needs more room than there is."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(panel)
    return area
