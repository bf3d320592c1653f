"""Many coloured line segments in one actor, over a darker edge that keeps them readable."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from rendering.convert import put_lines, set_cell_colours
from rendering.themes import Rgb


@dataclass(frozen=True, eq=False)
class Strokes:
    """Segments of shape (n, 2, 3) in one colour."""

    segments_lps_mm: NDArray[np.floating]
    rgb: Rgb
    alpha: float = 1.0


class LineLayer:
    """Draws strokes.

    Parameters
    ----------
    renderer : vtkRenderer
    edge_alpha : float
        Over 0, a dark, wider copy lies beneath.
    ordered : bool
        Draw over what was added before, in a layer of marks; False lets depth decide.
    """

    def __init__(self, renderer: vtkRenderer, edge_alpha: float = 0.0, ordered: bool = True) -> None:
        self._renderer, self._ordered = renderer, ordered
        # One data set for good: a new one for every frame of a drag would rebuild VTK's pipeline.
        self._data, self._colours = vtkPolyData(), list[tuple[int, int, int, int, int]]()
        self._mapper = vtkPolyDataMapper()
        self._mapper.SetInputData(self._data)
        self._line = self._actor()
        self._edge: vtkActor | None = None
        if edge_alpha > 0:
            mapper = vtkPolyDataMapper()
            mapper.ScalarVisibilityOff()
            mapper.SetInputData(self._data)
            self._edge = self._actor()
            self._edge.SetMapper(mapper)
            self._edge.GetProperty().SetColor(0, 0, 0)
            self._edge.GetProperty().SetOpacity(edge_alpha)
            renderer.AddActor(self._edge)
        self._line.SetMapper(self._mapper)
        renderer.AddActor(self._line)

    def _actor(self) -> vtkActor:
        actor = vtkActor()
        actor.GetProperty().LightingOff()
        actor.SetForceTranslucent(self._ordered)
        actor.PickableOff()
        actor.VisibilityOff()
        return actor

    def set_width(self, width_px: float) -> None:
        """Set the width of the lines in device pixels."""
        self._line.GetProperty().SetLineWidth(width_px)
        if self._edge is not None:
            self._edge.GetProperty().SetLineWidth(width_px * 1.4 + 1.5)

    def show(self, strokes: Iterable[Strokes]) -> None:
        """Replace what is drawn."""
        drawn = [s for s in strokes if len(s.segments_lps_mm)]
        actors = [self._line] if self._edge is None else [self._line, self._edge]
        for actor in actors:
            actor.SetVisibility(bool(drawn))
        if not drawn:
            return
        put_lines(self._data, np.concatenate([s.segments_lps_mm for s in drawn]))
        colours = [(*s.rgb, round(255 * s.alpha), len(s.segments_lps_mm)) for s in drawn]
        if colours != self._colours:
            self._colours = colours
            table = np.array(colours)
            set_cell_colours(self._data, np.repeat(table[:, :4].astype(np.uint8), table[:, 4], axis=0))

    def remove(self) -> None:
        """Leave the renderer."""
        for actor in (self._line, self._edge):
            if actor is not None:
                self._renderer.RemoveActor(actor)
