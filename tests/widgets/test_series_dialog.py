"""The chooser under real clicks and keys: what is shown, what may be loaded, and why not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from planning.imaging.import_choice import ImportChoice
from planning.imaging.reduced import Reduction
from planning.imaging.series import Rejected, Scan, SeriesSummary
from planning.imaging.thumbnails import Thumbnail
from planning.model.patient_match import Match
from planning.model.study import Finding, Patient, Severity
from tests.editing.test_image_edits import DOE, PEOPLE, a_case_of, an_image
from widgets.rejected_files import RejectedView
from widgets.series_dialog import SeriesDialog
from widgets.series_picture import picture_icon

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]
LEFT = Qt.MouseButton.LeftButton


def a_series(uid: str, patient: Patient = DOE, **values: object) -> SeriesSummary:
    base = SeriesSummary(
        uid, "CT", f"series {uid}", 100, (0.7, 0.7, 1.0), "axial", "20260101", "IV", patient,
        shape_kji=(100, 500, 1000),
    )  # fmt: skip
    return replace(base, **values)  # type: ignore[arg-type]


BROKEN = Finding("GANTRY_TILT", "The gantry was tilted.")
GAP = Finding("GAP", "One slice is missing.", severity=Severity.WARN)
SCOUT = a_series("scout", count=1, problem=Finding("LOCALIZER", "This is a scout view."), shape_kji=None)
SERIES = (
    a_series("a"),
    a_series("b", modality="MR", count=40, findings=(GAP,), orientation="sagittal"),
    a_series("c", PEOPLE[1]),
    SCOUT,
)
REJECTED = (
    Rejected(Path("x/notes.txt"), "NOT_DICOM", "This is not a DICOM file."),
    Rejected(Path("x/<b>cut</b>"), "TRUNCATED", "The file ends in the middle."),
    Rejected(Path("y/letter.doc"), "NOT_DICOM", "This is not a DICOM file."),
)


@pytest.fixture
def dialog(qtbot: QtBot) -> SeriesDialog:
    return shown(qtbot)


def shown(qtbot: QtBot, scan: Scan | None = None, **values: object) -> SeriesDialog:
    found = scan or Scan(SERIES, REJECTED, (Finding("X", "Two patients.", severity=Severity.WARN),))
    made = SeriesDialog(found, lambda: None, lambda: None, **values)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.show()
    return made


def click_box(dialog: SeriesDialog, row: int) -> None:
    item = dialog.tree.topLevelItem(row)
    assert item is not None
    dialog.tree.scrollToItem(item)
    box = dialog.tree.visualItemRect(item)
    QTest.mouseClick(dialog.tree.viewport(), LEFT, pos=QPoint(box.left() + 14, box.center().y()))


def words(dialog: SeriesDialog, row: int) -> list[str]:
    item = dialog.tree.topLevelItem(row)
    assert item is not None
    return [item.text(n) for n in range(item.columnCount())]


def test_each_series_is_shown_with_what_tells_it_apart(dialog: SeriesDialog) -> None:
    assert words(dialog, 1) == [
        "series b", "MR", "40", "0.70 × 0.70 × 1.00", "sagittal", "IV", "2026-01-01",
        "Doe Jane, 4711, 19700101, F", "▲ One slice is missing.",
    ]  # fmt: skip
    assert words(dialog, 3)[-1] == "Cannot be loaded: This is a scout view."
    item = dialog.tree.topLevelItem(3)
    assert item is not None
    assert item.data(0, Qt.ItemDataRole.CheckStateRole) is None, "nothing to tick"
    assert dialog.about.text() == "▲ Two patients."


def test_a_series_of_two_patients_is_called_nobody_s(qtbot: QtBot) -> None:
    mixed = a_series("m", problem=Finding("PATIENT_MIX", "Two identities."))
    dialog = shown(qtbot, Scan((a_series("a"), mixed), ()))
    assert words(dialog, 1)[-2:] == ["more than one patient", "Cannot be loaded: Two identities."]
    assert dialog.tree.chosen == (0,)


def test_the_largest_ct_is_ticked_first_and_a_click_changes_the_choice(dialog: SeriesDialog) -> None:
    assert list(dialog.tree.chosen) == [0]
    assert dialog.load.isEnabled()
    click_box(dialog, 0)
    assert not dialog.choice.series
    assert not dialog.load.isEnabled()
    assert dialog.why.text() == "Tick a series to load."
    click_box(dialog, 1)
    assert [c.series.series_uid for c in dialog.choice.series] == ["b"]
    assert dialog.remark.text() == "▲ One slice is missing."


def test_space_ticks_the_row_the_keyboard_is_on(dialog: SeriesDialog) -> None:
    dialog.tree.setFocus()
    QTest.keyClick(dialog.tree, Qt.Key.Key_Down)
    QTest.keyClick(dialog.tree, Qt.Key.Key_Space)
    assert dialog.tree.chosen == (0, 1)
    assert dialog.load.text() == "Load 2 images"


def test_series_of_two_patients_are_never_loaded_together(dialog: SeriesDialog) -> None:
    click_box(dialog, 2)
    assert dialog.choice.match is Match.OTHER
    assert not dialog.load.isEnabled()
    assert "different patients: Doe Jane, 4711" in dialog.why.text()
    assert "0815" in dialog.why.text()
    assert dialog.load.accessibleDescription() == dialog.why.text()
    dialog.accept()
    assert dialog.result() != QDialog.DialogCode.Accepted
    click_box(dialog, 0)
    assert dialog.load.isEnabled(), "the other patient alone may be loaded"


def test_the_planning_image_of_several_is_chosen(dialog: SeriesDialog) -> None:
    assert dialog.planning.isHidden()
    click_box(dialog, 1)
    assert not dialog.planning.isHidden()
    assert [c.series.series_uid for c in dialog.choice.series] == ["a", "b"]
    dialog.planning.setFocus()
    QTest.keyClick(dialog.planning, Qt.Key.Key_Down)
    assert [c.series.series_uid for c in dialog.choice.series] == ["b", "a"]


def test_doubt_about_the_patient_asks_for_a_name(qtbot: QtBot) -> None:
    nameless = a_series("n", Patient())
    dialog = shown(qtbot, Scan((a_series("a"), nameless), ()))
    assert dialog.by.isHidden()
    click_box(dialog, 1)
    assert dialog.by.isVisible()
    assert "do not prove" in dialog.doubt.text()
    assert not dialog.load.isEnabled()
    QTest.keyClicks(dialog.by, "Dr. A")
    assert dialog.load.isEnabled()
    assert dialog.choice.confirmed_by == "Dr. A"
    click_box(dialog, 1)
    assert dialog.choice.confirmed_by == "", "nothing is confirmed where nothing was asked"


def test_images_are_added_to_the_open_case_of_the_same_patient_only(qtbot: QtBot) -> None:
    dialog = shown(qtbot, case=a_case_of(an_image("old")))
    assert dialog.into_case.text() == "Add to the open case: Doe Jane, 4711, 19700101, F"
    QTest.mouseClick(dialog.into_case, LEFT, pos=QPoint(8, dialog.into_case.height() // 2))
    assert dialog.into_case.isChecked()
    assert dialog.load.isEnabled()
    assert dialog.labels.isHidden() or not dialog.labels.isVisible()
    click_box(dialog, 0)
    click_box(dialog, 2)
    assert not dialog.load.isEnabled()
    assert "never put into one case" in dialog.why.text()


def test_without_a_case_nothing_can_be_added_and_it_says_why(dialog: SeriesDialog) -> None:
    assert not dialog.into_case.isEnabled()
    assert "No case with images is open" in dialog.into_case.toolTip()


def test_too_little_memory_is_said_before_loading_and_fewer_slices_help(qtbot: QtBot) -> None:
    dialog = shown(qtbot, usable_bytes=60_000_000)
    assert "about 0.10 GB of 0.06 GB" in dialog.memory.text()
    assert not dialog.load.isEnabled()
    assert "Not enough memory" in dialog.why.text()
    field = dialog.amount.last
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "50")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert dialog.choice.series[0].reduction == Reduction(0, 49)
    assert dialog.load.isEnabled()
    assert "about 0.05 GB" in dialog.memory.text()
    field.selectAll()
    QTest.keyClicks(field, "1")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert "at least two slices" in dialog.why.text()


def test_averaging_is_offered_for_even_slices_alone(qtbot: QtBot) -> None:
    dialog = shown(qtbot, Scan((a_series("a"), a_series("u", is_even=False)), ()))
    assert dialog.amount.every.count() == 4
    dialog.amount.every.setFocus()
    QTest.keyClick(dialog.amount.every, Qt.Key.Key_Down)
    dialog.amount.every.activated.emit(1)
    assert dialog.choice.series[0].reduction == Reduction(every=2)
    click_box(dialog, 1)
    assert dialog.amount.every.count() == 1
    assert "cannot be averaged" in dialog.amount.every.toolTip()


def test_every_rejected_file_is_listed_under_its_reason_and_shown_literally(dialog: SeriesDialog) -> None:
    assert dialog.tabs.tabText(1) == "Left aside (3)"
    model = dialog.left_aside.rejected
    said = {}
    for row in range(model.rowCount()):
        group = model.index(row, 0)
        files = [model.index(n, 0, group).data() for n in range(model.rowCount(group))]
        said[model.index(row, 1).data()] = (group.data(), files)
    assert list(said.items()) == [
        ("The file ends in the middle.", ("1 file(s)", ["x/<b>cut</b>"])),
        ("This is not a DICOM file.", ("2 file(s)", ["x/notes.txt", "y/letter.doc"])),
    ]
    assert "<b>" not in model.index(0, 0, model.index(0, 0)).data(Qt.ItemDataRole.ToolTipRole)


def test_twenty_thousand_rejected_files_are_no_rows_until_they_are_opened(qtbot: QtBot) -> None:
    many = [Rejected(Path(f"f{n}"), "NOT_DICOM", "No.") for n in range(20_000)]
    view = RejectedView(many)
    qtbot.addWidget(view)
    top = view.rejected.index(0, 0)
    assert (view.rejected.rowCount(), view.rejected.rowCount(top)) == (1, 20_000)
    assert not view.isExpanded(top)
    child = view.rejected.index(19_999, 0, top)
    assert child.data() == "f19999"
    assert view.rejected.parent(child) == top


def test_pictures_arrive_one_by_one(dialog: SeriesDialog) -> None:
    def middle(row: int) -> int:
        item = dialog.tree.topLevelItem(row)
        assert item is not None
        return item.icon(0).pixmap(72, 72).toImage().pixelColor(40, 20).red()

    before = middle(0)
    dialog.show_picture(0, Thumbnail(np.full((96, 96), 200, np.uint8), "R", "L"))
    assert before < 30
    assert middle(0) > 180
    dialog.show_picture(1, None, "The file is gone.")
    item = dialog.tree.topLevelItem(1)
    assert item is not None
    assert "The file is gone." in item.toolTip(0)


def test_the_sides_stand_on_the_edges_of_a_picture(qapp: object) -> None:
    del qapp
    plain = picture_icon(Thumbnail(np.zeros((96, 96), np.uint8), "", "")).pixmap(72, 72).toImage()
    named = picture_icon(Thumbnail(np.zeros((96, 96), np.uint8), "R", "")).pixmap(72, 72).toImage()
    changed = [
        (x, y)
        for x in range(named.width())
        for y in range(named.height())
        if named.pixel(x, y) != plain.pixel(x, y)
    ]
    assert changed
    assert max(x for x, _ in changed) < named.width() / 3, "R is on the left"


def test_double_click_takes_that_series_alone(dialog: SeriesDialog) -> None:
    item = dialog.tree.topLevelItem(1)
    assert item is not None
    place = dialog.tree.visualItemRect(item).center()
    QTest.mouseClick(dialog.tree.viewport(), LEFT, pos=place)
    QTest.mouseDClick(dialog.tree.viewport(), LEFT, pos=place)
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert [c.series.series_uid for c in dialog.choice.series] == ["b"]


def test_an_empty_choice_says_so() -> None:
    assert ImportChoice(()).why_not(None) == "Tick a series to load."
