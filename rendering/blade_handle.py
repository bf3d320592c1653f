"""The active blade's handles: grab, drag, and give the new blade back.

Only the handles' own projected lines are looked at when the pointer goes down, so no surface in
front or behind can take the click.
"""

from enum import StrEnum
from typing import Final, Protocol

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats
from rendering.boxes import NO_BOXES, along
from rendering.grips import LOCK_RGB, Drag, Eye, Grips, SpineGrips
from rendering.handle_shapes import REACH_PX, SMALL, nearest_part
from rendering.line_layer import LineLayer, Strokes
from rendering.scene_state import DrawnBlade
from rendering.themes import Rgb
from rendering.trace_grips import TracePart

HOT_RGB: Rgb = (255, 240, 80)


class BladeListener(Protocol):
    """Who is told about a drag."""

    def blade_started(self, blade_id: str) -> None:
        """Handle a grab."""

    def blade_moved(self, blade_id: str, blade: Blade) -> None:
        """Handle each step: preview it."""

    def blade_ended(self, blade_id: str, blade: Blade) -> None:
        """Handle the release: one history step."""

    def blade_cancelled(self, blade_id: str) -> None:
        """Handle Esc: the state before the drag comes back."""

    def blade_lost(self, blade_id: str) -> None:
        """Handle a blade that was deleted, locked or left under the pointer: its drag is over.

        Called while a new state is being shown, so whoever answers with another one answers later.
        """

    def blade_refused(self, blade_id: str) -> None:
        """Handle a grab of a locked blade: say that it is locked."""


class Silent:
    """A listener for pictures: nobody drags there."""

    def blade_started(self, blade_id: str) -> None:
        """Do nothing."""

    def blade_moved(self, blade_id: str, blade: Blade) -> None:
        """Do nothing."""

    def blade_ended(self, blade_id: str, blade: Blade) -> None:
        """Do nothing."""

    def blade_cancelled(self, blade_id: str) -> None:
        """Do nothing."""

    def blade_lost(self, blade_id: str) -> None:
        """Do nothing."""

    def blade_refused(self, blade_id: str) -> None:
        """Do nothing."""


_SMALL: Final = SMALL | (frozenset(TracePart) - {TracePart.LINE})
_NOTHING: Final = np.empty((0, 2, 3))


