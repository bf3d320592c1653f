"""Read the header of one DICOM file into plain JSON values. Runs in the child process."""

import math
import mmap
import os
import stat
import struct
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from planning.errors import ImportRefused
from planning.imaging import elements, repeats
from planning.imaging.deflated import inflated
from planning.imaging.dicom_values import number, several, text, text_and_doubt, whole
from planning.imaging.elements import Bytes, Encoding, PixelPlace
from planning.imaging.file_start import NOT_DICOM, start_of, syntax_of
from planning.imaging.frame_headers import frames_of
from planning.imaging.limits import MAX_SEQUENCE_DEPTH
from planning.imaging.modality_lut import BadTable, modality_table
from planning.imaging.text_lengths import with_mended_lengths
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.kernel.memory_limit import mapped_file
from planning.texts import mark

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

PARSER_ERRORS: Final = (
    *(ValueError, TypeError, LookupError, AttributeError, NotImplementedError, EOFError, OverflowError),
    *(AssertionError, BytesLengthException, struct.error, zlib.error),
)
_SAY_EVERY_S: Final = 0.05
# An answer to the program is bounded (`planning.kernel.exchange`), and a frame takes up to 500 bytes of it.
_FRAMES_AN_ANSWER: Final = 30_000
_SMALLEST_FILE: Final = 64
_LARGEST_COPY: Final = 16 * 2**20
_DICOMDIR: Final = "1.2.840.10008.1.3.10"
# Segmentation, label map segmentation, parametric map, dose: no image of the patient.
_NO_IMAGES: Final = frozenset({f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("66.4", "66.7", "30", "481.2")})
_PRIVATE_RLE: Final = 0x07A11011
_KINDS: Final = {0x7FE00010: "integer", 0x7FE00008: "float32", 0x7FE00009: "float64"}
_KEYWORDS: Final = [
    *("SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "StudyDate", "AcquisitionDate"),
    *("SeriesDate", "ContentDate", "AcquisitionTime", "SeriesTime", "Modality", "SeriesDescription"),
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "ContrastBolusAgent", "SliceThickness"),
    *(
        "SpacingBetweenSlices",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "InstanceNumber",
        "FrameOfReferenceUID",
    ),
    *("ImagePositionPatient", "ImageOrientationPatient", "SamplesPerPixel", "PhotometricInterpretation"),
    *("NumberOfFrames", "Rows", "Columns", "PixelSpacing", "BitsAllocated", "BitsStored", "HighBit"),
    *("PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("RescaleIntercept", "RescaleSlope", "RescaleType"),
    *(
        "LossyImageCompression",
        "LossyImageCompressionRatio",
        "BurnedInAnnotation",
        "GantryDetectorTilt",
        "ModalityLUTSequence",
    ),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "DirectoryRecordSequence"),
    *repeats.KEYWORDS,
]

_TAGS: Final = [*(Tag(keyword) for keyword in _KEYWORDS), Tag(_PRIVATE_RLE)]

NOT_READABLE: Final = mark("The file cannot be opened. Check that you may read it.")
DIRECTORY: Final = mark("The index of a disc is not needed: the images are found without it.")
PATH_TRAVERSAL: Final = mark(
    "The disc's index points to files outside the disc, which looks like an attack. It was not followed."
)
NOT_AN_IMAGE: Final = mark("The file holds no image (a report, a plan or a list).")
NO_PIXELS: Final = mark("The image has no pixels. Export it again from its source.")
NO_SYNTAX: Final = mark("The file does not say how its values are written, and guessing failed.")
BAD_HEADER: Final = mark("The file's header is damaged and cannot be understood.")
PRIVATE_RLE: Final = mark(
    "The pixels are packed by a method of one manufacturer (PMSCT_RLE1). Export the study as standard DICOM."
)


