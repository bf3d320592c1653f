"""Frozen dataclasses to JSON and back, exactly, by their type annotations.

Every field is written, defaults included: a default that changes later must not change old cases.
Whole numbers stay whole and floats keep every bit, so digests are the same after reading. A key this
program does not know is reported, so that a file of a newer program is never saved back without it.
"""

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from planning.errors import CaseFileProblem
from planning.texts import mark

Encode = Callable[[Any], Any]
Decode = Callable[[Any, str], Any]


def misread(path: str, found: object) -> CaseFileProblem:
    """Return the problem of a value that is not what it should be; `path` says where, never what."""
    return CaseFileProblem(
        "CASE_CONTENT",
        mark("The case file holds something unexpected at {path} ({kind}); it cannot be read safely."),
        path=path,
        kind=type(found).__name__,
    )


class Codec:
    """Encodes and decodes values; some types have a way of their own.

    Parameters
    ----------
    encoders : mapping of type to a function from value to JSON
    decoders : mapping of type to a function from JSON and its path to value

    Attributes
    ----------
    unknown : list of str
        Paths of keys met on decoding that this program does not know.
    """

    def __init__(self, encoders: Mapping[type, Encode] = {}, decoders: Mapping[type, Decode] = {}) -> None:
        self._encoders = encoders
        self._decoders = decoders
        self.unknown: list[str] = []

    def encoded(self, value: object) -> Any:
        """Return `value` as JSON types; raises `CaseFileProblem` for a number that is not finite."""
        own = self._encoders.get(type(value))
        if own is not None:
            return own(value)
        if isinstance(value, Enum):
            return value.value
        if is_dataclass(value):
            return self.encoded_fields(value)
        if isinstance(value, datetime):
            return _encoded_time(value)
        if isinstance(value, tuple):
            return [self.encoded(item) for item in value]
        if isinstance(value, float) and not math.isfinite(value):
            raise CaseFileProblem(
                "NOT_FINITE", mark("A number of this case is not finite, so it cannot be saved.")
            )
        if value is None or isinstance(value, str | int | float):
            return value
        raise TypeError(f"no way to store a {type(value).__name__}")

    def encoded_fields(self, value: Any) -> dict[str, Any]:
        """Return a dataclass as a mapping of all its fields, whatever way its type has."""
        return {f.name: self.encoded(getattr(value, f.name)) for f in fields(value)}

    def decoded(self, hint: Any, value: Any, path: str) -> Any:
        """Return the value of type `hint`; raises `CaseFileProblem` naming `path`, or the model's refusal."""
        own = self._decoders.get(hint) if isinstance(hint, type) else None
        if own is not None:
            return own(value, path)
        if is_dataclass(hint) and isinstance(hint, type):
            return self.decoded_fields(hint, value, path)
        origin = get_origin(hint)
        if origin in (Union, types.UnionType):
            return self._decoded_union(get_args(hint), value, path)
        if origin is tuple:
            return self._decoded_tuple(get_args(hint), value, path)
        return _decoded_scalar(hint, value, path)

    def decoded_fields(self, cls: type, value: Any, path: str) -> Any:
        """Return a dataclass from a mapping of its fields; a missing one takes its default."""
        if not isinstance(value, dict):
            raise misread(path, value)
        hints = _hints(cls)
        known = {f.name: f for f in fields(cls) if f.init}
        self.unknown.extend(f"{path}.{key}" for key in value if key not in known)
        given = {}
        for name, field in known.items():
            if name in value:
                given[name] = self.decoded(hints[name], value[name], f"{path}.{name}")
            elif field.default is MISSING and field.default_factory is MISSING:
                raise misread(f"{path}.{name}", None)
        return cls(**given)

    def _decoded_union(self, options: tuple[Any, ...], value: Any, path: str) -> Any:
        if value is None and types.NoneType in options:
            return None
        left = [option for option in options if option is not types.NoneType]
        if len(left) != 1:
            raise TypeError(f"cannot tell {options} apart at {path}")
        return self.decoded(left[0], value, path)

    def _decoded_tuple(self, items: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise misread(path, value)
        if len(items) == 2 and items[1] is Ellipsis:
            return tuple(self.decoded(items[0], item, f"{path}[{n}]") for n, item in enumerate(value))
        if len(items) != len(value):
            raise misread(path, value)
        pairs = zip(items, value, strict=True)
        return tuple(self.decoded(hint, item, f"{path}[{n}]") for n, (hint, item) in enumerate(pairs))


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _decoded_scalar(hint: Any, value: Any, path: str) -> Any:
    if hint is datetime:
        return _decoded_time(value, path)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise misread(path, value)
        return value
    if isinstance(hint, type) and issubclass(hint, Enum):
        try:
            return hint(value)
        except ValueError:
            raise misread(path, value) from None
    # A whole number is a float to the model; it stays whole so that digests do not change.
    accepted = (float, int) if hint is float else hint
    if not isinstance(value, accepted) or (isinstance(value, bool) and hint is not bool):
        raise misread(path, value)
    return value


def _encoded_time(value: datetime) -> str:
    zone = value.tzinfo
    return value.isoformat() + (f"[{zone.key}]" if isinstance(zone, ZoneInfo) else "")


def _decoded_time(value: Any, path: str) -> datetime:
    if not isinstance(value, str):
        raise misread(path, value)
    text, _, zone = value.rstrip("]").partition("[")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise misread(path, value) from None
    try:
        return time.astimezone(ZoneInfo(zone)) if zone else time
    except (KeyError, ValueError, OSError):  # a zone this computer does not know: the offset is kept
        return time
