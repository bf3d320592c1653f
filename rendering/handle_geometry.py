"""What a drag of a blade's handle means: rays, axes and planes. Numpy only.

Every drag is computed from the blade *as it was grabbed*, the ray of the grab and the ray of now,
so the point under the pointer stays under it and nothing jumps at the first touch.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from planning.geometry.blade import MAX_SIZE_MM, MIN_SIZE_MM, Blade
from planning.geometry.frames import Floats, cross, vec3

# Below these, the handle is seen so nearly end-on that a pixel would mean centimetres.
LEAST_AXIS_SINE: Final = 0.2
LEAST_PLANE_COSINE: Final = 0.25
SMALLEST_SIZE_MM: Final = 1.0


class Part(StrEnum):
    """What can be grabbed."""

    ALONG_NORMAL = "along_normal"
    ALONG_ADVANCE = "along_advance"
    ALONG_ACROSS = "along_across"
    IN_PLANE = "in_plane"
    ROUND_NORMAL = "round_normal"
    ROUND_ADVANCE = "round_advance"
    ROUND_ACROSS = "round_across"
    LEFT_EDGE = "left_edge"
    RIGHT_EDGE = "right_edge"
    FAR_EDGE = "far_edge"
    NEAR_EDGE = "near_edge"


SHIFTS: Final = (Part.ALONG_NORMAL, Part.ALONG_ADVANCE, Part.ALONG_ACROSS)
TURNS: Final = (Part.ROUND_NORMAL, Part.ROUND_ADVANCE, Part.ROUND_ACROSS)
EDGES: Final = (Part.LEFT_EDGE, Part.RIGHT_EDGE, Part.FAR_EDGE, Part.NEAR_EDGE)


@dataclass(frozen=True)
class Ray:
    """A line of sight through one pixel; `direction` is a unit vector away from the viewer."""

    origin_lps_mm: Floats
    direction_lps: Floats


def middle_lps_mm(blade: Blade) -> Floats:
    """Return the middle of the blade's rectangle, where the handles sit."""
    return blade.middle_lps_mm


def axis_lps(blade: Blade, part: Part) -> Floats:
    """Return the axis a part moves along or turns round."""
    name = part.value.removeprefix("along_").removeprefix("round_")
    row = {
        "across": 0,
        "advance": 1,
        "normal": 2,
        "left_edge": 0,
        "right_edge": 0,
        "far_edge": 1,
        "near_edge": 1,
        "in_plane": 2,
    }
    return np.asarray(blade.axes[row[name]])


def can_grab(blade: Blade, part: Part, sight_lps: ArrayLike) -> bool:
    """Say whether a part is seen well enough to be moved with meaning."""
    cosine = abs(float(np.dot(axis_lps(blade, part), np.asarray(sight_lps))))
    if part in SHIFTS or part in EDGES:
        return float(np.sqrt(max(0.0, 1 - cosine**2))) >= LEAST_AXIS_SINE
    return part in TURNS or cosine >= LEAST_PLANE_COSINE


def dragged(
    grabbed: Blade, part: Part, grab: Ray, now: Ray, pivot_lps_mm: ArrayLike, ring_mm: float
) -> Blade:
    """Return the blade after a drag.

    Parameters
    ----------
    grabbed : Blade
        As it was when grabbed.
    part : Part
    grab, now : Ray
        Through the pointer at the grab and now.
    pivot_lps_mm : array-like of 3
        Middle of the handles at the grab: turns go round it.
    ring_mm : float
        Radius the rings were drawn with at the grab.
    """
    pivot = np.asarray(pivot_lps_mm, dtype=np.float64)
    axis = axis_lps(grabbed, part)
    if part in TURNS:
        return grabbed.turned(axis, turn_deg(pivot, axis, grab, now, ring_mm), pivot)
    if part is Part.IN_PLANE:
        before, after = on_plane(grab, pivot, axis), on_plane(now, pivot, axis)
        return grabbed if before is None or after is None else grabbed.moved(after - before)
    along = along_axis_mm(now, pivot, axis) - along_axis_mm(grab, pivot, axis)
    if part in SHIFTS:
        return grabbed.moved(along * axis)
    return resized(grabbed, part, along)


