"""A view that is gone is gone: neither scenes nor meshes outlive their last user."""

import gc
from collections.abc import Callable
from weakref import ref

import pytest

from rendering.offscreen import offscreen_window
from rendering.scene import SpineScene
from rendering.scene_state import DrawnBlade, DrawnStructure, SlicePlane, SliceState, SpineState
from rendering.slices import SliceScene
from tests.rendering.drawing import a_blade, a_box

pytestmark = pytest.mark.render


def test_scenes_and_meshes_are_freed() -> None:
    mesh = a_box((-5, -5, -5), (5, 5, 5))
    structures = (DrawnStructure("a", "a", mesh, (255, 0, 0)),)
    blades = (DrawnBlade("b", "b", a_blade(), active=True),)
    spine, axial = SpineScene(), SliceScene()
    window = offscreen_window(100, 100)
    spine.attach(window)
    spine.show(SpineState(structures=structures, blades=blades))
    axial.attach(window)
    axial.show(SliceState(SlicePlane.AXIAL, structures=structures, blades=blades))
    window.Render()
    assert spine.pick(50, 50) is not None
    watched: list[Callable[[], object]] = [ref(spine), ref(axial), ref(mesh)]
    spine.detach()
    axial.detach()
    window.Finalize()
    del spine, axial, mesh, structures, window
    gc.collect()
    assert [w() for w in watched] == [None, None, None]


def test_a_scene_can_move_to_another_window() -> None:
    scene = SpineScene()
    for _ in range(2):
        window = offscreen_window(60, 60)
        scene.attach(window)
        scene.show(
            SpineState(structures=(DrawnStructure("a", "a", a_box((0, 0, 0), (9, 9, 9)), (255, 0, 0)),))
        )
        window.Render()
        scene.detach()
        assert window.GetRenderers().GetNumberOfItems() == 0
        window.Finalize()
