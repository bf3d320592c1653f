"""Signed distance fields of everything a tool must stay clear of, over the operative region."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Grid
from planning.geometry.mesh import Mesh
from planning.kernel.distance_field import Field, Region, signed_distance_field
from planning.kernel.triangle_tree import Forest, forest_of
from planning.model.anatomy import Anatomy
from planning.model.levels import field_of
from planning.model.plan import Plan
from planning.model.structures import BONES, Structure, StructureKind
from planning.progress import Progress, silent
from planning.safety.image_edge import CutFaces, cut_faces_of, is_outside
from planning.safety.unresolved import Unresolved, seen_as, unresolved_of
from planning.segmentation.surfaces import StructureSurface, Surfaces
from planning.texts import tr

CHECKED_KINDS: Final = frozenset(StructureKind) - BONES - {StructureKind.OTHER}
"""Kinds a tool's distance is computed from: all but bone, whose margins the resection gives."""

SPACING_MM: Final = 1.0
"""Node spacing of the fields. They only lead to the place; the mesh gives the number."""

_PAD_MM: Final = 15.0
_EDGE_MM: Final = 2.0  # the region's outermost nodes: what may lie just outside the image's voxel centres
_REACH_LEVELS: Final = 1
_MOST_BYTES: Final = 600 * 2**20
_SPACING_STEP_MM: Final = 0.25  # exact in binary, and coarse enough for fields to be kept
_RIM_MM: Final = 1e-3  # no point of a slab lies on the region's last nodes, not even by rounding
_THREADS: Final = 2


@dataclass(frozen=True, eq=False)
class CheckedStructure:
    """One structure of the fields.

    Parameters
    ----------
    id, mask_digest : str
    mesh : Mesh
        The surface its distances are measured from.
    is_true : bool
        Whether that surface is true to the mask; if not, distances are withheld.
    cut_faces : CutFaces
        Where the structure runs out of the image.
    unresolved : Unresolved
        What of it the mask cannot show.
    """

    id: str
    mask_digest: str
    mesh: Mesh
    is_true: bool
    cut_faces: CutFaces
    unresolved: Unresolved


@dataclass(frozen=True, eq=False)
class Fields:
    """Distance fields of the checked structures over one region; see `fields_of`.

    Parameters
    ----------
    image_grid : Grid
        Outside it nothing may be said.
    structures : tuple of CheckedStructure
    region : Region or None
        None where neither plan nor anatomy say where to operate.
    values : array of float32, shape (structures, z, y, x)
    forest : Forest
        The structures' meshes, in their order.
    """

    image_grid: Grid
    structures: tuple[CheckedStructure, ...]
    region: Region | None
    values: NDArray[np.float32]
    forest: Forest

    @property
    def structure_ids(self) -> tuple[str, ...]:
        """Ids of the structures, in the order of the values."""
        return tuple(s.id for s in self.structures)

    @cached_property
    def by_id(self) -> dict[str, int]:
        """Place of each structure."""
        return {s.id: n for n, s in enumerate(self.structures)}

    @cached_property
    def cut_faces(self) -> tuple[Floats, NDArray[np.int64], Floats]:
        """All structures' cut faces: points one behind the other, where each ends, and their slack in mm."""
        faces = [s.cut_faces for s in self.structures]
        return _in_a_row([f.points_lps_mm for f in faces], [f.slack_mm for f in faces])

    @cached_property
    def gaps(self) -> tuple[Floats, NDArray[np.int64], Floats]:
        """All gaps in the structures' segmentations: points, where each structure's end, and their slack."""
        found = [s.unresolved for s in self.structures]
        return _in_a_row([u.points_lps_mm for u in found], [u.slack_mm for u in found])

    def covers(self, blade: Blade) -> bool:
        """Say whether the region holds the blade, overshoot included, or none is needed for it."""
        corners = swept_corners_lps_mm(blade, overshoot=True)
        return is_outside(corners, self.image_grid) or self.holds(corners)

    def holds(self, corners_lps_mm: Floats) -> bool:
        """Say whether the region holds all corners of a slab, shape (n, 3), with a rim to spare."""
        return self.region is not None and self.region.holds(_with_rim(corners_lps_mm))

    def fits(self, anatomy: Anatomy) -> bool:
        """Say whether every field was computed from the masks of `anatomy`."""
        wanted = {s.id: s.mask.digest for s in anatomy.structures if _is_checked(s)}
        return self.image_grid.same_as(anatomy.grid) and wanted == {
            s.id: s.mask_digest for s in self.structures
        }


def fields_of(
    anatomy: Anatomy,
    surfaces: Surfaces,
    plan: Plan,
    progress: Progress = silent,
    known: Fields | None = None,
) -> Fields:
    """Return the distance fields a plan needs.

    The region holds the target vertebrae with their neighbours and every blade, generously padded.
    `known` fields are taken over while their region still holds every blade and their masks are
    unchanged, so that moving a blade costs nothing; a blade that leaves the region makes a new one. The
    numbers are the same as from fresh fields, to the last bit: both have the same nodes.
    """
    checked = _checked(anatomy, surfaces, known)
    region = _region(anatomy, plan, known)
    if known is not None and known.region == region and known.fits(anatomy):
        return known
    forest = forest_of([s.mesh for s in checked])
    if region is None or not checked:
        return Fields(anatomy.grid, checked, region, np.zeros((0, 2, 2, 2), dtype=np.float32), forest)
    reusable = known if known is not None and known.region == region else None
    values = np.empty((len(checked), *region.shape_zyx), dtype=np.float32)
    missing = []
    for n, structure in enumerate(checked):
        old = _old_values(structure, reusable)
        if old is None:
            missing.append(n)
        else:
            values[n] = old
    # The largest first, so that no thread is left alone with it at the end.
    missing.sort(key=lambda n: -len(checked[n].mesh.triangles))
    _fill(values, missing, forest, region, progress)
    values.setflags(write=False)
    return Fields(anatomy.grid, checked, region, values, forest)


