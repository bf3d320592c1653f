"""Small values that the state of a slice view holds."""

from dataclasses import dataclass
from enum import StrEnum

from planning.geometry.frames import Vec3
from planning.geometry.volume import Volume


class SlabMode(StrEnum):
    """How a thick slab becomes one image."""

    MEAN = "mean"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"


@dataclass(frozen=True)
class GapBand:
    """A part of the image between two acquired slices that lost others between them.

    Parameters
    ----------
    before_lps_mm, behind_lps_mm : Vec3
        A point of either slice.
    normal_lps : Vec3
        Direction across the slices.
    """

    before_lps_mm: Vec3
    behind_lps_mm: Vec3
    normal_lps: Vec3


@dataclass(frozen=True)
class SliceField:
    """What a view shows at zoom 1 where that is not the whole image.

    Parameters
    ----------
    middle_lps_mm : Vec3
    half_width_mm, half_height_mm : float
    """

    middle_lps_mm: Vec3
    half_width_mm: float
    half_height_mm: float


@dataclass(frozen=True)
class SecondImage:
    """An image faded over a slice; `share` is 0 to 1, `title` what the view calls it."""

    volume: Volume
    window_hu: float
    level_hu: float
    share: float
    title: str
