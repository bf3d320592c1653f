"""Kill the real window at random moments of a planning run, and see what the next start finds."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from planning.errors import PlanningError
from planning.model.case import Case
from planning.storage.case_file import CaseFile
from planning.storage.journal import LeftBehind, left_behind
from planning.storage.manifest import Encoder
from tests.app.planning_run import a_run_case, states

PROGRAM = Path(__file__).parent / "planning_run.py"
LONGEST_S = 5.0


@dataclass
class Outcome:
    """What many kills of the window did.

    Attributes
    ----------
    kills, gestures : int
    unrecovered : int
        The next start found nothing, nothing readable, or a state that never was.
    lost : list of int
        Gestures lost, kill by kill.
    oldest_lost_s : float
        How long before its kill the oldest lost gesture was finished.
    """

    kills: int = 0
    gestures: int = 0
    unrecovered: int = 0
    lost: list[int] = field(default_factory=list)
    oldest_lost_s: float = 0.0


def kill_windows(folder: Path, kills: int, seed: int, longest_s: float = LONGEST_S) -> Outcome:
    """Start the window `kills` times, kill it with everything it started, and look at what is left."""
    outcome, moment = Outcome(), random.Random(seed)
    with planning_program() as (ask, answers):
        for n in range(kills):
            home = folder / str(n)
            kind = ("new", "saved")[n % 2]
            prepare(home, kind)
            noted, killed_at = one_kill(ask, answers, home, seed + n, kind, moment.random() * longest_s)
            look_at(outcome, home, kind, seed + n, noted, killed_at)
            shutil.rmtree(home)
    return outcome


def prepare(home: Path, kind: str) -> None:
    """Make the program's private folder, with a saved case where one is wanted."""
    home.mkdir(mode=0o700)
    if kind == "saved":
        CaseFile.create(home / "case.enbloc", a_run_case()).close()


def one_kill(
    ask: IO[str], answers: IO[str], home: Path, seed: int, kind: str, after_s: float
) -> tuple[list[float], float]:
    """Run one window and kill it; return when each gesture was finished, and when it was killed."""
    notes = home / "notes"
    ask.write(json.dumps([str(home), seed, kind, str(notes)]) + "\n")
    ask.flush()
    process = int(answers.readline())
    deadline = time.monotonic() + 180
    while not (notes.exists() and notes.read_text().startswith("ready")):
        assert time.monotonic() < deadline, "the window never became ready"
        time.sleep(0.01)
    time.sleep(after_s)
    killed_at = time.time()
    os.killpg(process, signal.SIGKILL)
    ended = answers.readline()
    assert ended == f"ended {int(signal.SIGKILL)}\n", ended
    lines = notes.read_text().split("\n")[1:-1]
    return [float(line.split()[1]) for line in lines], killed_at


def look_at(outcome: Outcome, home: Path, kind: str, seed: int, noted: list[float], killed_at: float) -> None:
    """Count what the next start would offer."""
    outcome.kills += 1
    outcome.gestures += len(noted)
    try:
        found = digest_of(what_is_offered(home, kind))
    except (PlanningError, LookupError):
        outcome.unrecovered += 1
        return
    # A gesture under way when the kill came may have been kept before it was noted.
    was = [digest_of(case) for case in (a_run_case(), *islice(states(seed), len(noted) + 1))]
    places = [n for n, digest in enumerate(was) if digest == found]
    if not places:
        outcome.unrecovered += 1
        return
    lost = max(0, len(noted) - max(places))
    outcome.lost.append(lost)
    if lost:
        outcome.oldest_lost_s = max(outcome.oldest_lost_s, killed_at - noted[len(noted) - lost])


def the_work(home: Path) -> LeftBehind | None:
    """Return what was left behind, or None where all was saved."""
    found, problems = left_behind(home / "unsaved")
    if problems:
        raise problems[0]
    return found[0] if found else None


def what_is_offered(home: Path, kind: str) -> Case:
    """Return the state a restart offers: unsaved work, else the saved case; raises where there is none."""
    work = the_work(home)
    if work is not None:
        return work.case
    if kind == "new":
        raise LookupError("nothing was left")
    with CaseFile.open(home / "case.enbloc", read_only=True) as file:
        return file.case


def digest_of(case: Case) -> str:
    """Return the digest of a whole case."""
    return Encoder().encoded(case).manifest


@contextmanager
def planning_program() -> Iterator[tuple[IO[str], IO[str]]]:
    """Start the program that opens windows; give what it is asked by and answers with."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    environment.pop("DISPLAY", None)
    server = subprocess.Popen(
        [sys.executable, str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield server.stdin, server.stdout
    finally:
        server.communicate()
