"""kill -9 in the middle of saves: nothing acknowledged is lost, nothing is left lying about."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import pytest

from planning.errors import CaseFileProblem
from planning.geometry.volume import Volume
from planning.model.anatomy import Anatomy
from planning.model.case import Case, Diagnosis
from planning.model.mask import BRICK, Mask
from planning.model.structures import Structure, StructureKind
from planning.model.study import StudyImage
from planning.storage.case_file import CaseFile
from tests.storage.cases import a_tilted_grid, a_volume


def counted_further(case: Case) -> Case:
    """Return a counting case that holds the next number."""
    assert case.anatomy is not None
    number = int(case.diagnosis.text) + 1
    brick = number.to_bytes(8, "big") * (BRICK**3 // 64)
    old = case.anatomy.structures[0]
    new = replace(old, mask=Mask(old.mask.shape_kji, {(0, 0, 0): brick}))
    return replace(case, anatomy=replace(case.anatomy, structures=(new,)), diagnosis=Diagnosis(str(number)))


@dataclass
class Tally:
    """What many kills did."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    unreadable: int = 0


def a_counting_case() -> Case:
    """Return a case whose diagnosis and mask both hold the same number."""
    grid = a_tilted_grid((64, 64, 64))
    mask = Mask(grid.shape_kji, {(0, 0, 0): (0).to_bytes(8, "big") * (BRICK**3 // 64)})
    anatomy = Anatomy(grid, (Structure("counted", StructureKind.OTHER, mask),))
    image = StudyImage("ct", Volume(a_volume(grid).voxels_kji, grid))
    return Case("counting", images=(image,), anatomy=anatomy, diagnosis=Diagnosis("0"))


def count_in(case: Case) -> int:
    """Return the number a counting case holds; a mix of two versions is an error."""
    assert case.anatomy is not None
    (brick,) = case.anatomy.structures[0].mask.bricks.values()
    counted = int.from_bytes(brick[:8], "big")
    assert brick == brick[:8] * (BRICK**3 // 64)
    assert str(counted) == case.diagnosis.text
    return counted


def kill_during_saves(path: Path, kills: int, mode: str, seed: int, longest_s: float) -> Tally:
    """Start a saving program `kills` times, kill it at a random moment, and check the file each time."""
    tally, moment = Tally(), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, saving_programs() as (ask, answers):
        for n in range(kills):
            acknowledgements = Path(folder) / str(n)
            ask.write(json.dumps([str(path), mode, str(acknowledgements)]) + "\n")
            ask.flush()
            process = int(answers.readline())
            # Every other program is left in peace until its first save is acknowledged.
            wait_for_lines(acknowledgements, 1 + n % 2)
            time.sleep(moment.random() * longest_s)
            os.kill(process, signal.SIGKILL)
            assert answers.readline() == "ended\n"
            lines = acknowledgements.read_text().split("\n")
            acknowledged = [int(line) for line in lines[1:-1]]
            tally.kills += 1
            tally.acknowledged += len(acknowledged)
            try:
                tally.lost += count_in_file(path) < max(acknowledged, default=0)
            except (CaseFileProblem, AssertionError):
                tally.unreadable += 1
    return tally


def wait_for_lines(path: Path, count: int) -> None:
    """Wait until a file has so many lines."""
    while not path.exists() or path.read_text().count("\n") < count:
        time.sleep(0.001)


@contextmanager
def saving_programs() -> Iterator[tuple[IO[str], IO[str]]]:
    """Start the program that starts saving children; give what it is asked by and answers with."""
    program = [sys.executable, str(Path(__file__).parent / "saver.py")]
    server = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield server.stdin, server.stdout
    finally:
        server.communicate()


def count_in_file(path: Path) -> int:
    """Return what a file counts up to, unsaved work included; it must open whole and writable."""
    with CaseFile.open(path) as file:
        assert file.why_read_only is None
        assert file.damage == ()
        return count_in(file.case if file.unsaved is None else file.read(file.unsaved))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")
def test_two_hundred_kills_during_saves_lose_nothing(tmp_path: Path) -> None:
    total = Tally()
    for mode, kills in (("save", 100), ("autosave", 100)):
        folder = tmp_path / mode
        folder.mkdir()
        path = folder / "case.enbloc"
        CaseFile.create(path, a_counting_case()).close()
        tally = kill_during_saves(path, kills, mode, 7, 0.03)
        total.kills += tally.kills
        total.acknowledged += tally.acknowledged
        assert (tally.lost, tally.unreadable) == (0, 0)
        assert [p.name for p in folder.iterdir()] == ["case.enbloc"], "nothing is left over"
    assert total.kills == 200
    assert total.acknowledged >= 100
