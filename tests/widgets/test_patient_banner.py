"""What must not be overlooked has one place, and says INTRALESIONAL or UPDATING there."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.builders import a_case, a_plan, a_vertebral_column
from widgets.dialogs import LevelsDialog
from widgets.level_words import resection_words
from widgets.patient_banner import PatientBanner, Verdict, study_parts

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]


def test_the_verdict_keeps_its_place(qtbot: QtBot, qapp: QApplication) -> None:
    banner = PatientBanner()
    qtbot.addWidget(banner)
    banner.resize(1280, banner.height())
    banner.show_case(a_case(a_vertebral_column(("T9", "T10"), spacing_ijk_mm=(4.0, 4.0, 4.0))))
    banner.show()
    qapp.processEvents()
    places, said = [], []
    for verdict in (Verdict.INTRALESIONAL, Verdict.UPDATING, Verdict.NOTHING, Verdict.INTRALESIONAL):
        banner.show_verdict(verdict)
        qapp.processEvents()
        said.append(banner.verdict.text() if banner.verdict.isVisible() else "")
        places.append((banner.confirm_levels.geometry(), banner.study.geometry(), banner.height()))
        if said[-1]:
            assert banner.verdict.fontMetrics().horizontalAdvance(said[-1]) < banner.verdict.width()
    assert said == ["INTRALESIONAL", "UPDATING", "", "INTRALESIONAL"]
    assert len(set(map(str, places))) == 1


def test_the_banner_is_as_high_with_levels_to_confirm_as_without(qtbot: QtBot) -> None:
    banner = PatientBanner()
    qtbot.addWidget(banner)
    without = banner.height()
    banner.show_case(a_case(a_vertebral_column(("T9", "T10"), spacing_ijk_mm=(4.0, 4.0, 4.0))))
    assert not banner.confirm_levels.isHidden()
    assert banner.height() == without


def test_header_and_levels_dialog_name_what_is_resected(qtbot: QtBot) -> None:
    said = [
        resection_words(levels) for levels in ((), ("T10",), ("T11", "T10"), ("L1", "T12"), ("T9", "T11"))
    ]
    assert said == ["", "Resection T10", "Resection T10–T11", "Resection T12–L1", "Resection T9, T11"]
    levels = ("T9", "T10", "T11")
    case = a_case(a_vertebral_column(levels, spacing_ijk_mm=(4.0, 4.0, 4.0)), a_plan(levels=levels))
    words = resection_words(case.plan.target_levels)
    assert words
    assert study_parts(case)[0] == words
    dialog = LevelsDialog(levels, "", None, case.plan.target_levels)
    qtbot.addWidget(dialog)
    assert any(words in shown.text() for shown in dialog.findChildren(QLabel))


def test_the_header_writes_the_date_of_the_study_as_every_other_place_does() -> None:
    case = a_case(a_vertebral_column(("T9", "T10", "T11")), a_plan(levels=("T9", "T10", "T11")))
    assert case.image is not None
    dated = replace(case, images=tuple(replace(i, acquired="20260203") for i in case.images))
    assert "2026-02-03" in study_parts(dated)
    assert "20260203" not in "".join(study_parts(dated))
