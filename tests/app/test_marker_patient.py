"""A patient whose every text element carries a marker: it may appear only where identity was asked for."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

from planning.geometry.frames import Grid
from planning.storage.case_file import open_case
from tests.app.outside import (
    ROOT,
    Run,
    a_ball,
    a_cut,
    a_plan,
    a_tube,
    drawn,
    without_progress,
    written,
)
from tests.imaging.phantom import write_series, write_volume

MARKER = "ZQXPHI"
UID = "1.2.826.0.1.3680043.10.771"
BIRTH_DATE = "19410229"
# Nothing that leads back to the patient may appear: names, numbers, dates of birth, original identifiers.
SECRETS = (MARKER, UID, BIRTH_DATE)
# Elements by which the importer works, and those whose values are no free text.
_KEPT = ("SpecificCharacterSet", "Modality", "PhotometricInterpretation", "ImageType", "PatientSex")
_TEXTS = (
    *("PatientName", "PatientID", "OtherPatientNames", "PatientAddress", "PatientComments", "Occupation"),
    *("AccessionNumber", "StudyID", "StudyDescription", "SeriesDescription", "ReferringPhysicianName"),
    *("InstitutionName", "InstitutionAddress", "StationName", "OperatorsName", "PerformingPhysicianName"),
    *(
        "NameOfPhysiciansReadingStudy",
        "RequestingPhysician",
        "ImageComments",
        "ProtocolName",
        "BodyPartExamined",
    ),
    *(
        "ContrastBolusAgent",
        "ContrastBolusRoute",
        "Manufacturer",
        "ManufacturerModelName",
        "SoftwareVersions",
    ),
    *("DeviceSerialNumber", "AdmittingDiagnosesDescription", "AdditionalPatientHistory", "EthnicGroup"),
    *("PatientBirthName", "PatientMotherBirthName", "PatientTelephoneNumbers", "MedicalRecordLocator"),
    *(
        "FilterType",
        "ConvolutionKernel",
        "RequestedProcedureDescription",
        "PerformedProcedureStepDescription",
    ),
    *("IssuerOfPatientID", "CurrentPatientLocation", "PatientInstitutionResidence", "RescaleType"),
)
SHAPES = (
    ({"kind": "tumour", "name": "lesion 1"}, a_ball(7.0)),
    ({"kind": "spinal_cord"}, a_tube(4.0, y_mm=14.0, half_length_mm=16.0)),
)


def _marked(dataset: Dataset, k: int) -> None:
    """Put the marker into every text element, private ones too."""
    for keyword in _TEXTS:
        limit = 16 if dictionary_VR(keyword) in ("SH", "CS", "LO") else 40
        setattr(dataset, keyword, f"{MARKER}{keyword[-6:]}"[:limit].upper())
    dataset.PatientName = f"{MARKER}^Anna^Maria"
    dataset.PatientBirthDate = BIRTH_DATE
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{UID}.1", f"{UID}.2"
    dataset.FrameOfReferenceUID = f"{UID}.3"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID(f"{UID}.4.{k}")
    block = dataset.private_block(0x0029, f"{MARKER} CSA", create=True)
    block.add_new(0x01, "LT", f"{MARKER} private")
    dataset.file_meta.SourceApplicationEntityTitle = MARKER
    dataset.preamble = (MARKER.encode() * 30)[:128]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A series, labels whose file and segments carry the marker, and a plan, in folders of that name."""
    folder = tmp_path_factory.mktemp("in") / f"{MARKER}^Anna"
    folder.mkdir()
    grid = Grid.from_axes((40, 40, 40), (-19.5, -19.5, -19.5), np.eye(3), (1.0, 1.0, 1.0))
    write_series(folder / f"{MARKER}_CT", grid, _marked)
    # A step finer than the image, so that the importer has something to say of the file.
    fine = Grid.from_axes((48, 48, 48), (-18.8, -18.8, -18.8), np.eye(3), (0.8, 0.8, 0.8))
    voxels, names = drawn(fine, SHAPES)
    names["labels"]["7"] = {"kind": "azygos"}
    write_volume(folder / f"{MARKER}_labels.nii.gz", voxels, fine)
    written(folder / f"{MARKER}_names.json", names)
    cuts = (
        a_cut("cranial", (0, 17, 10), (0, 0, 1), (0, -1, 0), 20, 25),
        a_cut("tip", (0, 18, 0), (1, 0, 0), (0, -1, 0), 20, 2, overshoot_mm=3.0),
    )
    written(folder / f"{MARKER}_plan.json", a_plan(*cuts, tumour="lesion 1"))
    return folder


