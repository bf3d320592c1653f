"""What a free name or a SNOMED CT code means, from ``resources/structure_names.toml``.

A name must match as a whole; a part of one proves nothing ("cord" in "umbilical cord"). What is
read this way is a proposal a person sees before it is taken in.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from planning.errors import SettingsInvalid
from planning.imaging.totalsegmentator import ClassMeaning, meaning_of
from planning.model.anatomy_table import load_anatomy_table
from planning.model.levels import LEVELS
from planning.model.reading import Table
from planning.model.structures import Side, StructureKind
from planning.texts import mark, tr

_RESOURCES: Final = Path(__file__).resolve().parents[2] / "resources"
_SCHEMA: Final = "enbloc-structure-names/1"
SIDES: Final[dict[str, Side]] = {
    **dict.fromkeys(("left", "l", "lt"), "left"),
    **dict.fromkeys(("right", "r", "rt"), "right"),
}
_LEVEL: Final = re.compile(r"(c|th?|l|s)(\d{1,2})")
# These are told apart by their own names, so the name stays beside the kind.
_NAMED: Final = frozenset({StructureKind.TUMOUR, StructureKind.IMPLANT})


@dataclass(frozen=True)
class NameBook:
    """The tables of ``structure_names.toml`` the other way round."""

    kinds: Mapping[str, StructureKind]
    codes: Mapping[str, tuple[StructureKind, str | None]]
    at_risk: frozenset[str]


@dataclass(frozen=True)
class _Words:
    """A name taken apart."""

    core: str
    levels: tuple[str, ...]
    side: Side | None
    simulated: bool


def meaning_of_name(name: str) -> ClassMeaning | None:
    """Return what a name means, or None where nothing is known by it.

    A class of TotalSegmentator first, then the names of ``structure_names.toml``; a level alone is a
    vertebra.
    """
    found = meaning_of(name)
    if found is not None:
        return found
    words = _taken_apart(name)
    kind = _book().kinds.get(words.core)
    if kind is None and not words.core and len(words.levels) == 1:
        kind = StructureKind.VERTEBRA
    if kind is None:
        return None
    # A disc is called by both its vertebrae and filed under the upper one (INTERCHANGE section 2).
    level = words.levels[0] if words.levels else None
    shown = " ".join(name.split()) if kind in _NAMED else None
    return ClassMeaning(kind, level, words.side, shown, words.simulated)


def meaning_of_code(code: str) -> ClassMeaning | None:
    """Return what a SNOMED CT code means, or None."""
    found = _book().codes.get(code)
    return ClassMeaning(found[0], found[1]) if found else None


def is_at_risk(name: str) -> bool:
    """Say whether a name without a kind is of something a tool can injure."""
    return _taken_apart(name).core in _book().at_risk


def _taken_apart(name: str) -> _Words:
    plain = name.strip()
    simulated = bool(re.search(r"simulated", plain, re.IGNORECASE))
    plain = re.sub(r"[(\[]?simulated[)\]]?", " ", plain, flags=re.IGNORECASE)
    # SpinalCord -> Spinal Cord; T10L stays one word and is no level.
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    words = [w for w in re.split(r"[^0-9a-z]+", plain.casefold()) if w]
    levels, side, rest = [], None, []
    for word in words:
        found = _LEVEL.fullmatch(word)
        level = f"{found[1][0].upper()}{int(found[2])}" if found else ""
        if level in LEVELS:
            levels.append(level)
        elif word in SIDES and (len(word) > 2 or word in words[-1:] or word in words[:1]) and len(words) > 1:
            side = SIDES[word]
        else:
            rest.append(word)
    while rest and rest[-1].isdigit():
        rest.pop()
    return _Words(" ".join(rest), tuple(levels), side, simulated)


@cache
def _book() -> NameBook:
    path = _RESOURCES / "structure_names.toml"
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        words = mark("The table of structure names {file} cannot be read. Restore it from the program.")
        raise SettingsInvalid("NAMES_UNREADABLE", words, file=path.name) from error
    top = Table(values, path.name, SettingsInvalid)
    top.only(("schema", "name", "code", "at_risk"))
    top.choice("schema", (_SCHEMA,))
    return NameBook(_kinds(top.table("name")), _codes(top.table("code")), _at_risk(top.table("at_risk")))


def _kinds(table: Table) -> dict[str, StructureKind]:
    table.only([kind.value for kind in StructureKind])
    found: dict[str, StructureKind] = {}
    for kind in table.values:
        for name in table.texts(kind):
            if name in found:
                raise table.bad(kind, tr("names that stand there once"))
            found[name] = StructureKind(kind)
    return found


def _codes(table: Table) -> dict[str, tuple[StructureKind, str | None]]:
    table.only([kind.value for kind in StructureKind])
    anatomy = load_anatomy_table(_RESOURCES / "anatomy.toml")
    found: dict[str, tuple[StructureKind, str | None]] = {
        entry.snomed: (entry.kind, None) for entry in anatomy.entries if entry.snomed
    }
    found |= {code: (StructureKind.VERTEBRA, level) for level, code in anatomy.vertebra_codes}
    found |= {code: (StructureKind.SEGMENTAL_ARTERY, None) for _, code in anatomy.segmental_artery_codes}
    for kind in table.values:
        inner = table.table(kind)
        for code, level in inner.values.items():
            if level not in ("", *LEVELS):
                raise inner.bad(code, tr("a level or an empty text"))
            found[code] = (StructureKind(kind), str(level) or None)
    return found


def _at_risk(table: Table) -> frozenset[str]:
    table.only(("names",))
    return frozenset(table.texts("names"))
