"""DICOM Segmentations come in voxel for voxel, and belong to the image or are refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from planning.errors import LabelsRefused
from planning.geometry.frames import Grid
from planning.imaging.dicom_write import segmentation_bytes
from planning.imaging.intake import Choices, Onto, onto_case
from planning.imaging.structure_import import import_structures
from planning.kernel.process import Worker
from planning.model.anatomy import Anatomy
from planning.model.anatomy_table import load_anatomy_table
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.structures import Review, ReviewState, Structure, StructureKind
from planning.model.study import Patient
from tests.imaging import phantom
from tests.imaging.seg_files import PATIENT, SERIES, Change, Segment, onto, write_seg

TABLE = load_anatomy_table(Path(__file__).parents[2] / "resources" / "anatomy.toml")
GRID = phantom.a_grid(np.eye(3), (9, 11, 13), (0.8, 0.9, 1.3))


def _blocks(grid: Grid) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two asymmetric bodies that overlap; the second leaves the first and last slices empty."""
    one, two = np.zeros(grid.shape_kji, bool), np.zeros(grid.shape_kji, bool)
    one[1:-1, 2:7, 1:6] = True
    one[-2, 2, 8] = True
    two[3:5, 4:9, 3:10] = True
    return one, two


@pytest.mark.parametrize("directions", phantom.RIGHT_HANDED, ids=map(phantom.letters, phantom.RIGHT_HANDED))
def test_our_own_segmentation_comes_back_bit_for_bit_and_as_what_it_was(
    tmp_path: Path, worker: Worker, directions: NDArray[np.float64]
) -> None:
    grid = phantom.a_grid(directions, (9, 11, 13), (0.8, 0.9, 1.3))
    bone, lesion = _blocks(grid)
    said = Review(ReviewState.APPROVED, "Dr A")
    structures = (
        Structure("v", StructureKind.VERTEBRA, Mask.from_array(bone), "T10", review=said),
        Structure("t", StructureKind.TUMOUR, Mask.from_array(lesion), name="lésion <1>", simulated=True),
        Structure("r", StructureKind.RIB, Mask.from_array(bone[:, ::-1]), "T9", "left"),
    )
    image = onto(grid).image
    assert image is not None
    case = Case("c", PATIENT, (image,), Anatomy(grid, structures))
    for with_identity in (True, False):
        path = tmp_path / "seg.dcm"
        path.write_bytes(segmentation_bytes(case, TABLE, "p", with_identity=with_identity))
        found = import_structures(path, None, onto_case(case), worker=worker)
        assert len(found.structures) == 3
        for wanted, came in zip(structures, found.structures, strict=True):
            assert came.mask.digest == wanted.mask.digest
            meaning = (came.kind, came.level, came.side, came.name, came.simulated)
            assert meaning == (wanted.kind, wanted.level, wanted.side, wanted.name, wanted.simulated)
            assert came.review.state is ReviewState.DRAFT, "a review does not travel"
        assert [o.exported_as for o in found.origins] == ["approved", "draft", "draft"]
        assert [f.code for f in found.findings] == ["SIMULATED"]


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
@pytest.mark.parametrize("keep_empty", [True, False])
def test_segmentations_of_others_land_on_their_voxels(
    tmp_path: Path, worker: Worker, kind: str, keep_empty: bool
) -> None:
    one, two = _blocks(GRID)
    two &= ~one  # a label map has one label a voxel
    segments = [Segment(one, "left kidney", "64033007"), Segment(two, "Segment_2", "77644006", "24028007")]
    path = write_seg(tmp_path / "a.dcm", GRID, segments, kind=kind, keep_empty=keep_empty, with_spacing=False)
    found = import_structures(path, None, onto(GRID), worker=worker)
    kidney, rib = found.structures
    np.testing.assert_array_equal(kidney.mask.to_array(), one)
    np.testing.assert_array_equal(rib.mask.to_array(), two)
    assert (kidney.kind, kidney.side) == (StructureKind.KIDNEY, "left")
    assert (rib.kind, rib.level, rib.side) == (StructureKind.RIB, "T10", "right"), "told by its codes"
    assert [f.code for f in found.findings] == (["FRACTIONAL"] if kind == "FRACTIONAL" else [])


