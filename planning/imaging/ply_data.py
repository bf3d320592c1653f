"""PLY, as text and in both byte orders: x, y, z of the points, and the faces."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planning.errors import LabelsRefused
from planning.imaging.limits import MAX_HEADER_BYTES, MAX_TRIANGLES
from planning.imaging.surface_text import BAD_NUMBERS, TRUNCATED, Surface, fans, numbers_of

_TYPES: Final = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_ORDERS: Final = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_MOST_FACE_CORNERS: Final = 1000


@dataclass
class _Element:
    """One element: how many, its single properties (name, type), and its lists (name, count type, type)."""

    name: str
    count: int
    properties: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def has_list(self) -> bool:
        return any(of_count for _, of_count, _ in self.properties)


def ply_surface(data: NDArray[np.uint8]) -> tuple[list[Surface], str]:
    """Return the surface of a PLY file and its comments.

    Raises
    ------
    LabelsRefused
        ``TRUNCATED`` or ``PARSE``.
    ValueError
        For a header or numbers that cannot be read.
    """
    head = bytes(data[:MAX_HEADER_BYTES])
    end = head.find(b"end_header")
    if not head.startswith(b"ply") or end < 0:
        raise LabelsRefused("PARSE", BAD_NUMBERS)
    body = head.index(b"\n", end) + 1
    order, elements, comments = _header(head[:end].decode("utf-8", "replace"))
    reader = (
        _text_body(bytes(data[body:]), elements) if not order else _binary_body(data[body:], elements, order)
    )
    points: NDArray[Any] = np.zeros((0, 3))
    triangles = np.zeros((0, 3), np.int32)
    for element, values in reader:
        if element.name == "vertex":
            points = values
        elif element.name == "face":
            triangles = values
    if len(triangles) and (triangles.min() < 0 or triangles.max() >= len(points)):
        raise ValueError("index")
    return [Surface("", points, triangles)], comments


def _header(text: str) -> tuple[str, list[_Element], str]:
    order: str | None = None
    elements: list[_Element] = []
    comments: list[str] = []
    for line in text.splitlines()[1:]:
        words = line.split()
        if not words:
            continue
        if words[0] == "format":
            order = _ORDERS[words[1]]
        elif words[0] in ("comment", "obj_info"):
            comments.append(" ".join(words[1:]))
        elif words[0] == "element":
            elements.append(_Element(words[1], int(words[2])))
        elif words[0] == "property" and words[1] == "list":
            elements[-1].properties.append((words[4], _TYPES[words[2]], _TYPES[words[3]]))
        elif words[0] == "property":
            elements[-1].properties.append((words[2], "", _TYPES[words[1]]))
    if order is None or any(not 0 <= e.count <= MAX_TRIANGLES for e in elements):
        raise ValueError("header")
    return order, elements, " ".join(comments)[:1000]


def _text_body(data: bytes, elements: list[_Element]) -> Iterator[tuple[_Element, NDArray[Any]]]:
    lines = [line for line in data.splitlines() if line.strip()]
    at = 0
    for element in elements:
        rows = lines[at : at + element.count]
        at += element.count
        if len(rows) < element.count:
            raise LabelsRefused("TRUNCATED", TRUNCATED)
        if element.name == "vertex":
            columns = [_column(element, axis) for axis in "xyz"]
            yield element, numbers_of(rows, len(element.properties))[:, columns]
        elif element.name == "face":
            if not element.properties or not element.properties[0][1]:
                raise ValueError("faces")
            polygons = [[int(word) for word in row.split()] for row in rows]
            if any(not 3 <= p[0] < len(p) for p in polygons):
                raise ValueError("faces")
            yield element, fans([p[1 : 1 + p[0]] for p in polygons])


def _column(element: _Element, axis: str) -> int:
    names = [name for name, _, _ in element.properties]
    if axis not in names or element.has_list:
        raise ValueError("points")
    return names.index(axis)


def _binary_body(
    data: NDArray[np.uint8], elements: list[_Element], order: str
) -> Iterator[tuple[_Element, NDArray[Any]]]:
    at = 0
    for element in elements:
        if not element.has_list:
            record = np.dtype([(f"p{n}", order + kind) for n, (_, _, kind) in enumerate(element.properties)])
            size = record.itemsize * element.count
            rows = np.frombuffer(_taken(data, at, size), dtype=record)
            at += size
            if element.name == "vertex":
                columns = [f"p{_column(element, axis)}" for axis in "xyz"]
                yield element, np.column_stack([rows[c].astype("f8") for c in columns])
            continue
        triangles, at = _binary_faces(data, at, element, order)
        if element.name == "face":
            yield element, triangles


def _taken(data: NDArray[np.uint8], at: int, size: int) -> bytes:
    if at + size > len(data):
        raise LabelsRefused("TRUNCATED", TRUNCATED)
    return bytes(data[at : at + size])


def _binary_faces(
    data: NDArray[np.uint8], at: int, element: _Element, order: str
) -> tuple[NDArray[np.int32], int]:
    """Read faces at once where all are triangles, one by one otherwise."""
    fields = []
    for n, (_, of_count, kind) in enumerate(element.properties):
        if of_count:
            fields += [(f"n{n}", order + of_count), (f"p{n}", order + kind, 3)]
        else:
            fields.append((f"p{n}", order + kind))
    record = np.dtype(fields)
    lists = [n for n, (_, of_count, _) in enumerate(element.properties) if of_count]
    size = record.itemsize * element.count
    if at + size <= len(data):
        rows = np.frombuffer(data[at : at + size], dtype=record)
        if all((rows[f"n{n}"] == 3).all() for n in lists):
            return rows[f"p{lists[0]}"].astype(np.int32), at + size
    polygons = []
    for _ in range(element.count):
        for n, (_, of_count, kind) in enumerate(element.properties):
            count = 1
            if of_count:
                width = np.dtype(of_count).itemsize
                count = int(np.frombuffer(_taken(data, at, width), order + of_count)[0])
                at += width
                if not 0 <= count <= _MOST_FACE_CORNERS:
                    raise ValueError("faces")
            width = np.dtype(kind).itemsize * count
            values = np.frombuffer(_taken(data, at, width), order + kind)
            at += width
            if n == lists[0]:
                polygons.append([int(v) for v in values])
    return fans([p for p in polygons if len(p) >= 3]), at
