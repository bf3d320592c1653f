"""A blade that is locked, deleted or left while a hand holds it."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.gui import Workstation
from planning.editing.osteotomy_edits import ChangeOsteotomy, RemoveOsteotomy
from tests.app.test_gestures import LEFT, activate, grab_and_move

pytestmark = [pytest.mark.gui, pytest.mark.render]


@pytest.mark.parametrize("how", ["another cut is chosen", "it is locked", "it is deleted"])
def test_a_blade_taken_away_under_the_hand_leaves_no_preview(how: str, station: Workstation) -> None:
    activate(station, "cranial")
    before, viewport = station.session.case, station.window.views.spine.viewport
    end = grab_and_move(station)
    if how == "another cut is chosen":
        station.parts.commands.look(active_cut="caudal")
    else:
        gone = RemoveOsteotomy("cranial") if "deleted" in how else ChangeOsteotomy("cranial", locked=True)
        assert station.session.do(gone)
    case = station.session.case
    viewport.draw_now()
    QApplication.processEvents()
    assert not station.session.view.previewing
    assert station.session.view.case is case
    for at in (end + QPoint(0, 9), end):
        QTest.mouseMove(viewport, at)
    QTest.mouseRelease(viewport, LEFT, pos=end)
    assert station.session.case is case, "the hand holds nothing any more"
    assert (case is before) is (how == "another cut is chosen")
