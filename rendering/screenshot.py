"""Pictures of any view, larger than the screen, with everything burnt in that makes them safe to pass on."""

from dataclasses import dataclass

from planning.geometry.frames import Vec3
from rendering.cameras import CameraPose, StandardView
from rendering.lettering import Lettering
from rendering.scene_state import DrawnBlade, SliceState, SpineState


@dataclass(frozen=True)
class PictureSize:
    """Size on screen in logical pixels, and how many device pixels each becomes (2 to 4)."""

    width_px: int = 800
    height_px: int = 600
    scale: int = 2


def spine_picture(
    state: SpineState,
    view: StandardView | CameraPose,
    lettering: Lettering,
    size: PictureSize = PictureSize(),
) -> bytes:
    """Return a PNG of the 3D scene, in parallel projection so that its scale bar is true.

    Raises
    ------
    ExportRefused
        Where digest, program version or level names are missing, or a result is updating (hazard 11).
    """
    raise NotImplementedError


def slice_picture(state: SliceState, lettering: Lettering, size: PictureSize = PictureSize()) -> bytes:
    """Return a PNG of one slice; raises `ExportRefused` as `spine_picture`."""
    raise NotImplementedError


def cut_picture(
    state: SpineState,
    blade: DrawnBlade,
    lettering: Lettering,
    size: PictureSize = PictureSize(),
) -> bytes:
    """Return a PNG of the 3D scene looking onto one blade's face."""
    raise NotImplementedError


def four_up_picture(
    spine: SpineState,
    slices: tuple[SliceState, SliceState, SliceState],
    view: StandardView | CameraPose,
    lettering: Lettering,
    size: PictureSize = PictureSize(1200, 900),
) -> bytes:
    """Return a PNG of three slices and the 3D view side by side."""
    raise NotImplementedError


def view_towards(point_lps_mm: Vec3, half_height_mm: float, view: StandardView) -> CameraPose:
    """Return a pose that looks at a point from a standard direction."""
    raise NotImplementedError
