"""The demo plan: an en bloc resection of T10 and T11, placed by hand on LIDC-IDRI-0001.

It is sensible and deliberately not all green: the tumour reaches the left T10 pedicle, so the ring is
opened through the left lamina there; the caudal end cut runs close to the aorta; one guard is missing.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt, map_coordinates
from skimage.measure import approximate_polygon, find_contours

from planning.errors import PlanInvalid
from planning.geometry.blade import Blade, signed_area
from planning.geometry.frames import Floats, Grid, Vec3, unit, vec3
from planning.model.anatomy import Anatomy
from planning.model.osteotomy import CutSide, Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from planning.model.structures import Structure, StructureKind
from planning.model.tools import Tool, ToolLibrary

Bools = NDArray[np.bool_]

_PIXEL_MM = 0.25
LESION = "simulated lesion"
_SPINE_AXIS = np.array(unit((-0.15, 0.25, 0.955)))
_ANTERIOR = np.array(unit(np.array((0.0, -1.0, 0.0)) + 0.25 * _SPINE_AXIS))
_LEFT = np.array(unit(np.cross(_SPINE_AXIS, _ANTERIOR)))


class _Row(NamedTuple):
    """One cut: a rectangle to look in (LPS mm), fitted to the bone it finds there."""

    kind: OsteotomyKind
    levels: tuple[str, ...]
    side: CutSide
    origin: Vec3
    normal: ArrayLike
    advance: ArrayLike
    size_mm: tuple[float, float]
    step: int
    guards: tuple[str, ...] = ()


class _Way(NamedTuple):
    """How cuts of one kind are made: tool, how far past the bone, how clear of what is avoided."""

    tool: str
    past_bone_mm: float
    clear_mm: float


_RIB, _PEDICLE = OsteotomyKind.RIB, OsteotomyKind.PEDICLE
_LAMINA, _DISC = OsteotomyKind.LAMINA, OsteotomyKind.DISC
# A rib's inner face lies on the pleura, so its cut reaches the lung's outline and
# needs a guard. A disc's bones begin half a disc space from its plane.
_WAYS = {
    _RIB: _Way("ultrasonic_bone_scalpel", 1.5, -0.1),
    _LAMINA: _Way("ultrasonic_bone_scalpel", 1.2, 0.35),
    _PEDICLE: _Way("t_saw", 1.2, 0.6),
    _DISC: _Way("ultrasonic_bone_scalpel", 4.0, 0.6),
}
_AVOIDED = frozenset({StructureKind.SPINAL_CANAL, StructureKind.LUNG, StructureKind.AORTA})
_LEFT_PLEURA = ("pleural retractor: left lung",)
_RIGHT_PLEURA = ("pleural retractor: right lung",)
_DURA = ("dural guard: spinal_canal",)
_AORTA = ("malleable retractor: aorta",)
_DOWN_LEFT, _DOWN_RIGHT = (-0.3, 0.0, -1.0), (0.3, 0.0, -1.0)
_WIDE = (60.0, 50.0)
_T10, _T11, _T9_T10, _T11_T12 = ("T10",), ("T11",), ("T9", "T10"), ("T11", "T12")
# Ribs are cut some 3 cm lateral to the costotransverse joint, along the pleura, not towards it. Wire
# saws leave the canal outwards. The tumour sits in the left T10 pedicle, so the lamina is cut there.
# End cuts give the middle and normal of the disc's plane, fitted to the two endplates.
_ROWS = (
    _Row(_RIB, _T10, "left", (62, 100, -199), (0.93, 0.10, -0.35), _DOWN_LEFT, (20, 26), 2, _LEFT_PLEURA),
    _Row(_RIB, _T10, "right", (-47, 94, -199), (-0.93, 0.10, -0.35), _DOWN_RIGHT, (20, 28), 2, _RIGHT_PLEURA),
    _Row(_RIB, _T11, "left", (62, 95, -229), (0.90, 0.12, -0.42), _DOWN_LEFT, (20, 28), 2, _LEFT_PLEURA),
    _Row(_RIB, _T11, "right", (-41, 87.5, -236), (-0.88, 0.12, -0.45), _DOWN_RIGHT, (20, 28), 2),
    _Row(_LAMINA, _T10, "left", (10.5, 84, -212), _LEFT, -_ANTERIOR, (40, 30), 5, _DURA),
    _Row(_PEDICLE, _T10, "right", (1.0, 85, -203), _ANTERIOR, -_LEFT, (28, 18), 5, _DURA),
    _Row(_PEDICLE, _T11, "left", (16.0, 82, -229), _ANTERIOR, _LEFT, (28, 18), 5, _DURA),
    _Row(_PEDICLE, _T11, "right", (5.0, 82, -230.5), _ANTERIOR, -_LEFT, (28, 18), 5),
    _Row(_DISC, _T9_T10, "midline", (4.1, 71.8, -194.7), (-0.103, 0.148, 0.984), _ANTERIOR, _WIDE, 9, _AORTA),
    _Row(_DISC, _T11_T12, "midline", (14.3, 57.4, -241.4), (-0.141, 0.261, 0.955), _ANTERIOR, _WIDE, 10),
)  # fmt: skip
_RELEASES = (
    ("facet/T9-T10/left", 4),
    ("facet/T9-T10/right", 4),
    ("facet/T11-T12/left", 4),
    ("facet/T11-T12/right", 4),
)


def placed(
    origin: ArrayLike, normal: ArrayLike, advance: ArrayLike, width_mm: float, depth_mm: float, tool: Tool
) -> Blade:
    """Return a rectangular blade; `advance` is turned to lie exactly in the plane of `normal`."""
    n = np.array(unit(normal))
    along = np.asarray(advance, dtype=np.float64)
    return Blade(
        vec3(origin),
        unit(n),
        unit(along - np.dot(along, n) * n),
        width_mm,
        depth_mm,
        tool.kerf_mm,
        tool.overshoot_mm,
    )


def fitted(blade: Blade, grid: Grid, bone: Bools, avoid: Bools, way: _Way) -> Blade:
    """Return a blade whose footprint is the bone inside its rectangle with a little over.

    Parameters
    ----------
    blade : Blade
        Its rectangle says where to look.
    grid : Grid
    bone, avoid : array of bool, shape `grid.shape_kji`
        What is cut, and what the footprint stays clear of.
    way : _Way
    """
    half = blade.width_mm / 2
    a, b = np.arange(-half, half, _PIXEL_MM), np.arange(0.0, blade.depth_mm, _PIXEL_MM)
    flat = np.stack(np.meshgrid(a, b, indexing="ij"), axis=-1)
    to_bone = _distance(grid, bone, blade, flat, (0.0,))
    to_avoided = _distance(grid, avoid, blade, flat, (-blade.kerf_mm / 2, 0.0, blade.kerf_mm / 2))
    allowed = np.minimum(way.past_bone_mm - to_bone, to_avoided - way.clear_mm)
    outlines = find_contours(np.pad(allowed, 1, constant_values=-1.0), 0.0)
    longest = max(outlines, key=lambda line: abs(signed_area(line)))
    outline = approximate_polygon(longest, 0.6)[:-1] * _PIXEL_MM + (a[0] - _PIXEL_MM, b[0] - _PIXEL_MM)
    back, side = float(outline[:, 1].min()), float(np.abs(outline[:, 0]).max()) + 0.5
    outline[:, 1] -= back
    return replace(
        blade,
        origin_lps_mm=vec3(blade.to_lps((0.0, back, 0.0))),
        width_mm=2 * side,
        depth_mm=float(outline[:, 1].max()) + 0.5,
        footprint_mm=tuple((round(float(p), 2), round(float(q), 2)) for p, q in outline),
    )


def _distance(grid: Grid, voxels: Bools, blade: Blade, flat: Floats, heights_mm: tuple[float, ...]) -> Floats:
    """Distance from points (a, b) of a blade, least over heights, to the surface of voxels; 0 inside."""
    spacing_kji = grid.spacing_ijk_mm[::-1]
    from_centres = distance_transform_edt(~voxels, sampling=spacing_kji)
    values = []
    for height in heights_mm:
        points = blade.to_lps(np.concatenate([flat, np.full((*flat.shape[:2], 1), height)], axis=-1))
        ijk = grid.to_ijk(points)
        values.append(map_coordinates(from_centres, np.moveaxis(ijk[..., ::-1], -1, 0), order=1, cval=50.0))
    return np.asarray(np.min(values, axis=0) - min(spacing_kji) / 2)


def demo_plan(anatomy: Anatomy, tools: ToolLibrary) -> Plan:
    """Return the plan for the demo's anatomy; needs the standard tools."""
    vessels = [f"{level} {side}" for level in ("T10", "T11") for side in ("left", "right")]
    return Plan(
        name="Plan A",
        target_levels=("T10", "T11"),
        tumour=LESION,
        required_margin_mm=2.0,
        osteotomies=tuple(_cut(row, anatomy, tools) for row in _ROWS),
        structure_actions=tuple(StructureAction(vessel, Action.LIGATE, 8) for vessel in vessels),
        mobilised=(Mobilisation("aorta", "malleable retractor", 8, "vascular surgeon"),),
        releases=tuple(Release(link, step) for link, step in _RELEASES),
    )


