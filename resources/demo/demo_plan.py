"""The demo plan: an en bloc resection of T10 and T11, placed by hand on LIDC-IDRI-0001.

It is sensible and deliberately not all green: the tumour reaches the left T10 pedicle, so the ring is
opened through the left lamina there; the caudal end cut runs close to the aorta; one guard is missing.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planning.errors import PlanInvalid
from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Grid, Vec3, unit, vec3
from planning.model.anatomy import Anatomy
from planning.model.osteotomy import CutSide, Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from planning.model.structures import Structure, StructureKind
from planning.model.tools import Tool, ToolLibrary

Bools = NDArray[np.bool_]

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
    """How cuts of one kind are made: tool, how far over the bone, how clear of what is avoided."""

    tool: str
    over_mm: float
    clear_mm: float
    reach_mm: float


_RIB, _PEDICLE = OsteotomyKind.RIB, OsteotomyKind.PEDICLE
_LAMINA, _DISC = OsteotomyKind.LAMINA, OsteotomyKind.DISC
_WAYS = {
    _RIB: _Way("ultrasonic_bone_scalpel", 1.0, -0.5, 2.0),
    _LAMINA: _Way("ultrasonic_bone_scalpel", 1.0, 0.9, 2.0),
    _PEDICLE: _Way("t_saw", 1.0, 0.9, 2.0),
    _DISC: _Way("ultrasonic_bone_scalpel", 2.0, 1.0, 5.0),
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
    _Row(_LAMINA, _T10, "left", (12.5, 84, -212), _LEFT, -_ANTERIOR, (40, 30), 5, _DURA),
    _Row(_PEDICLE, _T10, "right", (1.5, 87, -203), _ANTERIOR, -_LEFT, (30, 18), 5, _DURA),
    _Row(_PEDICLE, _T11, "left", (15.5, 82, -229), _ANTERIOR, _LEFT, (30, 18), 5, _DURA),
    _Row(_PEDICLE, _T11, "right", (5.5, 82, -230.5), _ANTERIOR, -_LEFT, (30, 18), 5),
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
    """Return a blade whose footprint is the section of the bone inside its rectangle, with a little over.

    Parameters
    ----------
    blade : Blade
        Its rectangle says where to look.
    grid : Grid
    bone, avoid : array of bool, shape `grid.shape_kji`
        What is cut, and what the footprint stays clear of.
    way : _Way
    """
    section = _near_plane(grid, bone, blade, way.reach_mm)
    half = blade.width_mm / 2
    section = section[(np.abs(section[:, 0]) < half) & (section[:, 1] > 0) & (section[:, 1] < blade.depth_mm)]
    barrier = _near_plane(grid, avoid, blade, blade.kerf_mm / 2 + 1.5)
    middle = section.mean(axis=0)
    points = []
    for angle in np.linspace(0, 2 * np.pi, 96, endpoint=False):
        ray = np.array([np.cos(angle), np.sin(angle)])
        aside = np.array([-ray[1], ray[0]])
        reach = _farthest(section - middle, ray, aside, 0.8) + way.over_mm
        ahead = (barrier - middle) @ ray
        blocking = ahead[(np.abs((barrier - middle) @ aside) < way.clear_mm + 0.3) & (ahead > 0)]
        reach = min(reach, float(blocking.min(initial=np.inf)) - way.clear_mm)
        points.append(middle + ray * max(0.5, reach))
    footprint = np.array(points)
    back, half = float(footprint[:, 1].min()), float(np.abs(footprint[:, 0]).max()) + 0.5
    footprint[:, 1] -= back
    return replace(
        blade,
        origin_lps_mm=vec3(blade.to_lps((0.0, back, 0.0))),
        width_mm=2 * half,
        depth_mm=float(footprint[:, 1].max()) + 0.5,
        footprint_mm=tuple((round(float(a), 2), round(float(b), 2)) for a, b in footprint),
    )


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


def _near_plane(grid: Grid, voxels: Bools, blade: Blade, within_mm: float) -> Floats:
    local = blade.to_local(grid.to_lps(np.argwhere(voxels)[:, ::-1]))
    return np.asarray(local[np.abs(local[:, 2]) < within_mm, :2])


def _farthest(points: Floats, ray: Floats, aside: Floats, beside_mm: float) -> float:
    """Return how far the points reach along `ray`."""
    along = points @ ray
    near = (np.abs(points @ aside) < beside_mm) & (along > 0)
    return float(along[near].max(initial=0.0))
