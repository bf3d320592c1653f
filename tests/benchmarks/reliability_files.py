"""Mishaps of case files by the hundred: kills, full disks, failing calls, no memory, bit rot, races, forgery.

    python -m tests.benchmarks.reliability_files [SCALE]

Each row is a test of `tests/storage` with more attempts, at scale 1 as many as the goal table asks. POSIX.
"""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from planning.errors import CaseFileProblem
from planning.model.case import Diagnosis
from planning.storage.case_file import CaseFile
from planning.storage.notary import Notary
from planning.storage.record import Entry, add_line, record_in
from tests.benchmarks.crash_table import Row
from tests.storage.cases import a_tiny_case
from tests.storage.test_approvals import edit_at_random
from tests.storage.test_case_file import race
from tests.storage.test_crash import a_counting_case, count_in_file, counted_further, kill_during_saves
from tests.storage.test_damage import a_file_to_flip, flip_bits, places_to_flip
from tests.storage.test_failing_disk import FAILURES, fail_calls

_MIB = 1 << 20


def kills(folder: Path, count: int) -> Row:
    """kill -9 during saves and autosaves."""
    acknowledged = losses = left = 0
    for mode in ("save", "autosave"):
        place = folder / mode
        place.mkdir()
        CaseFile.create(place / "case.enbloc", a_counting_case()).close()
        tally = kill_during_saves(place / "case.enbloc", count // 2, mode, 11, 0.06)
        acknowledged += tally.acknowledged
        losses += tally.lost + tally.unreadable
        left += len(list(place.iterdir())) - 1
    note = f"{acknowledged} acknowledged saves; {left} files left over"
    return Row("C1", "kill -9 during a save", count, losses + left, note)


def full_disk(folder: Path, count: int) -> Row:
    """A disk that is full at any point of a save; a small RAM disk where one may be mounted."""
    with small_disk(folder) as (place, what):
        path, rng, outcome = place / "case.enbloc", random.Random(4), Counter[str]()
        CaseFile.create(path, a_counting_case()).close()
        for _ in range(count):
            outcome[_save_on_full(path, place / "filler", rng)] += 1
    note = f"{what}; refused with what is missing: {outcome['refused']}, went through: {outcome['saved']}"
    return Row("C4", "disk full at any point of a save", count, outcome["lost"], note)


def _save_on_full(path: Path, filler: Path, rng: random.Random) -> str:
    """Fill the disk up to some bytes, save, free it and save again."""
    with CaseFile.open(path) as file:
        new = counted_further(file.case)
        # Enough new masks to need some hundred kilobytes.
        noise = Diagnosis(new.diagnosis.text)
        fill(filler, rng.randrange(0, _MIB))
        try:
            file.save(replace(new, diagnosis=noise, credit=rng.randbytes(400_000).hex()))
            result = "saved"
        except CaseFileProblem as problem:
            result = "refused" if problem.code == "DISK_FULL" and "MB more" in problem.message else "lost"
        filler.unlink(missing_ok=True)
        file.save(counted_further(new))
        expected = int(new.diagnosis.text) + 1
    try:
        return result if count_in_file(path) == expected else "lost"
    except (CaseFileProblem, AssertionError):
        return "lost"


def fill(filler: Path, free_bytes: int) -> None:
    """Write a file that leaves so many bytes of its disk, but never more than a small disk's size."""
    size = max(0, min(shutil.disk_usage(filler.parent).free - free_bytes, 64 * _MIB))
    with filler.open("wb") as file:
        file.write(bytes(size))


@contextmanager
def small_disk(folder: Path) -> Iterator[tuple[Path, str]]:
    """Give a folder on a disk of 16 MB, or one where files may not grow where none may be mounted."""
    place = folder / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode == 0:
        try:
            yield place, "RAM disk of 16 MB"
        finally:
            subprocess.run(["umount", str(place)], check=True)
        return
    raise SystemExit("a small disk needs the right to mount one")


def failing_calls(folder: Path) -> Row:
    """An error at every call of a save, in four ways."""
    path, outcome = folder / "calls.enbloc", Counter[str]()
    CaseFile.create(path, a_counting_case()).close()
    for failure in FAILURES:
        outcome += fail_calls(path, failure, 1)
    tried = outcome["saved"] + outcome["refused"]
    note = f"refused {outcome['refused']}, went through {outcome['saved']}; the next save always did"
    return Row("C5", "one call fails: error, full, permission, short write", tried, outcome["lost"], note)


def no_memory(folder: Path, count: int) -> Row:
    """A process that runs out of memory somewhere in opening or saving."""
    path, outcome = folder / "memory.enbloc", Counter[str]()
    CaseFile.create(path, a_counting_case()).close()
    for n in range(count):
        before = count_in_file(path)
        outcome[("saved", "refused", "ended")[min(in_child(lambda n=n: _starved(path, n)), 2)]] += 1  # type: ignore[misc]
        try:
            outcome["lost"] += count_in_file(path) not in (before, before + 1)
        except (CaseFileProblem, AssertionError):
            outcome["lost"] += 1
    note = f"ran out {outcome['refused'] + outcome['ended']}, went through {outcome['saved']}"
    return Row("C6", "memory runs out while opening or saving", count, outcome["lost"], note)


def _starved(path: Path, step: int) -> int:
    """Open and save with all memory taken but a little, a little more at every step."""
    # A thread that cannot even start is waited for in vain: such a process ends by the clock.
    signal.alarm(2)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 64 * _MIB, resource.RLIM_INFINITY))
    hoard: list[bytearray] = []
    for size in (1 << 16, 1 << 12, 1 << 9):
        with suppress(MemoryError):
            while True:
                hoard.append(bytearray(size))
    del hoard[: step * 30]
    try:
        with CaseFile.open(path) as file:
            file.save(counted_further(file.case))
    except (MemoryError, RuntimeError, CaseFileProblem):
        return 1
    return 0


