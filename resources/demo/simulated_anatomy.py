"""What the demo case adds to the real CT: a lesion and segmental arteries, both simulated.

No public CT of a spinal tumour with labels was obtainable, so these shapes were drawn by hand on
LIDC-IDRI-0001. They are marked `simulated` and say so on screen, in the report and in exports.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from planning.geometry.frames import Floats, Grid, Vec3

Bools = NDArray[np.bool_]

# Centre and radii of the ellipsoids that make the lesion, LPS mm: left half of the T10 body, left
# T10 pedicle, across the disc margin, left half of the T11 body.
_LESION: Final[tuple[tuple[Vec3, Vec3], ...]] = (
    ((13.0, 66.5, -206.5), (10.0, 9.5, 8.0)),
    ((18.5, 77.0, -208.0), (4.5, 6.0, 5.0)),
    ((19.0, 83.5, -208.5), (3.0, 4.5, 4.0)),
    ((19.0, 64.0, -217.0), (5.5, 6.0, 7.0)),
    ((20.0, 60.5, -226.5), (8.0, 8.5, 6.5)),
)
_LESION_HU: Final = 55.0
_LESION_NOISE_HU: Final = 18.0
_ARTERY_RADIUS_MM: Final = 1.5
_ARTERY_OFFSET_MM: Final = 2.4
_ARTERY_HU: Final = 330.0


def lesion_mask(grid: Grid, invaded: Bools, canal: Bools) -> Bools:
    """Return the lesion's voxels: the ellipsoids inside the invaded bodies, never inside the canal.

    Parameters
    ----------
    grid : Grid
    invaded : array of bool, shape `grid.shape_kji`
        Vertebrae T10 and T11 with the disc space between them.
    canal : array of bool, same shape
    """
    points = _voxel_centres(grid)
    lobes = gaussian_filter(np.random.default_rng(7).normal(size=grid.shape_kji), (1.4, 5.0, 5.0))
    lobes *= 0.22 / lobes.std()
    inside = np.zeros(grid.shape_kji, dtype=bool)
    for centre, radii in _LESION:
        inside |= (((points - np.array(centre)) / np.array(radii)) ** 2).sum(axis=-1) <= 1.0 + lobes
    return np.asarray(inside & invaded & ~canal)


def with_lytic_lesion(hu_kji: NDArray[np.int16], lesion: Bools, seed: int = 11) -> NDArray[np.int16]:
    """Return the CT with soft-tissue Hounsfield values in the lesion, blended over about a voxel."""
    noise = np.random.default_rng(seed).normal(0.0, _LESION_NOISE_HU, hu_kji.shape).astype(np.float32)
    weight = gaussian_filter(lesion.astype(np.float32), (0.3, 0.8, 0.8))
    mixed = hu_kji * (1.0 - weight) + (_LESION_HU + noise) * weight
    return np.rint(np.where(weight > 0.01, mixed, hu_kji)).astype(np.int16)


def segmental_artery(grid: Grid, body: Bools, aorta: Bools, side: int, tilt_normal: Vec3) -> Bools:
    """Return a tube from the posterior aortic wall round the waist of a vertebral body to the foramen.

    Parameters
    ----------
    grid : Grid
    body, aorta : array of bool, shape `grid.shape_kji`
        The vertebral body without its arch, and the aorta.
    side : int
        +1 for the patient's left, -1 for the right.
    tilt_normal : Vec3
        Normal of the vertebra's waist plane, pointing cranially.
    """
    points = grid.to_lps(np.argwhere(body)[:, ::-1])
    centre = points.mean(axis=0)
    normal = np.array(tilt_normal)
    waist = points[np.abs((points - centre) @ normal) < 3.0]
    lumen = grid.to_lps(np.argwhere(aorta)[:, ::-1])
    near = lumen[np.abs((lumen - centre) @ normal) < 3.0]
    path = _round_the_waist(waist, centre, near, side)
    offsets = path - centre
    path[:, 2] = centre[2] - (offsets[:, 0] * normal[0] + offsets[:, 1] * normal[1]) / normal[2]
    tree = cKDTree(path)
    low, high = grid.to_ijk(path.min(axis=0) - 4).astype(int), grid.to_ijk(path.max(axis=0) + 4).astype(int)
    start, stop = (
        np.maximum(np.minimum(low, high), 0),
        np.minimum(np.maximum(low, high) + 1, grid.shape_kji[::-1]),
    )
    tube = np.zeros(grid.shape_kji, dtype=bool)
    box = np.stack(
        np.meshgrid(*[np.arange(a, b) for a, b in zip(start, stop, strict=True)], indexing="ij"), -1
    )
    distance, _ = tree.query(grid.to_lps(box))
    i, j, k = box[distance <= _ARTERY_RADIUS_MM].T
    tube[k, j, i] = True
    return np.asarray(tube & ~body & ~aorta)


def with_enhancement(hu_kji: NDArray[np.int16], artery: Bools) -> NDArray[np.int16]:
    """Return the CT with contrast-filled lumen in the voxels of an artery."""
    return np.where(artery, np.int16(_ARTERY_HU), hu_kji).astype(np.int16)


def _round_the_waist(waist: Floats, centre: Floats, aorta: Floats, side: int) -> Floats:
    """Points from the aorta's back wall round the body, a little outside it, to its posterolateral corner."""
    flat = waist[:, :2] - centre[:2]
    angle = np.arctan2(flat[:, 0], -flat[:, 1])  # 0 anterior, positive to the patient's left
    radius = np.hypot(flat[:, 0], flat[:, 1])
    origin = aorta[:, :2].mean(axis=0) - centre[:2]
    start, end = float(np.arctan2(origin[0], -origin[1])), side * np.deg2rad(128.0)
    samples = np.linspace(start, end, 240)
    outline = np.array([radius[np.abs(angle - a) < 0.08].max(initial=0.0) for a in samples])
    outline = (
        np.convolve(np.pad(outline, 12, mode="edge"), np.ones(25) / 25, mode="valid") + _ARTERY_OFFSET_MM
    )
    path = np.column_stack([np.sin(samples) * outline, -np.cos(samples) * outline, np.zeros_like(samples)])
    wall = origin * (1 - (np.ptp(aorta[:, 1]) / 2 - 1.0) / np.hypot(*origin))
    stem = np.linspace(np.array([*wall, 0.0]), path[0], 60)
    return np.vstack([stem, path]) + centre


def _voxel_centres(grid: Grid) -> Floats:
    k, j, i = np.meshgrid(*[np.arange(n) for n in grid.shape_kji], indexing="ij")
    return grid.to_lps(np.stack([i, j, k], axis=-1))
