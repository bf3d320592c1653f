"""A view that draws on and on keeps nothing of it."""

from functools import partial
from weakref import getweakrefcount

import pytest
from pytestqt.qtbot import QtBot

from rendering.scene import SpineScene
from rendering.schedule import RenderSchedule
from widgets.viewport import Viewport, ViewportMode

pytestmark = [pytest.mark.gui, pytest.mark.render]


def test_drawing_leaves_no_reference_behind(qtbot: QtBot) -> None:
    viewport = Viewport(SpineScene(), ViewportMode.PAINTED)
    qtbot.addWidget(viewport)
    viewport.show()
    viewport.draw_now()
    schedule, counts = viewport.schedule, list[int]()
    for wanted in range(1, 21):
        schedule.request()
        qtbot.waitUntil(partial(_has_drawn, schedule, schedule.renders), timeout=5_000)
        if wanted % 10 == 0:
            counts.append(getweakrefcount(schedule))
    assert counts[1] <= counts[0]
    viewport.finalise()


def _has_drawn(schedule: RenderSchedule, before: int) -> bool:
    return schedule.renders > before
