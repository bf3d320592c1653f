"""The SQLite file under a case: how it is laid out, opened, checked and what its errors mean.

One file, rollback journal, ``synchronous=EXTRA``: of all ways tried, the one that loses no
acknowledged save to a kill or a power cut. A case file may come from anywhere, so nothing in it is
trusted: no memory mapping, no schema of its own, cells checked.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from shutil import disk_usage
from typing import Final

from planning.errors import CaseFileProblem
from planning.storage.blobs import MAX_BLOB_BYTES
from planning.texts import mark

APPLICATION_ID: Final = 0x454E424C  # "ENBL"
SCHEMA: Final = 1
_HEADER: Final = b"SQLite format 3\0"
_JOURNAL: Final = bytes.fromhex("d9d505f920a163d7")
_PAGE_BYTES: Final = 16_384
_BUSY_S: Final = 10.0
# SQLite takes paths of 512 bytes, and puts "-journal" behind ours.
_PATH_BYTES: Final = 500
MALFORMED: Final = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file raises: SQLite's words about it may quote bytes that are no text."""

TABLES: Final[dict[str, str]] = {
    "blob": "CREATE TABLE blob(name TEXT NOT NULL, stored INTEGER NOT NULL, size INTEGER NOT NULL,"
    " planes INTEGER NOT NULL, body BLOB NOT NULL)",
    "blob_name": "CREATE UNIQUE INDEX blob_name ON blob(name, stored)",
    "version": "CREATE TABLE version(number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL,"
    " sha256 TEXT NOT NULL)",
    "record": "CREATE TABLE record(number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL,"
    " sha256 TEXT NOT NULL)",
    "holder": "CREATE TABLE holder(id INTEGER PRIMARY KEY CHECK(id = 1), body TEXT NOT NULL)",
    "meta": "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
}
_DAMAGED: Final = ("CASE_DAMAGED", mark("{file} is damaged and cannot be opened. Use an earlier copy of it."))
_OTHER_FAULT: Final = (
    "DISK_ERROR",
    mark("The disk failed on {file}. Nothing saved before is lost; save under another name or elsewhere."),
)
_FAULTS: Final = {
    sqlite3.SQLITE_BUSY: (
        "CASE_BUSY",
        mark("{file} is being written by another program. Try again in a moment."),
    ),
    sqlite3.SQLITE_READONLY: (
        "READ_ONLY",
        mark("{file} cannot be written here. Save the case under another name."),
    ),
    sqlite3.SQLITE_PERM: ("NO_PERMISSION", mark("You have no permission to use {file}.")),
    sqlite3.SQLITE_CANTOPEN: (
        "CANNOT_OPEN",
        mark("{file} cannot be opened. Check that its folder exists and may be used."),
    ),
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}


