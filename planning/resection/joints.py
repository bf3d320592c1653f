"""Where bones are joined: discs, facets and rib joints, and the voxels that face each other there.

Which joints exist follows from the levels alone, because a gap in a segmentation is no freedom:
a disc and two facet joints between neighbouring vertebrae; for each rib its own vertebra's
costovertebral joint, for ribs 2 to 9 also the one on the vertebra above (for rib 10 only where the
two lie within `REACH_MM`), and for ribs 1 to 10 the costotransverse joint. A segmented disc is a
bone of its own with an end on either vertebra. Where two bones do not touch, the joint is attached
at the voxels that come nearest.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from planning.geometry.frames import Floats, Vec3, vec3
from planning.kernel.slab_volume import surface_voxels
from planning.model.levels import LEVELS, is_next, level_order
from planning.model.structures import Structure, StructureKind
from planning.resection.axes import VertebraAxes
from planning.resection.links import LinkKind
from planning.resection.tissue import Tissue, points_of
from planning.texts import tr

REACH_MM: Final = 3.0
"""Rib 10 joins T9 in some people only: where the two lie this close."""
_SEARCH_MM: Final = 15.0  # joint surfaces are looked for this far round the other bone
_CONTACT_MM: Final = 1.5  # beyond the narrowest place, what still counts as joint surface
_DISC_MM: Final = 8.0  # a disc is this much higher at its highest than at its lowest
_OPPOSITE_MM: Final = 2.5  # endplate voxels face each other where each is the other's nearest
# From the body's centre to the next bone: half a body and a disc are under 20 mm at T11 and 30 mm at L4;
# a whole vertebra between them makes it over 30 and 45 mm.
_VARIANTS_MM: Final = {("T11", "L1"): 26.0, ("L4", "S1"): 38.0}

_Pair = tuple[tuple[str, int], tuple[str, int]]
Chooser = Callable[[Floats], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Cloud:
    """The surface voxels of one bone: flat index, (i, j, k) and LPS."""

    flat: NDArray[np.int64]
    ijk: Floats
    lps_mm: Floats
    tree: cKDTree


@dataclass(frozen=True, eq=False)
class Joint:
    """One joint before any cut.

    Parameters
    ----------
    id, kind, title : as in `planning.resection.links.RawLink`
    bones : tuple of int
        Bone numbers.
    flat_a, flat_b : array of int64, shape (n,)
        Facing voxels, pair by pair.
    starts_ijk, ends_ijk : array, shape (n, 3)
    point_lps_mm : Vec3
    """

    id: str
    kind: LinkKind
    title: str
    bones: tuple[int, int]
    flat_a: NDArray[np.int64]
    flat_b: NDArray[np.int64]
    starts_ijk: Floats
    ends_ijk: Floats
    point_lps_mm: Vec3


@dataclass(frozen=True)
class _Plan:
    """A joint to look for: which part of the two bones' nearness is its own."""

    id: str
    kind: LinkKind
    title: str
    bones: tuple[int, int]
    belongs: Chooser
    reach_mm: float = np.inf


def clouds_of(tissue: Tissue) -> Mapping[int, Cloud]:
    """Return the surface of every bone; tumour outside bone goes to the nearest vertebra."""
    flat = surface_voxels(tissue.tissue_kji)
    ijk, lps = points_of(flat, tissue.grid)
    label = tissue.tissue_kji.reshape(-1)[flat].astype(np.int64)
    vertebrae = [n for n, b in enumerate(tissue.bones, 1) if b.kind in _SPINE]
    hosts, lone = np.isin(label, vertebrae), label > len(tissue.bones)
    if hosts.any() and lone.any():
        nearest = cKDTree(lps[hosts]).query(lps[lone])[1]
        label[lone] = label[hosts][nearest]
    clouds = {}
    for number in range(1, len(tissue.bones) + 1):
        mine = label == number
        if mine.any():
            clouds[number] = Cloud(flat[mine], ijk[mine], lps[mine], cKDTree(lps[mine]))
    return clouds