def _cut(row: _Row, anatomy: Anatomy, tools: ToolLibrary) -> Osteotomy:
    way = _WAYS[row.kind]
    tool = tools.tool(way.tool)
    if tool is None:
        raise PlanInvalid("NO_TOOL", "The standard tool {tool} is missing from tools.toml.", tool=way.tool)
    window = placed(row.origin, row.normal, row.advance, *row.size_mm, tool)
    if row.kind is _DISC:
        # The row gives the disc's middle; the window reaches as far behind it as before it.
        window = window.moved(-window.depth_mm / 2 * np.asarray(window.advance_lps))
        bone = np.logical_or.reduce([vertebral_body(anatomy, level) for level in row.levels])
    else:
        cut_bone = StructureKind.RIB if row.kind is _RIB else StructureKind.VERTEBRA
        bone = _union(anatomy, lambda s: s.kind is cut_bone and s.level in row.levels)
    avoid = _union(anatomy, lambda s: s.kind in _AVOIDED)
    level = row.levels[0]
    if row.kind is _DISC:
        name, cut_id, group = "/".join(row.levels) + " disc", "-".join(row.levels).lower() + "-disc", ""
    else:
        name = f"{row.side.capitalize()} {level} {row.kind.value}"
        cut_id = "-".join((row.kind.value, level.lower(), row.side))
        group = "ribs" if row.kind is _RIB else f"{level} ring"
    return Osteotomy(
        id=cut_id,
        kind=row.kind,
        tool=way.tool,
        blade=fitted(window, anatomy.grid, bone, avoid, way),
        name=name,
        level=level,
        side=row.side,
        cut_group=group,
        step=row.step,
        guards=row.guards,
    )


def _union(anatomy: Anatomy, wanted: Callable[[Structure], bool]) -> Bools:
    voxels = np.zeros(anatomy.grid.shape_kji, dtype=bool)
    for structure in anatomy.structures:
        if wanted(structure):
            voxels |= structure.mask.to_array()
    return voxels


def canal_of(anatomy: Anatomy) -> Bools:
    """Return the voxels of the canal content."""
    return _union(anatomy, lambda s: s.kind is StructureKind.SPINAL_CANAL)


def vertebral_body(anatomy: Anatomy, level: str) -> Bools:
    """Return the part of a vertebra in front of the canal, slice by slice."""
    canal = canal_of(anatomy)
    vertebra = _union(anatomy, lambda s: s.kind is StructureKind.VERTEBRA and s.level == level)
    j = np.arange(anatomy.grid.shape_kji[1])
    front = np.where(canal.any(axis=(1, 2)), np.argmax(canal.any(axis=2), axis=1), -1)
    return np.asarray(vertebra & (j[None, :, None] <= front[:, None, None]))
