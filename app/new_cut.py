"""A new cut as a starting position to adjust: from the kind, the crosshair or a level's anatomy."""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Vec3, unit, vec3
from planning.model.case import Case
from planning.model.osteotomy import CutSide, Osteotomy, OsteotomyKind
from planning.model.structures import StructureKind
from planning.model.tools import Tool, ToolLibrary
from planning.resection.axes import VertebraAxes
from planning.resection.starting_cuts import body_blade, disc_blade, rib_blade, sagittal_blade, spine_of
from planning.segmentation.surfaces import Surfaces
from planning.texts import tr
from widgets.stages.cuts_panel import SIDED, NewCut
from widgets.tables.cut_rows import KIND_WORDS

_ANTERIOR: Final[Vec3] = (0.0, -1.0, 0.0)
_OWN: Final = {"left": np.array([1.0, 0.0, 0.0]), "up": np.array([0.0, 0.0, 1.0])}  # left, forward, up
_PREFERRED_TOOLS: Final = {
    OsteotomyKind.DISC: "t_saw",
    OsteotomyKind.VERTEBRAL_BODY: "t_saw",
    OsteotomyKind.PEDICLE: "t_saw",
}
_EVERY: Final = 3  # vertices of a surface lie within a millimetre of each other
_OTHERWISE: Final = "ultrasonic_bone_scalpel"


@dataclass(frozen=True)
class _Shape:
    """Size and direction of a kind's first blade; it advances forward."""

    normal: Literal["up", "left"]
    width_mm: float
    depth_mm: float


_SHAPES: Final = {
    OsteotomyKind.DISC: _Shape("up", 60.0, 40.0),
    OsteotomyKind.VERTEBRAL_BODY: _Shape("up", 60.0, 40.0),
    OsteotomyKind.FREE: _Shape("up", 50.0, 40.0),
    OsteotomyKind.SAGITTAL: _Shape("left", 40.0, 55.0),
    OsteotomyKind.PEDICLE: _Shape("left", 24.0, 22.0),
    OsteotomyKind.LAMINA: _Shape("left", 34.0, 16.0),
    OsteotomyKind.RIB: _Shape("left", 22.0, 24.0),
}
# How far to the side of the canal's middle, forward of it and up from it, a kind starts.
_PLACE_MM: Final = {
    OsteotomyKind.PEDICLE: (14.0, 8.0, 0.0),
    OsteotomyKind.LAMINA: (11.0, -12.0, 0.0),
    OsteotomyKind.RIB: (42.0, 0.0, 0.0),
}


def new_cut(
    wish: NewCut, case: Case, surfaces: Surfaces | None, crosshair_lps_mm: Vec3, tools: ToolLibrary
) -> Osteotomy:
    """Return a cut for a wish, with an id and name no other cut of the plan has."""
    tool = _tool_for(wish.kind, tools)
    blade = _from_the_anatomy(wish, case, surfaces, tool) or _at(wish.kind, crosshair_lps_mm, tool)
    if wish.level is None:
        wish = _where_it_lands(wish, case, surfaces, crosshair_lps_mm)
    name = free_name(_name(wish, case), {o.title for o in case.plan.osteotomies})
    taken = {o.id for o in case.plan.osteotomies}
    steps = [o.step for o in case.plan.osteotomies if o.step is not None]
    return Osteotomy(
        id=free_id(wish.kind.value, taken),
        kind=wish.kind,
        tool=tool.id,
        blade=blade,
        name=name,
        level=wish.level,
        side=wish.side,
        step=max(steps, default=0) + 1,
    )


def level_and_side(
    point_lps_mm: Vec3, case: Case, surfaces: Surfaces | None
) -> tuple[str | None, CutSide | None]:
    """Return the level of the vertebra nearest to a point and the patient's side of it the point is on."""
    nearest: tuple[float, str, float] | None = None
    for level, points in _vertebrae(case, surfaces).items():
        away = np.asarray(point_lps_mm) - points
        squared = float((away**2).sum(axis=1).min())
        if nearest is None or squared < nearest[0]:
            nearest = squared, level, float(away[:, 0].mean())
    if nearest is None:
        return None, None
    return nearest[1], "left" if nearest[2] > 0 else "right"


def _vertebrae(case: Case, surfaces: Surfaces | None) -> dict[str, Floats]:
    """Return points of each labelled vertebra's surface, LPS mm."""
    bones = case.anatomy.of_kind(StructureKind.VERTEBRA) if case.anatomy is not None else ()
    meshes = {b.level: surfaces.mesh(b.id) for b in bones if b.level is not None} if surfaces else {}
    return {
        level: mesh.vertices_lps_mm[::_EVERY].astype(np.float64)
        for level, mesh in meshes.items()
        if mesh is not None and len(mesh.vertices_lps_mm)
    }


