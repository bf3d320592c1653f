"""One line of the crash table: what was done to the program, how often, and what was lost."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One kind of mishap.

    Parameters
    ----------
    code : str
        Row of the goal table, such as ``C1``.
    what : str
    attempts, losses : int
        `losses` counts what must never happen.
    note : str
    """

    code: str
    what: str
    attempts: int
    losses: int
    note: str = ""

    @property
    def sentence(self) -> str:
        """The row for a terminal."""
        return f"{self.code:4} {self.what:52} attempts {self.attempts:6}  losses {self.losses:4}  {self.note}"


def as_markdown(rows: Iterable[Row]) -> str:
    """Return the rows as a table."""
    lines = ["| Row | Mishap | Attempts | Losses | Seen |", "|---|---|---:|---:|---|"]
    lines += [f"| {r.code} | {r.what} | {r.attempts} | {r.losses} | {r.note} |" for r in rows]
    return "\n".join(lines)
