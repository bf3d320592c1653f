"""What a report says, as plain blocks that PDF, HTML and tables print alike.

One model feeds every format, so that no number can differ between them. Texts are literal: whoever
prints them must escape them.
"""

from dataclasses import dataclass
from enum import StrEnum

from planning.safety.results import Status


class Tone(StrEnum):
    """How a paragraph is set."""

    NORMAL = "normal"
    NOTE = "note"
    WARNING = "warning"


@dataclass(frozen=True)
class Paragraph:
    """Words."""

    text: str
    tone: Tone = Tone.NORMAL


@dataclass(frozen=True)
class Facts:
    """Label and value, one below the other."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cell:
    """One cell; a status adds its shape and word, never colour alone."""

    text: str
    status: Status | None = None


@dataclass(frozen=True)
class Table:
    """A table.

    Parameters
    ----------
    name : str
        File stem of its CSV.
    header : tuple of str
    rows : tuple of tuple of Cell
    shares : tuple of float
        Relative column widths.
    numbers : frozenset of int
        Columns that hold numbers, set to the right.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    shares: tuple[float, ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A picture.

    Parameters
    ----------
    name : str
        File stem.
    caption : str
    png : bytes
    wide : bool
        Over the whole width; two narrow ones stand side by side.
    """

    name: str
    caption: str
    png: bytes
    wide: bool = False


@dataclass(frozen=True)
class Lines:
    """Statuses with a sentence each: the safety board."""

    lines: tuple[tuple[Status, str, str], ...]


@dataclass(frozen=True)
class SignatureLines:
    """A line for each role: role, what it must have seen, name, when."""

    rows: tuple[tuple[str, str, str, str], ...]


Block = Paragraph | Facts | Table | Figure | Lines | SignatureLines


@dataclass(frozen=True)
class Section:
    """A titled part of the report; one kept `together` is never parted by the end of a page."""

    title: str
    blocks: tuple[Block, ...]
    new_page: bool = False
    together: bool = False


@dataclass(frozen=True)
class Report:
    """The whole report.

    Parameters
    ----------
    title, subtitle : str
    stamps : tuple of str
        Printed on every page: INTRALESIONAL, SIMULATED, level count not confirmed, unproven histology.
    running_head, running_foot : str
        On every page: patient as chosen, plan; program, digest, not a medical device.
    status : Status
    verdict : str
    sections : tuple of Section
    full_tables : tuple of Table
        Tables too long for paper, written as CSV only.
    """

    title: str
    subtitle: str
    stamps: tuple[str, ...]
    running_head: str
    running_foot: str
    status: Status
    verdict: str
    sections: tuple[Section, ...]
    full_tables: tuple[Table, ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table for CSV; a full one takes the place of its printed part."""
        full = {table.name: table for table in self.full_tables}
        printed = {b.name: b for s in self.sections for b in s.blocks if isinstance(b, Table)}
        return tuple((printed | full).values())

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every picture, in order."""
        return tuple(b for s in self.sections for b in s.blocks if isinstance(b, Figure))
