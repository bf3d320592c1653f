"""Blades on a slice: the slab's cross-section true to scale, its middle line, its overshoot."""

from functools import lru_cache

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Vec3
from rendering.blade_solid import centre_lines, overshoot_edges, overshoot_lines, slab_mesh, slab_sections
from rendering.convert import set_cell_colours, triangle_data
from rendering.line_layer import LineLayer, Strokes
from rendering.scene_state import DrawnBlade, SliceState
from rendering.section import MeshSection, dashed
from rendering.slice_geometry import height_mm
from rendering.themes import Rgb

FILL_ALPHA = 0.55
FACE_ALPHA = 0.16
FAINT = 0.55


class BladeFill:
    """The cross-sections of all blades' slabs, translucent, beneath the outlines."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._mapper = vtkPolyDataMapper()
        self._fill = vtkActor()
        self._fill.SetMapper(self._mapper)
        self._fill.GetProperty().LightingOff()
        self._fill.ForceTranslucentOn()
        self._fill.PickableOff()
        self._fill.VisibilityOff()
        renderer.AddActor(self._fill)

    def show(self, state: SliceState) -> None:
        """Cut the visible blades by the slice."""
        normal, height = state.screen_axes.normal_lps, height_mm(state)
        polygons: list[tuple[Floats, Rgb, float]] = []
        for drawn in state.blades:
            if drawn.visible:
                alpha = FACE_ALPHA if _lies_in(drawn.blade, normal) else FILL_ALPHA
                alpha *= 1.0 if drawn.active else FAINT
                sections = slab_sections(drawn.blade, normal, height)
                polygons += [(polygon, drawn.colour_rgb, alpha) for polygon in sections]
        self._fill.SetVisibility(bool(polygons))
        if polygons:
            self._mapper.SetInputData(_filled(polygons))


class BladeTraces:
    """All blades' middle lines, or outlines where a slice lies in the blade, over everything."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._lines = LineLayer(renderer)

    def set_width(self, width_px: float) -> None:
        """Set the width of the lines in device pixels."""
        self._lines.set_width(width_px)

    def show(self, state: SliceState) -> None:
        """Cut the visible blades by the slice."""
        normal, height = state.screen_axes.normal_lps, height_mm(state)
        visible = [drawn for drawn in state.blades if drawn.visible]
        self._lines.show([stroke for drawn in visible for stroke in _strokes(drawn, normal, height)])


def _strokes(drawn: DrawnBlade, normal: Vec3, height: float) -> list[Strokes]:
    blade, alpha = drawn.blade, 1.0 if drawn.active else FAINT
    if _lies_in(blade, normal):
        segments = _slab_outline(blade, normal, height)
        beyond = overshoot_edges(blade) if len(segments) else np.empty((0, 2, 3))
    else:
        segments = centre_lines(blade, normal, height)
        beyond = overshoot_lines(blade, normal, height)
    dashes = dashed(beyond, 0.8, 0.8)
    return [Strokes(part, drawn.colour_rgb, alpha) for part in (segments, dashes)]


@lru_cache(maxsize=64)
def _slab_outline(blade: Blade, normal: Vec3, height: float) -> Floats:
    return MeshSection(slab_mesh(blade), normal).at(height).astype(np.float64)


def _lies_in(blade: Blade, normal: Vec3) -> bool:
    """Say whether the slice runs (nearly) along the blade's face."""
    return abs(float(np.dot(blade.normal_lps, normal))) > 0.97


def _filled(polygons: list[tuple[Floats, Rgb, float]]) -> vtkPolyData:
    triangles, colours, start = [], [], 0
    for polygon, rgb, alpha in polygons:
        fan = [(start, start + n, start + n + 1) for n in range(1, len(polygon) - 1)]
        triangles += fan
        colours += [(*rgb, round(255 * alpha))] * len(fan)
        start += len(polygon)
    data = triangle_data(np.concatenate([p for p, _, _ in polygons]), np.array(triangles, dtype=np.int64))
    set_cell_colours(data, np.array(colours, dtype=np.uint8))
    return data
