"""Pictures of any view, larger than the screen, with what makes them safe to pass on burnt in."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from vtkmodules.vtkIOImage import vtkPNGWriter
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from planning.errors import ExportRefused
from planning.geometry.frames import Vec3, vec3
from planning.kernel.vtk_arrays import image_data, numpy_array
from planning.texts import listed, mark, tr
from rendering.cameras import CameraPose, StandardView, cut_pose, view_pose
from rendering.lettering import Lettering
from rendering.offscreen import offscreen_window, pixels
from rendering.scene import SpineScene, Viewport
from rendering.scene_state import ClipPlane, DrawnBlade, LevelName, SliceState, SpineState, Stamp
from rendering.slices import SliceScene

SAMPLES = 4
CLEAR_MM = 0.5
NEAR_LEVEL_MM = 25.0
QUARTERS: tuple[Viewport, ...] = ((0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1), (0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5))


@dataclass(frozen=True)
class PictureSize:
    """Size on screen in logical pixels, and how many device pixels each becomes (2 to 4)."""

    width_px: int = 800
    height_px: int = 600
    scale: int = 2


def spine_picture(
    state: SpineState,
    view: StandardView | CameraPose,
    lettering: Lettering,
    size: PictureSize = PictureSize(),
) -> bytes:
    """Return a PNG of the 3D scene, in parallel projection so that its scale bar is true.

    A standard view is fitted to what is visible; a pose is taken as it is.

    Raises
    ------
    ExportRefused
        Where digest, program version or level names are missing, or a result is updating (hazard 11).
    """
    demand_stamp(state.stamp, state.levels)

    def furnish(window: vtkRenderWindow) -> Callable[[], None]:
        scene = _spine(state, view, lettering.at_scale(size.scale), window, (0, 0, 1, 1))
        return scene.detach

    return _picture(size, furnish)


def slice_picture(state: SliceState, lettering: Lettering, size: PictureSize = PictureSize()) -> bytes:
    """Return a PNG of one slice; raises `ExportRefused` as `spine_picture`."""
    demand_stamp(state.stamp, state.levels)

    def furnish(window: vtkRenderWindow) -> Callable[[], None]:
        scene = _slice(state, lettering.at_scale(size.scale), window, (0, 0, 1, 1))
        return scene.detach

    return _picture(size, furnish)


def cut_picture(
    state: SpineState,
    blade: DrawnBlade,
    lettering: Lettering,
    size: PictureSize = PictureSize(),
) -> bytes:
    """Return a PNG of the 3D scene looking onto one blade's face; what lies before the blade is left out."""
    pose = cut_pose(blade.blade)
    towards = vec3([-v for v in pose.sight_lps])
    before = np.asarray(blade.blade.origin_lps_mm) + (blade.blade.kerf_mm / 2 + CLEAR_MM) * np.asarray(
        towards
    )
    shown = replace(
        state,
        blades=tuple(replace(b, active=b.id == blade.id) for b in state.blades),
        levels=(),
        stamp=replace(state.stamp, level_note=near_words(state, blade)),
        clip=ClipPlane(vec3(before), towards),
    )
    return spine_picture(shown, pose, lettering, size)


def near_words(state: SpineState, blade: DrawnBlade) -> str:
    """Return the levels near a blade in words: seen end-on, names on the spine would cover each other."""
    places = {level.text: blade.blade.to_local(level.point_lps_mm) for level in state.levels}
    names = [name for name, local in places.items() if abs(local[2]) <= NEAR_LEVEL_MM]
    if not names and places:
        # A rib is cut far from every vertebra's middle: the picture names the nearest one all the same.
        names = [min(places, key=lambda name: float(np.linalg.norm(places[name])))]
    return tr("near {level}", level=", ".join(names)) if names else state.stamp.level_note


def four_up_picture(
    spine: SpineState,
    slices: tuple[SliceState, SliceState, SliceState],
    view: StandardView | CameraPose,
    lettering: Lettering,
    size: PictureSize = PictureSize(1200, 900),
) -> bytes:
    """Return a PNG of three slices and, lower right, the 3D view; raises as `spine_picture`."""
    for state in (spine, *slices):
        demand_stamp(state.stamp, state.levels)

    def furnish(window: vtkRenderWindow) -> Callable[[], None]:
        larger = lettering.at_scale(size.scale)
        places = zip(slices, QUARTERS[:3], strict=True)
        scenes = [_slice(state, larger, window, place) for state, place in places]
        body = _spine(spine, view, larger, window, QUARTERS[3])

        def clear() -> None:
            body.detach()
            for scene in scenes:
                scene.detach()

        return clear

    return _picture(size, furnish)


def view_towards(point_lps_mm: Vec3, half_height_mm: float, view: StandardView) -> CameraPose:
    """Return a pose that looks at a point from a standard direction."""
    return view_pose(view, point_lps_mm, half_height_mm)


def demand_stamp(stamp: Stamp, levels: tuple[LevelName, ...]) -> None:
    """Refuse a picture that could be taken for another case, version or level, or shows old numbers."""
    if stamp.updating:
        raise ExportRefused(
            "PICTURE_UPDATING",
            mark("The picture was not made: results are still being computed. Try again later."),
        )
    missing = [
        name
        for name, found in (
            (tr("the case digest"), stamp.digest),
            (tr("the program version"), stamp.program),
            (tr("the level names"), levels or stamp.level_note),
        )
        if not found
    ]
    if missing:
        raise ExportRefused(
            "PICTURE_UNSTAMPED",
            mark("The picture was not made: it would not say {missing} and could be mistaken."),
            missing=listed(missing),
        )


def _spine(
    state: SpineState,
    view: StandardView | CameraPose,
    lettering: Lettering,
    window: vtkRenderWindow,
    place: Viewport,
) -> SpineScene:
    scene = SpineScene(lettering)
    scene.handle.offered = scene.clip_tool.offered = False
    scene.attach(window, place)
    scene.show(replace(state, parallel=True))
    if isinstance(view, CameraPose):
        scene.set_pose(view)
    else:
        scene.look(view)
    return scene


def _slice(state: SliceState, lettering: Lettering, window: vtkRenderWindow, place: Viewport) -> SliceScene:
    scene = SliceScene(lettering)
    scene.handle.offered = False
    scene.attach(window, place)
    scene.show(state)
    return scene


def _picture(size: PictureSize, furnish: Callable[[vtkRenderWindow], Callable[[], None]]) -> bytes:
    width, height = size.width_px * size.scale, size.height_px * size.scale
    window = offscreen_window(width, height, SAMPLES)
    clear = furnish(window)
    try:
        return png(window)
    finally:
        clear()
        window.Finalize()


def png(window: vtkRenderWindow) -> bytes:
    """Draw the window and return it as PNG."""
    upright = pixels(window)
    writer = vtkPNGWriter()
    writer.WriteToMemoryOn()
    # VTK's first image row is the lowest.
    writer.SetInputData(image_data(np.ascontiguousarray(upright[None, ::-1])))
    writer.Write()
    return numpy_array(writer.GetResult()).tobytes()
