"""Memory is asked before anything is loaded, in the window's errand and on the command line."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.errands.load_images import case_of, load_images
from app.errands.workbench import Workbench
from planning.errors import ImportRefused
from planning.imaging import memory_need
from planning.imaging.import_choice import ChosenSeries, ImportChoice
from planning.imaging.reduced import Reduction
from planning.imaging.scan import scan
from planning.progress import silent
from planning.storage.case_file import CaseFile
from planning.storage.weight import surely_fits, weight_of
from tests.app.outside import CommandLine
from tests.imaging import phantom
from tests.storage.cases import a_rich_case

SHAPE_KJI = (20, 30, 40)
WHOLE = 20 * 30 * 40 * 2


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return phantom.write_series(tmp_path / "ct", phantom.a_grid(np.eye(3), SHAPE_KJI, (0.8, 0.9, 0.5)))


def has_only(monkeypatch: pytest.MonkeyPatch, n_bytes: int) -> None:
    monkeypatch.setattr(memory_need, "free_bytes", lambda: int(n_bytes / memory_need.USABLE_SHARE) + 1)


def test_too_much_is_refused_before_a_slice_is_read(
    folder: Path, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = scan(folder, worker=bench.worker).series[0]
    for file in folder.iterdir():
        file.unlink()  # whoever reads now fails in another way
    has_only(monkeypatch, WHOLE - 100)
    with pytest.raises(ImportRefused) as refused:
        load_images(ImportChoice((ChosenSeries(series),)), bench, silent, now)
    assert refused.value.code == "NOT_ENOUGH_MEMORY"


def test_a_range_fits_where_the_whole_does_not(
    folder: Path, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = scan(folder, worker=bench.worker).series[0]
    has_only(monkeypatch, WHOLE // 2)
    choice = ImportChoice((ChosenSeries(series, Reduction(0, 8)),))
    case = case_of(load_images(choice, bench, silent, now))
    assert case.image is not None
    assert case.image.volume.grid.shape_kji == (9, 30, 40)
    assert [f.code for f in case.image.findings] == ["CROPPED"]
    assert case.patient.patient_id == "P1"


def test_two_files_called_alike_become_two_images(tmp_path: Path, bench: Workbench) -> None:
    chosen = []
    for n, value in enumerate((1, 2)):
        grid = phantom.a_grid(np.eye(3), (4, 5, 6))
        place = tmp_path / str(n)
        place.mkdir()
        path = phantom.write_volume(place / "image.nii.gz", np.full((4, 5, 6), value, np.int16), grid)
        chosen.append(ChosenSeries(scan(path, worker=bench.worker).series[0]))
    case = case_of(load_images(ImportChoice(tuple(chosen), confirmed_by="Dr. A"), bench, silent, now))
    assert [int(i.volume.voxels_kji.max()) for i in case.images] == [1, 2]
    assert len({i.id for i in case.images}) == 2


def test_the_command_line_says_it_in_one_sentence(
    folder: Path, tmp_path: Path, command: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_only(monkeypatch, WHOLE // 2)
    out = tmp_path / "case.enbloc"
    ran = command("import", folder, "--out", out)
    assert ran.status == 2
    assert ran.err.startswith("Loading needs about 0.00 GB of memory")
    assert ran.err.count("\n") == 1
    assert not out.exists()


def test_what_a_case_file_takes_is_told_before_a_voxel_is_read(tmp_path: Path) -> None:
    case = a_rich_case()
    path = tmp_path / "case.enbloc"
    CaseFile.create(path, case).close()
    voxels = sum(image.volume.voxels_kji.nbytes for image in case.images)
    assert case.anatomy is not None
    bricks = {name: len(data) for s in case.anatomy.structures for name, data in s.mask.bricks.items()}
    told = weight_of(path)
    assert voxels < told <= voxels + 3 * sum(bricks.values()) * len(case.anatomy.structures) + 20_000
    assert surely_fits(path, None)
    assert surely_fits(path, 64 * path.stat().st_size)
    assert not surely_fits(path, 64 * path.stat().st_size - 1)
    with sqlite3.connect(path) as db:  # without any voxels it is told all the same
        assert db.execute("UPDATE blob SET body = x'00' WHERE planes > 1").rowcount > 1
    assert weight_of(path) == told
