"""A case from its documents and blobs: each verified, what is damaged named, the rest still read.

A damaged part is never replaced by something that looks real: a structure is left out (and so *not
assessed*), voxels become air, and a finding says so in every output.
"""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import prod
from threading import BoundedSemaphore
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planning.errors import CaseFileProblem, PlanningError
from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.mask import BRICK, BrickKey, Mask
from planning.model.structures import Structure
from planning.model.study import Finding, Patient, Severity, StudyImage
from planning.storage.blobs import CHUNK_BYTES, NAME, Packed, unpacked
from planning.storage.codec import Codec, misread
from planning.storage.damage import Damage
from planning.storage.manifest import Encoder
from planning.storage.migrations import migrated
from planning.texts import mark

Fetch = Callable[[str], Packed | None]

MAX_IMAGE_BYTES: Final = 4 << 30
_AIR_HU: Final = -1024
_TYPES: Final[dict[str, np.dtype[Any]]] = {"int16": np.dtype("<i2"), "float32": np.dtype("<f4")}
_WORKERS: Final = 2


@dataclass(frozen=True)
class ReadCase:
    """A case as read.

    Parameters
    ----------
    case : Case
    damage : tuple of Damage
        What could not be read; empty for a whole case.
    unknown : tuple of str
        Keys this program does not know: a newer one wrote them.
    chunks : tuple of (Volume, names)
        Names of each undamaged volume's chunks.
    tables : tuple of (Mask, bytes)
        Each mask's brick table.
    """

    case: Case
    damage: tuple[Damage, ...]
    unknown: tuple[str, ...]
    chunks: tuple[tuple[Volume, tuple[str, ...]], ...]
    tables: tuple[tuple[Mask, bytes], ...]

    def whole(self) -> Case:
        """Return the case; raises `CaseFileProblem` where any part of it is damaged."""
        if self.damage:
            words = " ".join(damage.message for damage in self.damage)
            raise CaseFileProblem(
                "VERSION_DAMAGED_IN_PART", mark("This version is damaged: {damage}"), damage=words
            )
        return self.case

    def remembered_by(self, encoder: Encoder) -> None:
        """Let the encoder know voxels and masks, so that neither is hashed or read again."""
        for volume, names in self.chunks:
            encoder.remember_volume(volume, names)
        for mask, table in self.tables:
            encoder.remember_mask(mask, table)


class _Lost(Exception):
    """A blob is missing or not what its name says."""


