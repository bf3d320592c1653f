"""What a person without a mouse, or without sight, has: names, a way by Tab, a visible focus, contrast."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QScrollBar,
    QSlider,
    QTabBar,
    QTabWidget,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.gui import Workstation
from planning.model.structures import ReviewState, StructureKind
from rendering.lettering import Lettering
from tests.app.test_gestures import colours
from widgets.approval_dialogs import ApproveDialog, WithdrawDialog
from widgets.dialogs import AcceptDialog, LevelsDialog, NotInFieldDialog, ReviewDialog
from widgets.fields import NumberField
from widgets.history_dialog import HistoryDialog
from widgets.recovery_dialog import LeftRow, RecoveryDialog
from widgets.stage_bar import Stage
from widgets.theme import DARK, TEXT_SIZES, THEMES, Theme, apply_theme
from widgets.viewport import Viewport, ViewportMode
from widgets.views.layouts import FOUR
from widgets.views.spine_view import SpineView

pytestmark = [pytest.mark.gui, pytest.mark.render, pytest.mark.qt_log_ignore("propagateSizeHints")]
INTERACTIVE = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit,
    QPlainTextEdit, Viewport,
)  # fmt: skip
PARTS_OF_OTHERS = (QHeaderView, QScrollBar)


def controls(root: QWidget) -> Iterator[QWidget]:
    """Yield what a person can act on, without the parts Qt makes controls of."""
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, INTERACTIVE) or isinstance(widget, PARTS_OF_OTHERS):
            continue
        if (
            widget.window() is root.window()
            and not inside_another(widget)
            and not widget.objectName().startswith("qt_")
        ):
            yield widget


def inside_another(widget: QWidget) -> bool:
    """Say whether a widget is a part of a combo box, a number field, tabs or a table."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, (QComboBox, QAbstractSpinBox, QTabBar, QAbstractItemView)):
            return True
        above = above.parentWidget()
    return False


def spoken(widget: QWidget) -> str:
    """Return what a screen reader calls a control: a combo box by its label, not by what is chosen."""
    if isinstance(widget, QComboBox):
        labels = [part for part in widget.window().findChildren(QLabel) if part.buddy() is widget]
        return widget.accessibleName() or "".join(part.text() for part in labels)
    found = QAccessible.queryAccessibleInterface(widget)
    return found.text(QAccessible.Text.Name).strip() if found is not None else ""


def nameless(root: QWidget) -> list[str]:
    """Return the controls whose name says nothing: none, or a sign alone."""
    return [
        f"{type(w).__name__} {w.objectName()} in {type(w.parentWidget()).__name__}: {spoken(w)!r}"
        for w in controls(root)
        if sum(letter.isalpha() for letter in spoken(w)) < 2
    ]


def dialogs(station: Workstation) -> Iterable[QDialog]:
    """Make the dialogs that need no more than words."""
    window = station.window
    row = LeftRow("Case", "Move cranial", "10:00")
    return (
        LevelsDialog(("T9", "T10"), "", window),
        AcceptDialog("T10 pedicle: 1.0 mm to the cord", "", window),
        ReviewDialog("tumour", ReviewState.DRAFT, "", window, has_next=True),
        NotInFieldDialog((StructureKind.AORTA,), frozenset(), "", window),
        ApproveDialog("Plan A", (1, 0, 2), "", window),
        WithdrawDialog("Plan A", "", window),
        HistoryDialog(window),
        RecoveryDialog((row,), (), window),
        station.parts.outputs.report_dialog(),
    )


def test_every_control_of_the_window_has_a_name(station: Workstation) -> None:
    assert sum(1 for _ in controls(station.window)) > 100
    assert "\n".join(nameless(station.window)) == ""


def test_every_control_of_the_dialogs_has_a_name(station: Workstation) -> None:
    made = tuple(dialogs(station))
    found = {type(dialog).__name__: nameless(dialog) for dialog in made}
    for dialog in made:
        dialog.deleteLater()
    assert {name: without for name, without in found.items() if without} == {}
    station.bindings.show_matrix()
    matrix = station.bindings.matrix
    assert matrix is not None
    assert nameless(matrix) == []
    matrix.close()


def test_tab_goes_round_the_whole_window_and_is_caught_nowhere(station: Workstation) -> None:
    window = station.window
    window.views.show_layout(FOUR)
    for stage in Stage:
        if stage in window.stage_bar.buttons:
            window.stage_bar.choose(stage)
        QApplication.processEvents()
        start = window.stage_bar.buttons[stage]
        start.setFocus()
        passed: list[QWidget] = [start]
        for _ in range(400):
            QTest.keyClick(passed[-1], Qt.Key.Key_Tab)
            now = QApplication.focusWidget()
            assert now is not None
            assert now is not passed[-1], f"{type(now).__name__} keeps the keyboard"
            if now is start:
                break
            passed.append(now)
        else:
            raise AssertionError("Tab never comes back")
        reached = {id(widget) for widget in passed}
        for widget in controls(window):
            if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                inner = isinstance(widget, QRadioButton)  # arrows go on from radio button to radio button
                assert inner or id(widget) in reached, f"{spoken(widget)} is not reached by Tab"
        buttons = [w for w in controls(window) if isinstance(w, QAbstractButton) and w.isVisible()]
        mouse_only = [
            spoken(b) for b in buttons if not b.focusPolicy() & Qt.FocusPolicy.TabFocus and b.group() is None
        ]  # arrows go on from button to button of a group
        assert mouse_only == []


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    c = QColor(colour)
    parts = np.array([c.redF(), c.greenF(), c.blueF()])
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(a: str, b: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_words_and_focus_stand_out_in_every_theme(theme: Theme) -> None:
    for ground in (theme.window, theme.panel, theme.raised):
        assert contrast(theme.text, ground) >= 7.0
        assert contrast(theme.muted, ground) >= 4.5
        assert contrast(theme.warn_text, ground) >= 4.5
        assert contrast(theme.fail_text, ground) >= 4.5
        assert contrast(theme.focus, ground) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.focus, theme.accent) >= 1.8  # the ring of a button that is filled


