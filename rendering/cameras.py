"""Where the viewer stands in 3D: standard views, views of a cut, and mouse movement."""

from dataclasses import dataclass
from enum import StrEnum

from planning.geometry.frames import Vec3


class StandardView(StrEnum):
    """Directions a surgeon asks for by name."""

    ANTERIOR = "anterior"
    POSTERIOR = "posterior"
    LEFT = "left"
    RIGHT = "right"
    CRANIAL = "cranial"
    CAUDAL = "caudal"
    SURGEON = "surgeon"


@dataclass(frozen=True)
class CameraPose:
    """Where the viewer stands.

    Parameters
    ----------
    focus_lps_mm, position_lps_mm : Vec3
    up_lps : Vec3
    half_height_mm : float
        Half of the height the view shows at the focus.
    """

    focus_lps_mm: Vec3
    position_lps_mm: Vec3
    up_lps: Vec3
    half_height_mm: float
