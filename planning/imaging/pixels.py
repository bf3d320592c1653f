"""Read the stored values of one image plane. Runs in the child process only.

Native pixels are read straight from their place, deflated ones from the unpacked file. Of compressed
ones the reader takes the frame's own bytes, compares what they claim with what the header claims, and
hands them to a codec: no codec ever sees a file from outside.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from planning.errors import ImportRefused
from planning.imaging.codecs import codestream_of, decoded
from planning.imaging.codestream import Codestream
from planning.imaging.deflated import inflated
from planning.imaging.file_start import start_of, syntax_of
from planning.imaging.fragments import FrameReader
from planning.imaging.headers import open_object
from planning.imaging.modality_lut import ModalityTable, modality_table
from planning.imaging.pixel_checks import NATIVE
from planning.kernel.memory_limit import mapped_file
from planning.texts import mark

Stored = NDArray[Any]
Plane = Mapping[str, Any]
BAD_STREAM: Final = mark(
    "The pixels of {file} cannot be unpacked: the file is damaged. Copy the series again."
)
NOT_READABLE: Final = mark(
    "{file} cannot be read any more. Check that its disc or network place is still there and try again."
)
SHORT_PIXELS: Final = mark("The pixels of {file} are incomplete. Copy the series again.")
_FAULTS: Final = (
    *(ValueError, TypeError, LookupError, AttributeError, NotImplementedError, EOFError, OverflowError),
    *(RuntimeError, AssertionError, struct.error),
)


class PixelReader:
    """Reads planes one after the other and remembers what it found beside the values.

    Attributes
    ----------
    found_high_bits, found_loss : bool
        Whether bits beside the values were removed, and whether a stream was made by a lossy method.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frames = FrameReader()
        self._unpacked: tuple[str, IO[bytes]] | None = None
        self._table: tuple[str, ModalityTable | None] | None = None
        self._buffer = bytearray()
        self.found_high_bits = False
        self.found_loss = False

    def stored_values(self, plane: Plane) -> Stored:
        """Return the stored values of a plane, shape (rows, columns), overlays and high bits removed.

        Integers, or floats where the file holds such. Valid until the next call.

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
            values, form = self._native(plane) if plane["syntax"] in NATIVE else self._unpacked_frame(plane)
        except OSError as error:
            raise ImportRefused("NOT_READABLE", NOT_READABLE, file=Path(plane["file"]).name) from error
        except _FAULTS as error:
            raise ImportRefused("BAD_STREAM", BAD_STREAM, file=Path(plane["file"]).name) from error
        if values.dtype.kind == "f":
            return values
        kept, found = significant(values, form)
        self.found_high_bits |= found
        return kept

    def table(self, plane: Plane) -> ModalityTable | None:
        """Return the Modality LUT of the plane's file; None where it has none."""
        if plane["table"] is None:
            return None
        if self._table is None or self._table[0] != plane["file"]:
            found = open_object(Path(plane["file"]))
            self._table = plane["file"], modality_table(found.dataset, big_endian=found.is_big_endian)
        return self._table[1]

    def _native(self, plane: Plane) -> tuple[Stored, Plane]:
        """Read uncompressed values into a buffer that the next plane overwrites."""
        needed = plane["rows"] * plane["columns"] * plane["bits_allocated"] // 8
        if len(self._buffer) != needed:
            self._buffer = bytearray(needed)
        if plane["syntax"] == DeflatedExplicitVRLittleEndian:
            found = _read_into(self._buffer, self._inflated(plane["file"]), plane["offset"])
        else:
            with Path(plane["file"]).open("rb", buffering=0) as file:
                found = _read_into(self._buffer, file, plane["offset"])
                if plane["bits_allocated"] == 8 and plane["syntax"] == ExplicitVRBigEndian:
                    self._unswap(file, plane)
        if found < needed:
            raise ImportRefused("SHORT_PIXELS", SHORT_PIXELS, file=Path(plane["file"]).name)
        return np.frombuffer(self._buffer, _dtype(plane)).reshape(plane["rows"], plane["columns"]), plane

    def _inflated(self, file: str) -> IO[bytes]:
        if self._unpacked is None or self._unpacked[0] != file:
            if self._unpacked is not None:
                self._unpacked[1].close()
                self._unpacked = None
            path = Path(file)
            with path.open("rb") as opened, mapped_file(opened) as data:
                _, body = syntax_of(data, start_of(data, []), [])
            self._unpacked = file, inflated(path, body)
        return self._unpacked[1]

    def _unswap(self, file: IO[bytes], plane: Plane) -> None:
        """Put bytes in order that were written as big endian words (OW)."""
        first = plane["offset"] - plane["frame"] * len(self._buffer)
        file.seek(first - 8)
        if file.read(2) == b"OW":
            if len(self._buffer) % 2:
                raise ValueError("an odd number of bytes in words")
            self._buffer[0::2], self._buffer[1::2] = self._buffer[1::2], self._buffer[0::2]

    def _unpacked_frame(self, plane: Plane) -> tuple[Stored, Plane]:
        """Decode one compressed frame; return its raw bits and how they are to be read."""
        stream = self._frames.frame(plane["file"], plane["offset"], plane["frame"], plane["n_frames"])
        claimed = codestream_of(stream, plane)
        self.found_loss |= claimed.lossy
        values = decoded(stream, claimed, plane, self._folder)
        if values.shape != (plane["rows"], plane["columns"]) or values.dtype.kind not in "iu":
            raise ValueError("the codec returned something else")
        return _as_header_says(values, claimed, plane)