class BladeHandle:
    """Handles of the active blade, or a padlock where it is locked.

    Parameters
    ----------
    renderer : vtkRenderer
        The handles' own layer, in front of everything.
    eye : Eye
    listener : BladeListener
    grips : Grips, optional
        What can be grabbed in this view; without it, what 3D offers.
    """

    def __init__(
        self, renderer: vtkRenderer, eye: Eye, listener: BladeListener, grips: Grips | None = None
    ) -> None:
        self._eye, self._listener = eye, listener
        self._grips = grips or SpineGrips(eye)
        self._lines = LineLayer(renderer, edge_alpha=0.55)
        self._pixel_ratio, self._size = 1.0, 1.0
        self._drawn: DrawnBlade | None = None
        self._locked: DrawnBlade | None = None
        self._hot: StrEnum | None = None
        self._over_lock = False
        self._drag: Drag | None = None
        self._now: Blade | None = None
        self.offered = True

    @property
    def is_grabbed(self) -> bool:
        """Whether a drag is under way."""
        return self._drag is not None

    @property
    def grabbed_id(self) -> str:
        """The blade being dragged, or an empty string."""
        return self._drawn.id if self._drag is not None and self._drawn is not None else ""

    def set_pixel_ratio(self, pixel_ratio: float) -> None:
        """Keep the handles' size on a screen of this density."""
        self._pixel_ratio = pixel_ratio
        self._lines.set_width(2.4 * pixel_ratio)

    def show(self, blades: tuple[DrawnBlade, ...]) -> None:
        """Take over the blade that carries handles: the active one, if it may move."""
        active = next((b for b in blades if b.active and b.visible), None) if self.offered else None
        drawn = active if active is not None and not active.locked else None
        held = self.grabbed_id
        self._drawn, self._locked = drawn, active if drawn is None else None
        if held and (drawn is None or drawn.id != held):
            self._drag, self._now = None, None
            self._listener.blade_lost(held)

    def layout(self, size: float = 1.0) -> None:
        """Draw the handles at their size for the present view: 1, or less in a small one."""
        self._size = size
        strokes = [
            Strokes(lines, rgb)
            for part, lines in self._shapes().items()
            if (rgb := HOT_RGB if part is self._hot else self._grips.rgb(part)) is not None
        ]
        self._lines.show([*strokes, Strokes(self._padlock(), LOCK_RGB)])

    def boxes(self) -> Floats:
        """Return rectangles along all that can be grabbed, in pixels of the window: words keep off them."""
        lines = np.concatenate([*self._shapes().values(), self._padlock()])
        if not len(lines):
            return NO_BOXES
        projected = self._eye.pixels_of(lines.reshape(-1, 3)).reshape(-1, 2, 2)
        return along(projected, 6.0 * self._pixel_ratio)

    def part_at(self, x_px: float, y_px: float) -> StrEnum | None:
        """Return the part under the pointer, or None."""
        return self._nearest(self._shapes(), x_px, y_px)

    def lock_at(self, x_px: float, y_px: float) -> bool:
        """Say whether the padlock of a locked blade is under the pointer."""
        lock = self._padlock()
        return len(lock) > 0 and self._nearest({TracePart.FREE: lock}, x_px, y_px) is not None

    def hover(self, x_px: float, y_px: float) -> bool:
        """Highlight what is under the pointer; say whether the highlight changed."""
        if self._drag is not None:
            return False
        before = self._hot, self._over_lock
        self._hot, self._over_lock = self.part_at(x_px, y_px), self.lock_at(x_px, y_px)
        return (self._hot, self._over_lock) != before

    def leave(self) -> bool:
        """Forget the pointer, which went elsewhere; say whether the highlight changed."""
        before = self._hot, self._over_lock
        if self._drag is None:
            self._hot, self._over_lock = None, False
        return (self._hot, self._over_lock) != before

    @property
    def is_hot(self) -> bool:
        """Whether a handle is under the pointer."""
        return self._hot is not None

    @property
    def is_over_lock(self) -> bool:
        """Whether the padlock of a locked blade is under the pointer."""
        return self._over_lock

    def press(self, x_px: float, y_px: float) -> bool:
        """Grab what is under the pointer; say whether anything is."""
        part = self.part_at(x_px, y_px)
        if part is None or self._drawn is None:
            return False
        blade = self._drawn.blade
        self._drag = self._grips.grab(blade, part, x_px, y_px, self._pixel_ratio * self._size)
        self._now, self._hot = blade, part
        self._listener.blade_started(self._drawn.id)
        return True

    def refuse(self, x_px: float, y_px: float) -> bool:
        """Say that the blade is locked where its padlock is grabbed; say whether it is."""
        if self._locked is None or not self.lock_at(x_px, y_px):
            return False
        self._listener.blade_refused(self._locked.id)
        return True

    def drag(self, x_px: float, y_px: float) -> None:
        """Move what was grabbed."""
        drag, drawn = self._drag, self._drawn
        if drag is None or drawn is None:
            return
        self._now = drag(x_px, y_px)
        self._listener.blade_moved(drawn.id, self._now)

    def release(self) -> None:
        """End the drag where it is."""
        drag, drawn, now = self._drag, self._drawn, self._now
        self._drag, self._now = None, None
        if drag is not None and drawn is not None and now is not None:
            self._listener.blade_ended(drawn.id, now)

    def cancel(self) -> bool:
        """Abandon the drag; say whether there was one."""
        drag, drawn = self._drag, self._drawn
        self._drag, self._now = None, None
        if drag is None or drawn is None:
            return False
        self._listener.blade_cancelled(drawn.id)
        return True

    def _shapes(self) -> dict[StrEnum, Floats]:
        size = self._pixel_ratio * self._size
        return self._grips.shapes(self._drawn.blade, size) if self._drawn is not None else {}

    def _padlock(self) -> Floats:
        if self._locked is None:
            return _NOTHING
        return self._grips.lock(self._locked.blade, self._pixel_ratio * self._size)

    def _nearest(self, parts: dict[StrEnum, Floats], x_px: float, y_px: float) -> StrEnum | None:
        if not parts:
            return None
        projected = {p: self._eye.pixels_of(s.reshape(-1, 3)).reshape(-1, 2, 2) for p, s in parts.items()}
        return nearest_part(projected, x_px, y_px, REACH_PX * self._pixel_ratio, _SMALL)
