"""A grey slice standing in the 3D view, where it lies, framed in its plane's colour."""

import numpy as np
from vtkmodules.vtkCommonCore import vtkLookupTable  # noqa: F401 -- the mapper's colours need it loaded
from vtkmodules.vtkCommonDataModel import vtkPlane
from vtkmodules.vtkImagingCore import vtkImageReslice  # noqa: F401 -- used by the mapper
from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkRenderer
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper

from planning.geometry.frames import Floats
from rendering.colours import CROSSHAIR_RGB
from rendering.convert import image_of, pose_of
from rendering.line_layer import LineLayer, Strokes
from rendering.scene_state import DrawnSlice
from rendering.section import convex_section
from rendering.slice_geometry import corners_lps_mm


class SliceInSpace:
    """One slice; `show` applies the difference."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._plane = vtkPlane()
        self._mapper = vtkImageResliceMapper()
        self._mapper.SliceFacesCameraOff()
        self._mapper.SliceAtFocalPointOff()
        self._mapper.JumpToNearestSliceOff()
        self._mapper.SetAutoAdjustImageQuality(False)
        self._mapper.SetResampleToScreenPixels(False)
        self._mapper.BorderOn()
        self._mapper.SetSlicePlane(self._plane)
        self._slice = vtkImageSlice()
        self._slice.PickableOff()
        self._slice.GetProperty().SetInterpolationTypeToLinear()
        self._slice.SetMapper(self._mapper)
        renderer.AddViewProp(self._slice)
        self._rim = LineLayer(renderer, ordered=False)
        self._drawn: DrawnSlice | None = None

    def set_width(self, line_px: float) -> None:
        """Set the width of the frame in device pixels."""
        self._rim.set_width(1.4 * line_px)

    def show(self, drawn: DrawnSlice) -> bool:
        """Draw so; say whether anything changed."""
        old, self._drawn = self._drawn, drawn
        if old == drawn:
            return False
        if old is None or old.volume is not drawn.volume:
            self._mapper.SetInputData(image_of(drawn.volume))
            self._slice.SetUserMatrix(pose_of(drawn.volume.grid))
        look = self._slice.GetProperty()
        look.SetColorWindow(drawn.window_hu)
        look.SetColorLevel(drawn.level_hu)
        self._plane.SetOrigin(*drawn.point_lps_mm)
        self._plane.SetNormal(*drawn.axes.normal_lps)
        rim = rim_lps_mm(drawn)
        lines = np.stack([rim, np.roll(rim, -1, axis=0)], axis=1)
        self._rim.show([Strokes(lines, CROSSHAIR_RGB[drawn.plane.value])])
        return True

    def remove(self) -> None:
        """Leave the renderer."""
        self._renderer.RemoveViewProp(self._slice)
        self._rim.remove()


def rim_lps_mm(drawn: DrawnSlice) -> Floats:
    """Return the polygon in which a slice cuts its volume, shape (n, 3)."""
    normal = drawn.axes.normal_lps
    return convex_section(
        corners_lps_mm(drawn.volume.grid), normal, float(np.dot(normal, drawn.point_lps_mm))
    )
