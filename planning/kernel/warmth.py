"""Touches every compiled kernel once, so that nobody waits for the first drag."""

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.kernel.distance_field import Region, sampled, signed_distance_field
from planning.kernel.minima import minima
from planning.kernel.slab import nearest_points, slab_of
from planning.kernel.surface import Smoothing, surface_of
from planning.kernel.triangle_tree import forest_of, signed_distances


def touch_every_kernel() -> None:
    """Compute one tiny case from mask to minimum."""
    grid = Grid((8, 8, 8), np.eye(4))
    mesh = surface_of(np.ones((4, 4, 4), dtype=bool), (2, 2, 2), grid, Smoothing.FINE).mesh
    region = Region.around(np.zeros(3), np.full(3, 8.0), 1.0)
    forest = forest_of([mesh])
    field = signed_distance_field(forest, 0, region)
    blade = Blade((4.0, 2.0, 6.5), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0), 2.0, 2.0, 0.5, 0.5)
    slab = slab_of(blade)
    minima(slab, forest, field[None], region.low_lps_mm, region.spacing_mm)
    points = np.full((1, 3), 4.0)
    nearest_points(slab, points, np.array([1]), np.full((1, 2), np.inf))
    sampled(field, region.first_xyz.astype(np.float64), region.spacing_mm, points)
    signed_distances(forest, 0, points)
