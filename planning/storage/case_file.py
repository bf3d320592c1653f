"""A case in one file: versions of the case, each saved whole or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

from planning.errors import CaseFileProblem
from planning.model.case import Case
from planning.storage.blob_table import BlobTable
from planning.storage.damage import Damage
from planning.storage.database import connected, laid_out, transaction, translated
from planning.storage.holder import Holder, holder_in, now, this_program, write_holder
from planning.storage.manifest import Encoded, Encoder
from planning.storage.opening import Opened, opened
from planning.storage.places import check_place, part_of, put_in_place, remove_left_parts, tidied
from planning.storage.reading import ReadCase, Reading
from planning.storage.record import Line, Record, add_line, record_in
from planning.storage.versions import Version, add_version, listed, needed_by, to_drop
from planning.texts import mark


class CaseFile:
    """An open case file. Closed by `close` or at the end of a `with` block; safe to use from any thread.

    Attributes
    ----------
    path : Path
    case : Case
        The newest version that can be read: what was saved last.
    why_read_only : str or None
        Why nothing may be written: damaged, newer, held by another, read-only medium.
    damage : tuple of Damage
        What could not be read; findings of `case` say the same.
    """

    def __init__(self, path: Path, opened_file: Opened) -> None:
        self.path = path
        self.case = opened_file.case
        self.damage: tuple[Damage, ...] = opened_file.damage
        self.why_read_only = opened_file.why_read_only
        self._db = opened_file.db
        self._holder = opened_file.holder
        self._encoder = opened_file.encoder
        self._copy = opened_file.copy
        self._blobs = BlobTable(self._db)
        self._needs: dict[str, set[str]] = {}
        self._mutex = RLock()
        self._closed = False

    @classmethod
    def create(cls, path: Path, case: Case, label: str = "", *, overwrite: bool = False) -> "CaseFile":
        """Write `case` to a new file and keep it open and held.

        The file appears at `path` only when it is complete. With `overwrite`, a case file already there
        is replaced by it; another kind of file, or a case somebody holds, never is.

        Raises
        ------
        CaseFileProblem
            With the disk full, without permission, or where something else is at `path`.
        """
        check_place(path, overwrite=overwrite)
        remove_left_parts(path)
        holder = this_program()
        encoder = Encoder()
        encoded = encoder.encoded(case)
        part = part_of(path)
        with tidied(part), translated(path, encoded.size):
            _write_new(part, encoded, label, holder)
            put_in_place(part, path)
            db = connected(path, read_only=False)
        return cls(path, Opened(db, case, (), None, holder, encoder))

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> "CaseFile":
        """Open a case file.

        A file that is damaged in part, written by a newer program, held by somebody else or on a
        read-only medium opens read-only, and `why_read_only` says so.

        Raises
        ------
        CaseFileProblem
            Where it is no case file, cut short, unreadable or too new to be read.
        """
        return cls(path, opened(path, read_only=read_only))

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written."""
        return self.why_read_only is not None

    def save(self, case: Case, label: str = "", *, keep: bool = False) -> Version:
        """Save a version; when this returns it is on disk and unsaved work is settled.

        Parameters
        ----------
        case : Case
        label : str
            What the version is called.
        keep : bool
            Keep it for good; else the policy of `versions` drops it some day.

        Raises
        ------
        CaseFileProblem
            Nothing has changed in the file then.
        """
        version = self._write(case, label, saved=True, kept=keep)
        self.case = case
        return version

    def autosave(self, case: Case, label: str) -> None:
        """Keep unsaved work in the file, beside the saved versions; only the newest is kept."""
        self._write(case, label, saved=False, kept=False)

    @property
    def unsaved(self) -> Version | None:
        """Work newer than the last save, left by a crash; None where there is none."""
        with self._reading():
            good, _ = listed(self._db)
        return good[0] if good and not good[0].saved else None

    def discard_unsaved(self) -> None:
        """Forget unsaved work, as the user chose."""
        with self._writing(0):
            good, _ = listed(self._db)
            self._drop([v for v in good if not v.saved], good)

    def versions(self) -> tuple[Version, ...]:
        """Saved versions, newest first."""
        with self._reading():
            good, _ = listed(self._db)
        return tuple(v for v in good if v.saved)

    def read(self, version: Version) -> Case:
        """Return the case of a version; raises `CaseFileProblem` where any part of it is damaged."""
        with self._reading():
            found = Reading(self._blobs.packed).read(version.manifest)
        return _whole(found)

    def note(self, what: str, detail: str, *, by: str = "") -> Line:
        """Add a line to the case's record, about the newest saved version.

        Parameters
        ----------
        what : str
            Code of what was done, such as ``export``.
        detail : str
            In words.
        by : str
            Who; the person logged in unless given.

        Raises
        ------
        CaseFileProblem
            Nothing has changed in the file then.
        """
        with self._writing(0) as holder:
            good, _ = listed(self._db)
            digest = next((v.manifest for v in good if v.saved), "")
            return add_line(self._db, what, detail, by=by or holder.person, case_digest=digest)

    def record(self) -> Record:
        """Return what was approved and exported, and whether the record is whole."""
        with self._reading():
            return record_in(self._db)

    def beat(self) -> None:
        """Give a sign of life, so that nobody takes the file over; call it every minute."""
        if self.why_read_only is None:
            with self._writing(0):
                pass

    def close(self) -> None:
        """Give the file back and close it; harmless the second time."""
        with self._mutex:
            if self._closed:
                return
            self._closed = True
            try:
                if self.why_read_only is None:
                    self._give_back()
            finally:
                self._db.close()
                if self._copy is not None:
                    self._copy.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, case: Case, label: str, *, saved: bool, kept: bool) -> Version:
        with self._mutex:
            encoded = self._encoder.encoded(case)
            with self._writing(encoded.size) as holder:
                self._blobs.add(encoded.blobs)
                version = add_version(
                    self._db, encoded.manifest, label, by=holder.person, saved=saved, kept=kept
                )
                self._needs[encoded.manifest] = set(encoded.blobs)
                self._prune()
            self._blobs.give_back_room()
            return version

    def _prune(self) -> None:
        """Let go of versions by the policy and of what none needs; of nothing while one is damaged."""
        good, damaged = listed(self._db)
        for version in good:
            if version.manifest not in self._needs:
                needs = needed_by(version.manifest, self._blobs.content)
                if needs is None:
                    return
                self._needs[version.manifest] = needs
        if not damaged:
            self._drop(to_drop(good, lambda v: self._needs[v.manifest], self._blobs.stored()), good)

    def _drop(self, gone: list[Version], all_versions: list[Version]) -> None:
        if not gone:
            return
        self._db.executemany("DELETE FROM version WHERE number = ?", [(v.number,) for v in gone])
        left = [v for v in all_versions if v not in gone]
        if all(v.manifest in self._needs for v in left):
            needed: set[str] = set().union(*(self._needs[v.manifest] for v in left))
            self._blobs.keep_only(needed)
            self._needs = {manifest: names for manifest, names in self._needs.items() if names <= needed}

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._mutex, translated(self.path):
            self._check_open()
            yield

    @contextmanager
    def _writing(self, needed_bytes: int) -> Iterator[Holder]:
        """Write inside one transaction, after making sure that the file is still ours."""
        with self._mutex:
            self._check_open()
            holder = self._holder
            if self.why_read_only is not None or holder is None:
                raise CaseFileProblem(
                    "READ_ONLY_CASE", mark("{why} Save the case under another name."), why=self.why_read_only
                )
            with translated(self.path, needed_bytes), transaction(self._db):
                present = holder_in(self._db)
                if present is None or present.token != holder.token:
                    raise _taken_over(self.path, present)
                self._holder = replace(holder, beat=now())
                write_holder(self._db, self._holder)
                yield self._holder

    def _give_back(self) -> None:
        try:
            with transaction(self._db):
                present = holder_in(self._db)
                if self._holder is not None and present is not None and present.token == self._holder.token:
                    write_holder(self._db, None)
        except sqlite3.Error:
            # A full or vanished disk: the process ends, so the entry is stale and the next opener takes over.
            return

    def _check_open(self) -> None:
        if self._closed:
            raise CaseFileProblem("CASE_CLOSED", mark("The case file is closed."))


