"""What can be jumped to by name: structures, cuts and levels of the open case."""

from typing import Final

from app.bindings import Bindings
from app.session import SessionView
from planning.geometry.frames import vec3
from planning.model.anatomy import Anatomy
from planning.model.osteotomy import Osteotomy
from planning.model.structures import KIND_NAMES, Structure, StructureKind
from planning.texts import tr
from widgets.palette.matching import Entry

_STRUCTURE: Final = "structure:"
_CUT: Final = "cut:"
_LEVEL: Final = "level:"


def jumps(view: SessionView) -> list[Entry]:
    """Return an entry for every cut, level and structure."""
    case = view.case
    anatomy = case.anatomy if case is not None else None
    if case is None or anatomy is None:
        return []
    waits = "" if view.surfaces is not None else tr("Its surface is being made; wait a moment.")
    found = [_cut_entry(cut) for cut in case.plan.osteotomies]
    found += [Entry(f"{_LEVEL}{v.level}", str(v.level), tr("Level"), "", waits) for v in vertebrae(anatomy)]
    found += [_structure_entry(s, waits) for s in anatomy.structures if not s.mask.is_empty]
    return found


def jump(bindings: Bindings, entry_id: str) -> bool:
    """Go to what an entry stands for; say whether it was one of these."""
    case = bindings.parts.session.case
    if case is None or case.anatomy is None:
        return False
    kind, _, name = entry_id.partition(":")
    if f"{kind}:" == _STRUCTURE:
        bindings.fly_to_structure(name)
    elif f"{kind}:" == _LEVEL:
        for vertebra in vertebrae(case.anatomy):
            if vertebra.level == name:
                bindings.fly_to_structure(vertebra.id)
    elif f"{kind}:" == _CUT:
        _go_to_cut(bindings, case.plan.osteotomy(name))
    else:
        return False
    return True


def vertebrae(anatomy: Anatomy) -> list[Structure]:
    """Return the vertebrae with a level, in the order of the anatomy."""
    kinds = (StructureKind.VERTEBRA, StructureKind.SACRUM)
    return [s for kind in kinds for s in anatomy.of_kind(kind) if s.level is not None]


def _cut_entry(cut: Osteotomy) -> Entry:
    return Entry(f"{_CUT}{cut.id}", cut.title, tr("Cut"), "", "", f"{cut.level or ''} {cut.kind.value}")


def _structure_entry(structure: Structure, waits: str) -> Entry:
    also = f"{structure.name or ''} {structure.kind.value.replace('_', ' ')} {tr(KIND_NAMES[structure.kind])}"
    return Entry(f"{_STRUCTURE}{structure.id}", structure.title, tr("Structure"), "", waits, also)


def _go_to_cut(bindings: Bindings, cut: Osteotomy | None) -> None:
    if cut is not None:
        bindings.show_plan_space()
        bindings.parts.commands.look(active_cut=cut.id)
        middle = vec3(cut.blade.corners_lps_mm.mean(axis=0))
        bindings.parts.window.views.fly_to(middle)
