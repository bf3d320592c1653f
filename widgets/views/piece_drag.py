"""Dragging one piece in the 3D view, in the plane of the screen: for looking only."""

from dataclasses import dataclass

import numpy as np

from planning.geometry.frames import Vec3, vec3
from rendering.scene import SpineScene
from widgets.viewport import Pointer


@dataclass(frozen=True)
class PieceDrag:
    """A piece in the hand.

    Parameters
    ----------
    piece : str
    start : Pointer
    mm_per_px : float
        At the depth of the point that was grabbed.
    right_lps, up_lps : Vec3
        Of the screen when it was grabbed.
    """

    piece: str
    start: Pointer
    mm_per_px: float
    right_lps: Vec3
    up_lps: Vec3

    def by_lps_mm(self, pointer: Pointer) -> Vec3:
        """Return how far the piece has moved since it was grabbed: what was grabbed stays grabbed."""
        right, up = pointer.x_px - self.start.x_px, pointer.y_px - self.start.y_px
        way = right * np.asarray(self.right_lps) + up * np.asarray(self.up_lps)
        return vec3(self.mm_per_px * way)


def grabbed(scene: SpineScene, pieces: frozenset[str], pointer: Pointer) -> PieceDrag | None:
    """Return the drag of the piece under the pointer, or None where there is none of these."""
    found = scene.pick(pointer.x_px, pointer.y_px)
    if found is None or found.id not in pieces:
        return None
    mm_per_px = scene.mm_per_px_at(np.asarray(found.drawn_lps_mm))
    return PieceDrag(found.id, pointer, mm_per_px, scene.pose.right_lps, scene.pose.up_lps)
