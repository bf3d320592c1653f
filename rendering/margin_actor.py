"""A specimen's surface coloured by its distance to the tumour: red where crossed, yellow where uncertain."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonCore import vtkLookupTable
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from planning.geometry.frames import Floats
from planning.kernel.vtk_arrays import data_array
from rendering.colours import (
    MARGIN_CLEAR_RGB,
    MARGIN_UNCERTAIN_RGB,
    MARGIN_UNKNOWN_RGB,
    MARGIN_VIOLATED_RGB,
    unit_rgb,
)
from rendering.convert import surface_of
from rendering.line_layer import LineLayer, Strokes
from rendering.scene_state import DrawnMargin

HATCH_MM: Final = 2.0
BAND_MM: Final = 0.5
LIFT_MM: Final = 0.08
_DARK = (40, 16, 10)


class MarginActor:
    """Bands of colour with sharp borders; lines where they meet; hatching below 0."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._mapper = vtkPolyDataMapper()
        self._actor = vtkActor()
        self._actor.SetMapper(self._mapper)
        self._actor.GetProperty().SetSpecular(0.1)
        self._lines = LineLayer(renderer, ordered=False)
        self._drawn: DrawnMargin | None = None
        renderer.AddActor(self._actor)

    def set_width(self, line_px: float) -> None:
        """Set the width of the pattern's lines in device pixels."""
        self._lines.set_width(line_px)

    def show(self, drawn: DrawnMargin) -> bool:
        """Draw so; say whether anything changed."""
        old = self._drawn
        if old == drawn and old is not None and old.margin_mm is drawn.margin_mm:
            return False
        self._drawn = drawn
        self._actor.SetVisibility(drawn.visible)
        self._actor.SetPosition(*drawn.offset_lps_mm)
        surface = vtkPolyData()
        surface.ShallowCopy(surface_of(drawn.mesh))
        surface.GetPointData().SetScalars(data_array(np.asarray(drawn.margin_mm, dtype=np.float32), "margin"))
        self._mapper.SetInputData(surface)
        self._mapper.SetLookupTable(_table(drawn.uncertain_below_mm))
        self._mapper.SetScalarRange(-drawn.uncertain_below_mm, 2 * drawn.uncertain_below_mm)
        self._mapper.InterpolateScalarsBeforeMappingOn()  # colours change at the value, not at the vertices
        strokes = [Strokes(lines, _DARK) for lines in pattern(drawn)] if drawn.visible else []
        self._lines.show(strokes)
        return True

    def remove(self) -> None:
        """Leave the renderer."""
        self._renderer.RemoveActor(self._actor)
        self._lines.remove()


def _table(uncertain_mm: float) -> vtkLookupTable:
    """Return three sharp bands over [-uncertain, 2 uncertain]: crossed, uncertain, clear."""
    table = vtkLookupTable()
    table.SetNumberOfTableValues(3)
    table.SetRange(-uncertain_mm, 2 * uncertain_mm)
    bands = (MARGIN_VIOLATED_RGB, MARGIN_UNCERTAIN_RGB, MARGIN_CLEAR_RGB)
    for n, rgb in enumerate(bands):
        table.SetTableValue(n, *unit_rgb(rgb), 1.0)
    table.SetNanColor(*unit_rgb(MARGIN_UNKNOWN_RGB), 1.0)
    table.Build()
    return table


def pattern(drawn: DrawnMargin) -> tuple[Floats, Floats]:
    """Return the lines that tell the bands apart without colour, shape (n, 2, 3) each.

    First the borders at 0 and at the uncertain band's edge; second the hatching, oblique lines
    `HATCH_MM` apart wherever the margin is below zero.
    """
    vertices = _lifted(drawn)
    triangles = drawn.mesh.triangles
    margin = np.asarray(drawn.margin_mm, dtype=np.float64)
    known = np.isfinite(margin[triangles]).all(axis=1)
    triangles = triangles[known]
    borders = [level_lines(vertices, triangles, margin, level) for level in (0.0, drawn.uncertain_below_mm)]
    crossed = triangles[(margin[triangles] < 0).all(axis=1)]
    slant = vertices @ (np.array([1.0, 1.0, 1.0]) / np.sqrt(3))
    hatching = [np.empty((0, 2, 3))]
    if len(crossed):
        low, high = slant[crossed].min(), slant[crossed].max()
        levels = np.arange(np.ceil(low / HATCH_MM), np.floor(high / HATCH_MM) + 1) * HATCH_MM
        hatching += [level_lines(vertices, crossed, slant, level) for level in levels]
    return np.concatenate(borders), np.concatenate(hatching)


def level_lines(vertices: Floats, triangles: NDArray[np.int32], values: Floats, level: float) -> Floats:
    """Return where values interpolated over triangles equal a level, shape (n, 2, 3)."""
    offsets = values[triangles] - level
    above = offsets >= 0
    crossing = above.any(axis=1) & ~above.all(axis=1)
    triangles, offsets, above = triangles[crossing], offsets[crossing], above[crossing]
    if not len(triangles):
        return np.empty((0, 2, 3))
    alone = np.where(above.sum(axis=1) == 1, above.argmax(axis=1), (~above).argmax(axis=1))
    rows, ends = np.arange(len(triangles)), []
    for step in (1, 2):
        other = (alone + step) % 3
        t = offsets[rows, alone] / (offsets[rows, alone] - offsets[rows, other])
        p, q = vertices[triangles[rows, alone]], vertices[triangles[rows, other]]
        ends.append(p + t[:, None] * (q - p))
    return np.stack(ends, axis=1)


def _lifted(drawn: DrawnMargin) -> Floats:
    """Return the vertices a hair outside the surface, so that lines are not half buried in it."""
    mesh = drawn.mesh
    vertices = mesh.vertices_lps_mm.astype(np.float64)
    corners = vertices[mesh.triangles]
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for column in range(3):
        np.add.at(normals, mesh.triangles[:, column], faces)
    length = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    lifted: Floats = vertices + LIFT_MM * normals / length + np.asarray(drawn.offset_lps_mm)
    return lifted
