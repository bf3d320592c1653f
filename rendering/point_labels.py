"""Short words at points of the patient, of constant size, never hidden behind a surface."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor

from planning.geometry.frames import Floats, Vec3
from planning.texts import brief, letters
from rendering.boxes import Box, overlap
from rendering.lettering import Lettering
from rendering.themes import DARK, Rgb, Theme

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
    """Draws labels; they follow their points at every layout. One that would cover an earlier one waits."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._labels: tuple[PointLabel, ...] = ()
        self._actors: list[vtkTextActor] = []
        self._lettering, self._theme, self._size = Lettering(), DARK, 1.0

    def show(self, labels: Sequence[PointLabel], lettering: Lettering, theme: Theme) -> None:
        """Replace what is drawn."""
        self._labels, self._lettering, self._theme = tuple(labels), lettering, theme
        while len(self._actors) < len(labels):
            actor = vtkTextActor()
            actor.PickableOff()
            self._renderer.AddViewProp(actor)
            self._actors.append(actor)
        for n, actor in enumerate(self._actors):
            actor.SetVisibility(n < len(labels))
        for actor, label in zip(self._actors, labels, strict=False):
            actor.SetInput(brief(label.words))
            lettering.write(
                actor.GetTextProperty(),
                theme,
                size=label.size * self._size,
                bold=label.bold,
                rgb=label.rgb,
                align=label.align,
            )

    def resize(self, size: float) -> None:
        """Write in letters of another size, that of the view's other words."""
        if size != self._size:
            self._size = size
            self.show(self._labels, self._lettering, self._theme)

    def layout(
        self,
        pixels_of: PixelsOf,
        kept_clear: Sequence[Box] = (),
        room_px: tuple[float, float] = (np.inf, np.inf),
    ) -> None:
        """Move every label to where its point is drawn, in pixels of the view, off the boxes kept clear.

        One that would be cut off by the view's edge, or lie on another, is left out.
        """
        whole = (0.0, 0.0, *room_px)
        if not self._labels:
            return
        places = pixels_of(np.array([label.point_lps_mm for label in self._labels]))
        taken = list(kept_clear)
        for actor, label, (x, y) in zip(self._actors, self._labels, places, strict=False):
            at = (
                float(x) + self._lettering.px(label.shift_px[0]),
                float(y) + self._lettering.px(label.shift_px[1]),
            )
            box = self._box(label, *at)
            free = _within(box, whole) and not any(overlap(box, other) for other in taken)
            actor.SetVisibility(free)
            if free:
                taken.append(box)
                actor.SetPosition(*at)

    def _box(self, label: PointLabel, x: float, y: float) -> Box:
        """Return roughly where the words lie: left, low, right, high."""
        height = self._lettering.px(self._theme.text_pt * label.size * self._size)
        width = height * 0.6 * letters(label.words)
        left = x - width * (label.align[0] + 1) / 2
        low = y - height * (label.align[1] + 1) / 2
        return left, low, left + width, low + height


def _within(box: Box, whole: Box) -> bool:
    """Say whether words lie wholly in the view; a little less than they take at most is enough."""
    slack = 0.1 * (box[2] - box[0])
    return (
        box[0] + slack >= whole[0]
        and box[2] - slack <= whole[2]
        and box[1] >= whole[1]
        and box[3] <= whole[3]
    )
