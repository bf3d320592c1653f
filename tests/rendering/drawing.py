"""What the rendering tests share: a box mesh, a drawn view, coloured pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Grid
from planning.geometry.mesh import Mesh
from planning.geometry.volume import Volume
from rendering.offscreen import offscreen_window, pixels
from rendering.scene import SpineScene
from rendering.scene_state import LevelName, SliceState, SpineState, Stamp
from rendering.slices import SliceScene

STAMP = Stamp(patient="Q. Z.", series="CT", digest="sha256:0123456789abcdef", program="EnBloc 0.1.0")
LEVELS = (LevelName("T10", (0.0, 0.0, 0.0)),)
Image = NDArray[np.uint8]

ORIENTATIONS: tuple[Floats, ...] = tuple(
    matrix
    for order in permutations(range(3))
    for signs in product((1.0, -1.0), repeat=3)
    if np.linalg.det(matrix := np.eye(3)[:, order] * np.array(signs)) > 0
)
"""The 24 right-handed ways voxel axes can lie along the patient's."""


def a_box(low: tuple[float, float, float], high: tuple[float, float, float]) -> Mesh:
    """Return a closed axis-aligned box."""
    corners = np.array(list(product(*zip(low, high, strict=True))), dtype=np.float32)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return Mesh(corners, np.array(triangles, dtype=np.int32))


def marked_volume(
    directions: Floats,
    marker_lps_mm: tuple[float, float, float],
    size_mm: tuple[float, float, float] = (60.0, 44.0, 36.0),
    spacing_ijk_mm: tuple[float, float, float] = (2.0, 2.0, 2.0),
) -> Volume:
    """Return a dark box about the LPS origin with one bright 6 mm cube, stored along any voxel axes."""
    half = np.abs(np.asarray(directions).T @ np.asarray(size_mm)) / 2
    count = np.maximum(np.round(2 * half / np.asarray(spacing_ijk_mm)).astype(int), 1)
    origin = -(np.asarray(directions) * spacing_ijk_mm) @ ((count - 1) / 2)
    i, j, k = (int(n) for n in count)
    grid = Grid.from_axes((k, j, i), origin, directions, spacing_ijk_mm)
    index = np.stack(np.meshgrid(np.arange(k), np.arange(j), np.arange(i), indexing="ij"), -1)[..., ::-1]
    near = np.abs(grid.to_lps(index) - np.asarray(marker_lps_mm)).max(axis=-1) <= 3.0
    return Volume(np.where(near, 1000, 0).astype(np.int16), grid)


def a_blade(**changes: object) -> Blade:
    """Return a transverse blade through the origin, 20 wide, 30 deep, 4 mm thick."""
    values: dict[str, object] = {
        "origin_lps_mm": (0.0, 15.0, 0.0),
        "normal_lps": (0.0, 0.0, 1.0),
        "advance_lps": (0.0, -1.0, 0.0),
        "width_mm": 20.0,
        "depth_mm": 30.0,
        "kerf_mm": 4.0,
    }
    return Blade(**{**values, **changes})  # type: ignore[arg-type]


@contextmanager
def a_slice_view(state: SliceState, size: tuple[int, int] = (300, 300)) -> Iterator[tuple[SliceScene, Image]]:
    """Give a drawn slice view and its pixels."""
    window = offscreen_window(*size)
    scene = SliceScene()
    scene.attach(window)
    scene.show(state)
    try:
        yield scene, pixels(window)
    finally:
        scene.detach()
        window.Finalize()


@contextmanager
def a_spine_view(state: SpineState, size: tuple[int, int] = (300, 300)) -> Iterator[tuple[SpineScene, Image]]:
    """Give a drawn 3D view and its pixels."""
    window = offscreen_window(*size)
    scene = SpineScene()
    scene.attach(window)
    scene.show(state)
    try:
        yield scene, pixels(window)
    finally:
        scene.detach()
        window.Finalize()


def redrawn(scene: SpineScene) -> Image:
    """Return the pixels of a 3D view drawn anew."""
    window = scene._window
    assert window is not None
    return pixels(window)


def coloured(image: Image, rgb: tuple[int, int, int], tolerance: int = 40) -> NDArray[np.bool_]:
    """Say for each pixel whether it has (nearly) a colour."""
    return np.asarray((np.abs(image.astype(int) - np.array(rgb)).max(axis=-1)) <= tolerance)


def middle_of(mask: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the mean position of True pixels as x to the right and y up from the lower edge."""
    rows, columns = np.nonzero(mask)
    assert len(rows), "nothing of that colour is drawn"
    return float(columns.mean()) + 0.5, mask.shape[0] - float(rows.mean()) - 0.5
