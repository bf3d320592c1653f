"""Whole journeys through the window as a person makes them; each asserts what its user would see.

The same journeys run off-screen through Qt's events and on a display through xdotool (`test_journeys_whole`).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit

from app.gui import Workstation
from planning.geometry.blade import Blade
from planning.model.case import Case
from planning.model.osteotomy import Osteotomy
from planning.progress import silent
from planning.safety.board import board
from planning.safety.evaluation import evaluate
from planning.safety.results import Evaluation
from tests.app.hands import Person
from tests.app.test_gestures import a_handle, colours, row_of
from widgets.arrivals_dialog import ArrivalsDialog
from widgets.recovery_dialog import RecoveryDialog
from widgets.series_dialog import SeriesDialog
from widgets.stage_bar import Stage
from widgets.stages.piece_card import PieceCard
from widgets.status_mark import status_word
from widgets.tables.cut_table import NAME, NEAREST
from widgets.viewport import Viewport

_VOXEL_MM = 1.0
"""How far a surface may lie from the centres of its outermost voxels, for voxels of about a millimetre."""


def from_demo_to_export(person: Person, folder: Path) -> None:
    """Open the demo case, drag a blade, read the board, export; the export says what was planned."""
    open_demo(person)
    cut, moved = drag_a_blade(person)
    read_the_board(person, cut)
    out = folder / "export"
    person.hands.keys("ctrl+e")
    dialog = person.dialog("Export meshes and DICOM")
    person.write_into(_field(dialog), str(out))
    person.press(dialog, "Save")
    person.wait(lambda: "are written to" in _said(person.station), "the export", 240)
    _check_export(person, out, moved)


def from_dicom_to_plan(person: Person, source: Path, labels: Path) -> None:
    """Import a DICOM folder, choose the series, take its structures in, place a cut; look."""
    station, window = person.station, person.station.window
    person.press(window.welcome, "Import a DICOM folder...")
    files = person.dialog("Import DICOM folder")
    person.write_into(_field(files), f"{source}/")  # without the stroke Qt gives the parent
    person.hands.keys("Return")
    series = person.dialog("Choose series")
    assert isinstance(series, SeriesDialog)
    tree = series.tree
    first = person.see(lambda: tree.topLevelItem(0))
    assert first is not None
    assert person.see(lambda: first.text(1)) == "CT"
    person.click(tree.viewport(), person.see(lambda: tree.visualItemRect(first).center()))
    person.write_into(series.labels, str(labels))
    person.press(series, "Load")
    arrivals = person.dialog("Incoming structures")
    assert isinstance(arrivals, ArrivalsDialog)
    person.wait(arrivals.take.isEnabled, "structures that can be taken in", 10)
    person.click(arrivals.take)
    person.wait(lambda: "taken in" in _said(station), "the structures")
    case = person.see(lambda: station.session.case)
    assert case is not None
    _check_voxels(case, source)
    person.click(window.stage_bar.buttons[Stage.PLAN])
    person.wait(lambda: station.session.view.surfaces is not None, "surfaces")
    before = _seen(person, window.views.spine.viewport)
    person.click(window.cuts.add)
    menu = window.cuts.menu
    person.choose(menu, "disc")
    disc = person.see(lambda: next(a for a in menu.actions() if a.text() == "disc").menu())
    person.choose(disc, "Below T11")  # type: ignore[arg-type]
    person.wait(lambda: station.session.view.evaluation is not None, "the first numbers")
    row = person.see(lambda: row_of(station, station.session.case.plan.osteotomies[0].id))  # type: ignore[union-attr]
    assert row[NAME] == "T11/T12 disc"
    assert " mm  " in row[NEAREST]
    _check_disc(person)
    assert _changed(before, _seen(person, window.views.spine.viewport)) > 0.003, "the blade is seen in 3D"


def before_the_crash(person: Person) -> "WasSeen":
    """Open the demo case and drag a blade; return what was seen once it was kept."""
    open_demo(person)
    cut, _ = drag_a_blade(person)
    found = _was_seen(person, cut)
    person.see(person.station.parts.keeper.wait)
    return found


def after_the_crash(person: Person, was: "WasSeen") -> None:
    """Take the offered work; everything is as it was seen before."""
    dialog = person.dialog("Unsaved work found")
    assert isinstance(dialog, RecoveryDialog)
    item = person.see(lambda: dialog.tree.topLevelItem(0))
    assert item is not None
    assert person.see(lambda: item.text(0)) == "A case that was never saved"
    assert person.see(lambda: item.text(1)).startswith("Move ")
    person.click(dialog.recover)
    person.wait(lambda: person.station.session.view.evaluation is not None, "numbers")
    assert _was_seen(person, was.cut) == was
    assert person.see(lambda: person.station.session.is_dirty)


@dataclass(frozen=True)
class WasSeen:
    """What the window showed of a cut: its line in the table, its place, the whole board."""

    cut: str
    row: list[str]
    blade: list[list[float]]
    board: list[str]


def open_demo(person: Person) -> None:
    """Press the button of the welcome page and wait for the numbers."""
    station = person.station
    person.press(station.window.welcome, "Open the demo case")
    person.wait(lambda: station.session.view.evaluation is not None, "numbers", 240)
    if person.tour_offered:
        _skip_the_tour(person)
    person.click(station.window.stage_bar.buttons[Stage.PLAN])


def _skip_the_tour(person: Person) -> None:
    """Put the first start's tour away: its note lies on the view a blade is dragged in."""
    guidance = person.station.guidance
    person.wait(lambda: guidance.tour is not None, "the tour")
    tour = person.see(lambda: guidance.tour)
    assert tour is not None
    person.press(tour, "Skip (Esc)")
    person.wait(lambda: guidance.tour is None, "the end of the tour", 10)


