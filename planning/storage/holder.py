"""Who may write a case file: one program at a time, named to everyone else."""

import getpass
import json
import os
import socket
import sqlite3
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Final

from planning.errors import CaseFileProblem
from planning.texts import mark

STALE_AFTER: Final = timedelta(minutes=5)
"""A holder silent for so long has lost the file; `CaseFile.beat` and every save are signs of life."""


@dataclass(frozen=True)
class Holder:
    """The one program that may write.

    Parameters
    ----------
    token : str
        Random, one per opening.
    person, host : str
    process : int
    since, beat : datetime
        UTC; `beat` is the last sign of life.
    """

    token: str
    person: str
    host: str
    process: int
    since: datetime
    beat: datetime

    def is_stale(self, at: datetime) -> bool:
        """Whether the holder is gone: its process has ended here, or it has been silent too long.

        A clock set back makes the last sign of life lie in the future; that is no silence.
        """
        if self.host == socket.gethostname() and not is_alive(self.process):
            return True
        return at - self.beat > STALE_AFTER


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def this_program() -> Holder:
    """Return this program as a holder, from now on."""
    start = now()
    return Holder(token_hex(8), _person(), socket.gethostname(), os.getpid(), start, start)


def holder_in(db: sqlite3.Connection) -> Holder | None:
    """Return who holds the file, or None; an unreadable entry holds nothing."""
    row = db.execute("SELECT body FROM holder").fetchone()
    if row is None:
        return None
    try:
        fields = json.loads(row[0])
        since, beat = (datetime.fromisoformat(fields[key]) for key in ("since", "beat"))
        holder = Holder(fields["token"], fields["person"], fields["host"], fields["process"], since, beat)
    except (ValueError, TypeError, KeyError):
        return None
    whole = all(isinstance(text, str) for text in (holder.token, holder.person, holder.host))
    return holder if whole and isinstance(holder.process, int) and since.tzinfo and beat.tzinfo else None


def write_holder(db: sqlite3.Connection, holder: Holder | None) -> None:
    """Put `holder`, or nobody, into the file, inside the caller's transaction."""
    if holder is None:
        db.execute("DELETE FROM holder")
        return
    body = asdict(holder) | {"since": holder.since.isoformat(), "beat": holder.beat.isoformat()}
    db.execute("INSERT OR REPLACE INTO holder VALUES (1, ?)", (json.dumps(body),))


def taken_over(path: Path, by: Holder | None) -> CaseFileProblem:
    """Return the problem of a file that somebody else has taken over."""
    return CaseFileProblem(
        "TAKEN_OVER",
        mark("{file} was taken over by {person} on {host} meanwhile. Save your work under another name."),
        file=path.name,
        person=by.person if by else "?",
        host=by.host if by else "?",
    )


def _person() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


if sys.platform == "win32":
    import ctypes

    def is_alive(process: int) -> bool:
        """Ask Windows; a process that may not be looked at is alive."""
        still_active, query = 259, 0x1000
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(query, False, process)
        if not handle:
            return bool(kernel.GetLastError() == 5)
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == still_active

else:

    def is_alive(process: int) -> bool:
        """Ask the system; a process of another user is alive."""
        if process <= 0:
            return False
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        except (PermissionError, OverflowError):
            return True
        return True
