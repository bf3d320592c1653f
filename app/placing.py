"""A cut that was placed is locked when the surgeon goes on, so that no hand moves it by accident."""

from PySide6.QtCore import QObject, QTimer, Signal

from app.plan_commands import PlanCommands
from app.session import Session, SessionView
from app.settings import Preferences
from planning.editing.osteotomy_edits import ChangeOsteotomy
from planning.geometry.blade import Blade
from planning.texts import listed, tr
from widgets.message_bar import Message
from widgets.stage_bar import Stage


class Placing(QObject):
    """Watches the active cut: added or moved and then left, it is locked, as a step of its own.

    While it stays active it may be moved as often as it takes. A cut that was unlocked stays free until it
    is moved and left again.

    Signals
    -------
    told(Message)
        What was locked, and how it is freed.
    """

    told = Signal(object)

    def __init__(self, session: Session, commands: PlanCommands, preferences: Preferences) -> None:
        super().__init__()
        self._session, self._commands, self._preferences = session, commands, preferences
        self._blades: dict[str, Blade] = {}
        self._active = ""
        self._placed: set[str] = set()
        session.changed.connect(self._follow)
        commands.looked.connect(self._look)

    def leave(self, *, every: bool = True) -> None:
        """Lock what was placed, the active cut with it unless told: the surgeon goes on."""
        if self._preferences.locks_placed_cuts:
            # Later: a step made while a change is being told would reach half of the window only.
            QTimer.singleShot(0, self, lambda: self._lock_placed(every))

    def go_to(self, stage: Stage) -> None:
        """Lock the active cut too where the surgeon leaves the stage of cuts."""
        if stage is not Stage.PLAN:
            self.leave()

    def _follow(self, view: SessionView) -> None:
        if view.previewing:
            return
        case = view.case
        blades = {o.id: o.blade for o in case.plan.osteotomies} if case is not None else {}
        moved = [cut for cut, blade in blades.items() if self._blades.get(cut) != blade]
        self._blades = blades
        if not view.history and not view.undone:  # just opened, or put away
            self._placed.clear()
        elif not view.undone and moved == [self._commands.choices.active_cut]:
            # A plan that is loaded brings many cuts: nobody placed those by hand.
            self._placed.add(moved[0])
        self._look()

    def _look(self) -> None:
        active = self._commands.choices.active_cut
        if active != self._active:
            self._active = active
            self.leave(every=False)

    def _lock_placed(self, every: bool) -> None:
        view = self._session.view
        if view.case is None or view.previewing or view.undone:
            return  # a step now would take away what can be redone
        staying = set() if every else {self._commands.choices.active_cut}
        locked = []
        for cut_id in sorted(self._placed - staying):
            cut = view.case.plan.osteotomy(cut_id)
            self._placed.discard(cut_id)
            if cut is not None and not cut.locked:
                self._session.do(ChangeOsteotomy(cut.id, cut.title, locked=True))
                locked.append(cut.title)
        if locked:
            words = tr(
                "Placed, and locked so that no hand moves it: {cuts}. Its padlock or Ctrl+K frees it.",
                cuts=listed(locked),
            )
            self.told.emit(Message(words))

    def toggle(self) -> None:
        """Lock placed cuts from now on, or leave them free."""
        self._preferences.locks_placed_cuts = not self._preferences.locks_placed_cuts
