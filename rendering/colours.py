"""Colours with a meaning: one source for 3D, slices, tables and reports."""

from dataclasses import dataclass
from typing import Final

from planning.safety.results import PieceRole, Status
from rendering.themes import Rgb


@dataclass(frozen=True)
class StatusLook:
    """How a status looks: never colour alone.

    Parameters
    ----------
    rgb : Rgb
        From the palette of Okabe and Ito; no green, which the tumour has.
    symbol : str
        A character of that shape.
    shape : str
        Name of the shape, for a painted icon.
    """

    rgb: Rgb
    symbol: str
    shape: str


STATUS_LOOK: Final[dict[Status, StatusLook]] = {
    Status.FAIL: StatusLook((213, 94, 0), "✕", "cross"),
    Status.NOT_ASSESSED: StatusLook((204, 121, 167), "?", "question"),
    Status.WARN: StatusLook((230, 159, 0), "▲", "triangle"),
    Status.PASS: StatusLook((86, 180, 233), "●", "disc"),
}
PIECE_RGB: Final[dict[PieceRole, Rgb]] = {
    PieceRole.SPECIMEN_ANTERIOR: (86, 180, 233),
    PieceRole.SPECIMEN_ARCH: (204, 121, 167),
    PieceRole.RIB_PIECE: (240, 228, 66),
    PieceRole.REMAINING: (226, 214, 190),
    PieceRole.LOOSE: (213, 94, 0),
}
MARGIN_VIOLATED_RGB: Final[Rgb] = (204, 41, 31)
MARGIN_UNCERTAIN_RGB: Final[Rgb] = (240, 200, 40)
MARGIN_CLEAR_RGB: Final[Rgb] = (150, 176, 204)
MARGIN_UNKNOWN_RGB: Final[Rgb] = (120, 120, 120)
CROSSHAIR_RGB: Final[dict[str, Rgb]] = {
    "axial": (232, 92, 84),
    "sagittal": (236, 200, 64),
    "coronal": (112, 192, 112),
    "oblique": (150, 160, 240),
    "cut_face": (0, 158, 115),
    "cut_across": (0, 158, 115),
}


def unit_rgb(rgb: Rgb) -> tuple[float, float, float]:
    """Return a colour in VTK's 0 to 1."""
    return rgb[0] / 255, rgb[1] / 255, rgb[2] / 255
