"""Read the header of one DICOM file into plain JSON values. Runs in the child process."""

import mmap
import os
import stat
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.tag import Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from planning.errors import ImportRefused
from planning.imaging import elements
from planning.imaging.dicom_values import number, several, text, whole
from planning.imaging.elements import Encoding, PixelPlace
from planning.imaging.frame_headers import frames_of
from planning.imaging.limits import HARMLESS_BYTES, MAX_EXPANSION, MAX_SEQUENCE_DEPTH, MAX_STREAM_BYTES
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.texts import mark

pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

PARSER_ERRORS: Final = (
    *(ValueError, TypeError, LookupError, AttributeError, NotImplementedError, EOFError, OverflowError),
    *(AssertionError, BytesLengthException, struct.error, zlib.error),
)
_SMALLEST_FILE: Final = 64
_LARGEST_COPY: Final = 16 * 2**20
_DICOMDIR: Final = "1.2.840.10008.1.3.10"
# Segmentation, label map segmentation, parametric map: structures, not an image of the patient.
_NO_IMAGES: Final = frozenset({f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("66.4", "66.7", "30")})
_PRIVATE_RLE: Final = 0x07A11011
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
    *("PixelRepresentation", "PixelPaddingValue", "RescaleIntercept", "RescaleSlope", "RescaleType"),
    *("LossyImageCompression", "BurnedInAnnotation", "GantryDetectorTilt", "ModalityLUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "DirectoryRecordSequence"),
]

_TAGS: Final = [*(Tag(keyword) for keyword in _KEYWORDS), Tag(_PRIVATE_RLE)]

NOT_DICOM: Final = mark("This is not a DICOM file.")
NOT_READABLE: Final = mark("The file cannot be opened. Check that you may read it.")
DIRECTORY: Final = mark("The index of a disc is not needed: the images are found without it.")
PATH_TRAVERSAL: Final = mark(
    "The disc's index points to files outside the disc, which looks like an attack. It was not followed."
)
NOT_AN_IMAGE: Final = mark("The file holds no image (a report, a plan or a list).")
NO_PIXELS: Final = mark("The image has no pixels. Export it again from its source.")
NO_SYNTAX: Final = mark("The file does not say how its values are written, and guessing failed.")
BAD_HEADER: Final = mark("The file's header is damaged and cannot be understood.")
EXPANSION: Final = mark(
    "The file would unpack to more than {limit} times its size, which looks like an attack."
)
PRIVATE_RLE: Final = mark(
    "The pixels are packed by a method of one manufacturer (PMSCT_RLE1). Export the study as standard DICOM."
)


