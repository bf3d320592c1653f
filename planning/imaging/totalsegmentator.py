"""What TotalSegmentator calls things, in the terms of `planning.model.structures`."""

import re
from dataclasses import dataclass
from typing import Final

from planning.imaging.import_settings import import_settings
from planning.model.levels import LEVELS
from planning.model.structures import Side, StructureKind
from planning.texts import mark

# Its CT class fills the canal to within a voxel of the bone, so it is not the cord (INTERCHANGE section 1).
CANAL_NAME: Final = mark("spinal canal with cord")
_SIDED: Final = {
    "kidney": StructureKind.KIDNEY,
    "iliac_artery": StructureKind.ILIAC_ARTERY,
    "iliac_vena": StructureKind.ILIAC_VEIN,
    "iliac_vein": StructureKind.ILIAC_VEIN,
}
_SINGLE: Final = {
    "sacrum": StructureKind.SACRUM,
    "aorta": StructureKind.AORTA,
    "inferior_vena_cava": StructureKind.INFERIOR_VENA_CAVA,
    "superior_vena_cava": StructureKind.SUPERIOR_VENA_CAVA,
    "esophagus": StructureKind.OESOPHAGUS,
    "oesophagus": StructureKind.OESOPHAGUS,
    "trachea": StructureKind.TRACHEA,
}


@dataclass(frozen=True)
class ClassMeaning:
    """Kind, level, side and name of one class, and whether it says it is not from the patient."""

    kind: StructureKind
    level: str | None = None
    side: Side | None = None
    name: str | None = None
    simulated: bool = False


def meaning_of(class_name: str) -> ClassMeaning | None:
    """Return what a TotalSegmentator class is, or None where this program has no kind for it."""
    name = class_name.strip().lower()
    if name == "spinal_cord":
        return ClassMeaning(StructureKind.SPINAL_CANAL, name=CANAL_NAME)
    if name in _SINGLE:
        return ClassMeaning(_SINGLE[name])
    if found := re.fullmatch(r"vertebrae?_([ctls]\d{1,2})", name):
        level = found[1].upper()
        return ClassMeaning(StructureKind.VERTEBRA, level) if level in LEVELS else None
    if found := re.fullmatch(r"rib_(left|right)_(\d{1,2})", name):
        level = f"T{int(found[2])}"
        return ClassMeaning(StructureKind.RIB, level, _side(found[1])) if level in LEVELS else None
    if found := re.fullmatch(r"lung_(upper|middle|lower)_lobe_(left|right)", name):
        return ClassMeaning(
            StructureKind.LUNG, side=_side(found[2]), name=f"{found[2]} {found[1]} lobe of lung"
        )
    if found := re.fullmatch(r"lung_(left|right)", name):
        return ClassMeaning(StructureKind.LUNG, side=_side(found[1]))
    if (found := re.fullmatch(r"(.+)_(left|right)", name)) and found[1] in _SIDED:
        kind = _SIDED[found[1]]
        return ClassMeaning(kind, side=_side(found[2]), name=f"{found[2]} {kind.value.replace('_', ' ')}")
    return None


def _side(word: str) -> Side:
    return "left" if word == "left" else "right"


def resolution_mm() -> float:
    """Return the resolution at which TotalSegmentator segments, from ``resources/imaging.toml``."""
    return import_settings().totalsegmentator_mm
