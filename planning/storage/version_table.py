"""The versions in one open case file, and the blobs they need."""

import sqlite3

from planning.storage.blob_table import BlobTable
from planning.storage.versions import Version, listed, needed_by, to_drop


class VersionTable:
    """Lists versions and lets go of what the policy of `versions` does not keep."""

    def __init__(self, db: sqlite3.Connection, blobs: BlobTable) -> None:
        self._db, self._blobs = db, blobs
        self._needs: dict[str, set[str]] = {}

    def all(self) -> list[Version]:
        """Return what can be read, newest first, unsaved work included."""
        return listed(self._db)[0]

    def saved(self) -> tuple[Version, ...]:
        """Return the saved ones, newest first."""
        return tuple(v for v in self.all() if v.saved)

    def newest_digest(self) -> str:
        """Return the name of the newest saved version's manifest; empty where there is none."""
        return next((v.manifest for v in self.all() if v.saved), "")

    def note_needs(self, manifest: str, names: set[str]) -> None:
        """Note what a manifest just written needs, so that it is not read again."""
        self._needs[manifest] = names

    def prune(self) -> None:
        """Let go of versions by the policy and of what none needs; of nothing while one is damaged."""
        good, damaged = listed(self._db)
        for version in good:
            if version.manifest not in self._needs:
                needs = needed_by(version.manifest, self._blobs.content)
                if needs is None:
                    return
                self._needs[version.manifest] = needs
        if not damaged:
            self._drop(to_drop(good, self._needed, self._blobs.stored()), good)

    def drop_unsaved(self) -> None:
        """Let go of unsaved work."""
        good = self.all()
        self._drop([v for v in good if not v.saved], good)

    def _needed(self, version: Version) -> set[str]:
        return self._needs[version.manifest] | ({version.limits} if version.limits else set())

    def _drop(self, gone: list[Version], all_versions: list[Version]) -> None:
        if not gone:
            return
        self._db.executemany("DELETE FROM version WHERE number = ?", [(v.number,) for v in gone])
        left = [v for v in all_versions if v not in gone]
        if all(v.manifest in self._needs for v in left):
            self._blobs.keep_only(set().union(*(self._needed(v) for v in left)))
            there = {v.manifest for v in left}
            self._needs = {manifest: names for manifest, names in self._needs.items() if manifest in there}
