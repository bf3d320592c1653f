"""What the values of a label map mean: `labels.json` (INTERCHANGE section 1) and class tables."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any, Final, Literal

from planning.errors import LabelsRefused
from planning.imaging.limits import MAX_HEADER_BYTES, MAX_LABELS, MAX_TEXT
from planning.imaging.structure_words import is_at_risk, meaning_of_code, meaning_of_name
from planning.imaging.totalsegmentator import CANAL_NAME
from planning.model.levels import LEVELS
from planning.model.structures import Side, StructureKind
from planning.texts import mark

SCHEMA: Final = "enbloc-labels/1"
_KEYS: Final = frozenset({"schema", "labels"})
_ENTRY_KEYS: Final = frozenset({"kind", "level", "side", "name", "simulated"})

NO_FILE: Final = mark("{file} does not exist or cannot be opened. Check the place and that you may read it.")
NOT_JSON: Final = mark("{file} is not valid JSON (line {line}). Mend it and import again.")
NOT_NAMES: Final = mark("{file} is neither a labels.json nor a class table (CSV with structure and id).")
BAD_SCHEMA: Final = mark('{file} does not say "schema": "enbloc-labels/1".')
UNKNOWN_KEY: Final = mark("{file} has the unknown key {key}. Remove or correct it.")
TWICE: Final = mark("{file} names {key} twice. Which one is meant cannot be known.")
BAD_LABEL: Final = mark("{file}: {key} is not a label value (a whole number from 1 to 65535).")
BAD_ENTRY: Final = mark('{file}: label {key} must be a list of properties such as {{"kind": "aorta"}}.')
BAD_VALUE: Final = mark("{file}: label {key} has the {field} {value}, which is not one of: {allowed}.")
BAD_NAME: Final = mark("{file}: label {key} needs a name of 1 to {limit} characters.")
SAME_NAME: Final = mark("{file}: two labels are called {name}. Plans could not tell them apart; rename one.")


@dataclass(frozen=True)
class Meaning:
    """What one label is.

    Parameters
    ----------
    kind, level, side, name, simulated
        As in `planning.model.structures.Structure`.
    source_name : str
        The name the source uses, where it is not ours; empty for labels.json.
    known : bool
        False where the source's name has no kind here and became `other`.
    at_risk : bool
        Whether it is a vessel, nerve or organ that a tool can injure, though no kind is known for it.
    colour_rgb : tuple of int or None
        As the source draws it.
    exported_as : str
        The review state it had when this program exported it; it comes in as a draft all the same.
    """

    kind: StructureKind
    level: str | None = None
    side: Side | None = None
    name: str | None = None
    simulated: bool = False
    source_name: str = ""
    known: bool = True
    at_risk: bool = False
    colour_rgb: tuple[int, int, int] | None = None
    exported_as: str = ""


@dataclass(frozen=True)
class NameTable:
    """Meanings by label value; `claims_presence` is whether each named label is expected in the map.

    `labels.json` describes one map, so a name without voxels is worth a word. A class table lists
    everything a program can find.
    """

    meanings: Mapping[int, Meaning]
    claims_presence: bool
    origin: Literal["labels.json", "class table", "segment names"]


def read_names(path: Path) -> NameTable:
    """Return the names of a ``labels.json`` or of a class table in CSV; raises `LabelsRefused`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_HEADER_BYTES + 1)
    except OSError as error:
        raise LabelsRefused("NO_SOURCE", NO_FILE, file=path.name) from error
    text = data.decode("utf-8-sig", "replace")
    if len(data) > MAX_HEADER_BYTES:
        raise LabelsRefused("NOT_NAMES", NOT_NAMES, file=path.name)
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return _class_table(text, path.name)
    return _labels_json(text, path.name)


def table_from_classes(classes: Mapping[int, str]) -> NameTable:
    """Return the meanings of class names such as TotalSegmentator's, by label value."""
    return NameTable(
        {value: meaning_from_class(name) for value, name in classes.items()}, False, "class table"
    )


def meaning_from_class(class_name: str) -> Meaning:
    """Return what a class of TotalSegmentator, or any other known name, means; else `other` of that name."""
    found = meaning_of_name(class_name)
    if found is not None:
        return Meaning(
            found.kind, found.level, found.side, found.name, found.simulated, source_name=class_name
        )
    at_risk = is_at_risk(class_name)
    return Meaning(StructureKind.OTHER, name=class_name, source_name=class_name, known=False, at_risk=at_risk)


def segment_meaning(label: str, colour: Sequence[int] | None, code: str, side: Side | None = None) -> Meaning:
    """Return what a named segment with a SNOMED CT code is: by its name, else by its code, else `other`."""
    found = meaning_from_class(label)
    coded = meaning_of_code(code) if code else None
    if not found.known and coded is not None:
        found = Meaning(coded.kind, coded.level, None, label, source_name=label)
    rgb = (colour[0], colour[1], colour[2]) if colour else None
    return replace(found, side=found.side or side, colour_rgb=rgb, source_name=found.source_name or label)


def canal_for_cord(meaning: Meaning) -> Meaning:
    """Return the canal for TotalSegmentator's cord: its CT class fills the canal (INTERCHANGE section 1)."""
    if meaning.kind is not StructureKind.SPINAL_CORD:
        return meaning
    return replace(meaning, kind=StructureKind.SPINAL_CANAL, name=CANAL_NAME)


