"""Mend lengths of texts that were turned into another character set without counting them again.

A name of eleven letters keeps the length it had as thirteen bytes of UTF-8, and everything behind it
seems displaced. The mended length is taken only where the next element then reads as one.
"""

from typing import Final

from planning.imaging.elements import Bytes
from planning.imaging.file_start import is_element

_TEXTS: Final = frozenset({b"PN", b"LO", b"SH", b"LT", b"ST"})
_LONG_VRS: Final = frozenset({b"OB", b"OW", b"UN", b"SQ", b"UT", b"UC", b"UR", b"OD", b"OF", b"OL"})
_LAST_GROUP: Final = 0x0040
_LONGEST_MENDED: Final = 16 * 2**20


def with_mended_lengths(data: Bytes, start: int) -> bytes | None:
    """Return the bytes of an explicit little endian file with its text lengths set right.

    None where nothing was found that could be mended; no byte moves.
    """
    if len(data) > _LONGEST_MENDED:
        return None
    found: list[tuple[int, int]] = []
    at = start
    while (head := data[at : at + 8]) and len(head) == 8 and _group(head) <= _LAST_GROUP:
        vr, length = head[4:6], int.from_bytes(head[6:8], "little")
        if vr in _LONG_VRS:
            at += 12 + int.from_bytes(data[at + 8 : at + 12], "little")
            continue
        if vr in _TEXTS:
            right = _right_length(data, at + 8, length)
            if right != length:
                found.append((at + 6, right))
            length = right
        at += 8 + length
    if not found:
        return None
    mended = bytearray(data[:])
    for place, length in found:
        mended[place : place + 2] = length.to_bytes(2, "little")
    return bytes(mended)


def _group(head: bytes) -> int:
    return int.from_bytes(head[:2], "little")


def _right_length(data: Bytes, begin: int, length: int) -> int:
    """Return the length after which an element begins; as stated where none does near it."""
    foreign = sum(byte >= 0x80 for byte in data[begin : begin + length])
    if not foreign or is_element(data, begin + length):
        return length
    for shift in range(1, foreign + 1):
        for candidate in (length - shift, length + shift):
            if is_element(data, begin + candidate):
                return candidate
    return length
