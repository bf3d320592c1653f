"""What a newcomer meets in the first hour: nothing blinks, nothing jumps, every dialog can be left."""

from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QLabel, QMenu
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from app.plan_commands import added_message
from app.session import Session
from planning.editing.anatomy_edits import ConfirmLevels, ReviewStructure
from planning.model.case import Case
from planning.model.osteotomy import OsteotomyKind
from planning.model.stamp import inputs_of
from planning.model.structures import ReviewState, StructureKind
from planning.safety.evaluation import LiveResult
from planning.safety.results import MarginClass, PieceRole, Status, TumourMargin
from planning.safety.reviews import asked_for_review
from rendering.spine_marks import mark_labels
from tests.app.conftest import wait_for_numbers
from tests.phantoms import PERIOD_MM
from widgets.dialogs import ReviewDialog
from widgets.matrix_dialog import MatrixDialog
from widgets.message_bar import Message
from widgets.stage_bar import Stage
from widgets.stages.anatomy_panel import NAME as TITLE
from widgets.stages.anatomy_panel import STATE, VOLUME
from widgets.stages.cuts_panel import NewCut
from widgets.structure_titles import short_title
from widgets.tables.cut_table import NAME

pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.qt_log_ignore("propagateSizeHints")]
AT = datetime(2026, 1, 1, tzinfo=UTC)


def places(station: Workstation) -> dict[str, QRect]:
    """Return where the parts of the window are."""
    window = station.window
    parts = {"views": window.views, "board": window.board, "cuts": window.cuts, "banner": window.banner}
    return {
        name: QRect(part.mapTo(window, part.rect().topLeft()), part.size()) for name, part in parts.items()
    }


def matrix_of(station: Workstation) -> MatrixDialog:
    station.bindings.show_matrix()
    dialog = station.bindings.matrix
    assert dialog is not None
    return dialog


def open_matrix(station: Workstation) -> MatrixDialog | None:
    return station.bindings.matrix


def test_levels_reviews_and_locks_are_judged_without_a_moment_of_updating(
    station: Workstation, qtbot: QtBot
) -> None:
    wait_for_numbers(station, qtbot)
    said: list[str] = []
    station.session.changed.connect(lambda view: said.append("UPDATING" if view.updating else "current"))
    lines_before = station.window.board.lines
    station.window.actions_table["lock_cut"].trigger()
    station.session.do(ReviewStructure("spinal_canal", ReviewState.REVIEWED, "Dr A", AT))
    assert len(station.window.board.lines) == len(lines_before)
    warned = [line for line in station.window.board.lines if "level count" in line.sentence]
    assert warned
    station.session.do(ConfirmLevels("Dr A", "whole spine from C2", AT))
    assert not any("level count" in line.sentence for line in station.window.board.lines)
    qtbot.waitUntil(lambda: not station.jobs.running, timeout=10_000)
    assert set(said) == {"current"}


def test_messages_jobs_and_numbers_move_nothing(
    station: Workstation, qtbot: QtBot, qapp: QApplication
) -> None:
    wait_for_numbers(station, qtbot)
    qapp.processEvents()
    before = places(station)
    station.window.messages.show_message(Message("Something went wrong. " * 30, "fail", "CODE"))
    qapp.processEvents()
    assert places(station) == before
    station.window.messages.dismiss()
    station.session.do(ConfirmLevels("Dr A", "whole spine from C2", AT))
    qapp.processEvents()
    assert places(station) == before


def test_the_matrix_is_left_by_esc_and_by_its_button(station: Workstation, qtbot: QtBot) -> None:
    wait_for_numbers(station, qtbot)
    QTest.keyClick(matrix_of(station), Qt.Key.Key_Escape)
    assert open_matrix(station) is None
    close = matrix_of(station).buttons.button(QDialogButtonBox.StandardButton.Close)
    QTest.mouseClick(close, Qt.MouseButton.LeftButton)
    assert open_matrix(station) is None
    matrix_of(station)
    station.window.views.cancelled.emit()  # Esc where the main window has the keyboard
    assert open_matrix(station) is None