def resized(blade: Blade, part: Part, along_mm: float) -> Blade:
    """Return the blade with one edge moved along `across` or `advance`; the opposite edge stays.

    A footprint is stretched with its rectangle: otherwise an edge pulled out would cut nothing more.
    """
    along = along_mm if part in (Part.RIGHT_EDGE, Part.FAR_EDGE) else -along_mm
    if part in (Part.LEFT_EDGE, Part.RIGHT_EDGE):
        width, depth = _size(blade.width_mm + along), blade.depth_mm
        shift = (width - blade.width_mm) / 2 * (1.0 if part is Part.RIGHT_EDGE else -1.0) * blade.axes[0]
    else:
        width, depth = blade.width_mm, _size(blade.depth_mm + along)
        shift = (0.0 if part is Part.FAR_EDGE else blade.depth_mm - depth) * blade.axes[1]
    footprint = blade.footprint_mm
    if footprint is not None:
        wider, deeper = width / blade.width_mm, depth / blade.depth_mm
        footprint = tuple((a * wider, b * deeper) for a, b in footprint)
    origin = vec3(np.asarray(blade.origin_lps_mm) + shift)
    return replace(blade, width_mm=width, depth_mm=depth, origin_lps_mm=origin, footprint_mm=footprint)


def along_axis_mm(ray: Ray, point_lps_mm: Floats, axis: Floats) -> float:
    """Return the place on an axis that is nearest to the ray, in millimetres from `point_lps_mm`."""
    between = point_lps_mm - ray.origin_lps_mm
    cosine = float(np.dot(axis, ray.direction_lps))
    sine2 = 1 - cosine**2
    if sine2 < 1e-9:
        return 0.0
    return float((cosine * np.dot(ray.direction_lps, between) - np.dot(axis, between)) / sine2)


def on_plane(ray: Ray, point_lps_mm: Floats, normal: Floats) -> Floats | None:
    """Return where the ray meets a plane, or None where it runs along it."""
    cosine = float(np.dot(ray.direction_lps, normal))
    if abs(cosine) < 1e-6:
        return None
    t = float(np.dot(point_lps_mm - ray.origin_lps_mm, normal)) / cosine
    return np.asarray(ray.origin_lps_mm + t * ray.direction_lps)


def turn_deg(pivot: Floats, axis: Floats, grab: Ray, now: Ray, ring_mm: float) -> float:
    """Return the right-hand turn about an axis between two rays, in degrees.

    Seen from above, it is the angle between the two points on the ring's plane. Seen edge-on, the
    plane gives no steady point: there the way along the tangent at the grab counts.
    """
    if abs(float(np.dot(grab.direction_lps, axis))) >= LEAST_PLANE_COSINE:
        before, after = on_plane(grab, pivot, axis), on_plane(now, pivot, axis)
        if before is None or after is None:
            return 0.0
        p, q = before - pivot, after - pivot
        return float(np.degrees(np.arctan2(np.dot(cross(p, q), axis), np.dot(p, q))))
    # Closest point of the edge-on ring: in the ring's plane, towards the viewer.
    tangent = cross(grab.direction_lps, axis)
    tangent /= np.linalg.norm(tangent)
    towards = cross(tangent, axis)
    towards *= -np.sign(np.dot(towards, grab.direction_lps))
    way = along_axis_mm(now, pivot, tangent) - along_axis_mm(grab, pivot, tangent)
    return float(np.degrees(way / max(ring_mm, 1e-3))) * float(np.sign(np.dot(cross(towards, tangent), axis)))


def _size(value_mm: float) -> float:
    return float(np.clip(value_mm, max(MIN_SIZE_MM, SMALLEST_SIZE_MM), MAX_SIZE_MM))
