"""NIfTI-1 and NIfTI-2 headers, with the conversion from their RAS frame."""

import html
import re
import struct
from pathlib import Path
from typing import Any, Final

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
    TRUNCATED,
    UNSUPPORTED,
    Floats,
    Inflating,
    VolumeHeader,
    affine,
    mm_per_unit,
)

_TYPES: Final = {
    **{
        2: "u1",
        4: "i2",
        8: "i4",
        16: "f4",
        64: "f8",
        256: "i1",
        512: "u2",
        768: "u4",
        1024: "i8",
        1280: "u8",
    },
}
_COLOURS: Final = frozenset({32, 128, 1792, 2304})
_MM: Final = 2
_UNITS: Final = {1: (1000.0, "m"), 3: (0.001, "µm")}
_CONFLICT_MM: Final = 0.1
_SIZE_TOLERANCE: Final = 0.01
_ROUNDED_QUATERNION: Final = 1e-5
_LABEL: Final = re.compile(rb'<Label\b[^>]*?\bKey="(\d{1,5})"[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]{1,256})')


def read_nifti(path: Path) -> VolumeHeader:
    """Return the header of a ``.nii`` or ``.nii.gz`` file; raises `ImportRefused`."""
    with path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        source: Any = Inflating(file) if gzipped else file
        head = source.read(540)
        parsed = _parse(head, path.name)
        rest = int(parsed["vox_offset"]) - len(head)
        extensions = source.read(rest) if 0 < rest <= MAX_HEADER_BYTES else b""
    notes: list[tuple[str, str]] = []
    header = VolumeHeader(
        name=path.name,
        shape_ijk=_shape(parsed, path.name),
        dtype=_dtype(parsed, path.name),
        lps_from_ijk=_place(parsed, path.name, notes),
        data_file=path,
        data_offset=int(parsed["vox_offset"]),
        compressed="file" if gzipped else "",
        class_table=_class_table(head + extensions),
        notes=notes,
    )
    slope, intercept = parsed["scale"]
    if not (np.isfinite(slope) and np.isfinite(intercept)):
        notes.append(("SCL_IGNORED", ""))
    elif slope != 0:
        header.slope, header.intercept = slope, intercept
    return header


def _parse(head: bytes, name: str) -> dict[str, Any]:
    if len(head) < 348:
        raise ImportRefused("TRUNCATED", TRUNCATED, name=name)
    for order in "<>":
        size = struct.unpack_from(order + "i", head)[0]
        if size == 348 and head[344:348] == b"n+1\0":
            return _fields(head, order, 1)
        if size == 540 and head[4:8] == b"n+2\0" and len(head) >= 540:
            return _fields(head, order, 2)
    raise ImportRefused("BAD_HEADER", BAD_HEADER, name=name)


def _fields(head: bytes, order: str, version: int) -> dict[str, Any]:
    """Return the fields that matter; offsets are those of nifti1.h and nifti2.h."""
    small = version == 1
    whole, real = ("h", "f") if small else ("q", "d")

    def take(form: str, at: int) -> tuple[Any, ...]:
        return struct.unpack_from(order + form, head, at)

    return {
        "order": order,
        "dim": take("8" + whole, 40 if small else 16),
        "datatype": take("h", 70 if small else 12)[0],
        "pixdim": take("8" + real, 76 if small else 104),
        "vox_offset": take("f" if small else "q", 108 if small else 168)[0],
        "scale": take("2" + real, 112 if small else 176),
        "units": (head[123] if small else take("i", 500)[0]) & 7,
        "codes": take("2h", 252) if small else take("2i", 344),
        "quaternion": take("6" + real, 256 if small else 352),
        "srow": take("12" + real, 280 if small else 400),
    }


def _shape(parsed: dict[str, Any], name: str) -> tuple[int, int, int]:
    count, *sizes = parsed["dim"]
    if count not in range(3, 8) or any(size != 1 for size in sizes[3:count]):
        raise ImportRefused("NOT_A_VOLUME", NOT_A_VOLUME, name=name)
    if not np.isfinite(parsed["vox_offset"]) or not 348 <= parsed["vox_offset"] <= MAX_HEADER_BYTES:
        raise ImportRefused("BAD_HEADER", BAD_HEADER, name=name)
    return int(sizes[0]), int(sizes[1]), int(sizes[2])


