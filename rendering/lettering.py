"""Text in views: one bundled font, sizes that follow the screen's pixel ratio."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vtkmodules.vtkCommonCore import VTK_FONT_FILE
from vtkmodules.vtkRenderingCore import vtkTextProperty, vtkTextRenderer

from rendering.boxes import Box, grown, moved
from rendering.colours import unit_rgb
from rendering.offscreen import TEXT_DPI
from rendering.themes import Rgb, Theme

ROOM_PX = 1.5  # the shadow, and a hair's breadth
_HORIZONTAL = {-1: "SetJustificationToLeft", 0: "SetJustificationToCentered", 1: "SetJustificationToRight"}
_VERTICAL = {
    -1: "SetVerticalJustificationToBottom",
    0: "SetVerticalJustificationToCentered",
    1: "SetVerticalJustificationToTop",
}


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

    def at_scale(self, scale: float) -> "Lettering":
        """Return the same fonts for a picture `scale` times as large."""
        return replace(self, pixel_ratio=self.pixel_ratio * scale)

    def px(self, logical_px: float) -> float:
        """Return device pixels for a length in logical pixels."""
        return logical_px * self.pixel_ratio

    def write(
        self,
        style: vtkTextProperty,
        theme: Theme,
        *,
        size: float = 1.0,
        bold: bool = False,
        rgb: Rgb | None = None,
        align: tuple[int, int] = (-1, -1),
    ) -> None:
        """Set up a text property.

        Parameters
        ----------
        style : vtkTextProperty
        theme : Theme
        size : float
            Times the theme's text size.
        bold : bool
        rgb : Rgb, optional
            The theme's text colour unless given.
        align : (horizontal, vertical)
            -1 left or bottom, 0 centred, 1 right or top.
        """
        file = self.bold if bold else self.regular
        if file is not None:
            style.SetFontFamily(VTK_FONT_FILE)
            style.SetFontFile(str(file))
        else:
            style.SetFontFamilyToArial()
            style.SetBold(bold)
        style.SetFontSize(max(6, round(self.px(theme.text_pt * size))))
        style.SetColor(*unit_rgb(rgb or theme.text_rgb))
        style.SetShadow(True)
        style.SetShadowOffset(max(1, round(self.px(1))), -max(1, round(self.px(1))))
        style.SetLineSpacing(1.15)
        _call(style, _HORIZONTAL[align[0]])
        _call(style, _VERTICAL[align[1]])

    def box(self, style: vtkTextProperty, words: str, x_px: float, y_px: float) -> Box:
        """Return the rectangle that words take, with a little room round them, when written at a point."""
        found = [0, 0, 0, 0]
        vtkTextRenderer.GetInstance().GetBoundingBox(style, words, found, TEXT_DPI)
        left, right, low, high = found
        return moved(grown((left, low, right, high), self.px(ROOM_PX)), x_px, y_px)


def _call(target: Any, method: str) -> None:
    getattr(target, method)()
