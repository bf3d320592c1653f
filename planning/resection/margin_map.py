"""How far the tumour stays from the whole surface of the piece it leaves in."""

from dataclasses import dataclass

from planning.geometry.frames import Vec3

SURFACES = (
    "cranial", "caudal", "pedicle left", "pedicle right", "other cut",
    "epidural", "anterior", "posterior", "lateral left", "lateral right",
)  # fmt: skip


@dataclass(frozen=True)
class RawSpecimenMargin:
    """Distance from the tumour to one part of its piece's surface.

    Parameters
    ----------
    surface : str
        One of `SURFACES`.
    value_mm : float or None
        Smallest distance; below zero the surface passes through tumour. None where nothing may
        be said, with `reason` a code: ``no_mr``, ``epidural_tumour``, ``no_specimen``.
    p5_mm, area_under_2mm_mm2, area_mm2 : float or None
        5th percentile by area, area closer than 2 mm, and whole area of this part.
    tumour_point_lps_mm, surface_point_lps_mm : Vec3 or None
        The two closest points.
    osteotomies : tuple of str
        The cuts whose faces make this part; empty for a natural surface.
    """

    surface: str
    value_mm: float | None
    p5_mm: float | None = None
    area_under_2mm_mm2: float | None = None
    area_mm2: float | None = None
    tumour_point_lps_mm: Vec3 | None = None
    surface_point_lps_mm: Vec3 | None = None
    osteotomies: tuple[str, ...] = ()
    reason: str | None = None
