"""What the window's commands do to cuts, and how the surgeon looks at them."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.drawn import Choices
from app.new_cut import free_id, free_name, level_and_side, new_cut
from app.session import Session
from planning.editing.osteotomy_edits import (
    AddOsteotomy,
    ChangeOsteotomy,
    DuplicateOsteotomy,
    RemoveOsteotomy,
    SwapOrder,
)
from planning.errors import PlanningError
from planning.geometry.frames import Vec3, vec3
from planning.geometry.relative_place import mirrored
from planning.model.case import Case
from planning.model.osteotomy import CutSide, Osteotomy
from planning.resection.vertebra_frame import Place, VertebraFrame
from planning.safety.board import millimetres
from planning.safety.evaluation import LiveResult, live
from planning.texts import listed, mark, tr
from widgets.message_bar import Message
from widgets.stages.cuts_panel import NewCut
from widgets.tables.cut_rows import in_step_order
from widgets.together import Together

_COPY_SHIFT_MM = 5.0


class PlanCommands(QObject):
    """Holds which cut is active and what is hidden; turns commands into edits.

    Signals
    -------
    looked()
        The choices changed; the case did not.
    told(Message)
    """

    looked = Signal()
    told = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.choices = Choices()
        self._piece_before: Vec3 = (0.0, 0.0, 0.0)

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

    def settle_active(self) -> None:
        """Choose the first cut where the active one is gone, as after undoing that it was added."""
        case = self._session.case
        if case is not None and case.plan.osteotomies and self.active is None:
            self.look(active_cut=min(case.plan.osteotomies, key=lambda o: o.step or 0).id)

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
        if self._session.do(AddOsteotomy(cut)):
            self.told.emit(added_message(cut, self._met_by(cut)))

    def place_words(self, point_lps_mm: Vec3) -> str:
        """Return which level a point is at and on which side, such as ``T10 left``; empty without levels."""
        case = self._session.case
        if case is None:
            return ""
        level, side = level_and_side(point_lps_mm, case, self._session.derived.surfaces)
        words = {"left": tr("left"), "right": tr("right")}.get(str(side), "")
        return f"{level} {words}" if level is not None else ""

    def _met_by(self, cut: Osteotomy) -> LiveResult | None:
        """Return a cut's distances from the fields there are; None where they have yet to be made."""
        case, fields = self._session.case, self._session.derived.fields
        if case is None or fields is None or not fields.covers(cut.blade):
            return None
        return live(case, self._session.settings, fields, cut.id)

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

    def mirror(self, frame_of: Callable[[str, Place], VertebraFrame | PlanningError | None]) -> None:
        """Copy the active cut to the other side of its vertebra's sagittal plane; say why where it cannot."""
        cut, case = self.active, self._session.case
        if cut is None or case is None:
            return
        if cut.level is None:
            self.told.emit(Message(tr("Give the cut a level first: it is mirrored at its vertebra."), "warn"))
            return
        found = frame_of(cut.level, Place.CENTRE)
        if not isinstance(found, VertebraFrame):
            words = found.message if found is not None else tr("The vertebra is being measured. Try again.")
            self.told.emit(Message(words, "warn"))
            return
        copy = mirror_image(cut, case, found)
        self.choices = replace(self.choices, active_cut=copy.id)
        edit = Together(tr("Mirror {title}", title=cut.title), (AddOsteotomy(copy),))
        if self._session.do(edit) and cut.guards:
            words = tr("{cut} was added without guards: name what protects that side.", cut=copy.title)
            self.told.emit(Message(words, "warn"))

    def reorder(self, by: int) -> None:
        """Take the active cut one step earlier or later among the cuts; say so at either end."""
        cut, case = self.active, self._session.case
        if cut is None or case is None:
            return
        order = in_step_order(case.plan.osteotomies)
        at = order.index(cut)
        if not 0 <= at + by < len(order):
            words = (
                mark("{cut} is the first cut already.") if by < 0 else mark("{cut} is the last cut already.")
            )
            self.told.emit(Message(tr(words, cut=cut.title)))
            return
        self._session.do(SwapOrder(cut.id, order[at + by].id, earlier=by < 0, title=cut.title))

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

    def fade_piece(self, piece_id: str, opacity: float) -> None:
        """Draw a piece more or less transparent."""
        others = tuple(pair for pair in self.choices.piece_opacities if pair[0] != piece_id)
        self.look(piece_opacities=others if opacity >= 1 else (*others, (piece_id, opacity)))

    def grab_piece(self, piece_id: str) -> None:
        """A hand takes a piece: remember where it was."""
        self._piece_before = dict(self.choices.moved_pieces).get(piece_id, (0.0, 0.0, 0.0))

    def drag_piece(self, piece_id: str, by_lps_mm: Vec3) -> None:
        """Move a piece from where it was grabbed, for looking only."""
        moved = vec3([a + b for a, b in zip(self._piece_before, by_lps_mm, strict=True)])
        others = tuple(pair for pair in self.choices.moved_pieces if pair[0] != piece_id)
        self.look(moved_pieces=others if not any(moved) else (*others, (piece_id, moved)))

    def bring_pieces_back(self) -> None:
        """Show every piece whole and in its place."""
        self.look(apart=0.0, moved_pieces=(), piece_opacities=(), hidden_pieces=frozenset())


