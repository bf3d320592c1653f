"""Slices pass onto the regular grid one by one: never more than two are held, and all are looked at."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from planning.errors import ImportRefused
from planning.imaging.decode import plane_of
from planning.imaging.load import load_series
from planning.imaging.resampled_decode import decode_resampled
from planning.imaging.scan import scan
from planning.kernel.exchange import Array, Header, TaskRoom
from planning.kernel.process import Worker
from planning.progress import Cancelled, silent
from tests.imaging import phantom

COUNT, EDGE = 120, 96


def _stack(folder: Path, worker: Worker) -> Header:
    """Return a task's header for a stack of 120 slices that lean by a third of a pixel each."""
    grid = phantom.a_grid(np.eye(3), (COUNT, EDGE, EDGE), (1.0, 1.0, 1.0))
    noise = np.random.default_rng(2).integers(0, 3000, (EDGE, EDGE)).astype("<u2").tobytes()

    def change(dataset: Dataset, k: int) -> None:
        x, y, z = (float(v) for v in dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in (x, y + k / 3, z)]
        dataset.PixelData = noise

    phantom.write_series(folder, grid, change)
    slices = sorted(scan(folder, worker=worker).series[0].slices, key=lambda s: s.instance or 0)
    return {
        "planes": [plane_of(s) for s in slices],
        "twins": [],
        "is_ct": True,
        "dtype": "int16",
        "shape_kji": [COUNT, EDGE + 40, EDGE],
        "offsets_ij": [[0.0, k / 3] for k in range(COUNT)],
        "sources": [[k, 0.0] for k in range(COUNT)],
    }


def _run(header: Header, scratch: Path) -> tuple[Header, Array]:
    scratch.mkdir()
    notes, arrays = decode_resampled(header, [], TaskRoom(scratch, silent, 1))
    return notes, arrays[0]


def test_memory_does_not_grow_with_the_number_of_slices(tmp_path: Path, worker: Worker) -> None:
    header = _stack(tmp_path / "series", worker)
    plane_bytes = EDGE * EDGE * 4
    tracemalloc.start()
    try:
        _run(header, tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # The volume itself lies on the exchange file; 120 planes would be 4.4 MB.
    assert peak < 25 * plane_bytes


def test_a_coarser_grid_still_looks_at_every_slice(tmp_path: Path, worker: Worker) -> None:
    header = _stack(tmp_path / "series", worker)
    sources = [[0, 0.0], [40, 0.5], [100, 0.0]]
    header |= {"sources": sources, "shape_kji": [3, EDGE + 40, EDGE], "offsets_ij": [[0.0, 0.0]] * COUNT}
    _, volume = _run(header, tmp_path / "out")
    assert volume.shape == (3, EDGE + 40, EDGE)
    spoilt = [dict(plane) for plane in header["planes"]]
    spoilt[-1]["rows"] = 10 * EDGE
    with pytest.raises(ImportRefused) as refused:
        _run({**header, "planes": spoilt}, tmp_path / "again")
    assert refused.value.code == "SHORT_PIXELS"


def test_a_value_beyond_16_bits_asks_for_floats(tmp_path: Path, worker: Worker) -> None:
    header = _stack(tmp_path / "series", worker)
    header["planes"][7] = {**header["planes"][7], "slope": 40.0}
    (tmp_path / "out").mkdir()
    assert decode_resampled(header, [], TaskRoom(tmp_path / "out", silent, 1)) == ({"overflow": True}, [])


def test_a_conflicting_twin_is_refused_in_a_tilted_stack_too(tmp_path: Path, worker: Worker) -> None:
    grid = phantom.a_grid(np.eye(3), (10, 9, 11), (0.8, 0.9, 1.0))

    def change(dataset: Dataset, k: int) -> None:
        place = min(k, 8)
        x, y, z = grid.to_lps((0, 0, place))
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in (x, y + 0.3 * place, z)]

    phantom.write_series(tmp_path, grid, change)
    summary = scan(tmp_path, worker=worker).series[0]
    assert summary.can_load
    assert "GANTRY_TILT" in [f.code for f in summary.findings]
    with pytest.raises(ImportRefused) as refused:
        load_series(summary, worker=worker)
    assert refused.value.code == "DUP_CONFLICT"


def test_resampling_can_be_cancelled(tmp_path: Path, worker: Worker) -> None:
    header = _stack(tmp_path / "series", worker)
    (tmp_path / "out").mkdir()

    def stop(fraction: float, _message: str, /) -> None:
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        decode_resampled(header, [], TaskRoom(tmp_path / "out", stop, 1))
