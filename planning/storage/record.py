"""The record of a case: who approved or exported what, when; lines are only ever added.

Each line carries the digest of the line before it, and the file remembers the last one, so a line that
is altered, removed or put in between shows. A line written by a workstation with a key carries its seal
as well (`notary`): the seal of the last line stands for the whole chain before it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from planning.model.stamp import PROGRAM
from planning.storage.notary import Notary, SealState, Seen

APPROVAL: Final = "approval"
WITHDRAWAL: Final = "withdrawal"
VOID: Final = "void"
EXPORT: Final = "export"
DECISIONS: Final = (APPROVAL, WITHDRAWAL, VOID)
MOST_LINES: Final = 2000
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
    plan : str
        Name of the plan a decision is about.
    content : tuple of (part, digest)
        What an approval covers, part by part.
    settings : str
        Digest of the limits and tools an approval was given under.
    seal : SealState
        What the line's seal is worth here.
    """

    number: int
    at: datetime
    by: str
    program: str
    what: str
    detail: str
    case_digest: str
    plan: str = ""
    content: tuple[tuple[str, str], ...] = ()
    settings: str = ""
    seal: SealState = SealState.NONE


@dataclass(frozen=True)
class Entry:
    """A line still to be written; the fields of `Line` that a person or the program chooses."""

    what: str
    detail: str
    by: str
    plan: str = ""
    content: tuple[tuple[str, str], ...] = ()
    settings: str = ""


@dataclass(frozen=True)
class Record:
    """The newest lines and every decision, oldest first, and whether the whole chain holds."""

    lines: tuple[Line, ...]
    is_whole: bool


def add_line(db: sqlite3.Connection, entry: Entry, *, case_digest: str, notary: Notary | None = None) -> Line:
    """Add a line, inside the caller's transaction."""
    end = end_of(db)
    number, at = end.lines + 1, datetime.now(UTC)
    fields: dict[str, Any] = {
        "at": at.isoformat(),
        "by": entry.by,
        "program": PROGRAM,
        "what": entry.what,
        "detail": entry.detail,
        "case_digest": case_digest,
    }
    if entry.what in DECISIONS:
        fields |= {"plan": entry.plan, "content": dict(entry.content), "settings": entry.settings}
    key = notary.key_id if notary is not None else ""
    if notary is not None and key:
        fields["key"] = key
        fields["seal"] = notary.seal(_sealed_text(number, fields | {"previous": end.check}))
    body = json.dumps(fields | {"previous": end.check})
    check = _check(number, body)
    db.execute("INSERT INTO record VALUES (?, ?, ?)", (number, body, check))
    db.execute("INSERT OR REPLACE INTO meta VALUES ('record_end', ?)", (f"{number} {check}",))
    state = SealState.OURS if key else SealState.NONE
    return Line(
        number, at, entry.by, PROGRAM, entry.what, entry.detail, case_digest, entry.plan, entry.content,
        entry.settings, state,
    )  # fmt: skip


def record_in(db: sqlite3.Connection, notary: Notary | None = None, most: int = MOST_LINES) -> Record:
    """Return the record; a line that cannot be read is left out and breaks the chain.

    Every link of the chain is checked; only the newest `most` lines and the decisions are worded, so a
    million lines take seconds.
    """
    end, found = end_of(db), _Found()
    for number, body, check in db.execute("SELECT number, body, sha256 FROM record ORDER BY number"):
        found.take(number, body, check, notary, worded=number > end.lines - most or _is_decision(body))
    return Record(tuple(found.lines), found.is_whole and end == Seen(found.expected - 1, found.previous))


def end_of(db: sqlite3.Connection) -> Seen:
    """Return number and digest of the line that was added last."""
    row = db.execute("SELECT value FROM meta WHERE key = 'record_end'").fetchone()
    number, _, check = ("" if row is None else row[0]).partition(" ")
    return Seen(int(number), check) if number.isdecimal() else Seen(0, _START)


def holds(db: sqlite3.Connection, seen: Seen) -> bool:
    """Return whether the record still has the line that was its last when it was seen before."""
    row = db.execute("SELECT sha256 FROM record WHERE number = ?", (seen.lines,)).fetchone()
    return seen.lines == 0 or (row is not None and row[0] == seen.check)


class _Found:
    """The chain as far as it was followed."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.is_whole, self.previous, self.expected = True, _START, 1

    def take(self, number: int, body: object, check: object, notary: Notary | None, *, worded: bool) -> None:
        self.expected += 1
        if not isinstance(body, str) or not isinstance(check, str):
            self.is_whole, self.previous = False, ""
            return
        follows = body.endswith(f'"previous": "{self.previous}"}}')
        self.is_whole &= number == self.expected - 1 and follows and check == _check(number, body)
        if worded:
            line = _line(number, body, notary)
            self.is_whole &= line is not None and line.seal is not SealState.BROKEN
            if line is not None:
                self.lines.append(line)
        self.previous, self.expected = check, number + 1


def _is_decision(body: object) -> bool:
    return isinstance(body, str) and any(f'"what": "{what}"' in body for what in DECISIONS)


def _check(number: int, body: str) -> str:
    return hashlib.sha256(f"{number}\n{body}".encode("utf-8", "replace")).hexdigest()


def _sealed_text(number: int, fields: Mapping[str, Any]) -> str:
    return f"{number}\n" + json.dumps({k: v for k, v in fields.items() if k != "seal"})


def _line(number: int, body: str, notary: Notary | None) -> Line | None:
    try:
        fields = json.loads(body)
        at = datetime.fromisoformat(fields["at"])
        texts = [fields[key] for key in ("by", "program", "what", "detail", "case_digest", "previous")]
        extra = [fields.get(key, "") for key in ("plan", "settings", "key", "seal")]
        content = tuple(sorted(dict(fields.get("content", {})).items()))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    known = (*texts, *extra, *(text for pair in content for text in pair))
    if not all(isinstance(text, str) for text in known) or at.tzinfo is None:
        return None
    plan, settings, key, seal = extra
    state = SealState.FOREIGN if key or seal else SealState.NONE
    if notary is not None:
        state = notary.state_of(_sealed_text(number, fields), key, seal)
    by, program, what, detail, digest, _ = texts
    return Line(number, at, by, program, what, detail, digest, plan, content, settings, state)
