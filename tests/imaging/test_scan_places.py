"""Places that break while they are looked at: vanished shares, discs with a broken index, cancelled scans."""

import os
import shutil
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

from planning.errors import ImportRefused
from planning.imaging import folder_listing, header_reading
from planning.imaging.folder_listing import listing_of
from planning.imaging.header_reading import BATCH
from planning.imaging.scan import scan
from planning.kernel.exchange import TaskRoom
from planning.kernel.process import Worker
from planning.model.study import Severity
from planning.progress import Cancelled, silent
from tests.imaging import phantom

GRID = phantom.a_grid(np.eye(3))
SLICES = GRID.shape_kji[0]


def write_texts(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(count):
        (folder / f"note{n:05d}.txt").write_text("no image, only words " * 5)


def test_a_share_that_vanishes_is_said_and_leaves_no_part_of_a_study(tmp_path: Path, worker: Worker) -> None:
    place = tmp_path / "share"
    phantom.write_series(place, GRID)
    write_texts(place / "texts", 3 * BATCH)

    def pull_the_cable(fraction: float, message: str, /) -> None:
        del message
        if fraction > 0.1 and place.exists():
            shutil.rmtree(place)

    with pytest.raises(ImportRefused) as refused:
        scan(place, pull_the_cable, worker)
    assert refused.value.code == "SOURCE_VANISHED"
    assert "share could no longer be read after" in refused.value.message
    assert f"of {SLICES + 3 * BATCH} files" in refused.value.message


def test_a_share_that_does_not_answer_is_said(
    tmp_path: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planning.imaging.folder_listing.ANSWER_SECONDS", 0.2)
    write_texts(tmp_path, 3)
    worker.warm()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)  # hangs as one that waits for a dead share
    with pytest.raises(ImportRefused) as refused:
        scan(tmp_path, worker=worker)
    assert refused.value.code == "NO_ANSWER"
    assert "check the connection" in refused.value.message


def test_a_broken_index_of_a_disc_is_left_aside_as_what_it_is(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path, GRID)
    whole = (tmp_path / "IM999").read_bytes()
    for name, content in {
        "DICOMDIR": whole[:300],
        "a/dicomdir": b"no index at all, only words of some kind or other",
        "b/DICOMDIR": b"",
        "c/DICOMDIR;1": b"noise",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found = scan(tmp_path, worker=worker)
    assert [(s.count, s.can_load, s.findings) for s in found.series] == [(SLICES, True, ())]
    assert found.rejected_counts == {"DICOMDIR": 3, "NOISE": 1}
    assert all("found without it" in r.reason for r in found.rejected if r.code == "DICOMDIR")


def test_slices_beside_files_nobody_could_read_are_marked(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path / "a", GRID)
    phantom.write_series(tmp_path / "b", GRID, lambda d, _: setattr(d, "SeriesInstanceUID", "1.2.3.9"))
    cut = tmp_path / "a" / "IM999"
    cut.write_bytes(cut.read_bytes()[:600])
    found = {s.series_uid: s for s in scan(tmp_path, worker=worker).series}
    assert found["1.2.3.9"].findings == ()
    marks = [f for f in found["1.2.3.2"].findings if f.code == "UNREADABLE_FILES"]
    assert [(f.severity, dict(f.values)) for f in marks] == [(Severity.WARN, {"count": "1"})]


def test_a_folder_nobody_may_open_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phantom.write_series(tmp_path, GRID)
    (tmp_path / "locked").mkdir()
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "locked":  # the tests may run as a user whom no rights bind
            raise PermissionError
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    answer, _ = folder_listing.list_files({"source": str(tmp_path)}, [], TaskRoom(tmp_path, silent, 1))
    assert answer["rejected"] == [("locked", "NO_ENTRY")]
    assert len(answer["files"]) == SLICES


def test_many_files_are_read_by_two_children_and_none_is_lost(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path / "m", GRID)
    write_texts(tmp_path / "a", 3 * BATCH)
    write_texts(tmp_path / "z", 3 * BATCH)
    seen: list[float] = []
    found = scan(tmp_path, lambda fraction, _m: seen.append(fraction), worker)
    assert [s.count for s in found.series] == [SLICES]
    assert [str(r.file) for r in found.rejected] == sorted(
        f"{place}/note{n:05d}.txt" for place in "az" for n in range(3 * BATCH)
    )
    assert seen == sorted(seen)
    assert not _readers()


def test_a_cancelled_scan_gives_nothing_and_no_child_reads_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_texts(tmp_path / "a", 6 * BATCH)
    phantom.write_series(tmp_path / "b", GRID)
    started: list[Worker] = []

    class Watched(Worker):
        def __init__(self) -> None:
            super().__init__()
            started.append(self)

    monkeypatch.setattr(header_reading, "Worker", Watched)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    worker = Watched()
    results = []

    def cancel(fraction: float, message: str, /) -> None:
        del message
        if fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        results.append(scan(tmp_path, cancel, worker))
    assert results == []
    assert len(started) == 2
    assert [w.pid for w in started] == [None, None]
    assert not _readers()
    assert [s.count for s in scan(tmp_path, worker=worker).series] == [SLICES]
    worker.close()


def test_a_listing_says_what_a_place_is(tmp_path: Path, worker: Worker) -> None:
    (tmp_path / "x").touch()
    kinds = [listing_of(p, worker).kind for p in (tmp_path, tmp_path / "x", tmp_path / "y")]
    assert kinds == ["folder", "file", "missing"]


def _readers() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name.startswith("second header reader")]
