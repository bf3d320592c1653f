"""The demo plan: an en bloc resection of T10 and T11, placed by hand on LIDC-IDRI-0001.

It is sensible and deliberately not all green: the tumour reaches the left T10 pedicle, so the ring is
opened through the left lamina there; the caudal end cut runs close to the aorta; one guard is missing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import ConvexHull

from planning.errors import PlanInvalid
from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Grid, Vec3, unit, vec3
from planning.model.osteotomy import CutSide, Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from planning.model.tools import Tool, ToolLibrary

Bools = NDArray[np.bool_]

LESION = "simulated lesion"
_SCALPEL, _WIRE = "ultrasonic_bone_scalpel", "t_saw"
_SPINE_AXIS = np.array(unit((-0.15, 0.25, 0.955)))
_ANTERIOR = np.array(unit(np.array((0.0, -1.0, 0.0)) + 0.25 * _SPINE_AXIS))
_LEFT = np.array(unit(np.cross(_SPINE_AXIS, _ANTERIOR)))


class _Row(NamedTuple):
    """One cut of the ring or of a rib; points in LPS mm."""

    kind: OsteotomyKind
    level: str
    side: CutSide
    origin: Vec3
    normal: ArrayLike
    advance: ArrayLike
    width_mm: float
    depth_mm: float
    step: int
    group: str
    tool: str
    guards: tuple[str, ...] = ()


class _End(NamedTuple):
    """One end cut: a point and the normal of the disc's middle plane, fitted to the two endplates."""

    id: str
    levels: tuple[str, str]
    centre: Vec3
    normal: Vec3
    step: int
    guards: tuple[str, ...] = ()


_RIB, _PEDICLE, _LAMINA = OsteotomyKind.RIB, OsteotomyKind.PEDICLE, OsteotomyKind.LAMINA
_PLEURA_LEFT = ("pleural retractor: left lung",)
_PLEURA_RIGHT = ("pleural retractor: right lung",)
# Ribs are cut some 3 cm lateral to the costotransverse joint, along the pleura, not towards it. Wire
# saws leave the canal outwards. The tumour sits in the left T10 pedicle, so the lamina is cut there.
_ROWS = (
    _Row(
        _RIB,
        "T10",
        "left",
        (62, 100, -199),
        (0.93, 0.10, -0.35),
        (-0.3, 0, -1),
        16,
        22,
        2,
        "ribs",
        _SCALPEL,
        _PLEURA_LEFT,
    ),
    _Row(
        _RIB,
        "T10",
        "right",
        (-47, 94, -199),
        (-0.93, 0.10, -0.35),
        (0.3, 0, -1),
        16,
        24,
        2,
        "ribs",
        _SCALPEL,
        _PLEURA_RIGHT,
    ),
    _Row(
        _RIB,
        "T11",
        "left",
        (62, 95, -229),
        (0.90, 0.12, -0.42),
        (-0.3, 0, -1),
        16,
        24,
        2,
        "ribs",
        _SCALPEL,
        _PLEURA_LEFT,
    ),
    _Row(
        _RIB,
        "T11",
        "right",
        (-41, 87.5, -236),
        (-0.88, 0.12, -0.45),
        (0.3, 0, -1),
        16,
        24,
        2,
        "ribs",
        _SCALPEL,
        _PLEURA_RIGHT,
    ),
    _Row(
        _LAMINA,
        "T10",
        "left",
        (12.5, 89, -212),
        _LEFT,
        -_ANTERIOR,
        34,
        24,
        5,
        "T10 ring",
        _SCALPEL,
        ("dural guard: spinal_canal",),
    ),
    _Row(_PEDICLE, "T10", "right", (-1.2, 87, -203), _ANTERIOR, -_LEFT, 26, 16, 5, "T10 ring", _WIRE),
    _Row(_PEDICLE, "T11", "left", (18.4, 82, -229), _ANTERIOR, _LEFT, 26, 16, 5, "T11 ring", _WIRE),
    _Row(_PEDICLE, "T11", "right", (2.6, 82, -230.5), _ANTERIOR, -_LEFT, 26, 16, 5, "T11 ring", _WIRE),
)
_ENDS = (
    _End(
        "cranial",
        ("T9", "T10"),
        (4.1, 71.8, -194.7),
        (-0.103, 0.148, 0.984),
        9,
        ("malleable retractor: aorta",),
    ),
    _End("caudal", ("T11", "T12"), (14.3, 57.4, -241.4), (-0.141, 0.261, 0.955), 10),
)
_RELEASES = (
    ("facet/T9-T10/left", 4),
    ("facet/T9-T10/right", 4),
    ("facet/T11-T12/left", 4),
    ("facet/T11-T12/right", 4),
)


def placed(
    origin: ArrayLike,
    normal: ArrayLike,
    advance: ArrayLike,
    width_mm: float,
    depth_mm: float,
    kerf_mm: float,
    overshoot_mm: float,
) -> Blade:
    """Return a rectangular blade; `advance` is turned to lie exactly in the plane of `normal`."""
    n = np.array(unit(normal))
    along = np.asarray(advance, dtype=np.float64)
    return Blade(
        vec3(origin), unit(n), unit(along - np.dot(along, n) * n), width_mm, depth_mm, kerf_mm, overshoot_mm
    )


