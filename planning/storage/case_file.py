"""A case in one file: versions of the case, each saved whole or not at all."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

from planning.errors import CaseFileProblem
from planning.model.case import Case
from planning.storage.approvals import Approval, content_of
from planning.storage.blob_table import BlobTable
from planning.storage.copying import Kept, put_kept
from planning.storage.damage import Damage
from planning.storage.database import connected, laid_out, transaction, translated
from planning.storage.holder import Holder, holder_in, now, taken_over, this_program, write_holder
from planning.storage.kept_limits import limits_document, limits_in
from planning.storage.ledger import Ledger, new_file_id
from planning.storage.manifest import Encoded, Encoder
from planning.storage.notary import Notary
from planning.storage.opening import Opened, opened
from planning.storage.places import check_place, part_of, put_in_place, remove_left_parts, tidied
from planning.storage.reading import Reading
from planning.storage.record import APPROVAL, WITHDRAWAL, Entry, Line, Record
from planning.storage.version_table import VersionTable
from planning.storage.versions import Version, add_version, put_version
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
    opened_number : int
        Number of the version `case` was when the file was opened.
    """

    def __init__(self, path: Path, opened_file: Opened, notary: Notary | None = None) -> None:
        self.path = path
        self.case = opened_file.case
        self.damage: tuple[Damage, ...] = opened_file.damage
        self.why_read_only = opened_file.why_read_only
        self.opened_number = opened_file.number
        self._db = opened_file.db
        self._holder = opened_file.holder
        self._encoder = opened_file.encoder
        self._copy = opened_file.copy
        self._blobs = BlobTable(self._db)
        self._versions = VersionTable(self._db, self._blobs)
        self._mutex = RLock()
        self._closed = False
        with translated(path):
            self._ledger = Ledger(self._db, notary)

    @classmethod
    def create(
        cls,
        path: Path,
        case: Case,
        label: str = "",
        *,
        overwrite: bool = False,
        kept: Kept | None = None,
        limits: Mapping[str, str] | None = None,
        notary: Notary | None = None,
    ) -> "CaseFile":
        """Write `case` to a new file and keep it open and held.

        The file appears at `path` only when it is complete. With `overwrite`, a case file already there
        is replaced by it; another kind of file, or a case somebody holds, never is. `kept` is what another
        file of this case passes on: its record, and its versions where wanted (`CaseFile.kept`).

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
            _write_new(part, encoded, label, holder, kept, limits)
            put_in_place(part, path)
            db = connected(path, read_only=False)
        return cls(path, Opened(db, case, (), None, holder, encoder), notary)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, notary: Notary | None = None) -> "CaseFile":
        """Open a case file.

        A file that is damaged in part, written by a newer program, held by somebody else or on a
        read-only medium opens read-only, and `why_read_only` says so.

        Raises
        ------
        CaseFileProblem
            Where it is no case file, cut short, unreadable or too new to be read.
        """
        return cls(path, opened(path, read_only=read_only), notary)

    @property
    def read_only(self) -> bool:
        """Whether nothing may be written."""
        return self.why_read_only is not None

    def save(
        self, case: Case, label: str = "", *, keep: bool = False, limits: Mapping[str, str] | None = None
    ) -> Version:
        """Save a version; when this returns it is on disk and unsaved work is settled.

        An approval that no longer holds for `case` is voided by a line of the record in the same step.

        Parameters
        ----------
        case : Case
        label : str
            What the version is called.
        keep : bool
            Keep it for good; else the policy of `versions` drops it some day.
        limits : mapping of str to str
            Limits and tools it was planned under (`kept_limits`), for later comparison.

        Raises
        ------
        CaseFileProblem
            Nothing has changed in the file then.
        """
        return self._write(case, label, saved=True, kept=keep, limits=limits)

    def approve(
        self,
        case: Case,
        by: str,
        label: str,
        settings: str,
        limits: Mapping[str, str] | None = None,
        said: str = "",
    ) -> tuple[Version, Approval]:
        """Save a version for good and enter that `by` approves its active plan, with what was `said`.

        Raises
        ------
        CaseFileProblem
            Without a name, or where two plans share the name; and as `save` does.
        """
        plan = case.plan.name
        if not by.strip():
            raise CaseFileProblem("NO_NAME", mark("Give the name of the person who approves."))
        if sum(p.name == plan for p in case.plans) > 1:
            raise CaseFileProblem(
                "PLAN_NAME",
                mark("Two plans are called {plan}. Give one another name, then approve."),
                plan=plan,
            )
        with self._mutex:
            content = content_of(case, plan, self._encoder)
            entry = Entry(APPROVAL, said, by.strip(), plan, content, settings)
            version = self._write(case, label, saved=True, kept=True, limits=limits, entries=(entry,))
            return version, next(a for a in self.approvals if a.plan == plan)

    def withdraw(self, plan: str, by: str, reason: str) -> None:
        """Enter in the record that `by` withdraws the approval of a plan; raises `CaseFileProblem`."""
        if not by.strip() or not reason.strip():
            raise CaseFileProblem("NO_NAME", mark("Give a name and the reason."))
        with self._writing(0):
            entry = Entry(WITHDRAWAL, reason.strip(), by.strip(), plan)
            self._ledger.add([entry], self._versions.newest_digest())

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """The last approval of every plan that nobody has withdrawn; voided ones say so."""
        return self._ledger.approvals

    @property
    def tampering(self) -> str:
        """What shows that the file was altered by another hand or put back to an older state, in words."""
        return self._ledger.tampering

    def changed_since(self, approval: Approval, case: Case) -> tuple[str, ...]:
        """Return the parts in which `case` differs from what was approved; takes a while for new images."""
        with self._mutex:
            return approval.changed_from(content_of(case, approval.plan, self._encoder))

    def autosave(self, case: Case, label: str) -> None:
        """Keep unsaved work in the file, beside the saved versions; only the newest is kept."""
        self._write(case, label, saved=False, kept=False)

    @property
    def unsaved(self) -> Version | None:
        """Work newer than the last save, left by a crash; None where there is none."""
        with self._reading():
            good = self._versions.all()
        return good[0] if good and not good[0].saved else None

    def discard_unsaved(self) -> None:
        """Forget unsaved work, as the user chose."""
        with self._writing(0):
            self._versions.drop_unsaved()

    def versions(self) -> tuple[Version, ...]:
        """Saved versions, newest first."""
        with self._reading():
            return self._versions.saved()

    def read(self, version: Version) -> Case:
        """Return the case of a version; raises `CaseFileProblem` where any part of it is damaged."""
        with self._reading():
            found = Reading(self._blobs.packed, self._encoder).read(version.manifest)
            found.remembered_by(self._encoder)
        return found.whole()

    def limits_of(self, version: Version) -> dict[str, str] | None:
        """Return the limits and tools a version was planned under; None where they were not kept."""
        with self._reading():
            return limits_in(self._blobs.content(version.limits)) if version.limits else None

    def name_version(self, version: Version, label: str) -> Version:
        """Give a saved version a name and keep it for good; raises `CaseFileProblem`."""
        named = replace(version, label=label, kept=True)
        with self._writing(0):
            if version.number not in [v.number for v in self._versions.saved()]:
                raise CaseFileProblem("NO_VERSION", mark("This version is not in the case file any more."))
            put_version(self._db, named)
        return named

    def kept(self, *, versions: bool) -> Kept:
        """Return what a new file of this case takes over; nothing of a file that was tampered with."""
        with self._reading():
            saved = self._versions.saved() if versions and not self.damage else ()
            return Kept(self._db, self._mutex, saved, with_record=not self.tampering)

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
            entry = Entry(what, detail, by or holder.person)
            return self._ledger.add([entry], self._versions.newest_digest())[-1]

    def record(self) -> Record:
        """Return what was approved and exported, and whether the record is whole."""
        with self._reading():
            return self._ledger.record()

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

    def _write(
        self,
        case: Case,
        label: str,
        *,
        saved: bool,
        kept: bool,
        limits: Mapping[str, str] | None = None,
        entries: tuple[Entry, ...] = (),
    ) -> Version:
        with self._mutex:
            encoded = self._encoder.encoded(case)
            name, extra = limits_document(limits)
            with self._writing(encoded.size) as holder:
                self._blobs.add({**encoded.blobs, **extra})
                version = add_version(
                    self._db, encoded.manifest, label, by=holder.person, saved=saved, kept=kept, limits=name
                )
                self._versions.note_needs(encoded.manifest, set(encoded.blobs))
                if saved:
                    self._ledger.add_with_voids(entries, case, self._encoder, encoded.manifest, holder.person)
                self._versions.prune()
            self._blobs.give_back_room()
            self.case = case if saved else self.case
            return version

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
                    raise taken_over(self.path, present)
                self._holder = replace(holder, beat=now())
                write_holder(self._db, self._holder)
                yield self._holder
            self._ledger.settle()

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


def _write_new(
    part: Path,
    encoded: Encoded,
    label: str,
    holder: Holder,
    kept: Kept | None,
    limits: Mapping[str, str] | None,
) -> None:
    name, extra = limits_document(limits)
    db = laid_out(part)
    try:
        with transaction(db):
            db.execute("INSERT INTO meta VALUES ('file_id', ?)", (new_file_id(),))
            if kept is not None:
                put_kept(db, kept)
            BlobTable(db).add({**encoded.blobs, **extra})
            add_version(db, encoded.manifest, label, by=holder.person, saved=True, kept=False, limits=name)
            write_holder(db, holder)
    finally:
        db.close()
