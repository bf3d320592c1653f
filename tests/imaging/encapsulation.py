"""Write compressed pixels in every way fragments and offset tables may lie."""

import struct
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from jpeg_ls import encode_array as encode_jpeg_ls
from numpy.typing import NDArray
from openjpeg.utils import encode_array as encode_jpeg_2000
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import UID, EnhancedCTImageStorage

from planning.geometry.frames import Grid
from tests.imaging import phantom
from tests.imaging.jpeg_encoder import jpeg_lossless

Encode = Callable[[NDArray[np.uint16]], bytes]


def rle(image: NDArray[Any]) -> bytes:
    """Return RLE (PS3.5 annex G) in the plainest way: every run is literal."""
    planes = image.astype(f">u{image.itemsize}").view(np.uint8).reshape(*image.shape, image.itemsize)
    segments = []
    for n in range(image.itemsize):
        data = planes[..., n].tobytes()
        pieces = [data[at : at + 128] for at in range(0, len(data), 128)]
        segment = b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)
        segments.append(segment + b"\x80" * (len(segment) % 2))
    starts = list(accumulate((len(s) for s in segments[:-1]), initial=64))
    header = struct.pack("<16L", len(segments), *starts, *[0] * (15 - len(segments)))
    return header + b"".join(segments)


def lossless_syntaxes() -> dict[str, tuple[str, Encode]]:
    """Return a transfer syntax and an encoder for each lossless method."""
    predictors = {
        f"JPEG lossless, predictor {n}": (
            "1.2.840.10008.1.2.4.57",
            lambda v, n=n: jpeg_lossless(v, 16, n),
        )
        for n in range(1, 8)
    }
    return {
        **predictors,
        "JPEG lossless, first order": ("1.2.840.10008.1.2.4.70", lambda v: jpeg_lossless(v, 16, 1)),
        "JPEG-LS": ("1.2.840.10008.1.2.4.80", lambda v: bytes(encode_jpeg_ls(v))),
        "JPEG 2000": ("1.2.840.10008.1.2.4.90", lambda v: encode_jpeg_2000(v, bits_stored=16)),
        "JPEG 2000, reversible": ("1.2.840.10008.1.2.4.91", lambda v: encode_jpeg_2000(v, bits_stored=16)),
        "RLE": ("1.2.840.10008.1.2.5", rle),
    }


def pack(dataset: Dataset, syntax: str, fragments: Sequence[bytes], table: bytes = b"") -> Dataset:
    """Put fragments, behind an offset table, into a data set as its pixels."""
    items = [table, *fragments]
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.PixelData = b"".join(
        b"\xfe\xff\x00\xe0" + struct.pack("<L", len(even)) + even
        for even in (item + b"\0" * (len(item) % 2) for item in items)
    )
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset


def torn(stream: bytes, count: int) -> list[bytes]:
    """Return a stream in `count` pieces of even length."""
    step = -(-len(stream) // count) + 1 & ~1
    return [stream[at : at + step] for at in range(0, len(stream), step)]


def offsets(frames: Sequence[Sequence[bytes]]) -> bytes:
    """Return the offset table of frames of fragments."""
    sizes = [sum(8 + len(piece) + len(piece) % 2 for piece in frame) for frame in frames]
    starts = list(accumulate(sizes[:-1], initial=0))
    return struct.pack(f"<{len(starts)}L", *starts)


def an_enhanced_ct(grid: Grid, order: Sequence[int] | None = None) -> Dataset:
    """Return an enhanced CT of the phantom, its frames in the given order of k; no pixels yet."""
    dataset = phantom.a_slice(np.zeros(grid.shape_kji[1:], dtype=np.uint16), grid, 0)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    shared = Dataset()
    shared.PlaneOrientationSequence = Items([_moved(dataset, "ImageOrientationPatient")])
    shared.PixelMeasuresSequence = Items([_moved(dataset, "PixelSpacing", "SliceThickness")])
    transformation = _moved(dataset, "RescaleSlope", "RescaleIntercept")
    transformation.RescaleType = "HU"
    shared.PixelValueTransformationSequence = Items([transformation])
    dataset.SharedFunctionalGroupsSequence = Items([shared])
    del dataset.ImagePositionPatient
    groups = []
    for k in order if order is not None else range(grid.shape_kji[0]):
        position, group = Dataset(), Dataset()
        position.ImagePositionPatient = [f"{v:.6f}" for v in grid.to_lps((0, 0, k))]
        group.PlanePositionSequence = Items([position])
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Items(groups)
    dataset.NumberOfFrames = len(groups)
    return dataset


def _moved(dataset: Dataset, *keywords: str) -> Dataset:
    item = Dataset()
    for keyword in keywords:
        item[keyword] = dataset[keyword]
        del dataset[keyword]
    return item
