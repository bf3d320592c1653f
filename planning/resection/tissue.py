"""The bones round the targets on one cropped grid: what the cuts act on.

Rules (INTERCHANGE section 3):

* Considered are vertebrae, discs, ribs and sacrum within two levels of the targets, and tumour.
  Bones without a level are taken along where they lie within the box.
* Masks may be exclusive (a label map) or overlap. A voxel belongs to the first bone that claims
  it; a voxel of tumour in no bone is tissue of its own.
* Tumour is tissue grown into bone: tumour holds to tumour and to every bone it touches. So a lesion
  that spans T10 and T11 bridges them, and contact with a bone that stays counts as attached unless
  a slab passes between.
* Two bones whose labels merely touch do not hold together; their joints are explicit links.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.kernel.voxel_graph import Labels
from planning.model.anatomy import Anatomy
from planning.model.levels import field_of, level_order
from planning.model.plan import Plan
from planning.model.structures import BONES, Structure, StructureKind
from planning.resection.slabs import slab_corners_lps_mm

ROOM_MM = 30.0
"""How far ribs are followed beyond vertebrae, tumour and blades: more of a chest wall decides nothing."""

Box = tuple[tuple[int, int, int], tuple[int, int, int]]


@dataclass(frozen=True, eq=False)
class Tissue:
    """Bones and tumour on a cropped grid whose outermost voxels are empty.

    Parameters
    ----------
    grid : Grid
    start_kji : tuple of int
        Index of its first voxel in the anatomy's grid (may be -1: padding).
    bones : tuple of Structure
        Bone number n in `tissue_kji` is ``bones[n - 1]``; ``len(bones) + 1`` is tumour outside bone.
    tissue_kji : array of uint8
    tumour_kji : array of uint8
        0 none, 1 another tumour, 2 the plan's tumour.
    levels : tuple of str
        Levels of the field, cranial to caudal.
    targets : frozenset of str
    clipped : frozenset of str
        Ids of bones that reach the image's edge.
    """

    grid: Grid
    start_kji: tuple[int, int, int]
    bones: tuple[Structure, ...]
    tissue_kji: Labels
    tumour_kji: Labels
    levels: tuple[str, ...]
    targets: frozenset[str]
    clipped: frozenset[str]

    def number(self, structure_id: str) -> int:
        """Return the bone number of a structure; 0 where it is not considered."""
        return next((n for n, bone in enumerate(self.bones, 1) if bone.id == structure_id), 0)

    def is_target(self, bone: Structure) -> bool:
        """Whether a bone belongs to a level that is taken out."""
        return bone.level in self.targets


def tissue_of(anatomy: Anatomy, plan: Plan) -> Tissue | None:
    """Return the tissue the plan's cuts act on; None where no bone of a target's field is present."""
    levels = field_of(plan.target_levels, anatomy.levels)
    bones = tuple(b for b in anatomy.of_kind(*BONES) if _is_in_field(b, levels) and not b.mask.is_empty)
    core = [b for b in bones if b.kind is not StructureKind.RIB and b.level is not None]
    if not core:
        return None
    lesions = plan_tumours(anatomy, plan)
    box = _box([*core, *lesions], anatomy.grid, [o.blade for o in plan.osteotomies])
    bones = tuple(b for b in bones if b.mask.box(*box).any())[:253]
    tissue = np.zeros([n + 2 for n in box[1]], dtype=np.uint8)
    tumour = np.zeros_like(tissue)
    inner = (slice(1, -1),) * 3
    for number, bone in enumerate(bones, 1):
        free = bone.mask.box(*box) & (tissue[inner] == 0)
        tissue[inner][free] = number
    for lesion in anatomy.of_kind(StructureKind.TUMOUR):
        voxels = lesion.mask.box(*box)
        np.maximum(
            tumour[inner],
            np.where(voxels, np.uint8(2 if lesion in lesions else 1), np.uint8(0)),
            out=tumour[inner],
        )
    tissue[(tumour > 0) & (tissue == 0)] = len(bones) + 1
    start = (box[0][0] - 1, box[0][1] - 1, box[0][2] - 1)
    shape = (tissue.shape[0], tissue.shape[1], tissue.shape[2])
    clipped = frozenset(b.id for b in bones if reaches_edge(b, anatomy.grid.shape_kji))
    grid = anatomy.grid.cropped(start, shape)
    return Tissue(grid, start, bones, tissue, tumour, levels, frozenset(plan.target_levels), clipped)


def holds_blades(tissue: Tissue, grid: Grid, blades: Sequence[Blade]) -> bool:
    """Whether every blade lies within the field, as far as the image `grid` reaches."""
    limit = np.asarray(grid.shape_kji[::-1], dtype=np.float64) - 1
    first = np.asarray(tissue.start_kji[::-1], dtype=np.float64) + 1
    last = first + np.asarray(tissue.grid.shape_kji[::-1]) - 3
    for blade in blades:
        corners = np.clip(grid.to_ijk(slab_corners_lps_mm(blade)), 0, limit)
        if (corners < first).any() or (corners > last).any():
            return False
    return True


def plan_tumours(anatomy: Anatomy, plan: Plan) -> tuple[Structure, ...]:
    """Return the tumour structures the plan means."""
    if plan.tumour is None:
        return ()
    return tuple(
        s for s in anatomy.called(plan.tumour) if s.kind is StructureKind.TUMOUR and not s.mask.is_empty
    )


def _is_in_field(bone: Structure, levels: tuple[str, ...]) -> bool:
    if bone.kind is StructureKind.SACRUM:
        return bool(levels) and level_order(levels[-1]) >= level_order("L4")
    return bone.level is None or bone.level in levels


def _box(core: Sequence[Structure], grid: Grid, blades: Sequence[Blade]) -> Box:
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for structure in core:
        bounds = structure.mask.bounds_kji
        if bounds is not None:
            low, high = np.minimum(low, bounds[0]), np.maximum(high, bounds[1])
    for blade in blades:
        corners = grid.to_ijk(slab_corners_lps_mm(blade))[:, ::-1]
        low, high = np.minimum(low, corners.min(axis=0)), np.maximum(high, corners.max(axis=0) + 1)
    room = np.ceil(ROOM_MM / np.asarray(grid.spacing_ijk_mm[::-1]))
    first = np.maximum(np.floor(low) - room, 0).astype(int)
    last = np.minimum(np.ceil(high) + room, grid.shape_kji).astype(int)
    shape = np.maximum(last - first, 1)
    return (int(first[0]), int(first[1]), int(first[2])), (int(shape[0]), int(shape[1]), int(shape[2]))


def reaches_edge(bone: Structure, shape_kji: tuple[int, int, int]) -> bool:
    """Say whether a bone goes on beyond the image."""
    bounds = bone.mask.bounds_kji
    return bounds is not None and (
        min(bounds[0]) == 0 or any(e == n for e, n in zip(bounds[1], shape_kji, strict=True))
    )


def points_of(flat: NDArray[np.int64], grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (i, j, k) and LPS of flat voxel indices, shape (n, 3) each."""
    k, j, i = np.unravel_index(flat, grid.shape_kji)
    ijk = np.stack([i, j, k], axis=-1).astype(np.float64)
    return ijk, grid.to_lps(ijk)
