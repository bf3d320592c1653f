"""Versions and record lines in words, for the history dialog."""

from datetime import datetime
from typing import Final

from planning.storage.notary import SealState
from planning.storage.record import APPROVAL, EXPORT, VOID, WITHDRAWAL, Line, Record
from planning.storage.versions import Version
from planning.texts import about, mark, tr
from widgets.history_dialog import RecordRow, VersionRow

_WHAT: Final = {
    APPROVAL: mark("approved"),
    WITHDRAWAL: mark("approval withdrawn"),
    VOID: mark("changed after approval"),
    EXPORT: mark("exported"),
}
_SEALS: Final = {
    SealState.NONE: mark("– none"),
    SealState.OURS: mark("✓ this workstation"),
    SealState.FOREIGN: mark("? another workstation"),
    SealState.BROKEN: mark("✕ does not hold"),
}


def version_rows(versions: tuple[Version, ...], record: Record) -> tuple[VersionRow, ...]:
    """Return the versions as the dialog lists them."""
    approved = {line.case_digest for line in record.lines if line.what == APPROVAL}
    return tuple(
        VersionRow(v.number, v.label, _time(v.at), v.by, v.program, v.kept, v.manifest in approved)
        for v in versions
    )


def record_rows(record: Record) -> tuple[RecordRow, ...]:
    """Return the lines of the record as the dialog lists them."""
    return tuple(_row(line) for line in record.lines)


def record_sentence(record: Record) -> str:
    """Say whether the record holds."""
    if not record.lines:
        return tr("Nothing was approved or exported yet.")
    count = record.lines[-1].number
    return tr(
        "Lines: {count}, each chained to the one before. Nothing was altered or taken out.", count=count
    )


def _row(line: Line) -> RecordRow:
    what = tr(_WHAT[line.what]) if line.what in _WHAT else line.what
    detail = about(line.plan, line.detail) if line.plan else line.detail
    broken = line.seal is SealState.BROKEN
    return RecordRow(line.number, _time(line.at), line.by, what, detail, tr(_SEALS[line.seal]), broken)


def _time(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
