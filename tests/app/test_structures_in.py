"""Structures come in through the window only after a look, and through the command line as they are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from app.flows import import_structures
from app.gui import Workstation
from planning.geometry.frames import Grid
from planning.model.structures import ReviewState, StructureKind
from planning.storage.case_file import open_case
from tests.app.outside import DATA, CommandLine
from tests.imaging import phantom
from tests.imaging.surface_files import ball, stl
from widgets.arrivals_dialog import ArrivalsDialog

pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.qt_log_ignore("propagateSizeHints")]


def _grid(station: Workstation) -> Grid:
    case = station.session.case
    assert case is not None
    assert case.anatomy is not None
    return case.anatomy.grid


def _mask_file(folder: Path, grid: Grid, name: str) -> Path:
    voxels = np.zeros(grid.shape_kji, np.uint8)
    voxels[3:9, 3:9, 3:9] = 1
    return phantom.write_volume(folder / name, voxels, grid)


@dataclass(frozen=True)
class Seen:
    """What a preview showed before it was closed."""

    kinds: list[StructureKind]
    unit: object


def _answer(monkeypatch: pytest.MonkeyPatch, answer: int) -> list[Seen]:
    shown: list[Seen] = []

    def run(dialog: ArrivalsDialog) -> int:
        unit = dialog.unit.value if hasattr(dialog, "unit") else None
        shown.append(Seen([row.structure.kind for row in dialog.rows], unit))
        return answer

    monkeypatch.setattr(ArrivalsDialog, "exec", run)
    return shown


def _import(station: Workstation, qtbot: QtBot, path: Path, shown: list[Seen]) -> None:
    station.parts.imports.structures.start(path)
    qtbot.waitUntil(lambda: bool(shown) and not station.jobs.is_running("structures"), timeout=60_000)


def test_nothing_is_taken_in_before_it_was_looked_at(
    station: Workstation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = station.session.case
    path = _mask_file(tmp_path, _grid(station), "thyroid_gland.nii.gz")
    path = path.rename(tmp_path / "azygos.nii.gz")
    shown = _answer(monkeypatch, QDialog.DialogCode.Rejected)
    _import(station, qtbot, path, shown)
    assert station.session.case is before
    assert shown[0].kinds == [StructureKind.AZYGOS]


def test_what_was_accepted_is_one_step_back_and_forth_with_its_findings(
    station: Workstation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = station.session.case
    assert before is not None
    for name in ("azygos.nii.gz", "small_bowel.nii.gz"):
        _mask_file(tmp_path, _grid(station), name)
    _import(station, qtbot, tmp_path, _answer(monkeypatch, QDialog.DialogCode.Accepted))
    case = station.session.case
    assert case is not None
    assert case.anatomy is not None
    assert before.anatomy is not None
    new = case.anatomy.structures[len(before.anatomy.structures) :]
    bowel = next(s for s in case.anatomy.structures if s.name == "small_bowel")
    assert bowel in new
    assert bowel.review.state is ReviewState.DRAFT
    look = case.look(bowel.id)
    assert look is not None
    assert not look.visible, "what has no kind is listed, and does not cover the spine"
    assert "NOT_JUDGED" in [f.code for f in case.images[0].findings]
    assert station.session.view.undo_label == "Take in 2 structures"
    station.session.undo()
    assert station.session.case is before


def test_a_surface_in_metres_asks_for_its_unit_and_goes_on(
    station: Workstation, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    grid = _grid(station)
    mesh = ball()
    low, high = grid.bounds_lps_mm()
    points = (mesh.vertices_lps_mm.astype(float) + (low + high) / 2) / 1000.0
    path = tmp_path / "lesion.stl"
    path.write_bytes(stl(points, mesh.triangles))
    asked: list[str] = []

    def reply(_parent: object, title: str, text: str, choices: Any) -> str:
        asked.append(title)
        assert "in which unit" in text
        assert [c.words for c in choices][:3] == ["millimetres", "centimetres", "metres"]
        return "m"

    monkeypatch.setattr(import_structures, "ask", reply)
    shown = _answer(monkeypatch, QDialog.DialogCode.Rejected)
    _import(station, qtbot, path, shown)
    assert asked == ["Which unit?"]
    assert shown[0] == Seen([StructureKind.TUMOUR], "m")


def test_the_command_line_takes_a_surface_once_its_unit_is_said(command: CommandLine, tmp_path: Path) -> None:
    reference = DATA / "t11-t12"
    plain = tmp_path / "plain.enbloc"
    assert command("import", str(reference), "--out", str(plain)).status == 0
    grid = open_case(plain).images[0].volume.grid
    mesh = ball()
    low, high = grid.bounds_lps_mm()
    path = tmp_path / "lesion.stl"
    path.write_bytes(stl((mesh.vertices_lps_mm.astype(float) + (low + high) / 2) / 1000.0, mesh.triangles))
    out = tmp_path / "case.enbloc"
    arguments = ["import", str(reference), "--labels", str(path), "--out", str(out)]
    refused = command(*arguments)
    assert refused.status == 2
    assert refused.err.count("\n") == 1
    assert refused.err.endswith("Give it with --unit.\n")
    assert not out.exists()
    assert command(*arguments, "--unit", "m").status == 0
    (tumour,) = [s for s in open_case(out).anatomy.structures if s.kind is StructureKind.TUMOUR]  # type: ignore[union-attr]
    assert tumour.mask.count * grid.voxel_volume_mm3 == pytest.approx(mesh.volume_mm3, rel=0.03)
    assert "UNITS" in [f.code for f in open_case(out).images[0].findings]