def drag_a_blade(person: Person) -> tuple[str, Blade]:
    """Drag a cut by a handle; only its own distances are shown until the hand lets go."""
    station, window = person.station, person.station.window
    cut = person.see(lambda: _a_plain_cut(station))
    table = window.cuts.table
    person.see(lambda: table.scrollTo(table.cuts.index(_line_of(station, cut.id), NAME)))
    place = person.see(lambda: table.visualRect(table.cuts.index(_line_of(station, cut.id), NAME)).center())
    person.click(table.viewport(), place)
    person.wait(lambda: station.parts.commands.choices.active_cut == cut.id, "the cut to be active", 10)
    viewport = window.views.spine.viewport
    at = person.see(lambda: a_handle(station))
    before = _seen(person, viewport)
    person.hands.press(viewport, at)
    for step in range(1, 6):
        person.hands.move(viewport, at + QPoint(5 * step, 3 * step))
    end = at + QPoint(25, 15)
    person.wait(lambda: station.session.view.previewing, "the drag", 10)
    assert person.see(window.board.overall.text) == "UPDATING"
    rows = person.see(lambda: [row_of(station, o.id) for o in station.session.case.plan.osteotomies])  # type: ignore[union-attr]
    assert [row[NEAREST] for row in rows if row[NAME] != cut.title] == ["..."] * (len(rows) - 1)
    person.hands.release(viewport, end)
    person.wait(lambda: not station.session.view.previewing, "the end of the drag", 10)
    person.wait(lambda: station.session.view.evaluation is not None, "numbers")
    moved = person.see(lambda: station.session.case.plan.osteotomy(cut.id).blade)  # type: ignore[union-attr]
    assert moved != cut.blade
    assert _changed(before, _seen(person, viewport)) > 0.002
    assert person.see(window.actions_table["undo"].text) == f"Undo: Move {cut.title}"
    return cut.id, moved


def read_the_board(person: Person, cut: str) -> None:
    """Compare every sentence with a fresh evaluation, and the dragged cut's distance with the voxels."""
    station = person.station
    case = person.see(lambda: station.session.case)
    assert case is not None
    fresh = evaluate(case, station.session.settings, silent)
    lines = board(fresh, case)
    rows = person.see(lambda: [r for r in station.window.board.rows if not r.isHidden()])
    texts = person.see(lambda: [(r.word.text(), r.sentence.text()) for r in rows])
    assert texts == [(status_word(line.status), line.sentence) for line in lines]
    words = person.see(lambda: row_of(station, cut))[NEAREST]
    shown_mm, _, structure = words.partition(" mm  ")
    true_mm = _voxel_distance_mm(case, cut, structure, fresh)
    shown = float(shown_mm.replace("−", "-"))
    assert shown == pytest.approx(true_mm, abs=_VOXEL_MM) if true_mm > 0 else shown < _VOXEL_MM


def _voxel_distance_mm(case: Case, cut: str, structure: str, evaluation: Evaluation) -> float:
    """Return the least distance from swept blade to voxel centres, by brute force; 0 inside."""
    osteotomy = case.plan.osteotomy(cut)
    assert osteotomy is not None
    assert case.anatomy is not None
    found = next(
        c for c in evaluation.clearances if c.osteotomy == cut and c.structure.replace("_", " ") == structure
    )
    part = case.anatomy.structure(found.structure_id)
    assert part is not None
    kji = np.argwhere(part.mask.to_array())
    blade = osteotomy.blade
    local = blade.to_local(case.anatomy.grid.to_lps(kji[:, ::-1].astype(float)))
    low = np.array([-blade.width_mm / 2, 0.0, -blade.kerf_mm / 2])
    high = np.array([blade.width_mm / 2, blade.depth_mm, blade.kerf_mm / 2])
    outside = np.maximum(np.maximum(low - local, local - high), 0.0)
    return float(np.linalg.norm(outside, axis=1).min())


