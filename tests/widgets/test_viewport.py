"""A view that draws on and on keeps nothing of it."""

from weakref import getweakrefcount

import pytest
from pytestqt.qtbot import QtBot

from rendering.scene import SpineScene
from widgets.viewport import Viewport, ViewportMode

pytestmark = [pytest.mark.gui, pytest.mark.render]


def test_drawing_leaves_no_reference_behind(qtbot: QtBot) -> None:
    viewport = Viewport(SpineScene(), ViewportMode.PAINTED)
    qtbot.addWidget(viewport)
    viewport.show()
    viewport.draw_now()
    schedule, counts = viewport.schedule, list[int]()
    for _ in range(2):
        for _ in range(10):
            drawn = schedule.renders
            schedule.request()
            qtbot.waitUntil(lambda seen=drawn: schedule.renders > seen, timeout=5_000)
        counts.append(getweakrefcount(schedule))
    assert counts[1] <= counts[0]
    viewport.finalise()