def read_headers(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: read the headers of ``header["files"]``.

    Progress says how many are done: before each file where ``header["careful"]``, so that one which ends
    the process is known; else before one that begins a while after the last word, which costs less.
    Files of very many frames are answered in parts: fewer records than files, to be asked for again.
    """
    del arrays
    files, said = header["files"], -math.inf
    records: list[Header] = []
    frames = 0
    for n, file in enumerate(files):
        now = time.monotonic()
        if header.get("careful") or now - said >= _SAY_EVERY_S:
            room.progress(n / len(files), mark("Reading headers"))
            said = now
        records.append(read_header(Path(file)))
        frames += len(records[-1].get("frames", ()))
        if frames > _FRAMES_AN_ANSWER:
            break
    return {"records": records}, []


def read_header(file: Path) -> Header:
    """Return the record of one file, or ``{"rejected": code, "template": ..., "values": ...}``."""
    try:
        return _read(file)
    except ImportRefused as error:
        return _rejected(error)
    except RecursionError:
        return _rejected(ImportRefused("NESTING", elements.NESTING, limit=MAX_SEQUENCE_DEPTH))
    except OSError:
        return _rejected(ImportRefused("NOT_READABLE", NOT_READABLE))
    except PARSER_ERRORS:
        return _rejected(ImportRefused("BAD_HEADER", BAD_HEADER))


def _rejected(error: ImportRefused) -> Header:
    return {"rejected": error.code, "template": error.template, "values": error.values}


@dataclass(frozen=True)
class DicomObject:
    """A parsed file, its pixels left where they are.

    Parameters
    ----------
    dataset : Dataset
    syntax : str
        Transfer syntax.
    place : PixelPlace or None
        None without pixels, or where the whole file is deflated.
    notes : list of str
    place_unpacked : PixelPlace or None
        Where the pixels lie once `planning.imaging.deflated.inflated` has unpacked the file; None
        where it is not deflated. The pixels are in `dataset` as well when all elements were asked for.
    """

    dataset: Dataset
    syntax: str
    place: PixelPlace | None
    notes: list[str]
    place_unpacked: PixelPlace | None = None

    @property
    def is_big_endian(self) -> bool:
        """Whether numbers are written with their highest byte first."""
        return self.syntax == ExplicitVRBigEndian


def open_object(file: Path, tags: Sequence[int] | None = None) -> DicomObject:
    """Return what a DICOM file holds after its lengths, nesting and expansion were checked.

    Parameters
    ----------
    file : Path
    tags : sequence of int, optional
        The only elements wanted; with None all of them, and deflated pixels as well.

    Raises
    ------
    ImportRefused
        ``NOT_DICOM``, ``TRUNCATED``, ``NESTING``, ``EXPANSION_LIMIT``.
    """
    status = os.stat(file)  # noqa: PTH116 -- the mode is looked at before anything is opened
    if not stat.S_ISREG(status.st_mode) or status.st_size < _SMALLEST_FILE:
        raise ImportRefused("NOT_DICOM", NOT_DICOM)
    with file.open("rb") as opened, mapped_file(opened) as data:
        notes: list[str] = []
        syntax, body = syntax_of(data, start_of(data, notes), notes)
        if syntax != DeflatedExplicitVRLittleEndian:
            dataset, place = _parsed(data, body, _encoding(syntax), tags, notes)
            return DicomObject(dataset, syntax, place, notes)
    with inflated(file, body) as plain, mapped_file(plain) as unpacked:
        dataset, place = _parsed(unpacked, body, Encoding(), tags, notes)
        if tags is None and place is not None and not place.is_fragmented:
            unpacked.seek(place.offset)
            dataset.add_new(place.tag, "OW", unpacked.read(place.length))
        return DicomObject(dataset, syntax, None, notes, place)


def _encoding(syntax: str) -> Encoding:
    return Encoding(syntax == ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian)


def _parsed(
    data: mmap.mmap, body: int, encoding: Encoding, tags: Sequence[int] | None, notes: list[str]
) -> tuple[Dataset, PixelPlace | None]:
    """Return the elements before the pixels and where the pixels are."""
    try:
        return _before_pixels(data, body, encoding, tags)
    except ImportRefused as error:
        mended = with_mended_lengths(data, body) if encoding == Encoding() else None
        if mended is None or error.code != "TRUNCATED":
            raise
    notes.append("CHARSET")
    return _before_pixels(mended, body, encoding, tags)


def _before_pixels(
    data: Bytes, body: int, encoding: Encoding, tags: Sequence[int] | None
) -> tuple[Dataset, PixelPlace | None]:
    place = elements.find_pixels(data, body, encoding)
    end = place.element if place else len(data)

    def is_beyond(_tag: BaseTag, _vr: str | None, _length: int) -> bool:
        return bool(source.tell() > end)

    # The parser gets what lies before the pixels, and no more.
    copied = isinstance(data, bytes) or end <= _LARGEST_COPY
    source: Any = BytesIO(data[:end]) if copied else data  # a mapped file reads, seeks and tells
    source.seek(body)
    dataset = read_dataset(
        source,
        encoding.implicit,
        not encoding.big_endian,
        stop_when=is_beyond,
        specific_tags=None if tags is None else list(tags),
    )
    return dataset, place


def _read(file: Path) -> Header:
    found = open_object(file, _TAGS)
    return _record(found, found.dataset, found.place or found.place_unpacked, file.stat().st_size)


def _record(found: DicomObject, dataset: Dataset, place: PixelPlace | None, file_bytes: int) -> Header:
    if "DirectoryRecordSequence" in dataset or text(dataset, "SOPClassUID") == _DICOMDIR:
        raise _directory(dataset)
    if _PRIVATE_RLE in dataset:
        raise ImportRefused("PRIVATE_COMPRESSION", PRIVATE_RLE)
    if whole(dataset, "Rows") is None or text(dataset, "SOPClassUID") in _NO_IMAGES:
        raise ImportRefused("NOT_AN_IMAGE", NOT_AN_IMAGE)
    if place is None:
        raise ImportRefused("NO_PIXELS", NO_PIXELS)
    return {
        "syntax": found.syntax,
        "pixel_offset": place.offset,
        "pixel_bytes": place.length,
        "kind": _KINDS[place.tag],
        "file_bytes": file_bytes,
        "notes": found.notes,
        **_identity(dataset, found.notes),
        **_form(dataset),
        **_table(dataset, big_endian=found.is_big_endian),
        "frames": frames_of(dataset),
    }


def _directory(dataset: Dataset) -> ImportRefused:
    """Say why a DICOMDIR is skipped; a path in it that leaves the disc is named as what it is."""
    for record in dataset.get("DirectoryRecordSequence", None) or []:
        parts = record.get("ReferencedFileID", None) or []
        parts = [parts] if isinstance(parts, str) else list(parts)
        path = "/".join(str(part) for part in parts).replace("\\", "/")
        if ".." in path.split("/") or path.startswith("/") or ":" in path:
            return ImportRefused("PATH_TRAVERSAL", PATH_TRAVERSAL)
    return ImportRefused("DICOMDIR", DIRECTORY)


def _identity(dataset: Dataset, notes: list[str]) -> Header:
    dates = [text(dataset, name) for name in ("AcquisitionDate", "SeriesDate", "ContentDate", "StudyDate")]
    names = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "SeriesDescription")
    words, doubts = zip(*(text_and_doubt(dataset, name) for name in names), strict=True)
    if any(doubts) and "CHARSET" not in notes:
        notes.append("CHARSET")
    return {
        "sop_class": text(dataset, "SOPClassUID"),
        "sop_uid": text(dataset, "SOPInstanceUID"),
        "series_uid": text(dataset, "SeriesInstanceUID"),
        "study_uid": text(dataset, "StudyInstanceUID"),
        "frame_of_reference": text(dataset, "FrameOfReferenceUID"),
        "instance": whole(dataset, "InstanceNumber"),
        "patient": list(words[:4]),
        "modality": text(dataset, "Modality"),
        "description": words[4],
        "acquired": next((date for date in dates if date), ""),
        "contrast": text(dataset, "ContrastBolusAgent"),
        "image_type": [str(part) for part in several(dataset, "ImageType")][:16],
        "lossy": "01" if _has_ratio(dataset) else text(dataset, "LossyImageCompression"),
        "burned_in": text(dataset, "BurnedInAnnotation").upper(),
        "declared_spacing": number(dataset, "SpacingBetweenSlices"),
    }


def _has_ratio(dataset: Dataset) -> bool:
    """Say whether a compression ratio is stated, which only a loss gives reason to."""
    try:
        return any(float(ratio) > 1.0 for ratio in several(dataset, "LossyImageCompressionRatio"))
    except (ValueError, TypeError):
        return False


def _form(dataset: Dataset) -> Header:
    allocated = whole(dataset, "BitsAllocated") or 0
    stored = whole(dataset, "BitsStored") or allocated
    high = whole(dataset, "HighBit")
    return {
        "rows": whole(dataset, "Rows") or 0,
        "columns": whole(dataset, "Columns") or 0,
        "bits_allocated": allocated,
        "bits_stored": stored,
        "high_bit": stored - 1 if high is None else high,
        "signed": whole(dataset, "PixelRepresentation"),
        "photometric": text(dataset, "PhotometricInterpretation"),
        "samples": whole(dataset, "SamplesPerPixel") or 1,
        "n_frames": max(1, whole(dataset, "NumberOfFrames") or 1),
        "padding": whole(dataset, "PixelPaddingValue"),
        "padding_limit": whole(dataset, "PixelPaddingRangeLimit"),
    }


def _table(dataset: Dataset, *, big_endian: bool) -> Header:
    """Return the unit of the Modality LUT, None where there is none; it is applied with the pixels."""
    try:
        table = modality_table(dataset, big_endian=big_endian)
    except BadTable:
        return {"table": "", "table_fault": True}
    return {"table": None if table is None else table.unit, "table_fault": False}
