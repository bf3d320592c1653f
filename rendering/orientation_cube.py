"""A small cube that shows which way the patient lies, its faces lettered L R A P S I."""

from vtkmodules.vtkRenderingAnnotation import vtkAnnotatedCubeActor
from vtkmodules.vtkRenderingCore import vtkRenderer

from rendering.cameras import CameraPose

SIDE_PX = 74.0
DISTANCE = 5.0
_FACE_RGB = (0.78, 0.80, 0.83)
_LETTER_RGB = (0.10, 0.12, 0.15)


class OrientationCube:
    """Drawn in the upper right corner by a renderer of its own that follows the main camera."""

    def __init__(self) -> None:
        self.renderer = vtkRenderer()
        self.renderer.SetLayer(1)
        self.renderer.InteractiveOff()
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
        cube.GetCubeProperty().SetColor(*_FACE_RGB)
        cube.GetTextEdgesProperty().SetColor(*_LETTER_RGB)
        cube.GetTextEdgesProperty().SetLineWidth(1)
        for face in ("XPlus", "XMinus", "YPlus", "YMinus", "ZPlus", "ZMinus"):
            paint = getattr(cube, f"Get{face}FaceProperty")()
            paint.SetColor(*_LETTER_RGB)
            paint.LightingOff()
        self.renderer.AddViewProp(cube)
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self.renderer.GetActiveCamera().SetParallelScale(0.95)

    def layout(
        self, pose: CameraPose, viewport: tuple[float, float, float, float], side: tuple[float, float]
    ) -> None:
        """Turn as the main camera; `side` is the cube's share of the window's width and height."""
        _, _, right, high = viewport
        self.renderer.SetViewport(max(0.0, right - side[0]), max(0.0, high - side[1]), right, high)
        camera = self.renderer.GetActiveCamera()
        camera.SetFocalPoint(0, 0, 0)
        camera.SetPosition(*(-DISTANCE * v for v in pose.sight_lps))
        camera.SetViewUp(*pose.up_lps)
        camera.SetClippingRange(0.1, 2 * DISTANCE)
