"""Which voxels belong to a structure, held in copy-on-write bricks of 64 voxels a side.

A brush stroke, undo and save then cost what changed; bricks are bit-packed and immutable, so
versions share them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.errors import PlanningError
from planning.texts import mark

BRICK: Final = 64
BrickKey = tuple[int, int, int]
Bools = NDArray[np.bool_]
_BRICK_BYTES: Final = BRICK**3 // 8


@dataclass(frozen=True, eq=False)
class Mask:
    """A set of voxels of a grid of `shape_kji`.

    Parameters
    ----------
    shape_kji : tuple of int
    bricks : mapping of (k, j, i) brick index to bytes
        `BRICK**3 / 8` bytes each, numpy `packbits` order; empty bricks are left out.
    """

    shape_kji: tuple[int, int, int]
    bricks: Mapping[BrickKey, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the bricks; freeze the mapping."""
        if any(len(data) != _BRICK_BYTES for data in self.bricks.values()):
            raise PlanningError("BAD_MASK", mark("A structure's voxels are damaged."))
        object.__setattr__(self, "bricks", MappingProxyType(dict(sorted(self.bricks.items()))))

    @classmethod
    def from_array(cls, voxels_kji: NDArray[np.generic]) -> "Mask":
        """Build from a boolean (or 0/1) array covering the whole grid."""
        return cls(voxels_kji.shape).with_box((0, 0, 0), voxels_kji.astype(bool, copy=False))

    def with_box(self, start_kji: tuple[int, int, int], voxels_kji: Bools) -> "Mask":
        """Return a mask whose voxels in the box at `start_kji` are replaced; untouched bricks are shared."""
        bricks = dict(self.bricks)
        stop_kji = [s + n for s, n in zip(start_kji, voxels_kji.shape, strict=True)]
        if min(start_kji) < 0 or any(e > n for e, n in zip(stop_kji, self.shape_kji, strict=True)):
            raise PlanningError("BAD_MASK", mark("A structure reaches outside its image."))
        ranges = [
            range(s // BRICK, (e - 1) // BRICK + 1) if e > s else range(0)
            for s, e in zip(start_kji, stop_kji, strict=True)
        ]
        for k, j, i in product(*ranges):
            key = (k, j, i)
            inside, outside = _overlap(key, start_kji, stop_kji)
            new = voxels_kji[outside]
            old = bricks.get(key)
            if old is None and not new.any():
                continue
            brick = _unpacked(old)
            brick[inside] = new
            if brick.any():
                bricks[key] = np.packbits(brick).tobytes()
            else:
                bricks.pop(key, None)
        return Mask(self.shape_kji, bricks)

    def box(self, start_kji: tuple[int, int, int], shape_kji: tuple[int, int, int]) -> Bools:
        """Return the voxels of a box as a new array; False outside the grid."""
        result = np.zeros(shape_kji, dtype=bool)
        stop_kji = [s + n for s, n in zip(start_kji, shape_kji, strict=True)]
        for key, data in self.bricks.items():
            if all(
                k * BRICK < e and (k + 1) * BRICK > s
                for k, s, e in zip(key, start_kji, stop_kji, strict=True)
            ):
                inside, outside = _overlap(key, start_kji, stop_kji)
                result[outside] = _unpacked(data)[inside]
        return result

    def plane(self, axis: int, index: int) -> Bools:
        """Return one slice of the grid across an axis (0 k, 1 j, 2 i) as a new array, unpacking no other."""
        rows, columns = (n for a, n in enumerate(self.shape_kji) if a != axis)
        result = np.zeros((rows, columns), dtype=bool)
        wanted, inside = divmod(index, BRICK)
        for key, data in self.bricks.items():
            if key[axis] == wanted:
                first, second = (BRICK * part for a, part in enumerate(key) if a != axis)
                part = _brick_plane(data, axis, inside)[: rows - first, : columns - second]
                result[first : first + BRICK, second : second + BRICK] = part
        return result

    def to_array(self) -> Bools:
        """Return the voxels of the whole grid as a new array."""
        return self.box((0, 0, 0), self.shape_kji)

    @cached_property
    def count(self) -> int:
        """How many voxels belong to the structure."""
        return int(np.bitwise_count(np.frombuffer(b"".join(self.bricks.values()), dtype=np.uint64)).sum())

    @property
    def is_empty(self) -> bool:
        """Whether no voxel belongs to the structure."""
        return not self.bricks

    @cached_property
    def bounds_kji(self) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
        """First index and one past the last, tight; None when empty."""
        if not self.bricks:
            return None
        low, high = np.full(3, np.iinfo(np.int64).max), np.full(3, -1)
        for key, data in self.bricks.items():
            brick = _unpacked(data)
            for axis in range(3):
                used = np.flatnonzero(brick.any(axis=tuple(a for a in range(3) if a != axis)))
                low[axis] = min(low[axis], key[axis] * BRICK + int(used[0]))
                high[axis] = max(high[axis], key[axis] * BRICK + int(used[-1]) + 1)
        return (int(low[0]), int(low[1]), int(low[2])), (int(high[0]), int(high[1]), int(high[2]))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of shape and bricks, computed once."""
        h = hashlib.sha256(repr(self.shape_kji).encode())
        for key, data in self.bricks.items():
            h.update(repr(key).encode())
            h.update(data)
        return h.hexdigest()


def _brick_plane(data: bytes, axis: int, index: int) -> Bools:
    packed = np.frombuffer(data, dtype=np.uint8).reshape(BRICK, BRICK, BRICK // 8)
    if axis == 2:
        # Bits of a byte run from the highest (numpy's packbits).
        return ((packed[:, :, index // 8] >> (7 - index % 8)) & 1).astype(bool)
    return np.unpackbits(packed[index] if axis == 0 else packed[:, index], axis=-1).view(bool)


def _unpacked(data: bytes | None) -> Bools:
    if data is None:
        return np.zeros((BRICK, BRICK, BRICK), dtype=bool)
    return np.unpackbits(np.frombuffer(data, dtype=np.uint8)).view(bool).reshape(BRICK, BRICK, BRICK)


def _overlap(
    key: tuple[int, ...], start_kji: tuple[int, ...], stop_kji: list[int]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    inside, outside = [], []
    for k, s, e in zip(key, start_kji, stop_kji, strict=True):
        first, last = max(s, k * BRICK), min(e, (k + 1) * BRICK)
        inside.append(slice(first - k * BRICK, last - k * BRICK))
        outside.append(slice(first - s, last - s))
    return tuple(inside), tuple(outside)
