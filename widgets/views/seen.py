"""What all views are given: one frozen value, and what the surgeon's eye adds to it."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from planning.geometry.frames import Vec3, vec3
from planning.geometry.volume import Volume
from planning.texts import mark, tr
from rendering import themes
from rendering.cut_planes import ANATOMICAL, CONVENTIONAL, CutPlanes
from rendering.landing_picture import grey_range
from rendering.scene_state import (
    STANDARD_AXES,
    ClipPlane,
    DrawnBlade,
    DrawnLine,
    DrawnMargin,
    DrawnPiece,
    DrawnSlice,
    DrawnStructure,
    DrawnVolume,
    FollowedCut,
    LevelName,
    SliceAxes,
    SlicePlane,
    SliceState,
    SpineState,
    Stamp,
)
from rendering.slice_parts import GapBand, SecondImage

_AIR_BELOW_HU: Final = -300.0
# Asked for on every step of a drag; forgotten with the image.
_OWN_WINDOWS: Final[WeakKeyDictionary[Volume, tuple[float, float]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Seen:
    """The content of every view; derived from the case, never edited by a view.

    Parameters
    ----------
    volume : Volume or None
        What slices show.
    planning : Volume or None
        The image the plan lies on, whichever one slices show: the volume picture and the clip plane are its.
    frame : str
        Names the space `volume` lies in. Volumes of one frame share a crosshair; an empty name shares none.
    registered : bool
        Whether structures, blades and the rest lie in that space. Where they do not, slices show the image
        alone and say so.
    series : str
        What slices call their image, where not as the stamp does.
    modality : str
        Of `volume`; anything but CT gets a grey window of its own.
    gaps : tuple of GapBand
        Where `volume` is interpolated over missing slices.
    cut : FollowedCut or None
        What the cut views follow.
    cut_line : DrawnLine or None
        The closest points of that cut's most serious result.
    second : Volume or None
        An image of the same frame of reference that can be faded over it.
    second_title, second_modality : str
        What a view calls it; its modality.
    """

    volume: Volume | None = None
    planning: Volume | None = None
    structures: tuple[DrawnStructure, ...] = ()
    blades: tuple[DrawnBlade, ...] = ()
    pieces: tuple[DrawnPiece, ...] = ()
    margins: tuple[DrawnMargin, ...] = ()
    levels: tuple[LevelName, ...] = ()
    stamp: Stamp = field(default_factory=Stamp)
    theme: themes.Theme = themes.DARK
    frame: str = ""
    registered: bool = True
    series: str = ""
    modality: str = "CT"
    gaps: tuple[GapBand, ...] = ()
    cut: FollowedCut | None = None
    cut_line: DrawnLine | None = None
    second: Volume | None = None
    second_title: str = ""
    second_modality: str = "CT"


@dataclass(frozen=True)
class WindowPreset:
    """A grey window on a number key (COMPETITORS 5.3)."""

    name: str
    window_hu: float
    level_hu: float


PRESETS: Final[tuple[WindowPreset, ...]] = (
    WindowPreset(mark("Bone"), 1000.0, 400.0),
    WindowPreset(mark("Soft tissue"), 400.0, 40.0),
    WindowPreset(mark("CT angiography"), 600.0, 200.0),
    WindowPreset(mark("Lung"), 1400.0, -500.0),
    WindowPreset(mark("Metal"), 2500.0, 480.0),
    WindowPreset(mark("Abdomen"), 350.0, 40.0),
)


class LeftButton(StrEnum):
    """What a left-drag on a slice does."""

    CROSSHAIR = "crosshair"
    WINDOW = "window"


@dataclass(frozen=True)
class Looking:
    """How the surgeon looks: shared by all views, no part of the case.

    Parameters
    ----------
    crosshair_lps_mm : Vec3
    window_hu, level_hu : float
    outlines : bool
        Structure outlines on slices.
    left_button : LeftButton
    line : DrawnLine or None
        The two closest points last asked for.
    planes : CutPlanes
        How the slices lie; turned by dragging the crosshair's lines.
    in_3d : frozenset of SlicePlane
        Slices that also stand in the 3D view.
    clip : ClipPlane or None
        Looking inside.
    picture : DrawnVolume or None
        The image itself in 3D.
    faded : bool
        Whether the second image lies over the first, as far as `fade` (0 to 1) says.
    """

    crosshair_lps_mm: Vec3 = (0.0, 0.0, 0.0)
    window_hu: float = PRESETS[0].window_hu
    level_hu: float = PRESETS[0].level_hu
    outlines: bool = True
    left_button: LeftButton = LeftButton.CROSSHAIR
    line: DrawnLine | None = None
    planes: CutPlanes = ANATOMICAL
    in_3d: frozenset[SlicePlane] = frozenset()
    clip: ClipPlane | None = None
    picture: DrawnVolume | None = None
    faded: bool = False
    fade: float = 0.5


def _axes(looking: Looking, plane: SlicePlane) -> SliceAxes | None:
    if plane not in CONVENTIONAL or looking.planes.axes(plane) == STANDARD_AXES[plane]:
        return None
    return looking.planes.axes(plane)


def slice_state(seen: Seen, looking: Looking, plane: SlicePlane) -> SliceState:
    """Return what one slice view shows, before its own zoom and pan."""
    if not seen.registered:
        return _alone(seen, looking, plane)
    structures = seen.structures
    if not looking.outlines:
        structures = tuple(replace(s, outlined=False) for s in structures)
    return SliceState(
        plane=plane,
        volume=seen.volume,
        crosshair_lps_mm=looking.crosshair_lps_mm,
        window_hu=looking.window_hu,
        level_hu=looking.level_hu,
        structures=structures,
        blades=seen.blades,
        line=looking.line,
        levels=seen.levels,
        show_crosshair=seen.volume is not None,
        axes=_axes(looking, plane),
        cross=looking.planes.lines(plane) if plane in CONVENTIONAL else (),
        gaps=seen.gaps,
        second=_second(seen, looking),
        stamp=replace(seen.stamp, series=seen.series or seen.stamp.series),
        theme=seen.theme,
    )


def _alone(seen: Seen, looking: Looking, plane: SlicePlane) -> SliceState:
    """Return a slice of an image that lies in a space of its own: nothing of the plan is drawn on it."""
    notice = tr("NOT REGISTERED\nSHOWN ALONE")
    return SliceState(
        plane=plane,
        volume=seen.volume,
        crosshair_lps_mm=looking.crosshair_lps_mm,
        window_hu=looking.window_hu,
        level_hu=looking.level_hu,
        show_crosshair=seen.volume is not None,
        axes=_axes(looking, plane),
        cross=looking.planes.lines(plane) if plane in CONVENTIONAL else (),
        gaps=seen.gaps,
        stamp=replace(
            seen.stamp,
            series=seen.series or seen.stamp.series,
            intralesional=False,
            simulated=False,
            updating=False,
            level_note="",
            notice=notice,
        ),
        theme=seen.theme,
    )


def spine_state(seen: Seen, looking: Looking) -> SpineState:
    """Return what the 3D view shows."""
    return SpineState(
        structures=seen.structures,
        blades=seen.blades,
        pieces=seen.pieces,
        margins=seen.margins,
        line=looking.line,
        levels=seen.levels,
        crosshair_lps_mm=looking.crosshair_lps_mm if seen.volume is not None and seen.registered else None,
        clip=looking.clip,
        slices=_slices_in_3d(seen, looking),
        picture=looking.picture,
        stamp=seen.stamp,
        theme=seen.theme,
    )


def _second(seen: Seen, looking: Looking) -> SecondImage | None:
    """Return the image faded over the slices: a CT in the window of all CTs, any other in its own."""
    if seen.second is None or not looking.faded:
        return None
    window = (looking.window_hu, looking.level_hu)
    first_is_ct = seen.volume is not None and is_ct(seen.volume, seen.modality)
    if not (first_is_ct and is_ct(seen.second, seen.second_modality)):
        window = own_window(seen.second, seen.second_modality)
    return SecondImage(seen.second, *window, looking.fade, seen.second_title)


def _slices_in_3d(seen: Seen, looking: Looking) -> tuple[DrawnSlice, ...]:
    if seen.volume is None or not seen.registered:
        return ()
    point, window = looking.crosshair_lps_mm, (looking.window_hu, looking.level_hu)
    return tuple(
        DrawnSlice(plane, looking.planes.axes(plane), point, seen.volume, *window)
        for plane in CONVENTIONAL
        if plane in looking.in_3d
    )


def kept_inside(volume: Volume, point_lps_mm: Vec3) -> Vec3:
    """Return the point moved to the nearest voxel centre's reach of the volume."""
    n_ijk = np.asarray(volume.grid.shape_kji[::-1], dtype=np.float64)
    ijk = np.clip(volume.grid.to_ijk(point_lps_mm), 0.0, n_ijk - 1.0)
    return vec3(volume.grid.to_lps(ijk))


def middle_of(volume: Volume) -> Vec3:
    """Return the volume's middle."""
    n_ijk = np.asarray(volume.grid.shape_kji[::-1], dtype=np.float64)
    return vec3(volume.grid.to_lps((n_ijk - 1.0) / 2.0))


def is_ct(volume: Volume, modality: str) -> bool:
    """Say whether values are Hounsfield units; a file that names no modality is judged by its air."""
    if modality:
        return modality == "CT"
    sample = volume.voxels_kji[:: max(1, volume.voxels_kji.shape[0] // 16), ::8, ::8]
    return bool(sample.min() < _AIR_BELOW_HU)


def own_window(volume: Volume, modality: str) -> tuple[float, float]:
    """Return width and centre of the grey window that shows most of an image's own values."""
    found = _OWN_WINDOWS.get(volume)
    if found is None:
        low, high = grey_range(volume, modality)
        found = _OWN_WINDOWS[volume] = (high - low, (high + low) / 2)
    return found
