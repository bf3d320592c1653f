"""Saving and opening a case of 300 MB, beside a zip rewritten whole (what .mrb scenes and the like do).

Wanted: a plan change in under 300 ms, opening in under 2 s, and after 500 saves at most twice the live data.
"""

import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.structures import Structure, StructureKind
from planning.model.study import StudyImage
from planning.storage.case_file import CaseFile, open_case
from planning.storage.generations import keep_generation
from tests.storage.cases import a_rich_plan, with_stroke

SHAPE_KJI = (600, 512, 512)


def a_large_case() -> Case:
    """Return a CT of 315 MB (smooth with noise, packs to about half) and 13 masks."""
    rng = np.random.default_rng(1)
    wave = 400 * np.sin(np.arange(512) / 40)[:, None] * np.cos(np.arange(512) / 30)
    noise = rng.normal(0, 12, (8, 512, 512))
    voxels = np.empty(SHAPE_KJI, dtype=np.int16)
    for k in range(SHAPE_KJI[0]):
        voxels[k] = wave + np.roll(noise[k % 8], k, axis=1)
    grid = Grid.from_axes(SHAPE_KJI, (0, 0, 0), np.eye(3), (0.7, 0.7, 1.0))
    z, y, x = np.ogrid[:100, :90, :90]
    ball = (z - 50) ** 2 + (y - 45) ** 2 + (x - 45) ** 2 < 40**2
    structures = []
    for n in range(13):
        mask = Mask(SHAPE_KJI).with_box((n * 35, 200, 200), ball)
        structures.append(Structure(f"s{n}", StructureKind.OTHER, mask, name=f"s{n}"))
    image = StudyImage("ct", Volume(voxels, grid), "CT")
    return Case("large", images=(image,), anatomy=Anatomy(grid, tuple(structures)), plans=(a_rich_plan(),))


def seconds(action: Callable[[], object]) -> float:
    """Return how long `action` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def grown_after_saves(path: Path, saves: int) -> float:
    """Save plan changes and brush strokes in turn; return the file's size over that of a fresh file."""
    with CaseFile.open(path) as file:
        case = file.case
        for n in range(saves):
            if n % 2:
                case = with_stroke(case, f"s{n % 13}", (100 + n % 90, 200 + n % 80, 230))
            else:
                case = case.with_plan(replace(case.plan, name=f"Plan {n}"))
            file.save(case, str(n))
        fresh = path.with_name("fresh.enbloc")
        CaseFile.create(fresh, case).close()
    live = fresh.stat().st_size
    fresh.unlink()
    return path.stat().st_size / live


def rewrite_zip(path: Path, case: Case, text: str) -> None:
    """Write everything into a zip anew and put it in place, safely."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("plan.json", json.dumps(text))
            archive.writestr("ct.raw", case.images[0].volume.voxels_kji.tobytes())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_zip(path: Path) -> None:
    """Read it back."""
    with zipfile.ZipFile(path) as archive:
        np.frombuffer(archive.read("ct.raw"), dtype=np.int16)


def main() -> None:
    """Print the table."""
    case = a_large_case()
    with tempfile.TemporaryDirectory() as folder:
        path, peer = Path(folder) / "case.enbloc", Path(folder) / "case.zip"
        first = seconds(lambda: CaseFile.create(path, case).close())
        size = path.stat().st_size
        opening = [seconds(lambda: open_case(path)) for _ in range(3)]
        with CaseFile.open(path) as file:
            case = file.case
            plans = [case.with_plan(replace(case.plan, name=f"Plan {n}")) for n in range(20)]
            saves = [seconds(partial(file.save, c)) for c in plans]
            autosaves = [seconds(partial(file.autosave, c, "x")) for c in plans]
            strokes = [with_stroke(case, "s3", (140 + n, 230, 230)) for n in range(20)]
            brushed = [seconds(partial(file.autosave, c, "x")) for c in strokes]
            approved = seconds(lambda: file.approve(case, "Dr. A", "approved", "limits"))
            verified = seconds(lambda: file.changed_since(file.approvals[0], case))
        grown = grown_after_saves(path, 500)
        generation_first = seconds(lambda: keep_generation(path, apart_s=0.0))
        for name in ("Plan Y", "Plan Z", "Plan A"):
            keep_generation(path, apart_s=0.0)
            with CaseFile.open(path) as file:
                file.save(file.case.with_plan(replace(file.case.plan, name=name)))
        generation_again = seconds(lambda: keep_generation(path, apart_s=0.0))
        zip_first = seconds(lambda: rewrite_zip(peer, case, "a"))
        zip_again = seconds(lambda: rewrite_zip(peer, case, "b"))
        zip_open = median([seconds(lambda: read_zip(peer)) for _ in range(3)])
        rows = [
            ("first save", first, zip_first),
            ("plan change, saved", median(saves), zip_again),
            ("plan change, saved, worst of 20", max(saves), zip_again),
            ("plan change, autosaved", median(autosaves), zip_again),
            ("brush stroke, autosaved", median(brushed), zip_again),
            ("open, every byte verified", median(opening), zip_open),
            ("approve: save, hash, seal", approved, zip_again),
            ("hold an approval against the case", verified, zip_again),
            ("earlier generation, first", generation_first, zip_first),
            ("earlier generation, after a plan change", generation_again, zip_again),
        ]
        print(f"voxels {case.images[0].volume.voxels_kji.nbytes / 1e6:.0f} MB, file {size / 1e6:.0f} MB")
        print(f"after 500 saves of plans and strokes: {grown:.2f} times the live data (at most 2 wanted)")
        print(f"{'':40} {'EnBloc':>10} {'whole zip':>10} {'ratio':>8}")
        for what, ours, theirs in rows:
            print(f"{what:40} {ours * 1000:8.1f} ms {theirs * 1000:7.0f} ms {theirs / ours:7.1f}x")


if __name__ == "__main__":
    main()
