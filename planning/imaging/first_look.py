"""Where the spine probably lies in a CT that nobody has outlined: a place to look first, never a number.

On a few axial slices amid the image the place is taken where bone is densest near the posterior midline
of the body. The slices vote; the share of them that agrees is the confidence.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from planning.geometry.frames import Floats, Vec3, vec3
from planning.geometry.volume import Volume

SURE_ENOUGH: Final = 0.5
_SLICES: Final = 9
_AMID: Final = (0.35, 0.65)  # of the length of the image
_STEP_MM: Final = 2.0
_BODY_HU: Final = -300.0
_BONE_HU: Final = 180.0
_ROUND_MM: Final = 8.0  # a vertebra is dense over its size, a rib is not
_LEAST_DENSITY: Final = 0.2
_LEAST_EXPECTED: Final = 0.25
_ASIDE_MM: Final = 25.0
_DEEP_MM: Final = 75.0  # the skin of the back to the middle of a vertebra, and how far that varies
_DEEP_SPREAD_MM: Final = 35.0
_AGREE_MM: Final = 25.0


@dataclass(frozen=True)
class SpineSeen:
    """A point of the spine.

    Parameters
    ----------
    point_lps_mm : Vec3
    confidence : float
        Share of the slices looked at that agree on it, 0 to 1.
    """

    point_lps_mm: Vec3
    confidence: float


def spine_seen(volume: Volume) -> SpineSeen | None:
    """Return where the spine lies half way along a CT; None where no slice shows bone at the back.

    Parameters
    ----------
    volume : Volume
        In HU, stored along any axes.
    """
    grid = volume.grid
    # The voxel axis nearest to each of the patient's, and whether it runs that way.
    axis = [int(np.argmax(np.abs(row))) for row in grid.directions]
    if sorted(axis) != [0, 1, 2]:
        return None
    length = grid.shape_kji[2 - axis[2]]
    numbers = np.unique(np.rint(np.linspace(*_AMID, _SLICES) * (length - 1)).astype(int))
    found = [(n, at) for n in numbers if (at := _in_slice(volume, axis, int(n))) is not None]
    if not found:
        return None
    places = np.array([at for _, at in found])
    agree = np.linalg.norm(places - np.median(places, axis=0), axis=1) <= _AGREE_MM
    if not agree.any():
        return None
    middle = [abs(n - (length - 1) / 2) if ok else np.inf for (n, _), ok in zip(found, agree, strict=True)]
    number, (left_mm, back_mm) = found[int(np.argmin(middle))]
    ijk = np.zeros(3)
    ijk[axis[2]] = number
    for index, mm in zip(axis[:2], (left_mm, back_mm), strict=True):
        ijk[index] = mm / grid.spacing_ijk_mm[index]
    return SpineSeen(vec3(grid.to_lps(ijk)), float(agree.sum()) / len(numbers))


def _in_slice(volume: Volume, axis: list[int], number: int) -> Floats | None:
    """Return the vertebra's place along the voxel axes nearest to left and back, in mm from voxel 0."""
    grid = volume.grid
    flat = np.moveaxis(volume.voxels_kji, [2 - a for a in axis], [2, 1, 0])[number]
    spacing = [grid.spacing_ijk_mm[a] for a in axis[:2]]
    steps = [max(1, round(_STEP_MM / mm)) for mm in spacing]
    hu = flat[:: steps[1], :: steps[0]]
    pixel = np.array([mm * step for mm, step in zip(spacing, steps, strict=True)])
    body = _largest(hu > _BODY_HU)
    if not body.any():
        return None
    rows, columns = np.nonzero(body)
    midline = (columns.min() + columns.max()) / 2 * pixel[0]
    to_the_back = grid.directions[1, axis[1]] > 0
    near = np.abs(columns * pixel[0] - midline) <= _ASIDE_MM
    if not near.any():
        return None
    skin = (rows[near].max() if to_the_back else rows[near].min()) * pixel[1]
    y, x = (np.arange(n) * mm for n, mm in zip(hu.shape, pixel[::-1], strict=True))
    deep = skin - y if to_the_back else y - skin
    aside = ((x - midline) / _ASIDE_MM) ** 2
    expected = np.exp(-aside - ((deep - _DEEP_MM) / _DEEP_SPREAD_MM)[:, None] ** 2)
    bone = (body & (hu > _BONE_HU)).astype(np.float32)
    dense = ndimage.gaussian_filter(bone, _ROUND_MM / pixel[::-1], mode="constant")
    row, column = np.unravel_index(int(np.argmax(dense * expected)), dense.shape)
    if dense[row, column] < _LEAST_DENSITY or expected[row, column] < _LEAST_EXPECTED:
        return None
    return np.array([x[column], y[row]])


def _largest(mask: np.ndarray) -> np.ndarray:
    pieces, count = ndimage.label(mask)
    if count == 0:
        return mask
    sizes = np.bincount(pieces.ravel())
    return np.asarray(pieces == int(np.argmax(sizes[1:])) + 1)