def in_child(work: Callable[[], int]) -> int:
    """Run something in a forked process; return its exit status, 255 where it was ended."""
    child = os.fork()
    if child == 0:
        status = 2
        try:
            status = work()
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) & 255


def bit_rot(folder: Path, count: int) -> Row:
    """Single flipped bits."""
    path, rng = a_file_to_flip(folder / "flips.enbloc"), random.Random(9)
    outcome = flip_bits(path, places_to_flip(path, count // 2, rng), rng)
    named = outcome["named, rest read only"]
    note = (
        f"named, rest read only {named}; refused {outcome['refused']}; no content hit {outcome['harmless']}"
    )
    return Row("C7", "one bit flipped anywhere in the file", count, outcome["silent"], note)


def races(folder: Path, count: int) -> Row:
    """Four programs open one case at once."""
    path = folder / "race.enbloc"
    CaseFile.create(path, a_tiny_case()).close()
    results = race(path, count)
    wrong = sum(result.count("writes") != 1 for result in results)
    return Row("C9", "four programs open one case at once", count, wrong, "exactly one may write, each time")


def forgery(folder: Path, count: int) -> Row:
    """Random edits of an approved case by SQL."""
    place = folder / "forged"
    place.mkdir()
    outcome = edit_at_random(place, Notary(folder / "seals"), count)
    refused = outcome["refused"] + outcome["read only"]
    note = (
        f"refused or read only {refused}, approval gone {outcome['not approved']},"
        f" approved content untouched {outcome['harmless']}"
    )
    return Row(
        "D1", "an approved case edited by SQL", count - outcome["no such edit"], outcome["deceived"], note
    )


def long_record(folder: Path, lines: int) -> Row:
    """A record of so many lines, whole and with one altered."""
    with CaseFile.create(folder / "record.enbloc", a_tiny_case()) as file:
        db = file._db
        db.execute("BEGIN")
        for n in range(lines):
            add_line(db, Entry("export", f"report {n}", "Dr. A"), case_digest="0" * 64)
        db.execute("COMMIT")
        start = time.perf_counter()
        whole = record_in(db).is_whole
        seconds = time.perf_counter() - start
        db.execute("UPDATE record SET body = replace(body, 'Dr. A', 'Dr. B') WHERE number = ?", (lines // 2,))
        altered = record_in(db).is_whole
    missed = int(altered) + int(not whole)
    return Row("D3", f"one of {lines} record lines altered", 1, missed, f"all verified in {seconds:.1f} s")


def rows(scale: float) -> list[Row]:
    """Run every kind and return the lines of the crash table."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found.append(kills(folder, round(200 * max(scale, 1.0))))
        found.append(full_disk(folder, round(500 * scale)))
        found.append(failing_calls(folder))
        found.append(no_memory(folder, round(100 * scale)))
        found.append(bit_rot(folder, round(2000 * scale)))
        found.append(races(folder, round(1000 * scale)))
        found.append(forgery(folder, round(1000 * scale)))
        found.append(long_record(folder, round(1_000_000 * min(scale, 1.0))))
    return found


def main() -> None:
    """Print attempts and losses."""
    for row in rows(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(row.sentence, flush=True)


if __name__ == "__main__":
    main()
