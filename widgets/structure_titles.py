"""How the list of structures groups, orders and calls them: short, because the column is narrow."""

from typing import Final

from planning.model.levels import level_order
from planning.model.structures import KIND_NAMES, Structure, StructureKind
from planning.texts import mark, tr

GROUP_WORDS: Final = {
    "bone": mark("Bone and disc"), "nerve": mark("Cord, canal, roots"), "artery": mark("Arteries"),
    "vein": mark("Veins"), "viscera": mark("Viscera"), "tumour": mark("Tumour"),
    "implant": mark("Implants"), "other": mark("Other"),
}  # fmt: skip
GROUP_ORDER: Final = ("tumour", "nerve", "artery", "vein", "bone", "viscera", "implant", "other")
# In the group of its vessels a side and level say which; the tooltip has the whole title.
_GO_WITHOUT_SAYING: Final = frozenset({StructureKind.SEGMENTAL_ARTERY, StructureKind.SEGMENTAL_VEIN})


def short_title(structure: Structure) -> str:
    """Return what tells a structure from its like within its group, first: ``T10 left``."""
    artery_or_vein = structure.kind in _GO_WITHOUT_SAYING and structure.side
    if not (structure.level or structure.side) or (structure.name and not artery_or_vein):
        if not structure.simulated:
            return structure.title
        simulated = tr("simulated")
        bare = structure.title.replace(f" ({simulated})", "").replace(f"{simulated} ", "")
        return f"{bare} ({tr('sim.')})"
    side = {"left": tr("left"), "right": tr("right"), None: ""}[structure.side]
    kind = "" if artery_or_vein else tr(KIND_NAMES[structure.kind])
    words = " ".join(part for part in (structure.level or "", side, kind) if part)
    return f"{words} ({tr('sim.')})" if structure.simulated else words


def by_level(structure: Structure) -> tuple[int, str, str]:
    """Return what sorts the structures of a group."""
    order = level_order(structure.level) if structure.level else -1
    return (order, structure.side or "", structure.title)
