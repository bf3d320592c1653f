"""How far the tumour stays from the whole surface of the piece it leaves in.

Distances are exact to the tumour's surface mesh. A cut face that passes through tumour is negative
by its deepest point (intralesional). On a surface of the piece's own the tumour cannot be beyond it:
where tumour is the surface, the distance is 0, which is no cut through tumour but no margin either.
Parts are told apart by the vertebra's own axes; *left* is the patient's left.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planning.geometry.frames import Floats, Vec3, vec3
from planning.geometry.mesh import Mesh
from planning.kernel.surface import surface_of
from planning.kernel.triangle_tree import Forest, forest_of, nearest, signed_distances
from planning.model.anatomy import Anatomy
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Plan
from planning.model.structures import Structure
from planning.progress import Progress
from planning.resection.axes import CANALS, VertebraAxes
from planning.resection.pieces import Resection
from planning.resection.specimen_surface import SurfacePoints, surface_points
from planning.resection.tissue import plan_tumours
from planning.segmentation.surfaces import Surfaces, smoothing_of
from planning.texts import tr

SURFACES = (
    "cranial", "caudal", "pedicle left", "pedicle right", "other cut",
    "epidural", "anterior", "posterior", "lateral left", "lateral right",
)  # fmt: skip
CLOSE_MM = 2.0
"""Area closer than this is reported for every surface (CLINICAL 3.1)."""

_STEEP = 0.7  # cosine: a surface that looks this squarely along an axis belongs to it
_CANAL_WALL = 1.8  # canal radii: what looks at the canal from within this bounds the epidural space
_END_KINDS = (OsteotomyKind.DISC, OsteotomyKind.VERTEBRAL_BODY)


@dataclass(frozen=True)
class RawSpecimenMargin:
    """Distance from the tumour to one part of its piece's surface.

    Parameters
    ----------
    surface : str
        One of `SURFACES`.
    value_mm : float or None
        Smallest distance; below zero the surface passes through tumour. None where nothing may
        be said, with `reason` a code: ``no_mr``, ``epidural_tumour``, ``no_specimen``.
    p5_mm, area_under_2mm_mm2, area_mm2 : float or None
        5th percentile by area, area closer than 2 mm, and whole area of this part.
    tumour_point_lps_mm, surface_point_lps_mm : Vec3 or None
        The two closest points.
    osteotomies : tuple of str
        The cuts whose faces make this part; empty for a natural surface.
    """

    surface: str
    value_mm: float | None
    p5_mm: float | None = None
    area_under_2mm_mm2: float | None = None
    area_mm2: float | None = None
    tumour_point_lps_mm: Vec3 | None = None
    surface_point_lps_mm: Vec3 | None = None
    osteotomies: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class _Part:
    """Points of one part of the surface, with their distances."""

    points_lps_mm: Floats
    distance_mm: Floats
    area_mm2: Floats
    osteotomy: Osteotomy | None


def specimen_margins(
    resection: Resection,
    anatomy: Anatomy,
    plan: Plan,
    progress: Progress,
    surfaces: Surfaces | None = None,
) -> tuple[RawSpecimenMargin, ...]:
    """Return the margin of every part of the surface of the piece that holds most of the tumour.

    Parameters
    ----------
    resection : Resection
        Of the same anatomy and plan.
    anatomy : Anatomy
    plan : Plan
    progress : Progress
    surfaces : Surfaces, optional
        Surfaces of the anatomy; without them the tumour's is made here.

    Returns
    -------
    tuple of RawSpecimenMargin
        In the order of `SURFACES`, those that exist, and the epidural one always. Empty without a
        tumour.
    """
    tumours = plan_tumours(anatomy, plan)
    if not tumours:
        return ()
    piece = resection.specimen
    if piece is None or resection.ground is None or piece.tumour_mm3 <= 0:
        return tuple(
            RawSpecimenMargin(s, None, reason="no_specimen") for s in ("cranial", "caudal", "epidural")
        )
    progress(0.0, tr("Measuring the specimen's surface"))
    forest = forest_of(tumour_meshes(anatomy, tumours, surfaces))
    axes = {lv: a for lv, a in resection.ground.axes.items() if lv in piece.levels} or resection.ground.axes
    parts: dict[str, list[_Part]] = {}
    sampled = surface_points(resection, piece, plan)
    cuts = _cut_names(sampled, axes)
    for points in sampled:
        distance = distances_mm(forest, points.points_lps_mm)
        if points.osteotomy is None:
            distance = np.where(points.sick, 0.0, np.maximum(distance, 0.0))
        for name, part in _named(points, distance, axes, cuts):
            parts.setdefault(name, []).append(part)
    progress(0.9, tr("Measuring the specimen's surface"))
    withheld = _epidural_reason(anatomy, tumours)
    margins = []
    for name in SURFACES:
        if name == "epidural" and withheld is not None:
            margins.append(RawSpecimenMargin(name, None, reason=withheld))
        elif name in parts:
            margins.append(_margin(name, parts[name], forest))
    return tuple(margins)


def tumour_meshes(
    anatomy: Anatomy, tumours: Sequence[Structure], surfaces: Surfaces | None = None
) -> tuple[Mesh, ...]:
    """Return the closed surfaces of tumours, taken from `surfaces` where they are there."""
    meshes = []
    for tumour in tumours:
        mesh = surfaces.mesh(tumour.id) if surfaces is not None else None
        bounds = tumour.mask.bounds_kji
        if mesh is None and bounds is not None:
            start, stop = bounds
            box = tumour.mask.box(start, (stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]))
            mesh = surface_of(box, start, anatomy.grid, smoothing_of(tumour.kind)).mesh
        if mesh is not None:
            meshes.append(mesh)
    return tuple(meshes)


def distances_mm(forest: Forest, points_lps_mm: Floats) -> Floats:
    """Return the signed distance of points, shape (n, 3), from all meshes of a forest together."""
    points = np.ascontiguousarray(points_lps_mm, dtype=np.float64)
    each = [signed_distances(forest, mesh, points) for mesh in range(len(forest.roots))]
    return np.asarray(np.min(each, axis=0))


def _named(
    points: SurfacePoints, distance_mm: Floats, axes: Mapping[str, VertebraAxes], cuts: Mapping[str, str]
) -> Iterator[tuple[str, _Part]]:
    if not len(distance_mm):
        return
    if points.osteotomy is not None:
        names = np.full(len(distance_mm), cuts[points.osteotomy.id])
    else:
        names = _own_names(points, axes)
    for name in np.unique(names):
        at = names == name
        part = _Part(points.points_lps_mm[at], distance_mm[at], points.area_mm2[at], points.osteotomy)
        yield str(name), part


def _cut_names(sampled: Sequence[SurfacePoints], axes: Mapping[str, VertebraAxes]) -> dict[str, str]:
    """Name every cut by its larger face: a blade that ends inside the piece leaves two."""
    names: dict[str, str] = {}
    for points in sorted(sampled, key=lambda p: -len(p.area_mm2)):
        if points.osteotomy is not None:
            names.setdefault(points.osteotomy.id, _cut_name(points, points.osteotomy, axes))
    return names


def _cut_name(points: SurfacePoints, osteotomy: Osteotomy, axes: Mapping[str, VertebraAxes]) -> str:
    middle = points.points_lps_mm.mean(axis=0)
    own = min(axes.values(), key=lambda a: abs(float(a.local(middle[None])[0, 2])))
    if osteotomy.kind is OsteotomyKind.PEDICLE:
        left = (
            osteotomy.side == "left"
            if osteotomy.side in ("left", "right")
            else own.local(middle[None])[0, 0] > 0
        )
        return "pedicle left" if left else "pedicle right"
    rise = float(points.outward_lps[0] @ np.asarray(own.superior))
    least = 0.3 if osteotomy.kind in _END_KINDS else 0.8
    if osteotomy.kind in (*_END_KINDS, OsteotomyKind.FREE) and abs(rise) > least:
        return "cranial" if rise > 0 else "caudal"
    return "other cut"


def _own_names(points: SurfacePoints, axes: Mapping[str, VertebraAxes]) -> NDArray[np.str_]:
    """Name the parts of the piece's own surface by where they lie and which way they look."""
    frames = list(axes.values())
    local = np.stack([a.local(points.points_lps_mm) for a in frames])
    own = np.abs(local[:, :, 2]).argmin(axis=0)
    at = local[own, np.arange(len(own))]
    rows = np.stack([np.array([a.left, a.anterior, a.superior]) for a in frames])[own]
    looks = np.einsum("nij,nj->ni", rows, points.outward_lps)
    radius = np.array([a.canal_radius_mm or 0.0 for a in frames])[own]
    ahead = at[:, 1] > np.array([a.front_mm for a in frames])[own]
    steep = np.abs(looks[:, 2]) >= _STEEP
    backwards = ~steep & (looks[:, 1] < -_STEEP)
    # Endplates, not the undersides of pedicles: the outer thirds of the height in front of the canal.
    body = at[:, 1] > radius
    low, high = np.percentile(at[body, 2], (2, 98)) if body.any() else (0.0, 0.0)
    rise = (at[:, 2] - low) / max(high - low, 1e-6)
    return np.select(
        [
            _bounds_canal(at, looks, radius) & ~steep,
            backwards & ahead & (radius == 0),
            backwards & ~ahead,
            steep & body & (looks[:, 2] > 0) & (rise > 2 / 3),
            steep & body & (looks[:, 2] < 0) & (rise < 1 / 3),
            ~steep & (looks[:, 1] > _STEEP),
            at[:, 0] > 0,
        ],
        ["epidural", "epidural", "posterior", "cranial", "caudal", "anterior", "lateral left"],
        "lateral right",
    )


