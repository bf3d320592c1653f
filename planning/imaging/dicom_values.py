"""Take single values out of a parsed data set, where files may hold anything."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from planning.imaging.limits import MAX_TEXT

_UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"


@cache
def _tag(keyword: str) -> int:
    return Tag(keyword)


def _value(dataset: Dataset, keyword: str) -> Any:
    tag = _tag(keyword)
    return dataset[tag].value if tag in dataset else None


def text(dataset: Dataset, keyword: str) -> str:
    """Return a value as short text without control characters; empty where missing or unreadable."""
    return text_and_doubt(dataset, keyword)[0]


def text_and_doubt(dataset: Dataset, keyword: str) -> tuple[str, bool]:
    """Return a value as `text` does, and whether its bytes are not of the character set the file names.

    Such bytes are read as Latin-1, where every byte is a letter. The first call for an element tells
    the doubt; pydicom forgets the bytes after it.
    """
    raw: Any = dataset.get_item(_tag(keyword))
    data = raw.value if isinstance(raw, RawDataElement) and isinstance(raw.value, bytes) else b""
    try:
        value = _value(dataset, keyword)
        words = "" if value is None else str(value)
        doubtful = _UNREADABLE in words
    except (ValueError, TypeError, LookupError, NotImplementedError, AttributeError):
        words, doubtful = "", any(byte >= 0x80 for byte in data)
    if doubtful and data:
        words = data.decode("latin-1").rstrip(" \0")
    return "".join(c if c.isprintable() else " " for c in words)[:MAX_TEXT].strip(), doubtful


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
