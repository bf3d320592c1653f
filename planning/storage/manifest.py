"""A case as JSON documents and blobs.

A version's *manifest* lists everything but images and anatomy, which are documents of their own
(``{"part": name}``), as are the brick tables of masks. A changed plan thus costs one small document,
a brush stroke its bricks and two documents. Meshes and other derived values are never stored.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np

from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.study import StudyImage
from planning.storage.blobs import Bytes, chunks_of, name_of
from planning.storage.codec import Codec

DOCUMENT_SCHEMA: Final = 1


@dataclass(frozen=True)
class Content:
    """The content of one blob, not yet packed; `planes` is the size of its numbers in bytes."""

    data: Bytes
    planes: int = 1


@dataclass(frozen=True)
class Encoded:
    """A version of a case, ready to be stored.

    Parameters
    ----------
    manifest : str
        Name of the manifest: the digest of the whole case.
    blobs : mapping of name to Content
        Everything the version consists of, the manifest included.
    """

    manifest: str
    blobs: dict[str, Content]

    @property
    def size(self) -> int:
        """Bytes of all content, before packing."""
        return sum(len(content.data) for content in self.blobs.values())


@dataclass(frozen=True)
class _MaskBlobs:
    table: str
    blobs: dict[str, Content]


def document(content: object) -> bytes:
    """Return JSON bytes, the same for the same content."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.encode("ascii")


def grid_json(grid: Grid) -> dict[str, Any]:
    """Return a grid as JSON, every bit of its affine kept."""
    return {"shape_kji": list(grid.shape_kji), "lps_from_ijk": grid.lps_from_ijk.tolist()}


@dataclass
class Encoder:
    """Encodes cases; remembers names of voxels and masks, so a save hashes only what is new."""

    _volumes: WeakKeyDictionary[Volume, tuple[str, ...]] = field(default_factory=WeakKeyDictionary)
    _masks: WeakKeyDictionary[Mask, _MaskBlobs] = field(default_factory=WeakKeyDictionary)

    def encoded(self, case: Case) -> Encoded:
        """Return the case as manifest and blobs; raises `CaseFileProblem` for a number not finite."""
        blobs: dict[str, Content] = {}

        def put(content: Bytes) -> str:
            name = name_of(content)
            blobs[name] = Content(content)
            return name

        def part(value: StudyImage | Anatomy) -> dict[str, str]:
            return {
                "part": put(document({"schema": DOCUMENT_SCHEMA, "content": codec.encoded_fields(value)}))
            }

        codec = Codec(
            {
                StudyImage: part,
                Anatomy: part,
                Volume: lambda volume: self._volume(volume, blobs),
                Mask: lambda mask: self._mask(mask, blobs),
                Grid: grid_json,
            }
        )
        manifest = put(document({"schema": DOCUMENT_SCHEMA, "content": codec.encoded_fields(case)}))
        return Encoded(manifest, blobs)

    def content_of(self, case: Case) -> dict[str, Any]:
        """Return the fields of a case as its manifest holds them; equal content is equal JSON.

        Images and anatomy stand by the names of their documents.
        """
        encoded = self.encoded(case)
        content: dict[str, Any] = json.loads(bytes(encoded.blobs[encoded.manifest].data))["content"]
        return content

    def remember_volume(self, volume: Volume, names: tuple[str, ...]) -> None:
        """Note the names of a volume's chunks, just read and verified."""
        self._volumes[volume] = names

    def remember_mask(self, mask: Mask, table: bytes) -> None:
        """Note the brick table of a mask, just read and verified."""
        names: dict[str, str] = json.loads(table)
        own = {name: Content(mask.bricks[_brick(key)]) for key, name in names.items()}
        self._masks[mask] = _MaskBlobs(name_of(table), own | {name_of(table): Content(table)})

    def known_volume(self, names: tuple[str, ...], grid: Grid, dtype: np.dtype[Any]) -> Volume | None:
        """Return a volume at hand that has these chunks on this grid, so that versions share their voxels."""
        for volume, known in self._volumes.items():
            if known == names and volume.voxels_kji.dtype == dtype and _same(volume.grid, grid):
                return volume
        return None

    def known_mask(self, table: str, shape_kji: tuple[int, int, int]) -> Mask | None:
        """Return a mask at hand that has this brick table."""
        return next(
            (m for m, blobs in self._masks.items() if blobs.table == table and m.shape_kji == shape_kji), None
        )

    def _volume(self, volume: Volume, blobs: dict[str, Content]) -> dict[str, Any]:
        voxels = np.ascontiguousarray(volume.voxels_kji)
        voxels = voxels.astype(voxels.dtype.newbyteorder("<"), copy=False)
        pieces = list(chunks_of(voxels.reshape(-1).view(np.uint8).data))
        if volume not in self._volumes:
            self._volumes[volume] = tuple(name_of(piece) for piece in pieces)
        names = self._volumes[volume]
        planes = voxels.dtype.itemsize
        blobs.update((name, Content(piece, planes)) for name, piece in zip(names, pieces, strict=True))
        return {"type": voxels.dtype.name, "grid": grid_json(volume.grid), "chunks": list(names)}

    def _mask(self, mask: Mask, blobs: dict[str, Content]) -> dict[str, Any]:
        if mask not in self._masks:
            bricks = {",".join(map(str, key)): name_of(data) for key, data in mask.bricks.items()}
            table = document(bricks)
            own = {
                name: Content(data) for name, data in zip(bricks.values(), mask.bricks.values(), strict=True)
            }
            self._masks[mask] = _MaskBlobs(name_of(table), own | {name_of(table): Content(table)})
        blobs.update(self._masks[mask].blobs)
        return {"shape_kji": list(mask.shape_kji), "part": self._masks[mask].table}


def _same(one: Grid, two: Grid) -> bool:
    return one.shape_kji == two.shape_kji and np.array_equal(one.lps_from_ijk, two.lps_from_ijk)


def _brick(text: str) -> tuple[int, int, int]:
    k, j, i = (int(part) for part in text.split(","))
    return k, j, i