def _in_a_row(points: list[Floats], slack_mm: list[float]) -> tuple[Floats, NDArray[np.int64], Floats]:
    ends = np.cumsum([len(p) for p in points], dtype=np.int64)
    return np.concatenate([np.zeros((0, 3)), *points]), ends, np.array(slack_mm, dtype=np.float64)


def swept_corners_lps_mm(blade: Blade, overshoot: bool) -> Floats:
    """Return the corners of a blade's slab, shape (n, 3); run on by its overshoot if asked."""
    flat = blade.outline_mm
    if overshoot:
        flat = np.concatenate([flat, flat + np.array([0.0, blade.overshoot_mm])])
    half = blade.kerf_mm / 2
    return np.concatenate(
        [blade.to_lps(np.column_stack([flat, np.full(len(flat), n)])) for n in (-half, half)]
    )


def _is_checked(structure: Structure) -> bool:
    return structure.kind in CHECKED_KINDS and not structure.mask.is_empty


def _checked(anatomy: Anatomy, surfaces: Surfaces, known: Fields | None) -> tuple[CheckedStructure, ...]:
    same_grid = known is not None and known.image_grid.same_as(anatomy.grid)
    seen = {s.unresolved.seen: s.unresolved for s in known.structures} if known and same_grid else {}
    found: list[tuple[Structure, StructureSurface]] = []
    for structure in anatomy.structures:
        surface = surfaces.by_id.get(structure.id)
        if _is_checked(structure) and surface is not None and surface.mask_digest == structure.mask.digest:
            found.append((structure, surface))
    return tuple(
        CheckedStructure(
            s.id,
            surface.mask_digest,
            surface.mesh,
            surface.fidelity.is_true,
            cut_faces_of(s.mask, anatomy.grid, s.label_extent_kji),
            seen.get(seen_as(s)) or unresolved_of(s, anatomy.grid),
        )
        for s, surface in found
    )


def _region(anatomy: Anatomy, plan: Plan, known: Fields | None) -> Region | None:
    """Return the known region while it holds every blade, else a new one."""
    blades = [swept_corners_lps_mm(o.blade, overshoot=True) for o in plan.osteotomies]
    image_low, image_high = anatomy.grid.bounds_lps_mm()
    image_low, image_high = image_low - _EDGE_MM, image_high + _EDGE_MM
    # A blade wholly outside the image is told nothing, so no field is needed there.
    blades = [corners for corners in blades if not is_outside(corners, anatomy.grid)]
    target = _target_points(anatomy, plan)
    points = [_with_rim(corners) for corners in (*blades, *target)]
    if not points:
        return known.region if known is not None and known.image_grid.same_as(anatomy.grid) else None
    least, most = np.concatenate(points).min(axis=0), np.concatenate(points).max(axis=0)
    # Padding stops at the image; a blade that leaves the image is held nevertheless.
    low = np.minimum(least, np.maximum(least - _PAD_MM, image_low))
    high = np.maximum(most, np.minimum(most + _PAD_MM, image_high))
    many = sum(1 for s in anatomy.structures if _is_checked(s))
    needed = 4.0 * many * float(np.prod((high - low) / SPACING_MM + 1))
    coarser = max(1.0, (needed / _MOST_BYTES) ** (1 / 3))
    spacing_mm = float(np.ceil(SPACING_MM * coarser / _SPACING_STEP_MM)) * _SPACING_STEP_MM
    if (
        known is not None
        and known.region is not None
        and known.image_grid.same_as(anatomy.grid)
        and known.region.spacing_mm == spacing_mm
        and known.region.holds(np.concatenate(points))
    ):
        return known.region
    return Region.around(low, high, spacing_mm)


def _with_rim(corners_lps_mm: Floats) -> Floats:
    return np.stack([corners_lps_mm.min(axis=0) - _RIM_MM, corners_lps_mm.max(axis=0) + _RIM_MM])


def _target_points(anatomy: Anatomy, plan: Plan) -> list[Floats]:
    """Return corners of boxes round the target vertebrae and their neighbours, or round all vertebrae."""
    levels = field_of(plan.target_levels, anatomy.levels, _REACH_LEVELS) or anatomy.levels
    masks = [s.mask for s in anatomy.of_kind(StructureKind.VERTEBRA) if s.level in levels or s.level is None]
    corners = []
    for bounds in (mask.bounds_kji for mask in masks):
        if bounds is not None:
            ends = [np.array(end[::-1], dtype=np.float64) for end in bounds]
            box = np.array(
                [[ends[i][0], ends[j][1], ends[k][2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
            )
            corners.append(anatomy.grid.to_lps(box - 0.5))
    return corners


def _old_values(structure: CheckedStructure, known: Fields | None) -> Field | None:
    place = known.by_id.get(structure.id) if known is not None else None
    if known is None or place is None or known.structures[place].mask_digest != structure.mask_digest:
        return None
    old: Field = known.values[place]
    return old


def _fill(
    values: NDArray[np.float32], missing: list[int], forest: Forest, region: Region, progress: Progress
) -> None:
    def one(n: int) -> None:
        values[n] = signed_distance_field(forest, n, region)

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="field") as pool:
        try:
            for done, _ in enumerate(pool.map(one, missing)):
                progress((done + 1) / len(missing), tr("Measuring distances"))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
