"""Spoil bytes, the same way for the same seed."""

import gzip
import json
import random
import struct
import zlib
from typing import Any, Final

_INT16: Final = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 0xFFFE, 0x0100)
_INT32: Final = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x10000, 0x7FFFFFFE)
_VRS: Final = (
    *(b"OB", b"OW", b"UN", b"SQ", b"US", b"DS", b"IS", b"UI", b"PN", b"ZZ", b"\0\0", b"AT", b"FD", b"OD"),
    *(b"UC", b"UT", b"OF"),
)
# Elements whose value, length or representation decides how much is read and where it is put.
_TAGS: Final = tuple(
    struct.pack("<HH", group, element)
    for group, element in (
        *((0x0002, 0x0000), (0x0002, 0x0010), (0x0008, 0x0005), (0x0008, 0x0016), (0x0018, 0x0050)),
        *((0x0020, 0x0013), (0x0020, 0x0032), (0x0020, 0x0037), (0x0028, 0x0002), (0x0028, 0x0004)),
        *((0x0028, 0x0008), (0x0028, 0x0010), (0x0028, 0x0011), (0x0028, 0x0030), (0x0028, 0x0100)),
        *((0x0028, 0x0101), (0x0028, 0x0102), (0x0028, 0x0103), (0x0028, 0x0120), (0x0028, 0x1052)),
        *((0x0028, 0x1053), (0x0028, 0x3000), (0x3006, 0x0050), (0x5200, 0x9229), (0x5200, 0x9230)),
        *((0x0062, 0x0002), (0x7FE0, 0x0010), (0xFFFE, 0xE000), (0xFFFE, 0xE0DD)),
    )
)
_WORDS: Final = (
    *(b"nan", b"inf", b"-inf", b"1e999", b"-1", b"0", b"99999999999999999999", b"1e308", b"-0.0", b""),
    *(b"1,5", b"0x10", b"\xff\xfe", b"{0.__class__}", b"%n%s", b"../../x", b"null", b"true", b'"', b"[[[["),
    *(b"]", b"{", b"}", b"1" * 5000, b"[" * 5000),
)
_FIRST: Final = 2500
_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 0.5, 1e308, 10**30, "", " ", "x" * 10_000, "nan", "T99", "left"),
    *("<b>{0.__class__}</b>", "../../x", "\u202eabc", "\ud800", [], {}, [[]], [None], {"x": 1}, [1, 2, 3]),
)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Return data spoilt in one to six places.

    Packed data is spoilt inside its packing half of the time: a broken checksum alone would hide
    everything behind it.
    """
    if data[:2] == b"\x1f\x8b" and rng.random() < 0.5:
        return gzip.compress(_spoilt(gzip.decompress(data), rng), 1)
    return _spoilt(data, rng)


def mutated_deflated(data: bytes, start: int, rng: random.Random) -> bytes:
    """Return a deflated DICOM file whose data set is spoilt inside its packing."""
    plain = zlib.decompress(data[start:], -zlib.MAX_WBITS)
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    return data[:start] + packer.compress(_spoilt(plain, rng)) + packer.flush()


def mutated_json(data: bytes, rng: random.Random) -> bytes:
    """Return JSON in which values are exchanged for others; it still parses."""
    tree = json.loads(data)
    for _ in range(rng.randint(1, 3)):
        tree = _spoilt_tree(tree, rng)
    return json.dumps(tree).encode()


def _spoilt_tree(tree: Any, rng: random.Random) -> Any:
    """Walk down at random and put something else where the walk ends."""
    if isinstance(tree, dict) and tree and rng.random() < 0.85:
        key = rng.choice(list(tree))
        if rng.random() < 0.1:
            return {name: value for name, value in tree.items() if name != key}
        if rng.random() < 0.05:
            return {**tree, f"{key}2": tree[key]}
        return {**tree, key: _spoilt_tree(tree[key], rng)}
    if isinstance(tree, list) and tree and rng.random() < 0.85:
        n = rng.randrange(len(tree))
        if rng.random() < 0.2:
            return [*tree, tree[n]] if rng.random() < 0.5 else tree[:n] + tree[n + 1 :]
        return [*tree[:n], _spoilt_tree(tree[n], rng), *tree[n + 1 :]]
    if isinstance(tree, float | int) and rng.random() < 0.5:
        return rng.choice((-tree, tree * 1e6, tree / 1e6, tree + 1, 1e308, -1, 0, 10**30))
    return rng.choice(_VALUES)


def _spoilt(data: bytes, rng: random.Random) -> bytes:
    spoilt = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        if len(spoilt) < 16:
            break
        spoilt = rng.choice(_SPOILERS)(spoilt, rng)
    return bytes(spoilt)


def _place(data: bytearray, rng: random.Random) -> int:
    """Return a place, mostly among the first bytes: there lies what the rest depends on."""
    return rng.randrange(len(data) if rng.random() < 0.3 else min(len(data), _FIRST))


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    data[_place(data, rng)] ^= 1 << rng.randrange(8)
    return data


def _short(data: bytearray, rng: random.Random) -> bytearray:
    at = _place(data, rng)
    data[at : at + 2] = struct.pack("<H", rng.choice(_INT16))
    return data


def _long(data: bytearray, rng: random.Random) -> bytearray:
    at = _place(data, rng)
    data[at : at + 4] = struct.pack("<I", rng.choice(_INT32))
    return data


def _floats(data: bytearray, rng: random.Random) -> bytearray:
    at = _place(data, rng) & ~3
    value = rng.choice((float("nan"), float("inf"), -1.0, 0.0, 1e38, 1e-38))
    data[at : at + 4] = struct.pack("<f", value)
    return data


def _delete(data: bytearray, rng: random.Random) -> bytearray:
    at = _place(data, rng)
    del data[at : at + rng.choice((1, 2, 4, 8, 64, 512))]
    return data


def _insert(data: bytearray, rng: random.Random) -> bytearray:
    at = _place(data, rng)
    data[at:at] = rng.randbytes(rng.choice((1, 2, 8, 64)))
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    if rng.random() < 0.5:
        return data[: rng.randrange(1, len(data))]
    return data[: max(16, len(data) - rng.choice((1, 2, 7, 100)))]


def _repeat(data: bytearray, rng: random.Random) -> bytearray:
    at, source = _place(data, rng), _place(data, rng)
    data[at:at] = data[source : source + rng.choice((8, 32, 128))]
    return data


def _element_value(data: bytearray, rng: random.Random) -> bytearray:
    at = data.find(rng.choice(_TAGS))
    if at >= 0:
        place = at + 4 + rng.choice((0, 2, 4, 6, 8, 10))
        data[place : place + 2] = struct.pack("<H", rng.choice(_INT16))
    return data


def _element_kind(data: bytearray, rng: random.Random) -> bytearray:
    at = data.find(rng.choice(_TAGS))
    if at >= 0:
        data[at + 4 : at + 6] = rng.choice(_VRS)
    return data


def _word(data: bytearray, rng: random.Random) -> bytearray:
    """Replace a number written in letters by what no number should be."""
    start = at = _place(data, rng)
    while at < min(len(data), start + 200) and data[at : at + 1] not in b"0123456789":
        at += 1
    end = at
    while end < len(data) and data[end : end + 1] in b"0123456789.-+eE":
        end += 1
    data[at:end] = rng.choice(_WORDS)
    return data


_SPOILERS: Final = (
    *(_flip, _short, _long, _floats, _delete, _insert, _cut, _repeat),
    *(_element_value, _element_kind, _word),
)
