"""The lines of a corner of a view, and which of them yield where there is no room for all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

MORE = "…"


class Yields(IntEnum):
    """What happens to a line that has no free place."""

    NEVER = 0
    IF_MUST = 1  # it is then found in the tooltip of the view's title, and three dots say so
    FIRST = 2  # the view's title says it too


@dataclass(frozen=True)
class BlockLine:
    """One line."""

    words: str
    yields: Yields = Yields.NEVER


def whole(lines: Sequence[BlockLine]) -> str:
    """Return all lines."""
    return "\n".join(line.words for line in lines)


def shorter(lines: Sequence[BlockLine]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the block with one line fewer each time, and what is left out: what the title says goes first.

    Of lines that are of one worth the last goes first. What never yields is never left out.
    """
    order = sorted((n for n, line in enumerate(lines) if line.yields), key=lambda n: (-lines[n].yields, -n))
    for gone in range(len(order) + 1):
        out = sorted(order[:gone])
        kept = [line.words for n, line in enumerate(lines) if n not in out]
        missed = any(lines[n].yields is Yields.IF_MUST for n in out)
        yield "\n".join([*kept, MORE] if missed else kept), tuple(lines[n].words for n in out)
