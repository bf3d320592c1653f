"""What is not a clean series of one patient is refused by name or mended with a word."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from planning.errors import ImportRefused
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.imaging.series import SeriesSummary
from planning.kernel.process import Worker
from planning.model.study import Severity
from tests.imaging import phantom
from tests.imaging.phantom import Change

GRID = phantom.a_grid(np.eye(3), (10, 9, 11), (0.8, 0.9, 1.0))


def _series(folder: Path, worker: Worker, change: Change | None = None) -> SeriesSummary:
    phantom.write_series(folder, GRID, change)
    found = scan(folder, worker=worker).series
    assert len(found) == 1
    return found[0]


def _without(*keywords: str) -> Change:
    def change(dataset: Dataset, k: int) -> None:
        for keyword in keywords:
            delattr(dataset, keyword)

    return change


def _set(only: int | None = None, **values: object) -> Change:
    def change(dataset: Dataset, k: int) -> None:
        if only is None or k == only:
            for keyword, value in values.items():
                setattr(dataset, keyword, value)

    return change


def _moved(
    offset_mm: tuple[float, float, float], only: int | None = None, *, growing: bool = False
) -> Change:
    def change(dataset: Dataset, k: int) -> None:
        if only is None or k == only:
            steps = k if growing else 1
            old = [float(v) for v in dataset.ImagePositionPatient]
            dataset.ImagePositionPatient = [
                f"{v + steps * o:.6f}" for v, o in zip(old, offset_mm, strict=True)
            ]

    return change


def _half_the_pixels(dataset: Dataset, k: int) -> None:
    if k == 4:
        dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) // 2]


def _two_patients(dataset: Dataset, k: int) -> None:
    if k >= 5:
        dataset.PatientID, dataset.PatientName = "P2", "Other^Person"


def _other_birth_date(dataset: Dataset, k: int) -> None:
    if k >= 5:
        dataset.PatientBirthDate = "19500505"


def _same_identifier_elsewhere(dataset: Dataset, k: int) -> None:
    if k == 4:
        dataset.SOPInstanceUID = "1.2.3.4.1"


def _at_the_same_place(dataset: Dataset, k: int) -> None:
    if k == 4:
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in GRID.to_lps((0, 0, 3))]


REFUSED: list[tuple[str, Change]] = [
    ("NO_GEOMETRY", _without("ImagePositionPatient")),
    ("NO_GEOMETRY", _without("ImageOrientationPatient")),
    ("NO_GEOMETRY", _set(ImagePositionPatient=["nan", "0", "0"])),
    ("NO_SPACING", _without("PixelSpacing")),
    ("NO_SPACING", _set(PixelSpacing=["0", "0"])),
    ("BAD_ORIENTATION", _set(ImageOrientationPatient=["1", "0", "0", "0.2", "1", "0"])),
    ("BAD_ORIENTATION", _set(ImageOrientationPatient=["0.9", "0", "0", "0", "0.9", "0"])),
    ("PATIENT_MIX", _two_patients),
    ("PATIENT_MIX", _other_birth_date),
    ("GANTRY_TILT", _moved((0.0, 1.01, 0.0), growing=True)),
    ("SHIFTED", _moved((0.0, 3.0, 0.0), only=5)),
    ("GAP", lambda d, k: _moved((0.0, 0.0, 9.5))(d, k) if k > 5 else None),
    ("DUP_SOP_CONFLICT", _same_identifier_elsewhere),
    ("SHORT_PIXELS", _half_the_pixels),
    ("BAD_RESCALE", _set(only=3, RescaleSlope="0")),
    ("BAD_RESCALE", _set(only=3, RescaleIntercept="nan")),
    ("COLOUR", _set(PhotometricInterpretation="PALETTE COLOR")),
    ("LOCALIZER", _set(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])),
    ("MISSING_TYPE1", _without("PixelRepresentation")),
    ("MULTI_FRAME", _set(NumberOfFrames=2)),
    ("UNSUPPORTED_BITS", _set(BitsStored=17, HighBit=16)),
    ("MODALITY_LUT", _set(ModalityLUTSequence=Sequence([Dataset()]))),
]


@pytest.mark.parametrize("code, change", REFUSED, ids=[f"{n}-{code}" for n, (code, _) in enumerate(REFUSED)])
def test_what_cannot_be_a_volume_is_refused_by_name(
    tmp_path: Path, worker: Worker, code: str, change: Change
) -> None:
    summary = _series(tmp_path, worker, change)
    assert summary.problem is not None
    assert not summary.can_load
    with pytest.raises(ImportRefused) as refused:
        load_series(summary, worker=worker)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")
    assert "{" not in refused.value.message


@pytest.mark.parametrize("count, code", [(1, "TOO_FEW"), (2, None)])
def test_too_few_slices(tmp_path: Path, worker: Worker, count: int, code: str | None) -> None:
    phantom.write_series(tmp_path, GRID)
    for file in sorted(tmp_path.iterdir())[count:]:
        file.unlink()
    (summary,) = scan(tmp_path, worker=worker).series
    assert (summary.problem.code if summary.problem else None) == code
    if code is None:
        assert "TOO_FEW" in [f.code for f in summary.findings if f.severity is Severity.WARN]


def test_different_pixels_at_one_place_are_refused(tmp_path: Path, worker: Worker) -> None:
    summary = _series(tmp_path, worker, _at_the_same_place_with_gap_closed)
    assert summary.problem is None, "headers alone cannot tell"
    with pytest.raises(ImportRefused) as refused:
        load_series(summary, worker=worker)
    assert refused.value.code == "DUP_CONFLICT"


def _at_the_same_place_with_gap_closed(dataset: Dataset, k: int) -> None:
    if k == 9:
        dataset.ImagePositionPatient = [f"{v:.6f}" for v in GRID.to_lps((0, 0, 8))]


def test_the_same_slice_twice_is_used_once(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path, GRID)
    shutil.copy(tmp_path / "IM995", tmp_path / "copy")
    (summary,) = scan(tmp_path, worker=worker).series
    image = load_series(summary, worker=worker).image
    assert image.volume.grid.shape_kji == GRID.shape_kji
    assert "DUP_IDENTICAL" in [f.code for f in image.findings]
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 0.51


MENDED: list[tuple[str, Severity, Change]] = [
    ("ORTHONORMALISE", Severity.NOTE, _set(ImageOrientationPatient=["1", "0.0006", "0", "0", "1", "0"])),
    ("SORT_BY_IPP", Severity.NOTE, lambda d, k: setattr(d, "InstanceNumber", (k * 7) % 10)),
    ("USE_IPP", Severity.NOTE, _set(SpacingBetweenSlices="-1")),
    ("THICK_SLICES", Severity.NOTE, _set(SliceThickness="5")),
    ("NOT_HU", Severity.WARN, _without("RescaleSlope", "RescaleIntercept")),
    ("LOSSY", Severity.WARN, _set(LossyImageCompression="01")),
    ("BURNED_IN", Severity.WARN, _set(BurnedInAnnotation="YES")),
    ("MONOCHROME1", Severity.NOTE, _set(PhotometricInterpretation="MONOCHROME1")),
    ("NO_SERIES_UID", Severity.NOTE, _set(SeriesInstanceUID="")),
    ("FOR_PER_SLICE", Severity.NOTE, lambda d, k: setattr(d, "FrameOfReferenceUID", f"1.2.9.{k + 1}")),
    ("PREAMBLE", Severity.WARN, lambda d, _: setattr(d, "preamble", b"MZ" + bytes(126))),
]


@pytest.mark.parametrize("code, severity, change", MENDED, ids=[code for code, _, _ in MENDED])
def test_what_can_be_mended_is_mended_and_said(
    tmp_path: Path, worker: Worker, code: str, severity: Severity, change: Change
) -> None:
    summary = _series(tmp_path, worker, change)
    image = load_series(summary, worker=worker).image
    assert severity is {f.code: f.severity for f in image.findings}[code]
    shift = 1024 if code == "NOT_HU" else 0
    assert phantom.worst_error(image.volume.voxels_kji - shift, image.volume.grid) <= 0.6


def test_jitter_of_four_micrometres_is_no_finding(tmp_path: Path, worker: Worker) -> None:
    summary = _series(tmp_path, worker, lambda d, k: _moved((0.0, 0.0, 0.004 * (-1) ** k))(d, k))
    assert summary.findings == ()
    assert summary.problem is None


@pytest.mark.parametrize(
    "code, change",
    [
        ("MIXED_FOR", lambda d, k: setattr(d, "FrameOfReferenceUID", "1.2.3.3" if k < 6 else "1.2.3.9")),
        ("MIXED_SIZE", lambda d, k: setattr(d, "PixelSpacing", ["0.9", "0.8"] if k < 6 else ["0.5", "0.5"])),
    ],
)
def test_a_mixed_series_is_split_and_said(tmp_path: Path, worker: Worker, code: str, change: Change) -> None:
    phantom.write_series(tmp_path, GRID, change)
    first, second = scan(tmp_path, worker=worker).series
    assert (first.series_uid, second.series_uid) == ("1.2.3.2", "1.2.3.2#2")
    assert (first.count, second.count) == (6, 4)
    for summary in (first, second):
        assert code in [f.code for f in load_series(summary, worker=worker).image.findings]


def test_a_scout_in_the_series_is_split_off_and_the_stack_still_loads(tmp_path: Path, worker: Worker) -> None:
    def change(dataset: Dataset, k: int) -> None:
        if k == 9:
            dataset.ImageOrientationPatient = ["0", "1", "0", "0", "0", "-1"]
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    phantom.write_series(tmp_path, GRID, change)
    stack, scout = scan(tmp_path, worker=worker).series
    assert (stack.count, stack.can_load, stack.orientation) == (9, True, "axial")
    assert scout.problem is not None
    assert scout.problem.code == "LOCALIZER"


def test_one_patient_number_with_two_identities_is_said_of_both_series(
    tmp_path: Path, worker: Worker
) -> None:
    phantom.write_series(tmp_path / "a", GRID)
    phantom.write_series(tmp_path / "b", GRID, _set(PatientBirthDate="19500505", SeriesInstanceUID="1.2.9"))
    found = scan(tmp_path, worker=worker)
    assert [f.code for f in found.findings] == ["IDENTITY_CONFLICT"]
    for summary in found.series:
        assert "IDENTITY_CONFLICT" in [f.code for f in load_series(summary, worker=worker).image.findings]