def _labels_json(text: str, file: str) -> NameTable:
    try:
        content = json.loads(text, object_pairs_hook=lambda pairs: _without_twins(pairs, file))
    except json.JSONDecodeError as error:
        raise LabelsRefused("NOT_JSON", NOT_JSON, file=file, line=error.lineno) from error
    except RecursionError as error:
        raise LabelsRefused("NOT_JSON", NOT_JSON, file=file, line=1) from error
    if not isinstance(content, dict):
        raise LabelsRefused("NOT_NAMES", NOT_NAMES, file=file)
    if content.get("schema") != SCHEMA:
        raise LabelsRefused("BAD_SCHEMA", BAD_SCHEMA, file=file)
    for key in content:
        if key not in _KEYS:
            raise LabelsRefused("UNKNOWN_KEY", UNKNOWN_KEY, file=file, key=key[:MAX_TEXT])
    labels = content.get("labels")
    if not isinstance(labels, dict) or not labels:
        raise LabelsRefused("NOT_NAMES", NOT_NAMES, file=file)
    meanings = {_label_value(key, file): _meaning(key, entry, file) for key, entry in labels.items()}
    if len(meanings) < len(labels):
        raise LabelsRefused("DUPLICATE_LABEL", TWICE, file=file, key="a label")
    _check_names(meanings, file)
    return NameTable(meanings, True, "labels.json")


def _without_twins(pairs: list[tuple[str, Any]], file: str) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twin = next(key for key in keys if keys.count(key) > 1)
        raise LabelsRefused("DUPLICATE_LABEL", TWICE, file=file, key=twin[:MAX_TEXT])
    return result


def _label_value(key: str, file: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", key) or not 1 <= int(key) <= MAX_LABELS:
        raise LabelsRefused("BAD_LABEL", BAD_LABEL, file=file, key=key[:MAX_TEXT])
    return int(key)


def _meaning(key: str, entry: Any, file: str) -> Meaning:
    if not isinstance(entry, dict):
        raise LabelsRefused("BAD_ENTRY", BAD_ENTRY, file=file, key=key)
    for name in entry:
        if name not in _ENTRY_KEYS:
            raise LabelsRefused("UNKNOWN_KEY", UNKNOWN_KEY, file=file, key=f"labels.{key}.{name}"[:MAX_TEXT])
    kinds = tuple(kind.value for kind in StructureKind)
    kind = _one_of(entry.get("kind"), "kind", kinds, key, file)
    level, side = entry.get("level"), entry.get("side")
    if level is not None:
        _one_of(level, "level", LEVELS, key, file)
    if side is not None:
        _one_of(side, "side", ("left", "right"), key, file)
    simulated = entry.get("simulated", False)
    if not isinstance(simulated, bool):
        _one_of(str(simulated), "simulated", ("true", "false"), key + ".simulated", file)
        raise LabelsRefused("BAD_ENTRY", BAD_ENTRY, file=file, key=key)
    return Meaning(StructureKind(kind), level, side, _name(entry, key, file), simulated)


def _one_of(value: Any, field: str, allowed: tuple[str, ...], key: str, file: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        values = {"field": field, "value": str(value)[:MAX_TEXT], "allowed": ", ".join(allowed)}
        raise LabelsRefused(f"BAD_{field.upper()}", BAD_VALUE, file=file, key=key, **values)
    return value


def _name(entry: Mapping[str, Any], key: str, file: str) -> str | None:
    name = entry.get("name")
    if name is None:
        return None
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_TEXT or not name.isprintable():
        raise LabelsRefused("BAD_NAME", BAD_NAME, file=file, key=key, limit=MAX_TEXT)
    return name


def _check_names(meanings: Mapping[int, Meaning], file: str) -> None:
    """Refuse two labels of one name, unless level or side tell them apart: plans refer to names."""
    seen: set[str] = set()
    for meaning in meanings.values():
        if meaning.name is not None:
            if meaning.name in seen:
                raise LabelsRefused("SAME_NAME", SAME_NAME, file=file, name=meaning.name)
            seen.add(meaning.name)


def _class_table(text: str, file: str) -> NameTable:
    """Read a CSV with a column of names and a column of values, as segmentation programs write them."""
    delimiter = "\t" if "\t" in text.split("\n", maxsplit=1)[0] else ","
    rows = list(csv.DictReader(StringIO(text), delimiter=delimiter))
    columns = {str(c).strip().lower(): c for c in (rows[0] if rows else {})}
    name_column = next(
        (columns[c] for c in ("structure", "name", "class", "label_name") if c in columns), None
    )
    value_column = next((columns[c] for c in ("id", "label", "value", "index") if c in columns), None)
    if name_column is None or value_column is None:
        raise LabelsRefused("NOT_NAMES", NOT_NAMES, file=file)
    classes: dict[int, str] = {}
    for row in rows:
        value = _label_value(str(row[value_column]).strip(), file)
        if value in classes:
            raise LabelsRefused("DUPLICATE_LABEL", TWICE, file=file, key=str(value))
        classes[value] = " ".join(str(row[name_column]).split())[:MAX_TEXT]
    return table_from_classes(classes)