@pytest.fixture(params=THEMES)
def dressed(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Theme]:
    """Every theme in turn, over the whole application."""
    theme = THEMES[request.param]
    apply_theme(qapp, theme)
    yield theme
    apply_theme(qapp, DARK)


def test_the_control_with_the_keyboard_shows_it(dressed: Theme, qtbot: QtBot) -> None:
    tabs = QTabWidget()
    tabs.addTab(QWidget(), "One")
    tabs.addTab(QWidget(), "Two")
    flat, stage = QToolButton(), QToolButton()
    flat.setText("Tool")
    flat.setProperty("flat", True)
    stage.setText("Stage")
    stage.setObjectName("stage")
    default = QPushButton("Default")
    default.setObjectName("primary")
    kinds: tuple[QWidget, ...] = (
        QPushButton("Push"), default, flat, stage, QCheckBox("Check"), QRadioButton("Radio"),
        QLineEdit("Line"), QComboBox(), NumberField(0, 1, "mm"), QSlider(Qt.Orientation.Horizontal),
        QPlainTextEdit("Text"), tabs.tabBar(),
    )  # fmt: skip
    holder = QDialog()
    qtbot.addWidget(holder)
    other = QPushButton("Other", holder)
    y = 40
    for kind in kinds:
        put = tabs if kind is tabs.tabBar() else kind
        put.setParent(holder)
        put.setGeometry(10, y, 180, 34)
        y += 44
    holder.resize(220, y)
    holder.show()
    holder.activateWindow()
    qtbot.waitUntil(holder.isActiveWindow)
    ring = np.array(
        [QColor(dressed.focus).red(), QColor(dressed.focus).green(), QColor(dressed.focus).blue()]
    )
    for kind in kinds:
        other.setFocus()
        place = QRect(kind.mapTo(holder, QPoint(0, 0)), kind.size())
        before = colours(holder.grab(place).toImage()).astype(int)
        kind.setFocus(Qt.FocusReason.TabFocusReason)
        after = colours(holder.grab(place).toImage()).astype(int)
        assert before.shape == after.shape
        changed = np.abs(after - before).max(axis=2) > 30
        ringed = changed & (np.abs(after - ring).max(axis=2) < 30)
        assert ringed.sum() > 2 * min(kind.width(), kind.height()), (
            f"{type(kind).__name__} {kind.objectName()}"
        )


def test_text_grows_to_twice_its_size_and_nothing_is_cut_off(station: Workstation) -> None:
    window = station.window
    sizes = []
    try:
        for percent in TEXT_SIZES:
            window.actions_table[f"text-{percent}"].trigger()
            QApplication.processEvents()
            sizes.append(window.banner.patient.fontMetrics().height())
            assert station.preferences.text_percent == percent
            assert window.actions_table[f"text-{percent}"].isChecked()
            patient = window.banner.patient
            assert patient.width() >= patient.sizeHint().width()  # who the patient is is never cut off
            visible = [
                w for w in controls(window) if w.isVisible() and isinstance(w, (QLineEdit, QPushButton))
            ]
            low = [spoken(w) for w in visible if w.height() < w.fontMetrics().height() + 2]
            assert low == [], percent
            if percent <= 150:
                assert window.columns.horizontalScrollBar().maximum() == 0
        assert sizes == sorted(sizes)
        assert sizes[-1] >= 1.9 * sizes[0]
        views = window.views
        assert views.spine.state.theme.text_pt == 26
        size = window.size()
        for width, height in ((400, 300), (3840, 2160)):
            window.resize(width, height)
            QApplication.processEvents()
            assert (window.width(), window.height()) == (width, height)
        window.resize(size)
    finally:
        window.actions_table["text-100"].trigger()


def test_a_small_view_keeps_every_button_in_a_menu(qtbot: QtBot) -> None:
    view = SpineView(ViewportMode.PAINTED, Lettering())
    holder = QDialog()
    qtbot.addWidget(holder)
    view.setParent(holder)
    view.resize(500, 300)
    holder.show()
    assert view.overflow.isHidden()
    view.resize(190, 200)
    view.overflow.menu().aboutToShow.emit()
    hidden = [button for button in view.buttons.values() if button.isHidden()]
    entries = view.overflow.menu().actions()
    assert hidden
    assert view.overflow.isVisible()
    assert [entry.text().split()[0] for entry in entries] == [button.text() for button in hidden]
    pose = view.scene.pose
    entries[-1].trigger()
    assert view.scene.pose != pose
    view.viewport.finalise()


def test_the_spread_of_stages_is_told_by_shape_and_word(station: Workstation) -> None:
    words = [button.text() for button in station.window.stage_bar.buttons.values()]
    assert {w[0] for w in words} <= {"✓", "●", "○"}
    assert all(a != b for a, b in pairwise(words))
