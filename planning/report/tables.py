"""The report's tables as CSV, the same rows as on paper."""

import csv
import io

from planning.report.content import Cell, Table
from planning.report.words import status_words

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_of(table: Table) -> str:
    """Return a table as CSV (comma, UTF-8, point as decimal sign).

    A cell that a spreadsheet would run as a formula is written with a leading apostrophe; numbers are not.
    """
    words = status_words()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.header)
    for row in table.rows:
        writer.writerow([_text(cell, words) for cell in row])
    return out.getvalue()


def _text(cell: Cell, words: dict[str, str]) -> str:
    text = cell.text.replace("−", "-")
    if cell.status is not None:
        text = ": ".join(part for part in (words[cell.status.value], text) if part)
    return "'" + text if text.startswith(_FORMULA_STARTS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
