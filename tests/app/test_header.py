"""The patient's line: who it is stays whole, every warning is in sight, in one line where there is room."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.gui import _dress
from app.language import start_speaking
from app.settings import Preferences
from planning.model.case import Case
from planning.model.study import Finding, Patient, Severity
from planning.storage.approvals import PlanStanding, Standing
from planning.texts import ENGLISH, mark
from tests.builders import a_case, a_plan, a_vertebral_column
from widgets.patient_banner import PatientBanner, Verdict
from widgets.theme import THEMES, apply_theme

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]
LEVELS = ("T9", "T10", "T11")


@pytest.fixture(autouse=True)
def _as_before(qapp: QApplication, tmp_path: Path) -> Iterator[None]:
    _dress(qapp, Preferences(tmp_path / "window.ini"))
    yield
    start_speaking(ENGLISH)
    apply_theme(qapp, THEMES["dark"])


@pytest.fixture(scope="module")
def warned() -> Case:
    """A case with everything the header may have to say."""
    case = a_case(
        a_vertebral_column(LEVELS, spacing_ijk_mm=(4.0, 4.0, 4.0)),
        a_plan(levels=LEVELS),
        Patient("Featherstonehaugh^Maximilian", "20461273", "19580214", "M"),
    )
    assert case.anatomy is not None
    made_up = tuple(replace(s, simulated=True) for s in case.anatomy.structures)
    finding = Finding("SLICE_GAP", mark("Two patients: {names}."), (("names", "x"),), Severity.WARN)
    images = tuple(replace(i, findings=(finding,), acquired="20260203") for i in case.images)
    return replace(case, images=images, anatomy=replace(case.anatomy, structures=made_up))


def banner_of(case: Case, width: int, qtbot: QtBot, standing: Standing) -> PatientBanner:
    """Return the header of a window of that width."""
    banner = PatientBanner()
    qtbot.addWidget(banner)
    banner.show_case(case)
    banner.show_verdict(Verdict.INTRALESIONAL)
    banner.show_standing(PlanStanding(standing, "Why."))
    banner.setFixedWidth(width)
    banner.show()
    banner.adjustSize()
    QApplication.processEvents()
    return banner


def lines(banner: PatientBanner) -> int:
    """Return in how many lines the header stands."""
    return len({part.geometry().center().y() // 8 for part in parts(banner)})


def parts(banner: PatientBanner) -> list[QWidget]:
    """Return what is seen of a header, in its order."""
    items = (banner._row.itemAt(n) for n in range(banner._row.count()))
    found = (item.widget() for item in items if item is not None)
    return [part for part in found if part is not None and part.isVisible()]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("standing", [Standing.NONE, Standing.TAMPERED])
def test_all_warnings_stand_in_one_line_of_a_small_laptop(
    language: str, standing: Standing, warned: Case, qtbot: QtBot
) -> None:
    start_speaking(language)
    banner = banner_of(warned, 1280, qtbot, standing)
    assert lines(banner) == 1
    shown = parts(banner)
    assert len(shown) == (6 if standing is Standing.NONE else 7)
    assert all(part.width() >= part.sizeHint().width() for part in shown)
    assert all(a.geometry().right() < b.geometry().left() for a, b in pairwise(shown))
    assert "Featherstonehaugh, Maximilian" in banner.patient.text()
    assert "T10" in banner.study.text()
    assert all("2026-02-03" in words for words in (banner.study.toolTip(), banner.study.accessibleName()))


def test_badges_are_said_in_a_word_only_where_whole_ones_have_no_room(warned: Case, qtbot: QtBot) -> None:
    banner = banner_of(warned, 1280, qtbot, Standing.TAMPERED)
    said = [part.text() for part in banner._labels]
    assert said == ["SIMULATED", "FINDINGS"]
    assert banner.confirm_levels.text() == "▲ Levels..."
    assert "no result is better than WARN" in banner.confirm_levels.toolTip()
    assert banner.approval.word.text() == "✕ ALTERED"
    assert "ALTERED OUTSIDE ENBLOC" in banner.approval.toolTip()
    assert "SIMULATED PARTS" in banner._labels[0].toolTip()
    banner.setFixedWidth(1920)
    QApplication.processEvents()
    assert [part.text() for part in banner._labels] == banner.badges == ["SIMULATED PARTS", "IMPORT FINDINGS"]
    assert banner.confirm_levels.text() == "▲ Levels not confirmed..."
    assert "2026-02-03" in banner.study.text()
    assert lines(banner) == 1


def test_what_has_no_room_begins_a_second_line_at_the_right(
    warned: Case, qtbot: QtBot, qapp: QApplication
) -> None:
    apply_theme(qapp, THEMES["dark"], 150)
    banner = banner_of(warned, 1280, qtbot, Standing.CHANGED)
    assert lines(banner) == 2
    first, second = parts(banner)[:2], parts(banner)[2:]
    assert max(p.geometry().bottom() for p in first) < min(p.geometry().top() for p in second)
    assert second[-1].geometry().right() >= 1280 - 12
    assert all(part.width() >= part.sizeHint().width() for part in (*first, *second))
    assert banner.patient.text().startswith("Featherstonehaugh, Maximilian")