def _read_into(buffer: bytearray, file: IO[bytes], offset: int) -> int:
    file.seek(offset)
    view, done = memoryview(buffer), 0
    while done < len(buffer):
        count = file.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            break
        done += count
    return done


def _dtype(plane: Plane) -> str:
    order = ">" if plane["syntax"] == ExplicitVRBigEndian else "<"
    if plane["kind"] != "integer":
        return f"{order}f{plane['bits_allocated'] // 8}"
    full = plane["signed"] and plane["bits_stored"] == plane["bits_allocated"]
    return f"{order}{'i' if full else 'u'}{plane['bits_allocated'] // 8}"


def _as_header_says(values: Stored, claimed: Codestream, plane: Plane) -> tuple[Stored, Plane]:
    """Return decoded values as the raw bits the encoder was given, and how to read those.

    Only JPEG 2000 knows signs, and encoders get them wrong: what counts are the bits, read as the
    header says. A signed stream of fewer bits than the header names has its sign at its own top.
    """
    bits, stored, high = claimed.precision, plane["bits_stored"], plane["high_bit"]
    raw: Stored = values.view(f"<u{values.dtype.itemsize}").astype(f"u{plane['bits_allocated'] // 8}")
    if bits < plane["bits_allocated"]:
        raw &= raw.dtype.type((1 << bits) - 1)
    if bits <= stored:
        # The encoder was given the value alone, at the bottom of the word.
        stored = bits if claimed.signed else stored
        high = stored - 1
    return raw, {**plane, "bits_stored": stored, "high_bit": high}


def significant(values: Stored, form: Plane) -> tuple[Stored, bool]:
    """Return integers without bits that do not belong to the value, and whether there were any.

    Overlays lie above the value; unused bits may lie below it.
    """
    stored, shift = form["bits_stored"], form["high_bit"] + 1 - form["bits_stored"]
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    raw: Stored = values.view(f"u{values.dtype.itemsize}")
    if stored == form["bits_allocated"]:
        return values if not form["signed"] else raw.view(f"i{raw.dtype.itemsize}"), False
    top = (1 << stored) - 1
    if not shift and not form["signed"] and int(raw.max(initial=0)) <= top:
        return raw, False
    kept = np.asarray((raw >> raw.dtype.type(shift)) & raw.dtype.type(top))
    if not form["signed"]:
        return kept, bool((kept << raw.dtype.type(shift) != raw).any())
    # The sign bit is shifted to the top of the word and spread down again.
    lift = 8 * raw.dtype.itemsize - stored
    signed: Stored = (kept << raw.dtype.type(lift)).view(f"i{raw.dtype.itemsize}") >> lift
    spread = signed.view(raw.dtype)
    return signed, shift > 0 or bool((spread != raw).any())
