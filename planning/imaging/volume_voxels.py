"""Read the voxels of a volume file slice by slice into one array. Tasks of the child process."""

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from planning.errors import ImportRefused
from planning.imaging.meta_header import read_meta
from planning.imaging.nifti_header import read_nifti
from planning.imaging.nrrd_header import read_nrrd
from planning.imaging.volume_header import BAD_HEADER, TRUNCATED, Inflating, VolumeHeader, checked
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.texts import mark

NAN_VOXELS: Final = mark(
    "{name} holds voxels that are no number. Distances and thresholds there would be wrong."
)
NOT_LABELS: Final = mark("{name} holds fractions or values outside 0 to 65535, so it is no label map.")
READING: Final = mark("Reading voxels")
_RELEASE_EVERY: Final = 16
_WHOLE: Final = 1e-6


def read_volume_header(
    header: Header, arrays: Sequence[Array], room: TaskRoom
) -> tuple[Header, Sequence[Array]]:
    """Task: return shape, place, class table and notes of ``header["file"]``.

    ``header["max_voxels"]``, where given, marks a label map and what its image allows it.
    """
    del arrays, room
    found = _header(Path(header["file"]), header.get("max_voxels"))
    table = [[layer, value, name] for (layer, value), name in found.class_table.items()]
    answer = {
        "shape_kji": list(found.shape_ijk[::-1]),
        "lps_from_ijk": found.lps_from_ijk.tolist(),
        "layers": found.layers,
        "class_table": table,
        "class_details": [[layer, value, *d] for (layer, value), d in found.class_details.items()],
        "notes": found.notes,
        "bytes_per_voxel": np.dtype(found.dtype).itemsize,
    }
    return answer, []


