"""The slices that follow the active cut: one in its blade, one across it."""

from dataclasses import replace
from typing import Final

from PySide6.QtWidgets import QWidget

from planning.geometry.frames import vec3
from planning.texts import tr
from rendering.cut_marks import off_words
from rendering.lettering import Lettering
from rendering.scene_state import SlicePlane, SliceState
from rendering.slice_geometry import across_state, cut_state
from widgets.viewport import ViewportMode
from widgets.views.seen import Looking, Seen, slice_state
from widgets.views.slice_view import SliceView

CUT_PLANES: Final = (SlicePlane.CUT_FACE, SlicePlane.CUT_ACROSS)
FARTHEST_MM: Final = 60.0


class CutView(SliceView):
    """A slice in a cut's blade, or across it; scrolling leaves the cut and says so.

    Parameters
    ----------
    plane : SlicePlane
        `CUT_FACE` or `CUT_ACROSS`.
    """

    def __init__(
        self, plane: SlicePlane, mode: ViewportMode, lettering: Lettering, parent: QWidget | None = None
    ) -> None:
        super().__init__(plane, mode, lettering, parent)
        self._seen, self._looking = Seen(), Looking()
        self.offset_mm = 0.0
        self.back = self.add_button("±0", tr("Back onto the cut (R)"))
        self.back.clicked.connect(self.reset_look)
        self.back.setEnabled(False)

    def show_seen(self, seen: Seen, looking: Looking) -> None:
        """Show the active cut of new content."""
        before = self._seen.cut
        if before is None or seen.cut is None or before.drawn.id != seen.cut.drawn.id:
            self.offset_mm = 0.0
        self._seen, self._looking = seen, looking
        self._follow()

    def go(self, steps: float) -> None:
        """Go `steps` slices towards the viewer, out of the cut; it is never passed unnoticed."""
        if self._wanted.cut is None or self.is_dragging_blade:
            return  # the slice is held still under the hand: words must not say it went
        self._apply()
        step = self.scene.step_mm
        far = self.offset_mm + steps * step
        crossed = far * self.offset_mm < 0 or abs(far) < 0.5 * step
        self.offset_mm = 0.0 if crossed else min(FARTHEST_MM, max(-FARTHEST_MM, far))
        self._follow()
        self.viewport.schedule.moved()

    keeps_note = False  # the cut's name may be long; its button back must stay

    def reset_look(self) -> None:
        """Lie in the cut again, all of it in view."""
        self.offset_mm = 0.0
        super().reset_look()
        self._follow()

    def _follow(self) -> None:
        state = cut_slice_state(self._seen, self._looking, self.plane, self.offset_mm)
        if self.is_dragging_blade and state.cut is not None:
            # Held still under the hand: a slice that went along would run away from the pointer.
            still = self._wanted
            state = replace(
                state, axes=still.axes, crosshair_lps_mm=still.crosshair_lps_mm, field=still.field
            )
        self.show_state(state)
        self.back.setEnabled(self.offset_mm != 0.0)

    def _position_text(self) -> str:
        if self._wanted.cut is None:
            return ""
        return off_words(self._wanted) or self._wanted.cut.drawn.title


def cut_slice_state(seen: Seen, looking: Looking, plane: SlicePlane, offset_mm: float) -> SliceState:
    """Return what a view of the active cut shows, before its own zoom and pan.

    Parameters
    ----------
    seen : Seen
    looking : Looking
    plane : SlicePlane
        `CUT_FACE` or `CUT_ACROSS`.
    offset_mm : float
        How far the slice lies off the cut, towards the viewer.
    """
    state = replace(slice_state(seen, looking, plane), show_crosshair=False)
    if seen.volume is None:
        return state
    words = _why_nothing(seen)
    if words or seen.cut is None:
        return replace(state, volume=None, structures=(), blades=(), levels=(), gaps=(), empty=words)
    drawn = replace(seen.cut.drawn, visible=True, active=True)
    others = tuple(blade for blade in seen.blades if blade.id != drawn.id)
    state = replace(
        state,
        blades=(*others, drawn),
        line=looking.line or seen.cut_line,
        cut=replace(seen.cut, drawn=drawn),
    )
    follow = cut_state if plane is SlicePlane.CUT_FACE else across_state
    followed = follow(state, drawn, offset_mm)
    return replace(followed, crosshair_lps_mm=vec3(followed.crosshair_lps_mm))


def _why_nothing(seen: Seen) -> str:
    if not seen.registered:
        return tr("The image shown lies in another space than the plan.")
    return tr("Choose a cut in the list, or add one.") if seen.cut is None else ""
