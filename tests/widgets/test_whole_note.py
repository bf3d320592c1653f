"""Half a number is another number: a view's position is shown whole or not at all."""

import pytest
from pytestqt.qtbot import QtBot

from widgets.views.whole_note import WholeNote

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("propagateSizeHints")]


def test_a_position_without_room_is_not_drawn_at_all(qtbot: QtBot) -> None:
    note = WholeNote()
    qtbot.addWidget(note)
    note.setText("P 16.4 mm")
    whole = note.fontMetrics().horizontalAdvance("P 16.4 mm") + 20

    def drawn(width: int) -> int:
        note.setFixedSize(width, 24)
        note.setText("P 16.4 mm")
        picture = note.grab().toImage()
        return len({picture.pixel(x, y) for x in range(width) for y in range(24)})

    assert drawn(whole) > 1
    assert note.toolTip() == ""
    for width in (whole // 2, whole - 24):
        assert drawn(width) == 1, width
        assert note.toolTip() == "P 16.4 mm"
