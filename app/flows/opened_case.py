"""What opening, recovering or saving a case file gives the window; made on job threads."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.approving import Known, known_of
from app.problem_messages import problem_message
from planning.errors import CaseFileProblem
from planning.geometry.frames import Vec3
from planning.model.case import Case
from planning.storage.case_file import CaseFile
from planning.storage.generations import Generation, generations_of, newer_generation, open_or_earlier
from planning.storage.journal import LeftBehind
from planning.storage.notary import Notary
from planning.storage.versions import Version
from planning.texts import tr
from widgets.message_bar import Message


@dataclass(frozen=True, eq=False)
class OpenedCase:
    """A case with the file it lives in.

    Parameters
    ----------
    case : Case
        As saved.
    file : CaseFile or None
        Held, or read-only; None for a template, which is closed again.
    path : Path or None
        Where it is saved; None where saving must ask.
    known : Known or None
        What the record says of it.
    messages : tuple of Message
        What the user must read.
    work, unsaved : Case and Version, or None
        Work beyond the save, and its entry.
    left : LeftBehind or None
        What it was recovered from.
    newer : Generation or None
        An earlier generation that is newer than the file.
    is_saved, is_template : bool
    spine_lps_mm : Vec3 or None
        Where to look first in a CT without structures.
    """

    case: Case
    file: CaseFile | None
    path: Path | None = None
    known: Known | None = None
    messages: tuple[Message, ...] = ()
    work: Case | None = None
    unsaved: Version | None = None
    left: LeftBehind | None = None
    newer: Generation | None = None
    is_saved: bool = True
    is_template: bool = False
    spine_lps_mm: Vec3 | None = None

    @property
    def saved_at(self) -> datetime:
        """When the file was saved last."""
        versions = self.file.versions() if self.file is not None else ()
        return versions[0].at if versions else datetime.now(UTC)


def take_from_disk(path: Path, notary: Notary | None, *, as_template: bool) -> OpenedCase:
    """Open a case file, or the generation before it where it is damaged; raises `CaseFileProblem`."""
    file, earlier = open_or_earlier(path, read_only=as_template, notary=notary)
    messages = [Message(earlier, "fail")] if earlier else []
    messages += [Message(damage.message, "fail") for damage in file.damage]
    if file.damage:
        messages += [Message(words_for(found), "warn") for found in generations_of(path)[:1]]
    if file.tampering:
        messages.append(
            Message(file.tampering, "fail", "TAMPERED", wording="The file was altered outside EnBloc.")
        )
    if as_template:
        file.close()
        return OpenedCase(file.case, None, messages=tuple(messages), is_template=True)
    if file.why_read_only and not earlier:
        words = tr("{reason} Save as keeps your changes in a copy.", reason=file.why_read_only)
        messages.append(Message(words, "warn"))
    if earlier:  # saved nowhere under its own name
        known = known_of(file, file.case)
        return OpenedCase(file.case, file, None, known, tuple(messages), is_saved=False)
    unsaved, work = file.unsaved if not file.read_only else None, None
    if unsaved is not None:
        try:
            work = file.read(unsaved)
        except CaseFileProblem as problem:
            messages.append(problem_message(problem))
            unsaved = None
    newer = newer_generation(path, file)
    known = known_of(file, file.case)
    return OpenedCase(file.case, file, path, known, tuple(messages), work, unsaved, newer=newer)


def close_file(file: CaseFile | None) -> None:
    """Give a file back, where there is one."""
    if file is not None:
        file.close()


def words_for(found: Generation) -> str:
    """Say that a whole earlier state lies beside a damaged file."""
    at = found.version.at.astimezone().strftime("%Y-%m-%d %H:%M")
    return tr("An earlier state, saved at {at}, lies beside it: {file}.", at=at, file=found.path.name)


def take_left_work(left: LeftBehind, notary: Notary | None) -> OpenedCase:
    """Read work a crash left, and open its own file where that can be written; raises `CaseFileProblem`."""
    work = left.case
    if left.path is not None:
        try:
            file = CaseFile.open(left.path, notary=notary)
        except CaseFileProblem:
            return OpenedCase(work, None, left=left, is_saved=False)
        if not file.read_only:
            return OpenedCase(file.case, file, left.path, known_of(file, file.case), work=work, left=left)
        file.close()
    return OpenedCase(work, None, left=left, is_saved=False)


def saved_elsewhere(
    case: Case,
    path: Path,
    present: CaseFile | None,
    book: CaseFile | None,
    notary: Notary | None,
    label: str,
    limits: dict[str, str],
) -> OpenedCase:
    """Save a case to a place the user chose, with the record and versions it had; raises `CaseFileProblem`.

    Parameters
    ----------
    present : CaseFile or None
        The case's open file.
    book : CaseFile or None
        Where its record was kept until now.
    """
    if present is not None and present.path == path and not present.read_only:
        file = present
    else:
        kept = book.kept(versions=book is present) if book is not None else None
        file = CaseFile.create(path, case, label, overwrite=True, kept=kept, limits=limits, notary=notary)
        known = known_of(file, case)
        if not label and not any(known.changed.values()):
            return OpenedCase(case, file, path, known)
    # Names the version, and enters that an approval does not hold any more.
    file.save(case, label, keep=bool(label), limits=limits)
    return OpenedCase(case, file, path, known_of(file, case))
