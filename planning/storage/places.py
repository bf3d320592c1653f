"""Putting a finished case file where it belongs, and clearing away what a crash left."""

import hashlib
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from planning.errors import CaseFileProblem
from planning.storage.database import MALFORMED, check_is_case, connected, translated
from planning.storage.holder import holder_in, is_alive, now
from planning.texts import mark

_PART: Final = re.compile(r"\.(?P<mark>[0-9a-f]{8}-\d+)\.part(-journal)?")
_MARK: Final = re.compile(r"(?P<host>[0-9a-f]{8})-(?P<process>\d+)")


def check_place(path: Path, *, overwrite: bool) -> None:
    """Raise `CaseFileProblem` where a case may not be written at `path`."""
    with translated(path):
        if not path.absolute().parent.is_dir():
            raise CaseFileProblem("NO_FOLDER", mark("The folder for {file} does not exist."), file=path.name)
        if not (path.exists() or path.is_symlink()):
            return
    if not overwrite:
        raise CaseFileProblem(
            "FILE_EXISTS", mark("There already is a file {file}. Choose another name."), file=path.name
        )
    _check_is_ours(path)
    _check_not_held(path)
    # Once more, now that an interrupted save is rolled back and the file says what it is.
    _check_is_ours(path)


def _check_is_ours(path: Path) -> None:
    try:
        check_is_case(path)
    except CaseFileProblem as problem:
        raise CaseFileProblem(
            "NOT_REPLACED",
            mark("{file} is not an EnBloc case file, so it is not replaced. Choose another name."),
            file=path.name,
        ) from problem


def _check_not_held(path: Path) -> None:
    """Raise where somebody holds the case at `path`; its interrupted save, if any, is rolled back."""
    with translated(path):
        db = connected(path, read_only=False)
        try:
            holder = holder_in(db)
        except MALFORMED:  # damaged beyond reading: nobody works on it
            return
        finally:
            db.close()
    if holder is not None and not holder.is_stale(now()):
        raise CaseFileProblem(
            "CASE_HELD",
            mark("{file} is open on {host} ({person}), so it is not replaced. Choose another name."),
            file=path.name, host=holder.host, person=holder.person,
        )  # fmt: skip


def part_of(path: Path) -> Path:
    """Return where a case file is built before it appears at `path`; its name says who builds it."""
    return path.with_name(f"{path.name}.{this_process()}.part")


def this_process() -> str:
    """Return what marks a half-built thing as this process's, for `has_ended`."""
    return f"{_host()}-{os.getpid()}"


def has_ended(mark_: str) -> bool:
    """Say whether the process that set this mark ran on this computer and has ended."""
    found = _MARK.fullmatch(mark_)
    return found is not None and found["host"] == _host() and not is_alive(int(found["process"]))


@contextmanager
def tidied(part: Path) -> Iterator[None]:
    """Remove a half-built file afterwards, where it has not been put in place."""
    try:
        yield
    finally:
        _remove(part)


def put_in_place(part: Path, path: Path) -> None:
    """Let a finished file appear at `path` in one step that survives a power cut."""
    # An old rollback journal would be played back into the new file.
    _journal_of(path).unlink(missing_ok=True)
    part.replace(path)
    if sys.platform != "win32":
        folder = os.open(path.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def remove_left_parts(path: Path) -> None:
    """Remove half-built files beside `path` whose process has ended on this computer."""
    try:
        beside = [
            entry for entry in path.absolute().parent.iterdir() if entry.name.startswith(path.name + ".")
        ]
    except OSError:  # a folder that may not be listed holds nothing of ours
        return
    for entry in beside:
        match = _PART.fullmatch(entry.name[len(path.name) :])
        if match and has_ended(match["mark"]):
            _remove(entry)


def _remove(part: Path) -> None:
    for leftover in (part, _journal_of(part)):
        try:
            leftover.unlink(missing_ok=True)
        except OSError:  # on a medium that refuses, it stays until the next opening
            continue


def _journal_of(path: Path) -> Path:
    return path.with_name(path.name + "-journal")


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode("utf-8", "replace")).hexdigest()[:8]
