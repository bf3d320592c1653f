"""Take single values out of a parsed data set, where files may hold anything."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from planning.imaging.limits import MAX_TEXT


@cache
def _tag(keyword: str) -> int:
    return Tag(keyword)


def _value(dataset: Dataset, keyword: str) -> Any:
    tag = _tag(keyword)
    return dataset[tag].value if tag in dataset else None


def text(dataset: Dataset, keyword: str) -> str:
    """Return a value as short text without control characters; empty where missing or unreadable."""
    try:
        value = _value(dataset, keyword)
    except (ValueError, TypeError, LookupError, NotImplementedError, AttributeError):
        return ""
    words = "" if value is None else str(value)
    return "".join(c if c.isprintable() else " " for c in words)[:MAX_TEXT].strip()


def several(dataset: Dataset, keyword: str) -> Sequence[Any]:
    """Return a value of any multiplicity as a sequence; empty where missing or unreadable."""
    try:
        value = _value(dataset, keyword)
    except (ValueError, TypeError, LookupError, NotImplementedError, AttributeError):
        return []
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str | int | float) else list(value)


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return one number or None; NaN and infinity pass, to be refused later."""
    values = numbers(dataset, keyword, 1)
    return None if values is None else values[0]


def numbers(dataset: Dataset, keyword: str, count: int) -> list[float] | None:
    """Return exactly `count` numbers, or None."""
    try:
        values = [float(value) for value in several(dataset, keyword)]
    except (ValueError, TypeError):
        return None
    return values if len(values) == count else None


def whole(dataset: Dataset, keyword: str) -> int | None:
    """Return one whole number, or None."""
    value = number(dataset, keyword)
    return int(value) if value is not None and value == value and abs(value) < 2**53 else None
