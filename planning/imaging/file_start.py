"""Find where the elements of a DICOM file begin and how they are written, whatever its first bytes lack."""

import mmap
from collections.abc import MutableSequence
from functools import cache
from typing import Final

from pydicom.datadict import dictionary_VR
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from planning.errors import ImportRefused
from planning.imaging.elements import Bytes
from planning.texts import mark

NOT_DICOM: Final = mark("This is not a DICOM file.")
_PROGRAMS: Final = (b"MZ", b"\x7fE", b"#!")
_PREAMBLE: Final = 132
# A file cut off behind its group 2 may keep the last bytes of it.
_LONGEST_REST: Final = 16
_LARGEST_FIRST: Final = 4096
_LAST_FIRST_ELEMENT: Final = 0x60
_PLAIN: Final = frozenset({str(ExplicitVRLittleEndian), str(ImplicitVRLittleEndian)})


def start_of(data: mmap.mmap, notes: MutableSequence[str]) -> int:
    """Return where the first element is: 132 after a preamble, less where there is none.

    Raises
    ------
    ImportRefused
        ``NOT_DICOM``.
    """
    head = data[: _PREAMBLE + 8]
    if head[128:_PREAMBLE] == b"DICM":
        if head[:2] in _PROGRAMS or head[:4] == b"%PDF":
            notes.append("PREAMBLE")
        return _PREAMBLE
    group, element = int.from_bytes(head[:2], "little"), int.from_bytes(head[2:4], "little")
    if group in (2, 8) and element <= _LAST_FIRST_ELEMENT:
        notes.append("NO_PREAMBLE")
        return 0
    for at in range(1, _LONGEST_REST):
        if is_element(data, at) and is_element(data, at + 8 + _length(data, at)):
            notes.append("NO_PREAMBLE")
            return at
    raise ImportRefused("NOT_DICOM", NOT_DICOM)


def is_element(data: Bytes, at: int) -> bool:
    """Say whether a standard element with a short length, spelled out as the dictionary has it, is here."""
    vr = data[at + 4 : at + 6]
    return vr.isalpha() and vr == _vr_of(data[at : at + 4]) and _length(data, at) <= _LARGEST_FIRST


def _length(data: Bytes, at: int) -> int:
    return int.from_bytes(data[at + 6 : at + 8], "little")


@cache
def _vr_of(tag: bytes) -> bytes:
    try:
        number = int.from_bytes(tag[:2], "little") << 16 | int.from_bytes(tag[2:], "little")
        return dictionary_VR(number).encode("ascii")
    except KeyError:
        return b""


def syntax_of(data: Bytes, start: int, notes: MutableSequence[str]) -> tuple[str, int]:
    """Return the transfer syntax and where the data set begins after group 2.

    The two plain ones are told apart by the bytes themselves: the file may not name its syntax, or
    name the other one.
    """
    at, syntax = start, ""
    while data[at : at + 2] == b"\x02\x00":
        long = data[at + 4 : at + 6] in (b"OB", b"UN")
        begin = at + (12 if long else 8)
        end = begin + int.from_bytes(data[at + 8 : at + 12] if long else data[at + 6 : at + 8], "little")
        if data[at + 2 : at + 4] == b"\x10\x00":
            syntax = data[begin:end].decode("ascii", "replace").strip(" \0")
        at = end
    if syntax and syntax not in _PLAIN:
        return syntax, at
    vr = data[at + 4 : at + 6]
    written = str(ExplicitVRLittleEndian if vr.isalpha() and vr.isupper() else ImplicitVRLittleEndian)
    if syntax != written:
        notes.append("NO_SYNTAX")
    return written, at
