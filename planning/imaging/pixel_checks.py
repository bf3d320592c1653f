"""Whether the pixels the headers describe can become Hounsfield values, before any is decoded."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from planning.errors import ImportRefused
from planning.imaging.limits import MAX_EDGE_VOXELS, MAX_EXPANSION, MAX_VOXELS, allows_expansion
from planning.imaging.series import Slice
from planning.model.study import Finding, Severity
from planning.texts import mark

Record = Mapping[str, Any]
NATIVE: Final = frozenset(
    {
        str(ImplicitVRLittleEndian),
        str(ExplicitVRLittleEndian),
        str(ExplicitVRBigEndian),
        str(DeflatedExplicitVRLittleEndian),
    }
)
JPEG_2000: Final = frozenset({"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.201"})
JPEG_LS: Final = frozenset({"1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"})
JPEG: Final = frozenset({f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70)})
RLE: Final = "1.2.840.10008.1.2.5"
_ALWAYS_LOSSY: Final = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})
# JPEG-LS and JPEG 2000 in their other form: lossless only where the file says so.
_MAYBE_LOSSY: Final = frozenset({"1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"})
# Units of CT values that thresholds hold for; HU_MOD is HU after processing such as metal reduction.
_HOUNSFIELD: Final = frozenset({"", "HU", "HU_MOD"})
# What else the standard knows (PS3.3 C.11.1.1.2). Any other word may name anybody, and is not repeated.
_UNITS: Final = frozenset({"OD", "US", "MGML", "Z_EFF", "ED", "EDW", "PCT"})
_DEPTHS: Final = {"integer": (8, 16, 32), "float32": (32,), "float64": (64,)}

SHORT_PIXELS: Final = mark(
    "A slice holds {found} of the {needed} bytes its size needs ({file}). The series is incomplete; "
    "copy it again."
)
GIANT: Final = mark("The image claims {rows} x {columns} x {count} pixels, more than this program reads.")
COLOUR: Final = mark("These are colour pictures, not a volume of one value per voxel.")
BAD_RESCALE: Final = mark(
    "The scale of the values (RescaleSlope {slope}, RescaleIntercept {intercept}) cannot be right in {file}. "
    "Densities would be wrong; export the series again."
)
SOME_BARE: Final = mark(
    "{count} slice(s) do not say what their values mean, while others do ({file}). Densities would jump from "
    "slice to slice; export the series again."
)
BACKWARDS: Final = mark(
    "The scale of the values runs backwards (RescaleSlope {slope}): bone must still be brighter than air. "
    "Check it before you trust a threshold."
)
UNSUPPORTED_SYNTAX: Final = mark(
    "The pixels are packed by a method this program does not read ({syntax}). Export the series uncompressed."
)
UNSUPPORTED_BITS: Final = mark(
    "Pixels of {allocated} bits ({stored} used) are not read. Export the series as 16 bit."
)
CONTRADICTION: Final = mark(
    "{file} says its pixels are packed in one way and holds them in another. Export the series again."
)
EXPANSION: Final = mark(
    "{file} would unpack to more than {limit} times its size, which looks like an attack."
)
MISSING_SIGN: Final = mark(
    "The file does not say whether its values are signed (PixelRepresentation is missing). "
    "Densities could be wrong; export the series again."
)
MODALITY_LUT: Final = mark(
    "The values are translated by a table (Modality LUT) that contradicts itself or stands beside a slope. "
    "Densities would be wrong; export the series again."
)
MULTI_FRAME: Final = mark(
    "One file holds {count} frames without saying where each lies. Export the series as single slices."
)
NOT_HU: Final = mark(
    "The CT has no rescale values: its numbers are not Hounsfield units, and thresholds do not hold."
)
OTHER_UNIT: Final = mark("The CT's values are in {unit}, not in Hounsfield units, so thresholds do not hold.")
UNKNOWN_UNIT: Final = mark(
    "The CT's values are in a unit that is not Hounsfield's, so thresholds do not hold."
)
LOSSY: Final = mark("The images were compressed with loss at some time; fine edges may have moved.")
BURNED_IN: Final = mark("Text may be burnt into the pixels and may name the patient.")
MONOCHROME1: Final = mark(
    "The images are meant to be shown inverted (MONOCHROME1); values were kept as they are."
)
LOSS: Final = Finding("LOSSY", LOSSY, severity=Severity.WARN)
RESCALE_PER_SLICE: Final = mark("Slices have different value scales; each was read with its own.")


def check_pixels(slices: Sequence[Slice], records: Sequence[Record]) -> None:
    """Refuse what cannot be decoded to right values.

    Raises
    ------
    ImportRefused
        With the code of the first fault found.
    """
    _check_same_kind_of_scale(slices)
    for slice_, record in zip(slices, records, strict=True):
        _check_form(slice_, record, len(slices))
        _check_scale(slice_, record)
        _check_size(slice_)
        _check_expansion(slice_, record)


def _check_same_kind_of_scale(slices: Sequence[Slice]) -> None:
    """Refuse a series in which only some slices say what their values mean."""
    bare = [s for s in slices if s.table is None and s.slope is None and s.intercept is None]
    if bare and any(s.table is not None or scale_of(s) != (1.0, 0.0) for s in slices):
        raise ImportRefused("BAD_RESCALE", SOME_BARE, count=len(bare), file=bare[0].file.name)


def _check_expansion(slice_: Slice, record: Record) -> None:
    """Refuse compressed pixels that claim more than any scanner's images compress to."""
    form = slice_.form
    claimed = form.rows * form.columns * form.bits_allocated // 8 * slice_.n_frames
    if slice_.pixel_bytes < 0 and not allows_expansion(record["file_bytes"], claimed):
        raise ImportRefused("EXPANSION_LIMIT", EXPANSION, limit=MAX_EXPANSION, file=slice_.file.name)


