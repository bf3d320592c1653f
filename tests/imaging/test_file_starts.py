"""Files that lost their first bytes, count their texts wrongly or name a wrong character set still load."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from planning.imaging.load import load_series
from planning.imaging.scan import scan
from planning.imaging.series import SeriesSummary
from planning.kernel.process import Worker
from tests.imaging import phantom

GRID = phantom.a_grid(np.eye(3))
HU = phantom.voxels_of(GRID)
UMLAUTS = "MÜLLER^JÖRG"


def _loaded(folder: Path, worker: Worker) -> tuple[SeriesSummary, list[str]]:
    summary = scan(folder, worker=worker).series[0]
    image = load_series(summary, worker=worker).image
    np.testing.assert_array_equal(image.volume.voxels_kji, HU)
    return summary, [finding.code for finding in image.findings]


@pytest.mark.parametrize("rest", [b"", b"\x20", b"\0\0\0"], ids=["nothing", "one byte", "three bytes"])
@pytest.mark.parametrize("keep", ["group 2", "data set alone"])
def test_a_file_without_its_first_bytes_loads(tmp_path: Path, worker: Worker, keep: str, rest: bytes) -> None:
    folder = phantom.write_series(tmp_path / "s", GRID)
    for file in folder.iterdir():
        data = file.read_bytes()
        start = 132 if keep == "group 2" else data.index(b"\x08\x00\x08\x00CS")
        file.write_bytes(rest + data[start:])
    assert "NO_PREAMBLE" in _loaded(folder, worker)[1]


@pytest.mark.parametrize("length", ["as it was", "counted again"])
def test_latin_1_under_the_name_of_utf_8_is_read_and_said(
    tmp_path: Path, worker: Worker, length: str
) -> None:
    def change(dataset: Dataset, k: int) -> None:
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientName = UMLAUTS

    folder = phantom.write_series(tmp_path / "s", GRID, change)
    utf_8, latin_1 = UMLAUTS.encode() + b" ", UMLAUTS.encode("latin-1") + b" "
    head = b"\x10\x00\x10\x00PN"
    for file in folder.iterdir():
        data = file.read_bytes()
        counted = len(utf_8) if length == "as it was" else len(latin_1)
        old = head + len(utf_8).to_bytes(2, "little") + utf_8
        assert old in data
        file.write_bytes(data.replace(old, head + counted.to_bytes(2, "little") + latin_1, 1))
    summary, codes = _loaded(folder, worker)
    assert summary.patient.name == UMLAUTS
    assert summary.patient.patient_id == "P1"
    assert "CHARSET" in codes


@pytest.mark.parametrize(
    "charset, name",
    [
        ("ISO_IR 192", "Wörk^Ñandú=山田^太郎"),
        ("ISO_IR 100", UMLAUTS),
        ("ISO_IR 101", "Łódź^Ősz"),
        ("ISO_IR 126", "Διονυσιος"),
        ("ISO_IR 127", "قباني^لنزار"),
        ("ISO_IR 138", "שרון^דבורה"),
        ("ISO_IR 144", "Люксембург"),
        ("ISO_IR 166", "สมชาย"),
        ("GB18030", "Wang^XiaoDong=王^小东"),
    ],
)
def test_names_come_in_their_own_letters(tmp_path: Path, worker: Worker, charset: str, name: str) -> None:
    def change(dataset: Dataset, k: int) -> None:
        dataset.SpecificCharacterSet = charset
        dataset.PatientName = name

    summary, codes = _loaded(phantom.write_series(tmp_path / "s", GRID, change), worker)
    assert summary.patient.name == name
    assert "CHARSET" not in codes


@pytest.mark.parametrize("charset", ["ISO_IR 999", "utf8", "\\\\\\", "\x1b$B"])
def test_a_character_set_nobody_knows_never_hides_the_name(
    tmp_path: Path, worker: Worker, charset: str
) -> None:
    folder = phantom.write_series(
        tmp_path / "s", GRID, lambda d, _: setattr(d, "SpecificCharacterSet", "ISO_IR 100")
    )
    named, renamed = b"Phantom^Asymmetric", "Phantöm^Asymmetri".encode()
    for file in folder.iterdir():
        data = file.read_bytes().replace(named, renamed, 1)
        file.write_bytes(data.replace(b"ISO_IR 100", f"{charset:10}".encode(), 1))
    summary, _ = _loaded(folder, worker)
    assert summary.patient.name.startswith("Phant")


def test_deflated_slices_are_read_one_by_one(tmp_path: Path, worker: Worker) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    for k in range(len(HU)):
        dataset = phantom.a_slice((HU[k].astype(np.int32) + 1024).astype(np.uint16), GRID, k)
        dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        dataset.save_as(folder / f"{k}", enforce_file_format=True)
    _loaded(folder, worker)
    cut = folder / "3"
    cut.write_bytes(cut.read_bytes()[:-40])
    found = scan(folder, worker=worker)
    assert [(str(r.file), r.code) for r in found.rejected] == [("3", "TRUNCATED")]


@pytest.mark.parametrize("keyword, text", [("InstanceNumber", "1A"), ("SliceThickness", "thick")])
def test_a_number_that_is_none_harms_only_itself(
    tmp_path: Path, worker: Worker, keyword: str, text: str
) -> None:
    folder = phantom.write_series(tmp_path / "s", GRID)
    for file in folder.iterdir():
        data = file.read_bytes()
        if keyword == "InstanceNumber":
            old = b"\x20\x00\x13\x00IS\x02\x00"
            at = data.index(old) + len(old)
            file.write_bytes(data[:at] + text.encode() + data[at + 2 :])
        else:
            file.write_bytes(data.replace(b"1.300000", b"thick   ", 1))
    _loaded(folder, worker)
