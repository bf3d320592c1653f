"""The grey image of a slice: resampled along the screen's own axes, however the voxels lie."""

from typing import Final

from vtkmodules.vtkCommonCore import vtkLookupTable  # noqa: F401 -- the mapper's colours need it loaded
from vtkmodules.vtkImagingCore import vtkImageReslice  # noqa: F401 -- used by the mapper
from vtkmodules.vtkRenderingCore import vtkImageProperty, vtkImageSlice, vtkRenderer
from vtkmodules.vtkRenderingImage import vtkImageResliceMapper, vtkImageStack

from planning.geometry.volume import Volume
from rendering.aligned_slice import AlignedSlice
from rendering.convert import image_of, pose_of
from rendering.scene_state import SliceState
from rendering.slice_parts import SlabMode

_SLAB: Final = {
    SlabMode.MEAN: "SetSlabTypeToMean",
    SlabMode.MAXIMUM: "SetSlabTypeToMax",
    SlabMode.MINIMUM: "SetSlabTypeToMin",
}


class SliceImage:
    """The image, and another one faded over it; the camera places both, in its focal plane."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._image = _Layer()
        renderer.AddViewProp(self._image.slice)
        self._stack: vtkImageStack | None = None
        self._second = _Layer()

    def show(self, state: SliceState) -> None:
        """Take over volume, window, slab and what is faded over it."""
        self._image.show(state.volume, state.window_hu, state.level_hu, state)
        second = state.second
        self._join(second is not None)
        if second is not None:
            self._second.show(second.volume, second.window_hu, second.level_hu, state)
            self._second.look.SetOpacity(second.share)

    def forget(self) -> None:
        """Let go of the voxels; a state without an image hides them only."""
        for layer in (self._image, self._second):
            layer.forget()

    def _join(self, both: bool) -> None:
        """Draw both images in one stack, so that depth never decides between them, or one alone."""
        if both and self._stack is None:
            self._stack = vtkImageStack()
            for number, layer in enumerate((self._image, self._second)):
                layer.look.SetLayerNumber(number)
                self._stack.AddImage(layer.slice)
            self._renderer.RemoveViewProp(self._image.slice)
            self._renderer.AddViewProp(self._stack)
        elif not both and self._stack is not None:
            self._renderer.RemoveViewProp(self._stack)
            self._stack = None
            self._renderer.AddViewProp(self._image.slice)


class _Layer:
    """One image."""

    def __init__(self) -> None:
        self._mapper = _a_mapper()
        self.slice = vtkImageSlice()
        self.slice.PickableOff()
        self.slice.VisibilityOff()
        self.look: vtkImageProperty = self.slice.GetProperty()
        self.look.SetInterpolationTypeToLinear()
        self.slice.SetMapper(self._mapper)
        self._aligned = AlignedSlice()
        self._volume: Volume | None = None

    def forget(self) -> None:
        self._volume = None
        self.slice.VisibilityOff()
        # New mappers: an old one keeps what it resampled, with or without an input.
        self._mapper, self._aligned = _a_mapper(), AlignedSlice()
        self.slice.SetMapper(self._mapper)

    def show(self, volume: Volume | None, window_hu: float, level_hu: float, state: SliceState) -> None:
        if volume is not self._volume:
            self._volume = volume
            self.slice.SetVisibility(volume is not None)
            if volume is not None:
                self._mapper.SetInputData(image_of(volume))
                self.slice.SetUserMatrix(pose_of(volume.grid))
        self.look.SetColorWindow(window_hu)
        self.look.SetColorLevel(level_hu)
        self._mapper.SetSlabThickness(state.slab_mm)
        getattr(self._mapper, _SLAB[state.slab_mode])()
        # Two images in one stack are resampled alike.
        aligned = volume is not None and state.second is None and self._aligned.show(volume, state)
        self.slice.SetMapper(self._aligned.mapper if aligned else self._mapper)


def _a_mapper() -> vtkImageResliceMapper:
    mapper = vtkImageResliceMapper()
    mapper.SliceFacesCameraOn()
    mapper.SliceAtFocalPointOn()
    mapper.BorderOn()  # outer voxels are drawn whole, not from their centres
    mapper.JumpToNearestSliceOff()
    mapper.SetAutoAdjustImageQuality(False)
    mapper.SetResampleToScreenPixels(False)  # as exact, and a quarter less work
    return mapper
