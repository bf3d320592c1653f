"""Short words at points of the patient, of constant size, never hidden behind a surface."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from vtkmodules.vtkRenderingCore import vtkActor2D, vtkPolyDataMapper2D, vtkRenderer, vtkTextActor

from planning.geometry.frames import Floats, Vec3
from planning.texts import brief
from rendering.boxes import NO_BOXES, Box, moved
from rendering.colours import unit_rgb
from rendering.convert import line_data
from rendering.label_layout import ONLY_HERE, STAY, Wanted, leader, places, round_point, sideways
from rendering.lettering import Lettering
from rendering.themes import DARK, Rgb, Theme

PixelsOf = Callable[[Floats], Floats]


class Stands(Enum):
    """Where words may stand, and whether they may be left out where no place is free."""

    HERE = "here"
    BESIDE = "beside"  # no higher or lower than its point: the name of a level
    NEAR = "near"  # anywhere round the point, with a line to it from afar
    ALWAYS = "always"  # near, and never left out: a number or a warning said nowhere else


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
    stands: Stands = Stands.HERE


class PointLabels:
    """Draws labels; they follow their points at every layout and keep off each other and off other words."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._labels: tuple[PointLabel, ...] = ()
        self._actors: list[vtkTextActor] = []
        self._leaders: list[_Leader] = []
        self._boxes: dict[str, Box] = {}
        self._lettering, self._theme, self._size = Lettering(), DARK, 1.0
        self.left_out: tuple[str, ...] = ()

    def show(self, labels: Sequence[PointLabel], lettering: Lettering, theme: Theme) -> None:
        """Replace what is drawn; the first are worth the most."""
        self._labels, self._lettering, self._theme = tuple(labels), lettering, theme
        while len(self._actors) < len(labels):
            actor = vtkTextActor()
            actor.PickableOff()
            self._leaders.append(_Leader(self._renderer))
            self._renderer.AddViewProp(actor)
            self._actors.append(actor)
        for n, actor in enumerate(self._actors):
            actor.SetVisibility(n < len(labels))
            self._leaders[n].show(None)
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
        for line, label in zip(self._leaders, labels, strict=False):
            line.style(label.rgb or theme.text_rgb, lettering.px(1.0))

    def resize(self, size: float) -> None:
        """Write in letters of another size, that of the view's other words."""
        if size != self._size:
            self._size = size
            self.show(self._labels, self._lettering, self._theme)

    @property
    def boxes(self) -> dict[str, Box]:
        """Return where the words that are drawn lie."""
        return dict(self._boxes)

    def layout(
        self,
        pixels_of: PixelsOf,
        kept_clear: Sequence[Box] = (),
        room_px: tuple[float, float] = (np.inf, np.inf),
        crossed: Floats = NO_BOXES,
    ) -> None:
        """Move every label to where its point is drawn, in pixels of the view, off the boxes kept clear.

        One whose point is out of sight, or that has no free place, is left out, if it may be.
        """
        self._boxes, self.left_out = {}, ()
        if not self._labels:
            return
        points = [
            (float(x), float(y)) for x, y in pixels_of(np.array([p.point_lps_mm for p in self._labels]))
        ]
        at = [self._at(label, point) for label, point in zip(self._labels, points, strict=True)]
        wanted = [self._wanted(n, point, at[n]) for n, point in enumerate(points)]
        seen = [n for n, (x, y) in enumerate(points) if 0 <= x <= room_px[0] and 0 <= y <= room_px[1]]
        found = places([wanted[n] for n in seen], kept_clear, (0.0, 0.0, *room_px), crossed)
        shifts = dict(zip(seen, found, strict=True))
        for n, actor in enumerate(self._actors[: len(self._labels)]):
            shift = shifts.get(n)
            actor.SetVisibility(shift is not None)
            self._leaders[n].show(None)
            if shift is None:
                continue
            box = moved(wanted[n].box, *shift)
            self._boxes[actor.GetInput()] = box
            actor.SetPosition(at[n][0] + shift[0], at[n][1] + shift[1])
            if shift != STAY and self._labels[n].stands is not Stands.BESIDE:
                self._leaders[n].show(leader(box, points[n]))
        self.left_out = tuple(self._labels[n].words for n in seen if shifts[n] is None)

    def _at(self, label: PointLabel, point_px: tuple[float, float]) -> tuple[float, float]:
        right, up = (self._lettering.px(px) for px in label.shift_px)
        return point_px[0] + right, point_px[1] + up

    def _wanted(self, n: int, point_px: tuple[float, float], at_px: tuple[float, float]) -> Wanted:
        actor, stands = self._actors[n], self._labels[n].stands
        box = self._lettering.box(actor.GetTextProperty(), actor.GetInput(), *at_px)
        if stands is Stands.HERE:
            return Wanted(box, ONLY_HERE)
        if stands is Stands.BESIDE:
            return Wanted(box, sideways(box))
        must = stands is Stands.ALWAYS
        return Wanted(box, round_point(box, point_px), must=must, clear=not must)


class _Leader:
    """A thin line from a point to the words that stand away from it."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._mapper, self._actor = vtkPolyDataMapper2D(), vtkActor2D()
        self._actor.SetMapper(self._mapper)
        self._actor.PickableOff()
        self._actor.VisibilityOff()
        renderer.AddViewProp(self._actor)

    def style(self, rgb: Rgb, width_px: float) -> None:
        self._actor.GetProperty().SetColor(*unit_rgb(rgb))
        self._actor.GetProperty().SetLineWidth(max(1.0, width_px))

    def show(self, line: tuple[tuple[float, float], tuple[float, float]] | None) -> None:
        self._actor.SetVisibility(line is not None)
        if line is not None:
            flat = np.zeros((1, 2, 3))
            flat[0, :, :2] = line
            self._mapper.SetInputData(line_data(flat))
