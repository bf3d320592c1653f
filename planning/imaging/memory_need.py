"""How much memory loading a series takes, told before anything is loaded."""

from collections.abc import Iterable, Sequence
from math import prod
from typing import Final

from planning.errors import ImportRefused
from planning.imaging.series import SeriesSummary, Slice
from planning.kernel.free_memory import free_bytes
from planning.texts import mark

# Of what is free, this share may be taken: the rest is for surfaces, distance fields and the views.
USABLE_SHARE: Final = 0.8
NOT_ENOUGH: Final = mark(
    "Loading needs about {needed} GB of memory, and {free} GB can be used now. Close other programs, choose "
    "a range of slices, or average slices; nothing was loaded."
)


def needed_bytes(summary: SeriesSummary) -> int:
    """Return the memory the loaded series takes; 0 where it forms no volume.

    Slices are decoded one by one into the array that is shown, so nothing comes on top that grows with
    the series.
    """
    return prod(summary.shape_kji or (0, 0, 0)) * summary.voxel_bytes


def voxel_bytes_of(slices: Iterable[Slice]) -> int:
    """Return two bytes where scales keep values whole, else four."""
    scales = (value for one in slices for value in (one.slope, one.intercept) if value is not None)
    return 2 if all(float(value).is_integer() for value in scales) else 4


def usable_bytes() -> int | None:
    """Return how much may be taken now; None where the system does not say."""
    free = free_bytes()
    return None if free is None else int(free * USABLE_SHARE)


def check_memory(needed: Sequence[int]) -> None:
    """Raise `ImportRefused` (``NOT_ENOUGH_MEMORY``) where loading all of these would not fit."""
    usable = usable_bytes()
    if usable is not None and sum(needed) > usable:
        raise ImportRefused("NOT_ENOUGH_MEMORY", NOT_ENOUGH, needed=in_gb(sum(needed)), free=in_gb(usable))


def in_gb(n_bytes: int) -> str:
    """Return bytes as gigabytes for reading."""
    return f"{n_bytes / 1e9:.2f}" if n_bytes < 10e9 else f"{n_bytes / 1e9:.0f}"
