"""Stored values mean exactly what the file says they mean, in every way a file may say it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from planning.errors import ImportRefused
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.kernel.process import Worker
from planning.model.study import Severity, StudyImage
from tests.imaging import phantom
from tests.imaging.encapsulation import an_enhanced_ct

GRID = phantom.a_grid(np.eye(3), (3, 8, 12), (1.0, 1.0, 1.0))
HU = phantom.voxels_of(GRID).astype(np.int32)
Change = Callable[[Dataset, int], None]


def _image(folder: Path, worker: Worker, change: Change, syntax: UID = ExplicitVRLittleEndian) -> StudyImage:
    folder.mkdir()
    for k in range(len(HU)):
        dataset = phantom.a_slice((HU[k] + 1024).astype(np.uint16), GRID, k)
        change(dataset, k)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(
            folder / f"{k}",
            implicit_vr=syntax == ImplicitVRLittleEndian,
            little_endian=syntax != ExplicitVRBigEndian,
            enforce_file_format=True,
        )
    return load_series(scan(folder, worker=worker).series[0], worker=worker).image


def _values(image: StudyImage) -> NDArray[np.float64]:
    return image.volume.voxels_kji.astype(np.float64)


def _warned(image: StudyImage) -> list[str]:
    return [f.code for f in image.findings if f.severity is Severity.WARN]


def _with_table(
    dataset: Dataset, first: int, entries: NDArray[np.integer], *, bits: int = 16, unit: str = "HU"
) -> None:
    del dataset.RescaleSlope
    del dataset.RescaleIntercept
    item = Dataset()
    signed = dataset.PixelRepresentation == 1
    item.add_new("LUTDescriptor", "SS" if signed else "US", [len(entries) % 65_536, first, bits])
    # A list of numbers has a short length; longer tables are written as words.
    words = len(entries) < 32_768
    item.add_new("LUTData", *(("US", [int(v) for v in entries]) if words else ("OW", _words(entries))))
    item.ModalityLUTType = unit
    dataset.ModalityLUTSequence = Sequence([item])


def _words(entries: NDArray[np.integer]) -> bytes:
    return entries.astype("<u2").tobytes()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_table_translates_what_no_line_can(tmp_path: Path, worker: Worker, syntax: UID) -> None:
    # Values in the table are squares; those below and above it take its ends.
    entries = (np.arange(200) ** 2 % 5000).astype(np.uint16)

    def change(dataset: Dataset, k: int) -> None:
        dataset.PixelRepresentation = 1
        dataset.PixelData = HU[k].astype(">i2" if syntax == ExplicitVRBigEndian else "<i2").tobytes()
        _with_table(dataset, -50, entries)

    image = _image(tmp_path / "s", worker, change, syntax)
    assert HU.min() < -50 < 149 < HU.max(), "the phantom runs over both ends"
    np.testing.assert_array_equal(_values(image), entries[np.clip(HU + 50, 0, 199)])
    assert image.volume.voxels_kji.dtype == np.int16
    assert not _warned(image)


def test_a_table_of_all_values_and_of_no_hounsfield_units(tmp_path: Path, worker: Worker) -> None:
    entries = np.arange(65_536)[::-1]
    image = _image(tmp_path / "s", worker, lambda d, _: _with_table(d, 0, entries, unit="OD"))
    assert image.volume.voxels_kji.dtype == np.float32
    np.testing.assert_array_equal(_values(image), 65_535 - (HU + 1024))
    assert _warned(image) == ["NOT_HU"]


@pytest.mark.parametrize("bits", [8, 7, 17])
def test_a_table_of_bytes_and_of_entries_larger_than_described(
    tmp_path: Path, worker: Worker, bits: int
) -> None:
    entries = np.arange(256)

    def change(dataset: Dataset, k: int) -> None:
        _with_table(dataset, 1024, entries, bits=bits)
        dataset.ModalityLUTSequence[0].add_new("LUTData", "OW", entries.astype(np.uint8).tobytes())

    if bits == 8:
        np.testing.assert_array_equal(_values(_image(tmp_path / "s", worker, change)), np.clip(HU, 0, 255))
    else:
        assert _refusal(tmp_path / "s", worker, change) == "MODALITY_LUT"


def _refusal(folder: Path, worker: Worker, change: Change, syntax: UID = ExplicitVRLittleEndian) -> str:
    with pytest.raises(ImportRefused) as refused:
        _image(folder, worker, change, syntax)
    assert "{" not in refused.value.message
    return refused.value.code


def test_a_table_beside_a_slope_is_refused(tmp_path: Path, worker: Worker) -> None:
    def change(dataset: Dataset, k: int) -> None:
        _with_table(dataset, 0, np.arange(4))
        dataset.RescaleSlope, dataset.RescaleIntercept = "1", "0"

    assert _refusal(tmp_path / "s", worker, change) == "MODALITY_LUT"


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("bits, keyword", [(32, "FloatPixelData"), (64, "DoubleFloatPixelData")])
def test_floats_of_both_lengths(tmp_path: Path, worker: Worker, bits: int, keyword: str, syntax: UID) -> None:
    def as_floats(dataset: Dataset, values: NDArray[np.float64]) -> None:
        for gone in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation", "RescaleIntercept"):
            delattr(dataset, gone)
        dataset.RescaleIntercept, dataset.BitsAllocated = "-1024", bits
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        setattr(dataset, keyword, values.astype(f"{order}f{bits // 8}").tobytes())

    whole = _image(tmp_path / "whole", worker, lambda d, k: as_floats(d, HU[k] + 1024.0), syntax)
    assert whole.volume.voxels_kji.dtype == np.int16
    np.testing.assert_array_equal(_values(whole), HU)
    broken = _image(tmp_path / "broken", worker, lambda d, k: as_floats(d, HU[k] + 1024.25), syntax)
    assert broken.volume.voxels_kji.dtype == np.float32
    np.testing.assert_array_equal(_values(broken), HU + 0.25)
    for n, value in enumerate((np.nan, np.inf, -np.inf) if bits == 32 else (np.nan, np.inf, 1e300)):
        spoilt = np.where(HU[1, 1, 1] == HU, value, HU)

        def with_no_number(dataset: Dataset, k: int, spoilt: NDArray[np.float64] = spoilt) -> None:
            as_floats(dataset, spoilt[k])

        assert _refusal(tmp_path / f"no{n}", worker, with_no_number, syntax) == "NO_NUMBER"


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_integers_of_32_bits(tmp_path: Path, worker: Worker, syntax: UID, *, signed: bool) -> None:
    shift = 0 if signed else 100_000

    def change(dataset: Dataset, k: int) -> None:
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 32, 32, 31
        dataset.PixelRepresentation, dataset.RescaleIntercept = int(signed), f"{-shift}"
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        dataset.PixelData = (HU[k] + shift).astype(f"{order}{'i' if signed else 'u'}4").tobytes()

    image = _image(tmp_path / "s", worker, change, syntax)
    assert image.volume.voxels_kji.dtype == np.int16
    np.testing.assert_array_equal(_values(image), HU)


def test_24_of_32_bits_with_an_overlay_above(tmp_path: Path, worker: Worker) -> None:
    def change(dataset: Dataset, k: int) -> None:
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 32, 24, 23
        dataset.PixelRepresentation, dataset.RescaleIntercept = 1, "0"
        bits = HU[k].view(np.uint32) & 0xFFFFFF
        bits[2:4] |= 0x55000000
        dataset.PixelData = bits.astype("<u4").tobytes()

    image = _image(tmp_path / "s", worker, change)
    np.testing.assert_array_equal(_values(image), HU)
    assert "MASK_HIGH_BITS" in [f.code for f in image.findings]


def test_slices_of_every_depth_and_sign_join_in_one_volume(tmp_path: Path, worker: Worker) -> None:
    def change(dataset: Dataset, k: int) -> None:
        bits = (8, 16, 32)[k]
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
        dataset.PixelRepresentation = k % 2
        slope, intercept = ((16, -1024), (1, 0), (1, -70_000))[k]
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{slope}", f"{intercept}"
        stored = (HU[k] - intercept) // slope
        dataset.PixelData = stored.astype(f"<{'ui'[k % 2]}{bits // 8}").tobytes()
        dataset["PixelData"].VR = "OW"

    image = _image(tmp_path / "s", worker, change)
    assert image.volume.voxels_kji.dtype == np.int16
    np.testing.assert_array_equal(_values(image)[1:], HU[1:])
    np.testing.assert_array_equal(_values(image)[0], (HU[0] + 1024) // 16 * 16 - 1024)


@pytest.mark.parametrize("first, last", [(-2000, -1500), (-1500, -2000)], ids=["rising", "falling"])
def test_a_range_of_padding_values_becomes_air(tmp_path: Path, worker: Worker, first: int, last: int) -> None:
    def change(dataset: Dataset, k: int) -> None:
        dataset.PixelRepresentation, dataset.RescaleIntercept = 1, "0"
        stored = HU[k].astype(np.int16)
        stored[0] = np.linspace(-2000, -1500, stored.shape[1])
        stored[1] = -2001
        dataset.PixelData = stored.tobytes()
        dataset.add_new("PixelPaddingValue", "SS", first)
        dataset.add_new("PixelPaddingRangeLimit", "SS", last)

    values = _values(_image(tmp_path / "s", worker, change))
    assert (values[:, 0] == -1024).all()
    assert (values[:, 1] == -2001).all(), "outside the range nothing changes"
    np.testing.assert_array_equal(values[:, 2:], HU[:, 2:])


def test_of_a_range_that_reaches_into_the_body_only_what_no_body_has_is_padding(
    tmp_path: Path, worker: Worker
) -> None:
    def change(dataset: Dataset, k: int) -> None:
        dataset.PixelRepresentation, dataset.RescaleIntercept = 1, "0"
        stored = HU[k].astype(np.int16)
        stored[0] = -1900
        dataset.PixelData = stored.tobytes()
        dataset.add_new("PixelPaddingValue", "SS", -2000)
        dataset.add_new("PixelPaddingRangeLimit", "SS", 100)

    values = _values(_image(tmp_path / "s", worker, change))
    assert (values[:, 0] == -1024).all()
    np.testing.assert_array_equal(values[:, 1:], HU[:, 1:])


def test_padding_above_all_tissue_becomes_air_and_the_volume_stays_16_bit(
    tmp_path: Path, worker: Worker
) -> None:
    def change(dataset: Dataset, k: int) -> None:
        stored = (HU[k] + 1024).astype(np.uint16)
        stored[0] = 63_536  # -2000 by its bits, in unsigned pixels
        dataset.PixelData = stored.tobytes()
        dataset.add_new("PixelPaddingValue", "US", 63_536)

    values = _values(_image(tmp_path / "s", worker, change))
    assert (values[:, 0] == -1024).all()
    np.testing.assert_array_equal(values[:, 1:], HU[:, 1:])


def test_padding_of_an_mr_is_left_alone(tmp_path: Path, worker: Worker) -> None:
    def change(dataset: Dataset, k: int) -> None:
        dataset.Modality = "MR"
        dataset.add_new("PixelPaddingValue", "US", int(HU[k].max()) + 1024)
        del dataset.RescaleSlope
        del dataset.RescaleIntercept

    image = _image(tmp_path / "s", worker, change)
    np.testing.assert_array_equal(_values(image), HU + 1024)
    assert not _warned(image), "an MR without rescale is no fault"


@pytest.mark.parametrize(
    "unit, warned",
    [
        ("HU", False),
        ("hu", False),
        ("HU_MOD", False),
        ("", False),
        ("US", True),
        ("MGML", True),
        ("MULLER", True),
    ],
)
def test_a_ct_in_another_unit_says_so(tmp_path: Path, worker: Worker, unit: str, *, warned: bool) -> None:
    image = _image(tmp_path / "s", worker, lambda d, _: setattr(d, "RescaleType", unit))
    assert _warned(image) == (["NOT_HU"] if warned else [])
    said = [f.message for f in image.findings if f.code == "NOT_HU"]
    assert [unit in words for words in said] == ([unit != "MULLER"] if warned else []), "free text stays out"


def test_an_enhanced_ct_in_another_unit_says_so(tmp_path: Path, worker: Worker) -> None:
    dataset = an_enhanced_ct(GRID)
    group = dataset.SharedFunctionalGroupsSequence[0]
    group.PixelValueTransformationSequence[0].RescaleType = "Z_EFF"
    dataset.PixelData = (HU + 1024).astype("<u2").tobytes()
    (tmp_path / "s").mkdir()
    dataset.save_as(tmp_path / "s" / "a", enforce_file_format=True)
    image = load_series(scan(tmp_path / "s", worker=worker).series[0], worker=worker).image
    np.testing.assert_array_equal(_values(image), HU)
    assert _warned(image) == ["NOT_HU"]


@pytest.mark.parametrize("gone", [("RescaleIntercept",), ("RescaleSlope", "RescaleIntercept")])
def test_a_ct_without_rescale_says_so(tmp_path: Path, worker: Worker, gone: tuple[str, ...]) -> None:
    def change(dataset: Dataset, k: int) -> None:
        for keyword in gone:
            delattr(dataset, keyword)

    image = _image(tmp_path / "s", worker, change)
    np.testing.assert_array_equal(_values(image), HU + 1024)
    assert _warned(image) == ["NOT_HU"]


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
@pytest.mark.parametrize("value", [b"1x", b"1\\2", b"--", b"nan", b"inf"])
def test_a_scale_that_is_no_number_is_refused_never_left_out(
    tmp_path: Path, worker: Worker, keyword: str, value: bytes
) -> None:
    folder = phantom.write_series(tmp_path / "s", GRID, lambda d, _: setattr(d, keyword, "777777"))
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes().replace(b"777777", value.ljust(6), 1))
    with pytest.raises(ImportRefused) as refused:
        load_series(scan(folder, worker=worker).series[0], worker=worker)
    assert refused.value.code == "BAD_RESCALE"


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_a_scale_that_some_slices_lack_is_refused(tmp_path: Path, worker: Worker, modality: str) -> None:
    def change(dataset: Dataset, k: int) -> None:
        dataset.Modality = modality
        if k == 1:
            del dataset.RescaleSlope
            del dataset.RescaleIntercept

    assert _refusal(tmp_path / "s", worker, change) == "BAD_RESCALE"


def test_a_scale_that_runs_backwards_is_a_warning(tmp_path: Path, worker: Worker) -> None:
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.PixelRepresentation = "-1", "0", 1
        dataset.PixelData = (-HU[k]).astype("<i2").tobytes()

    image = _image(tmp_path / "s", worker, change)
    np.testing.assert_array_equal(_values(image), HU)
    assert _warned(image) == ["NOT_HU"]


def test_monochrome1_is_never_inverted(tmp_path: Path, worker: Worker) -> None:
    image = _image(
        tmp_path / "s", worker, lambda d, _: setattr(d, "PhotometricInterpretation", "MONOCHROME1")
    )
    np.testing.assert_array_equal(_values(image), HU)


def test_decimal_scales_that_give_whole_numbers_stay_whole(tmp_path: Path, worker: Worker) -> None:
    def change(dataset: Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = "0.1", "-102.4"
        dataset.PixelData = (HU[k] * 10 + 1024).astype("<i2").tobytes()
        dataset.PixelRepresentation = 1

    image = _image(tmp_path / "s", worker, change)
    assert image.volume.voxels_kji.dtype == np.int16
    np.testing.assert_array_equal(_values(image), HU)
