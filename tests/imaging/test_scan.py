"""What a scan does with folders as hospitals hand them over."""

import os
from pathlib import Path

import numpy as np
import pytest

from planning.errors import ImportRefused
from planning.imaging.scan import scan
from planning.kernel.process import Worker
from planning.progress import Cancelled
from tests.imaging import phantom

GRID = phantom.a_grid(np.eye(3))


def _refusal(source: Path, worker: Worker) -> ImportRefused:
    with pytest.raises(ImportRefused) as refused:
        scan(source, worker=worker)
    assert refused.value.message.endswith((".", ")"))
    return refused.value


def test_noise_is_skipped_and_counted(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path, GRID, nested=True)
    for name in ("Thumbs.db", "._IM1", ".hidden", "desktop.ini"):
        (tmp_path / name).write_bytes(b"noise")
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "empty.dcm").touch()
    found = scan(tmp_path, worker=worker)
    assert [s.count for s in found.series] == [GRID.shape_kji[0]]
    assert found.rejected_counts == {"NOISE": 4, "NOT_DICOM": 2}
    assert {str(r.file) for r in found.rejected if r.code == "NOT_DICOM"} == {"notes.txt", "empty.dcm"}


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path, worker: Worker) -> None:
    outside = phantom.write_series(
        tmp_path / "outside", GRID, lambda d, _: setattr(d, "SeriesInstanceUID", "1.9")
    )
    inside = phantom.write_series(tmp_path / "inside", GRID)
    (inside / "link").symlink_to(outside / "IM999")
    (inside / "folder").symlink_to(outside)
    found = scan(inside, worker=worker)
    assert [s.series_uid for s in found.series] == ["1.2.3.2"]
    assert found.rejected_counts == {"LINK": 2}


@pytest.mark.parametrize("name, code", [("nowhere", "NO_SOURCE"), ("empty", "EMPTY"), ("text", "NOT_DICOM")])
def test_a_place_without_images_is_said_in_one_sentence(
    tmp_path: Path, worker: Worker, name: str, code: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.dcm").write_text("hello")
    assert _refusal(tmp_path / name, worker).code == code


def test_a_folder_that_may_not_be_read(
    tmp_path: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)  # the tests may run as a user nothing binds
    assert _refusal(tmp_path, worker).code == "NO_SOURCE"


def test_a_file_that_stops_the_reader_is_named_and_the_rest_is_read(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path, GRID)
    body = (
        b"\x08\x00\x18\x21SQ\0\0\xff\xff\xff\xff"
        + b"\xfe\xff\x00\xe0\xff\xff\xff\xff\x08\x00\x18\x21SQ\0\0\xff\xff\xff\xff" * 20_000
    )
    (tmp_path / "nested").write_bytes(bytes(128) + b"DICM" + body)
    found = scan(tmp_path, worker=worker)
    assert [(str(r.file), r.code) for r in found.rejected] == [("nested", "NESTING")]
    assert found.series[0].can_load


def test_cancelling_stops_at_once_and_the_next_scan_works(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path, GRID)

    def cancel(fraction: float, message: str, /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        scan(tmp_path, cancel, worker)
    assert scan(tmp_path, worker=worker).series[0].can_load


def test_progress_never_runs_backwards(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path, GRID)
    seen: list[float] = []
    scan(tmp_path, lambda fraction, _: seen.append(fraction), worker)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_pipes_are_never_opened(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path, phantom.a_grid(np.eye(3)))
    os.mkfifo(tmp_path / "pipe")
    found = scan(tmp_path, worker=worker)
    assert [s.count for s in found.series] == [phantom.SHAPE_KJI[0]]
    assert found.rejected_counts == {"SPECIAL": 1}
    assert _refusal(tmp_path / "pipe", worker).code == "SPECIAL"


def test_hostile_text_stays_text(tmp_path: Path, worker: Worker) -> None:
    evil = "<b>{0.__class__}</b>%s../../x"

    def change(dataset: object, k: int) -> None:
        setattr(dataset, "SeriesDescription", evil)  # noqa: B010 -- as the writer of a file would

    phantom.write_series(tmp_path, GRID, change)
    summary = scan(tmp_path, worker=worker).series[0]
    assert summary.description == evil
