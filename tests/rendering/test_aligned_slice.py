"""The short way to a slice along the voxels shows what the general resampling shows."""

from dataclasses import replace

import numpy as np
import pytest

from planning.geometry.frames import Floats, Grid, vec3
from planning.geometry.volume import Volume
from rendering.aligned_slice import AlignedSlice
from rendering.scene_state import STANDARD_AXES, SliceAxes, SlicePlane, SliceState
from tests.rendering.drawing import ORIENTATIONS, Image, a_slice_view

PLANES = (SlicePlane.AXIAL, SlicePlane.SAGITTAL, SlicePlane.CORONAL)


def a_wavy_volume(directions: Floats) -> Volume:
    """Return smooth values without any symmetry, in oblong voxels."""
    grid = Grid.from_axes((19, 23, 21), vec3(directions @ np.array([-20.0, -17.0, -24.0])), directions,
                          (2.0, 1.5, 2.5))  # fmt: skip
    k, j, i = np.indices(grid.shape_kji)
    left, back, head = np.moveaxis(grid.to_lps(np.stack([i, j, k], axis=-1)), -1, 0)
    values = 500 + 300 * np.sin(left / 9) + 150 * np.cos(back / 7 + left / 20) + 5 * head
    return Volume(np.rint(values).astype(np.int16), grid)


def grey(state: SliceState) -> Image:
    """Return the picture of a slice, words and all."""
    with a_slice_view(state, (200, 180)) as (_, image):
        return image.copy()


@pytest.mark.parametrize("directions", ORIENTATIONS[::3])
@pytest.mark.parametrize("plane", PLANES)
def test_both_ways_draw_the_same_picture(
    directions: Floats, plane: SlicePlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume = a_wavy_volume(directions)
    middle = volume.grid.to_lps((np.array(volume.grid.shape_kji[::-1]) - 1) / 2)
    place = vec3(middle + 0.7 * np.asarray(STANDARD_AXES[plane].normal_lps))
    state = SliceState(plane, volume, place, window_hu=1200.0, level_hu=500.0, show_crosshair=False)
    taken = list[bool]()
    short = AlignedSlice.show

    def watched(self: AlignedSlice, shown: Volume, wanted: SliceState) -> bool:
        taken.append(short(self, shown, wanted))
        return taken[-1]

    monkeypatch.setattr(AlignedSlice, "show", watched)
    quick = grey(state)
    assert taken == [True]
    monkeypatch.setattr(AlignedSlice, "show", lambda *_: False)
    general = grey(state)
    assert np.ptp(general) > 100
    assert np.abs(quick.astype(int) - general).max() <= 2


@pytest.mark.parametrize("place", [0, 0.25, 7.5, 15.5, 16, 17.75, 18])
def test_layers_are_blended_linearly_along_every_axis(place: float) -> None:
    volume = a_wavy_volume(np.eye(3))
    for axis in range(3):
        layers = np.moveaxis(volume.voxels_kji, 2 - axis, 0).astype(float)
        low = min(int(place), len(layers) - 2)
        wanted = np.rint(layers[low] + (place - low) * (layers[low + 1] - layers[low]))
        found = AlignedSlice()._layer(volume, axis, place).astype(float)
        np.testing.assert_allclose(found, wanted, atol=0.51)


def turned() -> SliceAxes:
    half = float(np.sqrt(0.5))
    return SliceAxes((half, half, 0.0), (0.0, 0.0, 1.0))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"plane": SlicePlane.OBLIQUE, "axes": turned()}, id="turned"),
        pytest.param({"slab_mm": 10.0}, id="thick"),
        pytest.param({"crosshair_lps_mm": (0.0, 0.0, 500.0)}, id="outside"),
        pytest.param({"crosshair_lps_mm": (0.0, 0.0, -25.0)}, id="in the outermost half voxel"),
    ],
)
def test_what_is_not_a_thin_slice_along_the_voxels_is_left_to_the_general_way(
    changes: dict[str, object],
) -> None:
    volume = a_wavy_volume(np.eye(3))
    state = SliceState(SlicePlane.AXIAL, volume, (0.0, 0.0, 0.0))
    assert AlignedSlice().show(volume, state)
    assert not AlignedSlice().show(volume, replace(state, **changes))  # type: ignore[arg-type]
