"""Read a surface file (STL, OBJ, PLY) in the child process: points as written, and its own words."""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.errors import LabelsRefused
from planning.imaging.limits import MAX_TEXT, MAX_TRIANGLES
from planning.imaging.obj_text import obj_surfaces
from planning.imaging.ply_data import ply_surface
from planning.imaging.surface_text import BAD_NUMBERS, TRUNCATED, Surface, numbers_of
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.texts import mark

_RECORD: Final = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_HEADER: Final = 84
_LARGEST_BYTES: Final = 2 * 2**30
# Beyond this a coordinate is no place in any unit a person could mean (ten metres in micrometres).
_LARGEST: Final = 1e7
EMPTY: Final = mark("{name} holds no triangle.")
BAD_VERTEX: Final = mark(
    "{name} holds points that are no numbers or lie beyond any measure. Export the surface again."
)
GIANT: Final = mark("{name} holds more triangles than any surface of a patient needs. It is not read.")
NOT_A_SURFACE: Final = mark("{name} is no surface this program reads (STL, OBJ or PLY).")
READING: Final = mark("Reading the surface")


@dataclass
class _Said:
    """What the words of a file say: axes, unit, and our own marks."""

    space: str = ""
    unit: str = ""
    words: list[str] = field(default_factory=list)


def read_mesh(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: return the surfaces of ``header["file"]``, in the file's own unit and axes.

    Returns
    -------
    header : dict
        ``surfaces``: names; ``space`` and ``unit`` where the file says them, else empty; ``words``: the
        header of an STL or the comments of the others.
    arrays : list of array
        For each surface points (n, 3) as float64, and triangles (m, 3).

    Raises
    ------
    LabelsRefused
        ``TRUNCATED``, ``BAD_VERTEX``, ``EMPTY``, ``PARSE``, ``GIANT`` or ``NOT_A_SURFACE``.
    """
    del arrays
    file = Path(header["file"])
    room.progress(0.0, READING)
    try:
        surfaces, words = _surfaces(file)
    except LabelsRefused as error:
        raise LabelsRefused(error.code, error.template, **{"name": file.name, **error.values}) from error
    except (ValueError, LookupError, OverflowError, struct.error) as error:
        raise LabelsRefused("PARSE", BAD_NUMBERS, name=file.name) from error
    surfaces = [s for s in surfaces if len(s.triangles)]
    _check(surfaces, file.name)
    said = _said(words)
    answer = {
        "surfaces": [s.name for s in surfaces],
        "space": said.space,
        "unit": said.unit,
        "words": said.words,
    }
    return answer, [a for s in surfaces for a in (s.points.astype("f8"), s.triangles.astype("i4"))]


def _surfaces(file: Path) -> tuple[list[Surface], str]:
    if file.stat().st_size > _LARGEST_BYTES:
        raise LabelsRefused("GIANT", GIANT)
    suffix = file.suffix.lower()
    data = np.memmap(file, "u1", "r") if file.stat().st_size else np.zeros(0, "u1")
    if suffix == ".stl":
        return _stl(data)
    if suffix == ".obj":
        return obj_surfaces(bytes(data))
    if suffix == ".ply":
        return ply_surface(data)
    raise LabelsRefused("NOT_A_SURFACE", NOT_A_SURFACE)


def _check(surfaces: Sequence[Surface], name: str) -> None:
    if not surfaces:
        raise LabelsRefused("EMPTY", EMPTY, name=name)
    if sum(len(s.triangles) for s in surfaces) > MAX_TRIANGLES:
        raise LabelsRefused("GIANT", GIANT, name=name)
    for surface in surfaces:
        used = surface.points[surface.triangles.ravel()]
        if not np.isfinite(used).all() or np.abs(used).max() > _LARGEST:
            raise LabelsRefused("BAD_VERTEX", BAD_VERTEX, name=name)


def _stl(data: NDArray[np.uint8]) -> tuple[list[Surface], str]:
    """Read binary STL by its own count of triangles, whatever its header begins with; else text."""
    head = bytes(data[:_HEADER])
    count = struct.unpack("<I", head[80:84])[0] if len(head) == _HEADER else -1
    fits = count >= 0 and len(data) == _HEADER + _RECORD.itemsize * count
    if not fits and head.lstrip()[:5].lower() == b"solid" and _is_text(bytes(data[:512])):
        return _text_stl(bytes(data))
    if count < 0:
        raise LabelsRefused("TRUNCATED", TRUNCATED)
    if count > MAX_TRIANGLES:
        # A damaged count must not be called a giant surface where the file is small.
        code, words = ("TRUNCATED", TRUNCATED) if len(data) < 2**30 else ("GIANT", GIANT)
        raise LabelsRefused(code, words)
    if len(data) < _HEADER + _RECORD.itemsize * count:
        raise LabelsRefused("TRUNCATED", TRUNCATED)
    records = np.frombuffer(data[_HEADER : _HEADER + _RECORD.itemsize * count], dtype=_RECORD)
    words = head[:80].decode("ascii", "replace")
    return [joined_corners("", np.ascontiguousarray(records["corners"]).reshape(-1, 3))], words


def _is_text(head: bytes) -> bool:
    return b"\0" not in head and (b"facet" in head or b"endsolid" in head)


def _text_stl(data: bytes) -> tuple[list[Surface], str]:
    surfaces = []
    first_line = data.split(b"\n", 1)[0]
    for block in re.split(rb"(?mi)^\s*solid\b", data)[1:]:
        name, _, body = block.partition(b"\n")
        rows = re.findall(rb"(?mi)^\s*vertex\s+(.*)$", body)
        if len(rows) % 3 or (rows and b"endsolid" not in body.lower()):
            raise LabelsRefused("TRUNCATED", TRUNCATED) if not _odd_words(rows) else ValueError
        points = numbers_of(rows, 3)
        surfaces.append(joined_corners(_plain(name), points))
    return surfaces, first_line.decode("utf-8", "replace")


def _odd_words(rows: Sequence[bytes]) -> bool:
    """Say whether a row is not three numbers, which is a fault of writing and not of copying."""
    return any(not re.fullmatch(rb"\s*(\S+\s+){2}\S+\s*", row) or b"," in row for row in rows)


def _plain(text: bytes) -> str:
    words = text.decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:MAX_TEXT]


def joined_corners(name: str, corners: NDArray[np.floating]) -> Surface:
    """Return a surface whose triangles share the points they have in common, to the last bit."""
    if not len(corners):
        return Surface(name, np.zeros((0, 3)), np.zeros((0, 3), np.int32))
    # Zero and minus zero are one place.
    points, index = np.unique(corners + 0.0, axis=0, return_inverse=True)
    return Surface(name, points.astype(np.float64), index.reshape(-1, 3).astype(np.int32))


def _said(words: str) -> _Said:
    """Return axes and unit as this program and 3D Slicer write them (``SPACE=LPS``), and the words."""
    space = re.search(r"\bSPACE[=:]\s*(LPS|RAS)\b", words, re.IGNORECASE)
    unit = re.search(r"\bUNITS?[=:]\s*(mm|cm|m|inch)\b", words, re.IGNORECASE)
    plain = "".join(c if c.isprintable() else " " for c in words)[:1000]
    return _Said(space[1].upper() if space else "", unit[1].lower() if unit else "", plain.split()[:100])