def connected(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Open an existing SQLite file, hardened; raises `sqlite3.Error`. Transactions are begun by hand."""
    if len(os.fsencode(path.absolute())) > _PATH_BYTES:
        raise OSError(errno.ENAMETOOLONG, "longer than SQLite takes")
    mode = "ro" if read_only else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    db = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        db.text_factory = _text
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2 * MAX_BLOB_BYTES)
        db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        db.execute("PRAGMA trusted_schema=OFF")
        db.execute("PRAGMA cell_size_check=ON")
        db.execute("PRAGMA mmap_size=0")
        db.execute("PRAGMA temp_store=MEMORY")
        db.execute("PRAGMA synchronous=EXTRA")
        if not read_only:
            db.execute("PRAGMA journal_mode=DELETE")
    except (sqlite3.Error, UnicodeDecodeError):
        db.close()
        raise
    return db


def laid_out(path: Path) -> sqlite3.Connection:
    """Open a new, empty file and lay out the tables inside a transaction that is left open."""
    path.touch(exist_ok=False)
    db = connected(path, read_only=False)
    try:
        db.execute(f"PRAGMA page_size={_PAGE_BYTES}")
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        db.execute("BEGIN IMMEDIATE")
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute(f"PRAGMA user_version={SCHEMA}")
        for statement in TABLES.values():
            db.execute(statement)
        db.execute("INSERT INTO meta VALUES ('readable_by', ?)", (str(SCHEMA),))
    except sqlite3.Error:
        db.close()
        raise
    return db


def is_interrupted(path: Path) -> bool:
    """Return whether a save was interrupted or is under way: then the file itself says nothing reliable."""
    try:
        with path.with_name(path.name + "-journal").open("rb") as file:
            return file.read(len(_JOURNAL)) == _JOURNAL
    except FileNotFoundError:  # none, or gone this very moment with the end of somebody's save
        return False


def check_is_case(path: Path) -> None:
    """Raise `CaseFileProblem` where `path` is no case file; only its first bytes are read.

    An interrupted save passes: its first page may be torn until SQLite has rolled it back on opening.
    """
    with translated(path):
        if not path.exists():
            raise CaseFileProblem("NO_FILE", mark("There is no file {file}."), file=path.name)
        if not path.is_file():
            raise CaseFileProblem("NOT_A_CASE", mark("{file} is not an EnBloc case file."), file=path.name)
        with path.open("rb") as file:
            header = file.read(100)
        if is_interrupted(path):
            return
    if len(header) < 100 and _HEADER.startswith(header[:16]):
        raise CaseFileProblem(
            "CASE_EMPTY",
            mark("{file} is empty: it was never finished or copied. Copy it again from its source."),
            file=path.name,
        )
    if header[:16] != _HEADER or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise CaseFileProblem("NOT_A_CASE", mark("{file} is not an EnBloc case file."), file=path.name)


def check_is_whole(path: Path) -> None:
    """Raise `CaseFileProblem` where the file ends before its last page; an interrupted save passes."""
    with translated(path):
        if is_interrupted(path):
            return
        with path.open("rb") as file:
            header = file.read(100)
        there = path.stat().st_size
    page_bytes, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    valid = header[24:28] == header[92:96]
    expected = (65_536 if page_bytes == 1 else page_bytes) * pages
    if valid and there < expected:
        raise CaseFileProblem(
            "CASE_CUT_SHORT",
            mark(
                "{file} is cut short: {there} of {expected} bytes are there. Copy it from its source again."
            ),
            file=path.name,
            there=there,
            expected=expected,
        )


def readable_schema(db: sqlite3.Connection, path: Path) -> bool:
    """Return whether this program may also write it; raises `CaseFileProblem` where it cannot read it."""
    if db.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
        raise CaseFileProblem("NOT_A_CASE", mark("{file} is not an EnBloc case file."), file=path.name)
    schema = int(db.execute("PRAGMA user_version").fetchone()[0])
    entries = dict(
        db.execute("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'").fetchall()
    )
    if schema == SCHEMA and entries == TABLES:
        return True
    if schema > SCHEMA:
        kinds = {kind for (kind,) in db.execute("SELECT DISTINCT type FROM sqlite_schema")}
        if "meta" in entries and kinds <= {"table", "index"}:
            row = db.execute("SELECT value FROM meta WHERE key = 'readable_by'").fetchone()
            if row is not None and row[0].isdecimal() and int(row[0]) <= SCHEMA:
                return False
        raise CaseFileProblem(
            "CASE_NEWER",
            mark("{file} was written by a newer EnBloc. Update the program to open it."),
            file=path.name,
        )
    raise CaseFileProblem(
        "CASE_FOREIGN",
        mark("{file} is not laid out as a case file; it may be damaged or forged."),
        file=path.name,
    )


def is_sound(db: sqlite3.Connection) -> bool:
    """Return whether pages, cells and tables hang together; content is verified blob by blob."""
    try:
        return bool(db.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except MALFORMED:
        return False


def problem_of(error: sqlite3.Error | OSError, path: Path, needed_bytes: int = 0) -> CaseFileProblem:
    """Return in words what an error of SQLite or the disk means for the case file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
        return disk_full(path, needed_bytes)
    if isinstance(error, PermissionError):
        code = sqlite3.SQLITE_PERM
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        words = mark("The name of {file}, or of the folders it lies in, is too long. Choose a shorter place.")
        return CaseFileProblem("NAME_TOO_LONG", words, file=path.name)
    fault, sentence = _FAULTS.get(code, _OTHER_FAULT)
    return CaseFileProblem(fault, sentence, file=path.name)


def disk_full(path: Path, needed_bytes: int) -> CaseFileProblem:
    """Return the problem of a full disk, with how much is missing."""
    try:
        free = disk_usage(path.absolute().parent).free
    except OSError:  # the folder has gone: nothing is free
        free = 0
    missing = max(needed_bytes - free, 1)
    words = mark("The disk is full: {file} needs about {missing} MB more. Nothing saved before is lost.")
    return CaseFileProblem("DISK_FULL", words, file=path.name, missing=ceil(missing / 1e6))


@contextmanager
def translated(path: Path, needed_bytes: int = 0) -> Iterator[None]:
    """Raise errors of SQLite and the disk as `CaseFileProblem`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise problem_of(error, path, needed_bytes) from error
    except UnicodeDecodeError as error:
        code, sentence = _DAMAGED
        raise CaseFileProblem(code, sentence, file=path.name) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what is written inside at once, or nothing of it."""
    if not db.in_transaction:
        db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