@pytest.mark.parametrize("threshold, wanted", [(None, 4), (0.2, 6), (0.9, 2)])
def test_fractions_belong_from_the_threshold_on_which_is_said(
    tmp_path: Path, worker: Worker, threshold: float | None, wanted: int
) -> None:
    values = np.zeros(GRID.shape_kji)
    values[4, 5, 2:9] = [0.1, 0.3, 0.5, 1.0, 1.0, 0.6, 0.4]
    path = write_seg(tmp_path / "a.dcm", GRID, [Segment(values, "aorta")], kind="FRACTIONAL", top=200)
    found = import_structures(path, None, onto(GRID), worker=worker, choices=Choices(threshold=threshold))
    assert found.structures[0].mask.count == wanted
    (finding,) = found.findings
    assert f"{100 * (threshold or 0.5):.3g} %" in finding.message
    assert found.used.threshold == (threshold or 0.5)


def test_a_segmentation_on_another_grid_is_resampled_and_says_so(tmp_path: Path, worker: Worker) -> None:
    coarse = phantom.a_grid(np.eye(3), (6, 8, 9), (1.6, 1.8, 2.6), shift_mm=(0.3, -0.2, 0.1))
    values = np.zeros(coarse.shape_kji, bool)
    values[2:5, 2:6, 2:7] = True
    path = write_seg(tmp_path / "a.dcm", coarse, [Segment(values, "trachea")])
    found = import_structures(path, None, onto(GRID), worker=worker)
    index = np.rint(coarse.to_ijk(phantom.centres(GRID))).astype(int)
    inside = ((index >= 0) & (index < coarse.shape_kji[::-1])).all(axis=-1)
    clipped = np.clip(index, 0, np.array(coarse.shape_kji[::-1]) - 1)
    wanted = values[clipped[..., 2], clipped[..., 1], clipped[..., 0]] & inside
    np.testing.assert_array_equal(found.structures[0].mask.to_array(), wanted)
    assert "LABELS_RESAMPLED" in [f.code for f in found.findings]
    assert found.structures[0].effective_resolution_mm == pytest.approx(2.6)


def _import_changed(folder: Path, worker: Worker, change: Change, target: Onto | None = None) -> list[str]:
    one, _ = _blocks(GRID)
    path = write_seg(folder / "a.dcm", GRID, [Segment(one, "aorta")], change=change)
    found = import_structures(path, None, target or onto(GRID), worker=worker)
    return [f.code for f in found.findings]


def _set(**values: object) -> Change:
    def change(dataset: Dataset) -> None:
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return change


def _refers(dataset: Dataset) -> None:
    item, instance = Dataset(), Dataset()
    instance.ReferencedSOPInstanceUID = "1.2.3.4.2"
    item.SeriesInstanceUID, item.ReferencedInstanceSequence = "9.9", [instance]
    dataset.ReferencedSeriesSequence = [item]
    dataset.FrameOfReferenceUID = "1.2.999"


@pytest.mark.parametrize(
    "change, code",
    [
        (_set(PatientID="P2"), "OTHER_PATIENT"),
        (_set(PatientBirthDate="19710101"), "OTHER_PATIENT"),
        (_set(FrameOfReferenceUID="1.2.999"), "OTHER_FRAME"),
        (_set(NumberOfFrames=9000), "BAD_OBJECT"),
        (_set(PixelData=b"\0\0"), "SHORT_PIXELS"),
        (_set(SegmentationType="SOMETHING"), "UNSUPPORTED"),
        (_set(SharedFunctionalGroupsSequence=[]), "NO_GEOMETRY"),
        (_set(Rows=0), "BAD_OBJECT"),
    ],
)
def test_what_belongs_elsewhere_or_is_damaged_is_refused(
    tmp_path: Path, worker: Worker, change: Change, code: str
) -> None:
    with pytest.raises(LabelsRefused) as refused:
        _import_changed(tmp_path, worker, change)
    assert refused.value.code == code


