"""A small cube that shows which way the patient lies, its faces lettered L R A P S I."""

from collections.abc import Sequence

from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkCommonTransforms import vtkTransform
from vtkmodules.vtkFiltersCore import vtkAppendPolyData
from vtkmodules.vtkFiltersGeneral import vtkTransformFilter
from vtkmodules.vtkRenderingAnnotation import vtkAnnotatedCubeActor
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from rendering.boxes import Box
from rendering.cameras import CameraPose
from rendering.colours import unit_rgb
from rendering.themes import Rgb

SIDE_PX = 74.0
SHARE = 0.3  # of a small view at most
DISTANCE = 5.0
_FACE_RGB: Rgb = (199, 204, 212)
_LETTER_RGB: Rgb = (26, 31, 38)


class OrientationCube:
    """Drawn in the upper right corner by a renderer of its own that follows the main camera."""

    def __init__(self) -> None:
        self.renderer = vtkRenderer()
        self.renderer.SetLayer(1)
        self.renderer.InteractiveOff()
        body, *letters = _parts()
        self.renderer.AddActor(_frozen([body], _FACE_RGB))
        written = _frozen(letters, _LETTER_RGB)
        written.GetProperty().LightingOff()
        self.renderer.AddActor(written)
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self.renderer.GetActiveCamera().SetParallelScale(0.95)

    def layout(
        self, pose: CameraPose, viewport: Box, room_px: tuple[float, float], pixel_ratio: float
    ) -> Box:
        """Turn as the main camera; return where the cube lies in a view of this size, in its pixels."""
        left, low, right, high = viewport
        wide, tall = (max(px, 1.0) for px in room_px)
        side = min(SIDE_PX * pixel_ratio, SHARE * min(wide, tall))
        across, up = side / wide * (right - left), side / tall * (high - low)
        self.renderer.SetViewport(max(0.0, right - across), max(0.0, high - up), right, high)
        camera = self.renderer.GetActiveCamera()
        camera.SetFocalPoint(0, 0, 0)
        camera.SetPosition(*(-DISTANCE * v for v in pose.sight_lps))
        camera.SetViewUp(*pose.up_lps)
        camera.SetClippingRange(0.1, 2 * DISTANCE)
        return wide - side, tall - side, wide, tall


def _parts() -> list[vtkActor]:
    """Return the cube's body, then its letters and their edges."""
    cube = vtkAnnotatedCubeActor()
    cube.SetXPlusFaceText("L")
    cube.SetXMinusFaceText("R")
    cube.SetYPlusFaceText("P")
    cube.SetYMinusFaceText("A")
    cube.SetZPlusFaceText("S")
    cube.SetZMinusFaceText("I")
    cube.SetXFaceTextRotation(0)
    cube.SetYFaceTextRotation(0)
    cube.SetZFaceTextRotation(-90)
    cube.SetFaceTextScale(0.62)
    parts = cube.GetAssembly().GetParts()
    return [parts.GetItemAsObject(n) for n in range(parts.GetNumberOfItems())]


def _frozen(parts: Sequence[vtkActor], rgb: Rgb) -> vtkActor:
    """Return parts as one still actor: VTK's own cube runs all its filters anew in every frame."""
    joined = vtkAppendPolyData()
    for part in parts:
        part.GetMapper().Update()
        place = vtkTransform()
        place.SetMatrix(part.GetMatrix())
        placed = vtkTransformFilter()
        placed.SetTransform(place)
        placed.SetInputData(part.GetMapper().GetInput())
        placed.Update()
        joined.AddInputData(placed.GetPolyDataOutput())
    joined.Update()
    data = vtkPolyData()
    data.ShallowCopy(joined.GetOutput())
    mapper = vtkPolyDataMapper()
    mapper.ScalarVisibilityOff()
    mapper.SetInputData(data)
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.PickableOff()
    actor.GetProperty().SetColor(*unit_rgb(rgb))
    return actor
