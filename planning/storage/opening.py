"""Opening a case file: what it is, whether it is sound, who holds it, and the newest version that reads."""

import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from planning.errors import CaseFileProblem
from planning.model.case import Case
from planning.model.study import Patient
from planning.storage.blob_table import BlobTable
from planning.storage.damage import Damage
from planning.storage.database import (
    MALFORMED,
    check_is_case,
    check_is_whole,
    connected,
    is_sound,
    readable_schema,
    transaction,
    translated,
)
from planning.storage.holder import Holder, holder_in, now, this_program, write_holder
from planning.storage.manifest import Encoder
from planning.storage.places import remove_left_parts
from planning.storage.reading import ReadCase, Reading
from planning.storage.versions import Version, listed
from planning.texts import mark, tr

_NOT_WRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR)


@dataclass
class Opened:
    """An opened case file's parts, owned by `CaseFile`; `number` is that of the version in `case`."""

    db: sqlite3.Connection
    case: Case
    damage: tuple[Damage, ...]
    why_read_only: str | None
    holder: Holder | None
    encoder: Encoder
    copy: "TemporaryDirectory[str] | None" = None
    number: int = 1


def opened(path: Path, *, read_only: bool) -> Opened:
    """Open `path`; raises `CaseFileProblem` where not even part of a case can be read."""
    check_is_case(path)
    check_is_whole(path)
    remove_left_parts(path)
    with translated(path):
        db, copy = _connection(path, read_only=read_only)
        try:
            return _opened(path, db, copy, read_only=read_only)
        except BaseException:
            db.close()
            raise


def versions_in(path: Path) -> tuple[Version, ...]:
    """Return the versions of a case file, newest first, unsaved work included, without reading the case.

    Raises `CaseFileProblem` where it is no case file, cut short, unreadable or too new to be read.
    """
    check_is_case(path)
    check_is_whole(path)
    with translated(path):
        db, copy = _connection(path, read_only=True)
        try:
            readable_schema(db, path)
            return tuple(listed(db)[0])
        finally:
            db.close()
            if copy is not None:
                copy.cleanup()


def patient_in(path: Path, version: Version) -> Patient | None:
    """Return whose case a version is, without reading images; None where that cannot be read."""
    try:
        with translated(path):
            db, copy = _connection(path, read_only=True)
            try:
                return Reading(BlobTable(db).packed).patient(version.manifest)
            finally:
                db.close()
                if copy is not None:
                    copy.cleanup()
    except CaseFileProblem:
        return None


def _opened(
    path: Path, db: sqlite3.Connection, copy: "TemporaryDirectory[str] | None", *, read_only: bool
) -> Opened:
    writable = readable_schema(db, path)
    damage = [] if is_sound(db) else [Damage("FILE", mark("The case file's inner structure is damaged."))]
    why = tr("This case is open for reading only.") if read_only else None
    if not writable:
        why = tr("This case was written by a newer EnBloc, so it is open for reading only.")
    holder = None
    if why is None and not damage:
        holder, why = _held(db)
    number, found, version_damage = _newest(db)
    damage += [*version_damage, *found.damage]
    if damage:
        words = " ".join(d.message for d in damage)
        why = tr("This case file is damaged, so it is open for reading only: {damage}", damage=words)
    elif found.unknown:
        why = tr("This case holds entries of a newer EnBloc, so it is open for reading only.")
    if why is not None and holder is not None:
        with transaction(db):
            write_holder(db, None)
        holder = None
    encoder = Encoder()
    found.remembered_by(encoder)
    return Opened(db, found.case, tuple(damage), why, holder, encoder, copy, number)


def _connection(
    path: Path, *, read_only: bool
) -> tuple[sqlite3.Connection, "TemporaryDirectory[str] | None"]:
    """Connect and read once, so that a save a crash interrupted is rolled back.

    Where the medium does not let it be rolled back, that happens in a private copy.
    """
    for mode in [True, False] if read_only else [False, True]:
        try:
            return _read_once(path, read_only=mode), None
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _NOT_WRITABLE:
                raise
    copy = TemporaryDirectory(prefix=f"enbloc-case-{os.getpid()}-")
    try:
        for name in (path.name, path.name + "-journal"):
            if path.with_name(name).exists():
                shutil.copyfile(path.with_name(name), Path(copy.name) / name)
        _read_once(Path(copy.name) / path.name, read_only=False).close()
        return _read_once(Path(copy.name) / path.name, read_only=True), copy
    except (OSError, *MALFORMED):
        copy.cleanup()
        raise


def _read_once(path: Path, *, read_only: bool) -> sqlite3.Connection:
    db = connected(path, read_only=read_only)
    try:
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except MALFORMED:
        db.close()
        raise
    return db


def _held(db: sqlite3.Connection) -> tuple[Holder | None, str | None]:
    """Take the file for writing; return this program as holder, or None and why not."""
    mine = this_program()
    try:
        with transaction(db):
            present = holder_in(db)
            if present is None or present.is_stale(now()):
                write_holder(db, mine)
                return mine, None
    except sqlite3.OperationalError as error:
        code = error.sqlite_errorcode & 0xFF
        if code in _NOT_WRITABLE:
            return None, tr("This case lies where nothing can be written, so it is open for reading only.")
        if code == sqlite3.SQLITE_FULL:
            return None, tr("The disk is full, so this case is open for reading only.")
        if code == sqlite3.SQLITE_BUSY:
            return None, tr("Another program is writing this case, so it is open for reading only.")
        raise
    since = present.since.astimezone().strftime("%Y-%m-%d %H:%M")
    return None, tr(
        "{person} on {host} has had this case open since {since}, so it is open for reading only.",
        person=present.person or "?", host=present.host, since=since,
    )  # fmt: skip


def _newest(db: sqlite3.Connection) -> tuple[int, ReadCase, list[Damage]]:
    """Return the newest saved version that can be read with its number, and what was damaged before it."""
    db.execute("BEGIN")
    try:
        good, damaged = listed(db)
        damage = [_damaged_entry(number, good) for number in damaged]
        blobs, first = BlobTable(db), None
        for version in (v for v in good if v.saved):
            try:
                return version.number, Reading(blobs.packed).read(version.manifest), damage
            except CaseFileProblem as problem:
                first = first or problem
                damage.append(_damaged_version(version))
    finally:
        db.execute("COMMIT")
    raise first or CaseFileProblem("NO_VERSION", mark("No saved version in this case file can be read."))


def _damaged_entry(number: int, good: list[Version]) -> Damage:
    newest = max((v.number for v in good if v.saved), default=0)
    if number > newest:
        return Damage("VERSION", mark("The newest version is damaged; this is the one saved before it."))
    return Damage("VERSION", mark("An earlier version is damaged."))


def _damaged_version(version: Version) -> Damage:
    at = version.at.astimezone().strftime("%Y-%m-%d %H:%M")
    return Damage(
        "VERSION", mark("The version saved at {at} is damaged; this is an earlier one."), (("at", at),)
    )
