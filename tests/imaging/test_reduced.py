"""Less than a whole series: the rest lies where it lay, says what is missing, and takes the memory told."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from planning.errors import ImportRefused
from planning.imaging import memory_need
from planning.imaging.memory_need import check_memory, needed_bytes
from planning.imaging.reduced import Reduction, load_reduced, needed_for, reduced, why_not_reduced
from planning.imaging.scan import scan
from planning.imaging.series import SeriesSummary
from planning.kernel import free_memory
from planning.kernel.process import Worker
from planning.progress import silent
from tests.imaging import phantom

SHAPE_KJI = (11, 9, 10)
GRID = phantom.a_grid(phantom.RIGHT_HANDED[5], SHAPE_KJI)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def series(tmp_path: Path, worker: Worker) -> SeriesSummary:
    return scan(phantom.write_series(tmp_path, GRID), worker=worker).series[0]


def test_a_range_of_slices_lies_where_it_lay(series: SeriesSummary, worker: Worker) -> None:
    image = load_reduced(series, Reduction(2, 6), silent, worker).image
    assert image.volume.grid.shape_kji == (5, 9, 10)
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 0.51
    assert [(f.code, dict(f.values)) for f in image.findings] == [
        ("CROPPED", {"first": "3", "last": "7", "count": "11"})
    ]
    assert len(image.sop_instance_uids) == 5


def test_neighbours_are_averaged_and_said(series: SeriesSummary, worker: Worker) -> None:
    """The phantom's value is linear in place, so the mean of neighbours is the value at their middle."""
    image = load_reduced(series, Reduction(every=3), silent, worker).image
    assert image.volume.grid.shape_kji == (3, 9, 10)
    assert image.volume.grid.spacing_ijk_mm == pytest.approx((0.8, 0.9, 3 * 1.3), abs=1e-6)
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 1.01
    assert (image.slice_spacing_mm, image.slice_thickness_mm) == pytest.approx((3.9, 3.9))
    (finding,) = image.findings
    assert finding.code == "AVERAGED"
    assert "3.90 mm apart instead of 1.30 mm" in finding.message
    assert "2 slice(s) at the end were left out" in finding.message
    assert image.sop_instance_uids == ()
    assert not image.volume.voxels_kji.flags.writeable


def test_slabs_join_without_a_seam(tmp_path: Path, worker: Worker) -> None:
    grid = phantom.a_grid(np.eye(3), (101, 4, 5), (0.8, 0.9, 0.5))
    series = scan(phantom.write_series(tmp_path, grid), worker=worker).series[0]
    image = load_reduced(series, Reduction(1, 99, 2), silent, worker).image
    assert image.volume.grid.shape_kji == (49, 4, 5)
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 1.01
    assert [f.code for f in image.findings] == ["AVERAGED", "CROPPED"]


def test_a_range_of_one_slice_is_refused(series: SeriesSummary, worker: Worker) -> None:
    for bad in (Reduction(4, 4), Reduction(7, 3), Reduction(20, 30)):
        with pytest.raises(ImportRefused) as refused:
            reduced(series, bad)
        assert refused.value.code == "NO_RANGE"
    with pytest.raises(ImportRefused):
        load_reduced(series, Reduction(0, 3, 4), silent, worker)
    assert all(why_not_reduced(series, bad) for bad in (Reduction(4, 4), Reduction(7, 3), Reduction(0, 2, 2)))
    assert not any(
        why_not_reduced(series, good) for good in (Reduction(), Reduction(4, 5), Reduction(0, 3, 2))
    )
    assert reduced(series, Reduction()) is series
    assert reduced(series, Reduction(0, 10)) is series


