"""A simulated disk under SQLite: power cuts, a disk that lies about what it wrote, errors at any call.

After SQLite's own crash tests: a file system layer (package ``apsw``) counts calls. At a chosen write the
power fails: every 512-byte sector written since the last sync survives, vanishes or is torn, each by
itself, and deleted files come back. A *lying* disk ignores syncs: it holds back whatever was written
since the last save and its earlier generation were finished.
"""

import importlib
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planning.errors import CaseFileProblem
from planning.storage import case_file, database, generations, holder, opening
from planning.storage.case_file import CaseFile
from planning.storage.generations import generations_of, keep_generation, newer_generation, open_or_earlier
from tests.storage.test_crash import count_in, count_in_file, counted_further

apsw: Any = importlib.import_module("apsw")
SECTOR = 512
_RAM = Path("/dev/shm")


class Disk:
    """What was written and may still be lost, and when the power fails or a call does."""

    def __init__(self) -> None:
        self.held: dict[str, dict[int, bytes]] = {}
        self.deleted: dict[str, bytes] = {}
        self.writes, self.cut_at, self.dead = 0, sys.maxsize, False
        self.calls, self.fail_at, self.failure = 0, 0, ""
        self.lies = False

    def call(self) -> None:
        """Count a call; fail where it is its turn, or once the power is off."""
        if self.dead:
            raise apsw.IOError("no power")
        self.calls += 1
        if self.calls == self.fail_at and self.failure != "short write":
            raise {"full": apsw.FullError, "permission": apsw.ReadOnlyError}.get(self.failure, apsw.IOError)(
                ""
            )

    def remember(self, path: str, start: int, size: int) -> None:
        """Keep what sectors held before they are written the first time."""
        before = self.held.setdefault(path, {})
        with Path(path).open("rb") as file:
            for sector in range(start - start % SECTOR, start + size, SECTOR):
                if sector not in before:
                    file.seek(sector)
                    before[sector] = file.read(SECTOR)

    def synced(self, path: str) -> None:
        """Make a file's sectors last, unless the disk lies."""
        if not self.lies:
            self.held.pop(path, None)

    def finished(self) -> None:
        """Let a lying disk write out what it held back, now that a save is finished."""
        if self.lies:
            self.held, self.deleted = {}, {}

    def lose(self, rng: random.Random) -> None:
        """Let sectors survive, vanish or tear, and deletions be undone."""
        for name, content in self.deleted.items():
            if rng.random() < 0.5:
                Path(name).write_bytes(content)
        for name, sectors in self.held.items():
            if Path(name).exists():
                _spoil(Path(name), sectors, rng)


def _spoil(path: Path, sectors: dict[int, bytes], rng: random.Random) -> None:
    with path.open("r+b") as file:
        for start, before in sectors.items():
            fate = rng.random()
            file.seek(start)
            if fate < 0.4:
                file.write(before.ljust(SECTOR, b"\0"))
            elif fate < 0.5:
                file.write(rng.randbytes(rng.randrange(1, SECTOR)))


DISK = Disk()