def test_the_matrix_shows_what_is_current_and_explains_its_columns(
    station: Workstation, qtbot: QtBot
) -> None:
    wait_for_numbers(station, qtbot)
    dialog = matrix_of(station)
    model = dialog.clearances.model()
    words = {
        str(model.index(row, column).data())
        for row in range(model.rowCount())
        for column in range(model.columnCount())
    }
    assert any("level count not confirmed" in word for word in words)
    assert "no guard" in words
    assert dialog.clearances.columnWidth(model.columnCount() - 1) >= 140, "no room for what set the status"
    table = dialog.clearances  # Qt's own way of asking every cell is the judge
    assert all(table.rowHeight(row) >= table.sizeHintForRow(row) for row in range(model.rowCount()))
    station.session.do(ConfirmLevels("Dr A", "whole spine from C2", AT))
    assert open_matrix(station) is dialog
    after = {
        str(model.index(row, column).data())
        for row in range(model.rowCount())
        for column in range(model.columnCount())
    }
    assert not any("level count not confirmed" in word for word in after)
    assert "one standard deviation" in dialog.legend.text()
    sigma = [
        str(model.headerData(n, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole))
        for n in range(model.columnCount())
        if model.headerData(n, Qt.Orientation.Horizontal) == "σ"
    ]
    assert len(sigma) == 1
    assert "one standard deviation" in sigma[0]
    dialog.close()


def test_the_active_cut_is_scrolled_into_view(station: Workstation, qapp: QApplication) -> None:
    table = station.window.cuts.table
    station.window.centre.setSizes([900, 60])
    qapp.processEvents()
    last = table.cuts.rows[-1].osteotomy.id
    first = table.cuts.rows[0].osteotomy.id
    for cut, row in ((last, len(table.cuts.rows) - 1), (first, 0)):
        station.parts.commands.look(active_cut=cut)
        place = table.visualRect(table.cuts.index(row, NAME))
        assert table.viewport().rect().contains(place)
        assert table.currentIndex().row() == row
        assert station.parts.commands.choices.active_cut == cut


def review_dialog(station: Workstation) -> ReviewDialog:
    dialog = station.parts.decisions.beside
    assert isinstance(dialog, ReviewDialog)
    return dialog


def state_of(session: Session, structure_id: str) -> ReviewState:
    assert session.case is not None
    assert session.case.anatomy is not None
    structure = session.case.anatomy.structure(structure_id)
    assert structure is not None
    return structure.review.state


def test_review_flies_there_leaves_the_views_free_and_goes_on(
    station: Workstation, qapp: QApplication
) -> None:
    station.window.stage_bar.choose(Stage.ANATOMY)
    panel, views = station.window.anatomy_panel, station.window.views
    first = panel.next_draft()
    assert first is not None
    assert first.kind is StructureKind.TUMOUR
    assert "drafts nobody has checked" in panel.standing.text()
    views.move_crosshair((40.0, 30.0, -100.0))
    QTest.mouseClick(panel.review, Qt.MouseButton.LeftButton)
    dialog = review_dialog(station)
    away = np.subtract(views.looking.crosshair_lps_mm, (4.0, 0.0, -2 * PERIOD_MM))
    assert np.abs(away).max() < 1.5  # the tumour's middle
    assert not dialog.isModal()
    assert station.parts.commands.choices.chosen_structure == first.id
    qapp.processEvents()
    for part in dialog.findChildren(QLabel):  # nothing is cut off at the width of the panel
        assert part.height() >= part.heightForWidth(part.width())
    assert dialog.width() <= 360
    text = " ".join(part.text() for part in dialog.findChildren(QLabel))
    case = station.session.case
    assert case is not None
    assert case.anatomy is not None
    asked = asked_for_review(case.anatomy, station.session.settings.limits)
    assert f"ask a person to see {len(asked) - 1} more" in text
    lines = panel.tree.findItems("*", Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive, TITLE)
    marked = [line.text(TITLE) for line in lines if line.text(STATE) == "draft ●"]
    assert sorted(marked) == sorted(short_title(s) for s in asked)
    assert len(asked) < len(case.anatomy.structures)
    for word in ("draft:", "reviewed:", "approved:", "count alike"):
        assert word in text
    assert not dialog.ok
    assert dialog.why.text() == "Choose another state than the present one."
    dialog.state.setCurrentIndex(1)
    dialog.by.setText("")
    assert dialog.why.text() == "Give your name."
    dialog.by.setText("Dr A")
    QTest.mouseClick(dialog.next, Qt.MouseButton.LeftButton)
    assert state_of(station.session, first.id) is ReviewState.REVIEWED
    following = review_dialog(station)
    assert following is not dialog
    chosen = panel.chosen
    assert chosen is not None
    assert chosen.id in {s.id for s in asked} - {first.id}
    assert following.by.text() == "Dr A"
    following.reject()
    assert station.parts.decisions.beside is None
    assert state_of(station.session, chosen.id) is ReviewState.DRAFT
    qapp.processEvents()
    panel.choose(first.id)
    assert panel.standing.text().endswith("(Dr A)")
    station.window.stage_bar.choose(Stage.PLAN)


