"""Label maps: what they are called, where they land, and what is refused."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from planning.errors import LabelsRefused
from planning.geometry.frames import Grid
from planning.imaging.intake import LabelImport, Onto
from planning.imaging.label_names import read_names
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.imaging.structure_import import import_structures
from planning.imaging.totalsegmentator import meaning_of
from planning.kernel.process import Worker
from planning.model.structures import BONES, ReviewState, StructureKind
from planning.model.study import Severity
from tests.imaging import phantom

DATA = Path(__file__).parents[1] / "data"
GRID = phantom.a_grid(np.eye(3), (12, 10, 8), (1.0, 1.0, 1.0))
AORTA = {"schema": "enbloc-labels/1", "labels": {"1": {"kind": "aorta"}}}


def _json(folder: Path, content: Any) -> Path:
    path = folder / "labels.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def _import(
    folder: Path, worker: Worker, labels: NDArray[Any], grid: Grid, names: Any = AORTA
) -> LabelImport:
    path = phantom.write_volume(folder / "labels.nii.gz", labels, grid)
    return import_structures(path, _json(folder, names), Onto(GRID), worker=worker)


def _ball(
    grid: Grid, radius_mm: float = 3.2, shift_mm: tuple[float, float, float] = (0, 0, 0)
) -> NDArray[np.bool_]:
    middle = phantom.MIDDLE + np.array(shift_mm)
    return np.asarray(np.linalg.norm(phantom.centres(grid) - middle, axis=-1) <= radius_mm)


def test_every_property_of_labels_json_arrives(tmp_path: Path, worker: Worker) -> None:
    names = {
        "schema": "enbloc-labels/1",
        "labels": {
            "1": {"kind": "vertebra", "level": "T13"},
            "2": {
                "kind": "segmental_artery",
                "level": "T10",
                "side": "left",
                "name": "T10 left",
                "simulated": True,
            },
            "3": {"kind": "spinal_cord"},
        },
    }
    labels = np.zeros(GRID.shape_kji, dtype=np.uint8)
    labels[1:3], labels[4:6], labels[7:8], labels[9, 0, 0] = 1, 2, 3, 200
    found = _import(tmp_path, worker, labels, GRID, names)
    vertebra, artery, cord, unknown = found.structures
    assert (vertebra.kind, vertebra.level, vertebra.id) == (StructureKind.VERTEBRA, "T13", "vertebra-T13")
    assert (artery.side, artery.reference, artery.simulated) == ("left", "T10 left", True)
    assert cord.kind is StructureKind.SPINAL_CORD
    assert cord.effective_resolution_mm is None
    assert (unknown.kind, unknown.name, unknown.mask.count) == (StructureKind.OTHER, "label 200", 1)
    assert found.listed_as_other == ("label 200",)
    assert {s.review.state for s in found.structures} == {ReviewState.DRAFT}
    assert vertebra.source == "label map: 1"


def test_a_named_structure_without_voxels_is_said(tmp_path: Path, worker: Worker) -> None:
    names = {"schema": "enbloc-labels/1", "labels": {"1": {"kind": "aorta"}, "2": {"kind": "azygos"}}}
    found = _import(tmp_path, worker, _ball(GRID).astype(np.uint8), GRID, names)
    assert [s.kind for s in found.structures] == [StructureKind.AORTA]
    (finding,) = found.findings
    assert finding.code == "EMPTY_STRUCTURE"
    assert finding.message == "azygos vein has no voxel in the image, so it is not assessed."


REFUSED_NAMES: list[tuple[str, str, Any]] = [
    ("UNKNOWN_KEY", "colour", {**AORTA, "colour": 1}),
    ("UNKNOWN_KEY", "labels.1.colour", {**AORTA, "labels": {"1": {"kind": "aorta", "colour": "red"}}}),
    ("BAD_SCHEMA", "enbloc-labels/1", {**AORTA, "schema": "enbloc-labels/2"}),
    ("BAD_KIND", "heart", {**AORTA, "labels": {"1": {"kind": "heart"}}}),
    ("BAD_KIND", "None", {**AORTA, "labels": {"1": {"name": "x"}}}),
    ("BAD_LEVEL", "T14", {**AORTA, "labels": {"1": {"kind": "vertebra", "level": "T14"}}}),
    ("BAD_SIDE", "L", {**AORTA, "labels": {"1": {"kind": "rib", "side": "L"}}}),
    ("BAD_LABEL", "0", {**AORTA, "labels": {"0": {"kind": "aorta"}}}),
    ("BAD_LABEL", "one", {**AORTA, "labels": {"one": {"kind": "aorta"}}}),
    ("BAD_SIMULATED", "yes", {**AORTA, "labels": {"1": {"kind": "aorta", "simulated": "yes"}}}),
    ("BAD_NAME", "1", {**AORTA, "labels": {"1": {"kind": "aorta", "name": ""}}}),
    ("BAD_ENTRY", "1", {**AORTA, "labels": {"1": "aorta"}}),
    (
        "SAME_NAME",
        "x",
        {**AORTA, "labels": {"1": {"kind": "rib", "name": "x"}, "2": {"kind": "disc", "name": "x"}}},
    ),
    (
        "DUPLICATE_LABEL",
        "1",
        '{"schema": "enbloc-labels/1", "labels": {"1": {"kind": "aorta"}, "1": {"kind": "rib"}}}',
    ),
    ("NOT_JSON", "line 2", '{"schema": \n nonsense'),
    ("NOT_NAMES", "labels.json", {**AORTA, "labels": {}}),
    ("NOT_NAMES", "labels.json", [1]),
    ("NOT_JSON", "line", "[" * 100_000),
]


@pytest.mark.parametrize(
    "code, word, content", REFUSED_NAMES, ids=[f"{n}-{row[0]}" for n, row in enumerate(REFUSED_NAMES)]
)
def test_wrong_names_are_refused_naming_the_key(tmp_path: Path, code: str, word: str, content: Any) -> None:
    with pytest.raises(LabelsRefused) as refused:
        read_names(_json(tmp_path, content))
    assert refused.value.code == code
    assert word in refused.value.message


def test_labels_of_another_scan_are_refused(tmp_path: Path, worker: Worker) -> None:
    grid = phantom.a_grid(np.eye(3), (12, 10, 8), (1.0, 1.0, 1.0), shift_mm=(0.0, 0.0, 7.0))
    labels = _ball(grid, 3.2, (0.0, 0.0, 7.0)).astype(np.uint8)
    with pytest.raises(LabelsRefused) as refused:
        _import(tmp_path, worker, labels, grid)
    assert refused.value.code == "LABELS_OUTSIDE"


def test_labels_cut_by_the_image_are_taken_with_a_word(tmp_path: Path, worker: Worker) -> None:
    grid = phantom.a_grid(np.eye(3), (12, 10, 8), (1.0, 1.0, 1.0), shift_mm=(0.0, 0.0, 5.0))
    labels = _ball(grid, 3.2, (0.0, 0.0, 4.0)).astype(np.uint8)
    found = _import(tmp_path, worker, labels, grid)
    np.testing.assert_array_equal(found.structures[0].mask.to_array(), _ball(GRID, 3.2, (0.0, 0.0, 4.0)))
    assert [f.code for f in found.findings] == ["LABELS_PARTLY_OUTSIDE"]


@pytest.mark.parametrize("turn_deg", [0.0, 20.0])
@pytest.mark.parametrize("spacing", [(0.5, 0.4, 0.3), (1.7, 1.3, 2.1)])
def test_labels_on_another_grid_take_the_nearest_voxel(
    tmp_path: Path, worker: Worker, spacing: tuple[float, float, float], turn_deg: float
) -> None:
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    grid = phantom.a_grid(turned, (40, 40, 44), spacing, shift_mm=(0.11, -0.07, 0.05))
    labels = _ball(grid).astype(np.uint8)
    found = _import(tmp_path, worker, labels, grid)
    index = np.rint(grid.to_ijk(phantom.centres(GRID))).astype(int)
    wanted = labels[index[..., 2], index[..., 1], index[..., 0]].astype(bool)
    np.testing.assert_array_equal(found.structures[0].mask.to_array(), wanted)
    assert "LABELS_RESAMPLED" in [f.code for f in found.findings]
    coarse = max(spacing) > 1.0
    assert found.structures[0].effective_resolution_mm == (pytest.approx(max(spacing)) if coarse else None)


@pytest.mark.parametrize(
    "labels, code",
    [
        (np.full(GRID.shape_kji, np.nan), "NAN_VOXELS"),
        (np.full(GRID.shape_kji, 0.5), "NOT_LABELS"),
        (np.full(GRID.shape_kji, -1, dtype=np.int16), "NOT_LABELS"),
        (np.full(GRID.shape_kji, 70_000, dtype=np.int32), "NOT_LABELS"),
        (np.zeros(GRID.shape_kji, dtype=np.uint8), "NO_LABELS"),
    ],
    ids=["NaN", "fractions", "negative", "too large", "empty"],
)
def test_what_is_no_label_map_is_refused(
    tmp_path: Path, worker: Worker, labels: NDArray[Any], code: str
) -> None:
    with pytest.raises(LabelsRefused) as refused:
        _import(tmp_path, worker, labels, GRID)
    assert refused.value.code == code


def test_whole_floats_are_labels(tmp_path: Path, worker: Worker) -> None:
    found = _import(tmp_path, worker, _ball(GRID).astype(np.float64), GRID)
    np.testing.assert_array_equal(found.structures[0].mask.to_array(), _ball(GRID))


def test_a_map_without_names_asks_for_them(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "labels.nii.gz", _ball(GRID).astype(np.uint8), GRID)
    with pytest.raises(LabelsRefused) as refused:
        import_structures(path, None, Onto(GRID), worker=worker)
    assert refused.value.code == "NO_NAMES"


def test_a_totalsegmentator_folder_needs_no_names(tmp_path: Path, worker: Worker) -> None:
    folder = tmp_path / "segmentations"
    folder.mkdir()
    flipped = phantom.a_grid(np.diag([-1.0, -1.0, 1.0]), (12, 10, 8), (1.0, 1.0, 1.0))
    for name, radius in {"vertebrae_T10": 3.2, "spinal_cord": 2.0, "liver": 1.2, "aorta": 0.0}.items():
        mask = _ball(flipped, radius) if radius else np.zeros(GRID.shape_kji, dtype=bool)
        phantom.write_volume(folder / f"{name}.nii.gz", mask.astype(np.uint8), flipped)
    found = import_structures(folder, None, Onto(GRID), worker=worker)
    by_kind = {s.kind: s for s in found.structures}
    assert set(by_kind) == {StructureKind.VERTEBRA, StructureKind.SPINAL_CANAL, StructureKind.OTHER}
    canal = by_kind[StructureKind.SPINAL_CANAL]
    assert canal.title == "spinal canal with cord"
    assert canal.effective_resolution_mm == 1.5
    np.testing.assert_array_equal(canal.mask.to_array(), _ball(GRID, 2.0))
    np.testing.assert_array_equal(by_kind[StructureKind.VERTEBRA].mask.to_array(), _ball(GRID, 3.2))
    assert found.listed_as_other == ("liver",)
    assert "1 of 4 masks in the folder are empty in this image." in [f.message for f in found.findings]


def test_a_segmentation_of_slicer_brings_its_names(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.seg.nrrd", (_ball(GRID) * 4).astype(np.uint8), GRID)
    fields = b"\nSegment0_Name:=lesion <b>\nSegment0_LabelValue:=4\nSegment0_Layer:=0\n"
    path.write_bytes(path.read_bytes().replace(b"\nencoding", fields + b"encoding", 1))
    found = import_structures(path, None, Onto(GRID), worker=worker)
    assert [(s.kind, s.name) for s in found.structures] == [(StructureKind.OTHER, "lesion <b>")]


@pytest.mark.parametrize(
    "name, kind, level, side",
    [
        ("vertebrae_L5", "vertebra", "L5", None),
        ("rib_left_10", "rib", "T10", "left"),
        ("iliac_artery_left", "iliac_artery", None, "left"),
        ("iliac_vena_right", "iliac_vein", None, "right"),
        ("kidney_right", "kidney", None, "right"),
        ("lung_middle_lobe_right", "lung", None, "right"),
        ("esophagus", "oesophagus", None, None),
        ("sacrum", "sacrum", None, None),
        ("spinal_cord", "spinal_canal", None, None),
    ],
)
def test_class_names_mean_kinds(name: str, kind: str, level: str | None, side: str | None) -> None:
    meaning = meaning_of(name)
    assert meaning is not None
    assert (meaning.kind.value, meaning.level, meaning.side) == (kind, level, side)


@pytest.mark.parametrize("name", ["vertebrae_T14", "kidney_cyst_left", "heart", "rib_left_0", ""])
def test_other_class_names_mean_nothing_here(name: str) -> None:
    assert meaning_of(name) is None


def test_real_labels_lie_on_the_anatomy_they_name(worker: Worker) -> None:
    volume = load_series(scan(DATA / "t11-t12", worker=worker).series[0], worker=worker).image.volume
    found = import_structures(DATA / "t11-t12-labels.nii.gz", None, Onto(volume.grid), worker=worker)
    structures = {(s.kind.value, s.level, s.side): s for s in found.structures}
    bones = np.any([s.mask.to_array() for s in found.structures if s.kind in BONES], axis=0)
    canal = structures["spinal_canal", None, None].mask.to_array()
    in_place = float(volume.voxels_kji[bones].mean())
    assert 270 < in_place < 280
    # One voxel off in any direction, bone labels hold less bone and the canal holds some.
    for axis, step in product(range(3), (-1, 1)):
        assert volume.voxels_kji[np.roll(bones, step, axis)].mean() < in_place - 4
        assert volume.voxels_kji[np.roll(canal, step, axis)].std() > volume.voxels_kji[canal].std() + 3
    assert structures["rib", "T10", "left"].mask.count == 2337
    canal_l = _middle(structures["spinal_canal", None, None].mask.to_array(), volume.grid)
    left_rib_l = _middle(structures["rib", "T10", "left"].mask.to_array(), volume.grid)
    assert left_rib_l > canal_l + 50, "left is larger L"


def _middle(mask: NDArray[np.bool_], grid: Grid) -> float:
    k, j, i = np.nonzero(mask)
    return float(grid.to_lps(np.column_stack([i, j, k]))[:, 0].mean())


def test_a_map_that_ends_inside_the_image_names_what_it_cuts_off(tmp_path: Path, worker: Worker) -> None:
    """The ball lies across the low end of the map, which ends 5 mm inside the image there, not elsewhere."""
    grid = GRID.cropped((0, 0, 5), (GRID.shape_kji[0], GRID.shape_kji[1], GRID.shape_kji[2] - 5))
    for x, name in ((0, "aorta"), (1, None)):
        labels = np.zeros(grid.shape_kji, dtype=np.uint8)
        labels[0:3, 2:5, x : x + 2] = 1
        found = _import(tmp_path, worker, labels, grid)
        cut = [f for f in found.findings if f.code == "LABELS_CUT_SHORT"]
        assert [f.severity for f in cut] == ([Severity.WARN] if name else [])
        assert all(name in f.message for f in cut if name)
        (structure,) = found.structures
        first, stop = structure.label_extent_kji or ((0, 0, 0), (0, 0, 0))
        assert (abs(first[2] - 5) <= 1 and stop[2] >= GRID.shape_kji[2]) is bool(name)
    whole = np.zeros(GRID.shape_kji, dtype=np.uint8)
    whole[:, 2:5, 2:5] = 1
    codes = [f.code for f in _import(tmp_path, worker, whole, GRID).findings]
    assert "LABELS_CUT_SHORT" not in codes
