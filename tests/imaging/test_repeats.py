"""Several volumes in one series are told apart; enhanced objects with frames in any order are read."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage

from planning.errors import ImportRefused
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.kernel.process import Worker
from tests.imaging import phantom

GRID = phantom.a_grid(np.eye(3), (6, 9, 11), (0.8, 0.9, 1.0))
RNG = np.random.default_rng(11)


def _write(folder: Path, names: dict[str, dict[str, object]], lost: tuple[str, int] | None = None) -> None:
    """Write the phantom once for each name, 100 HU brighter every time, with its own attributes."""
    folder.mkdir(exist_ok=True)
    stored = phantom.voxels_of(GRID).astype(np.int32) + 1024
    for n, (name, attributes) in enumerate(names.items()):
        for k in range(GRID.shape_kji[0]):
            dataset = phantom.a_slice(stored[k] + 100 * n, GRID, k)
            dataset.SOPInstanceUID = pydicom.uid.UID(f"1.2.3.4.{n}.{k + 1}")
            for keyword, value in attributes.items():
                setattr(dataset, keyword, value)
            if lost != (name, k):
                dataset.save_as(folder / f"{name}-{k}", enforce_file_format=True)


ECHOES = {"in": {"EchoNumbers": 1, "EchoTime": "2.3"}, "out": {"EchoNumbers": 2, "EchoTime": "4.6"}}
PHASES = {
    f"{phase}{kind}": {"TemporalPositionIdentifier": phase, "ImageType": ["DERIVED", "PRIMARY", kind]}
    for phase in (1, 2)
    for kind in ("WATER", "FAT")
}


@pytest.mark.parametrize("names, called", [(ECHOES, {"1", "2"}), (PHASES, {"WATER", "FAT"})])
def test_volumes_at_one_place_become_series_of_their_own(
    tmp_path: Path, worker: Worker, names: dict[str, dict[str, object]], called: set[str]
) -> None:
    _write(tmp_path, names)
    found = scan(tmp_path, worker=worker).series
    assert len(found) == len(names)
    levels = set()
    for summary in found:
        assert summary.can_load
        assert summary.description.startswith("phantom (")
        assert "SEVERAL_VOLUMES" in [f.code for f in summary.findings]
        image = load_series(summary, worker=worker).image
        assert image.volume.grid.same_as(GRID)
        offset = image.volume.voxels_kji - phantom.voxels_of(GRID)
        assert len(np.unique(offset)) == 1, "no slice of another volume got in"
        levels.add(int(offset[0, 0, 0]))
    assert levels == {100 * n for n in range(len(names))}
    assert all(any(word in s.description for s in found) for word in called)
    assert len({s.series_uid for s in found}) == len(names)


def test_a_volume_of_which_a_slice_is_missing_is_never_filled_from_the_other(
    tmp_path: Path, worker: Worker
) -> None:
    _write(tmp_path, ECHOES, lost=("out", 3))
    (summary,) = scan(tmp_path, worker=worker).series
    with pytest.raises(ImportRefused) as refused:
        load_series(summary, worker=worker)
    assert refused.value.code == "DUP_CONFLICT"


def test_two_copies_of_one_volume_stay_one(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path / "a", GRID)
    phantom.write_series(tmp_path / "b", GRID)
    (summary,) = scan(tmp_path, worker=worker).series
    image = load_series(summary, worker=worker).image
    assert image.volume.grid.same_as(GRID)
    assert [f.code for f in image.findings] == ["DUP_IDENTICAL"]


def _enhanced(path: Path, order: list[tuple[int, int]], lean_mm: float) -> None:
    """Write an enhanced CT: frames (phase, k) in the given order, each slice leaning against the last."""
    dataset = phantom.a_slice(np.zeros(GRID.shape_kji[1:], dtype=np.int32), GRID, 0)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    for keyword in (
        "ImagePositionPatient",
        "PixelSpacing",
        "RescaleSlope",
        "RescaleIntercept",
        "SliceThickness",
    ):
        delattr(dataset, keyword)
    planes, groups = [], []
    for phase, k in order:
        shift = np.array([0.0, lean_mm * k, 0.0])
        values = phantom.values_at(phantom.centres(GRID)[k] + shift)
        planes.append(np.rint(values).astype(np.int32) + 1024 + 100 * phase)
        group, place, content = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [f"{v:.6f}" for v in GRID.to_lps((0, 0, k)) + shift]
        content.TemporalPositionIndex = phase + 1
        group.PlanePositionSequence, group.FrameContentSequence = Sequence([place]), Sequence([content])
        groups.append(group)
    shared, measures, turned, scale = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = ["0.9", "0.8"], "1"
    turned.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    scale.RescaleSlope, scale.RescaleIntercept, scale.RescaleType = "1", "-1024", "HU"
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([turned])
    shared.PixelValueTransformationSequence = Sequence([scale])
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    dataset.NumberOfFrames = len(order)
    dataset.PixelData = np.stack(planes).astype("<u2").tobytes()
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


def test_frames_in_any_order_of_two_phases_with_tilt_and_gap_land_right(
    tmp_path: Path, worker: Worker
) -> None:
    order = [(phase, k) for phase in (0, 1) for k in range(6) if k != 2]
    _enhanced(tmp_path / "enhanced", [order[n] for n in RNG.permutation(len(order))], lean_mm=0.4)
    found = scan(tmp_path, worker=worker).series
    assert [s.count for s in found] == [5, 5]
    for summary in found:
        image = load_series(summary, worker=worker).image
        codes = [f.code for f in image.findings]
        assert {"SEVERAL_VOLUMES", "GANTRY_TILT", "GAP"} <= set(codes)
        assert image.original is not None
        assert sorted(order[0:5]) == sorted((0, k) for k in (0, 1, 3, 4, 5))
        inner = image.volume.voxels_kji[:, 4:-4]
        wanted = phantom.values_at(phantom.centres(image.volume.grid))[:, 4:-4]
        known = inner > -1024
        offset = (inner - wanted)[known]
        assert known.sum() > 200
        assert np.ptp(offset) <= 2.1, "one phase only, and every voxel in its place"
        assert abs(offset.mean() % 100 - 50) > 45


def test_an_enhanced_object_names_the_frame_of_each_original_slice(tmp_path: Path, worker: Worker) -> None:
    order = [(0, k) for k in (3, 0, 5, 1, 4, 2)]
    _enhanced(tmp_path / "enhanced", order, lean_mm=0.3)
    (summary,) = scan(tmp_path, worker=worker).series
    original = load_series(summary, worker=worker).image.original
    assert original is not None
    assert original.frames == (1, 3, 5, 0, 4, 2)
    assert set(original.sop_instance_uids) == {"1.2.3.4.1"}