def test_a_review_of_a_case_that_was_put_away_changes_nothing(station: Workstation, small_case: Case) -> None:
    panel = station.window.anatomy_panel
    structure = panel.next_draft()
    assert structure is not None
    panel.review_asked.emit(structure)
    dialog = review_dialog(station)
    dialog.state.setCurrentIndex(1)
    dialog.by.setText("Dr A")
    station.parts.files.close_case()
    dialog.accept()
    assert station.session.case is None
    station.parts.files.new_case(small_case)
    assert state_of(station.session, structure.id) is ReviewState.DRAFT


def wait_for_surfaces(station: Workstation, qtbot: QtBot) -> None:
    wait_for_numbers(station, qtbot)
    qtbot.waitUntil(lambda: station.session.view.surfaces is not None, timeout=60_000)
    qtbot.waitUntil(lambda: station.session.derived.fields is not None, timeout=60_000)


def test_a_new_cut_says_where_it_landed_and_what_it_enters(station: Workstation, qtbot: QtBot) -> None:
    wait_for_surfaces(station, qtbot)
    views, window = station.window.views, station.window
    views.move_crosshair((4.0, 0.0, -2 * PERIOD_MM))  # the middle of the tumour, in the third vertebra, T10
    window.cuts.menu.aboutToShow.emit()
    kinds = {action.text(): action.menu() for action in window.cuts.menu.actions()}
    pedicle = kinds["pedicle"]
    assert isinstance(pedicle, QMenu)
    here = pedicle.actions()[0]
    assert here.text() == "At the crosshair (T10 left)"
    here.trigger()
    cut = station.parts.commands.active
    assert cut is not None
    assert (cut.level, cut.side, cut.title) == ("T10", "left", "Left T10 pedicle")
    shown = window.messages.shown
    assert shown is not None
    assert shown.tone == "warn"
    assert shown.text.startswith("Left T10 pedicle was added at T10. As it lies, it enters ")
    assert "the tumour by " in shown.text
    assert window.cuts.table.currentIndex().row() == len(window.cuts.table.cuts.rows) - 1
    window.messages.dismiss()
    views.move_crosshair((60.0, 45.0, -20.0))  # behind and beside everything that is measured so far
    window.cuts.add_asked.emit(NewCut(OsteotomyKind.FREE))
    shown = window.messages.shown
    assert shown is not None
    assert (shown.tone, shown.text) == (
        "info",
        "T9 free was added at T9. The safety board will say what it meets.",
    )
    window.messages.dismiss()


def test_a_new_cut_that_enters_nothing_says_so(small_case: Case, station: Workstation) -> None:
    inputs = inputs_of(small_case, station.session.settings)
    assert inputs is not None
    cut = small_case.plan.osteotomies[0]
    clear = TumourMargin(cut.id, 4.0, 1.0, 2.0, Status.WARN, MarginClass.AT_LEAST_2MM)
    said = added_message(cut, LiveResult(inputs, cut.id, (), clear))
    assert said.tone == "info"
    assert "it enters nothing that could be measured" in said.text
    through = TumourMargin(cut.id, -1.26, -4.0, 2.0, Status.FAIL, MarginClass.INTRALESIONAL)
    said = added_message(cut, LiveResult(inputs, cut.id, (), through))
    assert said.tone == "warn"
    assert "it enters the tumour by 1.3 mm. Move it" in said.text


