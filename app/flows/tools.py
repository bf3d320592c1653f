"""The tool library in the window: edit, keep, and say which cuts go on with other numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog

from app.session import Session
from app.window import MainWindow
from planning.errors import PlanningError
from planning.model.own_tools import write_own_tools
from planning.model.tools import ToolLibrary
from planning.texts import tr
from widgets.message_bar import Message, Tone
from widgets.tools_dialog import ToolsDialog

_ACTION: Final = "tools"


class ToolsFlow(QObject):
    """Opens the dialog; nothing it does changes a plan.

    Signals
    -------
    told(Message)
    """

    told = Signal(object)

    def __init__(self, window: MainWindow, session: Session, path: Path) -> None:
        super().__init__()
        self._window, self._session, self._path = window, session, path

    def edit(self) -> None:
        """Show the library and keep what was changed."""
        before = self._session.settings.tools
        dialog = ToolsDialog(before, self._window)
        if dialog.exec() == QDialog.DialogCode.Accepted and dialog.library != before:
            self.keep(dialog.library)

    def keep(self, library: ToolLibrary) -> None:
        """Write the department's own tools and use them from now on."""
        try:
            write_own_tools(library.own, self._path)
        except PlanningError as problem:
            self.told.emit(Message(problem.message, "fail", problem.code, about=_ACTION))
            return
        self._window.plan_panel.cut.show_tools(library)
        self._session.use_settings(replace(self._session.settings, tools=library))
        words = self._keeping_others(library)
        tone: Tone = "warn" if words else "info"
        self.told.emit(Message(words or tr("The tool library is saved."), tone, about=_ACTION))

    def _keeping_others(self, library: ToolLibrary) -> str:
        """Return which cuts keep numbers their tool no longer has; empty where none does."""
        case = self._session.case
        cuts = case.plan.osteotomies if case is not None else ()
        others = [
            o.title
            for o in cuts
            for tool in [library.tool(o.tool)]
            if tool is not None
            and tool.own
            and (tool.kerf_mm, tool.overshoot_mm) != (o.blade.kerf_mm, o.blade.overshoot_mm)
        ]
        if not others:
            return ""
        return tr(
            "The tool library is saved. {cuts}: planned with other numbers, and they keep them. "
            "Choose such a cut to take the new ones over.",
            cuts=", ".join(others),
        )
