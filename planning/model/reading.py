"""Checked reading of nested tables from JSON and TOML: every fault names its key with its path."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from planning.errors import PlanningError
from planning.geometry.frames import Vec3
from planning.texts import mark, tr

MAX_TEXT: Final = 1000
MAX_ITEMS: Final = 2000


@dataclass(frozen=True)
class Table:
    """One table of a document that is being read.

    Parameters
    ----------
    values : mapping
        What the parser gave.
    document : str
        What a message calls the document, such as ``enbloc-plan/1`` or ``limits.toml``.
    error : type of PlanningError
        What is raised, with a code of ``UNKNOWN_KEY``, ``MISSING_KEY`` or ``BAD_VALUE``.
    path : str
        Where the table lies in the document; empty at the top.
    """

    values: Mapping[str, object]
    document: str
    error: type[PlanningError]
    path: str = ""

    def place(self, key: str) -> str:
        """Return the key with its path, such as ``osteotomies[0].kerf_mm``."""
        return f"{self.path}.{key}" if self.path else key

    def only(self, keys: Collection[str]) -> None:
        """Refuse every key that is not among `keys`, by name."""
        for key in self.values:
            if key not in keys:
                raise self.error(
                    "UNKNOWN_KEY",
                    mark("{place} is not a key of {document}."),
                    place=self.place(key),
                    document=self.document,
                )

    def has(self, key: str) -> bool:
        """Say whether the key is there and not null."""
        return self.values.get(key) is not None

    def bad(self, key: str, wanted: str) -> PlanningError:
        """Return the error for a value that is not what is `wanted` (a translated phrase)."""
        return self.error(
            "BAD_VALUE",
            mark("{place} in {document} must be {wanted}."),
            place=self.place(key),
            document=self.document,
            wanted=wanted,
        )

    def value(self, key: str) -> object:
        """Return a value that must be there."""
        if key not in self.values:
            raise self.error(
                "MISSING_KEY",
                mark("{place} is missing from {document}."),
                place=self.place(key),
                document=self.document,
            )
        return self.values[key]

    def number(self, key: str, low: float = -math.inf, high: float = math.inf) -> float:
        """Return a finite number between `low` and `high`; true and false are no numbers."""
        return self._number(key, self.value(key), low, high)

    def whole(self, key: str, low: int, high: int) -> int:
        """Return a whole number between `low` and `high`."""
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.bad(key, tr("a whole number between {low} and {high}", low=low, high=high))
        return value

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value = self.value(key)
        if not isinstance(value, bool):
            raise self.bad(key, tr("true or false"))
        return value

    def text(self, key: str) -> str:
        """Return a text of at most `MAX_TEXT` printable characters."""
        return self._text(key, self.value(key))

    def choice(self, key: str, choices: Collection[str]) -> str:
        """Return a text that is one of `choices`."""
        value = self.value(key)
        if not isinstance(value, str) or value not in choices:
            raise self.bad(key, tr("one of {choices}", choices=", ".join(choices)))
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self._text(f"{key}[{n}]", item) for n, item in enumerate(self._items(key)))

    def vector(self, key: str) -> Vec3:
        """Return three finite numbers."""
        items = self._items(key)
        if len(items) != 3:
            raise self.bad(key, tr("a list of three numbers"))
        a, b, c = (self._number(f"{key}[{n}]", item) for n, item in enumerate(items))
        return (a, b, c)

    def points(self, key: str) -> tuple[tuple[float, float], ...]:
        """Return a list of pairs of finite numbers."""
        result = []
        for n, item in enumerate(self._items(key)):
            if not isinstance(item, list) or len(item) != 2:
                raise self.bad(f"{key}[{n}]", tr("a list of two numbers"))
            result.append((self._number(f"{key}[{n}][0]", item[0]), self._number(f"{key}[{n}][1]", item[1])))
        return tuple(result)

    def table(self, key: str) -> "Table":
        """Return the table under a key."""
        return self._table(key, self.value(key))

    def tables(self, key: str) -> tuple["Table", ...]:
        """Return the list of tables under a key."""
        return tuple(self._table(f"{key}[{n}]", item) for n, item in enumerate(self._items(key)))

    def _number(self, key: str, value: object, low: float = -math.inf, high: float = math.inf) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.bad(key, tr("a number"))
        try:
            number = float(value)
        except OverflowError as error:
            raise self.bad(key, tr("a finite number")) from error
        if not math.isfinite(number):
            raise self.bad(key, tr("a finite number"))
        if not low <= number <= high:
            raise self.bad(key, tr("a number between {low} and {high}", low=low, high=high))
        return number

    def _text(self, key: str, value: object) -> str:
        # A lone surrogate cannot be stored or printed; a control character could forge a line of a report.
        if (
            not isinstance(value, str)
            or len(value) > MAX_TEXT
            or any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in value)
        ):
            raise self.bad(
                key, tr("a text of at most {most} characters without control characters", most=MAX_TEXT)
            )
        return value

    def _items(self, key: str) -> list[object]:
        value = self.value(key)
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise self.bad(key, tr("a list of at most {most} items", most=MAX_ITEMS))
        return value

    def _table(self, key: str, value: object) -> "Table":
        if not isinstance(value, dict):
            raise self.bad(key, tr("an object with keys"))
        return Table(value, self.document, self.error, self.place(key))
