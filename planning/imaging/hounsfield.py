"""Turn stored values into what they mean, exactly: whole numbers stay whole, nothing is clipped."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planning.errors import ImportRefused
from planning.imaging.modality_lut import ModalityTable
from planning.kernel.exchange import Array
from planning.texts import mark

Stored = NDArray[Any]
Plane = Mapping[str, Any]
AIR_HU: Final = -1024
# What twelve bits can say; a padding value beyond it is no tissue, bone or metal that was measured.
_TOP_HU: Final = 3071
_WHOLE: Final = 1e-6  # decimal scales such as 0.1 leave this much behind in binary
NO_NUMBER: Final = mark(
    "{file} holds pixels that are no number or too large to be kept. Export the series again."
)


def fill(out: Array, stored: Stored, plane: Plane, table: ModalityTable | None, *, is_ct: bool) -> int | None:
    """Write the meaning of stored values into `out`; return how many were padding.

    None when the values do not fit `out` exactly, which then holds nothing of use.

    Parameters
    ----------
    out : array of int16 or float32, shape (rows, columns)
    stored : array, shape (rows, columns)
    plane : mapping
        Slope, intercept, padding.
    table : ModalityTable or None
        Used instead of slope and intercept.
    is_ct : bool
        Whether padding may be set to air.

    Raises
    ------
    ImportRefused
        ``NO_NUMBER``.
    """
    outside = _outside(stored, plane) if is_ct and table is None else None
    if table is not None:
        fits = _store(out, table.applied_to(stored), plane)
    elif out.dtype == np.int16 and stored.dtype.kind in "iu" and _is_whole(plane):
        fits = _scale_whole(out, stored, int(plane["slope"]), int(plane["intercept"]))
    else:
        fits = _store(out, stored * np.float64(plane["slope"]) + plane["intercept"], plane, outside)
    if not fits:
        return None
    if outside is None:
        return 0
    out[outside] = AIR_HU
    return int(outside.sum())


def _is_whole(plane: Plane) -> bool:
    return float(plane["slope"]).is_integer() and float(plane["intercept"]).is_integer()


def _scale_whole(out: Array, stored: Stored, slope: int, intercept: int) -> bool:
    """Scale by whole numbers in 16 bits, which wraps around in between and ends right where it fits."""
    ends = [int(stored.min()) * slope + intercept, int(stored.max()) * slope + intercept]
    limits = np.iinfo(np.int16)
    if min(ends) < limits.min or max(ends) > limits.max:
        return False
    as_int16 = stored.view(np.int16) if stored.dtype == np.uint16 else stored
    if slope == 1:
        np.add(as_int16, _wrapped(intercept), out=out, dtype=np.int16, casting="unsafe")
    else:
        np.multiply(as_int16, _wrapped(slope), out=out, dtype=np.int16, casting="unsafe")
        out += _wrapped(intercept)
    return True


def _wrapped(value: int) -> np.int16:
    value %= 1 << 16
    return np.int16(value - (1 << 16) if value >= 1 << 15 else value)


def _store(out: Array, exact: Stored, plane: Plane, outside: Any = None) -> bool:
    """Write exact values where `out` can hold them, padding aside."""
    if outside is not None:
        exact = np.where(outside, AIR_HU, exact)
    largest = float(np.finfo(np.float32).max)
    # A number that is none fails this as well.
    if exact.dtype.kind == "f" and not bool((np.abs(exact) <= largest).all()):
        raise ImportRefused("NO_NUMBER", NO_NUMBER, file=str(plane["name"]))
    if out.dtype != np.int16:
        out[...] = exact
        return True
    whole = np.rint(exact)
    limits = np.iinfo(np.int16)
    if np.abs(exact - whole).max() > _WHOLE or whole.min() < limits.min or whole.max() > limits.max:
        return False
    out[...] = whole
    return True


def _outside(stored: Stored, plane: Plane) -> Any:
    """Return where a value means "outside the field of view"; None where no value does.

    Files name values as padding that the body has too, such as 0 HU. Only those no body has are
    taken at their word: below air, or above what twelve bits can say.
    """
    first, last = plane["padding"], plane["padding_limit"]
    if first is None or stored.dtype.kind not in "iu":
        return None
    low, high = sorted((first, first if last is None else last))
    outside = (stored >= low) & (stored <= high)
    if not outside.any():
        return None
    slope, intercept = plane["slope"], plane["intercept"]
    values = stored[outside] * np.float64(slope) + intercept
    outside[outside] = (values < AIR_HU) | (values > _TOP_HU)
    return outside if outside.any() else None
