"""Load a plan from a JSON file into the present case."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.jobs import Jobs
from app.session import Session
from app.settings import Preferences
from planning.editing.plan_edits import ReplacePlan
from planning.model.plan import Plan
from planning.model.plan_json import read_plan
from planning.texts import tr


class PlanFileFlow:
    """Asks for a plan and makes it the active one: one history step."""

    def __init__(self, window: QWidget, session: Session, jobs: Jobs, preferences: Preferences) -> None:
        self._window = window
        self._session = session
        self._jobs = jobs
        self._preferences = preferences

    def choose(self) -> None:
        """Ask for a plan file and load it."""
        chosen, _ = QFileDialog.getOpenFileName(
            self._window, tr("Load plan"), str(self._preferences.folder), f"{tr('Plan')} (*.json)"
        )
        if chosen:
            self.load(Path(chosen))

    def _use(self, plan: Plan) -> None:
        self._session.do(ReplacePlan(plan))

    def load(self, path: Path) -> None:
        """Load a plan file; a fault names the offending key in the message bar."""
        tools = self._session.settings.tools
        self._jobs.start(
            "plan",
            tr("Loading the plan"),
            lambda _progress: read_plan(path, tools),
            self._use,
        )
