"""Walk over the elements of a DICOM file before any parser sees it.

Only lengths and nesting are looked at: a declared length beyond the end of the file, sequences
nested without end and a missing end are found here, without recursion and without reading values.
"""

import mmap
import struct
from dataclasses import dataclass
from functools import cache
from typing import Final

from pydicom.datadict import dictionary_VR

from planning.errors import ImportRefused
from planning.imaging.limits import MAX_SEQUENCE_DEPTH
from planning.texts import mark

Bytes = bytes | mmap.mmap
PIXEL_TAGS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_LONG_VRS: Final = frozenset(
    {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
)
_SHORT_VRS: Final = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL",
     b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
)  # fmt: skip
_UNDEFINED: Final = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
TRUNCATED: Final = mark(
    "The file ends in the middle: it was not copied completely. Copy it again from its source."
)
NESTING: Final = mark("The file nests lists more than {limit} deep, which no scanner does. It is not read.")


@dataclass(frozen=True)
class PixelPlace:
    """Where the pixel data lies in its file.

    Parameters
    ----------
    tag : int
    element, offset, length : int
        Where the element and where its value begins, in bytes; the length is -1 for fragments
        (compressed pixels).
    """

    tag: int
    element: int
    offset: int
    length: int

    @property
    def is_fragmented(self) -> bool:
        """Whether the pixels are compressed fragments."""
        return self.length < 0


@dataclass(frozen=True)
class Encoding:
    """How elements are written: byte order and whether the value representation is spelled out."""

    big_endian: bool = False
    implicit: bool = False


def find_pixels(data: Bytes, start: int, encoding: Encoding) -> PixelPlace | None:
    """Walk from `start` to the pixel data and say where it lies; None when there is none.

    Raises
    ------
    ImportRefused
        ``TRUNCATED`` or ``NESTING``.
    """
    walker = _Walker(data, start, encoding)
    # Where each open sequence or item ends, or -1.
    open_ends: list[int] = []
    while True:
        while open_ends and 0 <= open_ends[-1] <= walker.at:
            open_ends.pop()
        began = walker.at
        head = walker.next_head()
        if head is None:
            if any(end < 0 for end in open_ends):
                raise ImportRefused("TRUNCATED", TRUNCATED)
            return None
        tag, is_sequence, length = head
        if tag in PIXEL_TAGS and not open_ends:
            return walker.pixels(tag, length, began)
        if tag in (_ITEM_END, _SEQUENCE_END):
            del open_ends[-1:]
        elif tag in PIXEL_TAGS and length == _UNDEFINED:
            walker.skip_fragments()
        elif tag == _ITEM or is_sequence or length == _UNDEFINED:
            open_ends.append(-1 if length == _UNDEFINED else walker.end_of(length))
            if len(open_ends) > 2 * MAX_SEQUENCE_DEPTH:
                raise ImportRefused("NESTING", NESTING, limit=MAX_SEQUENCE_DEPTH)
        else:
            walker.at = walker.end_of(length)


class _Walker:
    def __init__(self, data: Bytes, start: int, encoding: Encoding) -> None:
        self.data = data
        self.at = start
        self.size = len(data)
        self.implicit = encoding.implicit
        order = ">" if encoding.big_endian else "<"
        self.tag_of = struct.Struct(order + "HH").unpack
        self.short_of = struct.Struct(order + "H").unpack
        self.long_of = struct.Struct(order + "L").unpack

    def next_head(self) -> tuple[int, bool, int] | None:
        """Return tag, whether it is a sequence, and length; None at a clean end of the file."""
        head = self._take(8)
        if not head.strip(b"\0"):
            return None
        if len(head) < 8:
            raise ImportRefused("TRUNCATED", TRUNCATED)
        group, element = self.tag_of(head[:4])
        tag = group << 16 | element
        vr = head[4:6]
        if group == 0xFFFE:
            return tag, False, self.long_of(head[4:])[0]
        if vr in _SHORT_VRS and not self.implicit:
            return tag, False, self.short_of(head[6:])[0]
        if vr in _LONG_VRS and not self.implicit:
            rest = self._take(4)
            if len(rest) < 4:
                raise ImportRefused("TRUNCATED", TRUNCATED)
            return tag, vr == b"SQ", self.long_of(rest)[0]
        return tag, _is_sequence(tag), self.long_of(head[4:])[0]

    def _take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        self.at += count
        return taken

    def end_of(self, length: int) -> int:
        end = self.at + length
        if end > self.size:
            raise ImportRefused("TRUNCATED", TRUNCATED)
        return end

    def skip_fragments(self) -> None:
        """Pass over the compressed pixels of an icon inside a sequence."""
        while True:
            head = self.next_head()
            if head is None:
                raise ImportRefused("TRUNCATED", TRUNCATED)
            if head[0] == _SEQUENCE_END:
                return
            self.at = self.end_of(head[2])

    def pixels(self, tag: int, length: int, element: int) -> PixelPlace:
        if length == _UNDEFINED:
            return PixelPlace(tag, element, self.at, -1)
        self.end_of(length)
        return PixelPlace(tag, element, self.at, length)


@cache
def _is_sequence(tag: int) -> bool:
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return False
