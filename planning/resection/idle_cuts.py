"""Why a cut changes nothing: how far it is from the nearest bone, or which other cut does the same."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats
from planning.model.osteotomy import Osteotomy
from planning.resection.tissue import Tissue, points_of
from planning.texts import tr

_MOST: Final = 400_000  # voxels looked at; what is left out lies less than two voxels from one that is
_SAME_MM: Final = 0.3


def nearest_bone_words(blade: Blade, tissue: Tissue) -> str:
    """Return which bone is nearest to a blade that touches none, and how far it is; empty without bone."""
    numbers = tissue.tissue_kji.reshape(-1)
    flat = np.flatnonzero((numbers > 0) & (numbers <= len(tissue.bones)))
    flat = flat[:: max(1, len(flat) // _MOST)]
    if not len(flat):
        return ""
    away = distances_mm(blade, points_of(flat, tissue.grid)[1])
    nearest = int(np.argmin(away))
    bone = tissue.bones[int(numbers[flat[nearest]]) - 1]
    return tr(
        "The nearest bone, {bone}, is about {distance} mm away.",
        bone=bone.title,
        distance=f"{max(away[nearest], 1.0):.0f}",
    )


def distances_mm(blade: Blade, points_lps_mm: Floats) -> Floats:
    """Return the distance of points from the swept slab, 0 inside; shape (n,)."""
    a, b, n = blade.to_local(points_lps_mm).T
    outline = blade.outline_mm
    inside, beside = np.zeros(len(a), dtype=bool), np.full(len(a), np.inf)
    for (a0, b0), (a1, b1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        crosses = (b0 > b) != (b1 > b)
        if b0 != b1:
            inside ^= crosses & (a < a0 + (b - b0) / (b1 - b0) * (a1 - a0))
        length2 = max((a1 - a0) ** 2 + (b1 - b0) ** 2, 1e-12)
        t = np.clip(((a - a0) * (a1 - a0) + (b - b0) * (b1 - b0)) / length2, 0.0, 1.0)
        beside = np.minimum(beside, np.hypot(a - a0 - t * (a1 - a0), b - b0 - t * (b1 - b0)))
    beside[inside] = 0.0
    return np.asarray(np.hypot(beside, np.maximum(np.abs(n) - blade.kerf_mm / 2, 0.0)))


def same_as(cuts: Sequence[Osteotomy], n: int) -> Osteotomy | None:
    """Return an earlier cut of the list in whose slab cut `n` lies wholly; None without one."""
    blade = cuts[n].blade
    flat = blade.outline_mm
    faces = [np.column_stack([flat, np.full(len(flat), s * blade.kerf_mm / 2)]) for s in (-1.0, 1.0)]
    slab = blade.to_lps(np.concatenate(faces))
    for other in cuts[:n]:
        if (distances_mm(other.blade, slab) <= _SAME_MM).all():
            return other
    return None