def read_headers(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: read the headers of ``header["files"]``; progress says before each file how many are done."""
    del arrays
    files = header["files"]
    records = []
    for n, file in enumerate(files):
        room.progress(n / len(files), mark("Reading headers"))
        records.append(read_header(Path(file)))
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
        None without pixels, or where the whole file is deflated: its pixels are then in `dataset`.
    notes : list of str
    """

    dataset: Dataset
    syntax: str
    place: PixelPlace | None
    notes: list[str]


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
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _open_mapped(file, data, tags)


def _open_mapped(file: Path, data: mmap.mmap, tags: Sequence[int] | None) -> DicomObject:
    notes: list[str] = []
    start = _start(data, notes)
    syntax, body = _syntax(data, start, notes)
    if syntax == DeflatedExplicitVRLittleEndian:
        _check_deflated(data, body)
        return DicomObject(_parse(file, start, tags, with_pixels=tags is None), syntax, None, notes)
    encoding = Encoding(syntax == ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian)
    place = elements.find_pixels(data, body, encoding)
    end = place.element if place else len(data)
    # The parser gets what lies before the pixels, and no more.
    dataset = _parse(BytesIO(data[:end]) if end <= _LARGEST_COPY else file, start, tags)
    return DicomObject(dataset, syntax, place, notes)


def _read(file: Path) -> Header:
    found = open_object(file, _TAGS)
    return _record(found.dataset, found.syntax, found.place, found.notes)


def _start(data: mmap.mmap, notes: list[str]) -> int:
    """Return where the first element is: 132 after a preamble, 0 where there is none."""
    head = data[:140]
    if head[128:132] == b"DICM":
        if head[:2] in (b"MZ", b"\x7fE", b"#!") or head[:4] == b"%PDF":
            notes.append("PREAMBLE")
        return 132
    group, element = int.from_bytes(head[:2], "little"), int.from_bytes(head[2:4], "little")
    if group in (2, 8) and element <= 0x60:
        notes.append("NO_PREAMBLE")
        return 0
    raise ImportRefused("NOT_DICOM", NOT_DICOM)


def _syntax(data: mmap.mmap, start: int, notes: list[str]) -> tuple[str, int]:
    """Return the transfer syntax and where the data set begins after group 2.

    Where no syntax is named, the two plain ones are told apart by their bytes.
    """
    at, syntax = start, ""
    while data[at : at + 2] == b"\x02\x00":
        long = data[at + 4 : at + 6] in (b"OB", b"UN")
        begin = at + (12 if long else 8)
        end = begin + int.from_bytes(data[at + 8 : at + 12] if long else data[at + 6 : at + 8], "little")
        if data[at + 2 : at + 4] == b"\x10\x00":
            syntax = data[begin:end].decode("ascii", "replace").strip(" \0")
        at = end
    if not syntax:
        notes.append("NO_SYNTAX")
        vr = data[at + 4 : at + 6]
        syntax = str(ExplicitVRLittleEndian if vr.isalpha() and vr.isupper() else ImplicitVRLittleEndian)
    return syntax, at


def _check_deflated(data: mmap.mmap, start: int) -> None:
    """Inflate once without keeping anything, and stop at the limit."""
    allowed = min(MAX_STREAM_BYTES, max(HARMLESS_BYTES, MAX_EXPANSION * len(data)))
    inflater, total, at = zlib.decompressobj(-zlib.MAX_WBITS), 0, start
    while piece := data[at : at + 65_536]:
        at += len(piece)
        while piece:
            total += len(inflater.decompress(piece, 2**20))
            piece = inflater.unconsumed_tail
            if total > allowed:
                raise ImportRefused("EXPANSION_LIMIT", EXPANSION, limit=MAX_EXPANSION)


def _parse(
    source: Path | BytesIO, start: int, tags: Sequence[int] | None, *, with_pixels: bool = False
) -> Dataset:
    wanted = None if tags is None else list(tags)
    try:
        return pydicom.dcmread(
            source, force=start == 0, stop_before_pixels=not with_pixels, specific_tags=wanted
        )
    except InvalidDicomError as error:
        raise ImportRefused("NOT_DICOM", NOT_DICOM) from error


def _record(dataset: Dataset, syntax: str, place: PixelPlace | None, notes: list[str]) -> Header:
    if "DirectoryRecordSequence" in dataset or str(dataset.get("SOPClassUID", "")) == _DICOMDIR:
        raise _directory(dataset)
    if _PRIVATE_RLE in dataset:
        raise ImportRefused("PRIVATE_COMPRESSION", PRIVATE_RLE)
    if whole(dataset, "Rows") is None or text(dataset, "SOPClassUID") in _NO_IMAGES:
        raise ImportRefused("NOT_AN_IMAGE", NOT_AN_IMAGE)
    deflated = syntax == DeflatedExplicitVRLittleEndian
    if place is None and not deflated:
        raise ImportRefused("NO_PIXELS", NO_PIXELS)
    native = place is not None and not place.is_fragmented
    return {
        "syntax": syntax,
        "pixel_offset": place.offset if place and native else -1,
        "pixel_bytes": place.length if place and native else -1,
        "integers": place is None or place.tag == 0x7FE00010,
        "notes": notes,
        **_identity(dataset),
        **_form(dataset),
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


def _identity(dataset: Dataset) -> Header:
    dates = [text(dataset, name) for name in ("AcquisitionDate", "SeriesDate", "ContentDate", "StudyDate")]
    return {
        "sop_class": text(dataset, "SOPClassUID"),
        "sop_uid": text(dataset, "SOPInstanceUID"),
        "series_uid": text(dataset, "SeriesInstanceUID"),
        "study_uid": text(dataset, "StudyInstanceUID"),
        "frame_of_reference": text(dataset, "FrameOfReferenceUID"),
        "instance": whole(dataset, "InstanceNumber"),
        "patient": [text(dataset, k) for k in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")],
        "modality": text(dataset, "Modality"),
        "description": text(dataset, "SeriesDescription"),
        "acquired": next((date for date in dates if date), ""),
        "contrast": text(dataset, "ContrastBolusAgent"),
        "image_type": [str(part) for part in several(dataset, "ImageType")][:16],
        "lossy": text(dataset, "LossyImageCompression"),
        "burned_in": text(dataset, "BurnedInAnnotation"),
        "rescale_type": text(dataset, "RescaleType"),
        "declared_spacing": number(dataset, "SpacingBetweenSlices"),
        "has_lut": bool(dataset.get("ModalityLUTSequence", None)),
    }


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
    }
