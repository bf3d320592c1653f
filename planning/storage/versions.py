"""Versions of a case in its file: what is listed, which are kept, and what they still need.

Policy: the two newest saved versions, versions kept by name and the newest unsaved work always stay.
Older saved ones stay while together they add less than `HISTORY_SHARE` of the newest one's size (at
least `HISTORY_FLOOR_BYTES`) and are no more than `MOST_VERSIONS`, oldest dropped first. So a case file
stays below twice its live content.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from planning.model.stamp import PROGRAM
from planning.storage.blobs import NAME

HISTORY_SHARE: Final = 0.6
HISTORY_FLOOR_BYTES: Final = 256 * 1024
MOST_VERSIONS: Final = 200
_PART: Final = re.compile(r'"part":"([0-9a-f]{64})"')
_ANY_NAME: Final = re.compile(r'"([0-9a-f]{64})"')

Read = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Version:
    """One version of the case in its file.

    Parameters
    ----------
    number : int
        Rises with every save, never reused.
    saved : bool
        False for work kept by autosave.
    label : str
        What the person or the last edit called it.
    at : datetime
        UTC.
    by, program : str
        Person and program version that wrote it.
    manifest : str
        SHA-256 name of its manifest: the digest of the whole case.
    kept : bool
        Named by a person to be kept for good.
    limits : str
        SHA-256 name of the document of limits and tools it was planned under; empty where unknown.
    """

    number: int
    saved: bool
    label: str
    at: datetime
    by: str
    program: str
    manifest: str
    kept: bool = False
    limits: str = ""


def add_version(
    db: sqlite3.Connection, manifest: str, label: str, *, by: str, saved: bool, kept: bool, limits: str = ""
) -> Version:
    """Enter a version, inside the caller's transaction."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'version'").fetchone()
    number, at = (0 if row is None else int(row[0])) + 1, datetime.now(UTC)
    version = Version(number, saved, label, at, by, PROGRAM, manifest, kept, limits)
    put_version(db, version)
    return version


def put_version(db: sqlite3.Connection, version: Version) -> None:
    """Write a version's entry, new or in the place of an old one, inside the caller's transaction."""
    fields = asdict(version) | {"at": version.at.isoformat()}
    body = json.dumps({key: value for key, value in fields.items() if key != "number"})
    row = (version.number, body, _check(version.number, body))
    db.execute("INSERT OR REPLACE INTO version VALUES (?, ?, ?)", row)


def listed(db: sqlite3.Connection) -> tuple[list[Version], list[int]]:
    """Return the versions, newest first, and the numbers of those whose entry is damaged."""
    good: list[Version] = []
    damaged: list[int] = []
    for number, body, check in db.execute("SELECT number, body, sha256 FROM version ORDER BY number DESC"):
        version = _version(number, body) if check == _check(number, body) else None
        if version is None:
            damaged.append(number)
        else:
            good.append(version)
    return good, damaged


def _check(number: int, body: str) -> str:
    return hashlib.sha256(f"{number}\n{body}".encode("utf-8", "replace")).hexdigest()


def _version(number: int, body: str) -> Version | None:
    try:
        fields = json.loads(body)
        at = datetime.fromisoformat(fields["at"])
        texts = [fields[key] for key in ("label", "by", "program", "manifest")]
    except (ValueError, TypeError, KeyError):
        return None
    whole = all(isinstance(text, str) for text in texts) and at.tzinfo is not None
    if not whole or not NAME.fullmatch(texts[3]):
        return None
    label, by, program, manifest = texts
    limits = str(fields.get("limits", ""))
    return Version(
        number,
        bool(fields.get("saved")),
        label,
        at,
        by,
        program,
        manifest,
        bool(fields.get("kept")),
        limits if NAME.fullmatch(limits) else "",
    )


def needed_by(manifest: str, read: Read) -> set[str] | None:
    """Return the names of all blobs a version needs; None where a document of it is damaged."""
    names, waiting = {manifest}, [manifest]
    while waiting:
        content = read(waiting.pop())
        if content is None:
            return None
        text = content.decode("ascii", "replace")
        parts = set(_PART.findall(text)) - names
        # Any 64 hexadecimal digits count as a name: keeping too much is harmless, freeing too much is not.
        names |= set(_ANY_NAME.findall(text))
        waiting += parts
    return names


def to_drop(
    versions: Iterable[Version], needs: Callable[[Version], set[str]], stored: dict[str, int]
) -> list[Version]:
    """Return the versions the policy above lets go of; `versions` newest first, `stored` bytes by name."""
    held: set[str] = set()
    room, saved_seen = 0.0, 0
    dropped: list[Version] = []
    for n, version in enumerate(versions):
        own = needs(version) - held
        size = _size_of(own, stored)
        saved_seen += version.saved
        if not version.saved:
            # Unsaved work is overtaken by any later version.
            stays = n == 0
        elif saved_seen == 1:
            stays, room = True, max(HISTORY_SHARE * _size_of(needs(version), stored), HISTORY_FLOOR_BYTES)
        elif version.kept:
            stays = True
        else:
            # Nothing older than what did not fit is kept, however small: history has no holes.
            stays = saved_seen == 2 or (size <= room and saved_seen <= MOST_VERSIONS)
            room = room - size if stays else -1.0
        if stays:
            held |= own
        else:
            dropped.append(version)
    return dropped


def _size_of(names: set[str], stored: dict[str, int]) -> int:
    return sum(stored.get(name, 0) for name in names)
