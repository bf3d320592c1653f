"""Half a number is another number: a view's position is shown whole or not at all."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from rendering.lettering import Lettering
from rendering.scene_state import SlicePlane
from rendering.slice_parts import SlabMode
from widgets.viewport import ViewportMode
from widgets.views.slab_button import Slab
from widgets.views.slice_view import SliceView
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


@pytest.mark.render
def test_the_slab_gives_its_name_up_before_the_position_goes(qtbot: QtBot) -> None:
    view = SliceView(SlicePlane.SAGITTAL, ViewportMode.PAINTED, Lettering())
    qtbot.addWidget(view)
    view.setStyleSheet("QLabel, QToolButton { font-size: 15pt; }")
    view.resize(700, 200)
    view.show()
    view.say("R 42.5 mm")
    assert view.slab.text() == "Slice"
    named = view.slab.sizeHint().width()
    ends = (view.title, view.slab, view.maximise)
    view.resize(sum(end.sizeHint().width() for end in ends) + view.note.needed_px + 10, 200)
    QApplication.processEvents()
    assert view.slab.text() == "▾"
    assert view.slab.sizeHint().width() < named
    assert "Slice" in view.slab.accessibleName()
    assert view.note.has_room
    view.say("R 142.5 mm")
    QApplication.processEvents()
    assert view.note.has_room
    view.set_slab(Slab(SlabMode.MAXIMUM, 15.0))
    assert view.slab.text() == "MIP 15 mm"  # what is no plain slice says so in any room
    view.viewport.finalise()
