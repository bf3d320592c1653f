"""Unpack a zip of a study into a private folder under names of our own. Runs in the child process."""

import errno
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from planning.errors import ImportRefused
from planning.imaging.limits import HARMLESS_BYTES, MAX_EXPANSION, MAX_STREAM_BYTES, MAX_ZIP_MEMBERS
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.texts import mark

_ARCHIVES: Final = (".zip", ".gz", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz")
_PROGRAM_OBJECTS: Final = (".pkl", ".pickle", ".npy", ".npz")
_CHUNK: Final = 2**20
# What zipfile raises for a directory or a method that is not what it says.
_FAULTS: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError),
    *(ValueError, OverflowError, LookupError, RuntimeError),
)

TRUNCATED_ZIP: Final = mark("The zip file is incomplete or damaged. Copy or pack it again.")
TOO_MANY: Final = mark(
    "The zip holds {count} files, more than the {limit} allowed. Unpack it and import the folder."
)
TRAVERSAL: Final = mark(
    "The zip holds a file that would be written outside its folder ({name}), which looks like an attack."
)
SYMLINK: Final = mark("The zip holds a link to another place ({name}), which looks like an attack.")
DUPLICATE: Final = mark(
    "The zip holds two files of the same name ({name}). Which one is right cannot be known."
)
NESTED: Final = mark("The zip holds another archive ({name}). Unpack it and import the folder.")
PICKLE: Final = mark(
    "The zip holds stored program objects ({name}), which are never loaded. Pack the images alone."
)
ENCRYPTED: Final = mark("The zip is protected by a password. Unpack it and import the folder.")
EXPANSION: Final = mark(
    "The zip would unpack to more than {limit} times its size or more than 4 GiB, which looks like "
    "an attack. If it is not, unpack it and import the folder."
)
NO_ROOM: Final = mark("There is no room to unpack the zip. Free some disk space and try again.")
CRC: Final = mark("A file in the zip is damaged ({name}). Copy or pack it again.")


def unpack(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: unpack ``header["archive"]`` into ``header["target"]``; returns the names the members had.

    Raises
    ------
    ImportRefused
        One code for each limit that is broken; nothing of the archive is used then.
    """
    del arrays
    target = Path(header["target"])
    try:
        with zipfile.ZipFile(header["archive"]) as archive:
            members = _checked(archive, Path(header["archive"]).stat().st_size)
            names = []
            for n, member in enumerate(members):

                def alive(share: float, n: int = n) -> None:
                    room.progress((n + share) / len(members), mark("Unpacking"))

                _unpack_member(archive, member, target / f"{n:06d}", alive)
                names.append(member.filename)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ImportRefused("DISK_FULL", NO_ROOM) from error
        raise ImportRefused("TRUNCATED", TRUNCATED_ZIP) from error
    except _FAULTS as error:
        raise ImportRefused("TRUNCATED", TRUNCATED_ZIP) from error
    return {"names": names}, []


def _checked(archive: zipfile.ZipFile, size: int) -> list[zipfile.ZipInfo]:
    members = [m for m in archive.infolist() if not m.is_dir()]
    if len(members) > MAX_ZIP_MEMBERS:
        raise ImportRefused("TOO_MANY_FILES", TOO_MANY, count=len(members), limit=MAX_ZIP_MEMBERS)
    seen: set[str] = set()
    for member in members:
        _check_name(member)
        folded = member.filename.casefold()
        if folded in seen:
            raise ImportRefused("DUPLICATE_NAME", DUPLICATE, name=member.filename)
        seen.add(folded)
    total = sum(m.file_size for m in members)
    if total > min(MAX_STREAM_BYTES, max(HARMLESS_BYTES, MAX_EXPANSION * size)):
        raise ImportRefused("EXPANSION_LIMIT", EXPANSION, limit=MAX_EXPANSION)
    return members


def _check_name(member: zipfile.ZipInfo) -> None:
    name = member.filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise ImportRefused("PATH_TRAVERSAL", TRAVERSAL, name=member.filename)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise ImportRefused("SYMLINK", SYMLINK, name=member.filename)
    if name.casefold().endswith(_PROGRAM_OBJECTS):
        raise ImportRefused("PICKLE", PICKLE, name=member.filename)
    if name.casefold().endswith(_ARCHIVES):
        raise ImportRefused("NESTED_ARCHIVE", NESTED, name=member.filename)
    if member.flag_bits & 1:
        raise ImportRefused("ENCRYPTED", ENCRYPTED)


def _unpack_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, alive: Callable[[float], None]
) -> None:
    """Write one member, never more than it declared; the checksum is verified at its end."""
    left = member.file_size
    try:
        with archive.open(member) as source, target.open("xb") as sink:
            alive(0.0)
            while chunk := source.read(_CHUNK):
                left -= len(chunk)
                alive(1.0 - max(0, left) / max(1, member.file_size))
                if left < 0:
                    raise ImportRefused("EXPANSION_LIMIT", EXPANSION, limit=MAX_EXPANSION)
                sink.write(chunk)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError) as error:
        raise ImportRefused("CRC", CRC, name=member.filename) from error
