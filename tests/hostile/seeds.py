"""Good files of every kind the program reads, small, from which the hostile ones are made."""

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from planning.model.plan_json import plan_text
from planning.storage.case_file import CaseFile
from tests.conftest import MarkerPatient
from tests.imaging import phantom, seg_files
from tests.imaging.encapsulation import an_enhanced_ct, lossless_syntaxes, pack
from tests.storage.cases import a_rich_plan, a_tiny_case

GRID = phantom.a_grid(np.eye(3), (4, 32, 48), (1.0, 1.0, 1.0))
HU = phantom.voxels_of(GRID)
STORED = (HU.astype(np.int32) + 1024).astype(np.uint16)
_CUBE = np.array([[x, y, z] for x in (0, 4) for y in (0, 4) for z in (0, 2)], dtype=np.float64)
_FACES = [
    *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
    *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
]


def slices(folder: Path, name: str) -> list[Path]:
    """Write a series of four slices in the way `name` says; return its files."""
    write = _series()[name]
    folder.mkdir()
    paths = []
    for k in range(len(STORED)):
        dataset = _identified(phantom.a_slice(STORED[k], GRID, k))
        paths.append(folder / f"{k}.dcm")
        write(dataset, k, paths[-1])
    return paths


def series_names() -> list[str]:
    """Return the ways a series may be written."""
    return list(_series())


def _series() -> dict[str, Callable[[Dataset, int, Path], None]]:
    plain = {
        syntax.name: _plain(syntax)
        for syntax in (
            ExplicitVRLittleEndian,
            ImplicitVRLittleEndian,
            ExplicitVRBigEndian,
            DeflatedExplicitVRLittleEndian,
        )
    }
    chosen = ("JPEG lossless, predictor 4", "JPEG lossless, first order", "JPEG-LS", "JPEG 2000", "RLE")
    return {**plain, **{name: _packed(name) for name in chosen}, "table": _with_table}


def _plain(syntax: UID) -> Callable[[Dataset, int, Path], None]:
    def write(dataset: Dataset, k: int, path: Path) -> None:
        dataset.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = STORED[k].astype(">u2").tobytes()
        dataset.save_as(
            path,
            implicit_vr=syntax == ImplicitVRLittleEndian,
            little_endian=syntax != ExplicitVRBigEndian,
            enforce_file_format=True,
        )

    return write


def _packed(name: str) -> Callable[[Dataset, int, Path], None]:
    syntax, encode = lossless_syntaxes()[name]

    def write(dataset: Dataset, k: int, path: Path) -> None:
        pack(dataset, syntax, [encode(STORED[k])]).save_as(path, enforce_file_format=True)

    return write


def _with_table(dataset: Dataset, k: int, path: Path) -> None:
    del dataset.RescaleSlope
    del dataset.RescaleIntercept
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [4, 1000, 16])
    item.add_new("LUTData", "US", [0, 10, 20, 30])
    item.ModalityLUTType = "HU"
    dataset.ModalityLUTSequence = [item]
    dataset.save_as(path, enforce_file_format=True)


def _identified(dataset: Dataset) -> Dataset:
    who = MarkerPatient()
    dataset.PatientName, dataset.PatientID = who.name, who.patient_id
    dataset.PatientBirthDate, dataset.AccessionNumber = who.birth_date, who.accession_number
    return dataset


def enhanced() -> bytes:
    """Return an enhanced multi-frame CT."""
    dataset = _identified(an_enhanced_ct(GRID))
    dataset.PixelData = STORED.tobytes()
    return _saved(dataset)


def _saved(dataset: Dataset) -> bytes:
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def volumes(scratch: Path) -> dict[str, bytes]:
    """Return volume files by their suffix."""
    suffixes = (".nii", ".nii.gz", ".nrrd", ".mha")
    return {s: phantom.write_volume(scratch / f"seed{s}", HU, GRID).read_bytes() for s in suffixes}


def structures(scratch: Path) -> dict[str, bytes]:
    """Return segmentations, a structure set and surfaces by their suffix."""
    mask = np.zeros(GRID.shape_kji, np.uint8)
    mask[1:3, 4:10, 4:12] = 1
    segment = seg_files.Segment(mask, "aorta", "15825003")
    ring = np.array([[2.0, 2, 0], [8, 2, 0], [8, 8, 0], [2, 8, 0]])
    place = np.array(GRID.to_lps((0, 0, 1)))
    region = seg_files.Region("aorta", [ring + place, ring + place + (0, 0, 1)])
    labels = phantom.write_volume(scratch / "labels.nii.gz", mask, GRID)
    corners = _CUBE + np.array(GRID.to_lps((6, 6, 1)))
    found = {
        f"-{kind.lower()}.dcm": seg_files.write_seg(scratch / kind, GRID, [segment], kind=kind).read_bytes()
        for kind in ("BINARY", "FRACTIONAL", "LABELMAP")
    }
    found["-rtstruct.dcm"] = seg_files.write_rtstruct(scratch / "rtstruct", [region]).read_bytes()
    found["-labels.nii.gz"] = labels.read_bytes()
    found[".stl"] = _binary_stl(corners)
    found["-text.stl"] = _text_stl(corners)
    found[".obj"] = _obj(corners)
    found[".ply"] = _ply(corners)
    return found


def _binary_stl(corners: np.ndarray) -> bytes:
    body = b"".join(
        np.concatenate([np.zeros(3), *corners[list(face)]]).astype("<f4").tobytes() + b"\0\0"
        for face in _FACES
    )
    return bytes(80) + len(_FACES).to_bytes(4, "little") + body


def _text_stl(corners: np.ndarray) -> bytes:
    def point(n: int) -> str:
        return "vertex " + " ".join(f"{v:.4f}" for v in corners[n])

    facets = [
        "facet normal 0 0 0\nouter loop\n" + "\n".join(point(n) for n in face) + "\nendloop\nendfacet"
        for face in _FACES
    ]
    return "\n".join(["solid cube", *facets, "endsolid cube", ""]).encode()


def _obj(corners: np.ndarray) -> bytes:
    lines = ["o cube", *(f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in corners)]
    return "\n".join([*lines, *(f"f {a + 1} {b + 1} {c + 1}" for a, b, c in _FACES), ""]).encode()


def _ply(corners: np.ndarray) -> bytes:
    head = [
        *("ply", "format ascii 1.0", f"element vertex {len(corners)}"),
        *("property float x", "property float y", "property float z"),
        *(f"element face {len(_FACES)}", "property list uchar int vertex_indices", "end_header"),
    ]
    points = [f"{x:.4f} {y:.4f} {z:.4f}" for x, y, z in corners]
    return "\n".join([*head, *points, *(f"3 {a} {b} {c}" for a, b, c in _FACES), ""]).encode()


def archive(scratch: Path) -> bytes:
    """Return a zip of a series."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in slices(scratch / "for-zip", "Explicit VR Little Endian"):
            packed.write(path, f"study/{path.name}")
    return file.getvalue()


def case_file(scratch: Path) -> bytes:
    """Return a case file."""
    path = scratch / "seed.enbloc"
    CaseFile.create(path, a_tiny_case(MarkerPatient().name)).close()
    return path.read_bytes()


def plan() -> bytes:
    """Return a plan with a value in every field."""
    return plan_text(a_rich_plan()).encode()


def names() -> bytes:
    """Return names of labels."""
    aorta = {"kind": "aorta", "name": "Aorta"}
    vertebra = {"kind": "vertebra", "level": "T10", "name": "T10"}
    return json.dumps({"schema": "enbloc-labels/1", "labels": {"1": aorta, "2": vertebra}}).encode()
