"""What a volume file says of itself, checked before a single voxel is read. Runs in the child process."""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planning.errors import ImportRefused
from planning.imaging.limits import MAX_EDGE_VOXELS, MAX_EXPANSION, MAX_VOXELS, allows_expansion
from planning.texts import mark

Floats = NDArray[np.float64]
BAD_HEADER: Final = mark("The header of {name} is damaged and cannot be understood.")
BAD_AFFINE: Final = mark(
    "{name} does not place its voxels by finite numbers, so nothing can be measured in it."
)
NO_ORIENTATION: Final = mark(
    "{name} does not say how it lies in the patient, so left and right cannot be known. "
    "Export it with its orientation."
)
SHEARED: Final = mark("The axes of {name} are not at right angles. Resample it to a straight grid first.")
SHORT_PIXELS: Final = mark(
    "{name} holds {found} of the {needed} bytes its size needs. It is incomplete; copy it again."
)
TRUNCATED: Final = mark(
    "{name} ends in the middle: it was not copied completely. Copy it again from its source."
)
EXPANSION: Final = mark(
    "{name} would unpack to more than {limit} times its size, which looks like an attack."
)
GIANT: Final = mark("{name} claims more voxels than this program reads.")
NOT_A_VOLUME: Final = mark("{name} is not one volume of three dimensions.")
COLOUR: Final = mark("{name} holds colours or vectors, not one value per voxel.")
UNSUPPORTED: Final = mark("{name} stores its voxels in a way this program does not read ({detail}).")

OUTSIDE_FOLDER: Final = mark(
    "{name} points to voxels outside its own folder, which looks like an attack. It was not followed."
)
NO_DATA: Final = mark("The file with the voxels of {name} is missing. Copy both files into one folder.")
IMPLAUSIBLE: Final = mark(
    "{name} claims voxels of {edge} mm, which no scanner makes: its unit of length is wrong. "
    "Export it in millimetres."
)
_LEAST_EDGE_MM: Final = 0.01
_LARGEST_EDGE_MM: Final = 100.0
_SHEAR_REFUSED: Final = 1e-3
_SHEAR_NOTED: Final = 1e-4


@dataclass
class VolumeHeader:
    """Size, type and place of the voxels of a file.

    Parameters
    ----------
    name : str
        File name, for messages.
    shape_ijk : tuple of int
    dtype : str
        Numpy type with byte order.
    lps_from_ijk : array, shape (4, 4)
    data_file : Path
    data_offset : int
        In bytes; after decompression where the whole file is compressed.
    compressed : {"", "file", "data"}
        Nothing, the whole file, or the part from `data_offset` on.
    slope, intercept : float
    layers : int
        Label maps may hold several layers, interleaved voxel by voxel.
    flip_k : bool
        Whether slices are read in reverse, to make a left-handed grid right-handed.
    class_table : dict
        Label value to name, where the file has it: (layer, value) -> name.
    class_details : dict
        Colour (sRGB, 0 to 255) or None, and SNOMED CT code, by the same keys.
    notes : list of (code, detail)
    """

    name: str
    shape_ijk: tuple[int, int, int]
    dtype: str
    lps_from_ijk: Floats
    data_file: Path
    data_offset: int
    compressed: str = ""
    slope: float = 1.0
    intercept: float = 0.0
    layers: int = 1
    flip_k: bool = False
    class_table: dict[tuple[int, int], str] = field(default_factory=dict)
    class_details: dict[tuple[int, int], tuple[list[int] | None, str]] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def n_bytes(self) -> int:
        """Bytes of all voxels."""
        return math.prod(self.shape_ijk) * self.layers * np.dtype(self.dtype).itemsize


def checked(header: VolumeHeader, max_voxels: int | None) -> VolumeHeader:
    """Return the header with a right-handed, orthogonal grid; refuse what cannot be read.

    Parameters
    ----------
    header : VolumeHeader
    max_voxels : int or None
        For label maps: how many voxels the image they belong to allows. They compress without
        bound, so the expansion limit does not apply to them.

    Raises
    ------
    ImportRefused
    """
    if min(header.shape_ijk) < 1 or header.layers < 1:
        raise ImportRefused("NOT_A_VOLUME", NOT_A_VOLUME, name=header.name)
    _check_size(header, max_voxels)
    _check_axes(header)
    if np.linalg.det(header.lps_from_ijk[:3, :3]) < 0:
        last = header.shape_ijk[2] - 1
        header.lps_from_ijk[:3, 3] += last * header.lps_from_ijk[:3, 2]
        header.lps_from_ijk[:3, 2] *= -1
        header.flip_k = True
    return header


def _check_size(header: VolumeHeader, max_voxels: int | None) -> None:
    size = header.data_file.stat().st_size
    needed = header.n_bytes
    if not header.compressed and size - header.data_offset < needed:
        found = max(0, size - header.data_offset)
        raise ImportRefused("SHORT_PIXELS", SHORT_PIXELS, name=header.name, found=found, needed=needed)
    voxels = math.prod(header.shape_ijk) * header.layers
    if max(header.shape_ijk) > MAX_EDGE_VOXELS or voxels > MAX_VOXELS:
        # 1000 : 1 is the most the method can do: a larger claim cannot be true.
        code, words = ("SHORT_PIXELS", SHORT_PIXELS) if needed > 1100 * size else ("GIANT", GIANT)
        raise ImportRefused(code, words, name=header.name, found=size, needed=needed)
    if max_voxels is not None:
        if voxels > max_voxels:
            raise ImportRefused("GIANT", GIANT, name=header.name)
    elif header.compressed and not allows_expansion(size, needed):
        raise ImportRefused("EXPANSION_LIMIT", EXPANSION, name=header.name, limit=MAX_EXPANSION)


