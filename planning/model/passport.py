"""What this program writes beside an exported structure, so that it comes back as what it was.

Two forms: a line of JSON where there is room (DICOM SEG), a few letters where there is little (STL).
A review does not travel: who vouched for a mask did so in the case it came from, so the state is
told and the structure comes in as a draft.
"""

import json
import re
from dataclasses import dataclass
from typing import Final

from planning.model.levels import LEVELS
from planning.model.structures import ReviewState, Side, Structure, StructureKind

_SCHEMA: Final = "enbloc-structure/1"
_LONGEST: Final = 1024
_NAME: Final = 256
_SIDE_LETTERS: Final[dict[str, Side]] = {"L": "left", "R": "right"}
_SHORT: Final = re.compile(r"KIND=([a-z_]+)(?:/([CTLS]\d{1,2})?([LR])?)?(?= |$)")


@dataclass(frozen=True)
class Passport:
    """Kind, level, side, name, whether it is from the patient, and the state it was exported in."""

    kind: StructureKind
    level: str | None = None
    side: Side | None = None
    name: str | None = None
    simulated: bool = False
    state: str = ""


def passport(structure: Structure) -> str:
    """Return the passport of a structure as one line of at most 1024 characters."""
    entry = {
        "kind": structure.kind.value,
        "level": structure.level,
        "side": structure.side,
        "name": structure.name,
        "simulated": structure.simulated,
        "state": structure.review.state.value,
    }
    return f"{_SCHEMA} {json.dumps(entry, ensure_ascii=False, separators=(',', ':'))}"[:_LONGEST]


def read_passport(text: str) -> Passport | None:
    """Return the passport in a line `passport` wrote; None for any other text."""
    schema, _, content = text.strip().partition(" ")
    if schema != _SCHEMA or len(text) > _LONGEST:
        return None
    try:
        entry = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return _checked(entry) if isinstance(entry, dict) else None


def _checked(entry: dict[str, object]) -> Passport | None:
    kind, level, side, name = (entry.get(key) for key in ("kind", "level", "side", "name"))
    state, simulated = entry.get("state"), entry.get("simulated")
    if (
        kind not in [k.value for k in StructureKind]
        or level not in (None, *LEVELS)
        or side not in (None, "left", "right")
        or state not in [s.value for s in ReviewState]
        or not isinstance(simulated, bool)
        or not (name is None or (isinstance(name, str) and name.isprintable() and 0 < len(name) <= _NAME))
    ):
        return None
    return Passport(
        StructureKind(str(kind)),
        None if level is None else str(level),
        None if side is None else ("left" if side == "left" else "right"),
        name,
        simulated,
        str(state),
    )


def short_passport(structure: Structure) -> str:
    """Return kind, level and side in a few letters, such as ``KIND=rib/T10L``."""
    side = structure.side[0].upper() if structure.side else ""
    place = f"{structure.level or ''}{side}"
    return f"KIND={structure.kind.value}" + (f"/{place}" if place else "")


def read_short_passport(text: str) -> Passport | None:
    """Return what `short_passport` wrote anywhere in a line; None where there is none."""
    found = _SHORT.search(text)
    kinds = [k.value for k in StructureKind]
    if found is None or found[1] not in kinds or found[2] not in (None, *LEVELS):
        return None
    simulated = "SIMULATED" in text.split()
    state = ReviewState.DRAFT.value if "DRAFT" in text.split() else ""
    side = _SIDE_LETTERS[found[3]] if found[3] else None
    return Passport(StructureKind(found[1]), found[2], side, None, simulated, state)
