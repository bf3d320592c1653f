"""What the colours and patterns of a specimen's surface mean, in words beside them."""

from collections.abc import Sequence

from vtkmodules.vtkRenderingCore import vtkRenderer, vtkTextActor

from planning.texts import tr
from rendering.boxes import Box
from rendering.colours import (
    MARGIN_CLEAR_RGB,
    MARGIN_UNCERTAIN_RGB,
    MARGIN_UNKNOWN_RGB,
    MARGIN_VIOLATED_RGB,
    unit_rgb,
)
from rendering.lettering import Lettering
from rendering.scene_state import DrawnMargin
from rendering.themes import Rgb, Theme

_ON_DARK: Rgb = (255, 255, 255)
_ON_LIGHT: Rgb = (20, 22, 26)


class MarginLegend:
    """Four labelled patches above the scale bar; shown only with a margin map."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._actors = [vtkTextActor() for _ in range(4)]
        for actor in self._actors:
            actor.PickableOff()
            actor.VisibilityOff()
            renderer.AddViewProp(actor)

    def show(self, margins: Sequence[DrawnMargin], lettering: Lettering, theme: Theme) -> None:
        """Word the legend for the margin maps in view."""
        visible = [m for m in margins if m.visible]
        limit = f"{visible[0].uncertain_below_mm:g}" if visible else ""
        rows = (
            (tr("hatched: tumour crossed"), MARGIN_VIOLATED_RGB, _ON_DARK),
            (tr("under {limit} mm by plan", limit=limit), MARGIN_UNCERTAIN_RGB, _ON_LIGHT),
            (tr("at least {limit} mm by plan", limit=limit), MARGIN_CLEAR_RGB, _ON_LIGHT),
            (tr("not assessed"), MARGIN_UNKNOWN_RGB, _ON_DARK),
        )
        for actor, (words, patch, ink) in zip(self._actors, rows, strict=True):
            actor.SetVisibility(bool(visible))
            actor.SetInput(f" {words} ")
            style = actor.GetTextProperty()
            lettering.write(style, theme, rgb=ink, align=(1, -1))
            style.SetShadow(False)
            style.SetBackgroundColor(*unit_rgb(patch))
            style.SetBackgroundOpacity(1.0)
        self._lettering, self._margin_px = lettering, lettering.px(14)
        self._row_px = lettering.px(theme.text_pt * 1.6)

    def layout(self, width_px: float) -> None:
        """Place the rows above the scale bar."""
        for row, actor in enumerate(reversed(self._actors)):
            actor.SetPosition(width_px - self._margin_px, self._margin_px + (row + 2.2) * self._row_px)

    def boxes(self) -> list[Box]:
        """Return where the rows lie; other words keep off them."""
        return [
            self._lettering.box(actor.GetTextProperty(), actor.GetInput(), *actor.GetPosition())
            for actor in self._actors
            if actor.GetVisibility()
        ]
