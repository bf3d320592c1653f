"""The same Hounsfield values come out of every transfer syntax a CT or MR may be written in."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 -- its documentation knows no other name
from jpeg_ls import encode_array as encode_jpeg_ls
from numpy.typing import NDArray
from openjpeg.utils import encode_array as encode_jpeg_2000
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from planning.errors import ImportRefused
from planning.imaging import headers
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.kernel.exchange import TaskRoom
from planning.kernel.process import Worker
from planning.model.study import StudyImage
from planning.progress import silent
from tests.imaging import phantom
from tests.imaging.encapsulation import Encode, an_enhanced_ct, lossless_syntaxes, offsets, pack, rle, torn
from tests.imaging.jpeg_encoder import jpeg_12_bit, jpeg_lossless

GRID = phantom.a_grid(np.eye(3), (3, 32, 48), (1.0, 1.0, 1.0))
HU = phantom.voxels_of(GRID)
STORED = (HU.astype(np.int32) + 1024).astype(np.uint16)
SYNTAXES = lossless_syntaxes()
NEAR = "1.2.840.10008.1.2.4.81"
J2K, J2K_LOSSY = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
BASELINE, EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
Write = Callable[[Dataset, int], Dataset]


def _loaded(folder: Path, worker: Worker) -> StudyImage:
    return load_series(scan(folder, worker=worker).series[0], worker=worker).image


def _series(folder: Path, write: Write) -> Path:
    folder.mkdir(exist_ok=True)
    for k in range(len(STORED)):
        write(phantom.a_slice(STORED[k], GRID, k), k).save_as(folder / f"{k}", enforce_file_format=True)
    return folder


def _codes(image: StudyImage) -> list[str]:
    return [finding.code for finding in image.findings]


@pytest.mark.parametrize("pieces", [1, 5], ids=["whole", "in five fragments"])
@pytest.mark.parametrize("name", SYNTAXES)
def test_every_lossless_method_gives_the_exact_values(
    tmp_path: Path, worker: Worker, name: str, pieces: int
) -> None:
    syntax, encode = SYNTAXES[name]
    count = 1 if syntax.endswith(".5") else pieces  # RLE is never torn

    def write(dataset: Dataset, k: int) -> Dataset:
        dataset.LossyImageCompression = "00"
        return pack(dataset, syntax, torn(encode(STORED[k]), count))

    image = _loaded(_series(tmp_path / "s", write), worker)
    np.testing.assert_array_equal(image.volume.voxels_kji, HU)
    assert "LOSSY" not in _codes(image)


@pytest.mark.parametrize("name", ["JPEG lossless, first order", "JPEG-LS", "JPEG 2000", "RLE"])
def test_signed_values_survive_every_method(tmp_path: Path, worker: Worker, name: str) -> None:
    syntax, encode = SYNTAXES[name]

    def write(dataset: Dataset, k: int) -> Dataset:
        dataset.PixelRepresentation, dataset.RescaleIntercept = 1, "0"
        return pack(dataset, syntax, [encode(HU[k].view(np.uint16))])

    assert HU.min() < 0
    np.testing.assert_array_equal(_loaded(_series(tmp_path / "s", write), worker).volume.voxels_kji, HU)


@pytest.mark.parametrize("signed", [True, False], ids=["signed header", "unsigned header"])
def test_a_sign_the_stream_and_the_header_dispute_is_read_by_the_bits(
    tmp_path: Path, worker: Worker, *, signed: bool
) -> None:
    def write(dataset: Dataset, k: int) -> Dataset:
        dataset.BitsStored, dataset.HighBit = 13, 12
        dataset.PixelRepresentation, dataset.RescaleIntercept = int(signed), "0" if signed else "-4096"
        bits = (HU[k].view(np.uint16) if signed else HU[k].astype(np.int32) + 4096).astype(np.uint16) & 0x1FFF
        disputed = bits if signed else ((bits.astype(np.int32) ^ 0x1000) - 0x1000).astype(np.int16)
        return pack(dataset, J2K, [encode_jpeg_2000(disputed, bits_stored=13)])

    np.testing.assert_array_equal(_loaded(_series(tmp_path / "s", write), worker).volume.voxels_kji, HU)


@pytest.mark.parametrize("name", ["JPEG lossless, first order", "JPEG-LS", "JPEG 2000", "RLE"])
def test_overlays_inside_compressed_values_are_removed(tmp_path: Path, worker: Worker, name: str) -> None:
    syntax, encode = SYNTAXES[name]

    def write(dataset: Dataset, k: int) -> Dataset:
        dataset.BitsStored, dataset.HighBit = 12, 11
        overlaid = STORED[k].copy()
        overlaid[3:9, 4:12] |= 0x7000
        return pack(dataset, syntax, [encode(overlaid)])

    image = _loaded(_series(tmp_path / "s", write), worker)
    np.testing.assert_array_equal(image.volume.voxels_kji, HU)
    assert "MASK_HIGH_BITS" in _codes(image)


def _near_lossless(values: NDArray[np.uint16]) -> bytes:
    return bytes(encode_jpeg_ls(values, lossy_error=3))


def _by_wavelets(values: NDArray[np.uint16]) -> bytes:
    return encode_jpeg_2000(values, bits_stored=16, compression_ratios=[6])


LOSSY: dict[str, tuple[str, Encode, float]] = {
    "JPEG-LS near lossless": (NEAR, _near_lossless, 3),
    "JPEG 2000": (J2K_LOSSY, _by_wavelets, 40),
    "JPEG extended, 12 bit": (EXTENDED, jpeg_12_bit, 1),
    "JPEG lossless method with loss": (
        "1.2.840.10008.1.2.4.57",
        lambda v: jpeg_lossless(v, 16, 1, 2),
        3,
    ),
}


@pytest.mark.parametrize("admitted", ["01", "00", ""], ids=["admitted", "denied", "unsaid"])
@pytest.mark.parametrize("name", LOSSY)
def test_a_lossy_method_is_always_marked(tmp_path: Path, worker: Worker, name: str, admitted: str) -> None:
    syntax, encode, error = LOSSY[name]

    def write(dataset: Dataset, k: int) -> Dataset:
        dataset.BitsStored, dataset.HighBit = 12, 11
        if admitted:
            dataset.LossyImageCompression = admitted
        return pack(dataset, syntax, [encode(STORED[k])])

    image = _loaded(_series(tmp_path / "s", write), worker)
    assert np.abs(image.volume.voxels_kji.astype(np.int32) - HU).max() <= error
    assert _codes(image).count("LOSSY") == 1


def test_wavelets_give_what_another_decoder_gives(tmp_path: Path, worker: Worker) -> None:
    folder = _series(tmp_path / "s", lambda d, k: pack(d, J2K_LOSSY, [_by_wavelets(STORED[k])]))
    image = _loaded(folder, worker)
    for k in range(len(STORED)):
        other = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"{k}"), imageIO="GDCMImageIO"))
        np.testing.assert_array_equal(image.volume.voxels_kji[k], other[0])


def test_a_jpeg_of_eight_bits_gives_what_another_decoder_gives(tmp_path: Path, worker: Worker) -> None:
    streams = []
    for plane in STORED:
        file = BytesIO()
        Image.fromarray((plane // 16).astype(np.uint8)).save(file, "JPEG", quality=90)
        streams.append(file.getvalue())

    def write(dataset: Dataset, k: int) -> Dataset:
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        return pack(dataset, BASELINE, [streams[k]])

    image = _loaded(_series(tmp_path / "s", write), worker)
    other = np.stack([np.asarray(Image.open(BytesIO(stream))) for stream in streams]).astype(np.int16)
    np.testing.assert_array_equal(image.volume.voxels_kji, other - 1024)
    assert "LOSSY" in _codes(image)


def _saved(dataset: Dataset, path: Path) -> Path:
    path.parent.mkdir()
    dataset.save_as(path, enforce_file_format=True)
    return path.parent


ORDER = (2, 0, 1)


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
    ids=lambda syntax: syntax.name,
)
def test_an_enhanced_ct_in_any_order_of_frames(tmp_path: Path, worker: Worker, syntax: UID) -> None:
    dataset = an_enhanced_ct(GRID, ORDER)
    dataset.file_meta.TransferSyntaxUID = syntax
    big = syntax == ExplicitVRBigEndian
    dataset.PixelData = STORED[list(ORDER)].astype(">u2" if big else "<u2").tobytes()
    path = tmp_path / "s" / "a"
    path.parent.mkdir()
    dataset.save_as(
        path,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=not big,
        enforce_file_format=True,
    )
    image = _loaded(path.parent, worker)
    np.testing.assert_array_equal(image.volume.voxels_kji, HU)
    assert not {"NOT_HU", "LOSSY"} & set(_codes(image))


@pytest.mark.parametrize("pieces, table", [(1, True), (1, False), (3, True), (3, False)])
@pytest.mark.parametrize("name", ["JPEG lossless, first order", "JPEG-LS", "JPEG 2000"])
def test_frames_are_found_among_fragments(
    tmp_path: Path, worker: Worker, name: str, pieces: int, *, table: bool
) -> None:
    syntax, encode = SYNTAXES[name]
    frames = [torn(encode(STORED[k]), pieces) for k in ORDER]
    dataset = pack(
        an_enhanced_ct(GRID, ORDER),
        syntax,
        [piece for frame in frames for piece in frame],
        offsets(frames) if table else b"",
    )
    image = _loaded(_saved(dataset, tmp_path / "s" / "a"), worker)
    np.testing.assert_array_equal(image.volume.voxels_kji, HU)


def test_files_of_very_many_frames_are_answered_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = []
    for n in range(4):
        dataset = an_enhanced_ct(GRID)
        dataset.PixelData = STORED.tobytes()
        files.append(str(_saved(dataset, tmp_path / f"{n}" / "a") / "a"))
    monkeypatch.setattr(headers, "_FRAMES_AN_ANSWER", 5)
    room = TaskRoom(tmp_path, silent, 1)
    answer, _ = headers.read_headers({"files": files}, [], room)
    assert [len(record["frames"]) for record in answer["records"]] == [3, 3], "enough for one answer"
    answer, _ = headers.read_headers({"files": files[2:]}, [], room)
    assert len(answer["records"]) == 2


def test_frames_of_rle_and_a_wrong_offset_table(tmp_path: Path, worker: Worker) -> None:
    frames = [rle(STORED[k]) for k in ORDER]
    dataset = pack(an_enhanced_ct(GRID, ORDER), SYNTAXES["RLE"][0], frames, b"\xff" * 12)
    image = _loaded(_saved(dataset, tmp_path / "s" / "a"), worker)
    np.testing.assert_array_equal(image.volume.voxels_kji, HU)


def test_fragments_that_do_not_tell_the_frames_are_refused(tmp_path: Path, worker: Worker) -> None:
    frames = [torn(rle(STORED[k]), 2) for k in ORDER]
    dataset = pack(an_enhanced_ct(GRID, ORDER), SYNTAXES["RLE"][0], [p for f in frames for p in f])
    assert _refusal(_saved(dataset, tmp_path / "s" / "a"), worker) == "BAD_STREAM"


def _refusal(folder: Path, worker: Worker) -> str:
    with pytest.raises(ImportRefused) as refused:
        _loaded(folder, worker)
    return refused.value.code


@pytest.mark.parametrize(
    "claim",
    [
        lambda v: encode_jpeg_2000(np.pad(v, ((0, 8), (0, 0))), bits_stored=16),
        lambda v: encode_jpeg_2000(np.stack([v, v, v], axis=2), bits_stored=16),
        lambda v: encode_jpeg_2000(v.astype(np.uint32) << 4, bits_stored=20),
        lambda v: bytes(encode_jpeg_ls(v[:-1])),
        lambda v: b"\0\0" + bytes(encode_jpeg_ls(v)),
        lambda v: v.tobytes()[:0],
    ],
    ids=["more rows", "three colours", "more bits", "fewer rows", "no picture", "nothing"],
)
def test_a_stream_that_contradicts_its_header_is_refused(
    tmp_path: Path, worker: Worker, claim: Encode
) -> None:
    syntax = SYNTAXES["JPEG-LS"][0] if b"\xff\xf7" in claim(STORED[0]) else J2K
    folder = _series(tmp_path / "s", lambda d, k: pack(d, syntax, [claim(STORED[k])]))
    assert _refusal(folder, worker) == "BAD_STREAM"


def test_pixels_that_are_packed_otherwise_than_the_syntax_says(tmp_path: Path, worker: Worker) -> None:
    syntax, encode = SYNTAXES["JPEG-LS"]
    folder = _series(tmp_path / "s", lambda d, k: pack(d, syntax, [encode(STORED[k])]))
    for file in folder.iterdir():
        file.write_bytes(
            file.read_bytes().replace(b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.1\0\0\0", 1)
        )
    assert _refusal(folder, worker) == "CONTRADICTION"


def test_bytes_in_big_endian_words_come_in_order(tmp_path: Path, worker: Worker) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    values = (STORED // 16).astype(np.uint8)
    for k in range(len(STORED)):
        dataset = phantom.a_slice(STORED[k], GRID, k)
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        dataset.PixelData = values[k].reshape(-1, 2)[:, ::-1].tobytes()  # OW: each word's bytes exchanged
        dataset.save_as(folder / f"{k}", implicit_vr=False, little_endian=False, enforce_file_format=True)
    image = _loaded(folder, worker)
    np.testing.assert_array_equal(image.volume.voxels_kji, values.astype(np.int16) - 1024)


def test_a_syntax_that_is_named_wrongly_is_told_by_the_bytes(tmp_path: Path, worker: Worker) -> None:
    folder = phantom.write_series(tmp_path / "s", GRID)
    for file in folder.iterdir():
        plain, wrong = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"
        file.write_bytes(file.read_bytes().replace(plain, wrong, 1))
    image = _loaded(folder, worker)
    np.testing.assert_array_equal(image.volume.voxels_kji, HU)
    assert "NO_SYNTAX" in _codes(image)
