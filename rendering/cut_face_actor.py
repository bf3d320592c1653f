"""The faces cuts leave on a piece: flat, paler than its own surface, bordered and hatched."""

from typing import Final

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer

from planning.geometry.frames import Floats
from planning.geometry.mesh import Mesh
from rendering.line_layer import LineLayer, Strokes
from rendering.margin_actor import level_lines
from rendering.scene_state import ClipPlane, DrawnPiece
from rendering.section import plane_axes
from rendering.surface_actor import Look, SurfaceActor
from rendering.themes import Rgb

PALER: Final = 0.6
HATCH_MM: Final = 2.5
LIFT_MM: Final = 0.08
_LINE_RGB: Final[Rgb] = (30, 26, 24)
_FAINTEST_WITH_LINES: Final = 0.2


class CutFaceActor:
    """All cut faces of one piece; `show` applies the difference."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self.surface = SurfaceActor(renderer)
        self._lines = LineLayer(renderer, ordered=False)
        self._drawn: DrawnPiece | None = None
        self._faces: tuple[Mesh, ...] = ()
        self._merged: Mesh | None = None
        self._clipped = False

    def set_width(self, line_px: float) -> None:
        """Set the width of border and hatching in device pixels."""
        self._lines.set_width(line_px)

    def set_coarse(self, coarse: bool) -> None:
        """Draw a coarser surface while things move."""
        self.surface.set_coarse(coarse)

    def clip(self, clip: ClipPlane | None) -> None:
        """Leave out what lies beyond; lines are left out wholly, for they cannot be clipped."""
        self._clipped = clip is not None
        self.surface.clip(clip)
        self._show_lines()

    def show(self, drawn: DrawnPiece) -> bool:
        """Draw so; say whether anything changed."""
        if drawn == self._drawn:
            return False
        self._drawn = drawn
        if self._merged is None or self._faces is not drawn.faces:
            self._faces, self._merged = drawn.faces, _together(drawn.faces)
        visible = drawn.visible and drawn.opacity > 0
        rgb = paler(drawn.colour_rgb)
        self.surface.show(Look(self._merged, rgb, drawn.opacity, visible, offset_lps_mm=drawn.offset_lps_mm))
        self._show_lines()
        return True

    def remove(self) -> None:
        """Leave the renderer."""
        self.surface.remove()
        self._lines.remove()

    def _show_lines(self) -> None:
        drawn = self._drawn
        if drawn is None or not drawn.visible or drawn.opacity < _FAINTEST_WITH_LINES or self._clipped:
            self._lines.show([])
            return
        offset = np.asarray(drawn.offset_lps_mm)
        self._lines.show(Strokes(face_lines(face) + offset, _LINE_RGB, drawn.opacity) for face in drawn.faces)


def paler(rgb: Rgb) -> Rgb:
    """Return the colour of a cut face for a piece's own colour."""
    red, green, blue = (round(v + PALER * (255 - v)) for v in rgb)
    return red, green, blue


def face_lines(face: Mesh) -> Floats:
    """Return border and hatching of a flat face, a hair before it, segments of shape (n, 2, 3)."""
    vertices = face.vertices_lps_mm.astype(np.float64)
    corners = vertices[face.triangles]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).sum(axis=0)
    normal = across / max(float(np.linalg.norm(across)), 1e-12)
    vertices = vertices + LIFT_MM * normal
    u, v = plane_axes(normal)
    slant = vertices @ ((u + v) / np.sqrt(2))
    levels = np.arange(np.ceil(slant.min() / HATCH_MM), np.floor(slant.max() / HATCH_MM) + 1) * HATCH_MM
    lines = [level_lines(vertices, face.triangles, slant, level) for level in levels]
    return np.concatenate([vertices[_border(face)], *lines])


def _border(face: Mesh) -> np.ndarray:
    """Return the edges only one triangle has, as vertex numbers of shape (n, 2)."""
    t = face.triangles.astype(np.int64)
    edges = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
    key = edges.min(axis=1) * len(face.vertices_lps_mm) + edges.max(axis=1)
    _, first, count = np.unique(key, return_index=True, return_counts=True)
    return np.asarray(edges[first[count == 1]])


def _together(meshes: tuple[Mesh, ...]) -> Mesh:
    starts = np.cumsum([0, *(len(m.vertices_lps_mm) for m in meshes)])[:-1]
    triangles = [m.triangles + np.int32(start) for m, start in zip(meshes, starts, strict=True)]
    return Mesh(np.concatenate([m.vertices_lps_mm for m in meshes]), np.concatenate(triangles))