def test_a_disc_cut_at_the_crosshair_is_called_by_the_vertebrae_beside_it(
    station: Workstation, qtbot: QtBot
) -> None:
    wait_for_surfaces(station, qtbot)
    between = (0.0, 0.0, -2.5 * PERIOD_MM)
    station.window.views.move_crosshair(between)
    station.window.cuts.add_asked.emit(NewCut(OsteotomyKind.DISC))
    cut = station.parts.commands.active
    assert cut is not None
    assert cut.level == "T10"
    assert cut.title.startswith("T10/T11 disc")
    middle = cut.blade.to_lps([0.0, cut.blade.depth_mm / 2, 0.0])
    assert middle == pytest.approx(between, abs=1e-6)  # where the crosshair was, not where the disc is
    station.window.messages.dismiss()


def test_undoing_a_new_cut_leaves_another_one_active(station: Workstation) -> None:
    station.window.cuts.add_asked.emit(NewCut(OsteotomyKind.FREE))
    added = station.parts.commands.active
    assert added is not None
    station.session.undo()
    active = station.parts.commands.active
    assert active is not None
    assert active.id != added.id
    station.window.messages.dismiss()


@pytest.mark.qt_log_ignore("propagateSizeHints", "raise()", "grabbing the keyboard")
def test_a_list_menu_belongs_to_the_window(station: Workstation, qapp: QApplication) -> None:
    """Qt complains of a menu whose panel has a system window of its own, as panels beside VTK have."""
    station.window.stage_bar.choose(Stage.ANATOMY)
    panel = station.window.anatomy_panel
    structure = panel.next_draft()
    assert structure is not None
    panel.choose(structure.id)
    case = station.session.case
    assert case is not None
    assert case.anatomy is not None
    voxel_mm3 = abs(np.linalg.det(case.anatomy.grid.lps_from_ijk[:3, :3]))
    volume_mm3 = np.count_nonzero(structure.mask.to_array()) * voxel_mm3  # the report prints the same
    item = panel.tree.currentItem()
    assert item is not None
    assert item.text(VOLUME) == f"{volume_mm3 / 1000:.1f}"
    at = panel.tree.visualRect(panel.tree.currentIndex()).center()
    panel.tree.customContextMenuRequested.emit(at)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.parent() is station.window
    assert [action.text() for action in menu.actions()] == ["Fly there", "Review...", "Default look"]
    menu.close()
    qapp.processEvents()
    station.window.stage_bar.choose(Stage.PLAN)


def test_level_names_go_along_with_pieces_moved_apart_and_stay_on_slices(
    station: Workstation, qtbot: QtBot
) -> None:
    wait_for_surfaces(station, qtbot)
    views = station.window.views
    station.bindings.show_pieces(True)
    station.parts.commands.look(apart=1.0)
    specimen = next(p for p in views.seen.pieces if p.role is PieceRole.SPECIMEN_ANTERIOR)
    assert np.linalg.norm(specimen.offset_lps_mm) == pytest.approx(90.0)
    names = {name.text: name for name in views.seen.levels}
    assert names["T10"].apart_lps_mm == specimen.offset_lps_mm
    above = next(p for p in views.seen.pieces if p.role is PieceRole.REMAINING and p.offset_lps_mm[2] > 0)
    assert names["T8"].apart_lps_mm == above.offset_lps_mm
    in_3d = {label.words: label.point_lps_mm for label in mark_labels(views.spine.state)}
    assert in_3d["T10"] == pytest.approx(np.add(names["T10"].point_lps_mm, specimen.offset_lps_mm))
    assert in_3d["T8"] == pytest.approx(np.add(names["T8"].point_lps_mm, above.offset_lps_mm))
    station.parts.commands.look(apart=0.0)
    assert {name.apart_lps_mm for name in views.seen.levels} == {(0.0, 0.0, 0.0)}
    station.bindings.show_pieces(False)