def _check_axes(header: VolumeHeader) -> None:
    axes = header.lps_from_ijk[:3, :3]  # a view: setting it straight below sets the header straight
    if not np.isfinite(header.lps_from_ijk).all():
        raise ImportRefused("BAD_AFFINE", BAD_AFFINE, name=header.name)
    spacing = np.linalg.norm(axes, axis=0)
    if spacing.min() < 1e-9:
        raise ImportRefused("BAD_AFFINE", BAD_AFFINE, name=header.name)
    if not _is_voxel(spacing):
        raise ImportRefused("UNITS", IMPLAUSIBLE, name=header.name, edge=f"{spacing.max():g}")
    cosines = axes / spacing
    shear = float(np.abs(cosines.T @ cosines - np.eye(3)).max())
    if shear > _SHEAR_REFUSED:
        raise ImportRefused("SHEARED", SHEARED, name=header.name)
    if shear > 1e-9:
        u, _, vt = np.linalg.svd(cosines)
        header.lps_from_ijk[:3, :3] = (u @ vt) * spacing
    if shear > _SHEAR_NOTED:
        header.notes.append(("ORTHONORMALISE", f"{shear:.1g}"))


def neighbour(path: Path, named: str) -> Path:
    """Return the file beside `path` that its header names as holding the voxels.

    Raises
    ------
    ImportRefused
        ``UNSUPPORTED`` for several files, ``PATH_TRAVERSAL``, ``NO_PIXELS``.
    """
    if named.upper().startswith("LIST") or "%" in named:
        raise ImportRefused("UNSUPPORTED", UNSUPPORTED, name=path.name, detail="several files")
    if not named or named != Path(named).name or "\\" in named or ":" in named or named in (".", ".."):
        raise ImportRefused("PATH_TRAVERSAL", OUTSIDE_FOLDER, name=path.name)
    data = path.with_name(named)
    if not data.is_file() or data.is_symlink():
        raise ImportRefused("NO_PIXELS", NO_DATA, name=path.name)
    return data


def mm_per_unit(factor: float, unit: str, axes: Floats, notes: list[tuple[str, str]]) -> float:
    """Return by how much a file's distances are multiplied, and note what was done.

    Programs write a unit without converting to it: voxels of 0.8 "metres" are voxels of 0.8 mm. The
    stated unit is left aside only where it makes voxels that no scanner makes and millimetres do not.

    Parameters
    ----------
    factor : float
        Millimetres in the stated unit.
    unit : str
        Its name.
    axes : array, shape (3, 3)
        Voxel edges as columns, as written.
    notes : list
        ``UNITS`` or ``UNITS_DOUBTED`` is added.
    """
    edges = np.linalg.norm(axes, axis=0)
    if factor != 1.0 and not _is_voxel(edges * factor) and _is_voxel(edges):
        notes.append(("UNITS_DOUBTED", unit))
        return 1.0
    notes.append(("UNITS", unit))
    return factor


def _is_voxel(edges_mm: Floats) -> bool:
    return bool(edges_mm.min() >= _LEAST_EDGE_MM and edges_mm.max() <= _LARGEST_EDGE_MM)


def affine(axes_as_columns: ArrayLike, origin: ArrayLike) -> Floats:
    """Return a 4x4 affine from three axis vectors (columns, with spacing) and an origin."""
    result = np.eye(4)
    result[:3, :3] = np.asarray(axes_as_columns, dtype=np.float64)
    result[:3, 3] = np.asarray(origin, dtype=np.float64)
    return result


def fields_as_numbers(fields: Mapping[str, str], key: str, count: int, name: str) -> list[float]:
    """Return `count` numbers of a text header's field; raises `ImportRefused` otherwise."""
    try:
        numbers = [float(word) for word in fields[key].split()]
    except (KeyError, ValueError) as error:
        raise ImportRefused("BAD_HEADER", BAD_HEADER, name=name) from error
    if len(numbers) != count:
        raise ImportRefused("BAD_HEADER", BAD_HEADER, name=name)
    return numbers


class Inflating:
    """Reads a gzip or zlib stream piece by piece; never more than was asked for is unpacked."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._inflater = zlib.decompressobj(wbits=47)
        self._waiting = b""

    def read(self, n_bytes: int) -> bytes:
        """Return `n_bytes`, or fewer at the end; raises zlib.error or EOFError for a broken stream."""
        pieces: list[bytes] = []
        while n_bytes > 0:
            if self._inflater.eof:
                self._waiting = self._inflater.unused_data or self._source.read(65_536)
                if not self._waiting.strip(b"\0"):
                    break
                self._inflater = zlib.decompressobj(wbits=47)
            waiting = self._waiting or self._source.read(65_536)
            piece = self._inflater.decompress(waiting, n_bytes)
            self._waiting = self._inflater.unconsumed_tail
            if not piece and not waiting and not self._inflater.eof:
                raise EOFError
            pieces.append(piece)
            n_bytes -= len(piece)
        return b"".join(pieces)
