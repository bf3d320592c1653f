"""Throw spoilt files at the program and count what it does.

Every file goes the way a user's file goes: scanned, loaded, opened. What counts as a failure: an
exception that is no `PlanningError`, an answer after more than five seconds, a task of the child that
met an error it does not know, and a value of a file in the log.
"""

import logging
import random
import sqlite3
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.logs import FILTER
from app.program import RESOURCES
from planning.errors import PlanningError, WorkerDied
from planning.imaging.label_names import read_names
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.imaging.structure_import import import_structures
from planning.imaging.volume_file import load_volume_file
from planning.kernel.process import Worker
from planning.model.plan_json import read_plan
from planning.model.settings import load_settings
from planning.storage.case_file import CaseFile
from tests.conftest import MarkerPatient
from tests.hostile import seeds
from tests.hostile.mutation import mutated, mutated_deflated, mutated_json
from tests.imaging import seg_files

SLOWEST_S = 5.0
Spoil = Callable[[random.Random], bytes]
Try = Callable[[Path], None]


@dataclass(frozen=True)
class Target:
    """One kind of file and what a user does with it.

    Parameters
    ----------
    name : str
    weight : int
        Its share of the barrage.
    path : Path
        Where the spoilt file is put.
    sound : bytes
        The file as it should be.
    spoil : function
        Returns the bytes of a spoilt file.
    try_it : function
        Raises `PlanningError` for a problem.
    """

    name: str
    weight: int
    path: Path
    sound: bytes
    spoil: Spoil
    try_it: Try


@dataclass
class Tally:
    """What happened to the files of a barrage.

    Attributes
    ----------
    answers : Counter of (target, answer)
        ``loaded`` or the code of the problem.
    failures : list of str
        Number of the file, its kind and what went wrong; the number and the seed make it again.
    deaths : int
        How often the child process died; the program went on.
    slowest_s : float
    """

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    deaths: int = 0
    slowest_s: float = 0.0

    @property
    def count(self) -> int:
        """How many files were tried."""
        return sum(self.answers.values())


def barrage(count: int, seed: int, only: str = "", say: Callable[[str], None] | None = None) -> Tally:
    """Throw `count` files, made anew from `seed`, at the targets whose name holds `only`."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="enbloc-hostile-") as scratch, _listening(tally):
        worker = Worker()
        try:
            aimed = [t for t in _targets(Path(scratch), worker) if only in t.name]
            weights = [target.weight for target in aimed]
            for target in aimed:
                _prove_sound(target)
            for n in range(count):
                rng = random.Random(f"{seed}/{n}")
                _throw(n, rng.choices(aimed, weights)[0], rng, worker, tally)
                if say is not None and (n + 1) % 500 == 0:
                    say(f"{n + 1} files, {len(tally.failures)} failures, {tally.deaths} deaths of the child")
        finally:
            worker.close()
    return tally


def _prove_sound(target: Target) -> None:
    """Let the program take the file as it is: only then do answers to spoilt ones mean something."""
    target.path.write_bytes(target.sound)
    target.try_it(target.path)


def _throw(n: int, target: Target, rng: random.Random, worker: Worker, tally: Tally) -> None:
    target.path.write_bytes(target.spoil(rng))
    pid, start = worker.pid, time.monotonic()
    try:
        target.try_it(target.path)
        answer = "loaded"
    except PlanningError as error:
        answer = error.code
        unknown = _unknown_to_the_child(error)
        if unknown:
            tally.failures.append(f"{n} {target.name}: the child met {unknown}")
        elif not _says_something(error):
            tally.failures.append(f"{n} {target.name}: no sentence for {error.code}")
    except Exception as error:  # noqa: BLE001 -- this is what the barrage looks for
        answer = "FAILED"
        where = traceback.extract_tb(error.__traceback__)[-1]
        tally.failures.append(f"{n} {target.name}: {type(error).__name__} in {where.name}:{where.lineno}")
    seconds = time.monotonic() - start
    tally.slowest_s = max(tally.slowest_s, seconds)
    if seconds > SLOWEST_S:
        tally.failures.append(f"{n} {target.name}: {answer} after {seconds:.1f} s")
    tally.deaths += pid is not None and worker.pid != pid
    tally.answers[target.name, answer] += 1


def _says_something(error: PlanningError) -> bool:
    """Say whether the problem can be put into words at all: its fields may hold anything."""
    try:
        return bool(error.message.strip())
    except (ValueError, LookupError, TypeError):
        return False


def _unknown_to_the_child(error: BaseException) -> str:
    """Return what a task met that it does not know; empty where it knew."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, WorkerDied) and cause.code == "WORKER_FAILED":
            return str(cause.values["detail"])
        cause = cause.__cause__
    return ""


