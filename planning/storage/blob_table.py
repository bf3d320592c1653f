"""The table of blobs in a case file."""

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from planning.storage.blobs import Packed, packed, unpacked
from planning.storage.database import MALFORMED
from planning.storage.manifest import Content

_WORKERS: Final = 2
_SMALL_BYTES: Final = 1 << 16
_ROOM_SHARE: Final = 0.1


class BlobTable:
    """Blobs by name. Writing happens inside the caller's transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def stored(self) -> dict[str, int]:
        """Return how many bytes each blob takes in the file."""
        return dict(self._db.execute("SELECT name, stored FROM blob"))

    def packed(self, name: str) -> Packed | None:
        """Return a blob as the file holds it; None where it is missing or its pages are damaged."""
        try:
            row = self._db.execute("SELECT size, planes, body FROM blob WHERE name = ?", (name,)).fetchone()
        except MALFORMED:
            return None
        kinds = (int, int, bytes)
        if row is None or not all(isinstance(cell, kind) for cell, kind in zip(row, kinds, strict=True)):
            return None
        return Packed(*row)

    def content(self, name: str) -> bytes | None:
        """Return a blob's verified content, or None."""
        blob = self.packed(name)
        return None if blob is None else unpacked(name, blob)

    def add(self, blobs: Mapping[str, Content]) -> None:
        """Write the blobs that are not there yet; packing runs beside writing."""
        there = self.stored()
        missing = [(name, content) for name, content in blobs.items() if name not in there]
        for name, blob in _all_packed(missing):
            row = (name, len(blob.body), blob.size, blob.planes, blob.body)
            self._db.execute("INSERT INTO blob VALUES (?, ?, ?, ?, ?)", row)

    def keep_only(self, names: set[str]) -> None:
        """Delete every other blob."""
        gone = [(name, stored) for name, stored in self.stored().items() if name not in names]
        self._db.executemany("DELETE FROM blob WHERE name = ? AND stored = ?", gone)

    def give_back_room(self) -> None:
        """Shrink the file once a tenth of it is free; where the disk refuses, the room is used again.

        What was saved before is on disk already, so nothing here may fail.
        """
        try:
            free, pages = (
                int(self._db.execute(f"PRAGMA {what}").fetchone()[0])
                for what in ("freelist_count", "page_count")
            )
            if free > max(_ROOM_SHARE * pages, 16):
                self._db.execute("PRAGMA incremental_vacuum").fetchall()
        except sqlite3.OperationalError:
            return


def _all_packed(missing: Iterable[tuple[str, Content]]) -> Iterator[tuple[str, Packed]]:
    """Yield the blobs packed, in order, with few of them in memory at a time."""
    waiting: deque[tuple[str, Future[Packed]]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        for name, content in missing:
            if len(content.data) <= _SMALL_BYTES:
                yield name, packed(content.data, content.planes)
                continue
            waiting.append((name, pool.submit(packed, content.data, content.planes)))
            if len(waiting) > 2 * _WORKERS:
                first, job = waiting.popleft()
                yield first, job.result()
        for name, job in waiting:
            yield name, job.result()
