"""A blade's direction in three angles a surgeon can say, and back.

*Axial angle*: which way the tool travels in the axial plane; 0° to the front, 90° to the patient's
left, -90° to the right, 180° to the back. *Rise*: how far it points up (cranial positive). *Roll*:
how the blade lies about that direction; 0° keeps its face as cranial as it can be.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Vec3, cross, unit


@dataclass(frozen=True)
class BladeAngles:
    """Degrees; see the module."""

    axial_deg: float
    rise_deg: float
    roll_deg: float


def angles_of(blade: Blade) -> BladeAngles:
    """Return the three angles of a blade."""
    advance, normal = np.asarray(blade.advance_lps), np.asarray(blade.normal_lps)
    rise = math.asin(max(-1.0, min(1.0, float(advance[2]))))
    flat = math.hypot(advance[0], advance[1])
    axial = math.atan2(advance[0], -advance[1]) if flat > 1e-9 else 0.0
    face, aside = _faces(advance, axial)
    roll = math.atan2(float(normal @ aside), float(normal @ face))
    return BladeAngles(math.degrees(axial), math.degrees(rise), math.degrees(roll))


def turned_to(blade: Blade, angles: BladeAngles) -> Blade:
    """Return the blade with those angles, its entry edge's middle kept."""
    advance, normal = directions(angles)
    return replace(blade, advance_lps=advance, normal_lps=normal)


def directions(angles: BladeAngles) -> tuple[Vec3, Vec3]:
    """Return `advance_lps` and `normal_lps` of three angles."""
    axial, rise, roll = (math.radians(v) for v in (angles.axial_deg, angles.rise_deg, angles.roll_deg))
    advance = np.array([math.sin(axial) * math.cos(rise), -math.cos(axial) * math.cos(rise), math.sin(rise)])
    face, aside = _faces(advance, axial)
    normal = math.cos(roll) * face + math.sin(roll) * aside
    advance = np.asarray(unit(advance))
    normal = normal - float(normal @ advance) * advance
    return unit(advance), unit(normal)


def _faces(advance: Floats, axial_rad: float) -> tuple[Floats, Floats]:
    """Return the most cranial direction at right angles to `advance`, and the third one."""
    # Written from the axial angle, so that it holds when the tool points straight up or down.
    level = np.array([math.sin(axial_rad), -math.cos(axial_rad), 0.0])
    flat = float(advance @ level)
    face = np.array([0.0, 0.0, 1.0]) * flat - level * float(advance[2])
    face = face / np.linalg.norm(face)
    return face, cross(advance, face)
