"""A new cut as a starting position to adjust: from the kind, the crosshair or a level's anatomy."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Vec3, unit, vec3
from planning.geometry.mesh import Mesh
from planning.model.case import Case
from planning.model.osteotomy import CutSide, Osteotomy, OsteotomyKind
from planning.model.structures import StructureKind
from planning.model.tools import Tool, ToolLibrary
from planning.segmentation.surfaces import Surfaces
from planning.texts import tr
from widgets.stages.cuts_panel import NewCut
from widgets.tables.cut_rows import KIND_WORDS

_ANTERIOR: Final[Vec3] = (0.0, -1.0, 0.0)
_CRANIAL: Final[Vec3] = (0.0, 0.0, 1.0)
_LEFT: Final[Vec3] = (1.0, 0.0, 0.0)
_BODY_DEPTH_MM: Final = 32.0
_PREFERRED_TOOLS: Final = {
    OsteotomyKind.DISC: "t_saw",
    OsteotomyKind.VERTEBRAL_BODY: "t_saw",
    OsteotomyKind.PEDICLE: "t_saw",
}
_OTHERWISE: Final = "ultrasonic_bone_scalpel"


@dataclass(frozen=True)
class _Shape:
    """Size and direction of a kind's first blade."""

    normal_lps: Vec3
    advance_lps: Vec3
    width_mm: float
    depth_mm: float


_SHAPES: Final = {
    OsteotomyKind.DISC: _Shape(_CRANIAL, _ANTERIOR, 60.0, 40.0),
    OsteotomyKind.VERTEBRAL_BODY: _Shape(_CRANIAL, _ANTERIOR, 60.0, 40.0),
    OsteotomyKind.FREE: _Shape(_CRANIAL, _ANTERIOR, 50.0, 40.0),
    OsteotomyKind.SAGITTAL: _Shape(_LEFT, _ANTERIOR, 40.0, 55.0),
    OsteotomyKind.PEDICLE: _Shape(_LEFT, _ANTERIOR, 24.0, 22.0),
    OsteotomyKind.LAMINA: _Shape(_LEFT, _ANTERIOR, 34.0, 16.0),
    OsteotomyKind.RIB: _Shape(_LEFT, _ANTERIOR, 22.0, 24.0),
}
# How far to the side of the vertebra's middle, and behind the body's middle, a kind starts.
_ASIDE_MM: Final = {OsteotomyKind.PEDICLE: 14.0, OsteotomyKind.LAMINA: 11.0, OsteotomyKind.RIB: 42.0}
_BEHIND_MM: Final = {OsteotomyKind.PEDICLE: 22.0, OsteotomyKind.LAMINA: 42.0, OsteotomyKind.RIB: 32.0}


def new_cut(
    wish: NewCut, case: Case, surfaces: Surfaces | None, crosshair_lps_mm: Vec3, tools: ToolLibrary
) -> Osteotomy:
    """Return a cut for a wish, with an id and name no other cut of the plan has."""
    middle = _level_point(wish, case, surfaces) if wish.level is not None else None
    middle = crosshair_lps_mm if middle is None else middle
    shape = _SHAPES[wish.kind]
    tool = _tool_for(wish.kind, tools)
    origin = np.asarray(middle) - np.asarray(shape.advance_lps) * shape.depth_mm / 2
    blade = Blade(
        origin_lps_mm=vec3(origin),
        normal_lps=unit(shape.normal_lps),
        advance_lps=unit(shape.advance_lps),
        width_mm=shape.width_mm,
        depth_mm=shape.depth_mm,
        kerf_mm=tool.kerf_mm,
        overshoot_mm=tool.overshoot_mm,
    )
    name = _free_name(_name(wish, case), {o.title for o in case.plan.osteotomies})
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


def free_id(stem: str, taken: set[str]) -> str:
    """Return an id that is not taken yet."""
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def _free_name(name: str, taken: set[str]) -> str:
    number, candidate = 2, name
    while candidate in taken:
        candidate, number = f"{name} {number}", number + 1
    return candidate


def _name(wish: NewCut, case: Case) -> str:
    kind = tr(KIND_WORDS[wish.kind])
    if wish.level is None:
        return tr("{kind} cut", kind=kind.capitalize())
    if wish.kind is OsteotomyKind.DISC:
        below = _next_level(wish.level, case)
        return tr("{above}/{below} disc", above=wish.level, below=below) if below else f"{wish.level} {kind}"
    words = {"left": tr("Left"), "right": tr("Right")}.get(str(wish.side), "")
    return f"{words} {wish.level} {kind}".strip()


def _next_level(level: str, case: Case) -> str | None:
    levels = case.anatomy.levels if case.anatomy is not None else ()
    at = levels.index(level) + 1 if level in levels else len(levels)
    return levels[at] if at < len(levels) else None


def _tool_for(kind: OsteotomyKind, tools: ToolLibrary) -> Tool:
    return tools.tool(_PREFERRED_TOOLS.get(kind, _OTHERWISE)) or tools.tools[0]


def _level_point(wish: NewCut, case: Case, surfaces: Surfaces | None) -> Vec3 | None:
    body = _body(wish.level, case, surfaces)
    if body is None:
        return None
    low, high = body
    x, y = (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    z = (low[2] + high[2]) / 2
    if wish.kind is OsteotomyKind.DISC:
        below = _body(_next_level(str(wish.level), case), case, surfaces)
        z = (low[2] + below[1][2]) / 2 if below is not None else low[2]
    side: CutSide | None = wish.side
    sign = {"left": 1.0, "right": -1.0}.get(str(side), 0.0)
    return (x + sign * _ASIDE_MM.get(wish.kind, 0.0), y + _BEHIND_MM.get(wish.kind, 0.0), z)


def _body(level: str | None, case: Case, surfaces: Surfaces | None) -> tuple[Floats, Floats] | None:
    """Return the box of a vertebra's body: its front part, where no process reaches up or down."""
    if case.anatomy is None or surfaces is None or level is None:
        return None
    for structure in case.anatomy.of_kind(StructureKind.VERTEBRA):
        mesh: Mesh | None = surfaces.mesh(structure.id)
        if structure.level == level and mesh is not None:
            points = mesh.vertices_lps_mm.astype(np.float64)
            front = points[points[:, 1] < points[:, 1].min() + _BODY_DEPTH_MM]
            return front.min(axis=0), front.max(axis=0)
    return None
