"""Decode the planes of a series straight into one array. `decode_slices` runs in the child process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from planning.errors import ImportRefused
from planning.imaging.pixel_checks import scale_of
from planning.imaging.pixels import PixelReader, Stored
from planning.imaging.series import Slice
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.texts import mark

AIR_HU: Final = -1024
_RELEASE_EVERY: Final = 32
_WHOLE: Final = 1e-6  # decimal scales such as 0.1 leave this much behind in binary
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
        "frame": slice_.frame,
        "syntax": slice_.syntax,
        "offset": slice_.pixel_offset,
        "rows": form.rows,
        "columns": form.columns,
        "bits_allocated": form.bits_allocated,
        "bits_stored": form.bits_stored,
        "high_bit": form.high_bit,
        "signed": form.signed,
        "slope": slope,
        "intercept": intercept,
        "padding": _as_stored(slice_),
    }


def _as_stored(slice_: Slice) -> int | None:
    """Return the padding value in the signedness of the pixels; files write it in either."""
    value, bits = slice_.padding, slice_.form.bits_allocated
    if value is None:
        return None
    value %= 1 << bits
    return value - (1 << bits) if slice_.form.signed and value >= 1 << (bits - 1) else value


def decode_slices(header: Header, arrays: Sequence[Array], room: TaskRoom) -> tuple[Header, Sequence[Array]]:
    """Task: decode ``header["planes"]`` in order into an array of ``header["dtype"]``.

    Returns ``{"overflow": True}`` and no array where a value does not fit int16; else the number of
    padding pixels that were set to air, and whether bits outside the value were found.

    Raises
    ------
    ImportRefused
        ``SHORT_PIXELS``, ``BAD_STREAM``, ``DUP_CONFLICT`` or ``DUP_SOP_CONFLICT``.
    """
    del arrays
    planes, reader = header["planes"], PixelReader(room.folder)
    first = planes[0]
    volume = room.new_array((len(planes), first["rows"], first["columns"]), header["dtype"])
    n_padding = 0
    for k, plane in enumerate(planes):
        room.progress(k / len(planes), mark("Reading slices"))
        added = fill_plane(volume[k], reader.stored_values(plane), plane, is_ct=header["is_ct"])
        if added is None:
            return {"overflow": True}, []
        n_padding += added
        if k % _RELEASE_EVERY == 0:
            room.release(volume)
    for twin in header["twins"]:
        check_twin(volume[twin["k"]], planes[twin["k"]], twin, reader, is_ct=header["is_ct"])
    room.release(volume)
    return {"padding": n_padding, "high_bits": reader.found_high_bits}, [volume]


def fill_plane(out: Array, stored: Stored, plane: Header, *, is_ct: bool) -> int | None:
    """Write scaled values into `out`; return how many were padding, or None when int16 is too small."""
    slope, intercept = plane["slope"], plane["intercept"]
    outside = _padding(stored, plane) if is_ct else None
    if out.dtype == np.int16 and not (slope.is_integer() and intercept.is_integer()):
        exact = stored * slope + intercept
        whole = np.rint(exact)
        if np.abs(exact - whole).max() > _WHOLE or np.abs(whole).max() > np.iinfo(np.int16).max:
            return None
        out[...] = whole
    elif out.dtype == np.int16:
        low, high = (
            int(stored.min()) * int(slope) + int(intercept),
            int(stored.max()) * int(slope) + int(intercept),
        )
        limits = np.iinfo(np.int16)
        if min(low, high) < limits.min or max(low, high) > limits.max:
            return None
        # Wraps around in between and ends right, because the results are known to fit.
        as_int16 = stored.view(np.int16) if stored.dtype == np.uint16 else stored
        if slope == 1:
            np.add(as_int16, _wrapped(int(intercept)), out=out, dtype=np.int16, casting="unsafe")
        else:
            np.multiply(as_int16, _wrapped(int(slope)), out=out, dtype=np.int16, casting="unsafe")
            out += _wrapped(int(intercept))
    else:
        out[...] = stored * slope + intercept
    if outside is None:
        return 0
    out[outside] = AIR_HU
    return int(outside.sum())


def _padding(stored: Stored, plane: Header) -> Any:
    """Return where the value means "outside the field of view", if that value is below air; else None."""
    padding = plane["padding"]
    if padding is None or padding * plane["slope"] + plane["intercept"] >= AIR_HU:
        return None
    outside = stored == padding
    return outside if outside.any() else None


def _wrapped(value: int) -> np.int16:
    value %= 1 << 16
    return np.int16(value - (1 << 16) if value >= 1 << 15 else value)


def check_twin(kept: Array, plane: Header, twin: Header, reader: PixelReader, *, is_ct: bool) -> None:
    """Raise `ImportRefused` where the other slice at the place of `plane` has other values than `kept`."""
    other = np.empty_like(kept)
    fits = fill_plane(other, reader.stored_values(twin["plane"]), twin["plane"], is_ct=is_ct)
    if fits is None or not np.array_equal(other, kept):
        names = {"first": Path(plane["file"]).name, "second": Path(twin["plane"]["file"]).name}
        raise ImportRefused(twin["code"], DUP_CONFLICT, **names)
