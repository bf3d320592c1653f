"""Rectangles of words in a view: which cover each other."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from planning.geometry.frames import Floats

Box = tuple[float, float, float, float]  # left, low, right, high
NO_BOXES: Final = np.empty((0, 4))


def overlap(a: Box, b: Box) -> bool:
    """Say whether two rectangles share room."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def moved(box: Box, right: float, up: float) -> Box:
    """Return a rectangle elsewhere."""
    return box[0] + right, box[1] + up, box[2] + right, box[3] + up


def grown(box: Box, by: float) -> Box:
    """Return a rectangle with room round it."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def table(boxes: Iterable[Box]) -> Floats:
    """Return rectangles as one array, shape (n, 4)."""
    return np.array(list(boxes), dtype=np.float64).reshape(-1, 4)


def shared_px2(boxes: Floats, others: Floats) -> Floats:
    """Return the area each rectangle shares with all the others together, shape (n,)."""
    wide = np.minimum(boxes[:, None, 2], others[None, :, 2]) - np.maximum(
        boxes[:, None, 0], others[None, :, 0]
    )
    high = np.minimum(boxes[:, None, 3], others[None, :, 3]) - np.maximum(
        boxes[:, None, 1], others[None, :, 1]
    )
    return np.asarray((np.maximum(wide, 0.0) * np.maximum(high, 0.0)).sum(axis=1))


def along(segments_px: Floats, step_px: float) -> Floats:
    """Return small rectangles strung along drawn lines, shape (n, 4).

    Parameters
    ----------
    segments_px : array, shape (m, 2, 2)
    step_px : float
        Side of a rectangle, and how far they are apart.
    """
    if not len(segments_px):
        return NO_BOXES
    start, way = segments_px[:, 0], segments_px[:, 1] - segments_px[:, 0]
    count = np.maximum(1, np.ceil(np.linalg.norm(way, axis=1) / step_px).astype(int)) + 1
    rows = np.repeat(np.arange(len(count)), count)
    number = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    points = start[rows] + way[rows] * (number / np.maximum(count - 1, 1)[rows])[:, None]
    cells = np.unique(np.floor(points / step_px), axis=0) * step_px
    return np.hstack([cells, cells + step_px])
