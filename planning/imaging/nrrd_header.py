"""NRRD headers, Slicer's segmentations (``.seg.nrrd``) included."""

import re
from pathlib import Path
from typing import Final

import numpy as np

from planning.errors import ImportRefused
from planning.geometry.frames import lps_from_ras
from planning.imaging.limits import MAX_HEADER_BYTES, MAX_TEXT
from planning.imaging.volume_header import (
    BAD_AFFINE,
    BAD_HEADER,
    COLOUR,
    NO_ORIENTATION,
    NOT_A_VOLUME,
    UNSUPPORTED,
    Floats,
    VolumeHeader,
    affine,
    mm_per_unit,
    neighbour,
)

_TYPES: Final = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(("longlong", "long long", "int64", "int64_t"), "i8"),
    **dict.fromkeys(("ulonglong", "unsigned long long", "uint64", "uint64_t"), "u8"),
    "float": "f4",
    "double": "f8",
}
_LPS: Final = frozenset({"left-posterior-superior", "lps"})
_RAS: Final = frozenset({"right-anterior-superior", "ras"})
_LAS: Final = frozenset({"left-anterior-superior", "las"})
_VECTOR: Final = re.compile(r"\(([^()]*)\)|none")


def read_nrrd(path: Path) -> VolumeHeader:
    """Return the header of a ``.nrrd`` or ``.nhdr`` file, its data attached or beside it.

    Raises `ImportRefused`.
    """
    with path.open("rb") as file:
        text = file.read(MAX_HEADER_BYTES)
    end = re.search(rb"\r?\n\r?\n", text)
    if not text.startswith(b"NRRD000"):
        raise ImportRefused("BAD_HEADER", BAD_HEADER, name=path.name)
    fields = _fields(text[: end.start() if end else None].decode("utf-8", "replace"))
    detached = fields.get("data file", fields.get("datafile"))
    if end is None and detached is None:
        raise ImportRefused("BAD_HEADER", BAD_HEADER, name=path.name)
    _refuse_unreadable(fields, path.name)
    sizes = _whole_numbers(fields.get("sizes", ""), path.name)
    directions = _VECTOR.findall(fields.get("space directions", ""))
    vectors = [_numbers(words, path.name) for words in directions]
    layers, shape = _layers(sizes, vectors, path.name)
    notes: list[tuple[str, str]] = []
    segments = _segments(fields)
    return VolumeHeader(
        name=path.name,
        shape_ijk=shape,
        dtype=_dtype(fields, path.name),
        lps_from_ijk=_place(fields, [v for v in vectors if v], path.name, notes),
        data_file=path if detached is None else neighbour(path, detached),
        data_offset=end.end() if end is not None and detached is None else 0,
        compressed="data" if fields["encoding"] in ("gzip", "gz") else "",
        layers=layers,
        class_table={key: name for key, (name, _, _) in segments.items()},
        class_details={key: (colour, code) for key, (_, colour, code) in segments.items()},
        notes=notes,
    )


def _fields(text: str) -> dict[str, str]:
    fields = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#"):
            continue
        key, separator, value = line.partition(":=") if ":=" in line else line.partition(":")
        if separator:
            fields[key.strip().lower() if separator == ":" else key.strip()] = value.strip()
    return fields


def _refuse_unreadable(fields: dict[str, str], name: str) -> None:
    encoding = fields.get("encoding", "").lower()
    fields["encoding"] = encoding
    if encoding not in ("raw", "gzip", "gz"):
        raise ImportRefused("UNSUPPORTED", UNSUPPORTED, name=name, detail=f"encoding {encoding[:20]}")
    for key in ("line skip", "lineskip", "byte skip", "byteskip"):
        if fields.get(key, "0") != "0":
            raise ImportRefused("UNSUPPORTED", UNSUPPORTED, name=name, detail=key)


def _numbers(words: str, name: str) -> list[float]:
    try:
        return [float(word) for word in words.split(",")] if words else []
    except ValueError as error:
        raise ImportRefused("BAD_HEADER", BAD_HEADER, name=name) from error


def _whole_numbers(words: str, name: str) -> list[int]:
    try:
        return [int(word) for word in words.split()]
    except ValueError as error:
        raise ImportRefused("BAD_HEADER", BAD_HEADER, name=name) from error


