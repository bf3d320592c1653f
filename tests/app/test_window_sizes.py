"""Tiny and huge windows: every stage and layout is drawn, words keep their room, nothing is out of reach."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QPushButton, QScrollArea, QWidget

from app.gui import Workstation
from tests.app.test_mishaps import spread
from widgets.stage_bar import Stage
from widgets.views.layouts import FOUR, LAYOUTS

pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.qt_log_ignore("propagateSizeHints")]


@pytest.fixture
def window_of_any_size(station: Workstation) -> Iterator[Workstation]:
    """The window, as it was afterwards."""
    size = station.window.size()
    yield station
    station.window.views.show_layout(FOUR)
    station.window.actions_table["text-100"].trigger()
    station.window.resize(size)
    QApplication.processEvents()


def check_views(station: Workstation, layout: str) -> None:
    """Every view shown was drawn, in the pixels it has."""
    QApplication.processEvents()
    for view in (view for view in station.window.views.views if view.isVisible()):
        port = view.viewport
        assert min(port.width(), port.height()) >= 60, layout
        if port._picture is None:
            assert port.visibleRegion().isEmpty(), (
                f"{layout}: only a view scrolled out of sight need not draw"
            )
            port.draw_now()
        picture = port._picture
        assert picture is not None, layout
        assert picture.size() == port.size(), layout
        assert spread(picture) > 4, f"{layout}: nothing is seen in {view.objectName()}"


def cut_short(window: QWidget) -> list[str]:
    """Return the words of controls that have less width than their words need."""
    kinds = QPushButton | QCheckBox | QAbstractButton
    shown = [w for w in window.findChildren(QWidget) if isinstance(w, kinds) and w.isVisible() and w.text()]
    return [
        f"{w.text()} {w.width()} < {w.sizeHint().width()}" for w in shown if w.width() < w.sizeHint().width()
    ]


def bring_into_sight(widget: QWidget) -> bool:
    """Scroll to a control as a person can, and say whether all of it is seen then."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget, 0, 0)
        parent = parent.parentWidget()
    QApplication.processEvents()
    seen = widget.visibleRegion().boundingRect()
    return seen.width() >= widget.width() - 2 and seen.height() >= widget.height() - 2


@pytest.mark.parametrize(
    "asked, given, percent",
    [
        ((200, 150), (400, 300), 100),
        ((640, 480), (640, 480), 200),
        ((1280, 720), (1280, 720), 100),
        ((3840, 2160), (3840, 2160), 200),
        ((7680, 2160), (7680, 2160), 100),
    ],
)
def test_every_stage_and_layout_is_drawn_at_any_size(
    asked: tuple[int, int], given: tuple[int, int], percent: int, window_of_any_size: Workstation
) -> None:
    station, window = window_of_any_size, window_of_any_size.window
    window.actions_table[f"text-{percent}"].trigger()
    window.resize(*asked)
    QApplication.processEvents()
    assert (window.width(), window.height()) == given
    roomy = given[0] * 100 / percent >= 1280
    for stage in Stage:
        window.stage_bar.choose(stage)
        check_views(station, stage.value)
        if roomy:
            assert cut_short(window) == [], stage
            assert window.room.horizontalScrollBar().maximum() == 0
            assert window.room.verticalScrollBar().maximum() == 0
    alike = {"only-sagittal", "only-coronal"} if given[0] > 3840 else ()  # as large as the axial one
    for layout in (layout for layout in LAYOUTS if layout.id not in alike):
        window.views.show_layout(layout)
        check_views(station, layout.id)


@pytest.mark.parametrize("percent", [100, 200])
def test_in_the_smallest_window_everything_is_scrolled_to(
    percent: int, window_of_any_size: Workstation
) -> None:
    station, window = window_of_any_size, window_of_any_size.window
    window.actions_table[f"text-{percent}"].trigger()
    window.resize(window.minimumSize())
    QApplication.processEvents()
    window.job_bar.cancel.setVisible(True)
    important: list[QWidget] = [
        *window.stage_bar.buttons.values(), window.banner.patient, window.banner.confirm_levels,
        window.job_bar.cancel, *window.cuts.findChildren(QPushButton),
    ]  # fmt: skip
    missed = [
        type(w).__name__ + w.accessibleName() for w in important if w.isVisible() and not bring_into_sight(w)
    ]
    assert missed == []
    assert bring_into_sight(window.stage_bar.buttons[Stage.CASE]), "and back"
    words = [a.text() for menu in window.menus.values() for a in menu.actions()]
    assert station.window.actions_table["save"].text() in words


def test_a_window_manager_may_force_less_than_the_smallest_size(window_of_any_size: Workstation) -> None:
    window = window_of_any_size.window
    outer, least = window.windowHandle(), window.windowHandle().minimumSize()
    outer.setMinimumSize(QSize(1, 1))  # a tiling manager asks nobody
    try:
        for stage in Stage:
            window.stage_bar.choose(stage)
            outer.resize(200, 150)
            QApplication.processEvents()
            assert (window.width(), window.height()) == (200, 150)
            assert not window.grab().isNull()
    finally:
        outer.setMinimumSize(least)
    window.resize(1280, 800)
    check_views(window_of_any_size, "large again")
