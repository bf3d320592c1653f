"""Unpack a deflated data set into a file without a name, and stop at the limit. Runs in the child process."""

import tempfile
import zlib
from pathlib import Path
from typing import IO, Final

from planning.errors import ImportRefused
from planning.imaging.elements import TRUNCATED
from planning.imaging.limits import MAX_EXPANSION, allows_expansion
from planning.texts import mark

_READ: Final = 65_536
_WRITE: Final = 2**20
EXPANSION: Final = mark(
    "The file would unpack to more than {limit} times its size, which looks like an attack."
)


def inflated(file: Path, start: int) -> IO[bytes]:
    """Return an open file that holds ``file[:start]`` and, unpacked, everything behind it.

    Raises
    ------
    ImportRefused
        ``EXPANSION_LIMIT`` or ``TRUNCATED``.
    """
    target = tempfile.TemporaryFile()  # noqa: SIM115 -- the caller keeps it as long as it reads
    try:
        with file.open("rb") as source:
            _inflate(source, target, start, file.stat().st_size)
    except BaseException:
        target.close()
        raise
    target.flush()
    return target


def _inflate(source: IO[bytes], target: IO[bytes], start: int, size: int) -> None:
    target.write(source.read(start))
    inflater, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while not inflater.eof:
        piece = inflater.unconsumed_tail or source.read(_READ)
        unpacked = inflater.decompress(piece, _WRITE)
        total += len(unpacked)
        if not allows_expansion(size, total):
            raise ImportRefused("EXPANSION_LIMIT", EXPANSION, limit=MAX_EXPANSION)
        if not piece and not unpacked:
            raise ImportRefused("TRUNCATED", TRUNCATED)
        target.write(unpacked)
