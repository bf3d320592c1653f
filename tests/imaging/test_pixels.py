"""Values come out exactly, whatever way the pixels are stored."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 -- its documentation knows no other name
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from planning.errors import ImportRefused
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.kernel.process import Worker
from tests.imaging import phantom

GRID = phantom.a_grid(np.eye(3), (3, 32, 48), (1.0, 1.0, 1.0))
HU = phantom.voxels_of(GRID)
Write = Callable[[Dataset, Path, NDArray[np.int32]], None]


def _loaded(folder: Path, worker: Worker) -> tuple[NDArray[np.int16], list[str]]:
    image = load_series(scan(folder, worker=worker).series[0], worker=worker).image
    return image.volume.voxels_kji, [f.code for f in image.findings]


def _series(folder: Path, write: Write) -> Path:
    folder.mkdir(exist_ok=True)
    for k in range(3):
        write(
            phantom.a_slice(HU[k].astype(np.int32) + 1024, GRID, k), folder / f"{k}", HU[k].astype(np.int32)
        )
    return folder


def _by_simpleitk(dataset: Dataset, folder: Path, compressor: str) -> bytes:
    """Return one compressed frame as GDCM writes it."""
    plain, packed = folder.with_suffix(".plain.tmp"), folder.with_suffix(".packed.dcm")
    dataset.save_as(plain, enforce_file_format=True)
    stored = sitk.GetImageFromArray(dataset.pixel_array)
    writer = sitk.ImageFileWriter()
    writer.SetFileName(str(packed))
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor(compressor)
    writer.Execute(stored)
    written = dcmread(packed)
    frame = get_frame(written.PixelData, 0, number_of_frames=1)
    syntax = str(written.file_meta.TransferSyntaxUID)
    plain.unlink()
    packed.unlink()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    return bytes(frame)


def _plain(syntax: UID) -> Write:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = (hu + 1024).astype(">u2").tobytes()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(
            file,
            implicit_vr=syntax == ImplicitVRLittleEndian,
            little_endian=syntax != ExplicitVRBigEndian,
            enforce_file_format=True,
        )

    return write


def _compressed(syntax: UID) -> Write:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(file, enforce_file_format=True)

    return write


def _jpeg_lossless(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
    dataset.PixelData = encapsulate([_by_simpleitk(dataset, file, "JPEG")])
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.70"
    dataset["PixelData"].is_undefined_length = True
    dataset.PhotometricInterpretation = "MONOCHROME1"
    dataset.save_as(file, enforce_file_format=True)


@pytest.mark.parametrize(
    "write",
    [
        _plain(ImplicitVRLittleEndian),
        _plain(ExplicitVRBigEndian),
        _plain(DeflatedExplicitVRLittleEndian),
        _compressed(RLELossless),
        _compressed(JPEG2000Lossless),
        _compressed(JPEGLSLossless),
        _jpeg_lossless,
    ],
    ids=["implicit", "big endian", "deflated", "RLE", "JPEG 2000", "JPEG-LS", "JPEG lossless, MONOCHROME1"],
)
def test_every_transfer_syntax_gives_the_same_hounsfield_values(
    tmp_path: Path, worker: Worker, write: Write
) -> None:
    values, _ = _loaded(_series(tmp_path / "s", write), worker)
    np.testing.assert_array_equal(values, HU)


def test_overlays_in_high_bits_are_removed_and_said(tmp_path: Path, worker: Worker) -> None:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        dataset.BitsStored, dataset.HighBit = 12, 11
        overlay = np.zeros(hu.shape, dtype=np.uint16)
        overlay[3:9, 4:12] = 0x7000
        dataset.PixelData = ((hu + 1024).astype(np.uint16) | overlay).tobytes()
        dataset.save_as(file, enforce_file_format=True)

    assert 0 <= HU.min() + 1024 <= HU.max() + 1024 < 4096, "the phantom fits twelve bits"
    values, codes = _loaded(_series(tmp_path / "s", write), worker)
    np.testing.assert_array_equal(values, HU)
    assert "MASK_HIGH_BITS" in codes


def test_values_in_the_upper_twelve_of_sixteen_bits(tmp_path: Path, worker: Worker) -> None:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        dataset.BitsStored, dataset.HighBit = 12, 15
        dataset.PixelData = ((hu + 1024).astype(np.uint16) << 4).tobytes()
        dataset.save_as(file, enforce_file_format=True)

    np.testing.assert_array_equal(_loaded(_series(tmp_path / "s", write), worker)[0], HU)


def test_twelve_bit_signed_values_keep_their_sign(tmp_path: Path, worker: Worker) -> None:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 1
        dataset.RescaleIntercept = "0"
        dataset.PixelData = (hu.astype(np.int16).view(np.uint16) & 0x0FFF).tobytes()
        dataset.save_as(file, enforce_file_format=True)

    np.testing.assert_array_equal(_loaded(_series(tmp_path / "s", write), worker)[0], HU)


def test_each_slice_is_read_with_its_own_scale_and_sign(tmp_path: Path, worker: Worker) -> None:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        if file.name == "1":
            dataset.RescaleSlope, dataset.RescaleIntercept, dataset.PixelRepresentation = "0.5", "0", 1
            dataset.PixelData = (2 * hu).astype("<i2").tobytes()
        dataset.save_as(file, enforce_file_format=True)

    values, codes = _loaded(_series(tmp_path / "s", write), worker)
    assert values.dtype == np.int16, "whole numbers stay 16 bit"
    np.testing.assert_array_equal(values, HU)
    assert "RESCALE_PER_SLICE" in codes


def test_fractions_become_floats(tmp_path: Path, worker: Worker) -> None:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        dataset.RescaleSlope = "0.25"
        dataset.save_as(file, enforce_file_format=True)

    values, _ = _loaded(_series(tmp_path / "s", write), worker)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, (HU + 1024.0) * 0.25 - 1024.0, atol=1e-4)


def test_values_beyond_int16_are_never_clipped(tmp_path: Path, worker: Worker) -> None:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        stored = (hu + 1024).astype(np.uint16)
        stored[5, 5] = 65_535
        dataset.PixelData = stored.tobytes()
        dataset.save_as(file, enforce_file_format=True)

    values, _ = _loaded(_series(tmp_path / "s", write), worker)
    assert values.dtype == np.float32
    assert values[0, 5, 5] == 65_535 - 1024
    assert values[0, 5, 6] == HU[0, 5, 6]


@pytest.mark.parametrize("signed_tag", [True, False], ids=["signed tag", "unsigned tag"])
def test_padding_becomes_air_and_is_counted(tmp_path: Path, worker: Worker, *, signed_tag: bool) -> None:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        dataset.PixelRepresentation, dataset.RescaleIntercept = 1, "0"
        stored = hu.astype(np.int16)
        stored[:2] = -2000
        dataset.PixelData = stored.tobytes()
        dataset.add_new("PixelPaddingValue", "SS" if signed_tag else "US", -2000 if signed_tag else 63_536)
        dataset.save_as(file, enforce_file_format=True)

    values, codes = _loaded(_series(tmp_path / "s", write), worker)
    assert (values[:, :2] == -1024).all()
    np.testing.assert_array_equal(values[:, 2:], HU[:, 2:])
    assert "PADDING" in codes


def test_a_padding_value_inside_the_body_changes_nothing(tmp_path: Path, worker: Worker) -> None:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        dataset.add_new("PixelPaddingValue", "US", 1024)  # HU 0: water
        dataset.save_as(file, enforce_file_format=True)

    values, codes = _loaded(_series(tmp_path / "s", write), worker)
    np.testing.assert_array_equal(values, HU)
    assert "PADDING" not in codes


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_a_damaged_stream_is_refused_and_the_reader_goes_on(
    tmp_path: Path, worker: Worker, syntax: UID
) -> None:
    def write(dataset: Dataset, file: Path, hu: NDArray[np.int32]) -> None:
        dataset.compress(syntax, generate_instance_uid=False)
        if file.name == "1":
            frame = bytearray(get_frame(dataset.PixelData, 0, number_of_frames=1))
            frame[:] = frame[: len(frame) // 8]
            dataset.PixelData = encapsulate([bytes(frame)])
        dataset.save_as(file, enforce_file_format=True)

    summary = scan(_series(tmp_path / "s", write), worker=worker).series[0]
    with pytest.raises(ImportRefused) as refused:
        load_series(summary, worker=worker)
    assert refused.value.code in ("BAD_STREAM", "CRASHED")
    phantom.write_series(tmp_path / "good", GRID)
    assert (
        load_series(scan(tmp_path / "good", worker=worker).series[0], worker=worker).image.volume is not None
    )


def test_a_real_jpeg_2000_study_matches_its_labels(worker: Worker) -> None:
    folder = Path(__file__).parents[1] / "data" / "t11-t12"
    image = load_series(scan(folder, worker=worker).series[0], worker=worker).image
    assert image.volume.voxels_kji.shape == (20, 512, 512)
    assert image.volume.grid.spacing_ijk_mm == pytest.approx((0.9765625, 0.9765625, 2.0))
    reader = sitk.ReadImage(str(sorted(folder.iterdir())[7]))
    np.testing.assert_array_equal(
        image.volume.voxels_kji[round(image.volume.grid.to_ijk(reader.GetOrigin())[2])],
        sitk.GetArrayFromImage(reader)[0],
    )


def test_a_file_that_vanished_after_the_scan_is_named(tmp_path: Path, worker: Worker) -> None:
    summary = scan(phantom.write_series(tmp_path / "s", GRID), worker=worker).series[0]
    (tmp_path / "s" / "IM998").unlink()
    with pytest.raises(ImportRefused) as refused:
        load_series(summary, worker=worker)
    assert refused.value.code == "NOT_READABLE"
    assert "IM998" in refused.value.message
