"""Two earlier generations of a case file, for disks that say *written* before it is true.

No program can make such a disk honest. But what was written some time ago has reached it, so beside the
case file ``case.enbloc`` stand ``case.enbloc.earlier-1`` and ``-2``, each a case file of its own with one
saved version and the record. After every save the older of them is brought up to date. Whatever the disk
loses of the last save, one of the three is whole and at most one save older.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from planning.errors import CaseFileProblem
from planning.storage.blob_table import BlobTable
from planning.storage.database import connected, laid_out, transaction, translated
from planning.storage.opening import versions_in
from planning.storage.places import part_of, put_in_place, tidied
from planning.storage.record import end_of
from planning.storage.versions import Version, listed, needed_by, put_version

_PLACES: Final = (".earlier-1", ".earlier-2")
_META: Final = ("file_id", "record_end")
_SPARE_BYTES: Final = 64 << 20


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


def keep_generation(path: Path) -> Path | None:
    """Bring the older generation of `path` up to its newest saved version; return it where it was written.

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
        there = {g.path: g.version for g in generations_of(path)}
        if any(g == version for g in there.values()):
            return None
        target = min(places_of(path), key=lambda place: there[place].number if place in there else -1)
        part = part_of(target)
        with tidied(part):
            if target in there and _meta(target).get("file_id") == _meta(path).get("file_id"):
                written = _brought_up(source, target, version)
            else:
                _check_room(path)
                laid_out_part(part)
                written = _brought_up(source, part, version)
                if written:
                    put_in_place(part, target)
    return target if written else None


def laid_out_part(part: Path) -> None:
    """Make an empty case file."""
    with closing(laid_out(part)) as db:
        db.execute("COMMIT")


def _check_room(path: Path) -> None:
    """Raise where a further copy would leave the disk nearly full: the case file itself comes first."""
    size = path.stat().st_size
    if shutil.disk_usage(path.absolute().parent).free < size + _SPARE_BYTES:
        raise OSError(28, "no room for an earlier generation")


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
    except sqlite3.Error:
        return {}