def open_case(path: Path) -> Case:
    """Return what was saved last; raises `CaseFileProblem`, also for a file that is damaged in part."""
    with CaseFile.open(path, read_only=True) as file:
        if file.damage:
            words = " ".join(damage.message for damage in file.damage)
            raise CaseFileProblem(
                "CASE_DAMAGED_IN_PART", mark("{file} is damaged: {damage}"), file=path.name, damage=words
            )
        return file.case


def _write_new(part: Path, encoded: Encoded, label: str, holder: Holder) -> None:
    db = laid_out(part)
    try:
        with transaction(db):
            BlobTable(db).add(encoded.blobs)
            add_version(db, encoded.manifest, label, by=holder.person, saved=True, kept=False)
            write_holder(db, holder)
    finally:
        db.close()


def _whole(found: ReadCase) -> Case:
    if found.damage:
        words = " ".join(damage.message for damage in found.damage)
        raise CaseFileProblem(
            "VERSION_DAMAGED_IN_PART", mark("This version is damaged: {damage}"), damage=words
        )
    return found.case


def _taken_over(path: Path, by: Holder | None) -> CaseFileProblem:
    return CaseFileProblem(
        "TAKEN_OVER",
        mark("{file} was taken over by {person} on {host} meanwhile. Save your work under another name."),
        file=path.name,
        person=by.person if by else "?",
        host=by.host if by else "?",
    )