def joints_of(
    tissue: Tissue, axes: Mapping[str, VertebraAxes], clouds: Mapping[int, Cloud]
) -> tuple[Joint, ...]:
    """Return every joint between the bones of the field."""
    spine = [(level, vertebra_number(tissue, level, clouds)) for level in axes]
    present = [(level, number) for level, number in spine if number]
    plans = [
        *_between_vertebrae(tissue, present, axes, clouds),
        *_of_ribs(tissue, dict(present), axes, clouds),
    ]
    joints = []
    near: dict[tuple[int, int], tuple[NDArray[np.int64], Floats]] = {}
    for plan in plans:
        a, b = (clouds[n] for n in plan.bones)
        if plan.bones not in near:
            near[plan.bones] = _nearest_pairs(a, b)
        joint = _found(plan, a, b, near[plan.bones], tissue.grid.largest_voxel_edge_mm)
        if joint is not None:
            joints.append(joint)
    return tuple(joints)


def vertebra_number(tissue: Tissue, level: str, clouds: Mapping[int, Cloud]) -> int:
    """Return the number of a level's vertebra (the sacrum is S1), or 0."""
    for number, bone in enumerate(tissue.bones, 1):
        if number in clouds and bone.kind in _SPINE and (bone.level or "S1") == level:
            return number
    return 0


def are_neighbours(upper: str, lower: str, axes: Mapping[str, VertebraAxes], lower_cloud: Cloud) -> bool:
    """Whether no vertebra lies between two levels, variants of the lower spine included.

    Eleven thoracic or four lumbar vertebrae look, by their names, like a T12 or L5 that nobody
    segmented; only how near the two lie tells which it is.
    """
    if is_next(upper, lower):
        return True
    if (upper, lower) not in _VARIANTS_MM:
        return False
    apart_mm = float(lower_cloud.tree.query(np.asarray(axes[upper].body_lps_mm))[0])
    return apart_mm <= _VARIANTS_MM[(upper, lower)]


def _between_vertebrae(
    tissue: Tissue,
    spine: list[tuple[str, int]],
    axes: Mapping[str, VertebraAxes],
    clouds: Mapping[int, Cloud],
) -> Iterator[_Plan]:
    pairs = [(a, b) for a, b in pairwise(spine) if are_neighbours(a[0], b[0], axes, clouds[b[1]])]
    discs, alone = _discs(tissue, pairs, clouds)
    for (upper, a), (lower, b) in pairs:
        own, name = axes[upper], f"{upper}-{lower}"
        disc = discs.get((a, b))
        if disc is None:
            yield _Plan(f"disc/{name}", LinkKind.DISC, tr("disc {levels}", levels=name), (a, b), _ahead(own))
        else:
            title = tr("disc {levels} on {level}", levels=name, level=upper)
            yield _Plan(f"disc/{name}/cranial", LinkKind.DISC, title, (a, disc), _anywhere)
            title = tr("disc {levels} on {level}", levels=name, level=lower)
            yield _Plan(f"disc/{name}/caudal", LinkKind.DISC, title, (disc, b), _anywhere)
        title = tr("left facet joint {levels}", levels=name)
        yield _Plan(f"facet/{name}/left", LinkKind.FACET, title, (a, b), _behind(own, 1.0))
        title = tr("right facet joint {levels}", levels=name)
        yield _Plan(f"facet/{name}/right", LinkKind.FACET, title, (a, b), _behind(own, -1.0))
    for disc in alone:
        level = _nearest_level(disc, dict(spine), clouds)
        if level is not None:
            title = tr("disc {levels} on {level}", levels=tissue.bones[disc - 1].level or "", level=level)
            place = f"disc/{tissue.bones[disc - 1].level or tissue.bones[disc - 1].id}/{level}"
            yield _Plan(place, LinkKind.DISC, title, (dict(spine)[level], disc), _anywhere)