@contextmanager
def _listening(tally: Tally) -> Iterator[None]:
    """Keep what reaches the log, as it is written to its file, and look for the patient in it."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(handler.format(record))  # type: ignore[method-assign]
    handler.addFilter(FILTER)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    text = "\n".join(lines)
    tally.failures += [f"the log holds {part}" for part in MarkerPatient().found_in(text)]
    tally.failures += [f"the log holds a folder: {line}" for line in lines if tempfile.gettempdir() in line]


def _targets(scratch: Path, worker: Worker) -> Iterator[Target]:
    yield from _dicom(scratch, worker)
    for suffix, data in seeds.volumes(scratch).items():
        yield Target(f"volume {suffix}", 4, scratch / f"a{suffix}", data, _of(data), _volume(worker))
    onto = seg_files.onto(seeds.GRID)

    names = scratch / "labels.json"
    names.write_bytes(seeds.names())

    def bring_in(path: Path) -> None:
        given = names if path.name.endswith(".nii.gz") else None
        import_structures(path, given, onto, worker=worker)

    for suffix, data in seeds.structures(scratch).items():
        yield Target(f"structures {suffix}", 2, scratch / f"a{suffix}", data, _of(data), bring_in)
    zipped = seeds.archive(scratch)
    yield Target("zip", 3, scratch / "a.zip", zipped, _of(zipped), lambda path: _scan_and_load(path, worker))
    yield from _own(scratch)


def _of(data: bytes) -> Spoil:
    return lambda rng: mutated(data, rng)


def _json(data: bytes) -> Spoil:
    return lambda rng: mutated_json(data, rng) if rng.random() < 0.7 else mutated(data, rng)


def _dicom(scratch: Path, worker: Worker) -> Iterator[Target]:
    def folder(path: Path) -> None:
        _scan_and_load(path.parent, worker)

    for n, name in enumerate(seeds.series_names()):
        paths = seeds.slices(scratch / f"series-{n}", name)
        data = paths[1].read_bytes()
        spoil = _of(data) if not name.startswith("Deflated") else _deflated(data)
        yield Target(f"DICOM {name}", 4, paths[1], data, spoil, folder)
    alone = scratch / "enhanced"
    alone.mkdir()
    data = seeds.enhanced()
    yield Target("DICOM enhanced", 6, alone / "a", data, _of(data), lambda path: _scan_and_load(path, worker))


def _deflated(data: bytes) -> Spoil:
    syntax = b"1.2.840.10008.1.2.1.99"
    start = data.index(syntax) + len(syntax)
    # Behind the syntax: the rest of group 2, whose length its first element states.
    start = 144 + int.from_bytes(data[140:144], "little") if data[132:136] == b"\x02\0\0\0" else start
    return lambda rng: mutated_deflated(data, start, rng) if rng.random() < 0.7 else mutated(data, rng)


def _scan_and_load(source: Path, worker: Worker) -> None:
    """Do what the window does; the first problem of a series is the answer."""
    problems = []
    for summary in scan(source, worker=worker).series:
        try:
            image = load_series(summary, worker=worker).image
        except PlanningError as error:
            problems.append(error)
        else:
            _use(image.volume.voxels_kji)
    if problems:
        raise problems[0]


def _volume(worker: Worker) -> Try:
    return lambda path: _use(load_volume_file(path, worker=worker).image.volume.voxels_kji)


def _use(voxels_kji: np.ndarray) -> None:
    """Touch every voxel, as drawing does: a mapping that lies about its size would end the process."""
    if not np.isfinite(voxels_kji.sum(dtype=np.float64)):
        raise AssertionError("voxels that are no number")


def _own(scratch: Path) -> Iterator[Target]:
    tools = load_settings(RESOURCES).tools
    case = seeds.case_file(scratch)
    path = scratch / "a.enbloc"
    yield Target("case file, bytes", 6, path, case, _of(case), _open_case)
    yield Target("case file, cells", 6, path, case, _cells(case, scratch / "cells.enbloc"), _open_case)
    plan, names = seeds.plan(), seeds.names()

    def read(path: Path) -> None:
        _discard(read_plan(path, tools))

    yield Target("plan", 10, scratch / "plan.json", plan, _json(plan), read)
    yield Target("names", 4, scratch / "names.json", names, _json(names), lambda p: _discard(read_names(p)))


def _discard(value: object) -> None:
    del value


def _open_case(path: Path) -> None:
    for rest in path.parent.glob(f"{path.name}-*"):
        rest.unlink()
    with CaseFile.open(path, read_only=True) as file:
        _discard(file.case)
        _discard(file.versions())


def _cells(data: bytes, path: Path) -> Spoil:
    """Spoil what the tables of a case file hold: the database itself stays sound."""

    def spoil(rng: random.Random) -> bytes:
        path.write_bytes(data)
        db = sqlite3.connect(path)
        try:
            tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            table = rng.choice([name for name in tables if not name.startswith("sqlite_")])
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            column = rng.choice(columns)
            rows = db.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
            if rows:
                row, value = rng.choice(rows)
                change = (_spoilt_cell(value, rng), row)
                db.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE rowid = ?", change)
            db.commit()
        except sqlite3.Error:
            db.rollback()
        finally:
            db.close()
        return path.read_bytes()

    return spoil


def _spoilt_cell(value: object, rng: random.Random) -> object:
    if rng.random() < 0.3:
        return rng.choice((None, -1, 0, 2**62, 1e308, "", "x" * 10_000, b"", b"\0" * 100))
    if isinstance(value, bytes):
        return mutated(value, rng)
    if isinstance(value, str):
        return mutated(value.encode(), rng).decode("utf-8", "replace")
    if isinstance(value, int):
        return value ^ 1 << rng.randrange(40)
    return value
