"""Structures come in through the window only after a look, and through the command line as they are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from app.errands.workbench import Workbench
from app.flows import import_structures
from app.flows.import_structures import StructuresFlow
from app.session import Session
from app.settings import Preferences
from planning.model.case import Case
from planning.model.structures import ReviewState, StructureKind
from planning.storage.case_file import open_case
from tests.app.outside import DATA, CommandLine
from tests.app.test_session import HeldJobs, Quick
from tests.imaging import phantom
from tests.imaging.surface_files import ball, stl
from widgets.arrivals_dialog import ArrivalsDialog
from widgets.message_bar import Message

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]


@dataclass(frozen=True)
class Seen:
    """What a preview showed before it was closed."""

    kinds: list[StructureKind]
    unit: object


@dataclass(frozen=True)
class Desk:
    """The flow on a small case, its jobs run when the test says so."""

    flow: StructuresFlow
    session: Session
    jobs: HeldJobs
    messages: list[Message]

    def bring(self, path: Path) -> None:
        """Read structures, and answer whatever is asked on the way."""
        self.flow.start(path)
        while self.jobs.is_running("structures"):
            self.jobs.finish("structures")

    @property
    def case(self) -> Case:
        assert self.session.case is not None
        return self.session.case


@pytest.fixture
def desk(bench: Workbench, small_case: Case, qtbot: QtBot, tmp_path: Path) -> Desk:
    window = QWidget()
    qtbot.addWidget(window)
    jobs: Any = HeldJobs()
    session = Session(Quick(), bench.settings, jobs)
    session.open(small_case)
    flow = StructuresFlow(window, session, jobs, bench, Preferences(tmp_path / "window.ini"))
    messages: list[Message] = []
    flow.told.connect(messages.append)
    return Desk(flow, session, jobs, messages)


def _mask_file(desk: Desk, folder: Path, name: str) -> Path:
    assert desk.case.anatomy is not None
    voxels = np.zeros(desk.case.anatomy.grid.shape_kji, np.uint8)
    voxels[3:9, 3:9, 3:9] = 1
    return phantom.write_volume(folder / name, voxels, desk.case.anatomy.grid)


def _answer(monkeypatch: pytest.MonkeyPatch, answer: int) -> list[Seen]:
    shown: list[Seen] = []

    def run(dialog: ArrivalsDialog) -> int:
        unit = dialog.unit.value if hasattr(dialog, "unit") else None
        shown.append(Seen([row.structure.kind for row in dialog.rows], unit))
        return answer

    monkeypatch.setattr(ArrivalsDialog, "exec", run)
    return shown


def test_nothing_is_taken_in_before_it_was_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = desk.case
    shown = _answer(monkeypatch, QDialog.DialogCode.Rejected)
    desk.bring(_mask_file(desk, tmp_path, "azygos.nii.gz"))
    assert desk.case is before
    assert shown == [Seen([StructureKind.AZYGOS], None)]


def test_what_was_accepted_is_one_step_back_and_forth_with_its_findings(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = desk.case
    folder = tmp_path / "segmentations"
    folder.mkdir()
    for name in ("thoracic_duct.nii.gz", "small_bowel.nii.gz"):
        _mask_file(desk, folder, name)
    _answer(monkeypatch, QDialog.DialogCode.Accepted)
    desk.bring(folder)
    assert desk.case.anatomy is not None
    assert before.anatomy is not None
    new = desk.case.anatomy.structures[len(before.anatomy.structures) :]
    assert [s.kind for s in new] == [StructureKind.THORACIC_DUCT, StructureKind.OTHER]
    assert {s.review.state for s in new} == {ReviewState.DRAFT}
    look = desk.case.look(new[1].id)
    assert look is not None
    assert not look.visible, "what has no kind is listed, and does not cover the spine"
    assert "NOT_JUDGED" in [f.code for f in desk.case.images[0].findings]
    assert desk.messages[-1].text.startswith("2 structures were taken in as drafts. 1 of them have no kind")
    assert desk.session.view.undo_label == "Take in 2 structures"
    desk.session.undo()
    assert desk.case is before


def test_a_surface_in_metres_asks_for_its_unit_and_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert desk.case.anatomy is not None
    low, high = desk.case.anatomy.grid.bounds_lps_mm()
    mesh = ball()
    path = tmp_path / "lesion.stl"
    path.write_bytes(stl((mesh.vertices_lps_mm.astype(float) + (low + high) / 2) / 1000.0, mesh.triangles))
    asked: list[str] = []

    def reply(_parent: object, title: str, text: str, choices: Any) -> str:
        asked.append(title)
        assert "in which unit" in text
        assert [c.words for c in choices] == ["metres: 18.2 mm", "Cancel"]
        return "m"

    monkeypatch.setattr(import_structures, "ask", reply)
    shown = _answer(monkeypatch, QDialog.DialogCode.Rejected)
    desk.bring(path)
    assert asked == ["Which unit?"]
    assert shown == [Seen([StructureKind.TUMOUR], "m")]


def test_what_is_refused_is_told_and_changes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = desk.case
    shown = _answer(monkeypatch, QDialog.DialogCode.Accepted)
    (tmp_path / "a.stl").write_bytes(b"solid a\nfacet")
    desk.bring(tmp_path / "a.stl")
    assert (desk.case is before, shown) == (True, [])
    assert [(m.tone, m.text[:5]) for m in desk.messages] == [("fail", "a.stl")]


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