def _discs(
    tissue: Tissue, pairs: list[_Pair], clouds: Mapping[int, Cloud]
) -> tuple[dict[tuple[int, int], int], list[int]]:
    """Return which disc lies between which vertebrae, and discs with one end in the field only."""
    placed: dict[tuple[int, int], int] = {}
    alone = []
    for number, bone in enumerate(tissue.bones, 1):
        if bone.kind is StructureKind.DISC and number in clouds:
            place = _disc_place(clouds[number], bone, pairs, clouds)
            if place is None or place in placed:
                alone.append(number)
            else:
                placed[place] = number
    return placed, alone


def _disc_place(
    disc: Cloud, bone: Structure, pairs: list[_Pair], clouds: Mapping[int, Cloud]
) -> tuple[int, int] | None:
    """Return the two vertebrae a disc lies between: of those its level allows, the nearest."""
    best, place = _SEARCH_MM, None
    for (upper, a), (lower, b) in pairs:
        if bone.level in (None, upper, lower):
            apart = max(float(clouds[v].tree.query(disc.lps_mm[::7])[0].min()) for v in (a, b))
            if apart < best:
                best, place = apart, (a, b)
    return place


def _of_ribs(
    tissue: Tissue, spine: Mapping[str, int], axes: Mapping[str, VertebraAxes], clouds: Mapping[int, Cloud]
) -> Iterator[_Plan]:
    for number, rib in enumerate(tissue.bones, 1):
        if rib.kind is not StructureKind.RIB or number not in clouds:
            continue
        level = rib.level or _nearest_level(number, spine, clouds)
        if level is None or level not in spine or not level.startswith("T"):
            continue
        own, rank = axes[level], int(level[1:])
        side = rib.side or ("left" if own.local(clouds[number].lps_mm)[:, 0].mean() > 0 else "right")
        rib_name = tr("left rib {rank}", rank=rank) if side == "left" else tr("right rib {rank}", rank=rank)
        head = f"costovertebral/{level}/{side}"
        title = tr("{rib} on {level} (costovertebral joint)", rib=rib_name, level=level)
        pair = (number, spine[level])
        yield _Plan(head, LinkKind.COSTOVERTEBRAL, title, pair, _rib_head(own))
        if rank <= 10:
            title_ct = tr("{rib} on {level} (costotransverse joint)", rib=rib_name, level=level)
            place = f"costotransverse/{level}/{side}"
            yield _Plan(place, LinkKind.COSTOTRANSVERSE, title_ct, pair, _rib_tubercle(own))
        above = LEVELS[level_order(level) - 1]
        if 2 <= rank <= 10 and above in spine:
            title = tr("{rib} on {level} (costovertebral joint)", rib=rib_name, level=above)
            reach = REACH_MM if rank == 10 else np.inf
            yield _Plan(
                f"{head}/{above}",
                LinkKind.COSTOVERTEBRAL,
                title,
                (number, spine[above]),
                _rib_head(axes[above]),
                reach,
            )


def _nearest_level(number: int, spine: Mapping[str, int], clouds: Mapping[int, Cloud]) -> str | None:
    cloud = clouds[number].lps_mm[::5]
    apart = {level: float(clouds[v].tree.query(cloud)[0].min()) for level, v in spine.items()}
    return min(apart, key=apart.__getitem__, default=None)


def _anywhere(points_lps_mm: Floats) -> NDArray[np.bool_]:
    return np.ones(len(points_lps_mm), dtype=bool)


def _ahead(axes: VertebraAxes) -> Chooser:
    return lambda points: axes.local(points)[:, 1] > axes.front_mm


