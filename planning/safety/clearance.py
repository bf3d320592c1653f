"""How far one blade stays from each structure: values and points, no judgement."""

from dataclasses import dataclass

from planning.geometry.frames import Vec3
from planning.model.osteotomy import Osteotomy
from planning.progress import Progress
from planning.safety.fields import Fields


@dataclass(frozen=True)
class RawClearance:
    """The distance between one blade and one structure (INTERCHANGE section 3).

    Parameters
    ----------
    structure_id : str
    value_mm : float or None
        Smallest signed distance over the swept slab; below zero the tool enters the structure.
        None where nothing may be said, with `withheld_reason`.
    with_overshoot_mm : float or None
        The same over the slab run on by the tool's overshoot.
    tool_point_lps_mm, structure_point_lps_mm : Vec3 or None
        Where `value_mm` is reached, and the nearest point of the structure's surface.
    overshoot_tool_point_lps_mm, overshoot_structure_point_lps_mm : Vec3 or None
        The same for `with_overshoot_mm`.
    withheld_reason : str or None
        ``outside_image``: the blade leaves the image, or the structure may continue nearer outside it.
        ``outside_field``: the blade left the region of the fields; compute them anew (`fields_of`).
        ``surface``: no surface true to the mask could be made. ``disagreement``: the two evaluators differ.
    overshoot_withheld_reason : str or None
        The same for `with_overshoot_mm` alone.
    """

    structure_id: str
    value_mm: float | None
    with_overshoot_mm: float | None
    tool_point_lps_mm: Vec3 | None = None
    structure_point_lps_mm: Vec3 | None = None
    overshoot_tool_point_lps_mm: Vec3 | None = None
    overshoot_structure_point_lps_mm: Vec3 | None = None
    withheld_reason: str | None = None
    overshoot_withheld_reason: str | None = None


def clearances_of(osteotomy: Osteotomy, fields: Fields) -> tuple[RawClearance, ...]:
    """Return the clearance of one osteotomy from every structure of the fields; fast enough for a drag."""
    raise NotImplementedError


def cross_checked(osteotomy: Osteotomy, fields: Fields, progress: Progress) -> tuple[RawClearance, ...]:
    """Return the clearances, each confirmed by the second evaluator or withheld as ``disagreement``."""
    raise NotImplementedError
