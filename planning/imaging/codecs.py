"""Hand one compressed picture to the codec that reads it. Runs in the child process only.

JPEG 2000 is decoded by OpenJPEG, JPEG-LS by CharLS, RLE by pydicom. The JPEG family goes through
SimpleITK, in a small file of our own: GDCM crashes on hostile headers and inverts MONOCHROME1.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, RLELossless

from planning.imaging.codestream import BadStream, Codestream, read_jpeg, read_jpeg_2000
from planning.imaging.pixel_checks import JPEG, JPEG_2000, JPEG_LS

Plane = Mapping[str, Any]
Decoded = NDArray[np.integer[Any]]


def codestream_of(stream: bytes, plane: Plane) -> Codestream:
    """Return what a frame claims to hold, after comparing it with the header.

    Raises
    ------
    BadStream
        It is no picture of the syntax, or not of the size and depth the header states.
    """
    if plane["syntax"] in JPEG_2000:
        claimed = read_jpeg_2000(stream)
    elif plane["syntax"] in JPEG | JPEG_LS:
        claimed = read_jpeg(stream)
    else:
        # RLE says nothing: its segments are the bytes of the header's pixels.
        allocated = plane["bits_allocated"]
        claimed = Codestream(plane["rows"], plane["columns"], 1, allocated, signed=False, lossy=False)
    same_size = (claimed.rows, claimed.columns) == (plane["rows"], plane["columns"])
    if not same_size or claimed.components != 1 or not 2 <= claimed.precision <= plane["bits_allocated"]:
        raise BadStream("header and pixels contradict each other")
    return claimed


def decoded(stream: bytes, claimed: Codestream, plane: Plane, folder: Path) -> Decoded:
    """Return the values of a frame as the codec gives them, shape (rows, columns).

    Parameters
    ----------
    stream : bytes
    claimed : Codestream
        From `codestream_of`.
    plane : mapping
        As `planning.imaging.decode.plane_of` makes it.
    folder : Path
        Private; for the file GDCM needs.
    """
    if plane["syntax"] in JPEG:
        return _by_gdcm(stream, claimed, plane["syntax"], folder)
    if plane["syntax"] in JPEG_2000:
        return _in_shape(_by_openjpeg(stream), claimed)
    if plane["syntax"] in JPEG_LS:
        return _in_shape(_by_charls(stream), claimed)
    return _by_pydicom(stream, plane)


def _in_shape(data: bytearray, claimed: Codestream) -> Decoded:
    width = 1 if claimed.precision <= 8 else 2 if claimed.precision <= 16 else 4
    kind = "i" if claimed.signed else "u"
    return np.frombuffer(data, dtype=f"<{kind}{width}").reshape(claimed.rows, claimed.columns)


def _by_openjpeg(stream: bytes) -> bytearray:
    from openjpeg.utils import decode_pixel_data  # noqa: PLC0415 -- each codec is loaded where it is needed

    return bytearray(decode_pixel_data(stream, version=2))


def _by_charls(stream: bytes) -> bytearray:
    from jpeg_ls import decode_pixel_data  # noqa: PLC0415

    return bytearray(decode_pixel_data(stream)[0])


def _by_pydicom(stream: bytes, plane: Plane) -> Decoded:
    options: dict[str, Any] = {
        "rows": plane["rows"],
        "columns": plane["columns"],
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "bits_allocated": plane["bits_allocated"],
        "bits_stored": plane["bits_allocated"],
        "pixel_representation": 0,
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
    }
    decoder = get_decoder(RLELossless)
    values: Decoded = decoder.as_array(encapsulate([stream]), raw=True, decoding_plugin="pydicom", **options)[
        0
    ]
    return values


def _by_gdcm(stream: bytes, claimed: Codestream, syntax: str, folder: Path) -> Decoded:
    import SimpleITK as sitk  # noqa: N813, PLC0415 -- half a second, and only old studies need it

    path = folder / "frame.dcm"
    _minimal_file(stream, claimed, syntax).save_as(path, enforce_file_format=True)
    try:
        values: Decoded = sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO"))
    finally:
        path.unlink()
    return values.reshape(values.shape[-2:])


def _minimal_file(stream: bytes, claimed: Codestream, syntax: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.7")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    dataset.SamplesPerPixel = 1
    # Never MONOCHROME1: the values are wanted, not the way they are shown.
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = claimed.rows, claimed.columns
    # JPEG knows no signs: the bits are wanted.
    dataset.BitsAllocated = 8 if claimed.precision <= 8 else 16
    dataset.BitsStored, dataset.HighBit = claimed.precision, claimed.precision - 1
    dataset.PixelRepresentation = 0
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].is_undefined_length = True
    return dataset