def end_cut(
    grid: Grid,
    bodies: Bools,
    canal: Bools,
    centre: ArrayLike,
    normal: ArrayLike,
    kerf_mm: float,
    overshoot_mm: float,
) -> Blade:
    """Return a disc cut leaving the epidural space forwards: disc outline + 2 mm, 1 mm clear of the canal.

    Parameters
    ----------
    grid : Grid
    bodies, canal : array of bool, shape `grid.shape_kji`
        The two vertebral bodies beside the disc, and the canal content.
    centre, normal : LPS
        A point and the normal of the disc's middle plane.
    kerf_mm, overshoot_mm : float
    """
    flat = placed(centre, normal, _ANTERIOR, 100.0, 100.0, kerf_mm, overshoot_mm)
    outline = _near_plane(grid, bodies, flat, 5.0)
    hull = outline[ConvexHull(outline).vertices]
    sac = _near_plane(grid, canal, flat, 1.5)
    middle = hull.mean(axis=0)
    points = []
    for angle in np.linspace(0, 2 * np.pi, 72, endpoint=False):
        ray = np.array([np.cos(angle), np.sin(angle)])
        reach = _reach(hull, middle, ray) + 2.0
        ahead = (sac - middle) @ ray
        beside = np.abs((sac - middle) @ np.array([-ray[1], ray[0]]))
        blocking = ahead[(beside < 1.0) & (ahead > 0)]
        points.append(middle + ray * min(reach, float(blocking.min(initial=np.inf)) - 1.0))
    footprint = np.array(points)
    back, half = footprint[:, 1].min(), np.abs(footprint[:, 0]).max() + 1.0
    footprint[:, 1] -= back
    origin = flat.to_lps((0.0, back, 0.0))
    depth = float(footprint[:, 1].max()) + 0.5
    return Blade(
        vec3(origin),
        flat.normal_lps,
        flat.advance_lps,
        2 * half,
        depth,
        kerf_mm,
        overshoot_mm,
        tuple((round(float(a), 2), round(float(b), 2)) for a, b in footprint),
    )


def demo_plan(grid: Grid, bodies: dict[str, Bools], canal: Bools, tools: ToolLibrary) -> Plan:
    """Return the plan.

    Parameters
    ----------
    grid : Grid
    bodies : dict of level to array of bool
        Vertebral bodies without arch for T9 to T12.
    canal : array of bool
    tools : ToolLibrary
        The standard tools.
    """
    cuts = [_ring_or_rib_cut(row, tools) for row in _ROWS]
    for row in _ENDS:
        scalpel = _tool(tools, _SCALPEL)
        body = bodies[row.levels[0]] | bodies[row.levels[1]]
        blade = end_cut(grid, body, canal, row.centre, row.normal, scalpel.kerf_mm, scalpel.overshoot_mm)
        cuts.append(
            Osteotomy(
                row.id,
                OsteotomyKind.DISC,
                _SCALPEL,
                blade,
                "/".join(row.levels) + " disc",
                row.levels[0],
                "midline",
                f"{row.id} end",
                row.step,
                row.guards,
            )
        )
    vessels = [f"{level} {side}" for level in ("T10", "T11") for side in ("left", "right")]
    return Plan(
        name="Plan A",
        target_levels=("T10", "T11"),
        tumour=LESION,
        required_margin_mm=2.0,
        osteotomies=tuple(cuts),
        structure_actions=tuple(StructureAction(vessel, Action.LIGATE, 8) for vessel in vessels),
        mobilised=(Mobilisation("aorta", "malleable retractor", 8, "vascular surgeon"),),
        releases=tuple(Release(link, step) for link, step in _RELEASES),
    )


def _ring_or_rib_cut(row: "_Row", tools: ToolLibrary) -> Osteotomy:
    tool = _tool(tools, row.tool)
    blade = placed(
        row.origin, row.normal, row.advance, row.width_mm, row.depth_mm, tool.kerf_mm, tool.overshoot_mm
    )
    cut_id = "-".join((row.kind.value, row.level.lower(), row.side))
    name = f"{row.side.capitalize()} {row.level} {row.kind.value}"
    return Osteotomy(
        cut_id, row.kind, row.tool, blade, name, row.level, row.side, row.group, row.step, row.guards
    )


def _tool(tools: ToolLibrary, tool_id: str) -> Tool:
    tool = tools.tool(tool_id)
    if tool is None:
        raise PlanInvalid("NO_TOOL", "The standard tool {tool} is missing from tools.toml.", tool=tool_id)
    return tool


def _near_plane(grid: Grid, voxels: Bools, blade: Blade, within_mm: float) -> Floats:
    local = blade.to_local(grid.to_lps(np.argwhere(voxels)[:, ::-1]))
    return np.asarray(local[np.abs(local[:, 2]) < within_mm, :2])


def _reach(hull: Floats, middle: Floats, ray: Floats) -> float:
    """Distance from `middle` to a convex outline along `ray`."""
    best = 0.0
    for p, q in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        edge = q - p
        det = ray[0] * -edge[1] + ray[1] * edge[0]
        if abs(det) < 1e-12:
            continue
        d = p - middle
        t = (d[0] * -edge[1] + d[1] * edge[0]) / det
        s = (ray[0] * d[1] - ray[1] * d[0]) / det
        if 0 <= s <= 1 and t > best:
            best = float(t)
    return best
