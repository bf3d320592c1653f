"""What the program and its child process tell each other: JSON over pipes, arrays in private files.

Nothing here unpickles: the child reads hostile files, so the parent takes from it only JSON text
and the bytes of arrays whose type and size it checks itself.
"""

import errno
import json
import math
import mmap
import os
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from planning.errors import PlanningError
from planning.progress import Progress
from planning.texts import mark

Array = NDArray[Any]
Header = dict[str, Any]
_LENGTH: Final = struct.Struct("<I")
_LARGEST_FRAME_BYTES: Final = 64 * 2**20
_COPIED_BYTES: Final = 2**20
_TYPES: Final = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"])


def write_frame(stream: IO[bytes], content: Mapping[str, Any]) -> None:
    """Send one JSON object, its length first."""
    data = json.dumps(content, ensure_ascii=True).encode("ascii")
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Header | None:
    """Receive one JSON object; None when the other side is gone or talks nonsense."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _LARGEST_FRAME_BYTES:
        return None
    data = stream.read(length)
    if len(data) < length:
        return None
    try:
        content = json.loads(data)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


@dataclass(frozen=True)
class ArrayNote:
    """Where an array lies in the private folder, and its type and shape."""

    file: str
    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "ArrayNote":
        """Check what the other side claims; raises ValueError for anything unexpected."""
        file, dtype, shape = (
            str(content["file"]),
            str(content["dtype"]),
            tuple(int(n) for n in content["shape"]),
        )
        if (
            dtype not in _TYPES
            or Path(file).name != file
            or file.startswith(".")
            or any(n < 0 for n in shape)
        ):
            raise ValueError("bad array note")
        return cls(file, dtype, shape)

    def to_json(self) -> Header:
        """Return what travels over the pipe."""
        return {"file": self.file, "dtype": self.dtype, "shape": list(self.shape)}

    @property
    def n_bytes(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


def note_for(file: str, shape: Sequence[int], dtype: DTypeLike) -> ArrayNote:
    """Describe an array to be; raises TypeError for types that never travel."""
    name = np.dtype(dtype).newbyteorder("<").str
    if name not in _TYPES:
        raise TypeError(f"arrays of {name} are not exchanged")
    return ArrayNote(file, name, tuple(int(n) for n in shape))


def create_array(folder: Path, note: ArrayNote) -> Array:
    """Reserve the file of `note` and map it for writing.

    The disk space is really reserved: a mapped file on a full disk would end the process at the
    first touch instead of raising.

    Raises
    ------
    PlanningError
        ``DISK_FULL`` when there is no room.
    """
    path = folder / note.file
    with path.open("xb+") as file:
        try:
            _reserve(file, note.n_bytes)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise PlanningError(
                "DISK_FULL",
                mark(
                    "There is no room for {needed} MB of temporary data. Free some disk space and try again."
                ),
                needed=note.n_bytes // 10**6 + 1,
            ) from error
        if not note.n_bytes:
            return np.empty(note.shape, dtype=note.dtype)
        mapped = mmap.mmap(file.fileno(), note.n_bytes, access=mmap.ACCESS_WRITE)
    return np.frombuffer(mapped, dtype=note.dtype).reshape(note.shape)


def _reserve(file: IO[bytes], n_bytes: int) -> None:
    if hasattr(os, "posix_fallocate") and n_bytes:
        os.posix_fallocate(file.fileno(), 0, n_bytes)
        return
    zeros = bytes(2**20)
    for start in range(0, n_bytes, len(zeros)):
        file.write(zeros[: min(len(zeros), n_bytes - start)])
    file.flush()


def store_array(folder: Path, file: str, array: Array) -> ArrayNote:
    """Write a copy of `array` into the private folder."""
    note = note_for(file, array.shape, array.dtype)
    create_array(folder, note)[...] = array
    return note


def open_array(folder: Path, note: ArrayNote) -> Array:
    """Map an array that the other side wrote; the result is read-only.

    Raises ValueError when the file is smaller than `note` claims.
    """
    if not note.n_bytes:
        array = np.empty(note.shape, dtype=note.dtype)
    else:
        with (folder / note.file).open("rb") as file:
            if os.fstat(file.fileno()).st_size < note.n_bytes:
                raise ValueError("array file too short")
            mapped = mmap.mmap(file.fileno(), note.n_bytes, access=mmap.ACCESS_READ)
        array = np.frombuffer(mapped, dtype=note.dtype).reshape(note.shape)
    array.setflags(write=False)
    return array


def take_array(folder: Path, note: ArrayNote) -> Array:
    """Take over an array the child made: small ones copied, large ones kept mapped; the file's name goes."""
    array = open_array(folder, note)
    if note.n_bytes <= _COPIED_BYTES:
        array = array.copy()
        array.setflags(write=False)
    try:
        (folder / note.file).unlink(missing_ok=True)
    except PermissionError:
        # Windows keeps mapped files; the whole folder goes when the worker ends.
        return array
    return array


@dataclass
class TaskRoom:
    """What a task in the child works with, beside its header and input arrays.

    Parameters
    ----------
    folder : Path
        The private folder (0700); tasks may put temporary files there.
    progress : Progress
        Messages are marked English texts without fields; the parent translates them.
    call : int
        Number of the call, part of file names.
    """

    folder: Path
    progress: Progress
    call: int
    made: list[tuple[Array, ArrayNote]] = field(default_factory=list)

    def new_array(self, shape: Sequence[int], dtype: DTypeLike) -> Array:
        """Return a zeroed array that lies on the exchange file, so returning it copies nothing."""
        note = note_for(f"out-{self.call}-{len(self.made)}", shape, dtype)
        array = create_array(self.folder, note)
        self.made.append((array, note))
        return array

    def release(self, array: Array) -> None:
        """Let go of the memory of an array made here; what was written stays on its file."""
        mapped: Any = array
        while isinstance(mapped, np.ndarray) and mapped.base is not None:
            mapped = mapped.base
        mapped = mapped.obj if isinstance(mapped, memoryview) else mapped
        if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            mapped.madvise(mmap.MADV_DONTNEED)

    def notes_of(self, arrays: Sequence[Array]) -> list[ArrayNote]:
        """Return where the arrays to be returned lie, storing those that do not lie on a file yet."""
        known = {id(array): note for array, note in self.made}
        notes = []
        for array in arrays:
            if id(array) not in known:
                copy = self.new_array(array.shape, array.dtype)
                copy[...] = array
                known[id(array)] = self.made[-1][1]
            notes.append(known[id(array)])
        return notes


class Task(Protocol):
    """A function the child may run: header and read-only arrays in, header and arrays out."""

    def __call__(
        self, header: Header, arrays: Sequence[Array], room: TaskRoom, /
    ) -> tuple[Header, Sequence[Array]]:
        """Do the work; raises `PlanningError` for what a person can mend."""
