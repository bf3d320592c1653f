"""What the window's commands do to cuts, and how the surgeon looks at them."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.drawn import Choices
from app.new_cut import free_id, new_cut
from app.session import Session
from planning.editing.osteotomy_edits import (
    AddOsteotomy,
    ChangeOsteotomy,
    DuplicateOsteotomy,
    RemoveOsteotomy,
)
from planning.geometry.frames import Vec3, vec3
from planning.model.osteotomy import Osteotomy
from planning.texts import tr
from widgets.stages.cuts_panel import NewCut

_COPY_SHIFT_MM = 5.0


class PlanCommands(QObject):
    """Holds which cut is active and what is hidden; turns commands into edits.

    Signals
    -------
    looked()
        The choices changed; the case did not.
    """

    looked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.choices = Choices()

    @property
    def active(self) -> Osteotomy | None:
        """The active cut, or None."""
        case = self._session.case
        return case.plan.osteotomy(self.choices.active_cut) if case is not None else None

    def look(self, **values: object) -> None:
        """Change how the plan is looked at."""
        changed = replace(self.choices, **values)  # type: ignore[arg-type]
        if changed != self.choices:
            self.choices = changed
            self.looked.emit()

    def forget(self) -> None:
        """Another case: start with its first cut."""
        case = self._session.case
        first = (
            min(case.plan.osteotomies, key=lambda o: o.step or 0, default=None) if case is not None else None
        )
        self.choices = Choices(active_cut=first.id if first is not None else "")

    def add(self, wish: NewCut, crosshair_lps_mm: Vec3) -> None:
        """Add a cut as a starting position and make it the active one."""
        case = self._session.case
        if case is None or case.anatomy is None:
            return
        surfaces = self._session.derived.surfaces
        cut = new_cut(wish, case, surfaces, crosshair_lps_mm, self._session.settings.tools)
        self.choices = replace(self.choices, active_cut=cut.id)
        self._session.do(AddOsteotomy(cut))

    def duplicate(self) -> None:
        """Copy the active cut a little along its normal."""
        cut, case = self.active, self._session.case
        if cut is None or case is None:
            return
        new_id = free_id(cut.kind.value, {o.id for o in case.plan.osteotomies})
        shift = vec3([component * _COPY_SHIFT_MM for component in cut.blade.normal_lps])
        name = tr("{title} (copy)", title=cut.title)
        self.choices = replace(self.choices, active_cut=new_id)
        self._session.do(DuplicateOsteotomy(cut.id, new_id, name, shift, cut.title))

    def delete(self) -> None:
        """Delete the active cut; the next one becomes active."""
        cut, case = self.active, self._session.case
        if cut is None or case is None:
            return
        left = [o.id for o in case.plan.osteotomies if o.id != cut.id]
        at = case.plan.osteotomies.index(cut)
        if self._session.do(RemoveOsteotomy(cut.id, cut.title)):
            self.look(active_cut=left[min(at, len(left) - 1)] if left else "")

    def toggle_lock(self, cut_id: str = "") -> None:
        """Lock or unlock a cut, or the active one."""
        case = self._session.case
        cut = case.plan.osteotomy(cut_id or self.choices.active_cut) if case is not None else None
        if cut is not None:
            self._session.do(ChangeOsteotomy(cut.id, cut.title, locked=not cut.locked))

    def toggle_cut_visibility(self, cut_id: str) -> None:
        """Show or hide a blade."""
        self.look(hidden_cuts=self.choices.hidden_cuts ^ {cut_id})

    def toggle_piece_visibility(self, piece_id: str) -> None:
        """Show or hide a piece."""
        self.look(hidden_pieces=self.choices.hidden_pieces ^ {piece_id})
