"""One lit surface of the 3D view: a structure or a piece."""

from dataclasses import dataclass

import numpy as np
from vtkmodules.vtkCommonCore import vtkIdList, vtkPoints
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from planning.geometry.frames import Floats, Vec3
from planning.geometry.mesh import Mesh
from planning.model.structures import BONES, StructureKind
from rendering.clipping import is_kept, planes_of
from rendering.colours import unit_rgb
from rendering.convert import coarse_surface_of, has_coarse_surface, locator_of, surface_of
from rendering.scene_state import ClipPlane, DrawnPiece, DrawnStructure
from rendering.themes import Rgb

EMPHASIS = 0.18
FAINT_OPACITY = 0.12


@dataclass(frozen=True)
class Look:
    """What decides how a surface is drawn."""

    mesh: Mesh
    rgb: Rgb
    opacity: float
    visible: bool
    shiny: bool = False
    emphasised: bool = False
    offset_lps_mm: Vec3 = (0.0, 0.0, 0.0)


def look_of(drawn: DrawnStructure | DrawnPiece) -> Look:
    """Return how a structure or piece is drawn: bone shines a little, vessels more."""
    visible = drawn.visible and drawn.opacity > 0
    if isinstance(drawn, DrawnPiece):
        return Look(drawn.mesh, drawn.colour_rgb, drawn.opacity, visible, offset_lps_mm=drawn.offset_lps_mm)
    shiny = drawn.kind not in BONES and drawn.kind is not StructureKind.TUMOUR
    offset = drawn.offset_lps_mm
    return Look(drawn.mesh, drawn.colour_rgb, drawn.opacity, visible, shiny, drawn.emphasised, offset)


class SurfaceActor:
    """Holds one actor; `show` applies the difference."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._mapper = vtkPolyDataMapper()
        self._mapper.ScalarVisibilityOff()
        self.actor = vtkActor()
        self.actor.SetMapper(self._mapper)
        self._look: Look | None = None
        self._coarse = False
        self._clip: ClipPlane | None = None
        renderer.AddActor(self.actor)

    @property
    def look(self) -> Look | None:
        """How it is drawn now."""
        return self._look

    def show(self, look: Look) -> bool:
        """Draw so; say whether anything changed."""
        if look == self._look:
            return False
        old, self._look = self._look, look
        if old is None or old.mesh is not look.mesh:
            self._feed()
        self._show_or_hide(look)
        self._cull()
        self.actor.SetPosition(*look.offset_lps_mm)
        paint = self.actor.GetProperty()
        paint.SetColor(*unit_rgb(look.rgb))
        paint.SetOpacity(look.opacity)
        paint.SetAmbient(EMPHASIS + 0.12 if look.emphasised else 0.06)
        paint.SetDiffuse(0.92)
        paint.SetSpecular(0.32 if look.shiny else 0.16)
        paint.SetSpecularPower(40 if look.shiny else 22)
        return True

    def set_coarse(self, coarse: bool) -> None:
        """Draw a coarser surface while things move, and leave out what is only a faint background."""
        if coarse is not self._coarse:
            self._coarse = coarse
            self._feed()
            if self._look is not None:
                self._show_or_hide(self._look)

    def prepare(self) -> bool:
        """Make ready what a drag will draw; say whether there was anything to do."""
        if self._look is None or not self.is_drawn or has_coarse_surface(self._look.mesh):
            return False
        coarse_surface_of(self._look.mesh)
        return True

    def clip(self, clip: ClipPlane | None) -> None:
        """Leave out what the clip cuts away."""
        self._clip = clip
        self._mapper.RemoveAllClippingPlanes()
        for plane in planes_of(clip):
            self._mapper.AddClippingPlane(plane)
        self._cull()

    @property
    def is_drawn(self) -> bool:
        """Whether there is anything to see."""
        return self._look is not None and self._look.visible and len(self._look.mesh.triangles) > 0

    def bounds(self) -> tuple[Floats, Floats]:
        """Return lowest and highest corner in LPS; only where `is_drawn`."""
        b = self.actor.GetBounds()
        return np.array(b[::2]), np.array(b[1::2])

    def remove(self) -> None:
        """Leave the renderer."""
        self._renderer.RemoveActor(self.actor)

    def first_hit(self, start: Floats, end: Floats) -> Floats | None:
        """Return where a line of sight first meets what is drawn of the surface, or None."""
        look = self._look
        if look is None or not look.visible or not len(look.mesh.triangles):
            return None
        shift = np.asarray(look.offset_lps_mm)
        points = _hits(look.mesh, start - shift, end - shift) + shift
        points = points[is_kept(points, self._clip)]
        if not len(points):
            return None
        nearest: Floats = points[int(np.argmin(np.linalg.norm(points - start, axis=1)))]
        return nearest

    def _show_or_hide(self, look: Look) -> None:
        self.actor.SetVisibility(look.visible and not (self._coarse and look.opacity <= FAINT_OPACITY))

    def _cull(self) -> None:
        """Leave out inner sides where nobody can see them: a third of the work in software rendering."""
        look = self._look
        if look is not None:
            whole = look.opacity >= 1 and self._clip is None and look.mesh.volume_mm3 > 0
            self.actor.GetProperty().SetBackfaceCulling(whole)

    def _feed(self) -> None:
        if self._look is not None:
            mesh = self._look.mesh
            self._mapper.SetInputData(coarse_surface_of(mesh) if self._coarse else surface_of(mesh))


def _hits(mesh: Mesh, start: Floats, end: Floats) -> Floats:
    points, cells = vtkPoints(), vtkIdList()
    locator_of(mesh).IntersectWithLine(start.tolist(), end.tolist(), 1e-3, points, cells)
    found = [points.GetPoint(n) for n in range(points.GetNumberOfPoints())]
    return np.array(found, dtype=np.float64).reshape(-1, 3)
