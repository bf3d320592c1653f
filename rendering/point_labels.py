"""Short words at points of the patient, of constant size, never hidden behind a surface."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor

from planning.geometry.frames import Floats, Vec3
from rendering.lettering import Lettering
from rendering.themes import Rgb, Theme

PixelsOf = Callable[[Floats], Floats]


@dataclass(frozen=True)
class PointLabel:
    """Words, where, and how; `shift_px` moves them off the point, in logical pixels."""

    words: str
    point_lps_mm: Vec3
    rgb: Rgb | None = None
    bold: bool = False
    size: float = 1.0
    align: tuple[int, int] = (0, 0)
    shift_px: tuple[float, float] = (0.0, 0.0)


class PointLabels:
    """Draws labels; they follow their points at every layout."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._labels: tuple[PointLabel, ...] = ()
        self._actors: list[vtkTextActor] = []
        self._lettering = Lettering()

    def show(self, labels: Sequence[PointLabel], lettering: Lettering, theme: Theme) -> None:
        """Replace what is drawn."""
        self._labels, self._lettering = tuple(labels), lettering
        while len(self._actors) < len(labels):
            actor = vtkTextActor()
            actor.PickableOff()
            self._renderer.AddViewProp(actor)
            self._actors.append(actor)
        for n, actor in enumerate(self._actors):
            actor.SetVisibility(n < len(labels))
        for actor, label in zip(self._actors, labels, strict=False):
            actor.SetInput(label.words)
            style = actor.GetTextProperty()
            lettering.write(style, theme, size=label.size, bold=label.bold, rgb=label.rgb, align=label.align)

    def layout(self, pixels_of: PixelsOf) -> None:
        """Move every label to where its point is drawn, in pixels of the view."""
        if not self._labels:
            return
        places = pixels_of(np.array([label.point_lps_mm for label in self._labels]))
        for actor, label, (x, y) in zip(self._actors, self._labels, places, strict=False):
            dx, dy = label.shift_px
            actor.SetPosition(float(x) + self._lettering.px(dx), float(y) + self._lettering.px(dy))