def mirror_image(cut: Osteotomy, case: Case, frame: VertebraFrame) -> Osteotomy:
    """Return a cut on the other side: free, without guards, which are of one side."""
    taken = {o.id for o in case.plan.osteotomies}
    titles = {o.title for o in case.plan.osteotomies}
    sides: dict[str, CutSide] = {"left": "right", "right": "left"}
    name = other_side_name(cut.title)
    return replace(
        cut,
        id=free_id(cut.kind.value, taken),
        name=free_name(tr("{title} (mirrored)", title=cut.title) if name == cut.title else name, titles),
        side=sides.get(str(cut.side), cut.side),
        blade=mirrored(cut.blade, frame.origin_lps_mm, frame.left),
        guards=(),
        locked=False,
    )


def other_side_name(title: str) -> str:
    """Return a title with left and right exchanged, in the words of the present language and in English."""
    english = (("Left", "Right"), ("left", "right"))
    for left, right in (*english, (tr("Left"), tr("Right")), (tr("left"), tr("right"))):
        if left in title:
            return title.replace(left, right)
        if right in title:
            return title.replace(right, left)
    return title


def added_message(cut: Osteotomy, found: LiveResult | None) -> Message:
    """Return where a new cut landed and what it enters as it lies."""
    place = cut.level or tr("no labelled level")
    if found is None:
        words = tr("{cut} was added at {place}. The safety board will say what it meets.",
                   cut=cut.title, place=place)  # fmt: skip
        return Message(words)
    anatomy = found.inputs.anatomy
    results = [(c.value_mm, anatomy.structure(c.structure_id)) for c in found.clearances]
    entered = [(mm, s.title) for mm, s in results if mm is not None and mm < 0 and s is not None]
    if found.margin.value_mm is not None and found.margin.value_mm < 0:
        entered.append((found.margin.value_mm, tr("tumour")))
    if not entered:
        words = tr("{cut} was added at {place}. As it lies, it enters nothing that could be measured. "
                   "Adjust it in 3D or in numbers.", cut=cut.title, place=place)  # fmt: skip
        return Message(words)
    names = listed(
        tr("the {what} by {value} mm", what=what, value=millimetres(mm)) for mm, what in sorted(entered)
    )
    words = tr("{cut} was added at {place}. As it lies, it enters {listed}. Move it before you go on.",
               cut=cut.title, place=place, listed=names)  # fmt: skip
    return Message(words, "warn")
