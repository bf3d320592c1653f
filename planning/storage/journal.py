"""Unsaved work, durable after every gesture, and found again after a crash.

A case that has a file keeps its unsaved work in that file, as a version that is not yet saved. A case
that has none, or one that cannot be written, lives as a case file of its own in the user's private
folder. Either way nothing is replayed: what comes back is the exact case. An *entry* in that folder
says which process was working on what.
"""

import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from planning.errors import CaseFileProblem
from planning.model.case import Case
from planning.model.study import Patient
from planning.storage.case_file import CaseFile
from planning.storage.database import translated
from planning.storage.holder import is_alive
from planning.storage.notary import Notary
from planning.storage.opening import patient_in, versions_in
from planning.storage.places import remove_left_parts
from planning.storage.versions import Version
from planning.texts import mark, tr

_ENTRY = ".entry.json"
_COPY = ".enbloc"


class WorkingCopy:
    """Keeps the unsaved work on one open case; settled when it is saved or given up.

    Parameters
    ----------
    folder : Path
        The user's private folder; made with mode 0700 where missing.
    case : Case
    file : CaseFile or None
        The case's open file. Without one, or where it is read-only, a private copy is made at once.
    notary : Notary or None
        Seals what is noted in the record of a private copy.
    """

    def __init__(
        self, folder: Path, case: Case, file: CaseFile | None = None, notary: Notary | None = None
    ) -> None:
        self._folder, self._token, self._notary = folder, token_hex(8), notary
        self._file = file if file is not None and not file.read_only else None
        self._copy: CaseFile | None = None
        of = None if file is None else file.path
        with translated(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            _write_entry(folder / (self._token + _ENTRY), of)
        if self._file is None:
            self._make_copy(case, "")

    def record(self, case: Case, label: str) -> None:
        """Keep `case`; when this returns it survives a crash. `label` names the gesture.

        Where the case's own file does not take it (a full disk, a lost share), the private folder does.

        Raises
        ------
        CaseFileProblem
            Only where the private folder cannot take it either.
        """
        if self._copy is None and self._file is not None:
            try:
                self._file.autosave(case, label)
            except CaseFileProblem:
                self._make_copy(case, label)
            return
        if self._copy is not None:
            self._copy.autosave(case, label)

    @property
    def copy(self) -> CaseFile | None:
        """The private copy, which keeps the record of a case that has no file; None where there is none."""
        return self._copy

    def rest(self) -> None:
        """Forget what was kept, because it was saved or undone; later work is kept again."""
        for file in (self._file, self._copy):
            with suppress(CaseFileProblem):  # a file that is gone or full keeps nothing that matters
                if file is not None and file.unsaved is not None:
                    file.discard_unsaved()

    def settle(self) -> None:
        """Forget the work for good: it is saved, or the user gave it up."""
        self.rest()
        if self._copy is not None:
            self._copy.close()
        _remove(self._folder, self._token)

    def _make_copy(self, case: Case, label: str) -> None:
        path = self._folder / (self._token + _COPY)
        self._copy = CaseFile.create(path, case, label, notary=self._notary)


@dataclass(frozen=True)
class LeftBehind:
    """Work that a crash left; the case itself is read on demand.

    Parameters
    ----------
    label : str
        The last gesture.
    at : datetime
        UTC.
    path : Path or None
        The case's own file, where it has one.
    patient : Patient or None
        Whose case it is; None where that cannot be read.
    """

    label: str
    at: datetime
    path: Path | None
    _folder: Path
    _token: str
    patient: Patient | None = None

    @property
    def in_own_file(self) -> bool:
        """Whether it lies in the case's own file, and not in a private copy."""
        return not self._copy.exists()

    @property
    def case(self) -> Case:
        """The case exactly as it was after the last gesture; raises `CaseFileProblem`."""
        with CaseFile.open(self._place, read_only=True) as file:
            version = _unsettled(file.unsaved, file.versions())
            if version is None:
                raise CaseFileProblem("NO_WORK", mark("This unsaved work is not there any more."))
            return file.read(version)

    @property
    def _copy(self) -> Path:
        return self._folder / (self._token + _COPY)

    @property
    def _place(self) -> Path:
        return self.path if self.path is not None and self.in_own_file else self._copy

    @property
    def message(self) -> str:
        """What is offered, in words."""
        at = self.at.astimezone().strftime("%Y-%m-%d %H:%M")
        if self.path is None:
            return tr(
                "A case that was never saved, as it was at {at} after: {label}", at=at, label=self.label
            )
        return tr("{file}, as it was at {at} after: {label}", file=self.path.name, at=at, label=self.label)

    def discard(self) -> None:
        """Forget this work; call it when it is open again and kept by a new `WorkingCopy`, or not wanted."""
        if self.in_own_file and self.path is not None:
            with (
                suppress(CaseFileProblem),
                CaseFile.open(self.path) as file,
            ):  # held by another: theirs to keep
                if not file.read_only and file.unsaved is not None and file.unsaved.at == self.at:
                    file.discard_unsaved()
        _remove(self._folder, self._token)


def left_behind(folder: Path) -> tuple[tuple[LeftBehind, ...], tuple[CaseFileProblem, ...]]:
    """Return the work of programs that ended without settling it, newest first, and what could not be read.

    Entries with nothing unsaved are cleared away. Work that cannot be read stays where it is.
    """
    found, problems = [], []
    for token in _tokens(folder):
        host, process, of = _read_entry(folder / (token + _ENTRY))
        if host == socket.gethostname() and is_alive(process):
            continue
        remove_left_parts(folder / (token + _COPY))
        try:
            work = _work(folder, token, of)
        except CaseFileProblem as problem:
            problems.append(problem)
            continue
        if work is None:
            _remove(folder, token)
        else:
            found.append(work)
    return tuple(sorted(found, key=lambda work: work.at, reverse=True)), tuple(problems)


def _tokens(folder: Path) -> list[str]:
    """Return the tokens of all entries, and of copies whose entry is gone."""
    if not folder.is_dir():
        return []
    names = [entry.name for entry in folder.iterdir()]
    return sorted({name.removesuffix(end) for end in (_ENTRY, _COPY) for name in names if name.endswith(end)})


def _work(folder: Path, token: str, of: Path | None) -> LeftBehind | None:
    """Return what one entry stands for; None where nothing is unsaved. Raises `CaseFileProblem`."""
    copy = folder / (token + _COPY)
    path = copy if copy.exists() else of
    if path is None:
        return None
    found = versions_in(path)
    newest = found[0] if found and not found[0].saved else None
    if newest is None and path == copy:
        newest = _unsettled(None, found)
        if newest is not None and of is not None and not newest.label:
            return None  # a file that was only looked at
    if newest is None:
        return None
    return LeftBehind(newest.label, newest.at, of, folder, token, patient_in(path, newest))


def _unsettled(unsaved: Version | None, saved: tuple[Version, ...]) -> Version | None:
    """Return the newest work in a file: unsaved, or what a private copy began with."""
    return unsaved or (saved[0] if saved else None)


def _write_entry(path: Path, of: Path | None) -> None:
    entry = {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "file": None if of is None else str(of.absolute()),
    }
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump(entry, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _read_entry(path: Path) -> tuple[str, int, Path | None]:
    """Return host, process and case file of an entry; an unreadable one belongs to nobody."""
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        host, process, of = fields["host"], fields["process"], fields["file"]
    except (OSError, ValueError, KeyError, TypeError):
        return "", 0, None
    if not isinstance(host, str) or not isinstance(process, int) or not isinstance(of, str | None):
        return "", 0, None
    return host, process, None if of is None else Path(of)


def _remove(folder: Path, token: str) -> None:
    for suffix in (_ENTRY, _COPY, _COPY + "-journal"):
        with suppress(OSError):  # what a medium does not let go now is cleared at the next start
            (folder / (token + suffix)).unlink(missing_ok=True)
