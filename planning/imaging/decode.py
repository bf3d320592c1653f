"""Decode the planes of a series straight into one array. `decode_slices` runs in the child process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from planning.errors import ImportRefused
from planning.imaging.hounsfield import fill
from planning.imaging.pixel_checks import scale_of
from planning.imaging.pixels import PixelReader
from planning.imaging.series import Slice
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.texts import mark

_RELEASE_EVERY: Final = 32
DUP_CONFLICT: Final = mark(
    "Two different images lie at the same place ({first} and {second}). Which one is right cannot be known; "
    "export the series again."
)


def plane_of(slice_: Slice) -> Header:
    """Return what the child needs to decode one slice, as JSON values."""
    slope, intercept = (float(v) for v in scale_of(slice_))
    form = slice_.form
    return {
        "file": str(slice_.file.resolve()),
        "name": slice_.file.name,
        "frame": slice_.frame,
        "n_frames": slice_.n_frames,
        "syntax": slice_.syntax,
        "offset": slice_.pixel_offset,
        "rows": form.rows,
        "columns": form.columns,
        "bits_allocated": form.bits_allocated,
        "bits_stored": form.bits_stored,
        "high_bit": form.high_bit,
        "signed": form.signed,
        "kind": slice_.kind,
        "table": slice_.table,
        "slope": slope,
        "intercept": intercept,
        "padding": _as_stored(slice_, slice_.padding),
        "padding_limit": _as_stored(slice_, slice_.padding_limit),
    }


def _as_stored(slice_: Slice, value: int | None) -> int | None:
    """Return a padding value in the signedness of the pixels; files write it in either."""
    bits = slice_.form.bits_allocated
    if value is None:
        return None
    value %= 1 << bits
    return value - (1 << bits) if slice_.form.signed and value >= 1 << (bits - 1) else value


def decode_slices(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: decode ``header["planes"]`` in order into an array of ``header["dtype"]``.

    Returns ``{"overflow": True}`` and no array where a value does not fit int16; else the number of
    padding pixels that were set to air, whether bits outside the value were found, and whether a
    stream was compressed by a lossy method.

    Raises
    ------
    ImportRefused
        ``SHORT_PIXELS``, ``BAD_STREAM``, ``NO_NUMBER``, ``DUP_CONFLICT`` or ``DUP_SOP_CONFLICT``.
    """
    del arrays
    planes, reader = header["planes"], PixelReader(room.folder)
    first = planes[0]
    volume = room.new_array((len(planes), first["rows"], first["columns"]), header["dtype"])
    n_padding = 0
    for k, plane in enumerate(planes):
        room.progress(k / len(planes), mark("Reading slices"))
        added = fill_plane(volume[k], plane, reader, is_ct=header["is_ct"])
        if added is None:
            return {"overflow": True}, []
        n_padding += added
        if k % _RELEASE_EVERY == 0:
            room.release(volume)
    for twin in header["twins"]:
        check_twin(volume[twin["k"]], planes[twin["k"]], twin, reader, is_ct=header["is_ct"])
    room.release(volume)
    return pixel_notes(reader, n_padding), [volume]


def pixel_notes(reader: PixelReader, n_padding: int) -> Header:
    """Return what was found beside the values, as `planning.imaging.load` tells it."""
    return {"padding": n_padding, "high_bits": reader.found_high_bits, "lossy": reader.found_loss}


def fill_plane(out: Array, plane: Header, reader: PixelReader, *, is_ct: bool) -> int | None:
    """Read a plane into `out`; return how many pixels were padding, or None when its type is too small."""
    return fill(out, reader.stored_values(plane), plane, reader.table(plane), is_ct=is_ct)


def check_twin(kept: Array, plane: Header, twin: Header, reader: PixelReader, *, is_ct: bool) -> None:
    """Raise `ImportRefused` where the other slice at the place of `plane` has other values than `kept`."""
    other = np.empty_like(kept)
    fits = fill_plane(other, twin["plane"], reader, is_ct=is_ct)
    if fits is None or not np.array_equal(other, kept):
        names = {"first": Path(plane["file"]).name, "second": Path(twin["plane"]["file"]).name}
        raise ImportRefused(twin["code"], DUP_CONFLICT, **names)