class FailingFile(apsw.VFSFile):  # type: ignore[misc]
    """A file on the disk."""

    def __init__(self, name: Any, flags: Any) -> None:
        super().__init__("", name, flags)
        self.path = name.filename() if hasattr(name, "filename") else str(name)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 -- apsw's names
        """Read."""
        DISK.call()
        return bytes(super().xRead(amount, offset))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        """Write, unless the power fails now; then part of this write still gets through."""
        DISK.call()
        DISK.writes += 1
        DISK.remember(self.path, offset, len(data))
        if DISK.calls == DISK.fail_at:  # a short write
            super().xWrite(data[: len(data) // 2], offset)
            raise apsw.IOError("short write")
        super().xWrite(data, offset)
        if DISK.writes >= DISK.cut_at:
            DISK.dead = True
            raise apsw.IOError("no power")

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Make what was written last."""
        DISK.call()
        super().xSync(flags)
        DISK.synced(self.path)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        """Shorten."""
        DISK.call()
        there = Path(self.path).stat().st_size
        if DISK.lies and there > size:
            DISK.remember(self.path, size, there - size)
        super().xTruncate(size)


class FailingSystem(apsw.VFS):  # type: ignore[misc]
    """Opens files on the disk."""

    def __init__(self) -> None:
        super().__init__("failing-disk", "")

    def xOpen(self, name: Any, flags: Any) -> FailingFile:  # noqa: N802
        """Open."""
        DISK.call()
        return FailingFile(name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802
        """Delete; without a synced folder the file may come back."""
        DISK.call()
        if (DISK.lies or not sync_folder) and Path(name).exists():
            DISK.deleted[name] = Path(name).read_bytes()
        super().xDelete(name, sync_folder)
        DISK.held.pop(name, None)


SYSTEM = FailingSystem()


class FailingConnection:
    """The part of `sqlite3.Connection` that the case file uses, on the failing disk."""

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs="failing-disk")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._db.in_transaction)

    def execute(self, sql: str, values: Any = ()) -> Any:
        """Run one statement."""
        try:
            return self._db.execute(sql, values)
        except apsw.Error as error:
            raised = sqlite3.OperationalError(str(error))
            raised.sqlite_errorcode = getattr(error, "extendedresult", getattr(error, "result", 1))
            raise raised from error

    def executemany(self, sql: str, rows: Any) -> Any:
        """Run a statement for every row."""
        for row in list(rows):
            self.execute(sql, row)

    def close(self) -> None:
        """Drop the file as a dead computer does."""
        self._db.close(True)


def connected(path: Path, *, read_only: bool) -> FailingConnection:
    """Connect as `planning.storage.database.connected` does."""
    del read_only
    db = FailingConnection(path)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "synchronous=EXTRA", "journal_mode=DELETE"):
        db.execute(f"PRAGMA {pragma}")
    return db


@contextmanager
def on_failing_disk(disk: Disk) -> Iterator[None]:
    """Let the case file and its generations lie on the simulated disk."""
    global DISK  # noqa: PLW0603 -- SQLite asks the layer, which must know its disk
    DISK = disk
    with ExitStack() as stack:
        for module in (database, opening, case_file, generations):
            stack.enter_context(replaced(module, "connected", connected))
        yield


@contextmanager
def replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    """Put `value` in the place of something of a module for a while."""
    plain = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, plain)


@dataclass(frozen=True)
class Cut:
    """What became of a case after one power cut.

    Parameters
    ----------
    saves : int
        Acknowledged saves and autosaves.
    itself : str
        The case file alone: ``whole``, ``lost`` (an acknowledged save), ``damaged``.
    offered : str
        What the program offers, earlier generations included: ``whole``, ``one save older``, ``lost``.
    told : bool
        Whether the user is told, where something is not whole.
    """

    saves: int
    itself: str
    offered: str
    told: bool


def cut_power(seed: int, whole: Path, *, lies: bool = False, synchronous: str = "EXTRA") -> Cut:
    """Copy a counting case with its generations, save until the power is cut, and look at what is left."""
    rng, disk = random.Random(seed), Disk()
    disk.lies = lies
    with tempfile.TemporaryDirectory(dir=_RAM if _RAM.is_dir() else None) as folder:
        path = Path(folder) / whole.name
        for part in whole.parent.glob(f"{whole.name}*"):
            shutil.copyfile(part, path.with_name(part.name))
        saved, kept = _save_until_cut(path, disk, rng, synchronous)
        disk.lose(rng)
        with replaced(holder, "is_alive", lambda _process: False):  # the computer has restarted
            itself = _state_of_file(path, max([*saved, *kept], default=0))
            offered, told = _offer(path, saved)
        return Cut(len(saved) + len(kept), itself, offered, told)


def _save_until_cut(
    path: Path, disk: Disk, rng: random.Random, synchronous: str
) -> tuple[list[int], list[int]]:
    """Return the acknowledged saves and autosaves, by the number each holds."""
    saved: list[int] = []
    kept: list[int] = []
    with on_failing_disk(disk):
        file = CaseFile.open(path)
        file._db.execute(f"PRAGMA synchronous={synchronous}")
        disk.cut_at = disk.writes + rng.randrange(1, 300)
        case = file.case
        try:
            while True:
                case = counted_further(case)
                if rng.random() < 0.5:
                    file.save(case, "save")
                    saved.append(count_in(case))
                    keep_generation(path, apart_s=0.0)
                    disk.finished()
                else:
                    file.autosave(case, "autosave")
                    kept.append(count_in(case))
        except CaseFileProblem:
            file.close()
    return saved, kept


def _state_of_file(path: Path, acknowledged: int) -> str:
    try:
        return "lost" if count_in_file(path) < acknowledged else "whole"
    except (CaseFileProblem, AssertionError):
        return "damaged"


def _offer(path: Path, saved: list[int]) -> tuple[str, bool]:
    """Return what the program offers, and whether it says that something is wrong."""
    try:
        file, words = open_or_earlier(path, read_only=True)
    except CaseFileProblem:
        return "lost", True
    with file:
        newer = newer_generation(path, file) if not words else None
        told = bool(words or newer is not None or file.damage or not _unsaved_reads(file))
        number = _number_in(file)
        if newer is not None:
            with CaseFile.open(newer.path, read_only=True) as later:
                number = max(number, _number_in(later))
    newest, before = (saved[-1] if saved else 0), (saved[-2] if len(saved) > 1 else 0)
    if number >= newest:
        return "whole", told
    return ("one save older" if number >= before else "lost"), told


def _unsaved_reads(file: CaseFile) -> bool:
    """Return whether unsaved work in the file is whole; the window says so where it is not."""
    try:
        return file.unsaved is None or bool(file.read(file.unsaved))
    except CaseFileProblem:
        return False


def _number_in(file: CaseFile) -> int:
    try:
        return -1 if file.damage else count_in(file.case)
    except AssertionError:
        return -1


def with_generations(path: Path) -> Path:
    """Bring both earlier generations of a new counting case into place; return its path."""
    for _ in range(2):
        with CaseFile.open(path) as file:
            file.save(file.case, "before")
        keep_generation(path, apart_s=0.0)
    assert len(generations_of(path)) == 2
    return path
