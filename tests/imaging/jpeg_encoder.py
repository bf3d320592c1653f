"""Encoders for the two kinds of JPEG that no free library in reach writes: lossless and 12 bit.

Written from ITU-T T.81, for one component, one scan and fixed Huffman codes; they share nothing with
the decoders under test.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.integer]
ZIGZAG = sorted(
    ((row, column) for row in range(8) for column in range(8)),
    key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]),
)


def jpeg_lossless(image: Image, precision: int, predictor: int, point_transform: int = 0) -> bytes:
    """Return a lossless JPEG (process 14) of unsigned values, shape (rows, columns)."""
    values = image.astype(np.int64) >> point_transform
    first = 1 << (precision - point_transform - 1)
    symbols = list(range(17))
    bits = []
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            difference = int(values[row, column]) - _predicted(values, row, column, predictor, first)
            # Differences are taken modulo 2^16.
            difference = (difference + 32_767) % 65_536 - 32_767
            bits += _coded(difference, symbols, 5)
    return _file(0xC3, image.shape, precision, {0x00: (5, symbols)}, (predictor, 0, point_transform), bits)


def _predicted(values: Image, row: int, column: int, predictor: int, first: int) -> int:
    if row == 0 and column == 0:
        return first
    if row == 0:
        return int(values[0, column - 1])
    if column == 0:
        return int(values[row - 1, 0])
    left, above = int(values[row, column - 1]), int(values[row - 1, column])
    corner = int(values[row - 1, column - 1])
    return {
        1: left,
        2: above,
        3: corner,
        4: left + above - corner,
        5: left + ((above - corner) >> 1),
        6: above + ((left - corner) >> 1),
        7: (left + above) >> 1,
    }[predictor]


def jpeg_12_bit(image: Image) -> bytes:
    """Return an extended sequential JPEG (process 4) of 12 bit values; the finest quantisation there is."""
    dc_symbols = list(range(16))
    ac_symbols = [0x00, 0xF0, *(run << 4 | size for run in range(16) for size in range(1, 15))]
    bits, before = [], 0
    for block in _blocks(image.astype(np.float64) - 2048):
        coefficients = [round(float(block[at])) for at in ZIGZAG]
        bits += _coded(coefficients[0] - before, dc_symbols, 5)
        before = coefficients[0]
        run = 0
        for value in coefficients[1:]:
            if value == 0:
                run += 1
                continue
            while run > 15:
                bits.append(_code(0xF0, ac_symbols, 8))
                run -= 16
            bits += _coded(value, ac_symbols, 8, run)
            run = 0
        if run:
            bits.append(_code(0x00, ac_symbols, 8))
    tables = {0x00: (5, dc_symbols), 0x10: (8, ac_symbols)}
    return _file(0xC1, image.shape, 12, tables, (0, 63, 0), bits)


def _blocks(image: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    n = np.arange(8)
    cosines = np.cos((2 * n[None, :] + 1) * n[:, None] * np.pi / 16) / 2
    cosines[0] /= np.sqrt(2)
    for row in range(0, image.shape[0], 8):
        for column in range(0, image.shape[1], 8):
            yield cosines @ image[row : row + 8, column : column + 8] @ cosines.T


def _code(symbol: int, symbols: list[int], length: int) -> str:
    return f"{symbols.index(symbol):0{length}b}"


def _coded(value: int, symbols: list[int], length: int, run: int = 0) -> list[str]:
    """Return the code of a value's size, then the value in that many bits."""
    size = abs(value).bit_length()
    words = [_code(run << 4 | size, symbols, length)]
    if 0 < size < 16:
        words.append(f"{value if value > 0 else value + (1 << size) - 1:0{size}b}")
    return words


def _file(
    frame: int,
    shape: tuple[int, ...],
    precision: int,
    tables: dict[int, tuple[int, list[int]]],
    scan: tuple[int, int, int],
    bits: list[str],
) -> bytes:
    parts = [b"\xff\xd8"]
    if frame != 0xC3:
        parts.append(_segment(0xDB, bytes([0, *[1] * 64])))
    rows, columns = shape
    size = bytes([precision, *divmod(rows, 256), *divmod(columns, 256)])
    parts.append(_segment(frame, size + bytes([1, 1, 0x11, 0])))
    for place, (length, symbols) in tables.items():
        counts = [len(symbols) if n + 1 == length else 0 for n in range(16)]
        parts.append(_segment(0xC4, bytes([place, *counts, *symbols])))
    parts.append(_segment(0xDA, bytes([1, 1, 0x00, *scan])))
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    data = bytes(int(text[n : n + 8], 2) for n in range(0, len(text), 8))
    return b"".join(parts) + data.replace(b"\xff", b"\xff\x00") + b"\xff\xd9"


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker, *divmod(len(body) + 2, 256)]) + body