def read_voxels(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: read the voxels of ``header["file"]`` as ``header["dtype"]``, shape (layers, k, j, i).

    Returns ``{"overflow": True}`` where values do not fit. ``header["labels"]`` demands whole numbers.
    ``header["first"]``, ``header["count"]`` and ``header["every"]`` take planes of the grid from the
    first on, so many after averaging, each the mean of so many neighbours.

    Raises
    ------
    ImportRefused
        ``TRUNCATED``, ``NAN_VOXELS``, ``NOT_LABELS`` and those of the header.
    """
    del arrays
    found = _header(Path(header["file"]), header.get("max_voxels"))
    i, j, k = found.shape_ijk
    first, every = header.get("first", 0), header.get("every", 1)
    count = header.get("count", k)
    voxels = room.new_array((found.layers, count, j, i), header["dtype"])
    mean = Averaging(voxels, every)
    with found.data_file.open("rb") as file:
        source = _source(found, file)
        for n in range(k):
            room.progress(n / k, READING)
            values = _scaled(_slice(source, found), found)
            at = (k - 1 - n if found.flip_k else n) - first
            if not 0 <= at < count * every:
                continue
            if not _store(mean.room_for(at), values, found.name, labels=header["labels"]):
                return {"overflow": True}, []
            mean.take(at)
            if n % _RELEASE_EVERY == 0:
                room.release(voxels)
        _check_end(source, found)
    room.release(voxels)
    return {}, [voxels]


class Averaging:
    """Puts planes into an array, neighbours averaged as they come, in rising or falling order.

    Parameters
    ----------
    out : array, shape (layers, k, j, i)
    every : int
        How many planes become one; 1 writes each straight into its place.
    """

    def __init__(self, out: NDArray[Any], every: int) -> None:
        self._out, self._every = out, every
        self._plane = np.empty_like(out[:, 0]) if every > 1 else out[:, :0]
        self._sum = np.zeros(self._plane.shape, dtype=np.float64)
        self._taken = 0

    def room_for(self, at: int) -> NDArray[Any]:
        """Return where the plane of that place is written."""
        return self._out[:, at] if self._every == 1 else self._plane

    def take(self, at: int) -> None:
        """Count the plane just written in; the last of a group writes their mean."""
        if self._every == 1:
            return
        self._sum += self._plane
        self._taken += 1
        if self._taken == self._every:
            mean = self._sum / self._every
            self._out[:, at // self._every] = np.rint(mean) if self._out.dtype.kind != "f" else mean
            self._sum[:], self._taken = 0.0, 0


def read_plane(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: read one plane of ``header["file"]`` as float32, shape (j, i): the middle of its grid."""
    del arrays
    found = _header(Path(header["file"]), None)
    i, j, k = found.shape_ijk
    plane = room.new_array((j, i), "float32")
    middle = k // 2
    with found.data_file.open("rb") as file:
        source = _source(found, file)
        values = _slice(source, found)
        for n in range(k - 1 - middle if found.flip_k else middle):
            room.progress(n / k, READING)
            values = _slice(source, found)
    plane[...] = _scaled(values, found)[0]
    return {}, [plane]


def _header(path: Path, max_voxels: int | None) -> VolumeHeader:
    name = path.name.lower()
    reader = (
        read_nrrd
        if name.endswith((".nrrd", ".nhdr"))
        else read_meta
        if name.endswith((".mha", ".mhd"))
        else read_nifti
    )
    try:
        return checked(reader(path), max_voxels)
    except (zlib.error, EOFError) as error:
        raise ImportRefused("TRUNCATED", TRUNCATED, name=path.name) from error
    except (ValueError, OverflowError, KeyError) as error:
        raise ImportRefused("BAD_HEADER", BAD_HEADER, name=path.name) from error


def _source(found: VolumeHeader, file: IO[bytes]) -> Any:
    if found.compressed == "file":
        source = Inflating(file)
        source.read(found.data_offset)
        return source
    file.seek(found.data_offset)
    return Inflating(file) if found.compressed else file


def _slice(source: Any, found: VolumeHeader) -> NDArray[Any]:
    """Return one slice, shape (layers, j, i)."""
    i, j, _ = found.shape_ijk
    dtype = np.dtype(found.dtype)
    needed = i * j * found.layers * dtype.itemsize
    try:
        data = source.read(needed)
    except (zlib.error, EOFError) as error:
        raise ImportRefused("TRUNCATED", TRUNCATED, name=found.name) from error
    if len(data) < needed:
        raise ImportRefused("TRUNCATED", TRUNCATED, name=found.name)
    return np.moveaxis(np.frombuffer(data, dtype=dtype).reshape(j, i, found.layers), 2, 0)


def _check_end(source: Any, found: VolumeHeader) -> None:
    """Read on to the end of a compressed stream, so that its checksum is verified."""
    if not found.compressed:
        return
    try:
        source.read(1)
    except (zlib.error, EOFError) as error:
        raise ImportRefused("TRUNCATED", TRUNCATED, name=found.name) from error


def _scaled(values: NDArray[Any], found: VolumeHeader) -> NDArray[Any]:
    if found.slope == 1 and found.intercept == 0:
        return values
    return np.asarray(values * np.float64(found.slope) + found.intercept)


def _store(out: Array, values: NDArray[Any], name: str, *, labels: bool) -> bool:
    """Write values into `out`; False where they do not fit its type."""
    whole = values
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise ImportRefused("NAN_VOXELS", NAN_VOXELS, name=name)
        if out.dtype.kind == "f":
            out[...] = values
            return True
        whole = np.rint(values)
        if np.abs(whole - values).max() > _WHOLE:
            return _refuse_labels(name, labels=labels)
    elif out.dtype.kind == "f":
        out[...] = values
        return True
    limits = np.iinfo(out.dtype)
    if whole.min() < limits.min or whole.max() > limits.max:
        return _refuse_labels(name, labels=labels)
    out[...] = whole
    return True


def _refuse_labels(name: str, *, labels: bool) -> bool:
    if labels:
        raise ImportRefused("NOT_LABELS", NOT_LABELS, name=name)
    return False
