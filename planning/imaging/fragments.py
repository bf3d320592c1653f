"""Find the fragments of one frame among the compressed pixels of a file, reading nothing else of it."""

import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO, Final

from planning.imaging.limits import MAX_FRAGMENTS

Fragment = tuple[int, int]
_ITEM: Final = b"\xfe\xff\x00\xe0"
_END: Final = b"\xfe\xff\xdd\xe0"
_END_OF_PICTURE: Final = b"\xff\xd9"


class FrameReader:
    """Reads the compressed bytes of frames; keeps the list of fragments of the last file."""

    def __init__(self) -> None:
        self._known: tuple[str, int] | None = None
        self._frames: list[list[Fragment]] = []

    def frame(self, file: str, offset: int, index: int, n_frames: int) -> bytes:
        """Return the compressed bytes of a frame, its fragments joined.

        Parameters
        ----------
        file : str
        offset : int
            Where the value of the pixel element begins.
        index, n_frames : int
            Which frame, of how many.

        Raises
        ------
        ValueError
            The fragments break the rules or do not say which frame they belong to.
        OSError
        """
        with Path(file).open("rb") as opened:
            if self._known != (file, offset):
                self._frames = _frames(opened, offset, n_frames)
                self._known = (file, offset)
            if index >= len(self._frames):
                raise ValueError("no such frame")
            return b"".join(_piece(opened, fragment) for fragment in self._frames[index])


def _piece(file: IO[bytes], fragment: Fragment) -> bytes:
    start, length = fragment
    file.seek(start)
    return file.read(length)


def _frames(file: IO[bytes], offset: int, n_frames: int) -> list[list[Fragment]]:
    """Return the fragments of each frame (PS3.5 A.4)."""
    table, fragments = _items(file, offset)
    if not fragments:
        raise ValueError("no fragments")
    if n_frames == 1:
        return [fragments]
    if len(fragments) == n_frames:
        return [[fragment] for fragment in fragments]
    starts = _starts(_piece(file, table), fragments, n_frames) or _starts_by_ends(file, fragments)
    if len(starts) != n_frames:
        raise ValueError("fragments do not tell the frames")
    return [fragments[a:b] for a, b in zip(starts, [*starts[1:], len(fragments)], strict=True)]


def _items(file: IO[bytes], offset: int) -> tuple[Fragment, list[Fragment]]:
    """Return the offset table and the fragments behind it, every length checked against the file."""
    size = file.seek(0, 2)
    items: list[Fragment] = []
    at = offset
    while at < size:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[:4] == _END:
            break
        (length,) = struct.unpack("<L", head[4:])
        at += 8
        if head[:4] != _ITEM or at + length > size:
            raise ValueError("broken fragment")
        items.append((at, length))
        at += length
        if len(items) > MAX_FRAGMENTS:
            raise ValueError("too many fragments")
    if not items:
        raise ValueError("no offset table")
    return items[0], [item for item in items[1:] if item[1]]


def _starts(table: bytes, fragments: Sequence[Fragment], n_frames: int) -> list[int]:
    """Return which fragment each frame begins with, by the offset table; nothing where it is wrong."""
    if len(table) != 4 * n_frames:
        return []
    places = {start - 8: n for n, (start, _) in enumerate(fragments)}
    first = fragments[0][0] - 8
    starts = [places.get(first + offset, -1) for offset in struct.unpack(f"<{n_frames}L", table)]
    rising = all(a < b for a, b in pairwise(starts))
    return starts if rising and starts[0] == 0 else []


def _starts_by_ends(file: IO[bytes], fragments: Sequence[Fragment]) -> list[int]:
    """Return which fragment each frame begins with: the one behind the end of a picture."""
    starts = [0]
    for n, (start, length) in enumerate(fragments[:-1]):
        tail = _piece(file, (max(start, start + length - 3), min(3, length)))
        if tail.rstrip(b"\0").endswith(_END_OF_PICTURE):
            starts.append(n + 1)
    return starts
