"""What the readers of surface files share: the value they return and how they read numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planning.texts import mark

TRUNCATED: Final = mark("{name} ends in the middle: it was not copied completely. Copy it again.")
BAD_NUMBERS: Final = mark(
    "{name} holds words where numbers belong, such as a comma for a decimal point. Export the surface again."
)


@dataclass(frozen=True)
class Surface:
    """Points (n, 3) in the file's own unit and axes, and triangles (m, 3)."""

    name: str
    points: NDArray[Any]
    triangles: NDArray[np.int32]


def numbers_of(rows: Sequence[bytes], count: int) -> NDArray[np.float64]:
    """Return the first `count` numbers of each row; raises ValueError for anything else."""
    table = np.array([row.split()[:count] for row in rows], dtype=object)
    if not len(rows):
        return np.zeros((0, count))
    if table.ndim != 2 or table.shape[1] != count:
        raise ValueError("row of another length")
    return table.astype(np.float64)


def fans(polygons: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """Return polygons as triangles round their first corner; winding stays right for any planar polygon."""
    triangles = [(p[0], p[n], p[n + 1]) for p in polygons for n in range(1, len(p) - 1)]
    return np.array(triangles, dtype=np.int32).reshape(-1, 3)
