"""One blade in 3D: the slab of its true footprint and thickness, its edges, and its overshoot."""

from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from planning.geometry.mesh import Mesh
from planning.safety.results import Status
from rendering.blade_solid import overshoot_edges, slab_edges, slab_mesh
from rendering.colours import STATUS_LOOK, unit_rgb
from rendering.convert import put_points, triangle_data
from rendering.line_layer import LineLayer, Strokes
from rendering.scene_state import DrawnBlade
from rendering.section import dashed

ALPHA_ACTIVE = 0.45
ALPHA_REST = 0.32
OVERSHOOT_DASH_MM = 1.2


class BladeActor:
    """Holds one blade's actors; `show` applies the difference."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._mapper = vtkPolyDataMapper()
        self._mapper.ScalarVisibilityOff()
        self._slab = vtkActor()
        self._slab.SetMapper(self._mapper)
        self._slab.PickableOff()
        paint = self._slab.GetProperty()
        paint.SetAmbient(0.45)
        paint.SetDiffuse(0.6)
        paint.SetInterpolationToFlat()
        renderer.AddActor(self._slab)
        self._lines = LineLayer(renderer, ordered=False)
        self._mesh: Mesh | None = None
        self._drawn: DrawnBlade | None = None
        self._line_px = 1.5

    def set_width(self, line_px: float) -> None:
        """Set the width of the edges in device pixels."""
        self._line_px = line_px
        self._lines.set_width(line_px)

    def show(self, drawn: DrawnBlade) -> bool:
        """Draw so; say whether anything changed."""
        if drawn == self._drawn:
            return False
        self._drawn = drawn
        self._slab.SetVisibility(drawn.visible)
        paint = self._slab.GetProperty()
        paint.SetColor(*unit_rgb(drawn.colour_rgb))
        paint.SetOpacity(ALPHA_ACTIVE if drawn.active else ALPHA_REST)
        self._lines.set_width(self._line_px * (1.4 if drawn.active else 1.0))
        if not drawn.visible:
            self._lines.show([])
            return True
        self._feed(slab_mesh(drawn.blade))
        warns = drawn.status in (Status.FAIL, Status.WARN)
        edge_rgb = STATUS_LOOK[drawn.status].rgb if drawn.status and warns else drawn.colour_rgb
        beyond = dashed(overshoot_edges(drawn.blade), OVERSHOOT_DASH_MM, OVERSHOOT_DASH_MM)
        self._lines.show([Strokes(slab_edges(drawn.blade), edge_rgb), Strokes(beyond, edge_rgb)])
        return True

    def _feed(self, mesh: Mesh) -> None:
        if self._mesh is not None and self._mesh.triangles is mesh.triangles:
            put_points(self._mapper.GetInput(), mesh.vertices_lps_mm)
        else:
            self._mapper.SetInputData(triangle_data(mesh.vertices_lps_mm, mesh.triangles))
        self._mesh = mesh

    def remove(self) -> None:
        """Leave the renderer."""
        self._renderer.RemoveActor(self._slab)
        self._lines.remove()
