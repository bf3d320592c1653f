"""The field after all cuts: blocks of tissue, and what is left of every joint between them.

A block is a connected component of voxels, islands of one bone counted together while a bond holds.
Pieces are made of blocks by `planning.resection.roles`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats
from planning.kernel.slab_volume import Cut, renamed, tally, volumes_of
from planning.kernel.voxel_graph import (
    Ints,
    Labels,
    Slabs,
    components,
    cut_edges,
    segments_cut,
    sides_of_slabs,
)
from planning.model.osteotomy import Osteotomy
from planning.resection.ground import Ground
from planning.resection.joints import Joint
from planning.resection.slabs import slabs_on

REMNANT: Final = 0.02
"""A joint counts as severed when blades cut all but this share of its facing voxels: voxels at the rim."""


@dataclass(frozen=True, eq=False)
class JointState:
    """What the blades leave of a joint.

    Parameters
    ----------
    joint : Joint
    severed_fraction : float
    cutters : tuple of int
        Slabs that sever it, the one that cuts most first.
    joins : mapping of (block, block) to pairs of voxels
        What it still holds together; empty when severed.
    """

    joint: Joint
    severed_fraction: float
    cutters: tuple[int, ...]
    joins: dict[tuple[int, int], int]


@dataclass(frozen=True, eq=False)
class Blocks:
    """All blocks; index 0 of every array is unused.

    Parameters
    ----------
    found_kji : array of int32
        Block per voxel; 0 outside tissue and in the kerf.
    flags_kji : array of uint8
        Which voxels are kerf and which neighbours are parted, as `voxel_graph.cut_edges` says it.
    count : int
    tissue_mm3, tumour_mm3 : array, shape (count + 1,)
        Exact to the slab; index 0 holds slivers thinner than a voxel.
    voxels : array of int64, shape (count + 1, bones + 2)
        By bone number.
    centres_ijk : array, shape (count + 1, bones + 2, 3)
        Mean of those voxels; NaN where there are none.
    tumour_voxels : array of int64, shape (count + 1,)
    kerf_mm3, kerf_tumour_mm3 : float
    touched : array of int64, shape (slabs,)
        Voxels and neighbours each slab takes or parts.
    sides : array of int64, shape (slabs, count + 1)
        How many voxels of each block look onto each slab.
    states : tuple of JointState
    """

    found_kji: Ints
    flags_kji: Labels
    count: int
    tissue_mm3: Floats
    tumour_mm3: Floats
    voxels: NDArray[np.int64]
    centres_ijk: Floats
    tumour_voxels: NDArray[np.int64]
    kerf_mm3: float
    kerf_tumour_mm3: float
    touched: NDArray[np.int64]
    sides: NDArray[np.int64]
    states: tuple[JointState, ...]


def blocks_of(ground: Ground, osteotomies: Sequence[Osteotomy]) -> Blocks:
    """Return the blocks the osteotomies make of the field."""
    tissue = ground.tissue
    slabs = slabs_on(tissue.grid, [o.blade for o in osteotomies])
    flags, touched = cut_edges(tissue.tissue_kji, tissue.tumour_kji, slabs)
    found, count = components(tissue.tissue_kji, tissue.tumour_kji, flags)
    count = _bonded(ground, slabs, found, count)
    cut = Cut(tissue.tissue_kji, tissue.tumour_kji, flags, found, count)
    volumes = volumes_of(cut, slabs, np.asarray(tissue.grid.spacing_ijk_mm, dtype=np.float64))
    voxels, sums, sick = tally(cut, len(tissue.bones))
    sides = sides_of_slabs(tissue.tissue_kji, tissue.tumour_kji, found, count, slabs)
    voxel_mm3 = tissue.grid.voxel_volume_mm3
    return Blocks(
        found,
        flags,
        count,
        volumes.tissue * voxel_mm3,
        volumes.tumour * voxel_mm3,
        voxels,
        sums / np.where(voxels > 0, voxels, np.nan)[..., None],
        sick,
        float(volumes.kerf[0]) * voxel_mm3,
        float(volumes.kerf[1]) * voxel_mm3,
        touched,
        sides,
        tuple(_state(joint, found, slabs) for joint in ground.joints),
    )


def _bonded(ground: Ground, slabs: Slabs, found: Ints, count: int) -> int:
    """Join components across bonds that hold, in place; return how many are left."""
    parent = list(range(count + 1))

    def root(n: int) -> int:
        while parent[n] != n:
            n = parent[n]
        return n

    flat = found.reshape(-1)
    for bond in ground.bonds:
        whole = ~segments_cut(bond.starts_ijk, bond.ends_ijk, slabs).any(axis=1)
        ends = {
            (int(a), int(b)) for a, b in zip(flat[bond.flat_a[whole]], flat[bond.flat_b[whole]], strict=True)
        }
        for a, b in ends:
            if a > 0 and b > 0:
                one, other = sorted((root(a), root(b)))
                parent[other] = one
    names = np.zeros(count + 1, dtype=np.int32)
    left = 0
    for n in range(1, count + 1):
        if parent[n] == n:
            left += 1
            names[n] = left
    for n in range(1, count + 1):
        names[n] = names[root(n)]
    if left < count:
        renamed(found, names)
    return left


def _state(joint: Joint, found: Ints, slabs: Slabs) -> JointState:
    cuts = segments_cut(joint.starts_ijk, joint.ends_ijk, slabs)
    flat = found.reshape(-1)
    a, b = flat[joint.flat_a], flat[joint.flat_b]
    severed = cuts.any(axis=1) | (a == 0) | (b == 0)
    fraction = float(severed.mean())
    joins: dict[tuple[int, int], int] = {}
    if 1.0 - fraction > REMNANT:
        joins = dict(Counter((int(x), int(y)) for x, y in zip(a[~severed], b[~severed], strict=True)))
    order = np.argsort(-cuts.sum(axis=0), kind="stable")
    cutters, open_ = [], np.ones(len(cuts), dtype=bool)
    for m in order:
        if (cuts[:, m] & open_).any():
            cutters.append(int(m))
            open_ &= ~cuts[:, m]
    return JointState(joint, fraction, tuple(cutters), joins)
