"""The active blade's handles: grab, drag, and give the new blade back.

Only the handles' own projected lines are looked at when the pointer goes down, so no surface in
front or behind can take the click.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats
from rendering.handle_geometry import Part, Ray, dragged, middle_lps_mm
from rendering.handle_shapes import PART_RGB, REACH_PX, RING_PX, nearest_part, shapes
from rendering.line_layer import LineLayer, Strokes
from rendering.scene_state import DrawnBlade
from rendering.themes import Rgb

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


class Eye(Protocol):
    """What the handles need to know of the view."""

    def ray_at(self, x_px: float, y_px: float) -> Ray:
        """Return the line of sight through a pixel."""

    def pixels_of(self, points_lps_mm: Floats) -> Floats:
        """Return where points, shape (n, 3), are drawn, shape (n, 2)."""

    def mm_per_px_at(self, point_lps_mm: Floats) -> float:
        """Return millimetres to one device pixel at a point's depth."""


@dataclass(frozen=True)
class _Grab:
    blade: Blade
    part: Part
    ray: Ray
    pivot_lps_mm: Floats
    ring_mm: float


class BladeHandle:
    """Handles of the active, unlocked blade.

    Parameters
    ----------
    renderer : vtkRenderer
        The handles' own layer, in front of everything.
    eye : Eye
    listener : BladeListener
    """

    def __init__(self, renderer: vtkRenderer, eye: Eye, listener: BladeListener) -> None:
        self._eye, self._listener = eye, listener
        self._lines = LineLayer(renderer, edge_alpha=0.55)
        self._pixel_ratio = 1.0
        self._drawn: DrawnBlade | None = None
        self._hot: Part | None = None
        self._grab: _Grab | None = None
        self._now: Blade | None = None
        self.offered = True

    @property
    def is_grabbed(self) -> bool:
        """Whether a drag is under way."""
        return self._grab is not None

    @property
    def grabbed_id(self) -> str:
        """The blade being dragged, or an empty string."""
        return self._drawn.id if self._grab is not None and self._drawn is not None else ""

    def set_pixel_ratio(self, pixel_ratio: float) -> None:
        """Keep the handles' size on a screen of this density."""
        self._pixel_ratio = pixel_ratio
        self._lines.set_width(2.4 * pixel_ratio)

    def show(self, blades: tuple[DrawnBlade, ...]) -> None:
        """Take over the blade that carries handles: the active one, if it may move."""
        usable = (b for b in blades if b.active and b.visible and not b.locked)
        drawn = next(usable, None) if self.offered else None
        if self._grab is not None and (drawn is None or self._drawn is None or drawn.id != self._drawn.id):
            self._grab, self._now = None, None  # deleted or locked under the pointer
        self._drawn = drawn

    def layout(self) -> None:
        """Draw the handles at their size for the present view."""
        hot = self._hot
        self._lines.show(
            Strokes(lines, HOT_RGB if part is hot else PART_RGB[part])
            for part, lines in self._shapes().items()
        )

    def part_at(self, x_px: float, y_px: float) -> Part | None:
        """Return the part under the pointer, or None."""
        parts = self._shapes()
        if not parts:
            return None
        projected = {p: self._eye.pixels_of(s.reshape(-1, 3)).reshape(-1, 2, 2) for p, s in parts.items()}
        return nearest_part(projected, x_px, y_px, REACH_PX * self._pixel_ratio)

    def hover(self, x_px: float, y_px: float) -> bool:
        """Highlight what is under the pointer; say whether the highlight changed."""
        if self._grab is not None:
            return False
        before, self._hot = self._hot, self.part_at(x_px, y_px)
        return self._hot is not before

    @property
    def is_hot(self) -> bool:
        """Whether a handle is under the pointer."""
        return self._hot is not None

    def press(self, x_px: float, y_px: float) -> bool:
        """Grab what is under the pointer; say whether anything is."""
        part = self.part_at(x_px, y_px)
        if part is None or self._drawn is None:
            return False
        blade = self._drawn.blade
        middle = middle_lps_mm(blade)
        ring_mm = RING_PX * self._pixel_ratio * self._eye.mm_per_px_at(middle)
        self._grab = _Grab(blade, part, self._eye.ray_at(x_px, y_px), middle, ring_mm)
        self._now, self._hot = blade, part
        self._listener.blade_started(self._drawn.id)
        return True

    def drag(self, x_px: float, y_px: float) -> None:
        """Move what was grabbed."""
        grab, drawn = self._grab, self._drawn
        if grab is None or drawn is None:
            return
        now = self._eye.ray_at(x_px, y_px)
        self._now = dragged(grab.blade, grab.part, grab.ray, now, grab.pivot_lps_mm, grab.ring_mm)
        self._listener.blade_moved(drawn.id, self._now)

    def release(self) -> None:
        """End the drag where it is."""
        grab, drawn, now = self._grab, self._drawn, self._now
        self._grab, self._now = None, None
        if grab is not None and drawn is not None and now is not None:
            self._listener.blade_ended(drawn.id, now)

    def cancel(self) -> bool:
        """Abandon the drag; say whether there was one."""
        grab, drawn = self._grab, self._drawn
        self._grab, self._now = None, None
        if grab is None or drawn is None:
            return False
        self._listener.blade_cancelled(drawn.id)
        return True

    def _shapes(self) -> dict[Part, Floats]:
        if self._drawn is None:
            return {}
        blade = self._drawn.blade
        middle = middle_lps_mm(blade)
        x_px, y_px = self._eye.pixels_of(middle[None])[0]
        sight = self._eye.ray_at(float(x_px), float(y_px)).direction_lps
        return shapes(blade, np.asarray(sight), self._pixel_ratio * self._eye.mm_per_px_at(middle))