def _layers(sizes: list[int], vectors: list[list[float]], name: str) -> tuple[int, tuple[int, int, int]]:
    """Return the number of layers (an axis without direction, listed first) and the volume's size."""
    if not vectors and len(sizes) == 3:
        raise ImportRefused("NO_ORIENTATION", NO_ORIENTATION, name=name)
    if len(sizes) == 3 and len(vectors) == 3 and all(vectors):
        return 1, (sizes[0], sizes[1], sizes[2])
    if len(sizes) == 4 and len(vectors) == 4 and not vectors[0] and all(vectors[1:]):
        return sizes[0], (sizes[1], sizes[2], sizes[3])
    raise ImportRefused("NOT_A_VOLUME", NOT_A_VOLUME, name=name)


def _dtype(fields: dict[str, str], name: str) -> str:
    kind = fields.get("type", "").lower()
    if kind == "block":
        raise ImportRefused("COLOUR", COLOUR, name=name)
    if kind not in _TYPES:
        raise ImportRefused("UNSUPPORTED", UNSUPPORTED, name=name, detail=f"type {kind[:20]}")
    code = _TYPES[kind]
    endian = fields.get("endian", "little").lower()
    if code.endswith("1"):
        return "|" + code
    if endian not in ("little", "big"):
        raise ImportRefused("BAD_HEADER", BAD_HEADER, name=name)
    return ("<" if endian == "little" else ">") + code


def _place(
    fields: dict[str, str], axes: list[list[float]], name: str, notes: list[tuple[str, str]]
) -> Floats:
    space = fields.get("space", "").lower()
    if space not in _LPS | _RAS | _LAS:
        raise ImportRefused("NO_ORIENTATION", NO_ORIENTATION, name=name)
    origin = _numbers(fields.get("space origin", "").strip("() "), name)
    if len(origin) != 3 or any(len(axis) != 3 for axis in axes):
        raise ImportRefused("BAD_AFFINE", BAD_AFFINE, name=name)
    placed = affine(np.array(axes).T, origin)
    placed[:3] *= _mm_per_unit(fields, placed[:3, :3], name, notes)
    if space in _RAS:
        return lps_from_ras(placed)
    if space in _LAS:
        placed[1] *= -1
    return placed


def _mm_per_unit(fields: dict[str, str], axes: Floats, name: str, notes: list[tuple[str, str]]) -> float:
    units = set(re.findall(r'"([^"]*)"', fields.get("space units", ""))) or {"mm"}
    factors = {"mm": 1.0, "cm": 10.0, "m": 1000.0}
    if len(units) != 1 or not units <= set(factors):
        raise ImportRefused("UNSUPPORTED", UNSUPPORTED, name=name, detail="space units")
    unit = units.pop()
    return 1.0 if unit == "mm" else mm_per_unit(factors[unit], unit, axes, notes)


def _segments(fields: dict[str, str]) -> dict[tuple[int, int], tuple[str, list[int] | None, str]]:
    """Return name, colour and SNOMED CT code Slicer gives to the label values of each layer."""
    table = {}
    for key, name in fields.items():
        found = re.fullmatch(r"Segment(\d{1,5})_Name", key)
        if found and name:
            own = f"Segment{found[1]}_"
            value = fields.get(own + "LabelValue", str(int(found[1]) + 1))
            layer = fields.get(own + "Layer", "0")
            if value.isdigit() and layer.isdigit():
                said = _rgb(fields.get(own + "Color", "")), _code(fields.get(own + "Tags", ""))
                table[int(layer), int(value)] = (name[:MAX_TEXT], *said)
    return table


def _rgb(words: str) -> list[int] | None:
    """Return a colour written as three fractions."""
    try:
        parts = [float(word) for word in words.split()]
    except ValueError:
        return None
    if len(parts) != 3 or not all(0.0 <= part <= 1.0 for part in parts):
        return None
    return [round(255 * part) for part in parts]


def _code(tags: str) -> str:
    """Return the code of a segment's type: the second of its terminology entry (category, then type)."""
    found = re.search(r"TerminologyEntry:[^|~]*~[^~]*~(?:SCT|SNOMED)\^(\d{4,18})\^", tags)
    return found[1] if found else ""