class Reading:
    """Reads one version.

    Parameters
    ----------
    fetch : callable
        Returns a blob as the file holds it, or None.
    at_hand : Encoder or None
        Knows voxels and masks already in memory: a version shares them instead of reading them again.
    """

    def __init__(self, fetch: Fetch, at_hand: Encoder | None = None) -> None:
        self._fetch = fetch
        self._at_hand = at_hand
        self._damage: list[Damage] = []
        self._chunks: list[tuple[Volume, tuple[str, ...]]] = []
        self._tables: list[tuple[Mask, bytes]] = []
        self._lost_slices: list[tuple[int, int]] = []
        self._grid: Grid | None = None
        self._codec = Codec(
            decoders={
                StudyImage: self._image,
                Anatomy: self._anatomy,
                Volume: self._volume,
                Mask: self._mask,
                Grid: self._grid_of,
            }
        )

    def read(self, manifest: str) -> ReadCase:
        """Return the case; raises `CaseFileProblem` where the manifest or an image's description is lost."""
        try:
            content = self._document(manifest)
            case = self._codec.decoded_fields(Case, content, "case")
        except _Lost:
            raise CaseFileProblem(
                "VERSION_DAMAGED", mark("This version of the case is damaged and cannot be read.")
            ) from None
        except CaseFileProblem:
            raise
        except PlanningError as problem:
            raise CaseFileProblem(
                "VERSION_INVALID",
                mark("This version of the case contradicts itself: {reason}"),
                reason=problem.message,
            ) from problem
        return ReadCase(
            _with_findings(case, self._damage),
            tuple(self._damage),
            tuple(self._codec.unknown),
            tuple(self._chunks),
            tuple(self._tables),
        )

    def patient(self, manifest: str) -> Patient | None:
        """Return the patient alone; None where the manifest is lost or names none."""
        try:
            found: Patient = self._codec.decoded(Patient, self._document(manifest).get("patient"), "patient")
        except (_Lost, PlanningError):
            return None
        return found

    def _content(self, name: object) -> bytes:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise _Lost
        blob = self._fetch(name)
        content = None if blob is None else unpacked(name, blob)
        if content is None:
            raise _Lost
        return content

    def _document(self, name: object) -> dict[str, Any]:
        whole = _json(self._content(name))
        schema, content = whole.get("schema"), whole.get("content")
        if not isinstance(schema, int) or not isinstance(content, dict):
            raise _Lost
        return migrated(schema, content)

    def _image(self, value: Any, path: str) -> StudyImage:
        content = self._document(_reference(value, path))
        self._lost_slices.clear()
        image: StudyImage = self._codec.decoded_fields(StudyImage, content, path)
        # Findings go into reports, and a description may name the patient.
        title = image.modality or image.id
        words = mark("Slices {first} to {last} of {image} are damaged in the case file and shown as air.")
        for first, last in self._lost_slices:
            values = (("first", str(first)), ("last", str(last)), ("image", title))
            self._damage.append(Damage("IMAGE", words, values))
        self._grid = self._grid or image.volume.grid
        return image

    def _anatomy(self, value: Any, path: str) -> Anatomy:
        try:
            content = self._document(_reference(value, path))
        except _Lost:
            if self._grid is None:
                raise
            self._damage.append(
                Damage("ANATOMY", mark("All structures are damaged in the case file and left out."))
            )
            return Anatomy(self._grid)
        entries = content.get("structures", [])
        if not isinstance(entries, list):
            raise misread(f"{path}.structures", entries)
        anatomy: Anatomy = self._codec.decoded_fields(Anatomy, {**content, "structures": []}, path)
        read = [self._structure(entry, f"{path}.structures[{n}]") for n, entry in enumerate(entries)]
        return replace(anatomy, structures=tuple(s for s in read if s is not None))

    def _structure(self, entry: Any, path: str) -> Structure | None:
        try:
            structure: Structure = self._codec.decoded_fields(Structure, entry, path)
        except _Lost:
            # The description is whole, only voxels are lost: an empty mask lends it a title.
            shape = (1, 1, 1) if self._grid is None else self._grid.shape_kji
            codec = Codec(decoders={Mask: lambda _value, _path: Mask(shape)})
            title = codec.decoded_fields(Structure, entry, path).title
            words = mark(
                "The structure {title} is damaged in the case file and left out: it is not assessed."
            )
            self._damage.append(Damage("STRUCTURE", words, (("title", title),)))
            return None
        return structure

    def _mask(self, value: Any, path: str) -> Mask:
        shape, name = _shape(value, path), _reference(value, path)
        known = self._at_hand.known_mask(str(name), shape) if self._at_hand is not None else None
        if known is not None:
            return known
        table = self._content(name)
        bricks = {_brick_key(key, shape): self._content(brick) for key, brick in _json(table).items()}
        if any(len(data) != BRICK**3 // 8 for data in bricks.values()):
            raise _Lost
        mask = Mask(shape, bricks)
        self._tables.append((mask, table))
        return mask

    def _grid_of(self, value: Any, path: str) -> Grid:
        shape = _shape(value, path)
        rows = value.get("lps_from_ijk")
        if not isinstance(rows, list) or any(not isinstance(row, list) or len(row) != 4 for row in rows):
            raise misread(f"{path}.lps_from_ijk", rows)
        if not all(isinstance(number, float | int) for row in rows for number in row):
            raise misread(f"{path}.lps_from_ijk", rows)
        return Grid(shape, np.array(rows, dtype=np.float64))

    def _volume(self, value: Any, path: str) -> Volume:
        if not isinstance(value, dict) or value.get("type") not in _TYPES:
            raise misread(path, value)
        grid = self._grid_of(value.get("grid"), f"{path}.grid")
        dtype = _TYPES[value["type"]]
        names, size = value.get("chunks"), prod(grid.shape_kji) * dtype.itemsize
        if not isinstance(names, list) or size > MAX_IMAGE_BYTES or len(names) != -(-size // CHUNK_BYTES):
            raise misread(f"{path}.chunks", names)
        if self._at_hand is not None:
            known = self._at_hand.known_volume(tuple(names), grid, np.dtype(dtype.newbyteorder("=")))
            if known is not None:
                return known
        flat = np.empty(size // dtype.itemsize, dtype=dtype)
        lost = self._fill(flat, names)
        if len(lost) == len(names):
            raise _Lost
        slice_bytes = size // grid.shape_kji[0]
        for n in lost:
            first, last = (
                n * CHUNK_BYTES // slice_bytes,
                (min((n + 1) * CHUNK_BYTES, size) - 1) // slice_bytes,
            )
            self._lost_slices.append((first + 1, last + 1))
        native = flat.astype(dtype.newbyteorder("="), copy=False)
        volume = Volume(native.reshape(grid.shape_kji), grid)
        if not lost:
            self._chunks.append((volume, tuple(names)))
        return volume

    def _fill(self, flat: NDArray[Any], names: list[Any]) -> list[int]:
        """Put the chunks into `flat`, two at a time; return the numbers of those that are lost, as air."""
        room = BoundedSemaphore(2 * _WORKERS)
        per_chunk = CHUNK_BYTES // flat.itemsize

        def put(n: int, blob: Packed | None) -> bool:
            try:
                target = flat[n * per_chunk : (n + 1) * per_chunk]
                content = unpacked(names[n], blob) if blob is not None else None
                if content is None or len(content) != target.nbytes:
                    target[:] = _AIR_HU
                    return False
                target[:] = np.frombuffer(content, dtype=flat.dtype)
                return True
            finally:
                room.release()

        with ThreadPoolExecutor(_WORKERS) as pool:
            jobs = []
            for n, name in enumerate(names):
                room.acquire()
                known = isinstance(name, str) and NAME.fullmatch(name) is not None
                jobs.append(pool.submit(put, n, self._fetch(name) if known else None))
            return [n for n, job in enumerate(jobs) if not job.result()]


def _with_findings(case: Case, damage: list[Damage]) -> Case:
    """Return the case whose planning image carries each damage as a finding, so every output shows it."""
    if not damage or not case.images:
        return case
    findings = tuple(Finding(f"DAMAGED_{d.code}", d.template, d.values, Severity.WARN) for d in damage)
    first = replace(case.images[0], findings=case.images[0].findings + findings)
    return replace(case, images=(first, *case.images[1:]))


def _json(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise _Lost from None
    if not isinstance(value, dict):
        raise _Lost
    return value


def _reference(value: Any, path: str) -> object:
    if not isinstance(value, dict):
        raise misread(path, value)
    return value.get("part")


def _shape(value: Any, path: str) -> tuple[int, int, int]:
    shape = value.get("shape_kji") if isinstance(value, dict) else None
    if (
        not isinstance(shape, list)
        or len(shape) != 3
        or not all(type(n) is int and 1 <= n <= 65_535 for n in shape)
    ):
        raise misread(f"{path}.shape_kji", shape)
    return (shape[0], shape[1], shape[2])


def _brick_key(text: str, shape_kji: tuple[int, int, int]) -> BrickKey:
    parts = text.split(",")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 6 for part in parts):
        raise _Lost
    k, j, i = (int(part) for part in parts)
    if text != f"{k},{j},{i}":  # one brick under two spellings
        raise _Lost
    if any(index * BRICK >= n for index, n in zip((k, j, i), shape_kji, strict=True)):
        raise _Lost
    return (k, j, i)
