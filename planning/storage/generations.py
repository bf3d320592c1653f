"""Two earlier generations of a case file, for disks that say *written* before it is true.

No program can make such a disk honest. But what was written some time ago has reached it, so beside the
case file ``case.enbloc`` stand ``case.enbloc.earlier-1`` and ``-2``, each a case file of its own with one
saved version and the record. After every save the older of them is brought up to date. Whatever the disk
loses of the last save, one of the three is whole and at most one save older.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from time import time
from typing import Final

from planning.errors import CaseFileProblem
from planning.storage.blob_table import BlobTable
from planning.storage.case_file import CaseFile
from planning.storage.database import MALFORMED, connected, laid_out, transaction, translated
from planning.storage.notary import Notary
from planning.storage.opening import versions_in
from planning.storage.places import part_of, put_in_place, tidied
from planning.storage.record import end_of
from planning.storage.versions import Version, listed, needed_by, put_version
from planning.texts import tr

_PLACES: Final = (".earlier-1", ".earlier-2")
_META: Final = ("file_id", "record_end")
APART_S: Final = 30.0
"""Disks write out what they hold back within seconds."""
_SPARE_BYTES: Final = 64 << 20
# What a disk that loses writes does to a file; anything else (no such file, newer, held) is told as it is.
_REPLACEABLE: Final = frozenset(
    {
        *("NOT_A_CASE", "CASE_EMPTY", "CASE_CUT_SHORT", "CASE_DAMAGED", "CASE_FOREIGN", "CASE_CONTENT"),
        *("VERSION_DAMAGED", "VERSION_INVALID", "NO_VERSION", "DISK_ERROR"),
    }
)


@dataclass(frozen=True)
class Generation:
    """An earlier generation: where it is, and the version it holds."""

    path: Path
    version: Version


def places_of(path: Path) -> tuple[Path, ...]:
    """Return where the generations of a case file stand."""
    return tuple(path.with_name(path.name + place) for place in _PLACES)


def generations_of(path: Path) -> tuple[Generation, ...]:
    """Return the generations that can be looked at, newest first."""
    found = []
    for place in places_of(path):
        try:
            version = next((v for v in versions_in(place) if v.saved), None)
        except CaseFileProblem:
            continue
        if version is not None:
            found.append(Generation(place, version))
    return tuple(sorted(found, key=lambda generation: generation.version.number, reverse=True))


def keep_generation(path: Path, apart_s: float = APART_S) -> Path | None:
    """Bring the older generation of `path` up to its newest saved version; return it where it was written.

    Not before the newer one is `apart_s` old: until then a disk may still hold that back, and both could
    be lost together. Ask again later.

    Reads the case file through a connection of its own and holds it for one blob at a time, so that saves
    go on meanwhile; where they overtake it, nothing is written and the next save tries again.

    Raises
    ------
    CaseFileProblem
        With the disk full or without permission; the case file itself is not concerned.
    """
    with translated(path), closing(connected(path, read_only=True)) as source:
        version = next((v for v in listed(source)[0] if v.saved), None)
        if version is None:
            return None
        mine = _meta(path).get("file_id", "")
        ours = (g for g in generations_of(path) if _meta(g.path).get("file_id", "") == mine)
        there = {g.path: g.version for g in ours}
        is_fresh = any(0.0 <= time() - place.stat().st_mtime < apart_s for place in there)
        if version in there.values() or (is_fresh and len(there) > 1):
            return None
        target = min(places_of(path), key=lambda place: there[place].number if place in there else -1)
        part = part_of(target)
        with tidied(part):
            if target in there:
                written = _brought_up(source, target, version)
            else:
                _check_room(path)
                _lay_out(part)
                written = _brought_up(source, part, version)
                if written:
                    put_in_place(part, target)
    return target if written else None


def open_or_earlier(path: Path, *, read_only: bool, notary: Notary | None = None) -> tuple[CaseFile, str]:
    """Open a case file or, where it is damaged, an earlier generation that is whole.

    Returns
    -------
    file : CaseFile
    words : str
        What was wrong and what was opened instead, for the user; empty where nothing was.

    Raises
    ------
    CaseFileProblem
        What is wrong with the file itself, where no generation can help.
    """
    try:
        file = CaseFile.open(path, read_only=read_only, notary=notary)
    except CaseFileProblem as problem:
        if problem.code not in _REPLACEABLE:
            raise
        found = _whole_generation(path, 0, notary)
        if found is None:
            raise
        return found, _words(path, found, problem.message)
    if not file.damage:
        return file, ""
    found = _whole_generation(path, file.opened_number, notary)
    if found is None:
        return file, ""
    reason = " ".join(damage.message for damage in file.damage)
    file.close()
    return found, _words(path, found, reason)


def newer_generation(path: Path, file: CaseFile) -> Generation | None:
    """Return a generation that is whole and holds a later save than the file itself: the disk lost one."""
    newest = next((v.number for v in file.versions()), 0)
    mine = _meta(path).get("file_id")
    found = (g for g in generations_of(path) if g.version.number > newest and mine)
    return next((g for g in found if _meta(g.path).get("file_id") == mine and _is_whole(g.path)), None)


def _whole_generation(path: Path, at_least: int, notary: Notary | None) -> CaseFile | None:
    for generation in generations_of(path):
        if generation.version.number < at_least:
            return None
        try:
            file = CaseFile.open(generation.path, read_only=True, notary=notary)
        except CaseFileProblem:
            continue
        if not file.damage:
            return file
        file.close()
    return None


def _is_whole(path: Path) -> bool:
    try:
        with CaseFile.open(path, read_only=True) as file:
            return not file.damage
    except CaseFileProblem:
        return False


def _words(path: Path, found: CaseFile, reason: str) -> str:
    at = found.versions()[0].at.astimezone().strftime("%Y-%m-%d %H:%M")
    return tr(
        "{reason} The generation before it, saved at {at}, is whole and was opened instead of {file}. What "
        "was saved after that is lost; save this under another name.",
        reason=reason, at=at, file=path.name,
    )  # fmt: skip


def _lay_out(part: Path) -> None:
    """Make an empty case file."""
    with closing(laid_out(part)) as db:
        db.execute("COMMIT")


def _check_room(path: Path) -> None:
    """Raise where a further copy would leave the disk nearly full: the case file itself comes first."""
    size = path.stat().st_size
    if disk_usage(path.absolute().parent).free < size + _SPARE_BYTES:
        raise OSError(errno.ENOSPC, "no room for an earlier generation")


def _brought_up(source: sqlite3.Connection, place: Path, version: Version) -> bool:
    with closing(connected(place, read_only=False)) as target, transaction(target):
        needed = needed_by(version.manifest, BlobTable(source).content)
        if needed is None:
            return False
        # Whatever looks like a name counts as needed; only what is there can be copied.
        names = (needed | {version.limits}) & BlobTable(source).stored().keys()
        blobs = BlobTable(target)
        for name in sorted(names - blobs.stored().keys()):
            row = source.execute("SELECT name, stored, size, planes, body FROM blob WHERE name = ?", (name,))
            found = row.fetchall()
            if not found:
                return False
            target.executemany("INSERT INTO blob VALUES (?, ?, ?, ?, ?)", found)
        blobs.keep_only(names)
        target.execute("DELETE FROM version")
        put_version(target, version)
        target.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", _new_lines(source, target))
        for key in _META:
            rows = source.execute("SELECT key, value FROM meta WHERE key = ?", (key,)).fetchall()
            target.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)
    return True


def _new_lines(source: sqlite3.Connection, target: sqlite3.Connection) -> Iterator[tuple[int, str, str]]:
    there = end_of(target).lines
    yield from source.execute("SELECT number, body, sha256 FROM record WHERE number > ?", (there,))


def _meta(path: Path) -> dict[str, str]:
    try:
        with closing(connected(path, read_only=True)) as db:
            return dict(db.execute("SELECT key, value FROM meta"))
    except (OSError, *MALFORMED):
        return {}
