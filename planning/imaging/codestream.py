"""What a compressed picture says of itself in its first bytes, read before any codec sees it.

A codec allocates and writes what the stream claims, not what the DICOM header claims, so the two are
compared here. The stream also knows best whether it lost anything: headers forget to say so.
"""

import struct
from dataclasses import dataclass
from typing import Final

_J2K_START: Final = b"\xff\x4f\xff\x51"
_J2K_CODING: Final = 0x52
_JP2_LONGEST_HEAD: Final = 65_536
_HUFFMAN_LOSSLESS: Final = 0xC3
_JPEG_LS: Final = 0xF7
_SCAN: Final = 0xDA
# Frame headers of JPEG; C4, C8 and CC mean something else.
_FRAMES: Final = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), 0xF7})
_LOSSLESS: Final = frozenset({_HUFFMAN_LOSSLESS, _JPEG_LS})
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xDA)})


class BadStream(ValueError):
    """The first bytes are no picture of the expected kind."""


@dataclass(frozen=True)
class Codestream:
    """Size and kind of one compressed picture.

    Parameters
    ----------
    rows, columns, components, precision : int
        Precision is in bits.
    signed : bool
        Whether values are signed; only JPEG 2000 can say so.
    lossy : bool
        Whether the method itself loses something. A reversible JPEG 2000 stream may have been cut
        short on purpose, which nothing in it tells.
    """

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool
    lossy: bool


def read_jpeg_2000(stream: bytes) -> Codestream:
    """Return what the main header of a JPEG 2000 stream says; raises `BadStream`."""
    at = 0 if stream.startswith(_J2K_START) else stream.find(_J2K_START, 0, _JP2_LONGEST_HEAD)
    if at < 0:
        raise BadStream("no JPEG 2000")
    try:
        x_end, y_end, x_start, y_start = struct.unpack_from(">4I", stream, at + 8)
        (components,) = struct.unpack_from(">H", stream, at + 40)
        kind = stream[at + 42]
        (length,) = struct.unpack_from(">H", stream, at + 4)
        return Codestream(
            rows=y_end - y_start,
            columns=x_end - x_start,
            components=components,
            precision=(kind & 0x7F) + 1,
            signed=bool(kind & 0x80),
            lossy=_is_irreversible(stream, at + 4 + length),
        )
    except (struct.error, IndexError) as error:
        raise BadStream("cut short") from error


def _is_irreversible(stream: bytes, at: int) -> bool:
    """Walk the markers of the main header to the coding style: transformation 0 is the 9-7 wavelet."""
    while stream[at] == 0xFF:
        if stream[at + 1] == _J2K_CODING:
            return stream[at + 13] == 0
        at += 2 + struct.unpack_from(">H", stream, at + 2)[0]
    raise BadStream("no coding style")


def read_jpeg(stream: bytes) -> Codestream:
    """Return what the frame and scan headers of a JPEG or JPEG-LS stream say; raises `BadStream`."""
    if not stream.startswith(b"\xff\xd8"):
        raise BadStream("no JPEG")
    at, frame = 2, None
    try:
        while True:
            if stream[at] != 0xFF:
                raise BadStream("no marker")
            marker = stream[at + 1]
            if marker == 0xFF:  # fill byte
                at += 1
                continue
            if marker in _WITHOUT_LENGTH:
                at += 2
                continue
            if marker in _FRAMES:
                frame = (marker, *struct.unpack_from(">BHHB", stream, at + 4))
            elif marker == _SCAN:
                return _with_scan(frame, stream, at + 4)
            at += 2 + struct.unpack_from(">H", stream, at + 2)[0]
    except (struct.error, IndexError) as error:
        raise BadStream("cut short") from error


def _with_scan(frame: tuple[int, ...] | None, stream: bytes, at: int) -> Codestream:
    if frame is None:
        raise BadStream("scan without frame")
    marker, precision, rows, columns, components = frame
    near, _, shift = stream[at + 1 + 2 * stream[at] : at + 4 + 2 * stream[at]]
    lossy = marker not in _LOSSLESS or (near > 0 if marker == _JPEG_LS else shift & 0x0F > 0)
    return Codestream(rows, columns, components, precision, signed=False, lossy=lossy)
