"""Rings and spirals of voxels about an axis: closed, cut, jumped over, and only seemingly closed."""

import numpy as np
import pytest

from planning.geometry.frames import Floats
from planning.kernel.voxel_graph import Labels
from planning.kernel.winding import turns_closed

_SIDE = 24


def polar() -> tuple[Floats, Floats, Floats]:
    k, j, i = np.indices((_SIDE, _SIDE, _SIDE)).astype(np.float64)
    x, y = i - 11.6, j - 11.4
    return np.hypot(x, y), np.arctan2(y, x), k


def closed(tissue: Labels, flags: Labels | None = None, jumps: list[tuple[int, int]] | None = None) -> int:
    angles = np.where(tissue > 0, polar()[1], np.nan)
    none = np.zeros_like(tissue)
    pairs = np.array(jumps or np.zeros((0, 2)), dtype=np.int64)
    return len(turns_closed(angles, tissue, none, none if flags is None else flags, pairs))


def ring(low_k: int = 5, high_k: int = 8) -> Labels:
    radius, _, k = polar()
    return ((radius > 5) & (radius < 8) & (k >= low_k) & (k <= high_k)).astype(np.uint8)


def test_a_ring_is_closed_and_half_of_one_is_not() -> None:
    _, angle, _ = polar()
    assert closed(ring()) > 0
    assert closed(ring() * (np.abs(angle) < 2.9).astype(np.uint8)) == 0


def test_a_tilted_ring_is_closed_though_no_slice_of_it_is() -> None:
    radius, angle, k = polar()
    tilted = ((radius > 5) & (radius < 8) & (np.abs(k - 11 - 6 * np.sin(angle)) < 2)).astype(np.uint8)
    assert all(closed(tilted * (k == n).astype(np.uint8)) == 0 for n in range(_SIDE))
    assert closed(tilted) > 0


def test_a_spiral_of_more_than_a_turn_is_open() -> None:
    radius, angle, k = polar()
    height = 4 + 5 * (angle + np.pi) / (2 * np.pi)
    shell = (radius > 5) & (radius < 8)
    spiral = shell & ((np.abs(k - height) < 1.5) | (np.abs(k - height - 5) < 1.5))
    assert closed(spiral.astype(np.uint8)) == 0


def test_one_cut_opens_a_ring() -> None:
    j, i = np.indices((_SIDE, _SIDE))
    flags = np.zeros((_SIDE,) * 3, dtype=np.uint8)
    flags[:, (j == 11) & (i < 12)] = 2  # parted from the next along j, left of the axis
    assert closed(ring(), flags) == 0
    flags[6:, :, :] = 0  # a cut that goes only part of the height
    assert closed(ring(), flags) > 0


@pytest.mark.parametrize("apart,expected", [(2, True), (8, False)])
def test_a_jump_closes_a_ring_only_where_it_bridges_the_gap(apart: int, expected: bool) -> None:
    _, angle, _ = polar()
    tissue = ring() * (np.abs(angle) < 2.7).astype(np.uint8)
    flat = np.flatnonzero(tissue)
    angles = angle.reshape(-1)[flat]
    low, high = int(flat[np.argmin(angles)]), int(flat[np.argmax(angles)])
    other = high if apart == 2 else int(flat[np.argmin(np.abs(angles + 2.3))])
    assert (closed(tissue, jumps=[(low, other)]) > 0) is expected
