"""The record and the approvals of one open case file, as this workstation can vouch for them."""

import sqlite3
from collections.abc import Iterable, Sequence
from secrets import token_hex

from planning.model.case import Case
from planning.storage.approvals import approvals_in, voids
from planning.storage.database import MALFORMED
from planning.storage.manifest import Encoder
from planning.storage.notary import Notary, Seen
from planning.storage.record import (
    APPROVAL,
    WITHDRAWAL,
    Entry,
    Line,
    Record,
    add_line,
    end_of,
    holds,
    record_in,
)
from planning.texts import tr


class Ledger:
    """Reads the record once, follows what is added, and remembers on this workstation how far it goes.

    Attributes
    ----------
    approvals : tuple of Approval
        The last approval of every plan that nobody has withdrawn; voided ones say so.
    tampering : str
        What shows that the file was altered by another hand; empty where nothing does.
    """

    def __init__(self, db: sqlite3.Connection, notary: Notary | None) -> None:
        self._db, self._notary = db, notary
        self._file_id = _file_id(db)
        self._decided = False
        record = self.record()
        self.approvals = approvals_in(record)
        self.tampering = self._tampering(record)
        self._end = self._end_now()
        self._remember()

    def record(self) -> Record:
        """Return what was approved and exported, and whether the record is whole."""
        try:
            return record_in(self._db, self._notary)
        except MALFORMED:  # its pages are damaged
            return Record((), is_whole=False)

    def add(self, entries: Iterable[Entry], digest: str) -> list[Line]:
        """Add lines, inside the caller's transaction; call `settle` once it is committed."""
        lines = [add_line(self._db, entry, case_digest=digest, notary=self._notary) for entry in entries]
        self._decided |= any(line.what in (APPROVAL, WITHDRAWAL) for line in lines)
        return lines

    def add_with_voids(
        self, entries: Sequence[Entry], case: Case, encoder: Encoder, digest: str, by: str
    ) -> None:
        """Add lines, and one for every approval that does not hold for `case` any more."""
        anew = {entry.plan for entry in entries if entry.what == APPROVAL}
        others = [a for a in self.approvals if a.plan not in anew]
        self.add([*voids(others, case, encoder, by), *entries], digest)

    def settle(self) -> None:
        """Follow what a committed transaction added."""
        end = self._end_now()
        if end == self._end:
            return
        record = record_in(self._db, self._notary, most=0)
        self.approvals, self._end = approvals_in(record), end
        if self._decided and record.is_whole:
            # A person's decision settles that an older copy was opened; a broken chain stays broken.
            self.tampering = ""
        self._decided = False
        self._remember()

    def _end_now(self) -> Seen:
        try:
            return end_of(self._db)
        except MALFORMED:
            return Seen(0, "")

    def _remember(self) -> None:
        if self._notary is not None and not self.tampering:
            self._notary.remember(self._file_id, self._end)

    def _tampering(self, record: Record) -> str:
        if not record.is_whole:
            return tr(
                "The record of this case was altered outside EnBloc: its approvals cannot be trusted. Save "
                "the case under another name to begin a new record."
            )
        seen = self._notary.seen(self._file_id) if self._notary is not None else None
        if seen is not None and not holds(self._db, seen):
            return tr(
                "This file is an older state of the case than this workstation has seen: {seen} lines of its "
                "record were there, now {there}. Look for the newer file; or approve or withdraw anew.",
                seen=seen.lines, there=end_of(self._db).lines,
            )  # fmt: skip
        return ""


def new_file_id() -> str:
    """Return a name for a new case file, random and nobody's."""
    return token_hex(16)


def _file_id(db: sqlite3.Connection) -> str:
    try:
        row = db.execute("SELECT value FROM meta WHERE key = 'file_id'").fetchone()
    except MALFORMED:  # its pages are damaged
        return ""
    return row[0] if row is not None and isinstance(row[0], str) else ""
