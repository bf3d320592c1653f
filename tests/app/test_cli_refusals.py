"""Bad input: exit status 2, one plain sentence, no traceback, and nothing written."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from planning.storage.case_file import CaseFile
from tests.app.outside import (
    SMALL_SHAPES,
    CommandLine,
    Json,
    Phantom,
    a_cut,
    a_phantom,
    a_plan,
    everything_below,
    refused,
    written,
)
from tests.imaging.phantom import a_grid, write_series, write_volume

UP, FORWARD = (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)
CUT = a_cut("cranial", (0, 9, 6), UP, FORWARD, 10, 10)
Spoil = Callable[[Path, Phantom], tuple[object, ...]]


@pytest.fixture
def phantom(tmp_path: Path) -> Phantom:
    """A small image with labels."""
    return a_phantom(tmp_path / "in", SMALL_SHAPES, (28.0, 28.0, 24.0), (2.0, 2.0, 2.0))


# ---- the command itself ----------------------------------------------------------------------------------

ARGUMENTS: list[tuple[tuple[str, ...], str]] = [
    (("import",), "--out"),
    (("import", "x"), "--out"),
    (("evaluate",), "--ct"),
    (("evaluate", "c.enbloc", "--ct", "x.nii"), "--ct"),
    (("evaluate", "c.enbloc", "--labels", "x.nii"), "--ct"),
    (("evaluate", "--ct", "x.nii", "--names", "n.json"), "--labels"),
    (("import", "x", "--names", "n.json", "--out", "c.enbloc"), "--labels"),
    (("report", "c.enbloc"), "--out"),
    (("report", "c.enbloc", "--out", "r", "--identity", "some"), "some"),
    (("export", "c.enbloc", "--out", "r", "--identity", "initials"), "initials"),
    (("export", "c.enbloc", "--out", "r", "--format", "stl,obj"), "obj"),
    (("export", "c.enbloc", "--out", "r", "--format", ","), "format"),
    (("evaluate", "c.enbloc", "--colour"), "--colour"),
    (("report", "c.enbloc", "--out", "r"), "c.enbloc"),
    (("export", "c.enbloc", "--out", "r"), "c.enbloc"),
    (("evaluate", "c.enbloc"), "c.enbloc"),
]


@pytest.mark.parametrize("arguments, word", ARGUMENTS, ids=[" ".join(a) for a, _ in ARGUMENTS])
def test_arguments_that_make_no_sense(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: CommandLine,
    arguments: tuple[str, ...],
    word: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(command(*arguments), word)
    assert not list(tmp_path.iterdir())


# ---- images ----------------------------------------------------------------------------------------------


def _nowhere(folder: Path) -> Path:
    return folder / "nowhere"


def _dangling(folder: Path) -> Path:
    (folder / "link").symlink_to(folder / "gone")
    return folder / "link"


def _circle(folder: Path) -> Path:
    (folder / "a").symlink_to(folder / "b")
    (folder / "b").symlink_to(folder / "a")
    return folder / "a"


def _empty_folder(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def _not_dicom(folder: Path) -> Path:
    (folder / "texts").mkdir()
    for n in range(3):
        (folder / "texts" / f"{n}.dcm").write_text("a letter, no image\n" * 40)
    return folder / "texts"


def _one_slice(folder: Path) -> Path:
    return write_series(folder / "one", a_grid(np.eye(3), (1, 9, 11)))


def _two_patients(folder: Path) -> Path:
    def other(dataset: Dataset, k: int) -> None:
        if k > 3:
            dataset.PatientName, dataset.PatientID = "Somebody^Else", "P2"

    return write_series(folder / "two", a_grid(np.eye(3)), other)


def _two_series(folder: Path) -> Path:
    write_series(folder / "both" / "a", a_grid(np.eye(3)))

    def another(dataset: Dataset, k: int) -> None:
        dataset.SeriesInstanceUID = "1.2.3.9"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.5.{k + 1}")

    write_series(folder / "both" / "b", a_grid(np.eye(3), shift_mm=(3.0, 0.0, 0.0)), another)
    return folder / "both"


def _nan_voxels(folder: Path) -> Path:
    grid = a_grid(np.eye(3))
    voxels = np.zeros(grid.shape_kji, dtype=np.float32)
    voxels[1, 2, 3] = np.nan
    return write_volume(folder / "nan.nii.gz", voxels, grid)


def _half_a_volume(folder: Path) -> Path:
    grid = a_grid(np.eye(3))
    whole = write_volume(folder / "half.nii", np.zeros(grid.shape_kji, dtype=np.int16), grid)
    whole.write_bytes(whole.read_bytes()[:-200])
    return whole


def _hostile_name(folder: Path) -> Path:
    (folder / "a\nb\x1b[31m{0}%s<b>.dcm").write_text("nothing\n")
    return folder / "a\nb\x1b[31m{0}%s<b>.dcm"


def _device(folder: Path) -> Path:
    del folder
    return Path(os.devnull)


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


SOURCES: list[tuple[Callable[[Path], Path], str]] = [
    (_nowhere, "nowhere does not exist"),
    (_dangling, "link does not exist"),
    (_circle, "cannot be opened"),
    (_empty_folder, "no files"),
    (_not_dicom, "No image series"),
    (_one_slice, "1 slice"),
    (_two_patients, "patient"),
    (_two_series, "1.2.3.9"),
    (_nan_voxels, "no number"),
    (_half_a_volume, "half.nii"),
    (_hostile_name, "No image series"),
    (_device, "null"),
    (_fifo, "pipe"),
]


@pytest.mark.parametrize("source, word", SOURCES, ids=[s.__name__ for s, _ in SOURCES])
def test_images_that_cannot_be_used(
    tmp_path: Path, command: CommandLine, source: Callable[[Path], Path], word: str
) -> None:
    path = source(tmp_path)
    before = everything_below(tmp_path)
    refused(command("import", path, "--out", tmp_path / "case.enbloc"), word)
    assert everything_below(tmp_path) == before


def test_one_of_several_series_is_chosen_by_its_identifier(tmp_path: Path, command: CommandLine) -> None:
    source = _two_series(tmp_path)
    case = tmp_path / "case.enbloc"
    refused(command("import", source, "--series", "9.9", "--out", case), "9.9", "1.2.3.9", "1.2.3.2")
    assert command("import", source, "--series", "1.2.3.9", "--out", case).status == 0
    with CaseFile.open(case, read_only=True) as file:
        assert file.case.images[0].series_uid == "1.2.3.9"


def test_several_places_are_looked_through_as_one(tmp_path: Path, command: CommandLine) -> None:
    both, case = _two_series(tmp_path), tmp_path / "case.enbloc"
    refused(command("import", both / "a", both / "b", "--out", case), "1.2.3.9", "1.2.3.2")
    refused(command("import", both / "a", tmp_path / "nowhere", "--out", case), "nowhere")
    refused(command("import", both / "a", both, "--series", "1.2.3.2", "--out", case), "more than one")
    assert command("import", both / "a", both / "b", "--series", "1.2.3.9", "--out", case).status == 0
    with CaseFile.open(case, read_only=True) as file:
        assert file.case.images[0].series_uid == "1.2.3.9"


def test_an_existing_file_is_not_replaced(tmp_path: Path, phantom: Phantom, command: CommandLine) -> None:
    out = tmp_path / "case.enbloc"
    out.write_bytes(b"a letter")
    refused(command("import", phantom.ct, "--out", out), "case.enbloc")
    assert out.read_bytes() == b"a letter"
    refused(command("import", phantom.ct, "--out", tmp_path / "no" / "case.enbloc"), "folder")
    assert not (tmp_path / "no").exists()


# ---- labels ----------------------------------------------------------------------------------------------


def _names(change: Callable[[Json], Any]) -> Spoil:
    def spoil(folder: Path, phantom: Phantom) -> tuple[object, ...]:
        del folder
        names = json.loads(phantom.names.read_text("utf-8"))
        change(names)
        written(phantom.names, names)
        return phantom.options[2:]

    return spoil


def _other_place(folder: Path, phantom: Phantom) -> tuple[object, ...]:
    del phantom
    far = a_phantom(folder / "far", SMALL_SHAPES, (28.0, 28.0, 24.0), (2.0, 2.0, 2.0))
    moved = a_grid(np.eye(3), far.grid.shape_kji, (2.0, 2.0, 2.0), (900.0, 0.0, 0.0))
    voxels = np.ones(moved.shape_kji, dtype=np.uint8)
    return ("--labels", write_volume(far.labels, voxels, moved), "--names", far.names)


def _fractions(folder: Path, phantom: Phantom) -> tuple[object, ...]:
    voxels = np.full(phantom.grid.shape_kji, 0.5, dtype=np.float32)
    return ("--labels", write_volume(folder / "f.nrrd", voxels, phantom.grid), "--names", phantom.names)


def _no_voxel(folder: Path, phantom: Phantom) -> tuple[object, ...]:
    voxels = np.zeros(phantom.grid.shape_kji, dtype=np.uint8)
    return ("--labels", write_volume(folder / "z.nrrd", voxels, phantom.grid), "--names", phantom.names)


def _nameless(folder: Path, phantom: Phantom) -> tuple[object, ...]:
    del folder
    return ("--labels", phantom.labels)


def _names_lost(folder: Path, phantom: Phantom) -> tuple[object, ...]:
    return ("--labels", phantom.labels, "--names", folder / "lost.json")


def _names_torn(folder: Path, phantom: Phantom) -> tuple[object, ...]:
    del folder
    phantom.names.write_text(phantom.names.read_text("utf-8")[:40], encoding="utf-8")
    return phantom.options[2:]


LABELS: list[tuple[str, Spoil, str]] = [
    ("other_place", _other_place, "another scan"),
    ("fractions", _fractions, "f.nrrd"),
    ("no_voxel", _no_voxel, "no labelled voxel"),
    ("nameless", _nameless, "does not say"),
    ("names_lost", _names_lost, "lost.json"),
    ("names_torn", _names_torn, "not valid JSON"),
    ("unknown_key", _names(lambda n: n.update(colour="red")), "colour"),
    ("unknown_entry_key", _names(lambda n: n["labels"]["1"].update(alias="x")), "labels.1.alias"),
    ("unknown_kind", _names(lambda n: n["labels"]["1"].update(kind="spleen")), "spleen"),
    ("unknown_level", _names(lambda n: n["labels"]["1"].update(level="T14")), "T14"),
    ("unknown_side", _names(lambda n: n["labels"]["1"].update(side="port")), "port"),
    ("schema", _names(lambda n: n.update(schema="enbloc-labels/2")), "enbloc-labels/1"),
    ("zero", _names(lambda n: n["labels"].update({"0": {"kind": "aorta"}})), "0"),
]


@pytest.mark.parametrize("spoil, word", [pytest.param(s, w, id=n) for n, s, w in LABELS])
def test_labels_that_cannot_be_used(
    tmp_path: Path, phantom: Phantom, command: CommandLine, spoil: Spoil, word: str
) -> None:
    options = spoil(tmp_path, phantom)
    before = everything_below(tmp_path)
    refused(command("import", phantom.ct, *options, "--out", tmp_path / "case.enbloc"), word)
    refused(command("evaluate", "--ct", phantom.ct, *options, "--json"), word)
    assert everything_below(tmp_path) == before


# ---- plans -----------------------------------------------------------------------------------------------

PLANS: list[tuple[str, Json | str, str]] = [
    ("unknown_key", a_plan(CUT, surgeon="Dr R"), "surgeon"),
    ("unknown_cut_key", a_plan({**CUT, "angle_deg": 3}), "osteotomies[0].angle_deg"),
    ("unknown_action_key", a_plan(CUT, structure_actions=[{"structure": "x", "why": "y"}]), "why"),
    ("not_unit", a_plan({**CUT, "normal_lps": [0, 0, 1.00001]}), "normal_lps"),
    ("not_perpendicular", a_plan({**CUT, "advance_lps": [0, 0.6, 0.8]}), "advance_lps"),
    ("two_numbers", a_plan({**CUT, "origin_lps_mm": [0, 0]}), "origin_lps_mm"),
    ("words", a_plan({**CUT, "width_mm": "wide"}), "width_mm"),
    ("negative", a_plan({**CUT, "depth_mm": -1}), "depth_mm"),
    ("missing", a_plan({k: v for k, v in CUT.items() if k != "tool"}), "tool"),
    ("kind", a_plan({**CUT, "kind": "slice"}), "kind"),
    ("twice", a_plan(CUT, CUT), "cranial"),
    ("level", a_plan(CUT, target_levels=["T14"]), "T14"),
    ("crossed", a_plan({**CUT, "footprint_mm": [[-4, 0], [4, 8], [4, 0], [-4, 8]]}), "footprint_mm"),
    ("schema", {**a_plan(CUT), "schema": "enbloc-plan/9"}, "schema"),
    ("nan", json.dumps(a_plan(CUT)).replace("10", "NaN"), "NaN"),
    ("torn", json.dumps(a_plan(CUT))[:-9], "JSON"),
    ("list", "[]", "JSON"),
    ("empty", "", "JSON"),
    ("deep", "[" * 100_000, "JSON"),
    ("key_twice", '{"schema": "enbloc-plan/1", "schema": "enbloc-plan/1"}', "schema"),
]


@pytest.mark.parametrize("document, word", [pytest.param(d, w, id=n) for n, d, w in PLANS])
def test_plans_that_cannot_be_used(
    tmp_path: Path, phantom: Phantom, command: CommandLine, document: Json | str, word: str
) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    before = everything_below(tmp_path)
    refused(command("evaluate", *phantom.options, "--plan", tmp_path / "plan.json", "--json"), word)
    out = ("--out", tmp_path / "case.enbloc")
    refused(command("import", phantom.ct, "--plan", tmp_path / "plan.json", *out), word)
    assert everything_below(tmp_path) == before


# ---- case files ------------------------------------------------------------------------------------------


@pytest.fixture
def case(tmp_path: Path, phantom: Phantom, command: CommandLine) -> Path:
    """A case file of the phantom with one cut."""
    plan = written(tmp_path / "plan.json", a_plan(CUT, tumour="lesion 1"))
    out = tmp_path / "case.enbloc"
    run = command("import", *phantom.options[1:], "--plan", plan, "--out", out)
    assert (run.status, run.err) == (0, "")
    return out


def test_case_files_that_cannot_be_read(tmp_path: Path, case: Path, command: CommandLine) -> None:
    whole = case.read_bytes()
    spoilt = {
        "half": whole[: len(whole) // 2],
        "empty": b"",
        "text": b"Dear Dr R," * 900,
        "header": whole[:100],
        "scrambled": whole[:4096] + bytes(len(whole) - 4096),
    }
    for name, data in spoilt.items():
        path = tmp_path / f"{name}.enbloc"
        path.write_bytes(data)
        before = everything_below(tmp_path)
        for arguments in (
            ("evaluate", path, "--json"),
            ("report", path, "--out", tmp_path / "out"),
            ("export", path, "--out", tmp_path / "out"),
        ):
            refused(command(*arguments), f"{name}.enbloc")
        assert everything_below(tmp_path) == before
    refused(command("evaluate", tmp_path, "--json"), "not an EnBloc case file")


def test_a_place_that_cannot_be_written(tmp_path: Path, case: Path, command: CommandLine) -> None:
    (tmp_path / "file").write_text("mine")
    before = everything_below(tmp_path)
    for name in ("report", "export"):
        refused(command(name, case, "--out", tmp_path / "file"), "file")
        refused(command(name, case, "--out", tmp_path / "file" / "below"), "below")
    assert everything_below(tmp_path) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_a_case_without_structures_has_no_segmentation(
    tmp_path: Path, phantom: Phantom, command: CommandLine
) -> None:
    bare = tmp_path / "bare.enbloc"
    assert command("import", phantom.ct, "--out", bare).status == 0
    before = everything_below(tmp_path)
    refused(command("export", bare, "--out", tmp_path / "out", "--format", "seg"), "no structure")
    refused(command("export", bare, "--out", tmp_path / "out", "--format", "3mf"), "no surface")
    assert everything_below(tmp_path) == before


def test_hostile_names_stay_inside_the_folder(tmp_path: Path, phantom: Phantom, command: CommandLine) -> None:
    names = json.loads(phantom.names.read_text("utf-8"))
    names["labels"]["1"]["name"] = "../../<b>$(x) %s {0} ü"
    names["labels"]["2"]["name"] = "CON.. "
    written(phantom.names, names)
    case = tmp_path / "hostile.enbloc"
    assert command("import", *phantom.options[1:], "--out", case).status == 0
    run = command("export", case, "--out", tmp_path / "out", "--format", "stl,3mf,seg,json")
    assert (run.status, run.err) == (0, "")
    files = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert len(files) == 2 + 1 + 1 + 2
    assert all(p.parent == tmp_path / "out" for p in files)
    for path in files:
        assert not set(path.name) & set('<>:"/\\|?*$%{}'), path.name
    shutil.rmtree(tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["hostile.enbloc", "in"]
