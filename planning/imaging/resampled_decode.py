"""Decode the planes of a tilted or uneven stack onto a regular grid. Runs in the child process.

Planes pass by one after the other; never more than two are held beside the volume they go to.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from planning.imaging.decode import check_twin, fill_plane, pixel_notes
from planning.imaging.hounsfield import AIR_HU
from planning.imaging.pixels import PixelReader
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.kernel.planes import PlacedPlane, mix_into, placed
from planning.texts import mark

_RELEASE_EVERY: Final = 32


class _Overflow(Exception):
    """A value does not fit the type of the volume."""


def decode_resampled(
    header: Header, arrays: Sequence[Array], room: TaskRoom
) -> tuple[Header, Sequence[Array]]:
    """Task: decode ``header["planes"]`` in order and put them onto a grid.

    ``header`` is that of `planning.imaging.decode.decode_slices` with ``shape_kji``, and with ``offsets_ij``
    (one pair for each plane) and ``sources`` (one for each k) of `planning.imaging.regular_grid.Resampling`.
    Answers and refusals are the same, too.
    """
    del arrays
    reader = PixelReader(room.folder)
    volume = room.new_array(header["shape_kji"], header["dtype"])
    nothing = AIR_HU if header["is_ct"] else 0
    passing = _Passing(header, reader)
    try:
        for k, (n, share) in enumerate(header["sources"]):
            room.progress(k / len(volume), mark("Reading slices"))
            first = passing.plane(n)
            mix_into(volume[k], first, passing.plane(n + 1) if share else None, share, nothing)
            if k % _RELEASE_EVERY == 0:
                room.release(volume)
        passing.finish()
    except _Overflow:
        return {"overflow": True}, []
    room.release(volume)
    return pixel_notes(reader, passing.n_padding), [volume]


class _Passing:
    """Reads planes in ascending order and keeps the last two."""

    def __init__(self, header: Header, reader: PixelReader) -> None:
        self._header = header
        self._reader = reader
        self._kept: dict[int, PlacedPlane] = {}
        self._next = self._read_all()
        self.n_padding = 0

    def plane(self, n: int) -> PlacedPlane:
        """Return plane `n`, no lower than the last one asked for but one."""
        while n not in self._kept:
            number, plane = next(self._next)
            self._kept = {last: kept for last, kept in self._kept.items() if last == number - 1}
            self._kept[number] = plane
        return self._kept[n]

    def finish(self) -> None:
        """Read what no plane of the grid needed: it, too, must prove sound."""
        for _ in self._next:
            pass

    def _read_all(self) -> Iterator[tuple[int, PlacedPlane]]:
        header, reader = self._header, self._reader
        for n, plane in enumerate(header["planes"]):
            values = np.empty((plane["rows"], plane["columns"]), dtype=header["dtype"])
            added = fill_plane(values, plane, reader, is_ct=header["is_ct"])
            if added is None:
                raise _Overflow
            self.n_padding += added
            for twin in header["twins"]:
                if twin["k"] == n:
                    check_twin(values, plane, twin, reader, is_ct=header["is_ct"])
            offset_i, offset_j = header["offsets_ij"][n]
            yield n, placed(values, (offset_j, offset_i))