def _where_it_lands(wish: NewCut, case: Case, surfaces: Surfaces | None, point_lps_mm: Vec3) -> NewCut:
    """Return the wish with the level, and the side where its kind has one, that the crosshair is at."""
    level, side = level_and_side(point_lps_mm, case, surfaces)
    if wish.kind is OsteotomyKind.DISC and case.anatomy is not None:
        heights = {lv: float(points[:, 2].mean()) for lv, points in _vertebrae(case, surfaces).items()}
        above = [lv for lv in case.anatomy.levels if heights.get(lv, -np.inf) > point_lps_mm[2]]
        level = above[-1] if above else level
    return replace(wish, level=level, side=side if wish.kind in SIDED else None)


def _from_the_anatomy(wish: NewCut, case: Case, surfaces: Surfaces | None, tool: Tool) -> Blade | None:
    """Return the blade a level's own shape gives; None at the crosshair, or where it is not segmented."""
    if wish.level is None or case.anatomy is None or surfaces is None:
        return None
    present = case.anatomy.levels
    at = present.index(wish.level) if wish.level in present else 0
    spine = spine_of(case.anatomy, surfaces, present[max(at - 1, 0) : at + 2])
    if wish.level not in spine.axes:
        return None
    side: CutSide = wish.side or "left"
    blade = None
    match wish.kind:
        case OsteotomyKind.DISC:
            other = spine.neighbour(wish.level, wish.above)
            if other is not None:
                upper, lower = (other, wish.level) if wish.above else (wish.level, other)
                blade = disc_blade(spine, upper, lower, tool)
        case OsteotomyKind.VERTEBRAL_BODY:
            blade = body_blade(spine, wish.level, tool)
        case OsteotomyKind.SAGITTAL:
            blade = sagittal_blade(spine, wish.level, side, tool)
        case OsteotomyKind.RIB:
            blade = rib_blade(spine, wish.level, side, tool)
    return blade or _beside_the_canal(wish, spine.axes[wish.level], tool)


def _beside_the_canal(wish: NewCut, axes: VertebraAxes, tool: Tool) -> Blade:
    """Return a kind's first blade in the vertebra's own axes."""
    shape = _SHAPES[wish.kind]
    rows = np.array([axes.left, axes.anterior, axes.superior])
    aside, forward, up = _PLACE_MM.get(wish.kind, (0.0, 0.0, 0.0))
    sign = -1.0 if wish.side == "right" else 1.0
    middle = np.asarray(axes.centre_lps_mm) + np.array([sign * aside, forward, up]) @ rows
    if wish.kind not in _PLACE_MM:
        middle = np.asarray(axes.body_lps_mm)
    return _blade(shape, middle, unit(_OWN[shape.normal] @ rows), axes.anterior, tool)


def _at(kind: OsteotomyKind, middle_lps_mm: Vec3, tool: Tool) -> Blade:
    """Return a kind's first blade at a point, along the patient's axes."""
    shape = _SHAPES[kind]
    own = _OWN[shape.normal]
    return _blade(shape, np.asarray(middle_lps_mm), unit((own[0], -own[1], own[2])), _ANTERIOR, tool)


def _blade(shape: _Shape, middle: Floats, normal: Vec3, advance: Vec3, tool: Tool) -> Blade:
    return Blade(
        origin_lps_mm=vec3(middle - np.asarray(advance) * shape.depth_mm / 2),
        normal_lps=normal,
        advance_lps=advance,
        width_mm=shape.width_mm,
        depth_mm=shape.depth_mm,
        kerf_mm=tool.kerf_mm,
        overshoot_mm=tool.overshoot_mm,
    )


def free_id(stem: str, taken: set[str]) -> str:
    """Return an id that is not taken yet."""
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def free_name(name: str, taken: set[str]) -> str:
    """Return a name no other cut has."""
    number, candidate = 2, name
    while candidate in taken:
        candidate, number = f"{name} {number}", number + 1
    return candidate


def _name(wish: NewCut, case: Case) -> str:
    kind = tr(KIND_WORDS[wish.kind])
    if wish.level is None:
        return tr("{kind} cut", kind=kind.capitalize())
    if wish.kind is OsteotomyKind.DISC:
        other = _next_level(wish.level, case, wish.above)
        above, below = (other, wish.level) if wish.above else (wish.level, other)
        return tr("{above}/{below} disc", above=above, below=below) if other else f"{wish.level} {kind}"
    words = {"left": tr("Left"), "right": tr("Right")}.get(str(wish.side), "")
    return f"{words} {wish.level} {kind}".strip()


def _next_level(level: str, case: Case, above: bool) -> str | None:
    levels = case.anatomy.levels if case.anatomy is not None else ()
    at = levels.index(level) + (-1 if above else 1) if level in levels else -1
    return levels[at] if 0 <= at < len(levels) else None


def _tool_for(kind: OsteotomyKind, tools: ToolLibrary) -> Tool:
    return tools.tool(_PREFERRED_TOOLS.get(kind, _OTHERWISE)) or tools.tools[0]
