"""The record of a case: who approved or exported what, when; lines are only ever added.

Each line carries the digest of the line before it, and the file remembers the last one, so a line that
is altered, removed or put in between shows. This finds accidents and careless hands; it is no
signature, and somebody who rewrites the whole chain is not found.
"""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from planning.model.stamp import PROGRAM

_START: Final = "0" * 64


@dataclass(frozen=True)
class Line:
    """One line of the record.

    Parameters
    ----------
    number : int
        Counted from 1.
    at : datetime
        UTC.
    by, program : str
    what : str
        Code of what was done, such as ``export``.
    detail : str
        In words.
    case_digest : str
        Digest of the case it was done with: the name of its manifest.
    """

    number: int
    at: datetime
    by: str
    program: str
    what: str
    detail: str
    case_digest: str


@dataclass(frozen=True)
class Record:
    """All lines that can be read, oldest first, and whether the chain is whole."""

    lines: tuple[Line, ...]
    is_whole: bool


def add_line(db: sqlite3.Connection, what: str, detail: str, *, by: str, case_digest: str) -> Line:
    """Add a line, inside the caller's transaction."""
    number, previous = _end(db)
    line = Line(number + 1, datetime.now(UTC), by, PROGRAM, what, detail, case_digest)
    body = json.dumps(
        {
            "at": line.at.isoformat(),
            "by": by,
            "program": PROGRAM,
            "what": what,
            "detail": detail,
            "case_digest": case_digest,
            "previous": previous,
        }
    )
    check = _check(line.number, body)
    db.execute("INSERT INTO record VALUES (?, ?, ?)", (line.number, body, check))
    db.execute("INSERT OR REPLACE INTO meta VALUES ('record_end', ?)", (f"{line.number} {check}",))
    return line


def record_in(db: sqlite3.Connection) -> Record:
    """Return the record; a line that cannot be read is left out and breaks the chain."""
    lines: list[Line] = []
    is_whole, previous, expected = True, _START, 1
    for number, body, check in db.execute("SELECT number, body, sha256 FROM record ORDER BY number"):
        line, before = _line(number, body)
        is_whole &= number == expected and check == _check(number, body) and before == previous
        if line is None:
            is_whole = False
        else:
            lines.append(line)
        previous, expected = check, number + 1
    end_number, end_check = _end(db)
    return Record(tuple(lines), is_whole and (end_number, end_check) == (expected - 1, previous))


def _end(db: sqlite3.Connection) -> tuple[int, str]:
    """Return number and digest of the line that was added last."""
    row = db.execute("SELECT value FROM meta WHERE key = 'record_end'").fetchone()
    number, _, check = ("" if row is None else row[0]).partition(" ")
    return (int(number), check) if number.isdecimal() else (0, _START)


def _check(number: int, body: str) -> str:
    return hashlib.sha256(f"{number}\n{body}".encode("utf-8", "replace")).hexdigest()


def _line(number: int, body: str) -> tuple[Line | None, str]:
    try:
        fields = json.loads(body)
        at = datetime.fromisoformat(fields["at"])
        texts = [fields[key] for key in ("by", "program", "what", "detail", "case_digest", "previous")]
    except (ValueError, TypeError, KeyError):
        return None, ""
    if not all(isinstance(text, str) for text in texts) or at.tzinfo is None:
        return None, ""
    *words, previous = texts
    return Line(number, at, *words), previous