def _bounds_canal(at: Floats, looks: Floats, radius: Floats) -> NDArray[np.bool_]:
    """Say which points look at the canal from close by."""
    away = np.hypot(at[:, 0], at[:, 1])
    inwards = -(looks[:, 0] * at[:, 0] + looks[:, 1] * at[:, 1]) / np.maximum(away, 1e-9)
    return np.asarray((inwards > 0.5) & (away < _CANAL_WALL * radius))


def _margin(name: str, parts: Sequence[_Part], forest: Forest) -> RawSpecimenMargin:
    points = np.concatenate([p.points_lps_mm for p in parts])
    distance = np.concatenate([p.distance_mm for p in parts])
    area = np.concatenate([p.area_mm2 for p in parts])
    closest = int(np.argmin(distance))
    cuts = dict.fromkeys(p.osteotomy.id for p in parts if p.osteotomy is not None)
    return RawSpecimenMargin(
        surface=name,
        value_mm=float(distance[closest]),
        p5_mm=_percentile(distance, area, 0.05),
        area_under_2mm_mm2=float(area[distance < CLOSE_MM].sum()),
        area_mm2=float(area.sum()),
        tumour_point_lps_mm=_nearest_point(forest, points[closest]),
        surface_point_lps_mm=vec3(points[closest]),
        osteotomies=tuple(cuts),
    )


def _percentile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(summed, share * summed[-1])])


def _nearest_point(forest: Forest, point: Floats) -> Vec3:
    found = [nearest(forest, mesh, point[0], point[1], point[2], np.inf) for mesh in range(len(forest.roots))]
    return vec3(min(found)[2:5])


def _epidural_reason(anatomy: Anatomy, tumours: Sequence[Structure]) -> str | None:
    """Return why the epidural margin may not be given, or None."""
    if not anatomy.epidural_assessable:
        return "no_mr"
    for tumour in tumours:
        bounds = tumour.mask.bounds_kji
        if bounds is None:
            continue
        start = (bounds[0][0] - 1, bounds[0][1] - 1, bounds[0][2] - 1)
        shape = tuple(b - a + 1 for a, b in zip(start, bounds[1], strict=True))
        box = (shape[0], shape[1], shape[2])
        grown = _grown(tumour.mask.box(start, box))
        for canal in anatomy.of_kind(*CANALS):
            if (grown & canal.mask.box(start, box)).any():
                return "epidural_tumour"
    return None


def _grown(voxels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the voxels and their 6-neighbours."""
    grown = voxels.copy()
    for axis in range(3):
        for step in (1, -1):
            grown |= np.roll(voxels, step, axis=axis)
    return grown
