"""What a new file of a case takes over from the one it comes from: its record, and its versions."""

import sqlite3
from contextlib import AbstractContextManager
from dataclasses import dataclass

from planning.storage.blob_table import BlobTable
from planning.storage.versions import Version, needed_by, put_version


@dataclass(frozen=True, eq=False)
class Kept:
    """What is taken over, read while the new file is written.

    Parameters
    ----------
    db : sqlite3.Connection
        The file it comes from.
    mutex : lock
        Held while it is read, so that no save is seen half done.
    versions : tuple of Version
        Saved versions, newest first; those whose documents are damaged stay behind.
    with_record : bool
        Not of a file that was tampered with: a new record begins there.
    """

    db: sqlite3.Connection
    mutex: AbstractContextManager[bool]
    versions: tuple[Version, ...]
    with_record: bool


def put_kept(target: sqlite3.Connection, kept: Kept) -> None:
    """Write what is taken over, inside the caller's transaction."""
    with kept.mutex:
        _put(target, kept)


def _put(target: sqlite3.Connection, kept: Kept) -> None:
    if kept.with_record:
        rows = kept.db.execute("SELECT number, body, sha256 FROM record ORDER BY number")
        target.executemany("INSERT INTO record VALUES (?, ?, ?)", rows)
        end = kept.db.execute("SELECT key, value FROM meta WHERE key = 'record_end'").fetchall()
        target.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", end)
    blobs, names = BlobTable(kept.db), set[str]()
    for version in reversed(kept.versions):
        needs = needed_by(version.manifest, blobs.content)
        if needs is not None:
            put_version(target, version)
            names |= needs | {version.limits}
    for name in sorted(names):
        row = kept.db.execute("SELECT name, stored, size, planes, body FROM blob WHERE name = ?", (name,))
        target.executemany("INSERT INTO blob VALUES (?, ?, ?, ?, ?)", row.fetchall())