def _dtype(parsed: dict[str, Any], name: str) -> str:
    code = parsed["datatype"]
    if code in _COLOURS:
        raise ImportRefused("COLOUR", COLOUR, name=name)
    if code not in _TYPES:
        raise ImportRefused("UNSUPPORTED", UNSUPPORTED, name=name, detail=f"datatype {code}")
    return str(parsed["order"] + _TYPES[code])


def _place(parsed: dict[str, Any], name: str, notes: list[tuple[str, str]]) -> Floats:
    """Return the affine in LPS millimetres: the sform where there is one, else the qform."""
    q_code, s_code = parsed["codes"]
    if q_code <= 0 and s_code <= 0:
        raise ImportRefused("NO_ORIENTATION", NO_ORIENTATION, name=name)
    placed = _sform(parsed) if s_code > 0 else _qform(parsed, name)
    unit, factor = parsed["units"], 1.0
    if unit in _UNITS:
        factor = mm_per_unit(*_UNITS[unit], placed[:3, :3], notes)
    elif unit != _MM:
        notes.append(("UNITS_MISSING", ""))
    if q_code > 0 and s_code > 0:
        apart_mm = _apart(placed, _qform(parsed, name), parsed["dim"][1:4]) * factor
        if apart_mm > _CONFLICT_MM:
            notes.append(("AFFINE_CONFLICT", f"{apart_mm:.1f}"))
    elif s_code > 0:
        _compare_sizes(placed, parsed["pixdim"][1:4], factor, notes)
    placed[:3] *= factor
    return lps_from_ras(placed)


def _compare_sizes(
    placed: Floats, pixdim: tuple[float, ...], factor: float, notes: list[tuple[str, str]]
) -> None:
    """Note where the voxel sizes the file lists are not those of its sform: one of them is wrong."""
    sizes, listed = np.linalg.norm(placed[:3, :3], axis=0), np.abs(np.array(pixdim))
    if not np.isfinite(listed).all() or (np.abs(sizes - listed) > _SIZE_TOLERANCE * sizes).any():
        notes.append(("SIZE_CONFLICT", f"{np.nanmax(np.abs(sizes - listed), initial=0.0) * factor:.2f}"))


def _sform(parsed: dict[str, Any]) -> Floats:
    rows = np.array(parsed["srow"], dtype=np.float64).reshape(3, 4)
    return affine(rows[:, :3], rows[:, 3])


def _qform(parsed: dict[str, Any], name: str) -> Floats:
    b, c, d, *offset = parsed["quaternion"]
    length = b * b + c * c + d * d
    if length > 1.0 + _ROUNDED_QUATERNION:
        # Taken as it is, it would stretch every distance.
        raise ImportRefused("BAD_AFFINE", BAD_AFFINE, name=name)
    if length > 1.0:
        b, c, d = (v / np.sqrt(length) for v in (b, c, d))
    a = np.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    pixdim = np.abs(np.array(parsed["pixdim"][1:4], dtype=np.float64))
    if parsed["pixdim"][0] < 0:
        pixdim[2] *= -1
    return affine(rotation * pixdim, offset)


def _apart(one: Floats, other: Floats, shape_ijk: tuple[int, ...]) -> float:
    corners = np.stack(np.meshgrid(*[(0, n - 1) for n in shape_ijk], indexing="ij"), -1).reshape(-1, 3)
    points = np.column_stack([corners, np.ones(len(corners))])
    return float(np.linalg.norm((points @ (one - other).T)[:, :3], axis=1).max())


def _class_table(data: bytes) -> dict[tuple[int, int], str]:
    """Return the names a TotalSegmentator file carries in its extension; the XML is never parsed as such."""
    found = _LABEL.findall(data)
    names = {int(key): html.unescape(name.decode("utf-8", "replace")).strip() for key, name in found}
    return {(0, value): name[:MAX_TEXT] for value, name in names.items() if name and value > 0}
