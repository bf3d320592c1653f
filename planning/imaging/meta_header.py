"""MetaImage headers (``.mha``, ``.mhd``), whose frame is LPS already."""

from pathlib import Path
from typing import Final

import numpy as np

from planning.errors import ImportRefused
from planning.imaging.limits import MAX_HEADER_BYTES
from planning.imaging.volume_header import (
    BAD_HEADER,
    COLOUR,
    NO_ORIENTATION,
    NOT_A_VOLUME,
    UNSUPPORTED,
    VolumeHeader,
    affine,
    fields_as_numbers,
    neighbour,
)

_TYPES: Final = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}


def read_meta(path: Path) -> VolumeHeader:
    """Return the header of a MetaImage with attached or neighbouring data; raises `ImportRefused`."""
    fields, end = _fields(path)
    name = path.name
    if fields.get("NDims") != "3":
        raise ImportRefused("NOT_A_VOLUME", NOT_A_VOLUME, name=name)
    if fields.get("ElementNumberOfChannels", "1") != "1":
        raise ImportRefused("COLOUR", COLOUR, name=name)
    if "TransformMatrix" not in fields or not {"Offset", "Position", "Origin"} & set(fields):
        raise ImportRefused("NO_ORIENTATION", NO_ORIENTATION, name=name)
    shape = [int(n) for n in fields_as_numbers(fields, "DimSize", 3, name)]
    # Three numbers for each axis: the direction of i, then of j, then of k.
    directions = np.array(fields_as_numbers(fields, "TransformMatrix", 9, name)).reshape(3, 3).T
    spacing = fields_as_numbers(fields, "ElementSpacing", 3, name)
    place = next(key for key in ("Offset", "Position", "Origin") if key in fields)
    data_file, offset = _data(path, fields, end)
    compressed = fields.get("CompressedData", "False").lower() in ("true", "1")
    return VolumeHeader(
        name=name,
        shape_ijk=(shape[0], shape[1], shape[2]),
        dtype=_dtype(fields, name),
        lps_from_ijk=affine(directions * np.array(spacing), fields_as_numbers(fields, place, 3, name)),
        data_file=data_file,
        data_offset=offset,
        compressed="data" if compressed else "",
    )


def _fields(path: Path) -> tuple[dict[str, str], int]:
    """Return the fields up to and including ElementDataFile, and where the header ends."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        while file.tell() < MAX_HEADER_BYTES:
            line = file.readline(65_536)
            key, separator, value = line.decode("utf-8", "replace").partition("=")
            if not separator:
                break
            fields[key.strip()] = value.strip()
            if key.strip() == "ElementDataFile":
                return fields, file.tell()
    raise ImportRefused("BAD_HEADER", BAD_HEADER, name=path.name)


def _data(path: Path, fields: dict[str, str], end: int) -> tuple[Path, int]:
    """Return the file that holds the voxels and where they begin in it."""
    skip = fields.get("HeaderSize", "0")
    if skip != "0":
        raise ImportRefused("UNSUPPORTED", UNSUPPORTED, name=path.name, detail="HeaderSize")
    named = fields["ElementDataFile"]
    if named.upper() == "LOCAL":
        return path, end
    return neighbour(path, named), 0


def _dtype(fields: dict[str, str], name: str) -> str:
    kind = fields.get("ElementType", "")
    if kind.endswith("_ARRAY"):
        raise ImportRefused("COLOUR", COLOUR, name=name)
    if kind not in _TYPES or fields.get("BinaryData", "True").lower() not in ("true", "1"):
        raise ImportRefused("UNSUPPORTED", UNSUPPORTED, name=name, detail=kind[:20])
    big = fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False")).lower()
    return (">" if big in ("true", "1") else "<") + _TYPES[kind]
