"""What NIfTI, NRRD and MetaImage files may get wrong."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from planning.errors import ImportRefused
from planning.imaging.volume_file import load_volume_file
from planning.kernel.process import Worker
from planning.model.study import Severity
from tests.imaging import phantom

GRID = phantom.a_grid(np.eye(3))
HU = phantom.voxels_of(GRID)
Spoil = Callable[[bytearray], bytes]


def _refused(path: Path, worker: Worker) -> ImportRefused:
    with pytest.raises(ImportRefused) as refused:
        load_volume_file(path, worker=worker)
    assert refused.value.message.endswith(".")
    assert "{" not in refused.value.message
    return refused.value


def _patched(offset: int, form: str, *values: float) -> Spoil:
    def spoil(data: bytearray) -> bytes:
        struct.pack_into("<" + form, data, offset, *values)
        return bytes(data)

    return spoil


SPOILT: list[tuple[str, Spoil]] = [
    ("NO_ORIENTATION", _patched(252, "2h", 0, 0)),
    ("BAD_AFFINE", _patched(280, "f", float("nan"))),
    ("BAD_AFFINE", _patched(280, "4f", 0, 0, 0, 0)),
    ("SHEARED", _patched(284, "f", 0.3)),
    ("UNITS", _patched(280, "f", 300.0)),
    ("NOT_A_VOLUME", _patched(40, "8h", 4, 11, 9, 7, 2, 1, 1, 1)),
    ("NOT_A_VOLUME", _patched(40, "8h", 3, 0, 9, 7, 1, 1, 1, 1)),
    ("SHORT_PIXELS", _patched(40, "8h", 3, 32767, 32767, 32767, 1, 1, 1, 1)),
    ("SHORT_PIXELS", lambda data: bytes(data[:-10])),
    ("COLOUR", _patched(70, "h", 128)),
    ("UNSUPPORTED", _patched(70, "h", 1536)),
    ("BAD_HEADER", _patched(0, "i", 7)),
    ("BAD_HEADER", _patched(108, "f", float("nan"))),
    ("TRUNCATED", lambda data: bytes(data[:100])),
]


@pytest.mark.parametrize("code, spoil", SPOILT, ids=[f"{n}-{code}" for n, (code, _) in enumerate(SPOILT)])
def test_a_spoilt_nifti_is_refused_by_name(tmp_path: Path, worker: Worker, code: str, spoil: Spoil) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    path.write_bytes(spoil(bytearray(path.read_bytes())))
    assert _refused(path, worker).code == code


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_cut_compressed_file_is_refused(tmp_path: Path, worker: Worker, suffix: str) -> None:
    path = phantom.write_volume(tmp_path / f"a{suffix}", HU, GRID)
    path.write_bytes(path.read_bytes()[:-40])
    assert _refused(path, worker).code == "TRUNCATED"


def test_a_flipped_bit_in_a_compressed_file_is_refused(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nii.gz", HU, GRID)
    data = bytearray(path.read_bytes())
    data[-6] ^= 1  # in the checksum: the values themselves unpack
    path.write_bytes(data)
    assert _refused(path, worker).code == "TRUNCATED"


def test_a_gzip_bomb_is_refused_before_it_unpacks(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    head = bytearray(path.read_bytes()[:352])
    struct.pack_into("<8h", head, 40, 3, 1024, 1024, 512, 1, 1, 1, 1)
    with gzip.open(tmp_path / "bomb.nii.gz", "wb", compresslevel=9) as file:
        file.write(head + bytes(2**24))
    assert _refused(tmp_path / "bomb.nii.gz", worker).code == "EXPANSION_LIMIT"


def test_voxels_that_are_no_number_are_refused(tmp_path: Path, worker: Worker) -> None:
    values = HU.astype(np.float32)
    values[3, 4, 5] = np.nan
    path = phantom.write_volume(tmp_path / "a.nii.gz", values, GRID)
    assert _refused(path, worker).code == "NAN_VOXELS"


def test_floats_that_are_whole_become_int16_and_others_stay_float32(tmp_path: Path, worker: Worker) -> None:
    whole = phantom.write_volume(tmp_path / "whole.nii.gz", HU.astype(np.float64), GRID)
    broken = phantom.write_volume(tmp_path / "broken.nii.gz", HU + 0.25, GRID)
    assert load_volume_file(whole, worker=worker).image.volume.voxels_kji.dtype == np.int16
    image = load_volume_file(broken, worker=worker).image
    assert image.volume.voxels_kji.dtype == np.float32
    assert phantom.worst_error(image.volume.voxels_kji - 0.25, image.volume.grid) <= 0.51


def test_metres_are_converted_and_said(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    data = bytearray(path.read_bytes())
    for offset, count in ((80, 3), (268, 3), (280, 12)):
        values = struct.unpack_from(f"<{count}f", data, offset)
        struct.pack_into(f"<{count}f", data, offset, *(v / 1000 for v in values))
    data[123] = 1
    path.write_bytes(data)
    image = load_volume_file(path, worker=worker).image
    assert "UNITS" in [f.code for f in image.findings]
    assert image.volume.grid.spacing_ijk_mm == pytest.approx(phantom.SPACING, rel=1e-5)


@pytest.mark.parametrize("code, unit", [(1, "m"), (3, "µm")])
def test_an_absurd_unit_is_left_aside_with_a_warning(
    tmp_path: Path, worker: Worker, code: int, unit: str
) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    path.write_bytes(_patched(123, "B", code)(bytearray(path.read_bytes())))
    image = load_volume_file(path, worker=worker).image
    (doubted,) = [f for f in image.findings if f.code == "UNITS"]
    assert doubted.severity is Severity.WARN
    assert f"distances are in {unit}, which" in doubted.message
    assert image.volume.grid.spacing_ijk_mm == pytest.approx(phantom.SPACING, rel=1e-5)
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 0.51


def test_an_absurd_unit_of_a_nrrd_is_left_aside_with_a_warning(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nrrd", HU, GRID)
    units = b'\nspace units: "m" "m" "m"\nspace origin:'
    path.write_bytes(path.read_bytes().replace(b"\nspace origin:", units, 1))
    image = load_volume_file(path, worker=worker).image
    assert [f.severity for f in image.findings if f.code == "UNITS"] == [Severity.WARN]
    assert image.volume.grid.spacing_ijk_mm == pytest.approx(phantom.SPACING, rel=1e-5)


def test_two_places_in_one_file_are_a_warning(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    data = bytearray(path.read_bytes())
    (x,) = struct.unpack_from("<f", data, 268)
    struct.pack_into("<f", data, 268, x + 10.0)
    path.write_bytes(data)
    image = load_volume_file(path, worker=worker).image
    (conflict,) = [f for f in image.findings if f.code == "AFFINE_CONFLICT"]
    assert conflict.severity is Severity.WARN
    assert "10.0 mm" in conflict.message
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 0.51, "the sform was used"


def test_two_places_in_metres_are_compared_in_millimetres(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    data = bytearray(path.read_bytes())
    for offset, count in ((80, 3), (268, 3), (280, 12)):
        values = struct.unpack_from(f"<{count}f", data, offset)
        struct.pack_into(f"<{count}f", data, offset, *(v / 1000 for v in values))
    (x,) = struct.unpack_from("<f", data, 268)
    struct.pack_into("<f", data, 268, x + 0.05)
    data[123] = 1
    path.write_bytes(data)
    (conflict,) = [
        f for f in load_volume_file(path, worker=worker).image.findings if f.code == "AFFINE_CONFLICT"
    ]
    assert "50.0 mm" in conflict.message


@pytest.mark.parametrize("slope", [0.0, float("nan")])
def test_a_useless_scale_is_ignored(tmp_path: Path, worker: Worker, slope: float) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    path.write_bytes(_patched(112, "2f", slope, 7.0)(bytearray(path.read_bytes())))
    image = load_volume_file(path, worker=worker).image
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 0.51


def test_a_scale_is_applied(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    path.write_bytes(_patched(112, "2f", 2.0, -3.0)(bytearray(path.read_bytes())))
    image = load_volume_file(path, worker=worker).image
    assert phantom.worst_error((image.volume.voxels_kji + 3) / 2, image.volume.grid) <= 0.51


@pytest.mark.parametrize(
    "old, new, code",
    [
        (b"space: left-posterior-superior", b"space: 3D-right-handed", "NO_ORIENTATION"),
        (b"space origin: (", b"space origin: (nan,", "BAD_AFFINE"),
        (b"encoding: gzip", b"encoding: bzip2", "UNSUPPORTED"),
        (b"type: short", b"type: block", "COLOUR"),
        (b"type: short", b"type: short\ndata file: /etc/passwd", "PATH_TRAVERSAL"),
        (b"type: short", b"type: short\ndata file: ../a.raw", "PATH_TRAVERSAL"),
        (b"type: short", b"type: short\ndata file: LIST 2", "UNSUPPORTED"),
        (b"type: short", b"type: short\ndata file: b.raw", "NO_PIXELS"),
        (b"sizes: 11 9 7", b"sizes: 11 9 x", "BAD_HEADER"),
        (b"NRRD000", b"HELLO00", "BAD_HEADER"),
    ],
)
def test_a_spoilt_nrrd_is_refused_by_name(
    tmp_path: Path, worker: Worker, old: bytes, new: bytes, code: str
) -> None:
    path = phantom.write_volume(tmp_path / "a.nrrd", HU, GRID)
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))
    assert _refused(path, worker).code == code


def test_a_ras_nrrd_is_turned_into_lps(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nrrd", HU, phantom.a_grid(np.diag([-1.0, -1.0, 1.0])))
    data = path.read_bytes().replace(b"left-posterior-superior", b"right-anterior-superior")
    path.write_bytes(data)
    grid = load_volume_file(path, worker=worker).image.volume.grid
    np.testing.assert_allclose(grid.directions, np.eye(3), atol=1e-12)


@pytest.mark.parametrize(
    "old, new, code",
    [
        (b"TransformMatrix", b"Comment", "NO_ORIENTATION"),
        (b"NDims = 3", b"NDims = 4", "NOT_A_VOLUME"),
        (b"MET_SHORT", b"MET_OTHER", "UNSUPPORTED"),
        (b"ElementDataFile = LOCAL", b"ElementDataFile = ../a.raw", "PATH_TRAVERSAL"),
        (b"ElementDataFile = LOCAL", b"ElementDataFile = C:a.raw", "PATH_TRAVERSAL"),
        (b"ElementDataFile = LOCAL", b"ElementDataFile = LIST", "UNSUPPORTED"),
        (b"ElementDataFile = LOCAL", b"ElementDataFile = a%03d.raw 1 9 1", "UNSUPPORTED"),
        (b"ElementDataFile = LOCAL", b"ElementDataFile = b.raw", "NO_PIXELS"),
    ],
)
def test_a_spoilt_metaimage_is_refused_by_name(
    tmp_path: Path, worker: Worker, old: bytes, new: bytes, code: str
) -> None:
    path = phantom.write_volume(tmp_path / "a.mha", HU, GRID)
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))
    assert _refused(path, worker).code == code


def _with_qform_alone(data: bytearray, *quaternion: float) -> bytes:
    struct.pack_into("<2h", data, 252, 1, 0)
    struct.pack_into("<3f", data, 256, *quaternion)
    return bytes(data)


@pytest.mark.parametrize("quaternion", [(0.0, 0.0, 1.2), (0.8, 0.8, 0.0), (float("nan"), 0.0, 0.0)])
def test_a_quaternion_that_would_stretch_distances_is_refused(
    tmp_path: Path, worker: Worker, quaternion: tuple[float, float, float]
) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    path.write_bytes(_with_qform_alone(bytearray(path.read_bytes()), *quaternion))
    assert _refused(path, worker).code == "BAD_AFFINE"


def test_a_quaternion_off_by_rounding_keeps_the_voxel_size(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    data = bytearray(path.read_bytes())
    found = struct.unpack_from("<3f", data, 256)
    path.write_bytes(_with_qform_alone(data, *(v * (1 + 2e-6) for v in found)))
    image = load_volume_file(path, worker=worker).image
    assert image.volume.grid.spacing_ijk_mm == pytest.approx(phantom.SPACING, rel=1e-6)
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 0.51


def test_listed_sizes_that_are_not_those_of_the_sform_are_a_warning(tmp_path: Path, worker: Worker) -> None:
    path = phantom.write_volume(tmp_path / "a.nii", HU, GRID)
    data = bytearray(path.read_bytes())
    struct.pack_into("<h", data, 252, 0)
    path.write_bytes(data)
    assert "AFFINE_CONFLICT" not in [f.code for f in load_volume_file(path, worker=worker).image.findings]
    struct.pack_into("<f", data, 88, 2.6)
    path.write_bytes(data)
    image = load_volume_file(path, worker=worker).image
    (conflict,) = [f for f in image.findings if f.code == "AFFINE_CONFLICT"]
    assert conflict.severity is Severity.WARN
    assert "1.30 mm" in conflict.message
    assert image.volume.grid.spacing_ijk_mm == pytest.approx(phantom.SPACING, rel=1e-5)


@pytest.mark.parametrize("blank_line", [True, False])
def test_a_nrrd_with_its_voxels_beside_it(tmp_path: Path, worker: Worker, *, blank_line: bool) -> None:
    head, _, body = phantom.write_volume(tmp_path / "a.nrrd", HU, GRID).read_bytes().partition(b"\n\n")
    (tmp_path / "voxels.raw.gz").write_bytes(body)
    detached = head + b"\ndata file: voxels.raw.gz\n" + (b"\n" if blank_line else b"")
    (tmp_path / "b.nhdr").write_bytes(detached)
    image = load_volume_file(tmp_path / "b.nhdr", worker=worker).image
    assert phantom.worst_error(image.volume.voxels_kji, image.volume.grid) <= 0.51


def test_a_missing_file_is_said(tmp_path: Path, worker: Worker) -> None:
    assert _refused(tmp_path / "none.nii", worker).code == "NO_SOURCE"
