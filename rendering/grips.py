"""What of a blade can be grabbed in a view, and what dragging it means."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, cross
from rendering.handle_geometry import Part, Ray, dragged, middle_lps_mm
from rendering.handle_shapes import PART_RGB, RING_PX, shapes
from rendering.themes import Rgb

Drag = Callable[[float, float], Blade]
"""From a pointer position in device pixels to the blade dragged there."""

_LOCK_PX: Final = 8.0
LOCK_RGB: Final[Rgb] = (255, 214, 92)


class Eye(Protocol):
    """What the handles need to know of the view."""

    def ray_at(self, x_px: float, y_px: float) -> Ray:
        """Return the line of sight through a pixel."""

    def pixels_of(self, points_lps_mm: Floats) -> Floats:
        """Return where points, shape (n, 3), are drawn, shape (n, 2)."""

    def mm_per_px_at(self, point_lps_mm: Floats) -> float:
        """Return millimetres to one device pixel at a point's depth."""


class Grips(Protocol):
    """The parts of a blade that one kind of view offers."""

    def shapes(self, blade: Blade, pixel_ratio: float) -> dict[StrEnum, Floats]:
        """Return each part's line segments in LPS, shape (n, 2, 3); a part's lines are what is grabbed."""

    def rgb(self, part: StrEnum) -> Rgb | None:
        """Return a part's colour; None for one that is drawn only under the pointer."""

    def grab(self, blade: Blade, part: StrEnum, x_px: float, y_px: float, pixel_ratio: float) -> Drag:
        """Return what dragging from there does; dragging to the very place changes nothing."""

    def lock(self, blade: Blade, pixel_ratio: float) -> Floats:
        """Return the padlock of a locked blade, segments of shape (n, 2, 3); empty where it is not seen."""


class SpineGrips:
    """Arrows, rings, plate and edge knobs round the middle of a blade, for any eye."""

    def __init__(self, eye: Eye) -> None:
        self._eye = eye

    def shapes(self, blade: Blade, pixel_ratio: float) -> dict[StrEnum, Floats]:
        """Return each part's lines at their size for the present view."""
        middle = middle_lps_mm(blade)
        found = shapes(blade, self._sight_at(middle), pixel_ratio * self._eye.mm_per_px_at(middle))
        return dict(found.items())

    def rgb(self, part: StrEnum) -> Rgb | None:
        """Return a part's colour."""
        return PART_RGB[Part(part)]

    def grab(self, blade: Blade, part: StrEnum, x_px: float, y_px: float, pixel_ratio: float) -> Drag:
        """Return the drag of a part from there."""
        middle = middle_lps_mm(blade)
        ring_mm = RING_PX * pixel_ratio * self._eye.mm_per_px_at(middle)
        grab, eye = self._eye.ray_at(x_px, y_px), self._eye
        return lambda x, y: dragged(blade, Part(part), grab, eye.ray_at(x, y), middle, ring_mm)

    def lock(self, blade: Blade, pixel_ratio: float) -> Floats:
        """Return a padlock at the blade's middle."""
        middle = middle_lps_mm(blade)
        sight = self._sight_at(middle)
        return padlock(middle, sight, pixel_ratio * self._eye.mm_per_px_at(middle))

    def _sight_at(self, point: Floats) -> Floats:
        x_px, y_px = self._eye.pixels_of(point[None])[0]
        return np.asarray(self._eye.ray_at(float(x_px), float(y_px)).direction_lps)


def padlock(middle: Floats, sight: Floats, mm_per_px: float) -> Floats:
    """Return a padlock that faces the viewer, segments of shape (n, 2, 3)."""
    upwards = np.eye(3)[1 if abs(sight[2]) > 0.9 else 2] * (-1.0 if abs(sight[2]) > 0.9 else 1.0)
    up = upwards - (upwards @ sight) * sight
    up /= np.linalg.norm(up)
    right = cross(sight, up)
    size = _LOCK_PX * mm_per_px
    turn = np.linspace(0.0, np.pi, 9)
    bow = np.column_stack([0.6 * np.cos(turn), 0.35 + 0.75 * np.sin(turn)])
    body = np.array([(-1, 0.35), (1, 0.35), (1, -1), (-1, -1), (-1, 0.35)])
    bars = [np.array([(-1, b), (1, b)]) for b in np.linspace(-0.8, 0.2, 5)]
    flat = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in (bow, body, *bars)])
    return np.asarray(middle + size * (flat[..., :1] * right + flat[..., 1:] * up))
