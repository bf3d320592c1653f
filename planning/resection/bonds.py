"""Bonds: islands of one segmented bone belong together, because a gap is no freedom.

Segmentations lose thin laminae and leave islands. Before any cut each island is bonded to the rest
of its bone where the two come nearest; the bond breaks like bone, when slabs pass between. An
island of tumour in no bone is bonded to the nearest tissue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from planning.geometry.frames import Floats
from planning.kernel.slab_volume import surface_voxels
from planning.kernel.voxel_graph import components
from planning.resection.joints import Cloud
from planning.resection.tissue import Tissue, points_of

SMALLEST_PIECE_MM3: Final = 10.0
"""Fragments below this without tumour are no pieces; they are counted together as crumbs."""
_CONTACT_MM: Final = 1.5  # beyond the narrowest place, what still counts as facing


@dataclass(frozen=True, eq=False)
class Bond:
    """Voxels of two islands that face each other: flat indices, shape (n,), and (i, j, k), shape (n, 3)."""

    flat_a: NDArray[np.int64]
    flat_b: NDArray[np.int64]
    starts_ijk: Floats
    ends_ijk: Floats


def bonds_of(tissue: Tissue, clouds: Mapping[int, Cloud]) -> tuple[Bond, ...]:
    """Return the bonds of all islands worth a piece, and of every island of tumour."""
    found, count = components(tissue.tissue_kji, tissue.tumour_kji, np.zeros_like(tissue.tissue_kji))
    sizes = np.bincount(found.reshape(-1), minlength=count + 1)
    smallest = SMALLEST_PIECE_MM3 / tissue.grid.voxel_volume_mm3
    edge = tissue.grid.largest_voxel_edge_mm
    bonds: list[Bond] = []
    for cloud in clouds.values():
        islands = found.reshape(-1)[cloud.flat]
        ids, share = np.unique(islands, return_counts=True)
        main = int(ids[np.argmax(share)])
        worth = [n for n in ids if n != main and sizes[n] >= smallest]
        bonds.extend(_bond(cloud, islands == n, islands == main, edge) for n in worth)
    return (*bonds, *_tumour_bonds(tissue, found, edge))


def _tumour_bonds(tissue: Tissue, found: NDArray[np.int32], edge_mm: float) -> list[Bond]:
    lone = len(tissue.bones) + 1
    flat = surface_voxels(tissue.tissue_kji)
    ids = found.reshape(-1)[flat]
    labels = tissue.tissue_kji.reshape(-1)[flat]
    attached = np.unique(found.reshape(-1)[(tissue.tissue_kji.reshape(-1) != lone) & (found.reshape(-1) > 0)])
    free = np.setdiff1d(np.unique(ids[labels == lone]), attached)
    if not len(free) or not len(attached):
        return []
    ijk, lps = points_of(flat, tissue.grid)
    cloud = Cloud(flat, ijk, lps, cKDTree(lps[:1]))
    rest = np.isin(ids, attached)
    return [_bond(cloud, ids == island, rest, edge_mm) for island in free]


def _bond(cloud: Cloud, island: NDArray[np.bool_], rest: NDArray[np.bool_], edge_mm: float) -> Bond:
    mine, other = np.flatnonzero(island), np.flatnonzero(rest)
    apart, nearest = cKDTree(cloud.lps_mm[other]).query(cloud.lps_mm[mine])
    keep = apart <= apart.min() + max(_CONTACT_MM, edge_mm)
    a, b = mine[keep], other[nearest[keep]]
    return Bond(cloud.flat[a], cloud.flat[b], cloud.ijk[a], cloud.ijk[b])