def _check_export(person: Person, out: Path, moved: Blade) -> None:
    """Compare the files with the case: voxels of the segmentation, solids with what the Check stage shows."""
    case = person.see(lambda: person.station.session.case)
    assert case is not None
    assert case.anatomy is not None
    segmentation = pydicom.dcmread(next(out.rglob("segmentation.dcm")))
    frames = segmentation.pixel_array
    numbers = [f.SegmentIdentificationSequence[0].ReferencedSegmentNumber
               for f in segmentation.PerFrameFunctionalGroupsSequence]  # fmt: skip
    counts = [
        int(frames[[n == s.SegmentNumber for n in numbers]].sum()) for s in segmentation.SegmentSequence
    ]
    known = sorted(int(s.mask.count) for s in case.anatomy.structures)
    assert set(known) <= set(counts)
    shown = person.see(lambda: [
        _shown_cm3(card) for card in person.station.window.check_panel.cards
        if card.piece.mesh is not None
    ])  # fmt: skip
    written = [_volume_cm3(path) for path in out.rglob("*_PLANNED_*.stl")]
    assert np.allclose(sorted(written), sorted(shown), rtol=0.05, atol=0.11)


def _shown_cm3(card: PieceCard) -> float:
    words = next(part.text() for part in card.findChildren(QLabel) if part.text().endswith(" cm³"))
    return float(words.split()[0])


def _volume_cm3(path: Path) -> float:
    """Return the volume of a binary STL by the divergence theorem."""
    rows = np.frombuffer(path.read_bytes()[84:], np.dtype([("v", "<f4", (4, 3)), ("end", "<u2")]))
    a, b, c = (rows["v"][:, n].astype(float) for n in (1, 2, 3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6000.0)


def _check_voxels(case: Case, source: Path) -> None:
    """Compare a column of voxels with what pydicom reads at the same places."""
    volume = case.images[0].volume
    for file in sorted(source.iterdir())[::6]:
        slice_ = pydicom.dcmread(file)
        hu = slice_.pixel_array * float(slice_.RescaleSlope) + float(slice_.RescaleIntercept)
        first = np.array(slice_.ImagePositionPatient, float)
        along_row, along_column = np.array(slice_.ImageOrientationPatient, float).reshape(2, 3)
        row, column = hu.shape[0] // 2, hu.shape[1] // 2
        down, right = (float(v) for v in slice_.PixelSpacing)
        point = first + along_row * right * column + along_column * down * row
        i, j, k = np.rint(volume.grid.to_ijk(point)).astype(int)
        assert volume.voxels_kji[k, j, i] == hu[row, column]


def _check_disc(person: Person) -> None:
    """Compare the new cut's height with the voxels of the vertebrae it lies between."""
    case = person.see(lambda: person.station.session.case)
    assert case is not None
    assert case.anatomy is not None
    blade = case.plan.osteotomies[0].blade
    heights = []
    for level in ("T11", "T12"):
        part = next(s for s in case.anatomy.structures if s.level == level and s.kind.value == "vertebra")
        kji = np.argwhere(part.mask.to_array())
        heights.append(float(case.anatomy.grid.to_lps(kji[:, ::-1].mean(axis=0))[2]))
    upper, lower = heights
    assert lower < blade.origin_lps_mm[2] < upper


def _was_seen(person: Person, cut: str) -> WasSeen:
    station = person.station

    def look() -> WasSeen:
        case = station.session.case
        assert case is not None
        osteotomy = case.plan.osteotomy(cut)
        assert osteotomy is not None
        blade = osteotomy.blade
        place = [list(v) for v in (blade.origin_lps_mm, blade.normal_lps, blade.advance_lps)]
        lines = [r.sentence.text() for r in station.window.board.rows if not r.isHidden()]
        return WasSeen(cut, row_of(station, cut), place, lines)

    return person.see(look)


def _a_plain_cut(station: Workstation) -> Osteotomy:
    """Return the cut farthest from everything that a hand may move, a whole rectangle where there is one."""
    case, evaluation = station.session.case, station.session.view.evaluation
    assert case is not None
    assert evaluation is not None

    def rank(cut: Osteotomy) -> tuple[bool, float]:
        near = [c.value_mm for c in evaluation.clearances if c.osteotomy == cut.id and c.value_mm is not None]
        return cut.blade.footprint_mm is None, min(near, default=-99.0)

    return max((cut for cut in case.plan.osteotomies if not cut.locked), key=rank)


def _field(dialog: QDialog) -> QLineEdit:
    found = dialog.findChild(QLineEdit)
    assert isinstance(found, QLineEdit)
    return found


def _line_of(station: Workstation, cut: str) -> int:
    rows = station.window.cuts.table.cuts.rows
    return next(n for n, row in enumerate(rows) if row.osteotomy.id == cut)


def _said(station: Workstation) -> str:
    shown = station.window.messages.shown
    return shown.text if shown is not None else ""


def _seen(person: Person, viewport: Viewport) -> NDArray[np.uint8]:
    """Return what is seen of a view once it is drawn in full: off the screen itself where there is one."""

    def look() -> QImage:
        viewport.draw_now()
        if QGuiApplication.platformName() != "xcb":
            return viewport.picture()
        at = viewport.mapToGlobal(QPoint(0, 0))
        screen = QGuiApplication.primaryScreen()
        return screen.grabWindow(0, at.x(), at.y(), viewport.width(), viewport.height()).toImage()

    return colours(person.see(look))


def _changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """Return the share of pixels that look different."""
    assert before.shape == after.shape
    return float((np.abs(before.astype(int) - after).max(axis=2) > 30).mean())
