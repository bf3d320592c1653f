"""Put image planes onto the lattice of a regular grid: move each within itself, mix two neighbours.

Linear in both, so that no value appears that lies outside those it is made of. Where one of the two
was not imaged nothing is made up: the place keeps the value for "no data".
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# A shift this close to whole pixels is one.
_WHOLE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class PlacedPlane:
    """A plane on the lattice.

    Parameters
    ----------
    values_ji : array of float32
    start_ji : (int, int)
        Lattice point of its first value.
    """

    values_ji: Floats
    start_ji: tuple[int, int]

    @property
    def stop_ji(self) -> tuple[int, int]:
        """Lattice point behind its last value."""
        return (self.start_ji[0] + self.values_ji.shape[0], self.start_ji[1] + self.values_ji.shape[1])

    def box(self, start_ji: tuple[int, int], stop_ji: tuple[int, int]) -> Floats:
        """Return the values of a box that lies within."""
        j, i = (start - own for start, own in zip(start_ji, self.start_ji, strict=True))
        return self.values_ji[j : j + stop_ji[0] - start_ji[0], i : i + stop_ji[1] - start_ji[1]]


def placed(plane_ji: NDArray[Any], offset_ji: tuple[float, float]) -> PlacedPlane:
    """Return a plane whose first pixel lies at `offset_ji`, read at the lattice points within it.

    Parameters
    ----------
    plane_ji : array, shape (rows, columns)
    offset_ji : (float, float)
        In pixels; whole numbers change no value.
    """
    values = np.asarray(plane_ji, dtype=np.float32)
    start = [0, 0]
    for axis, offset in enumerate(offset_ji):
        whole = round(offset)
        if abs(offset - whole) <= _WHOLE:
            start[axis] = whole
            continue
        start[axis] = int(np.ceil(offset))
        # Lattice point n lies this far behind the pixel before it.
        share = np.float32(start[axis] - offset)
        before, behind = (values[:-1], values[1:]) if axis == 0 else (values[:, :-1], values[:, 1:])
        values = before + share * (behind - before)
    return PlacedPlane(values, (start[0], start[1]))


def mix_into(
    out_ji: NDArray[Any], first: PlacedPlane, second: PlacedPlane | None, share: float, nothing: float
) -> None:
    """Fill `out_ji` with ``(1 - share) * first + share * second``, and `nothing` where either is missing.

    Values are rounded where `out_ji` holds whole numbers.
    """
    lasts = [plane for plane in (first, second) if plane is not None]
    start = tuple(max(0, *(plane.start_ji[axis] for plane in lasts)) for axis in range(2))
    stop = tuple(min(out_ji.shape[axis], *(plane.stop_ji[axis] for plane in lasts)) for axis in range(2))
    out_ji[...] = nothing
    if start[0] >= stop[0] or start[1] >= stop[1]:
        return
    values = first.box((start[0], start[1]), (stop[0], stop[1]))
    if second is not None:
        values = values + np.float32(share) * (second.box((start[0], start[1]), (stop[0], stop[1])) - values)
    if out_ji.dtype.kind == "i":
        values = np.rint(values)
    out_ji[start[0] : stop[0], start[1] : stop[1]] = values
