"""A bar of a round number of millimetres, true in parallel projection."""

from math import floor, log10

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D, vtkRenderer, vtkTextActor

from planning.texts import tr
from rendering.boxes import Box
from rendering.colours import unit_rgb
from rendering.convert import line_data
from rendering.lettering import Lettering
from rendering.themes import Theme

LARGEST_SHARE = 0.24


def bar_length_mm(mm_per_px: float, width_px: float) -> float:
    """Return the longest of 1, 2, 5 x 10^n mm that takes at most a quarter of the view's width."""
    room = max(mm_per_px * width_px * LARGEST_SHARE, 1e-6)
    decade = 10.0 ** floor(log10(room))
    return max(step * decade for step in (1.0, 2.0, 5.0) if step * decade <= room)


class ScaleBar:
    """Drawn in the lower right corner."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._mapper = vtkPolyDataMapper2D()
        self._bar = vtkActor2D()
        self._bar.SetMapper(self._mapper)
        self._label = vtkTextActor()
        self._laid_out: tuple[float, float, float] | None = None
        self.length_mm = 0.0
        self.length_px = 0.0
        for prop in (self._bar, self._label):
            prop.PickableOff()
            renderer.AddViewProp(prop)

    def style(self, lettering: Lettering, theme: Theme) -> None:
        """Take over font, colours and sizes."""
        self._lettering, self._theme = lettering, theme
        self._bar.GetProperty().SetColor(*unit_rgb(theme.text_rgb))
        self._bar.GetProperty().SetLineWidth(max(1.0, lettering.px(1.6)))
        self._laid_out = None

    @property
    def is_shown(self) -> bool:
        """Whether the bar is drawn."""
        return bool(self._bar.GetVisibility())

    def boxes(self) -> list[Box]:
        """Return where the bar and its words lie; other words keep off them."""
        if not self.is_shown:
            return []
        right, low = self._label.GetPosition()
        tick = self._lettering.px(5)
        words = self._lettering.box(self._label.GetTextProperty(), self._label.GetInput(), right, low)
        return [words, (right - self.length_px, low - 2 * tick, right, low)]

    def hide(self) -> None:
        """Draw nothing, as perspective has no one scale."""
        self._bar.VisibilityOff()
        self._label.VisibilityOff()
        self._laid_out = None

    def layout(self, mm_per_px: float, width_px: float, size: float = 1.0) -> None:
        """Place the bar for a view of this width; `size` is that of the view's other words."""
        if self._laid_out == (mm_per_px, width_px, size):
            return
        self._laid_out = (mm_per_px, width_px, size)
        self._lettering.write(self._label.GetTextProperty(), self._theme, size=size, align=(1, -1))
        self.length_mm = bar_length_mm(mm_per_px, width_px)
        self.length_px = self.length_mm / mm_per_px
        margin, tick = self._lettering.px(14 * size), self._lettering.px(5 * size)
        right, low = width_px - margin, margin
        left = right - self.length_px
        ends = [
            ((left, low), (right, low)),
            ((left, low - tick), (left, low + tick)),
            ((right, low - tick), (right, low + tick)),
        ]
        flat = np.zeros((3, 2, 3))
        flat[:, :, :2] = ends
        data: vtkPolyData = line_data(flat)
        self._mapper.SetInputData(data)
        self._label.SetInput(tr("{length} mm", length=f"{self.length_mm:g}"))
        self._label.SetPosition(right, low + tick)  # a bar may be shorter than its words
        self._bar.VisibilityOn()
        self._label.VisibilityOn()
