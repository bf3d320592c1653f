"""Backgrounds, text and line weights of the views: dark, light, and projector."""

from dataclasses import dataclass, replace
from typing import Final

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Theme:
    """How a view looks apart from its content.

    Parameters
    ----------
    name : str
    background_low_rgb, background_high_rgb : Rgb
        Lower and upper colour of the 3D background.
    slice_background_rgb : Rgb
        Behind the images.
    text_rgb, text_edge_rgb : Rgb
        Corner text and the edge that keeps it readable over the image.
    text_pt : int
        Size of corner text in pixels at a pixel ratio of 1.
    line_px : float
        Width of outlines in pixels at a pixel ratio of 1.
    slice_text_rgb, warning_rgb : Rgb
        Text over images; warnings.
    """

    name: str
    background_low_rgb: Rgb
    background_high_rgb: Rgb
    slice_background_rgb: Rgb
    text_rgb: Rgb
    text_edge_rgb: Rgb
    text_pt: int = 13
    line_px: float = 1.6
    slice_text_rgb: Rgb = (226, 230, 235)
    warning_rgb: Rgb = (255, 176, 64)

    @property
    def for_slices(self) -> "Theme":
        """The theme with text that is read over images, which are dark in every theme."""
        return replace(self, text_rgb=self.slice_text_rgb, warning_rgb=DARK.warning_rgb)


DARK: Final = Theme("dark", (16, 18, 22), (52, 58, 66), (8, 9, 11), (226, 230, 235), (0, 0, 0))
LIGHT: Final = Theme(
    "light",
    (214, 219, 224),
    (248, 249, 250),
    (8, 9, 11),
    (24, 28, 34),
    (255, 255, 255),
    warning_rgb=(150, 80, 0),
)
PROJECTOR: Final = Theme(
    "projector", (0, 0, 0), (0, 0, 0), (0, 0, 0), (255, 255, 255), (0, 0, 0), text_pt=18, line_px=2.6
)
THEMES: Final[dict[str, Theme]] = {theme.name: theme for theme in (DARK, LIGHT, PROJECTOR)}
