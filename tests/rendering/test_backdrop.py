"""What stands still while a blade is dragged: kept, put back exactly, and never out of date."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

from planning.model.structures import StructureKind
from rendering.cameras import StandardView
from rendering.handle_geometry import middle_lps_mm
from rendering.offscreen import offscreen_window, pixels
from rendering.scene import SpineScene
from rendering.scene_state import (
    ClipPlane,
    DrawnBlade,
    DrawnStructure,
    SlicePlane,
    SliceState,
    SpineState,
    Stamp,
)
from rendering.slices import SliceScene
from rendering.themes import LIGHT
from tests.rendering.drawing import LEVELS, STAMP, Image, a_blade, a_box, coloured, marked_volume

pytestmark = pytest.mark.render

RED = (255, 0, 0)
CUT_RGB = (0, 160, 255)
BONE = DrawnStructure(
    "bone", "bone", a_box((-10, -10, -30), (10, 10, 30)), (230, 210, 170), StructureKind.VERTEBRA
)
BESIDE = DrawnStructure("beside", "beside", a_box((25, -5, 10), (35, 5, 20)), RED)
CUT = DrawnBlade("cut", "cut", a_blade(width_mm=40.0, kerf_mm=6.0), CUT_RGB, active=True)
OTHER = DrawnBlade("other", "other", a_blade(origin_lps_mm=(0.0, 15.0, -20.0)), (200, 80, 200))
STATE = SpineState(structures=(BONE, BESIDE), blades=(CUT, OTHER), stamp=STAMP, levels=LEVELS)
SIDE = SliceState(
    SlicePlane.SAGITTAL,
    marked_volume(np.eye(3), (14.0, 8.0, 6.0)),
    window_hu=1000.0,
    level_hu=500.0,
    structures=(BONE, BESIDE),
    blades=(CUT, OTHER),
    stamp=STAMP,
    levels=LEVELS,
)


@dataclass
class Drawing:
    """A view under a hand: it counts how often what stands still was drawn."""

    scene: Any
    window: vtkRenderWindow
    still: vtkRenderer
    times: int = 0

    def __post_init__(self) -> None:
        self.still.AddObserver(vtkCommand.StartEvent, self._count)

    def _count(self, *_: object) -> None:
        self.times += 1

    def picture(self, state: object) -> Image:
        self.scene.show(state)
        return pixels(self.window)

    def drawn_anew(self, state: object) -> bool:
        before = self.times
        self.picture(state)
        return self.times > before


def shifted(state: Any, up_mm: float) -> Any:
    """Return the state with the active blade moved towards the head."""
    blades = tuple(
        replace(b, blade=b.blade.moved((0.0, 0.0, up_mm))) if b.active else b for b in state.blades
    )
    return replace(state, blades=blades)


@contextmanager
def a_held_blade(state: SpineState = STATE, samples: int = 0) -> Iterator[Drawing]:
    """Give a 3D view in which the active blade is being dragged."""
    window = offscreen_window(300, 300, samples)
    scene = SpineScene()
    scene.attach(window)
    scene.show(state)
    scene.look(StandardView.POSTERIOR)
    window.Render()
    x, y = scene.pixels_of(middle_lps_mm(CUT.blade)[None])[0]
    assert scene.press(x, y + 70)
    scene.set_moving(True)
    window.Render()
    try:
        yield Drawing(scene, window, scene._main)
    finally:
        scene.detach()
        window.Finalize()


@contextmanager
def a_moving_slice(state: SliceState = SIDE) -> Iterator[Drawing]:
    """Give a slice view that was drawn twice while a blade moved."""
    window = offscreen_window(300, 300)
    scene = SliceScene()
    scene.attach(window)
    scene.set_moving(True)
    for step in (0.0, 0.5, 1.0):
        scene.show(shifted(state, step))
        window.Render()
    try:
        yield Drawing(scene, window, scene._images)
    finally:
        scene.detach()
        window.Finalize()


def test_only_the_blade_is_drawn_while_it_is_dragged() -> None:
    with a_held_blade() as view:
        seen = [coloured(view.picture(shifted(STATE, step)), CUT_RGB, 60) for step in (2.0, 6.0, 10.0)]
        assert view.times == 0
        middles = [np.nonzero(mask)[0].mean() for mask in seen]
        assert middles[0] > middles[1] + 5 > middles[2] + 10


def test_a_kept_picture_is_the_drawn_one_to_the_last_bit() -> None:
    with a_held_blade() as view:
        for step in (3.0, 7.0):
            put_back = view.picture(shifted(STATE, step))
            view.scene._backdrop.forget()
            drawn = pixels(view.window)
            assert np.array_equal(put_back, drawn)
        assert view.times == 2


def test_a_dragged_blade_still_passes_behind_bone() -> None:
    wall = replace(BESIDE, id="wall", mesh=a_box((-30, 30, -40), (30, 32, 40)))
    with a_held_blade(replace(STATE, structures=(BONE, wall))) as view:
        before = view.picture(shifted(STATE, 4.0))
        behind = view.picture(shifted(replace(STATE, structures=(BONE, wall)), 4.0))
        face = (slice(90, 140), slice(60, 90))  # beside the handles and the bone
        open_px, hidden_px = (int(coloured(i, CUT_RGB, 90)[face].sum()) for i in (before, behind))
        assert open_px > 4 * hidden_px  # its edges stay faintly in sight


@pytest.mark.parametrize(
    "change",
    [
        {"structures": (BONE,)},
        {"structures": (BONE, replace(BESIDE, colour_rgb=(0, 255, 0)))},
        {"structures": (BONE, replace(BESIDE, visible=False))},
        {"blades": (CUT,)},
        {"blades": (CUT, replace(OTHER, visible=False))},
        {"clip": ClipPlane((0.0, 0.0, 0.0), (0.0, 0.0, 1.0))},
        {"parallel": False},
        {"theme": LIGHT},
    ],
)
def test_whatever_else_changes_is_seen_at_once(change: dict[str, object]) -> None:
    changed = replace(STATE, **change)  # type: ignore[arg-type]
    with a_held_blade() as view, a_held_blade(changed) as fresh:
        view.picture(shifted(STATE, 2.0))
        fresh.scene.set_pose(view.scene.pose)
        assert view.drawn_anew(shifted(changed, 3.0))
        assert np.array_equal(pixels(view.window), fresh.picture(shifted(changed, 3.0)))


def test_a_turned_or_resized_view_is_drawn_anew() -> None:
    with a_held_blade() as view:
        view.scene.rotate(20.0, 0.0)
        assert view.drawn_anew(shifted(STATE, 1.0))
        assert not view.drawn_anew(shifted(STATE, 2.0))
        view.window.SetSize(340, 280)
        assert view.drawn_anew(shifted(STATE, 3.0))
        assert pixels(view.window).shape == (280, 340, 3)


def test_words_stay_current_over_a_kept_picture() -> None:
    with a_held_blade() as view:
        view.picture(shifted(STATE, 1.0))
        plain = view.picture(shifted(STATE, 2.0))
        said = view.picture(replace(shifted(STATE, 2.0), stamp=Stamp(updating=True)))
        assert view.times == 0
        assert (said != plain).any(axis=-1).sum() > 200


def test_a_blade_far_outside_is_not_cut_off() -> None:
    with a_held_blade() as view:
        far = shifted(STATE, 2.0)
        blades = (replace(CUT, blade=CUT.blade.moved((0.0, 400.0, 8.0))), OTHER)
        assert coloured(view.picture(replace(far, blades=blades)), CUT_RGB, 60).sum() > 100


def test_after_the_release_all_is_as_if_never_dragged() -> None:
    with a_held_blade() as view, a_held_blade() as other:
        other.scene.cancel()
        other.scene.set_moving(False)
        view.picture(shifted(STATE, 6.0))
        view.scene.release()
        view.scene.set_moving(False)
        assert np.array_equal(view.picture(shifted(STATE, 6.0)), other.picture(shifted(STATE, 6.0)))


def test_a_window_of_several_samples_keeps_nothing() -> None:
    with a_held_blade(samples=4) as view:
        assert view.drawn_anew(shifted(STATE, 2.0))
        assert coloured(pixels(view.window), CUT_RGB, 60).any()


def test_a_drag_goes_on_in_another_window() -> None:
    with a_held_blade() as view:
        here = view.picture(shifted(STATE, 3.0))
        view.scene.detach()
        view.window.Finalize()
        other = offscreen_window(300, 300)
        view.scene.attach(other)
        other.Render()
        assert np.array_equal(pixels(other), here)
        view.scene.detach()
        other.Finalize()


def test_a_slice_draws_its_image_once_for_a_drag() -> None:
    with a_moving_slice() as view:
        for step in (2.0, 4.0):
            put_back = view.picture(shifted(SIDE, step))
            assert view.times == 0
            view.scene._backdrop.forget()
            assert np.array_equal(put_back, pixels(view.window))
            assert view.times == 1
            view.times = 0
        rows = [np.nonzero(coloured(view.picture(shifted(SIDE, s)), CUT_RGB, 60))[0].mean() for s in (1, 9)]
        assert rows[0] > rows[1] + 10


@pytest.mark.parametrize(
    "change",
    [
        {"crosshair_lps_mm": (4.0, 0.0, 0.0)},
        {"window_hu": 300.0},
        {"zoom": 2.0},
        {"pan_mm": (5.0, 0.0)},
        {"slab_mm": 8.0},
        {"structures": (BESIDE,)},
        {"blades": (CUT, replace(OTHER, visible=False))},
        {"blades": (replace(CUT, active=False), OTHER)},
        {"theme": LIGHT},
    ],
)
def test_a_slice_shows_every_other_change_at_once(change: dict[str, object]) -> None:
    changed = replace(SIDE, **change)  # type: ignore[arg-type]
    window = offscreen_window(300, 300)
    scene = SliceScene()
    scene.attach(window)
    scene.show(changed)
    expected = pixels(window)
    with a_moving_slice() as view:
        assert np.array_equal(view.picture(changed), expected)
        assert view.times == 1
    scene.detach()
    window.Finalize()


def test_a_resting_slice_is_whole_again() -> None:
    with a_moving_slice() as view:
        view.picture(shifted(SIDE, 3.0))
        view.scene.set_moving(False)
        rested = pixels(view.window)
        assert view.times == 1
    with a_moving_slice() as view:
        view.scene.set_moving(False)
        assert np.array_equal(view.picture(shifted(SIDE, 3.0)), rested)
