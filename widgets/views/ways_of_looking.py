"""What a surgeon's wish does to how the views are looked at. Pure: each takes and returns a value."""

from dataclasses import replace
from typing import Final

from planning.geometry.frames import Vec3, vec3
from rendering.cut_planes import CONVENTIONAL
from rendering.scene_state import ClipPlane, SlicePlane
from widgets.views.seen import Looking

CLIP_SLAB_MM: Final = 20.0
FADE_STEP: Final = 0.1


def clipped(looking: Looking, point_lps_mm: Vec3, sight_lps: Vec3) -> Looking:
    """Cut away what lies before a point, seen from where the viewer stands; or show everything again."""
    if looking.clip is not None:
        return replace(looking, clip=None)
    return replace(looking, clip=ClipPlane(point_lps_mm, vec3([-v for v in sight_lps])))


def clip_flipped(looking: Looking) -> Looking:
    """Cut away the other side."""
    clip = looking.clip
    if clip is None:
        return looking
    return replace(looking, clip=replace(clip, normal_lps=vec3([-v for v in clip.normal_lps])))


def clip_as_slab(looking: Looking) -> Looking:
    """Leave a slab between two planes, or all that lies behind the one."""
    clip = looking.clip
    if clip is None:
        return looking
    return replace(looking, clip=replace(clip, slab_mm=0.0 if clip.slab_mm > 0 else CLIP_SLAB_MM))


def faded(looking: Looking, steps: int = 0) -> Looking:
    """Lay the second image over the first or take it away; with `steps`, show more or less of it."""
    if not steps:
        return replace(looking, faded=not looking.faded)
    share = looking.fade + steps * FADE_STEP if looking.faded else looking.fade
    return replace(looking, faded=True, fade=round(min(1.0, max(0.0, share)), 2))


def slices_in_3d(looking: Looking, held: SlicePlane | None) -> Looking:
    """Let the slice in hand, or all three where none is, stand in the 3D view; or take them away."""
    if held is not None:
        return replace(looking, in_3d=looking.in_3d ^ {held})
    return replace(looking, in_3d=frozenset() if looking.in_3d else frozenset(CONVENTIONAL))
