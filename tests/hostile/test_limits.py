"""Every limit of `planning.imaging.limits` holds: just below it is read, just above it is refused."""

import ast
import gzip
import shutil
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from planning.errors import ImportRefused
from planning.imaging import limits
from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.imaging.volume_file import load_volume_file
from planning.kernel.process import Worker
from planning.kernel.tasks import READING_MIB
from tests.imaging import phantom
from tests.imaging.encapsulation import an_enhanced_ct, pack

ROOT = Path(__file__).resolve().parents[2]
GRID = phantom.a_grid(np.eye(3), (3, 8, 8), (1.0, 1.0, 1.0))
BOMB_BYTES = 123 * 2**20
PEAK_MIB = 256
MB = 2**20


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A child of its own, so that its peak is the test's."""
    worker = Worker()
    yield worker
    worker.close()


def _code(act: Callable[[], object]) -> str:
    start = time.monotonic()
    with pytest.raises(ImportRefused) as refused:
        act()
    assert refused.value.message.endswith((".", ")"))
    assert time.monotonic() - start < 60, "an answer, not a hang"
    return refused.value.code


def _peak_mib(worker: Worker) -> int:
    lines = Path(f"/proc/{worker.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def _deflate_bomb(folder: Path) -> Path:
    dataset = phantom.a_slice(np.zeros((8, 8), np.uint16), GRID, 0)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    data = file.getvalue()
    start = 144 + int.from_bytes(data[140:144], "little")
    plain = zlib.decompress(data[start:], -zlib.MAX_WBITS)
    private = b"\x29\x00\x10\x10OB\0\0" + struct.pack("<L", BOMB_BYTES)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    at = plain.index(b"\xe0\x7f\x10\x00")
    packed = packer.compress(plain[:at] + private)
    packed += b"".join(packer.compress(bytes(MB)) for _ in range(BOMB_BYTES // MB)) + packer.flush()
    path = folder / "bomb.dcm"
    path.write_bytes(data[:start] + packed)
    return path


def _gzip_bomb(folder: Path) -> Path:
    path = phantom.write_volume(folder / "a.nii", phantom.voxels_of(GRID), GRID)
    head = bytearray(path.read_bytes()[:352])
    struct.pack_into("<8h", head, 40, 3, 512, 512, BOMB_BYTES // 2**19, 1, 1, 1, 1)
    with gzip.open(folder / "bomb.nii.gz", "wb", compresslevel=9) as file:
        file.write(head)
        for _ in range(BOMB_BYTES // MB):
            file.write(bytes(MB))
    return folder / "bomb.nii.gz"


def _zip_bomb(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.dcm", bytes(BOMB_BYTES))
    return folder / "bomb.zip"


def _zip_bomb_that_lies(folder: Path) -> Path:
    """Return one whose directory states a harmless size."""
    data = bytearray(_zip_bomb(folder).read_bytes())
    size = struct.pack("<L", BOMB_BYTES)
    assert data.count(size) == 2
    (folder / "bomb.zip").write_bytes(bytes(data).replace(size, struct.pack("<L", 1000)))
    return folder / "bomb.zip"


def _wavelet_bomb(folder: Path) -> Path:
    siz = struct.pack(">HHIIIIIIIIH3B", 41, 0, 40_000, 40_000, 0, 0, 40_000, 40_000, 0, 0, 1, 15, 1, 1)
    cod = struct.pack(">HBBHBBBBBB", 12, 0, 0, 1, 0, 5, 4, 4, 0, 1)
    stream = b"\xff\x4f\xff\x51" + siz + b"\xff\x52" + cod + b"\xff\xd9"
    for k in range(3):
        dataset = phantom.a_slice(np.zeros((8, 8), np.uint16), GRID, k)
        dataset.Rows = dataset.Columns = 26_000
        pack(dataset, "1.2.840.10008.1.2.4.90", [stream]).save_as(folder / f"{k}", enforce_file_format=True)
    return folder


BOMBS = {
    "deflated data set": (_deflate_bomb, {"EXPANSION_LIMIT"}),
    "gzip": (_gzip_bomb, {"EXPANSION_LIMIT"}),
    "zip": (_zip_bomb, {"EXPANSION_LIMIT"}),
    "zip that lies": (_zip_bomb_that_lies, {"EXPANSION_LIMIT", "CRC", "TRUNCATED"}),
    "wavelets": (_wavelet_bomb, {"EXPANSION_LIMIT"}),
}


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path, worker: Worker, name: str) -> None:
    make, codes = BOMBS[name]
    (tmp_path / "in").mkdir()
    bomb = make(tmp_path / "in")
    if bomb.is_file():
        assert bomb.stat().st_size < BOMB_BYTES / limits.MAX_EXPANSION

    def take_in() -> None:
        for summary in scan(bomb, worker=worker).series:
            load_series(summary, worker=worker)

    assert _code(take_in) in codes
    assert worker.pid is not None, "the child lives"
    assert _peak_mib(worker) < PEAK_MIB


@pytest.mark.parametrize(
    "compressed, expanded, allowed",
    [
        (1, limits.HARMLESS_BYTES, True),
        (1, limits.HARMLESS_BYTES + 1, False),
        (10**6, 200 * 10**6, True),
        (10**6, 200 * 10**6 + 1, False),
        (10**9, limits.MAX_STREAM_BYTES, True),
        (10**9, limits.MAX_STREAM_BYTES + 1, False),
    ],
)
def test_200_to_1_and_4_gib(compressed: int, expanded: int, *, allowed: bool) -> None:
    assert limits.allows_expansion(compressed, expanded) is allowed


def _nested(depth: int) -> bytes:
    """Return sequences of undefined length inside each other."""
    head, item = b"\x08\x00\x18\x21SQ\0\0\xff\xff\xff\xff", b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return (head + item) * depth + end * depth


@pytest.mark.parametrize(
    "depth, read", [(limits.MAX_SEQUENCE_DEPTH, True), (limits.MAX_SEQUENCE_DEPTH + 1, False)]
)
def test_lists_inside_lists(tmp_path: Path, worker: Worker, depth: int, *, read: bool) -> None:
    folder = phantom.write_series(tmp_path / "s", GRID)
    place = b"\x08\x00\x3e\x10LO"
    for file in folder.iterdir():
        data = file.read_bytes()
        at = data.index(place)
        end = at + 8 + int.from_bytes(data[at + 6 : at + 8], "little")
        file.write_bytes(data[:end] + _nested(depth) + data[end:])
    if read:
        np.testing.assert_array_equal(
            load_series(scan(folder, worker=worker).series[0], worker=worker).image.volume.voxels_kji,
            phantom.voxels_of(GRID),
        )
    else:
        assert _code(lambda: scan(folder, worker=worker)) == "NESTING"


def test_a_sound_file_larger_than_the_memory_limit_is_read(tmp_path: Path, worker: Worker) -> None:
    folder = phantom.write_series(tmp_path / "s", GRID)
    size = (READING_MIB + 64) * MB
    private = b"\x09\x00\x10\x10OB\0\0" + struct.pack("<L", size)
    for file in folder.iterdir():
        data = file.read_bytes()
        at = data.index(b"\x10\x00\x10\x00PN")
        with file.open("wb") as out:
            out.write(data[:at] + private)
            out.seek(size, 1)  # nothing is written there: the disk need not hold it
            out.write(data[at:])
    image = load_series(scan(folder, worker=worker).series[0], worker=worker).image
    np.testing.assert_array_equal(image.volume.voxels_kji, phantom.voxels_of(GRID))
    assert sys.platform != "linux" or _peak_mib(worker) < PEAK_MIB


@pytest.mark.parametrize("beyond", [1, 10, 0xFFFFFF00], ids=["one byte", "ten bytes", "4 GB"])
def test_a_length_beyond_the_end_of_the_file(tmp_path: Path, worker: Worker, beyond: int) -> None:
    folder = phantom.write_series(tmp_path / "s", GRID)
    for file in folder.iterdir():
        data = bytearray(file.read_bytes())
        at = data.index(b"\xe0\x7f\x10\x00OW") + 8
        length = int.from_bytes(data[at : at + 4], "little")
        data[at : at + 4] = struct.pack("<L", min(length + beyond, 0xFFFFFF00))
        file.write_bytes(data)
    assert _code(lambda: scan(folder, worker=worker)) == "TRUNCATED"


@pytest.mark.parametrize(
    "rows, columns, frames, code",
    [
        (limits.MAX_EDGE_VOXELS, limits.MAX_EDGE_VOXELS, 1, "SHORT_PIXELS"),
        (8, 8, 10**6, "MULTI_FRAME"),
        (0, 8, 1, "GIANT"),
    ],
)
def test_an_image_that_claims_more_than_there_is(
    tmp_path: Path, worker: Worker, rows: int, columns: int, frames: int, code: str
) -> None:
    def change(dataset: object, _: int) -> None:
        for keyword, value in (("Rows", rows), ("Columns", columns), ("NumberOfFrames", frames)):
            setattr(dataset, keyword, value)

    summary = scan(phantom.write_series(tmp_path / "s", GRID, change), worker=worker).series[0]
    assert summary.problem is not None
    assert summary.problem.code == code


def test_frames_that_are_not_described(tmp_path: Path, worker: Worker) -> None:
    dataset = an_enhanced_ct(GRID)
    dataset.NumberOfFrames = limits.MAX_FRAMES + 1
    dataset.PixelData = bytes(2 * 8 * 8 * 3)
    dataset.save_as(tmp_path / "a", enforce_file_format=True)
    assert _code(lambda: scan(tmp_path / "a", worker=worker)) == "FRAME_COUNT"


@pytest.mark.parametrize("edge, code", [(limits.MAX_EDGE_VOXELS, "SHORT_PIXELS"), (2000, "GIANT")])
def test_a_volume_of_more_than_two_billion_voxels(
    tmp_path: Path, worker: Worker, edge: int, code: str
) -> None:
    path = phantom.write_volume(tmp_path / "a.nrrd", phantom.voxels_of(GRID), GRID)
    head, _, _ = path.read_bytes().partition(b"\n\n")
    text = head.replace(b"sizes: 8 8 3", b"sizes: %d %d %d" % (edge, edge, edge))
    with path.open("wb") as file:
        file.write(text + b"\n\n")
        file.truncate(len(text) + 2 + 2**24)
    assert edge**3 > limits.MAX_VOXELS
    assert _code(lambda: load_volume_file(path, worker=worker)) == code


def _zip(folder: Path, fill: Callable[[zipfile.ZipFile], None]) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as packed:
        fill(packed)
    return folder / "a.zip"


def _link(packed: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    packed.writestr(info, "/etc/passwd")


def _twice(packed: zipfile.ZipFile) -> None:
    packed.writestr("A.dcm", b"1")
    packed.writestr("a.DCM", b"2")


def _many(packed: zipfile.ZipFile) -> None:
    for n in range(limits.MAX_ZIP_MEMBERS + 1):
        packed.writestr(f"{n}", b"")


ZIPS: dict[str, tuple[str, Callable[[zipfile.ZipFile], None]]] = {
    "above its folder": ("PATH_TRAVERSAL", lambda z: z.writestr("a/../../evil", b"x")),
    "absolute": ("PATH_TRAVERSAL", lambda z: z.writestr("/tmp/evil", b"x")),
    "of Windows": ("PATH_TRAVERSAL", lambda z: z.writestr("C:\\evil", b"x")),
    "of Windows, above": ("PATH_TRAVERSAL", lambda z: z.writestr("..\\evil", b"x")),
    "a link": ("SYMLINK", _link),
    "twice, in another case": ("DUPLICATE_NAME", _twice),
    "an archive": ("NESTED_ARCHIVE", lambda z: z.writestr("inner.tar.gz", b"x")),
    "a pickle": ("PICKLE", lambda z: z.writestr("a.pkl", b"x")),
    "an array of objects": ("PICKLE", lambda z: z.writestr("a.npy", b"x")),
    "too many": ("TOO_MANY_FILES", _many),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_with_what_it_must_not_hold(tmp_path: Path, worker: Worker, name: str) -> None:
    code, fill = ZIPS[name]
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    path = _zip(inside, fill)
    before = sorted(tmp_path.rglob("*"))
    assert _code(lambda: scan(path, worker=worker)) == code
    assert sorted(tmp_path.rglob("*")) == before, "nothing was written beside it"


def test_a_folder_of_links_and_depths(tmp_path: Path, worker: Worker) -> None:
    phantom.write_series(tmp_path / "s", GRID)
    (tmp_path / "s" / "loop").symlink_to(tmp_path / "s")
    deep = tmp_path / "s"
    for n in range(limits.MAX_FOLDER_DEPTH + 3):
        deep = deep / str(n)
    deep.mkdir(parents=True)
    shutil.copy(tmp_path / "s" / "IM999", deep / "unseen")
    found = scan(tmp_path / "s", worker=worker)
    assert [s.count for s in found.series] == [3]


def test_a_text_is_kept_short(tmp_path: Path, worker: Worker) -> None:
    def change(dataset: object, _: int) -> None:
        setattr(dataset, "SeriesDescription", "x" * 60_000)  # noqa: B010

    summary = scan(phantom.write_series(tmp_path / "s", GRID, change), worker=worker).series[0]
    assert len(summary.description) == limits.MAX_TEXT


def test_nothing_that_runs_code_out_of_a_file_is_in_the_program() -> None:
    never = {"pickle", "marshal", "shelve", "dill", "joblib", "yaml"}
    found = []
    for folder in ("app", "widgets", "rendering", "planning"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
                    found += [f"{path.name}: {n}" for n in names if n.partition(".")[0] in never]
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    found += [f"{path.name}: {node.func.id}"] if node.func.id in ("eval", "exec") else []
                if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                    found.append(f"{path.name}: allow_pickle")
    assert found == []
