"""Small cases for tests, all of closed form: a grid, a cord, a spine, a plan, a case.

The spine of `tests/phantoms.py` stands with its first level's body centred at the origin and the
others 28 mm below each other; `body_z_mm("T10")` gives a level's height. `Pose` turns, shifts or
mirrors anatomy and plan alike.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from planning.geometry.blade import Blade, Footprint
from planning.geometry.frames import Grid, unit, vec3
from planning.geometry.volume import Volume
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.osteotomy import CutSide, Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from planning.model.structures import Structure, StructureKind
from planning.model.study import Patient, StudyImage
from tests.phantoms import PERIOD_MM, STRAIGHT, Ball, Bools, Floats, Part, Pose, Shape, column

Triple = tuple[float, float, float]
LEVELS = ("T8", "T9", "T10", "T11", "T12", "L1")
TUMOUR = Ball((4.0, 0.0, -2 * PERIOD_MM), 7.0)
"""Wholly inside the T10 body of the standard column."""


def body_z_mm(level: str, levels: tuple[str, ...] = LEVELS) -> float:
    """Return the height of a level's body centre in the column's own millimetres."""
    return -PERIOD_MM * levels.index(level)


def a_grid(
    low_mm: Triple,
    high_mm: Triple,
    spacing_ijk_mm: Triple = (1.0, 1.0, 1.0),
    pose: Pose = STRAIGHT,
    flipped_ijk: tuple[bool, bool, bool] = (False, False, False),
) -> Grid:
    """Return a grid whose voxels fill a box of local millimetres, turned by `pose`."""
    count = [int(np.ceil((h - lo) / s)) for lo, h, s in zip(low_mm, high_mm, spacing_ijk_mm, strict=True)]
    first, step = [], []
    for lo, n, s, flip in zip(low_mm, count, spacing_ijk_mm, flipped_ijk, strict=True):
        first.append(lo + (n - 0.5) * s if flip else lo + 0.5 * s)
        step.append(-1.0 if flip else 1.0)
    directions = pose.matrix @ np.diag(step)
    return Grid.from_axes((count[2], count[1], count[0]), pose.point(first), directions, spacing_ijk_mm)


def a_mask(grid: Grid, shape: Shape, pose: Pose = STRAIGHT) -> Mask:
    """Return the voxels whose centres lie inside a shape given in local millimetres."""
    x, y, z = _local_centres(grid, pose)
    return Mask.from_array(shape(x, y, z).reshape(grid.shape_kji))


def a_cord_cylinder(
    radius_mm: float = 5.0,
    length_mm: float = 60.0,
    spacing_ijk_mm: Triple = (1.0, 1.0, 1.0),
    pose: Pose = STRAIGHT,
    kind: StructureKind = StructureKind.SPINAL_CORD,
) -> Anatomy:
    """Return a cylinder along z through the origin, ending 5 mm inside its image."""
    reach, half = radius_mm + 15.0, length_mm / 2
    grid = a_grid((-reach, -reach, -half - 5), (reach, reach, half + 5), spacing_ijk_mm, pose)

    def cylinder(x: Floats, y: Floats, z: Floats) -> Bools:
        return np.asarray((np.hypot(x, y) <= radius_mm) & (np.abs(z) <= half))

    return Anatomy(grid, (Structure(kind.value, kind, a_mask(grid, cylinder, pose)),))


@lru_cache(maxsize=32)
def a_vertebral_column(
    levels: tuple[str, ...] = LEVELS,
    spacing_ijk_mm: Triple = (1.0, 1.0, 1.0),
    tumour: Ball | None = TUMOUR,
    discs: bool = True,
    ribs: bool = True,
    exclusive: bool = True,
    pose: Pose = STRAIGHT,
    grid_pose: Pose | None = None,
    flipped_ijk: tuple[bool, bool, bool] = (False, False, False),
) -> Anatomy:
    """Return a spine with canal, cord, aorta and azygos vein.

    Parameters
    ----------
    tumour : Ball or None
        In the column's own millimetres; named ``lesion 1``.
    exclusive : bool
        A label map's masks: tumour voxels are missing from the bone. Else the masks overlap.
    pose : Pose
        Where the anatomy lies in LPS.
    grid_pose : Pose, optional
        How the image lies; along with the anatomy unless given.
    """
    low = (-68.0, -38.0, -PERIOD_MM * (len(levels) - 1) - 24.0)
    high = (68.0, 52.0, 24.0)
    grid = a_grid(low, high, spacing_ijk_mm, grid_pose or replace(pose, mirrored=False), flipped_ijk)
    x, y, z = _local_centres(grid, pose)
    parts = list(column(levels, discs, ribs))
    if tumour is not None:
        cz, r = tumour.centre_mm[2], tumour.radius_mm
        parts.insert(0, Part(StructureKind.TUMOUR, tumour, (cz - r, cz + r), name="lesion 1"))
    free = np.ones(x.shape, dtype=bool)
    structures = []
    for part in parts:
        at = np.flatnonzero((z >= part.z_range_mm[0]) & (z <= part.z_range_mm[1]))
        at = at[part.shape(x[at], y[at], z[at])]
        is_bone = part.kind in (StructureKind.VERTEBRA, StructureKind.DISC, StructureKind.RIB)
        if is_bone or part.kind is StructureKind.TUMOUR:
            at = at[free[at]]
            free[at] = part.kind is StructureKind.TUMOUR and not exclusive
        voxels = np.zeros(x.shape, dtype=bool)
        voxels[at] = True
        structures.append(_structure(part, Mask.from_array(voxels.reshape(grid.shape_kji)), pose.mirrored))
    return Anatomy(grid, tuple(structures))


def a_blade(
    origin_mm: Triple,
    normal: Triple,
    advance: Triple,
    width_mm: float,
    depth_mm: float,
    kerf_mm: float = 1.0,
    overshoot_mm: float = 3.0,
    footprint_mm: Footprint | None = None,
    pose: Pose = STRAIGHT,
) -> Blade:
    """Return a blade given in local millimetres, moved by `pose`."""
    if footprint_mm is not None and pose.mirrored:
        footprint_mm = tuple((-a, b) for a, b in footprint_mm)
    origin_lps_mm = vec3(pose.point(origin_mm))
    n, a = (unit(pose.direction(unit(v))) for v in (normal, advance))
    return Blade(origin_lps_mm, n, a, width_mm, depth_mm, kerf_mm, overshoot_mm, footprint_mm)


def a_cut(
    cut_id: str,
    kind: OsteotomyKind,
    blade: Blade,
    level: str | None = None,
    side: CutSide | None = None,
    step: int | None = None,
    guards: tuple[str, ...] = (),
) -> Osteotomy:
    """Return an osteotomy by ultrasonic bone scalpel."""
    return Osteotomy(cut_id, kind, "ultrasonic_bone_scalpel", blade, "", level, side, "", step, guards)


def a_plan(
    targets: tuple[str, ...] = ("T10",),
    levels: tuple[str, ...] = LEVELS,
    pose: Pose = STRAIGHT,
    kerf_mm: float = 1.0,
) -> Plan:
    """Return an en bloc plan for the standard column that frees anterior specimen and arch.

    End cuts in the discs above and below the targets; for each target both pedicles and both
    ribs; the inferior facets of the vertebra above; the facet joints below are released.
    """
    z_top, z_low = body_z_mm(targets[0], levels), body_z_mm(targets[-1], levels)
    above, below = levels[levels.index(targets[0]) - 1], levels[levels.index(targets[-1]) + 1]
    up, forward = (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)
    top = a_blade((0, 12.5, z_top + 14), up, forward, 34, 25.5, kerf_mm, pose=pose)
    low = a_blade((0, 12.5, z_low - 14), up, forward, 34, 25.5, kerf_mm, pose=pose)
    cuts = [
        a_cut("cranial", OsteotomyKind.DISC, top, above, "midline", 9),
        a_cut("caudal", OsteotomyKind.DISC, low, targets[-1], "midline", 10),
    ]
    for sign, name in ((1.0, "left"), (-1.0, "right")):
        side: CutSide = _side(name, pose.mirrored)
        facet = a_blade((sign * 11, 35, z_top + 20), up, forward, 8, 10, kerf_mm, pose=pose)
        cuts.append(a_cut(f"lamina-{side}", OsteotomyKind.LAMINA, facet, above, side, 3))
        for level in targets:
            z = body_z_mm(level, levels)
            pedicle = a_blade((sign * 6.4, 15, z + 6), (0, 1, 0), (sign, 0, 0), 14, 10, kerf_mm, pose=pose)
            cuts.append(a_cut(f"pedicle-{level}-{side}", OsteotomyKind.PEDICLE, pedicle, level, side, 5))
            rib = a_blade((sign * 38, 35, z + 3), (1, 0, 0), forward, 20, 28, kerf_mm, pose=pose)
            cuts.append(a_cut(f"rib-{level}-{side}", OsteotomyKind.RIB, rib, level, side, 2))
    releases = tuple(Release(f"facet/{targets[-1]}-{below}/{s}", 4) for s in ("left", "right"))
    return Plan("Plan A", targets, "lesion 1", 2.0, tuple(cuts), releases=releases)


def a_case(anatomy: Anatomy | None = None, plan: Plan | None = None, patient: Patient | None = None) -> Case:
    """Return a case on the standard column with a CT whose bone is 400 HU, tumour 60, the rest -50."""
    anatomy = a_vertebral_column() if anatomy is None else anatomy
    hu_kji = np.full(anatomy.grid.shape_kji, -50, dtype=np.int16)
    for structure in anatomy.structures:
        hu_kji[structure.mask.to_array()] = _HU.get(structure.kind, 40)
    image = StudyImage(
        "ct", Volume(hu_kji, anatomy.grid), "CT", slice_spacing_mm=anatomy.grid.spacing_ijk_mm[2]
    )
    plan = a_full_plan() if plan is None else plan
    return Case("case-1", patient or Patient(), (image,), anatomy, (plan,))


def a_full_plan() -> Plan:
    """Return `a_plan` with vessel actions, a mobilised aorta and a guard, for report and ledger tests."""
    plan = a_plan()
    guarded = replace(plan.osteotomies[0], guards=("malleable retractor: aorta",))
    return replace(
        plan,
        osteotomies=(guarded, *plan.osteotomies[1:]),
        structure_actions=(StructureAction("azygos", Action.LIGATE, 8),),
        mobilised=(Mobilisation("aorta", "malleable retractor", 8, "vascular surgeon"),),
    )


_HU = {StructureKind.VERTEBRA: 400, StructureKind.RIB: 350, StructureKind.DISC: 80, StructureKind.AORTA: 300}


def _local_centres(grid: Grid, pose: Pose) -> tuple[Floats, Floats, Floats]:
    k, j, i = (index.ravel() for index in np.indices(grid.shape_kji))
    local = pose.local(grid.to_lps(np.stack([i, j, k], -1)))
    # A hundredth of a micrometre settles voxel centres that lie exactly on a shape's face.
    local += 1e-5
    return local[:, 0], local[:, 1], local[:, 2]


def _side(name: str, mirrored: bool) -> CutSide:
    left = (name == "left") != mirrored
    return "left" if left else "right"


def _structure(part: Part, mask: Mask, mirrored: bool) -> Structure:
    side = part.side
    if side is not None and mirrored:
        side = "right" if side == "left" else "left"
    words = [part.kind.value, part.level or "", side or "", (part.name or "").replace(" ", "-")]
    return Structure("-".join(w for w in words if w), part.kind, mask, part.level, side, part.name)
