"""The image itself in 3D, drawn by densities: to look at, never to measure."""

from dataclasses import dataclass
from typing import Final

from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
from vtkmodules.vtkRenderingCore import (
    vtkColorTransferFunction,
    vtkRenderer,
    vtkVolume,
    vtkVolumeProperty,
)
from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper, vtkVolumeMapper
from vtkmodules.vtkRenderingVolumeOpenGL2 import vtkOpenGLGPUVolumeRayCastMapper

from planning.texts import mark
from rendering.clipping import planes_of
from rendering.convert import image_of, pose_of
from rendering.scene_state import ClipPlane, DrawnVolume
from rendering.themes import Rgb

MOST_VOXELS: Final = 8_000_000
"""What is drawn at most: 16 MB of voxels, and half as much again for their slopes."""
STILL_PX: Final = 1.5
MOVING_PX: Final = 6.0
"""Device pixels from one ray to the next in software drawing."""


@dataclass(frozen=True)
class VolumePreset:
    """Which densities are seen, as (HU, opacity, colour)."""

    name: str
    points: tuple[tuple[float, float, Rgb], ...]


PRESETS: Final[dict[str, VolumePreset]] = {
    "bone": VolumePreset(
        mark("Bone"),
        (
            (150.0, 0.0, (150, 90, 60)),
            (250.0, 0.12, (200, 150, 110)),
            (500.0, 0.6, (236, 214, 170)),
            (1500.0, 0.95, (255, 250, 240)),
        ),
    ),
    "angiography": VolumePreset(
        mark("CT angiography"),
        (
            (120.0, 0.0, (120, 20, 10)),
            (200.0, 0.35, (190, 50, 30)),
            (350.0, 0.7, (224, 110, 80)),
            (600.0, 0.85, (240, 220, 190)),
            (1500.0, 0.95, (255, 250, 240)),
        ),
    ),
}


class VolumePicture:
    """Holds the one volume of a view; `show` applies the difference."""

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._volume = _a_volume()
        self._mapper: vtkVolumeMapper | None = None
        self._drawn: DrawnVolume | None = None
        self._clip: ClipPlane | None = None
        self._software = True
        self._moving = False

    @property
    def is_drawn(self) -> bool:
        """Whether there is anything to see."""
        return self._drawn is not None

    def show(self, drawn: DrawnVolume | None, clip: ClipPlane | None) -> None:
        """Draw so."""
        old, self._drawn = self._drawn, drawn
        if drawn is None:
            self._renderer.RemoveViewProp(self._volume)
            self._volume, self._mapper = _a_volume(), None  # lets go of the voxels
            return
        if old is None or old.volume is not drawn.volume or self._mapper is None:
            self._feed(drawn)
        if old is None:
            self._renderer.AddViewProp(self._volume)
        if old is None or old.preset != drawn.preset:
            self._volume.SetProperty(_look(PRESETS[drawn.preset], min(drawn.volume.grid.spacing_ijk_mm)))
            self._shade()
        self._clip_by(clip)

    def set_software(self, software: bool) -> None:
        """Choose the drawing that is fast here: by the processor, or by the graphics card."""
        if software is not self._software:
            self._software = software
            if self._drawn is not None:
                self._feed(self._drawn)
                self._shade()

    def set_moving(self, moving: bool) -> None:
        """Look at fewer rays while things move."""
        self._moving = moving
        self._sample()

    def _feed(self, drawn: DrawnVolume) -> None:
        mapper: vtkVolumeMapper
        mapper = vtkFixedPointVolumeRayCastMapper() if self._software else vtkOpenGLGPUVolumeRayCastMapper()
        mapper.SetAutoAdjustSampleDistances(False)
        mapper.SetInputData(image_of(drawn.volume))
        mapper.SetSampleDistance(min(drawn.volume.grid.spacing_ijk_mm))
        self._mapper = mapper
        self._volume.SetMapper(mapper)
        self._volume.SetUserMatrix(pose_of(drawn.volume.grid))
        self._clip_by(self._clip)
        self._sample()

    def _clip_by(self, clip: ClipPlane | None) -> None:
        self._clip = clip
        if self._mapper is not None:
            self._mapper.RemoveAllClippingPlanes()
            for plane in planes_of(clip):
                self._mapper.AddClippingPlane(plane)

    def _shade(self) -> None:
        """Light it where a card does: the processor would first work out every slope, for seconds."""
        self._volume.GetProperty().SetShade(not self._software)

    def _sample(self) -> None:
        if isinstance(self._mapper, vtkFixedPointVolumeRayCastMapper):
            self._mapper.SetImageSampleDistance(MOVING_PX if self._moving else STILL_PX)


def _a_volume() -> vtkVolume:
    volume = vtkVolume()
    volume.PickableOff()
    return volume


def _look(preset: VolumePreset, unit_mm: float) -> vtkVolumeProperty:
    opacity, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
    for hu, share, rgb in preset.points:
        opacity.AddPoint(hu, share)
        colour.AddRGBPoint(hu, *(v / 255 for v in rgb))
    look = vtkVolumeProperty()
    look.SetScalarOpacity(opacity)
    look.SetColor(colour)
    look.SetScalarOpacityUnitDistance(unit_mm)
    look.SetInterpolationTypeToLinear()
    look.SetAmbient(0.25)
    look.SetDiffuse(0.8)
    look.SetSpecular(0.15)
    return look
