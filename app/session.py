"""One case being worked on: its history, the preview of a drag, what was computed from it, one signal.

An edit is a pure function of the case; this is the only place that holds which case is present.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.derived import Computations, Derived
from app.jobs import Jobs
from planning.editing.edits import Edit
from planning.editing.history import History
from planning.errors import PlanningError
from planning.model.case import Case
from planning.model.settings import Settings
from planning.model.stamp import is_current
from planning.safety.evaluation import LiveResult, live
from planning.safety.results import Evaluation
from planning.segmentation.surfaces import Surfaces
from planning.storage.approvals import NOT_APPROVED, PlanStanding


@dataclass(frozen=True, eq=False)
class SessionView:
    """Everything the window shows, as one value.

    Parameters
    ----------
    case : Case or None
        The previewed case during a drag, else the present one.
    evaluation : Evaluation or None
        Only ever current; None while it is computed.
    live : LiveResult or None
        During a drag, and after it until the plan is checked: the dragged cut's clearances, computed from
        this very `case`.
    surfaces : Surfaces or None
    undo_label, redo_label : str or None
    history, undone : tuple of str
        What was done, newest last; what was undone, next first.
    dirty, previewing, updating : bool
        Unsaved work; a drag is under way; numbers are still to come.
    failure : str
        Why the plan could not be checked; empty where it was.
    path : Path or None
        The case file.
    standing : PlanStanding
        Whether the plan is approved, or was changed since.
    """

    case: Case | None = None
    evaluation: Evaluation | None = None
    live: LiveResult | None = None
    surfaces: Surfaces | None = None
    undo_label: str | None = None
    redo_label: str | None = None
    history: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    dirty: bool = False
    previewing: bool = False
    updating: bool = False
    failure: str = ""
    path: Path | None = None
    standing: PlanStanding = NOT_APPROVED


class Session(QObject):
    """The case in the window.

    Signals
    -------
    changed(SessionView)
        Anything shown changed.
    refused(PlanningError)
        An edit could not be made, and why.
    """

    changed = Signal(object)
    refused = Signal(object)

    def __init__(self, computations: Computations, settings: Settings, jobs: Jobs) -> None:
        super().__init__()
        self.settings = settings
        self._history: History | None = None
        self._preview: Case | None = None
        self._live: LiveResult | None = None
        self._moving = ""
        self._saved: Case | None = None
        self._path: Path | None = None
        self.standing_of: Callable[[Case], PlanStanding] = lambda _case: NOT_APPROVED
        self.derived = Derived(computations, settings, jobs)
        self.derived.changed.connect(self._tell)

    @property
    def case(self) -> Case | None:
        """The present case, without the preview."""
        return self._history.present if self._history is not None else None

    @property
    def is_dirty(self) -> bool:
        """Whether closing now would lose work."""
        return self.case is not None and self.case is not self._saved

    @property
    def path(self) -> Path | None:
        """The case file, or None while there is none."""
        return self._path

    @property
    def view(self) -> SessionView:
        """What the window shows now."""
        history = self._history
        if history is None:
            return SessionView()
        case = self._preview if self._preview is not None else history.present
        return SessionView(
            case=case,
            evaluation=self.derived.evaluation,
            live=self._live if self.derived.evaluation is None and not self.derived.failure else None,
            surfaces=self.derived.surfaces,
            undo_label=history.undo_label,
            redo_label=history.redo_label,
            history=tuple(step.label for step in history.past),
            undone=tuple(step.label for step in history.future),
            dirty=self.is_dirty,
            previewing=self._preview is not None,
            updating=self.derived.is_updating,
            failure=self.derived.failure,
            path=self._path,
            standing=self.standing_of(case),
        )

    def open(
        self, case: Case, path: Path | None = None, *, saved: bool = True, saved_as: Case | None = None
    ) -> None:
        """Start working on a case, with a fresh history.

        Parameters
        ----------
        case : Case
        path : Path or None
        saved : bool
            Whether the case is safely stored as it is.
        saved_as : Case or None
            What is stored at `path`, where `case` is recovered work that goes beyond it.
        """
        self._history = History(case)
        self._saved = saved_as or (case if saved else None)
        self._path = path
        self._settle()

    def close(self) -> None:
        """Put the case away."""
        self._history, self._saved, self._path = None, None, None
        self._settle()

    def mark_saved(self, case: Case, path: Path | None) -> None:
        """Note that `case` is safely stored at `path`."""
        self._saved, self._path = case, path
        self._tell()

    def do(self, edit: Edit) -> bool:
        """Make one history step; say whether it was possible. A refused edit changes nothing."""
        if self._history is None:
            return False
        try:
            self._history = self._history.do(edit)
        except PlanningError as error:
            self._settle()
            self.refused.emit(error)
            return False
        self._settle()
        return True

    def preview(self, edit: Edit, osteotomy_id: str = "") -> bool:
        """Show the case as the edit would make it, without a history step.

        Parameters
        ----------
        edit : Edit
        osteotomy_id : str
            The cut that moves: its clearances are computed at once.
        """
        if self._history is None:
            return False
        try:
            self._preview = edit.apply(self._history.present)
        except PlanningError as error:
            self.drop_preview()
            self.refused.emit(error)
            return False
        self._moving = osteotomy_id
        self.derived.follow(self._preview, moving=True)
        self._live = self._measured()
        self._tell()
        return True

    def drop_preview(self) -> None:
        """Return to the present case: the drag is abandoned."""
        if self._preview is not None:
            self._settle()

    def undo(self) -> None:
        """Go one step back."""
        self.go(-1)

    def redo(self) -> None:
        """Go one undone step forward."""
        self.go(1)

    def go(self, steps: int) -> None:
        """Go several steps, back where below zero; one change is told, whatever lies between."""
        if self._history is not None:
            self._history = self._history.gone(steps)
            self._settle()

    def use_settings(self, settings: Settings) -> None:
        """Judge by other settings from now on; whatever was judged before is withdrawn."""
        self.settings = settings
        self.derived.use_settings(settings)
        self._settle()

    def tell(self) -> None:
        """Show everything anew: something outside the case changed what is said of it."""
        self._tell()

    def _settle(self) -> None:
        case, last = self.case, self._live
        self._preview, self._moving = None, ""
        self.derived.follow(case, moving=False)
        # What was measured in the hand holds for the blade as it was let go, until the plan is checked.
        holds = case is not None and is_current(last, case, self.settings)
        self._live = last if holds else None
        self._tell()

    def _measured(self) -> LiveResult | None:
        fields, case = self.derived.fields, self._preview
        if fields is None or case is None or not self._moving or self.derived.evaluation is not None:
            return None
        return live(case, self.settings, fields, self._moving)

    def _tell(self) -> None:
        self.changed.emit(self.view)
