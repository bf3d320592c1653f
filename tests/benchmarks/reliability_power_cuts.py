"""Simulated power cuts in the middle of saves, after SQLite's own crash tests.

    python -m tests.benchmarks.reliability_power_cuts [CUTS]

A file system layer counts writes; at a random one the power fails. Then every 512-byte sector written
since the last sync independently survives, vanishes or is torn, and files deleted without a synced
folder come back. The case must open whole and writable with every acknowledged save. The same with
``synchronous=OFF`` shows that the simulation does find losses. Needs the package ``apsw``.
"""

import importlib
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from planning.errors import CaseFileProblem
from planning.storage import holder, opening
from planning.storage.case_file import CaseFile
from tests.storage.test_crash import a_counting_case, count_in, count_in_file, counted_further

apsw: Any = importlib.import_module("apsw")
SECTOR = 512


class Disk:
    """What was written since the last sync, file by file, and when the power fails."""

    def __init__(self) -> None:
        self.unsynced: dict[str, dict[int, bytes]] = {}
        self.deleted: dict[str, bytes] = {}
        self.writes, self.cut_at, self.dead = 0, sys.maxsize, False

    def check(self) -> None:
        """Fail once the power is off."""
        if self.dead:
            raise apsw.IOError("no power")


DISK = Disk()


class CutFile(apsw.VFSFile):  # type: ignore[misc]
    """A file whose unsynced sectors are remembered as they were."""

    def __init__(self, name: Any, flags: Any) -> None:
        super().__init__("", name, flags)
        self.path = name.filename() if hasattr(name, "filename") else str(name)
        DISK.unsynced.setdefault(self.path, {})

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 -- apsw's name
        """Write, unless the power fails now; then part of this write still gets through."""
        DISK.check()
        DISK.writes += 1
        before = DISK.unsynced[self.path]
        with Path(self.path).open("rb") as file:
            for start in range(offset - offset % SECTOR, offset + len(data), SECTOR):
                if start not in before:
                    file.seek(start)
                    before[start] = file.read(SECTOR)
        super().xWrite(data, offset)
        DISK.dead = DISK.writes >= DISK.cut_at
        DISK.check()

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Make what was written last."""
        DISK.check()
        super().xSync(flags)
        DISK.unsynced[self.path] = {}

    def xTruncate(self, size: int) -> None:  # noqa: N802
        """Shorten."""
        DISK.check()
        super().xTruncate(size)


class CutSystem(apsw.VFS):  # type: ignore[misc]
    """Opens cut files."""

    def __init__(self) -> None:
        super().__init__("power-cuts", "")

    def xOpen(self, name: Any, flags: Any) -> CutFile:  # noqa: N802
        """Open."""
        return CutFile(name, flags)

    def xDelete(self, name: str, sync_folder: bool) -> None:  # noqa: N802
        """Delete; without a synced folder the file may come back."""
        DISK.check()
        if not sync_folder and Path(name).exists():
            DISK.deleted[name] = Path(name).read_bytes()
        super().xDelete(name, sync_folder)
        DISK.unsynced.pop(name, None)


SYSTEM = CutSystem()


class CutConnection:
    """The part of `sqlite3.Connection` that the case file uses, on the failing disk."""

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs="power-cuts")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._db.in_transaction)

    def execute(self, sql: str, values: Any = ()) -> Any:
        """Run one statement."""
        try:
            return self._db.execute(sql, values)
        except apsw.Error as error:
            raise sqlite3.OperationalError(str(error)) from error

    def executemany(self, sql: str, rows: Any) -> Any:
        """Run a statement for every row."""
        for row in rows:
            self.execute(sql, row)

    def close(self) -> None:
        """Drop the file as a dead computer does."""
        self._db.close(True)


def cut_once(seed: int, whole: Path, synchronous: str) -> tuple[str, int]:
    """Cut the power once; return what became of the case and how many saves were acknowledged."""
    rng = random.Random(seed)
    DISK.__init__()  # type: ignore[misc]
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / "case.enbloc"
        shutil.copyfile(whole, path)
        acknowledged = save_until_cut(path, rng, synchronous)
        spoil(rng)
        try:
            # The computer has restarted: the holder's process is gone.
            with replaced(holder, "is_alive", lambda _process: False):
                return ("lost" if count_in_file(path) < acknowledged else "whole"), acknowledged
        except (CaseFileProblem, AssertionError):
            return "damaged", acknowledged


def save_until_cut(path: Path, rng: random.Random, synchronous: str) -> int:
    """Save on the failing disk until the power is cut; return the last acknowledged number."""
    acknowledged = 0
    with replaced(opening, "connected", hardened):
        file = CaseFile.open(path)
        file._db.execute(f"PRAGMA synchronous={synchronous}")
        DISK.cut_at = DISK.writes + rng.randrange(1, 300)
        case = file.case
        try:
            while True:
                case = counted_further(case)
                if rng.random() < 0.5:
                    file.save(case, "save")
                else:
                    file.autosave(case, "autosave")
                acknowledged = count_in(case)
        except CaseFileProblem:
            file.close()
    return acknowledged


@contextmanager
def replaced(module: Any, name: str, value: Any) -> Iterator[None]:
    """Put `value` in the place of something of a module for a while."""
    plain = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, plain)


def hardened(path: Path, *, read_only: bool) -> CutConnection:
    """Connect as `planning.storage.database.connected` does."""
    if read_only:
        raise ValueError("the failing disk is for writing")
    db = CutConnection(path)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "synchronous=EXTRA", "journal_mode=DELETE"):
        db.execute(f"PRAGMA {pragma}")
    return db


def spoil(rng: random.Random) -> None:
    """Let unsynced sectors survive, vanish or tear, and unsynced deletions be undone."""
    for name, content in DISK.deleted.items():
        if rng.random() < 0.5:
            Path(name).write_bytes(content)
    for name, sectors in DISK.unsynced.items():
        if not Path(name).exists():
            continue
        with Path(name).open("r+b") as file:
            for start, before in sectors.items():
                fate = rng.random()
                file.seek(start)
                if fate < 0.4:
                    file.write(before.ljust(SECTOR, b"\0"))
                elif fate < 0.5:
                    file.write(rng.randbytes(rng.randrange(1, SECTOR)))


def main() -> None:
    """Print attempts and losses."""
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "case.enbloc"
        CaseFile.create(whole, a_counting_case()).close()
        for synchronous, attempts in (("EXTRA", cuts), ("OFF", max(cuts // 10, 10))):
            start, results, saves = time.monotonic(), Counter[str](), 0
            for seed in range(attempts):
                result, acknowledged = cut_once(seed, whole, synchronous)
                results[result] += 1
                saves += acknowledged
            took = time.monotonic() - start
            print(
                f"synchronous={synchronous:5}  power cuts {attempts}, acknowledged saves {saves},"
                f" lost {results['lost']}, damaged {results['damaged']}  ({took:.0f} s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