def test_what_cannot_be_proved_is_said(tmp_path: Path, worker: Worker) -> None:
    def nothing(_: Dataset) -> None:
        return None

    def without_frame(dataset: Dataset) -> None:
        del dataset.FrameOfReferenceUID

    removed = _set(PatientID="X77", PatientIdentityRemoved="YES")
    assert _import_changed(tmp_path, worker, nothing) == []
    assert _import_changed(tmp_path, worker, without_frame) == ["FRAME_UNPROVEN"]
    assert _import_changed(tmp_path, worker, _refers) == ["FRAME_BY_REFERENCE"]
    assert _import_changed(tmp_path, worker, removed) == ["IDENTITY_REMOVED"]
    assert _import_changed(tmp_path, worker, _set(PatientName="Phantom^A")) == ["IDENTITY_CONFLICT"]
    unnamed = onto(GRID, patient=Patient(), frame="")
    assert _import_changed(tmp_path, worker, nothing, unnamed) == ["PATIENT_UNPROVEN", "FRAME_UNPROVEN"]


def test_a_series_that_was_split_proves_no_place(tmp_path: Path, worker: Worker) -> None:
    """Its parts may lie in several frames; only the slices themselves tell which part is meant."""

    def by_series(dataset: Dataset) -> None:
        _refers(dataset)
        item = dataset.ReferencedSeriesSequence[0]
        item.SeriesInstanceUID = SERIES
        del item.ReferencedInstanceSequence

    whole = onto(GRID)
    assert whole.image is not None
    assert _import_changed(tmp_path, worker, by_series, whole) == ["FRAME_BY_REFERENCE"]
    split = replace(whole, image=replace(whole.image, series_uid=f"{SERIES}#2"))
    with pytest.raises(LabelsRefused) as refused:
        _import_changed(tmp_path, worker, by_series, split)
    assert refused.value.code == "OTHER_FRAME"
    assert _import_changed(tmp_path, worker, _refers, split) == ["FRAME_BY_REFERENCE"]


def test_our_export_without_identity_is_known_again_by_its_own_case_alone(
    tmp_path: Path, worker: Worker
) -> None:
    image = onto(GRID).image
    assert image is not None
    one, _ = _blocks(GRID)
    structure = Structure("a", StructureKind.AORTA, Mask.from_array(one))
    case = Case("c", PATIENT, (image,), Anatomy(GRID, (structure,)))
    path = tmp_path / "seg.dcm"
    path.write_bytes(segmentation_bytes(case, TABLE, "p"))
    assert import_structures(path, None, onto_case(case), worker=worker).findings == ()
    with pytest.raises(LabelsRefused) as refused:
        import_structures(path, None, onto_case(replace(case, id="another")), worker=worker)
    assert refused.value.code == "OTHER_PATIENT"
    assert "exported without identity" in refused.value.message


def test_empty_segments_and_contradictions_are_said(tmp_path: Path, worker: Worker) -> None:
    one, two = _blocks(GRID)
    segments = [
        Segment(one, "trachea", "15825003"),
        Segment(np.zeros_like(one), "azygos vein"),
        Segment(two, "common_carotid_artery_left"),
    ]
    found = import_structures(write_seg(tmp_path / "a.dcm", GRID, segments), None, onto(GRID), worker=worker)
    said = {f.code: f.message for f in found.findings}
    assert "azygos vein" in said["EMPTY_STRUCTURE"]
    assert "trachea" in said["NAME_AND_CODE"]
    assert "common_carotid_artery_left" in said["NOT_JUDGED"]
    assert "Distances to them are not assessed" in said["NOT_JUDGED"]
    assert found.listed_as_other == ("common_carotid_artery_left",)


def test_a_segment_at_the_border_of_its_frames_is_cut_off_there(tmp_path: Path, worker: Worker) -> None:
    """The frames end five columns before the image; a body inside them is not cut off by empty slices."""
    small = GRID.cropped((0, 0, 0), (9, 11, 8))
    inner, outer = np.zeros(small.shape_kji, bool), np.zeros(small.shape_kji, bool)
    inner[3:5, 3:6, 2:5] = True
    outer[3:5, 3:6, 5:8] = True
    path = write_seg(tmp_path / "a.dcm", small, [Segment(inner, "aorta"), Segment(outer, "trachea")])
    found = import_structures(path, None, onto(GRID), worker=worker)
    extents = [s.label_extent_kji for s in found.structures]
    assert extents[0] is None
    assert extents[1] is not None
    assert (extents[1][1][2], extents[1][0][0], extents[1][1][0]) == (8 + 1, 0, 9)
    assert [f.code for f in found.findings] == ["LABELS_CUT_SHORT"]