class Place:
    """A working place with folders of its own for temporary files, caches and settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.case = folder / "case.enbloc"
        self.said: list[Run] = []
        self.environment = {**os.environ}
        for variable in (
            "TMPDIR",
            "HOME",
            "ENBLOC_HOME",
            "XDG_CACHE_HOME",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
        ):
            (folder / "around" / variable).mkdir(parents=True)
            self.environment[variable] = str(folder / "around" / variable)

    def run(self, *commands: list[object]) -> list[int]:
        """Run commands one after the other in one process and return their exit statuses."""
        script = "import json, sys\nfrom main import main\nprint([main(a) for a in json.loads(sys.argv[1])])"
        lines = [[str(a) for a in command] for command in commands]
        done = subprocess.run(
            [sys.executable, "-c", script, json.dumps(lines)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            check=False,
            timeout=240,
            env=self.environment,
        )
        self.said.append(Run(done.returncode, done.stdout, done.stderr))
        return [int(n) for n in re.findall(r"\d", done.stdout.splitlines()[-1])]


@pytest.fixture(scope="module")
def place(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Everything the command line makes of the marked patient."""
    made = Place(tmp_path_factory.mktemp("out"))
    inputs: list[object] = [
        "import", sources / f"{MARKER}_CT", "--labels", sources / f"{MARKER}_labels.nii.gz",
        "--names", sources / f"{MARKER}_names.json", "--plan", sources / f"{MARKER}_plan.json",
    ]  # fmt: skip
    statuses = made.run(
        [*inputs, "--out", made.case],
        ["evaluate", made.case, "--json"],
        ["evaluate", made.case],
        *(["report", made.case, "--out", made.folder / name, "--identity", name] for name in REPORTS),
        ["export", made.case, "--out", made.folder / "export", "--format", "stl,3mf,seg,json"],
        ["export", made.case, "--out", made.folder / "named", "--format", "seg", "--identity", "full"],
    )
    assert statuses == [0, 1, 1, 0, 0, 0, 0, 0], made.said
    return made


REPORTS = ("none", "initials", "full")


def everything_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every byte below a folder: file names, contents, and what is packed inside them."""
    for path in sorted(folder.rglob("*")):
        yield f"name of {path.name}", path.name.encode()
        if path.is_file() and not path.is_symlink():
            yield from unpacked(path.name, path.read_bytes())


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield data and what zips, PDF streams and PNG texts hold."""
    yield name, data
    yield f"{name} as UTF-16", data.decode("utf-16-be", "ignore").encode()
    if zipfile.is_zipfile(BytesIO(data)):
        with zipfile.ZipFile(BytesIO(data)) as package:
            for member in package.namelist():
                yield from unpacked(f"{name}/{member}", package.read(member))
    if data.startswith(b"%PDF"):
        yield f"{name} as text", text_of_pdf(data)
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            try:
                yield f"{name} stream", zlib.decompressobj().decompress(stream)
            except zlib.error:
                continue


def text_of_pdf(data: bytes) -> bytes:
    """Return the words of a PDF, whose fonts hide them from a search of its bytes."""
    tool = shutil.which("pdftotext")
    assert tool, "poppler-utils is among the packages the tests need"
    done = subprocess.run([tool, "-raw", "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout


def held(pieces: Iterator[tuple[str, bytes]], secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """Return where any of the secrets stands."""
    found = []
    for name, data in pieces:
        folded = data.upper()
        found += [f"{secret} in {name}" for secret in secrets if secret.upper().encode() in folded]
    return found


def test_the_marker_is_in_what_was_read(sources: Path) -> None:
    slices = list((sources / f"{MARKER}_CT").iterdir())
    assert len(slices) == 40
    assert all(held(unpacked(p.name, p.read_bytes())) for p in slices)


def test_nothing_is_said_of_the_patient(place: Place) -> None:
    for run in place.said:
        assert without_progress(run.err) == ""
        assert held(iter([("said", run.out.encode() + run.err.encode())])) == []


def test_nothing_stays_around(place: Place) -> None:
    assert held(everything_in(place.folder / "around")) == []
    assert [p for p in (place.folder / "around" / "TMPDIR").iterdir() if p.name.startswith("enbloc")] == []


@pytest.mark.parametrize("name", ["none", "initials"])
def test_a_report_without_identity_has_none(place: Place, name: str) -> None:
    assert held(everything_in(place.folder / name)) == []


def test_initials_are_all_that_the_initials_report_gives(place: Place) -> None:
    assert "Z.A.M." in (place.folder / "initials" / "report.html").read_text("utf-8")
    assert "Z.A.M." not in (place.folder / "none" / "report.html").read_text("utf-8")


def test_the_full_report_names_the_patient(place: Place) -> None:
    page = (place.folder / "full" / "report.html").read_text("utf-8")
    assert f"{MARKER}, Anna Maria" in page
    assert "1941-02-29" in page
    assert held(unpacked("report", (place.folder / "full" / "report.pdf").read_bytes())) == [
        f"{MARKER} in report as text",
        f"{UID} in report as text",
    ]
    # JSON and tables go to other programs and never carry identity.
    for kind in ("*.json", "tables/*.csv"):
        for path in (place.folder / "full").glob(kind):
            assert held(unpacked(path.name, path.read_bytes())) == []


def test_an_export_carries_identity_only_where_asked(place: Place) -> None:
    assert held(everything_in(place.folder / "export")) == []
    named = pydicom.dcmread(place.folder / "named" / "segmentation.dcm")
    assert str(named.PatientName) == f"{MARKER}^Anna^Maria"
    assert named.StudyInstanceUID == f"{UID}.1"
    slices = {
        i.ReferencedSOPInstanceUID for i in named.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    }
    assert slices
    assert all(uid.startswith(f"{UID}.4.") for uid in slices)


def test_the_case_names_files_nowhere(place: Place) -> None:
    case = open_case(place.case)
    assert case.anatomy is not None
    assert case.findings
    texts: list[str] = [s.source for s in case.anatomy.structures]
    texts += [f.message for f in case.findings]
    texts += [str(value) for f in case.findings for value in f.values]
    assert held(iter([("case", text.encode()) for text in texts])) == []
