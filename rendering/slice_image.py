"""The grey image of a slice: resampled along the screen's own axes, however the voxels lie."""

from typing import Final

from vtkmodules.vtkCommonCore import vtkLookupTable  # noqa: F401 -- the mapper's colours need it loaded
from vtkmodules.vtkImagingCore import vtkImageReslice  # noqa: F401 -- used by the mapper
from vtkmodules.vtkRenderingCore import vtkImageSlice, vtkRenderer
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper

from planning.geometry.volume import Volume
from rendering.convert import image_of, pose_of
from rendering.scene_state import SlabMode, SliceState

_SLAB: Final = {
    SlabMode.MEAN: "SetSlabTypeToMean",
    SlabMode.MAXIMUM: "SetSlabTypeToMax",
    SlabMode.MINIMUM: "SetSlabTypeToMin",
}


class SliceImage:
    """The image lies in the camera's focal plane and faces the viewer: the camera places it."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._mapper = vtkImageResliceMapper()
        self._mapper.SliceFacesCameraOn()
        self._mapper.SliceAtFocalPointOn()
        self._mapper.BorderOn()  # outer voxels are drawn whole, not from their centres
        self._mapper.JumpToNearestSliceOff()
        self._mapper.SetAutoAdjustImageQuality(False)
        self._mapper.SetResampleToScreenPixels(False)  # as exact, and a quarter less work
        self._slice = vtkImageSlice()
        self._slice.PickableOff()
        self._slice.VisibilityOff()
        self._slice.GetProperty().SetInterpolationTypeToLinear()
        self._slice.SetMapper(self._mapper)
        self._volume: Volume | None = None
        renderer.AddViewProp(self._slice)

    def show(self, state: SliceState) -> None:
        """Take over volume, window and slab."""
        if state.volume is not self._volume:
            self._volume = state.volume
            self._slice.SetVisibility(state.volume is not None)
            if state.volume is not None:
                self._mapper.SetInputData(image_of(state.volume))
                self._slice.SetUserMatrix(pose_of(state.volume.grid))
        look = self._slice.GetProperty()
        look.SetColorWindow(state.window_hu)
        look.SetColorLevel(state.level_hu)
        self._mapper.SetSlabThickness(state.slab_mm)
        getattr(self._mapper, _SLAB[state.slab_mode])()
