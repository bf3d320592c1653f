"""Read a DICOM Segmentation (binary, fractional or label map) in the child process.

Frames are put in their places by their own positions; empty frames, which writers may leave out,
are no gap. Every segment comes back as a tight box of zeros and ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, ExplicitVRBigEndian

from planning.errors import ImportRefused, LabelsRefused
from planning.imaging.dicom_values import number, text, whole
from planning.imaging.frame_lattice import FramePlaces, frame_places
from planning.imaging.headers import PARSER_ERRORS, DicomObject, open_object
from planning.imaging.limits import MAX_FRAMES, MAX_LABELS
from planning.imaging.object_identity import identity_of
from planning.imaging.segment_words import segment_entry
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.texts import mark

SEGMENTATION: Final = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP: Final = "1.2.840.10008.5.1.4.1.1.66.7"
BAD_OBJECT: Final = mark("{name} is damaged or incomplete and cannot be understood. Export it again.")
NOT_READ: Final = mark("{name} is packed in a way this program does not read ({detail}). Export it unpacked.")
SHORT: Final = mark("The voxels of {name} are incomplete. Copy the file again.")
TWICE: Final = mark("{name} holds one segment twice at the same place. Which one is meant cannot be known.")
GIANT: Final = mark("{name} claims more voxels than the image it belongs to can need.")
READING: Final = mark("Reading the segmentation")


@dataclass
class _Segment:
    """Which frames belong to a segment, and the box around its voxels, as they are found."""

    low: list[int] = field(default_factory=lambda: [2**31] * 3)
    high: list[int] = field(default_factory=lambda: [-1] * 3)

    def grow(self, plane: int, voxels: NDArray[np.bool_]) -> None:
        rows, columns = np.flatnonzero(voxels.any(axis=1)), np.flatnonzero(voxels.any(axis=0))
        first = [plane, int(rows[0]), int(columns[0])]
        last = [plane, int(rows[-1]), int(columns[-1])]
        self.low = [min(a, b) for a, b in zip(self.low, first, strict=True)]
        self.high = [max(a, b) for a, b in zip(self.high, last, strict=True)]

    @property
    def shape(self) -> tuple[int, int, int]:
        k, j, i = (max(0, b - a + 1) for a, b in zip(self.low, self.high, strict=True))
        return k, j, i


def read_seg(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: return the segments of ``header["file"]`` as boxes of 0 and 1 on the object's own grid.

    Parameters
    ----------
    header : mapping
        ``file``; ``threshold`` from which a fraction belongs to its segment; ``max_voxels`` that may be
        returned; ``gaps_mm`` between slices to try where the object does not say its own.

    Raises
    ------
    LabelsRefused
        ``BAD_OBJECT``, ``NO_GEOMETRY``, ``UNEVEN``, ``SHORT_PIXELS``, ``UNSUPPORTED``, ``SEGMENT_TWICE``,
        ``GIANT`` and, as `ImportRefused`, those of `planning.imaging.headers.open_object`.
    """
    del arrays
    name = Path(header["file"]).name
    try:
        return _read(Path(header["file"]), header, room)
    except ImportRefused as error:
        raise LabelsRefused(error.code, error.template, **error.values) from error
    except (*PARSER_ERRORS, RecursionError) as error:
        raise LabelsRefused("BAD_OBJECT", BAD_OBJECT, name=name) from error


