"""Where a blade lies and how it is tilted as seen from a frame of the anatomy, in numbers, and back.

The place is that of the blade's middle; the angles are those of `blade_angles` in that frame: *turn* is
0° when the tool travels to the front of the vertebra and 90° to its left, *tilt* how far the tool points
up along its axis, *roll* how the blade lies about that direction (0° faces up).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from planning.geometry.blade import Blade
from planning.geometry.blade_angles import BladeAngles, angles_of, directions
from planning.geometry.frames import Floats, Vec3, unit, vec3


@dataclass(frozen=True)
class RelativePlace:
    """Millimetres to the left, forward and up, and degrees; see the module."""

    left_mm: float
    anterior_mm: float
    superior_mm: float
    turn_deg: float
    tilt_deg: float
    roll_deg: float


def relative_place(blade: Blade, origin_lps_mm: Vec3, rows: Floats) -> RelativePlace:
    """Return where a blade lies in a frame.

    Parameters
    ----------
    blade : Blade
    origin_lps_mm : Vec3
    rows : array, shape (3, 3)
        The frame's left, posterior and superior as unit vectors.
    """
    left, posterior, superior = (float(v) for v in rows @ (blade.middle_lps_mm - np.asarray(origin_lps_mm)))
    own = replace(
        blade,
        origin_lps_mm=(0.0, 0.0, 0.0),
        normal_lps=unit(rows @ np.asarray(blade.normal_lps)),
        advance_lps=unit(rows @ np.asarray(blade.advance_lps)),
    )
    angles = angles_of(own)
    return RelativePlace(left, -posterior, superior, angles.axial_deg, angles.rise_deg, angles.roll_deg)


def placed(blade: Blade, place: RelativePlace, origin_lps_mm: Vec3, rows: Floats) -> Blade:
    """Return the blade at a place of a frame; the inverse of `relative_place`."""
    own_advance, own_normal = directions(BladeAngles(place.turn_deg, place.tilt_deg, place.roll_deg))
    advance, normal = unit(rows.T @ np.asarray(own_advance)), unit(rows.T @ np.asarray(own_normal))
    middle = np.array([place.left_mm, -place.anterior_mm, place.superior_mm]) @ rows + origin_lps_mm
    origin = vec3(middle - np.asarray(advance) * blade.depth_mm / 2)
    return replace(blade, origin_lps_mm=origin, normal_lps=normal, advance_lps=advance)


def mirrored(blade: Blade, origin_lps_mm: ArrayLike, normal_lps: ArrayLike) -> Blade:
    """Return the blade on the other side of a plane, its footprint mirrored with it.

    Parameters
    ----------
    blade : Blade
    origin_lps_mm, normal_lps : array-like of 3
        A point of the plane and its unit normal.
    """
    n = np.asarray(normal_lps, dtype=np.float64)
    turn = np.eye(3) - 2.0 * np.outer(n, n)
    origin = np.asarray(origin_lps_mm) + turn @ (np.asarray(blade.origin_lps_mm) - np.asarray(origin_lps_mm))
    # A reflection turns `normal x advance` round, so what lay at a lies at -a.
    footprint = blade.footprint_mm
    return replace(
        blade,
        origin_lps_mm=vec3(origin),
        normal_lps=unit(turn @ np.asarray(blade.normal_lps)),
        advance_lps=unit(turn @ np.asarray(blade.advance_lps)),
        footprint_mm=tuple((-a, b) for a, b in footprint) if footprint is not None else None,
    )
