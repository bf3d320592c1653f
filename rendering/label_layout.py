"""Where words of a view go so that they cover neither each other nor what is grabbed. Pure, in pixels.

Words are placed in the order of their worth. Each tries the place it would have by itself, then those it
may move to, nearest first. Words that may not be lost take the place that covers least where none is free.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from planning.geometry.frames import Floats
from rendering.boxes import NO_BOXES, Box, moved, shared_px2, table

Shift = tuple[float, float]
STAY: Final[Shift] = (0.0, 0.0)
ONLY_HERE: Final = np.zeros((1, 2))
_WAYS: Final = np.array([(1, 1), (1, -1), (-1, 1), (-1, -1), (0, 1), (0, -1), (1, 0), (-1, 0)], dtype=float)
_FAR: Final = (0.4, 1.2, 2.4, 4.0, 6.0, 9.0)  # heights between a point and its words
_STEP_PX: Final = 5.0
_ON_WORDS: Final = 100.0  # how much worse it is to cover words than to cross a line


@dataclass(frozen=True, eq=False)
class Wanted:
    """Words that look for a place.

    Parameters
    ----------
    box : Box
        Where they would stand by themselves.
    shifts_px : array, shape (n, 2)
        How far they may move; tried in this order.
    must : bool
        They are never left out.
    clear : bool
        They are left out rather than cross what is better left free.
    """

    box: Box
    shifts_px: Floats
    must: bool = False
    clear: bool = False


def places(
    wanted: Sequence[Wanted], taken: Sequence[Box], room: Box, crossed: Floats = NO_BOXES
) -> list[Shift | None]:
    """Return how far each moves from its own place; None for those left out.

    Parameters
    ----------
    wanted : sequence of Wanted
        The most worth first.
    taken : sequence of Box
        Words that stand already: nothing may cover them.
    room : Box
        The view; words cut off by its edge are no words.
    crossed : array, shape (n, 4)
        What is better left free, such as handles: covered only where no other place is free.
    """
    found: list[Shift | None] = []
    standing = list(taken)
    for n, want in enumerate(wanted):
        homes = table(later.box for later in wanted[n + 1 :])
        words = table(standing)
        words = np.concatenate([words, crossed]) if want.clear else words
        shift = _place(want, words, room, np.concatenate([crossed, homes]))
        found.append(shift)
        if shift is not None:
            standing.append(moved(want.box, *shift))
    return found


def _place(want: Wanted, standing: Floats, room: Box, crossed: Floats) -> Shift | None:
    # Most words stay where they are: that is looked at first.
    home = replace(want, shifts_px=want.shifts_px[:1])
    stays = _best(home, standing, room, crossed, free=True)
    return stays if stays is not None else _best(want, standing, room, crossed, free=False)


def _best(want: Wanted, standing: Floats, room: Box, crossed: Floats, *, free: bool) -> Shift | None:
    """Return the best of all shifts; with `free`, none that covers or crosses anything."""
    shifts = want.shifts_px
    boxes = np.asarray(want.box) + np.hstack([shifts, shifts])
    inside = (boxes[:, :2] >= room[:2]).all(axis=1) & (boxes[:, 2:] <= room[2:]).all(axis=1)
    if not inside.any():
        return None
    shifts, boxes = shifts[inside], boxes[inside]
    on_words, on_lines = shared_px2(boxes, standing), shared_px2(boxes, crossed)
    if free and (on_words + on_lines).any():
        return None
    if not want.must:
        shifts, on_lines = shifts[on_words == 0], on_lines[on_words == 0]
        on_words = np.zeros(len(shifts))
    if not len(shifts):
        return None
    best = int(np.argmin(_ON_WORDS * on_words + on_lines))  # the first of equals: the nearest
    return float(shifts[best, 0]), float(shifts[best, 1])


def round_point(box: Box, point_px: tuple[float, float]) -> Floats:
    """Return the shifts that bring words to places round a point: their own first, then farther out."""
    wide, high = box[2] - box[0], box[3] - box[1]
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    out = [np.array([wide / 2, high / 2]) + far * high for far in _FAR]
    there = np.concatenate([point_px + _WAYS * half for half in out])
    return np.concatenate([ONLY_HERE, there - middle])


def sideways(box: Box) -> Floats:
    """Return the shifts of words that must stay at their height: a name farther off would name another."""
    wide = box[2] - box[0]
    return np.array([(share * wide, 0.0) for share in (0.0, 0.6, -0.6, 1.1, -1.1)])


def along_edge(box: Box, room: Box, *, upright: bool) -> Floats:
    """Return the shifts of a letter along its edge of the view, nearest first."""
    axis = 1 if upright else 0
    half = (box[axis + 2] - box[axis]) / 2
    least, most = (room[axis] - box[axis]) / half, (room[axis + 2] - box[axis + 2]) / half
    steps = np.arange(np.ceil(min(least, 0.0)), np.floor(max(most, 0.0)) + 1)
    shifts = np.zeros((len(steps), 2))
    shifts[:, axis] = steps[np.argsort(np.abs(steps), kind="stable")] * half
    return shifts


def down_either_side(box: Box, room: Box) -> Floats:
    """Return the shifts of lines at the upper right: down their own side, then down the other."""
    down = -np.arange(0.0, max(box[1] - room[1], 0.0) + 1.0, _STEP_PX)
    across = (room[2] - box[2]) - (box[0] - room[0])
    return np.concatenate([np.column_stack([np.full_like(down, x), down]) for x in (0.0, across)])


def leader(box: Box, point_px: tuple[float, float]) -> tuple[Shift, Shift] | None:
    """Return a line from a point to the words that name it; None where they stand beside it."""
    near = (
        min(max(point_px[0], box[0]), box[2]),
        min(max(point_px[1], box[1]), box[3]),
    )
    far = np.hypot(near[0] - point_px[0], near[1] - point_px[1])
    return (point_px, near) if far > 1.5 * (box[3] - box[1]) else None