def test_uneven_slices_are_never_averaged(tmp_path: Path, worker: Worker) -> None:
    grid = phantom.a_grid(np.eye(3), (12, 9, 10))
    folder = phantom.write_series(tmp_path, grid)
    (folder / "IM994").unlink()
    series = scan(folder, worker=worker).series[0]
    assert "GAP" in {f.code for f in series.findings}
    with pytest.raises(ImportRefused) as refused:
        load_reduced(series, Reduction(every=2), silent, worker)
    assert refused.value.code == "UNEVEN_AVERAGE"
    assert "cannot be averaged" in why_not_reduced(series, Reduction(every=2))
    beyond = reduced(series, Reduction(5, 10, 2))
    assert "GAP" not in {f.code for f in beyond.findings}, "the gap lies outside the range"


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize(
    "directions", [np.diag([1.0, 1.0, -1.0]), phantom.RIGHT_HANDED[5]], ids=phantom.letters
)
def test_a_volume_file_is_cropped_and_averaged_where_it_lies(
    directions: np.ndarray, suffix: str, tmp_path: Path, worker: Worker
) -> None:
    """Mirrored files are read backwards; the range counts planes of the volume as it will lie."""
    grid = phantom.a_grid(directions, SHAPE_KJI)
    path = phantom.write_volume(tmp_path / f"image{suffix}", phantom.voxels_of(grid), grid)
    (series,) = scan(path, worker=worker).series
    assert why_not_reduced(series, Reduction(2, 6)) == ""
    whole = load_reduced(series, Reduction(), silent, worker).image.volume
    image = load_reduced(series, Reduction(2, 6), silent, worker).image
    assert np.array_equal(image.volume.voxels_kji, whole.voxels_kji[2:7])
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 0.51
    assert image.findings[0].code == "CROPPED"
    assert image.findings[0].message.startswith("Only slices 3 to 7 of 11 were loaded")
    image = load_reduced(series, Reduction(1, 10, 3), silent, worker).image
    assert image.volume.grid.shape_kji == (3, *whole.grid.shape_kji[1:])
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 1.01
    assert [f.code for f in image.findings[:2]] == ["CROPPED", "AVERAGED"]
    assert image.slice_thickness_mm == pytest.approx(3 * whole.grid.spacing_ijk_mm[2])
    assert needed_for(series, Reduction(2, 6)) == 5 * needed_bytes(series) // 11
    with pytest.raises(ImportRefused, match="at least two slices"):
        load_reduced(series, Reduction(0, 2, 2), silent, worker)


def test_the_need_is_told_in_bytes(series: SeriesSummary) -> None:
    whole = 11 * 9 * 10 * 2
    assert needed_bytes(series) == whole
    assert needed_for(series, Reduction(2, 6)) == 5 * 9 * 10 * 2
    assert needed_for(series, Reduction(every=2)) == whole // 2 + whole


def test_too_little_memory_is_refused_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_need, "free_bytes", lambda: 1_000_000_000)
    check_memory([500_000_000, 299_000_000])
    with pytest.raises(ImportRefused) as refused:
        check_memory([500_000_000, 301_000_000])
    assert refused.value.code == "NOT_ENOUGH_MEMORY"
    assert "0.80 GB" in refused.value.message
    monkeypatch.setattr(memory_need, "free_bytes", lambda: None)
    check_memory([10**15])


def test_a_control_group_counts_less_than_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "memory.max").write_text("3000000\n")
    (tmp_path / "a" / "memory.current").write_text("2500000\n")
    (tmp_path / "a" / "memory.stat").write_text("anon 1\ninactive_file 200000\n")
    (tmp_path / "a" / "b" / "memory.max").write_text("max\n")
    (tmp_path / "a" / "b" / "memory.current").write_text("100\n")
    monkeypatch.setattr(free_memory, "_CGROUPS", tmp_path)
    real = free_memory._lines
    own = ["0::/a/b"]
    monkeypatch.setattr(free_memory, "_lines", lambda p: own if p.name == "cgroup" else real(p))
    assert free_memory.free_bytes() == 700_000


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process is read from /proc")
@pytest.mark.slow
def test_the_need_is_right_within_a_fifth(tmp_path: Path, worker: Worker) -> None:
    """Measured as the resident memory of this program and its child together, each slice touched."""
    grid = phantom.a_grid(np.eye(3), (160, 512, 512), (0.05, 0.05, 0.05))
    folder = phantom.write_series(tmp_path, grid)
    need = needed_bytes(scan(folder, worker=worker).series[0])
    program = (
        "import sys; from tests.imaging.test_reduced import resident_growth; resident_growth(sys.argv[1])"
    )
    line = [sys.executable, "-c", program, str(folder)]
    ran = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    grown = json.loads(ran.stdout)["bytes"]
    assert need == 160 * 512 * 512 * 2
    assert 0.8 * need <= grown <= 1.2 * need


def resident_growth(folder: str) -> None:
    """Print by how many bytes program and child grew at most while the series was loaded."""
    worker = Worker()
    summary = scan(Path(folder), worker=worker).series[0]
    load_reduced(summary, Reduction(0, 5), silent, worker)  # everything is imported now
    before = _resident("self", "VmRSS:") + _resident(str(worker.pid), "VmRSS:")
    image = load_reduced(summary, Reduction(), silent, worker).image
    assert int(image.volume.voxels_kji.max()) > 0
    after = _resident("self", "VmRSS:") + _resident(str(worker.pid), "VmRSS:")
    sys.stdout.write(json.dumps({"bytes": after - before}))


def _resident(process: str, field: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) * 1024
