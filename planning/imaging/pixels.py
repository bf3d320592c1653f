"""Decode the stored values of one image plane. Runs in the child process only.

Native pixels are read straight from their place. JPEG 2000 is decoded by OpenJPEG, JPEG-LS by
CharLS, RLE by pydicom. The JPEG family goes through SimpleITK, but never as the file it came in:
the stream is put into a small file of our own, because GDCM crashes on hostile headers and inverts
MONOCHROME1.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, ExplicitVRBigEndian

from planning.errors import ImportRefused
from planning.imaging.pixel_checks import JPEG, JPEG_2000, JPEG_LS, NATIVE
from planning.texts import mark

Stored = NDArray[np.integer[Any]]
Plane = Mapping[str, Any]
BAD_STREAM: Final = mark(
    "The pixels of {file} cannot be unpacked: the file is damaged. Copy the series again."
)
NOT_READABLE: Final = mark(
    "{file} cannot be read any more. Check that its disc or network place is still there and try again."
)
SHORT_PIXELS: Final = mark("The pixels of {file} are incomplete. Copy the series again.")
_PLUGINS: Final = {
    **dict.fromkeys(JPEG_2000, "pylibjpeg"),
    **dict.fromkeys(JPEG_LS, "pyjpegls"),
    "1.2.840.10008.1.2.5": "pydicom",
}
_FAULTS: Final = (
    *(ValueError, TypeError, LookupError, AttributeError, NotImplementedError, EOFError, OverflowError),
    *(RuntimeError, AssertionError, struct.error),
)


class PixelReader:
    """Reads planes one after the other and keeps the last parsed file for its further frames."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: str | None = None
        self._dataset: Dataset | None = None
        self._buffer = bytearray()
        self.found_high_bits = False

    def stored_values(self, plane: Plane) -> Stored:
        """Return the stored values of a plane, shape (rows, columns), overlays and high bits removed.

        Valid until the next call.

        Parameters
        ----------
        plane : mapping
            As `planning.imaging.decode.plane_of` makes it.

        Raises
        ------
        ImportRefused
            ``SHORT_PIXELS``, ``BAD_STREAM`` or ``NOT_READABLE``.
        """
        try:
            if plane["offset"] >= 0 and plane["syntax"] != ExplicitVRBigEndian:
                return self._significant(self._native(plane), plane)
            values = self._decoded(plane)
        except OSError as error:
            raise ImportRefused("NOT_READABLE", NOT_READABLE, file=Path(plane["file"]).name) from error
        except _FAULTS as error:
            raise ImportRefused("BAD_STREAM", BAD_STREAM, file=Path(plane["file"]).name) from error
        if values.shape != (plane["rows"], plane["columns"]) or values.dtype.kind not in "iu":
            raise ImportRefused("BAD_STREAM", BAD_STREAM, file=Path(plane["file"]).name)
        return self._significant(values, plane) if plane["syntax"] in NATIVE else values

    def _significant(self, values: Stored, plane: Plane) -> Stored:
        kept, found = _significant(values, plane)
        self.found_high_bits |= found
        return kept

    def _decoded(self, plane: Plane) -> Stored:
        dataset = self._parsed(plane["file"])
        if plane["syntax"] in JPEG:
            return _by_simpleitk(dataset, plane, self._folder)
        syntax = UID(plane["syntax"])
        decoder = get_decoder(syntax)
        index = plane["frame"] if int(dataset.get("NumberOfFrames", 1) or 1) > 1 else None
        plugin = _PLUGINS.get(plane["syntax"], "")
        values: Stored = decoder.as_array(dataset, index=index, raw=True, decoding_plugin=plugin)[0]
        return values

    def _native(self, plane: Plane) -> Stored:
        """Read uncompressed values into a buffer that the next plane overwrites."""
        allocated = plane["bits_allocated"]
        needed = plane["rows"] * plane["columns"] * allocated // 8
        if len(self._buffer) != needed:
            self._buffer = bytearray(needed)
        with Path(plane["file"]).open("rb", buffering=0) as file:
            file.seek(plane["offset"])
            if file.readinto(self._buffer) < needed:
                raise ImportRefused("SHORT_PIXELS", SHORT_PIXELS, file=Path(plane["file"]).name)
        kind = "i" if plane["signed"] and plane["bits_stored"] == allocated else "u"
        values: Stored = np.frombuffer(self._buffer, dtype=f"<{kind}{allocated // 8}")
        return values.reshape(plane["rows"], plane["columns"])

    def _parsed(self, file: str) -> Dataset:
        if self._file != file or self._dataset is None:
            self._dataset = pydicom.dcmread(file, force=True)
            self._file = file
        return self._dataset


def _significant(values: Stored, plane: Plane) -> tuple[Stored, bool]:
    """Return the value without bits that do not belong to it, and whether there were any.

    Overlays lie above the value; unused bits may lie below it.
    """
    stored, shift = plane["bits_stored"], plane["high_bit"] + 1 - plane["bits_stored"]
    if stored == plane["bits_allocated"]:
        return values, False
    raw: Stored = values.view(values.dtype.str.replace("i", "u"))
    top = (1 << stored) - 1
    if not shift and not plane["signed"] and int(raw.max(initial=0)) <= top:
        return raw, False
    kept = np.asarray((raw >> shift) & raw.dtype.type(top))
    if not plane["signed"]:
        return kept, bool((kept << shift != raw).any())
    sign = 1 << (stored - 1)
    signed: Stored = ((kept.astype(np.int32) ^ sign) - sign).astype(np.int16)
    # Signed values are written with their sign spread over the high bits; anything else is an overlay.
    spread = signed.astype(f"<i{raw.dtype.itemsize}").view(raw.dtype)
    return signed, shift > 0 or bool((spread != raw).any())


def _by_simpleitk(dataset: Dataset, plane: Plane, folder: Path) -> Stored:
    """Decode one frame of the JPEG family from a file of our own."""
    import SimpleITK as sitk  # noqa: N813, PLC0415 -- half a second, and only old studies need it

    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    offsets = None
    if "ExtendedOffsetTable" in dataset:
        offsets = (dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths)
    stream = get_frame(dataset.PixelData, plane["frame"], number_of_frames=frames, extended_offsets=offsets)
    path = folder / "frame.dcm"
    _minimal_file(stream, plane).save_as(path, enforce_file_format=True)
    try:
        image = sitk.ReadImage(str(path), imageIO="GDCMImageIO")
        values: Stored = sitk.GetArrayFromImage(image)
    finally:
        path.unlink()
    plane_values: Stored = values.reshape(values.shape[-2:])
    return plane_values


def _minimal_file(stream: bytes, plane: Plane) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(plane["syntax"])
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    dataset.SamplesPerPixel = 1
    # Never MONOCHROME1: the values are wanted, not the way they are shown.
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = plane["rows"], plane["columns"]
    dataset.BitsAllocated, dataset.BitsStored = plane["bits_allocated"], plane["bits_stored"]
    dataset.HighBit, dataset.PixelRepresentation = plane["high_bit"], int(plane["signed"])
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].is_undefined_length = True
    return dataset
