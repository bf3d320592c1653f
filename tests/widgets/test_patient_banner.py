"""What must not be overlooked has one place, and says INTRALESIONAL or UPDATING there."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.builders import a_case, a_vertebral_column
from widgets.patient_banner import PatientBanner, Verdict

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
