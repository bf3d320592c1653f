"""The clip plane as something to see and to hold: its outline, and handles that move and tilt it."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Final

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, vec3
from rendering.blade_handle import BladeHandle
from rendering.clipping import sides_of
from rendering.grips import Eye, SpineGrips
from rendering.handle_geometry import Part, middle_lps_mm
from rendering.line_layer import LineLayer, Strokes
from rendering.scene_state import ClipPlane, DrawnBlade
from rendering.section import convex_section, dashed, plane_axes
from rendering.themes import Rgb

CLIP_RGB: Final[Rgb] = (240, 240, 240)
_PARTS: Final = frozenset({Part.ALONG_NORMAL, Part.ROUND_ADVANCE, Part.ROUND_ACROSS})
_SIDE_MM: Final = 40.0
_ID: Final = "clip"


class _ClipGrips(SpineGrips):
    """The parts of a plane: it goes along its normal and tilts; its edges mean nothing."""

    def shapes(self, blade: Blade, pixel_ratio: float) -> dict[StrEnum, Floats]:
        """Return the lines of those parts."""
        return {part: lines for part, lines in super().shapes(blade, pixel_ratio).items() if part in _PARTS}


class ClipTool:
    """Shows the clip plane and lets a hand move it; the same handles as a blade's, grab offset kept.

    Parameters
    ----------
    renderer : vtkRenderer
        In front of everything.
    eye : Eye

    Attributes
    ----------
    moved : callable (ClipPlane)
        Called with every step of a drag, and with the plane before it where it is abandoned.
    """

    def __init__(self, renderer: vtkRenderer, eye: Eye) -> None:
        self.moved: Callable[[ClipPlane], object] = lambda _clip: None
        self._lines = LineLayer(renderer, edge_alpha=0.5)
        self.handle = BladeHandle(renderer, eye, self, _ClipGrips(eye))
        self._clip: ClipPlane | None = None
        self._before: ClipPlane | None = None
        self.offered = True

    def style(self, pixel_ratio: float) -> None:
        """Keep lines and handles their size on a screen of this density."""
        self._lines.set_width(1.4 * pixel_ratio)
        self.handle.set_pixel_ratio(pixel_ratio)

    def show(self, clip: ClipPlane | None, corners_lps_mm: Floats) -> None:
        """Show a plane, or none, as it cuts the box round everything drawn; pictures are not offered it."""
        clip = self._clip = clip if self.offered else None
        self._lines.show([Strokes(_outlines(clip, corners_lps_mm), CLIP_RGB, 0.8)])
        blade = () if clip is None else (DrawnBlade(_ID, _ID, _as_blade(clip), active=True),)
        self.handle.show(blade)

    def blade_started(self, blade_id: str) -> None:
        """Keep what Esc brings back."""
        del blade_id
        self._before = self._clip

    def blade_moved(self, blade_id: str, blade: Blade) -> None:
        """Move the plane along."""
        del blade_id
        if self._clip is not None:
            place = vec3(middle_lps_mm(blade))
            self.moved(replace(self._clip, origin_lps_mm=place, normal_lps=blade.normal_lps))

    def blade_ended(self, blade_id: str, blade: Blade) -> None:
        """Leave it there."""
        self.blade_moved(blade_id, blade)

    def blade_cancelled(self, blade_id: str) -> None:
        """Bring the plane before the drag back."""
        del blade_id
        if self._before is not None:
            self.moved(self._before)

    def blade_lost(self, blade_id: str) -> None:
        """Forget what Esc would bring back: the plane was taken away."""
        del blade_id
        self._before = None

    def blade_refused(self, blade_id: str) -> None:
        """Do nothing: a clip plane is never locked."""


def _as_blade(clip: ClipPlane) -> Blade:
    """Return a square in the plane about its point: handles are made for blades."""
    _, advance = plane_axes(clip.normal_lps)
    edge = np.asarray(clip.origin_lps_mm) - _SIDE_MM / 2 * advance
    return Blade(vec3(edge), clip.normal_lps, vec3(advance), _SIDE_MM, _SIDE_MM, 1.0)


def _outlines(clip: ClipPlane | None, corners_lps_mm: Floats) -> Floats:
    """Return where the planes cut the box round everything; the far one of a slab is dashed."""
    parts = [np.empty((0, 2, 3))]
    if clip is None or not len(corners_lps_mm):
        return parts[0]
    sides = np.stack([corners_lps_mm.min(axis=0), corners_lps_mm.max(axis=0)], axis=1)
    box = np.stack(np.meshgrid(*sides, indexing="ij"), -1).reshape(-1, 3)
    for n, (point, inward) in enumerate(sides_of(clip)):
        rim = convex_section(box, inward, float(inward @ point))
        lines = np.stack([rim, np.roll(rim, -1, axis=0)], axis=1)
        parts.append(lines if n == 0 else dashed(lines, 4.0, 3.0))
    return np.concatenate(parts)
