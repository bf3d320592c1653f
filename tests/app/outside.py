"""The command line as someone outside uses it: files in, an exit status and text out."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from app import progress_lines
from app.cli import main
from app.errands import workbench as errand_workbench
from app.errands.workbench import Workbench
from app.progress_lines import said_progress
from planning.geometry.frames import Grid
from tests.builders import a_grid
from tests.imaging.phantom import write_volume
from tests.phantoms import STRAIGHT, Bools, Floats, Pose

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
Json = dict[str, Any]
Inside = Callable[[Floats, Floats, Floats], Bools]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Run:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def evaluation(self) -> Json:
        """The evaluation on standard output."""
        found: Json = json.loads(self.out)
        return found


def run_process(*arguments: object, cwd: Path = ROOT, **more: Any) -> Run:
    """Run ``main.py`` in a process of its own."""
    line = [sys.executable, str(ROOT / "main.py"), *map(str, arguments)]
    done = subprocess.run(
        line, capture_output=True, text=True, encoding="utf-8", cwd=cwd, check=False, timeout=120, **more
    )
    return Run(done.returncode, done.stdout, without_progress(done.stderr))


def without_progress(said: str) -> str:
    """Return standard error without the lines that only say how far a slow machine is."""
    return "".join(line for line in said.splitlines(keepends=True) if said_progress(line.strip()) is None)


class CommandLine:
    """Runs commands in this process with one warm worker: the same code, a second less each."""

    def __init__(
        self, bench: Workbench, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        @contextmanager
        def warm() -> Iterator[Workbench]:
            yield bench

        patch.setattr(errand_workbench, "workbench", warm)
        patch.setattr(progress_lines, "EVERY_S", float("inf"))  # whatever the machine's load
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Run:
        """Run one command."""
        self._capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        return Run(status, said.out, said.err)


@dataclass(frozen=True)
class Phantom:
    """Files of a phantom."""

    ct: Path
    labels: Path
    names: Path
    grid: Grid

    @property
    def options(self) -> tuple[object, ...]:
        """Arguments of ``evaluate``."""
        return ("--ct", self.ct, "--labels", self.labels, "--names", self.names)


def a_phantom(
    folder: Path,
    shapes: Sequence[tuple[Mapping[str, object], Inside]],
    size_mm: Triple = (50.0, 50.0, 60.0),
    spacing_ijk_mm: Triple = (1.0, 1.0, 1.0),
    pose: Pose = STRAIGHT,
    flipped_ijk: tuple[bool, bool, bool] = (False, False, False),
    suffix: str = ".nii.gz",
) -> Phantom:
    """Write an image round the origin of local millimetres, a label map on its grid, and its names."""
    half = tuple(s / 2 for s in size_mm)
    grid = a_grid(
        (-half[0], -half[1], -half[2]), (half[0], half[1], half[2]), spacing_ijk_mm, pose, flipped_ijk
    )
    voxels, names = drawn(grid, shapes, pose)
    folder.mkdir(parents=True, exist_ok=True)
    ct = np.where(voxels > 0, 300, -50).astype(np.int16)
    return Phantom(
        write_volume(folder / f"ct{suffix}", ct, grid),
        write_volume(folder / f"labels{suffix}", voxels, grid),
        written(folder / "labels.json", names),
        grid,
    )


def drawn(
    grid: Grid, shapes: Sequence[tuple[Mapping[str, object], Inside]], pose: Pose = STRAIGHT
) -> tuple[NDArray[np.uint8], Json]:
    """Return the label map of shapes given in local millimetres, and its names."""
    k, j, i = (index.ravel() for index in np.indices(grid.shape_kji))
    x, y, z = (pose.local(grid.to_lps(np.stack([i, j, k], -1))) + 1e-5).T
    voxels = np.zeros(grid.shape_kji, dtype=np.uint8)
    for value, (_, inside) in enumerate(shapes, start=1):
        voxels[inside(x, y, z).reshape(grid.shape_kji)] = value
    entries = {str(value): dict(entry) for value, (entry, _) in enumerate(shapes, start=1)}
    return voxels, {"schema": "enbloc-labels/1", "labels": entries}


def written(path: Path, document: object) -> Path:
    """Write JSON."""
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def a_ball(radius_mm: float, centre: Triple = (0.0, 0.0, 0.0)) -> Inside:
    """Return a ball."""

    def inside(x: Floats, y: Floats, z: Floats) -> Bools:
        return np.asarray((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 <= radius_mm**2)

    return inside


def a_tube(radius_mm: float, x_mm: float = 0.0, y_mm: float = 0.0, half_length_mm: float = 1e3) -> Inside:
    """Return a cylinder along z."""

    def inside(x: Floats, y: Floats, z: Floats) -> Bools:
        return np.asarray(((x - x_mm) ** 2 + (y - y_mm) ** 2 <= radius_mm**2) & (np.abs(z) <= half_length_mm))

    return inside


def a_cut(
    cut_id: str,
    origin_mm: Triple,
    normal: Triple,
    advance: Triple,
    width_mm: float,
    depth_mm: float,
    pose: Pose = STRAIGHT,
    **more: object,
) -> Json:
    """Return an osteotomy of a plan file, given in local millimetres; `more` adds or replaces keys."""
    cut: Json = {
        "id": cut_id,
        "kind": "free",
        "tool": "ultrasonic_bone_scalpel",
        "kerf_mm": 1.0,
        "overshoot_mm": 0.0,
        "origin_lps_mm": pose.point(origin_mm).tolist(),
        "normal_lps": pose.direction(normal).tolist(),
        "advance_lps": pose.direction(advance).tolist(),
        "width_mm": width_mm,
        "depth_mm": depth_mm,
    }
    return {**cut, **more}


def a_plan(*cuts: Json, **more: object) -> Json:
    """Return a plan file's document."""
    return {"schema": "enbloc-plan/1", "name": "Plan A", "osteotomies": list(cuts), **more}


def the_cut(evaluation: Json, cut_id: str) -> Json:
    """Return one osteotomy of an evaluation."""
    (found,) = [o for o in evaluation["osteotomies"] if o["id"] == cut_id]
    result: Json = found
    return result


def the_clearance(evaluation: Json, cut_id: str, structure: str) -> Json:
    """Return one clearance of an evaluation."""
    (found,) = [c for c in the_cut(evaluation, cut_id)["clearances"] if c["structure"] == structure]
    result: Json = found
    return result


def everything_below(folder: Path) -> dict[str, int]:
    """Return what lies below a folder, to see that nothing was added or changed."""
    return {
        str(p.relative_to(folder)): -1 if p.is_dir() else p.lstat().st_size for p in sorted(folder.rglob("*"))
    }


SMALL_SHAPES: Final = (
    ({"kind": "tumour", "name": "lesion 1"}, a_ball(5.0)),
    ({"kind": "aorta"}, a_tube(3.0, 9.0)),
)


def refused(run: Run, *words: str) -> None:
    """Check that a command was refused in one plain sentence that holds the words."""
    assert run.status == 2, run
    assert run.out == ""
    sentence = run.err.removesuffix("\n")
    assert "\n" not in sentence
    assert sentence.isprintable()
    assert sentence.endswith((".", ")")), sentence
    assert "Traceback" not in sentence
    assert "Error" not in sentence, "a sentence names no class of the program"
    for word in words:
        assert word in sentence, sentence