def _behind(axes: VertebraAxes, side: float) -> Chooser:
    """Choose facets: behind the front of the canal, on one side, not where laminae meet in the middle."""
    off = 0.4 * (axes.canal_radius_mm or 0.0)

    def choose(points: Floats) -> NDArray[np.bool_]:
        local = axes.local(points)
        return np.asarray((local[:, 1] <= axes.front_mm) & (side * local[:, 0] > off))

    return choose


def _rib_head(axes: VertebraAxes) -> Chooser:
    return lambda points: axes.local(points)[:, 1] > -0.5 * (axes.canal_radius_mm or 0.0)


def _rib_tubercle(axes: VertebraAxes) -> Chooser:
    return lambda points: axes.local(points)[:, 1] <= -0.5 * (axes.canal_radius_mm or 0.0)


def _found(
    plan: _Plan, a: Cloud, b: Cloud, near: tuple[NDArray[np.int64], Floats], edge_mm: float
) -> Joint | None:
    pairs, apart = near
    mine = plan.belongs((a.lps_mm[pairs[:, 0]] + b.lps_mm[pairs[:, 1]]) / 2)
    if mine.any():
        pairs, apart = pairs[mine], apart[mine]
    if apart.min() > plan.reach_mm:
        return None
    keep = apart <= apart.min() + max(_CONTACT_MM, edge_mm)
    if plan.kind is LinkKind.DISC:
        keep = (apart <= apart.min() + _DISC_MM) & _opposite(pairs, a, b, _OPPOSITE_MM + edge_mm) | keep
    pairs = pairs[keep]
    middle = ((a.lps_mm[pairs[:, 0]] + b.lps_mm[pairs[:, 1]]) / 2).mean(axis=0)
    return Joint(
        plan.id, plan.kind, plan.title, plan.bones,
        a.flat[pairs[:, 0]], b.flat[pairs[:, 1]], a.ijk[pairs[:, 0]], b.ijk[pairs[:, 1]], vec3(middle),
    )  # fmt: skip


def _nearest_pairs(a: Cloud, b: Cloud) -> tuple[NDArray[np.int64], Floats]:
    """Return each surface's voxels with their nearest on the other, shape (n, 2), and the distances."""
    reach = _SEARCH_MM
    while True:
        pairs = np.concatenate([_nearest(a, b, reach), _nearest(b, a, reach)[:, ::-1]])
        if len(pairs):
            pairs = np.unique(pairs, axis=0)
            return pairs, np.linalg.norm(a.lps_mm[pairs[:, 0]] - b.lps_mm[pairs[:, 1]], axis=1)
        reach *= 2


def _nearest(mine: Cloud, other: Cloud, reach_mm: float) -> NDArray[np.int64]:
    """Return my voxels and the other's nearest to each within reach, shape (n, 2)."""
    low, high = other.lps_mm.min(axis=0) - reach_mm, other.lps_mm.max(axis=0) + reach_mm
    beside = np.flatnonzero(((mine.lps_mm >= low) & (mine.lps_mm <= high)).all(axis=1))
    apart, nearest = other.tree.query(mine.lps_mm[beside], distance_upper_bound=reach_mm)
    found = np.isfinite(apart)
    return np.column_stack([beside[found], nearest[found]])


def _opposite(pairs: NDArray[np.int64], a: Cloud, b: Cloud, within_mm: float) -> NDArray[np.bool_]:
    """Say which pairs face each other: the nearest voxel of each is close to the other."""
    back_a = a.tree.query(b.lps_mm[pairs[:, 1]])[1]
    back_b = b.tree.query(a.lps_mm[pairs[:, 0]])[1]
    off_a = np.linalg.norm(a.lps_mm[back_a] - a.lps_mm[pairs[:, 0]], axis=1)
    off_b = np.linalg.norm(b.lps_mm[back_b] - b.lps_mm[pairs[:, 1]], axis=1)
    return np.asarray((off_a <= within_mm) & (off_b <= within_mm))


_SPINE: Final = (StructureKind.VERTEBRA, StructureKind.SACRUM)
