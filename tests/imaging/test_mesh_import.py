"""Surfaces: every row of the bad-input index, units and axes asked for, volumes of closed form."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from planning.errors import LabelsRefused
from planning.geometry.frames import Grid
from planning.imaging.intake import Choices, LabelImport, Onto
from planning.imaging.structure_import import import_structures
from planning.kernel.process import Worker
from planning.kernel.surface import Smoothing, surface_of
from planning.model.mask import Mask
from planning.model.passport import short_passport
from planning.model.structures import Structure, StructureKind
from planning.model.study import Severity
from planning.storage.mesh_files import NamedMesh, file_stem, stl_bytes
from tests.imaging import phantom
from tests.imaging.surface_files import MIDDLE, ball, obj, place, ply, stl, stl_text

COPIED = Path(__file__).parents[1] / "data" / "badinput"
WHOLE = (
    Path(os.environ.get("ENBLOC_BADINPUT", Path(__file__).parents[3] / "shared" / "badinput")) / "generated"
)
GRID = Grid.from_axes((50, 50, 50), (-10.0, -10.0, -10.0), np.eye(3), (0.9, 0.9, 0.9))
# Notes, not warnings: nothing is wrong with the place or the size.
SILENT = frozenset({"UNITS_MISSING", "AXES_MISSING", "LISTED_AS_OTHER"})


def _rows() -> list[tuple[Path, dict[str, Any]]]:
    rows: dict[str, tuple[Path, dict[str, Any]]] = {}
    for folder in (COPIED, WHOLE):
        if (folder / "manifest.json").is_file():
            for row in json.loads((folder / "manifest.json").read_text("utf-8")):
                if row["kind"] == "stl":
                    rows[row["case"]] = (folder, row)
    return list(rows.values())


@pytest.mark.parametrize("folder, row", [pytest.param(f, r, id=r["case"]) for f, r in _rows()])
def test_surfaces_get_what_the_manifest_says(folder: Path, row: dict[str, Any], worker: Worker) -> None:
    (file,) = (folder / row["case"]).iterdir()
    if row["expect"] == "refuse" or row["code"] == "UNITS":
        with pytest.raises(LabelsRefused) as refused:
            import_structures(file, None, Onto(GRID), worker=worker)
        assert refused.value.code == row["code"]
        assert file.name in refused.value.message
        if row["code"] != "UNITS":
            return
        # Asked for the unit, it is loaded with a warning that carries it.
        found = import_structures(file, None, Onto(GRID), worker=worker, choices=Choices(unit="m"))
    else:
        found = import_structures(file, None, Onto(GRID), worker=worker)
    said = {f.code: f.severity for f in found.findings if f.code not in SILENT}
    assert said == ({} if row["expect"] == "accept" else {row["code"]: Severity.WARN})
    (structure,) = found.structures
    index = np.argwhere(structure.mask.to_array())
    cube = structure.mask.count * GRID.voxel_volume_mm3
    if row["code"] == "SELF_INTERSECT":
        assert cube > 1.05 * 8000, "both cubes are there, their common part once"
    else:
        assert cube == pytest.approx(8000.0, rel=0.08)
        low, high = GRID.to_lps(index.min(axis=0)[::-1]), GRID.to_lps(index.max(axis=0)[::-1])
        np.testing.assert_allclose(high - low + 0.9, 20.0, atol=0.9)


def test_there_are_rows_to_hold_to() -> None:
    assert len(_rows()) >= 10


WRITERS = {
    "text.stl": stl_text,
    "binary.stl": stl,
    "a.obj": obj,
    "text.ply": lambda p, f: ply(p, f, ""),
    "little.ply": lambda p, f: ply(p, f, "<"),
    "big.ply": lambda p, f: ply(p, f, ">"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_voxels(tmp_path: Path, worker: Worker, name: str) -> None:
    mesh = ball()
    points = place(mesh)
    path = tmp_path / name
    path.write_bytes(WRITERS[name](points, mesh.triangles))
    found = import_structures(path, None, Onto(GRID), worker=worker)
    (structure,) = found.structures
    distance = np.linalg.norm(phantom.centres(GRID) - MIDDLE, axis=-1)
    mask = structure.mask.to_array()
    # The surface lies within a quarter of a millimetre of the sphere it was taken from.
    assert distance[mask].max() < 9.3
    assert distance[~mask].min() > 8.5
    assert structure.mask.count * GRID.voxel_volume_mm3 == pytest.approx(mesh.volume_mm3, rel=0.01)
    assert not [f for f in found.findings if f.severity is Severity.WARN]
    if name in ("text.stl", "a.obj"):
        assert structure.kind is StructureKind.AORTA, "called so inside the file"


@pytest.mark.parametrize("unit, scale", [("mm", 1.0), ("cm", 0.1), ("m", 0.001), ("inch", 1 / 25.4)])
@pytest.mark.parametrize("space", ["LPS", "RAS"])
def test_unit_and_axes_are_asked_where_the_file_cannot_be_meant_as_it_stands(
    tmp_path: Path, worker: Worker, unit: Any, scale: float, space: Any
) -> None:
    mesh = ball()
    points = place(mesh) * scale * ((1, 1, 1) if space == "LPS" else (-1, -1, 1))
    path = tmp_path / "aorta.stl"
    path.write_bytes(stl(points, mesh.triangles))
    choices = Choices()
    asked = []
    found: LabelImport | None = None
    while found is None:
        try:
            found = import_structures(path, None, Onto(GRID), worker=worker, choices=choices)
        except LabelsRefused as refused:
            asked.append(refused.code)
            assert len(asked) < 4
            if refused.code == "UNITS":
                choices = Choices(unit, choices.space)
            elif refused.code == "AXES":
                choices = Choices(choices.unit, space)
            else:
                raise
    k, j, i = np.argwhere(found.structures[0].mask.to_array()).mean(axis=0)
    np.testing.assert_allclose(GRID.to_lps((i, j, k)), MIDDLE, atol=0.1)
    # Ten millimetres of a ball may be meant in inches or centimetres only where it lies elsewhere then.
    if unit == "mm":
        assert asked == ([] if space == "LPS" else ["AXES"])
    if unit == "m":
        assert asked[0] == "UNITS"
    assert set(asked) <= {f.code for f in found.findings}
    assert found.used.space == space


def test_our_own_surface_comes_back_as_what_it_was(tmp_path: Path, worker: Worker) -> None:
    inside = np.linalg.norm(phantom.centres(GRID) - MIDDLE, axis=-1) < 8.0
    mask = Mask.from_array(inside)
    structures = (
        Structure("a", StructureKind.SEGMENTAL_ARTERY, mask, "T10", "left", "T10 left", simulated=True),
        Structure("b", StructureKind.TUMOUR, mask, name="lesion 1"),
        Structure("c", StructureKind.SUPERIOR_VENA_CAVA, mask),
        Structure("d", StructureKind.RIB, mask, "T9", "right"),
    )
    mesh = surface_of(inside, (0, 0, 0), GRID, Smoothing.FINE).mesh
    for structure in structures:
        marks = ("SIMULATED", "DRAFT") if structure.simulated else ("DRAFT",)
        item = NamedMesh(structure.title, mesh, (1, 2, 3), marks, short_passport(structure))
        path = tmp_path / f"{file_stem(item.title, item.marks)}.stl"
        path.write_bytes(stl_bytes(item, "sha256:0123456789abcdef"))
        found = import_structures(path, None, Onto(GRID), worker=worker)
        (came,) = found.structures
        meaning = (came.kind, came.level, came.side, came.name, came.simulated)
        assert meaning == (
            structure.kind, structure.level, structure.side, structure.name, structure.simulated
        )  # fmt: skip
        assert found.origins[0].exported_as == "draft"
        assert {f.code for f in found.findings} <= {"SIMULATED"}
        assert found.used == Choices(), "the file leaves nothing open"
        # Smoothing moves no point of the surface by half a voxel, so no more than its shell may differ.
        changed = came.mask.to_array() ^ inside
        shell = np.abs(np.linalg.norm(phantom.centres(GRID) - MIDDLE, axis=-1) - 8.0)
        assert shell[changed].max(initial=0.0) < 0.9
        assert changed.sum() < 0.02 * inside.sum()


def test_a_folder_of_surfaces_and_several_objects_in_one_file(tmp_path: Path, worker: Worker) -> None:
    mesh = ball(10.2)
    near, far = place(mesh), place(mesh) + np.array([12.0, 0.0, 0.0])
    rows = []
    for n, (name, points) in enumerate((("rib_left_9", near), ("liver", far))):
        rows += [f"o {name}", *(f"v {x} {y} {z}" for x, y, z in points)]
        rows += ["f " + " ".join(str(c + 1 + n * len(points)) for c in face) for face in mesh.triangles]
    (tmp_path / "two.obj").write_text("\n".join(rows))
    (tmp_path / "T10 vertebra.stl").write_bytes(stl(near, mesh.triangles))
    deep = tmp_path / "deep" / "er"
    deep.mkdir(parents=True)
    (tmp_path / "T10 vertebra.stl").rename(deep / "T10 vertebra.stl")
    (tmp_path / "notes.txt").write_text("nothing to see here, move along " * 10)
    found = import_structures(tmp_path, None, Onto(GRID), worker=worker)
    meanings = [(s.kind.value, s.level, s.side) for s in found.structures]
    assert meanings == [("vertebra", "T10", None), ("rib", "T9", "left"), ("other", None, None)]
    assert found.structures[0].mask.count == found.structures[1].mask.count
    assert "liver" in next(f.message for f in found.findings if f.code == "NOT_JUDGED")


@pytest.mark.parametrize(
    "name, data, code",
    [
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "BAD_INDEX"),
        ("a.obj", b"v 0 0 0\nv 1 0\nv 0 1 0\nf 1 2 3\n", "PARSE"),
        ("a.obj", b"v 0 0 0\n", "EMPTY"),
        ("a.ply", b"ply\nformat ascii 1.0\nelement vertex 3\nend_header\n", "TRUNCATED"),
        ("a.ply", b"PK\x03\x04", "PARSE"),
        ("a.stl", b"", "TRUNCATED"),
        ("a.stl", b"\0" * 80 + b"\xff\xff\xff\xff", "TRUNCATED"),
    ],
)
def test_damaged_surfaces_are_refused_with_their_reason(
    tmp_path: Path, worker: Worker, name: str, data: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LabelsRefused) as refused:
        import_structures(tmp_path / name, None, Onto(GRID), worker=worker)
    assert refused.value.code == code
    assert refused.value.message.startswith(name)


@pytest.mark.parametrize("directions", phantom.RIGHT_HANDED, ids=map(phantom.letters, phantom.RIGHT_HANDED))
def test_a_surface_lands_where_it_is_whatever_way_the_image_lies(
    tmp_path: Path, worker: Worker, directions: NDArray[np.float64]
) -> None:
    """Two balls of different size make left and right, front and back, head and foot differ."""
    grid = phantom.a_grid(directions, (44, 44, 44), (1.0, 0.9, 1.1))
    rows: list[str] = []
    for n, (radius, shift) in enumerate(((9.0, (4.0, -3.0, 5.0)), (4.0, (-11.0, 9.0, -12.0)))):
        mesh = ball(radius)
        points = mesh.vertices_lps_mm.astype(np.float64) + phantom.MIDDLE + np.array(shift)
        first = sum(row.startswith("v ") for row in rows)
        rows += [f"o part {n}", *(f"v {x} {y} {z}" for x, y, z in points)]
        rows += ["f " + " ".join(str(c + 1 + first) for c in face) for face in mesh.triangles]
    (tmp_path / "two.obj").write_text("\n".join(rows))
    found = import_structures(tmp_path / "two.obj", None, Onto(grid), worker=worker)
    for structure, radius, shift in zip(
        found.structures, (9.0, 4.0), ((4.0, -3.0, 5.0), (-11.0, 9.0, -12.0)), strict=True
    ):
        distance = np.linalg.norm(phantom.centres(grid) - phantom.MIDDLE - np.array(shift), axis=-1)
        mask = structure.mask.to_array()
        assert distance[mask].max() < radius + 0.3
        assert distance[~mask].min() > radius - 0.5
