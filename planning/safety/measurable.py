"""What of a case the measuring sees. Whatever is left out here is read by the judge alone.

A measurement is made from exactly these values and kept with them, so that what people said about a
structure, or how a cut is called, can change neither a number nor make one be measured again.
"""

from dataclasses import replace
from typing import Final

from planning.model.anatomy import Anatomy
from planning.model.levels import level_order
from planning.model.plan import Plan
from planning.model.structures import Review, Structure, StructureKind

# A cut's name while it is measured, in characters no keyboard types; `with_titles` puts the present one in.
_OPEN: Final = "\ue000{id}\ue001"

_KINDS: Final = tuple(StructureKind)


def measurable_anatomy(anatomy: Anatomy, known: Anatomy | None = None) -> Anatomy:
    """Return the anatomy without reviews, level confirmation and marks of what is not in the field.

    Its structures stand in one order of their own, vertebrae before discs, ribs and sacrum, cranial before
    caudal: where masks overlap the first of them has the voxel, and the digest does not know in which order
    they came.

    Parameters
    ----------
    anatomy : Anatomy
    known : Anatomy or None
        One returned earlier: itself again where the content is the same, so that identity tells.
    """
    structures = tuple(replace(s, review=Review()) for s in sorted(anatomy.structures, key=_place))
    found = replace(anatomy, structures=structures, not_in_field=(), levels_confirmed=None)
    return known if known is not None and known.digest == found.digest else found


def _place(structure: Structure) -> tuple[int, int, str]:
    level = level_order(structure.level) if structure.level is not None else -1
    return _KINDS.index(structure.kind), level, structure.id


def measurable_plan(plan: Plan) -> Plan:
    """Return the plan's targets, tumour, releases and blades; each cut is named by a place-holder."""
    cuts = tuple(
        replace(o, name=_OPEN.format(id=o.id), tool="", level=None, step=None, guards=(), locked=False)
        for o in plan.osteotomies
    )
    return Plan(
        target_levels=plan.target_levels, tumour=plan.tumour, osteotomies=cuts, releases=plan.releases
    )


def with_titles(sentence: str, plan: Plan) -> str:
    """Return a sentence about a measured plan with its cuts called as the plan calls them now."""
    for osteotomy in plan.osteotomies:
        sentence = sentence.replace(_OPEN.format(id=osteotomy.id), osteotomy.title)
    return sentence
