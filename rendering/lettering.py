"""Text in views: one bundled font, sizes that follow the screen's pixel ratio."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lettering:
    """Which font is drawn, and how large.

    Parameters
    ----------
    regular, bold : Path or None
        Font files; None falls back to VTK's own Latin font.
    pixel_ratio : float
        Device pixels per logical pixel; pictures at 2x or 4x raise it.
    """

    regular: Path | None = None
    bold: Path | None = None
    pixel_ratio: float = 1.0