def _check_form(slice_: Slice, record: Record, count: int) -> None:
    form = slice_.form
    if form.samples != 1 or form.photometric not in ("MONOCHROME1", "MONOCHROME2", ""):
        raise ImportRefused("COLOUR", COLOUR)
    if record["n_frames"] > 1 and record["n_frames"] != len(record["frames"]):
        raise ImportRefused("MULTI_FRAME", MULTI_FRAME, count=record["n_frames"])
    if record["signed"] is None and slice_.kind == "integer":
        raise ImportRefused("MISSING_TYPE1", MISSING_SIGN)
    edges_fit = 0 < form.rows <= MAX_EDGE_VOXELS and 0 < form.columns <= MAX_EDGE_VOXELS
    if not edges_fit or form.rows * form.columns * count > MAX_VOXELS:
        if slice_.pixel_bytes >= 0:
            _check_size(slice_)
        raise ImportRefused("GIANT", GIANT, rows=form.rows, columns=form.columns, count=count)
    whole = 0 < form.bits_stored <= form.high_bit + 1 <= form.bits_allocated
    if form.bits_allocated not in _DEPTHS[slice_.kind] or (slice_.kind == "integer" and not whole):
        raise ImportRefused(
            "UNSUPPORTED_BITS", UNSUPPORTED_BITS, allocated=form.bits_allocated, stored=form.bits_stored
        )
    _check_packing(slice_)


def _check_packing(slice_: Slice) -> None:
    if slice_.syntax not in NATIVE | JPEG_2000 | JPEG_LS | JPEG | {RLE}:
        raise ImportRefused("UNSUPPORTED_SYNTAX", UNSUPPORTED_SYNTAX, syntax=slice_.syntax)
    # Fragments under a plain syntax, plain bytes under a compressed one, or compressed floats.
    if (slice_.syntax in NATIVE) != (slice_.pixel_bytes >= 0) or (
        slice_.kind != "integer" and slice_.pixel_bytes < 0
    ):
        raise ImportRefused("CONTRADICTION", CONTRADICTION, file=slice_.file.name)


def _check_scale(slice_: Slice, record: Record) -> None:
    if record["table_fault"] or (record["table"] is not None and slice_.kind != "integer"):
        raise ImportRefused("MODALITY_LUT", MODALITY_LUT)
    slope, intercept = scale_of(slice_)
    if not (math.isfinite(slope) and math.isfinite(intercept)) or slope == 0:
        raise ImportRefused(
            "BAD_RESCALE", BAD_RESCALE, slope=slice_.slope, intercept=slice_.intercept, file=slice_.file.name
        )


def _check_size(slice_: Slice) -> None:
    form = slice_.form
    needed = form.rows * form.columns * form.bits_allocated // 8
    if slice_.pixel_bytes >= 0 and slice_.pixel_bytes < needed:
        raise ImportRefused(
            "SHORT_PIXELS",
            SHORT_PIXELS,
            found=max(0, slice_.pixel_bytes),
            needed=needed,
            file=slice_.file.name,
        )


def scale_of(slice_: Slice) -> tuple[float, float]:
    """Return slope and intercept; 1 and 0 where the file gives none."""
    return (
        1.0 if slice_.slope is None else slice_.slope,
        0.0 if slice_.intercept is None else slice_.intercept,
    )


def pixel_findings(records: Sequence[Record]) -> list[Finding]:
    """Return what the headers say about the values, for the report."""
    findings = _unit_findings(records)
    scales = {(frame["slope"], frame["intercept"]) for record in records for frame in record["frames"]}
    if len(scales) > 1:
        findings.append(Finding("RESCALE_PER_SLICE", RESCALE_PER_SLICE))
    if any(_is_lossy(record) for record in records):
        findings.append(LOSS)
    if any(record["burned_in"] == "YES" for record in records):
        findings.append(Finding("BURNED_IN", BURNED_IN, severity=Severity.WARN))
    if any(record["photometric"] == "MONOCHROME1" for record in records):
        findings.append(Finding("MONOCHROME1", MONOCHROME1))
    return findings


def _unit_findings(records: Sequence[Record]) -> list[Finding]:
    if records[0]["modality"] != "CT":
        return []
    frames = [(record, frame) for record in records for frame in record["frames"]]
    if any(None in (frame["slope"], frame["intercept"]) and r["table"] is None for r, frame in frames):
        return [Finding("NOT_HU", NOT_HU, severity=Severity.WARN)]
    units = [frame["unit"] if r["table"] is None else r["table"] or "US" for r, frame in frames]
    slope = min((frame["slope"] for r, frame in frames if r["table"] is None), default=1.0)
    if slope < 0:
        return [Finding("NOT_HU", BACKWARDS, (("slope", f"{slope:g}"),), Severity.WARN)]
    other = next((unit for unit in units if unit.upper() not in _HOUNSFIELD), None)
    if other is None:
        return []
    if other.upper() not in _UNITS:
        return [Finding("NOT_HU", UNKNOWN_UNIT, severity=Severity.WARN)]
    return [Finding("NOT_HU", OTHER_UNIT, (("unit", other.upper()),), Severity.WARN)]


def _is_lossy(record: Record) -> bool:
    """Say whether the header admits a loss, or the syntax allows one and the header does not deny it."""
    if record["lossy"] == "01" or record["syntax"] in _ALWAYS_LOSSY:
        return True
    return record["syntax"] in _MAYBE_LOSSY and record["lossy"] != "00"