def _read(file: Path, header: Header, room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    found = open_object(file)
    dataset = found.dataset
    frames = _Frames(file, found, float(header["threshold"]))
    places = frame_places(dataset, frames.count, header["gaps_mm"], file.name)
    boxes: dict[int, _Segment] = {}
    seen: set[tuple[int, int]] = set()
    for n in range(frames.count):
        room.progress(0.5 * n / frames.count, READING)
        for segment, voxels in frames.masks(n):
            plane = places.planes[n]
            if (segment, plane) in seen:
                raise LabelsRefused("SEGMENT_TWICE", TWICE, name=file.name)
            seen.add((segment, plane))
            boxes.setdefault(segment, _Segment()).grow(plane, voxels)
    wanted = [s for s in sorted(boxes) if 0 < s <= MAX_LABELS]
    if sum(int(np.prod(boxes[s].shape)) for s in wanted) > header["max_voxels"]:
        raise LabelsRefused("GIANT", GIANT, name=file.name)
    results = {s: room.new_array(boxes[s].shape, "uint8") for s in wanted}
    for n in range(frames.count):
        room.progress(0.5 + 0.5 * n / frames.count, READING)
        for segment, voxels in frames.masks(n):
            if segment in results:
                (k0, j0, i0), (_, nj, ni) = boxes[segment].low, boxes[segment].shape
                out = results[segment]
                out[places.planes[n] - k0] = voxels[j0 : j0 + nj, i0 : i0 + ni]
    answer = _answer(dataset, places, frames)
    answer["boxes"] = [[s, boxes[s].low] for s in wanted]
    return answer, [results[s] for s in wanted]


def _answer(dataset: Dataset, places: FramePlaces, frames: "_Frames") -> Header:
    segments = [segment_entry(item) for item in dataset.get("SegmentSequence", None) or []]
    return {
        **identity_of(dataset),
        "type": frames.kind,
        "fraction": text(dataset, "SegmentationFractionalType"),
        "segments": [entry for entry in segments if entry is not None],
        "shape_kji": [places.count, frames.rows, frames.columns],
        "lps_from_ijk": places.lps_from_ijk.tolist(),
    }


class _Frames:
    """The frames of the object, each as masks of the segments it holds."""

    def __init__(self, file: Path, found: DicomObject, threshold: float) -> None:
        dataset = found.dataset
        self.name = file.name
        self.kind = text(dataset, "SegmentationType") or "BINARY"
        if text(dataset, "SOPClassUID") == LABEL_MAP:
            self.kind = "LABELMAP"
        self.rows, self.columns = whole(dataset, "Rows") or 0, whole(dataset, "Columns") or 0
        self.count = max(1, whole(dataset, "NumberOfFrames") or 1)
        self._bits = whole(dataset, "BitsAllocated") or 0
        self._check(dataset)
        self._background = whole(dataset, "PixelPaddingValue") or 0
        top = number(dataset, "MaximumFractionalValue") or 255.0
        # At least one step above nothing: a threshold of 0 must not fill the frame.
        self._least = max(1.0, threshold * top)
        self._numbers = _segment_numbers(dataset, self.count) if self.kind != "LABELMAP" else []
        self._big = found.syntax == ExplicitVRBigEndian
        self._read = self._reader(file, found)

    def masks(self, n: int) -> list[tuple[int, NDArray[np.bool_]]]:
        """Return the segments of frame n that have voxels in it."""
        values = self._read(n)
        if self.kind == "LABELMAP":
            present = [int(v) for v in np.unique(values)]
            return [(v, values == v) for v in present if v not in (0, self._background)]
        mask = values != 0 if self.kind == "BINARY" else values >= self._least
        return [(self._numbers[n], mask)] if mask.any() else []

    def _check(self, dataset: Dataset) -> None:
        fits = {"BINARY": (1, 8), "FRACTIONAL": (8,), "LABELMAP": (8, 16)}
        samples = whole(dataset, "SamplesPerPixel") or 1
        if self._bits not in fits.get(self.kind, ()) or samples != 1:
            detail = f"{self.kind[:16]}, {self._bits} bits"
            raise LabelsRefused("UNSUPPORTED", NOT_READ, name=self.name, detail=detail)
        if not (0 < self.rows <= 65_535 and 0 < self.columns <= 65_535 and self.count <= MAX_FRAMES):
            raise LabelsRefused("BAD_OBJECT", BAD_OBJECT, name=self.name)

    def _reader(self, file: Path, found: DicomObject) -> Any:
        place = found.place
        if place is None:
            data = found.dataset.get("PixelData", None)
            if not data:
                raise LabelsRefused("SHORT_PIXELS", SHORT, name=self.name)
            return lambda n: self._native(np.frombuffer(data, "u1"), n)
        if not place.is_fragmented:
            data = np.memmap(file, "u1", "r", place.offset, (place.length,))
            return lambda n: self._native(data, n)
        if self._bits == 1:
            raise LabelsRefused("UNSUPPORTED", NOT_READ, name=self.name, detail="packed bits")
        whole_file = pydicom.dcmread(file, force=True)
        decoder = get_decoder(UID(found.syntax))
        index = self.count > 1
        return lambda n: self._fitting(decoder.as_array(whole_file, index=n if index else None, raw=True)[0])

    def _native(self, data: NDArray[np.uint8], n: int) -> NDArray[Any]:
        size = self.rows * self.columns
        if self._bits == 1:
            # Frames follow each other bit by bit, without filling up the last byte of one (PS3.5, 8.1.1).
            first, last = n * size, (n + 1) * size
            packed = data[first // 8 : -(-last // 8)]
            if len(packed) * 8 < size:
                raise LabelsRefused("SHORT_PIXELS", SHORT, name=self.name)
            bits = np.unpackbits(packed, bitorder="little")
            return bits[first % 8 : first % 8 + size].reshape(self.rows, self.columns)
        step = size * self._bits // 8
        frame = data[n * step : (n + 1) * step]
        if len(frame) < step:
            raise LabelsRefused("SHORT_PIXELS", SHORT, name=self.name)
        order = ">" if self._big else "<"
        return frame.view(f"{order}u{self._bits // 8}").reshape(self.rows, self.columns)

    def _fitting(self, values: NDArray[Any]) -> NDArray[Any]:
        if values.shape != (self.rows, self.columns):
            raise LabelsRefused("BAD_OBJECT", BAD_OBJECT, name=self.name)
        return values


def _segment_numbers(dataset: Dataset, count: int) -> list[int]:
    """Return the segment each frame belongs to."""
    shared = dataset.get("SharedFunctionalGroupsSequence", None) or []
    common = _number_in(shared[0]) if shared else None
    groups = dataset.get("PerFrameFunctionalGroupsSequence", None) or []
    numbers = [_number_in(group) or common for group in groups]
    if len(numbers) < count or any(n is None for n in numbers[:count]):
        if common is None:
            raise ValueError("no segment number")
        return [common] * count
    return [n for n in numbers[:count] if n is not None]


def _number_in(group: Dataset) -> int | None:
    items = group.get("SegmentIdentificationSequence", None) or []
    return whole(items[0], "ReferencedSegmentNumber") if items else None
