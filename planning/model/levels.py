"""Vertebral levels from C1 to S5, variants T13 and L6 included."""

from collections.abc import Iterable
from typing import Final

from planning.errors import PlanInvalid
from planning.texts import mark

LEVELS: Final[tuple[str, ...]] = (
    *(f"C{n}" for n in range(1, 8)),
    *(f"T{n}" for n in range(1, 14)),
    *(f"L{n}" for n in range(1, 7)),
    *(f"S{n}" for n in range(1, 6)),
)
_USUAL: Final = (("T12", "L1"), ("L5", "S1"))
_ORDER: Final = {level: n for n, level in enumerate(LEVELS)}


def level_order(level: str) -> int:
    """Return the place of `level` counted from C1; raises `PlanInvalid` for an unknown one."""
    if level not in _ORDER:
        raise PlanInvalid(
            "UNKNOWN_LEVEL",
            mark("{level} is not a vertebral level (C1-C7, T1-T13, L1-L6, S1-S5)."),
            level=level,
        )
    return _ORDER[level]


def is_next(upper: str, lower: str) -> bool:
    """Whether, by their names, no vertebra lies between two levels; T13 and L6 are missing in most people."""
    return level_order(lower) - level_order(upper) == 1 or (upper, lower) in _USUAL


def in_order(levels: Iterable[str]) -> tuple[str, ...]:
    """Return levels sorted from cranial to caudal, each once."""
    return tuple(sorted(set(levels), key=level_order))


def field_of(targets: Iterable[str], present: Iterable[str], reach: int = 2) -> tuple[str, ...]:
    """Return the present levels within `reach` present levels of the targets, the targets included.

    Counting is over the vertebrae that exist in this patient, so T13 or L6 shift nothing.
    """
    known = in_order([*present, *targets])
    wanted = [known.index(t) for t in in_order(targets)]
    if not wanted:
        return ()
    return known[max(0, min(wanted) - reach) : max(wanted) + reach + 1]
