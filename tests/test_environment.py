"""What the packages in use must give before anything of ours can work."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import vtkmodules.vtkRenderingFreeType  # noqa: F401 -- registers what draws text
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QFontDatabase, QRawFont
from PySide6.QtWidgets import QProgressBar, QTreeWidget, QTreeWidgetItem
from vtkmodules.vtkRenderingCore import vtkTextProperty, vtkTextRenderer

FONTS = sorted((Path(__file__).parents[1] / "resources" / "fonts").glob("*.otf"))
SIGNS = "Tµσ≥≤±°×·–—…✓●○▲■◆→Øß脊髓主动脉"
OFTEN = 200


class _Teller(QObject):
    told = Signal(object)


def _lost(work: Callable[[int], object]) -> int:
    """Return how many references to None, True and False `OFTEN` calls give back without having them."""
    work(0)
    before = [sys.getrefcount(value) for value in (None, True, False)]
    for number in range(OFTEN):
        work(number)
    after = [sys.getrefcount(value) for value in (None, True, False)]
    return max(old - new for old, new in zip(before, after, strict=True))


@pytest.mark.gui
def test_qt_keeps_count_of_none_and_true(qtbot):
    """PySide6 6.12.0 on Python 3.11 loses one a call: the window would crash within the hour."""
    bar, tree, teller = QProgressBar(), QTreeWidget(), _Teller()
    qtbot.addWidget(bar)
    qtbot.addWidget(tree)
    item = QTreeWidgetItem(tree, ["a"])
    teller.told.connect(lambda _value: None)
    calls: list[Callable[[int], object]] = [
        bar.setValue,
        lambda number: bar.setVisible(number % 2 == 0),
        lambda number: item.setData(0, 0x0100, number % 2 == 0),
        lambda _number: item.data(0, 0x0100),
        lambda _number: teller.told.emit(True),
        lambda _number: teller.told.emit(None),
    ]
    assert [_lost(call) < OFTEN // 2 for call in calls] == [True] * len(calls)


@pytest.mark.gui
@pytest.mark.parametrize("path", FONTS, ids=lambda path: path.stem)
def test_the_window_reads_the_bundled_font(qtbot, path):
    number = QFontDatabase.addApplicationFont(str(path))
    assert QFontDatabase.applicationFontFamilies(number) == ["EnBloc Sans"]
    font = QRawFont(str(path), 12.0)
    assert [sign for sign in SIGNS if not font.supportsCharacter(sign)] == []
    QFontDatabase.removeApplicationFont(number)


@pytest.mark.render
@pytest.mark.parametrize("path", FONTS, ids=lambda path: path.stem)
def test_pictures_read_the_bundled_font(path):
    words = vtkTextProperty()
    words.SetFontFamily(4)  # VTK_FONT_FILE
    words.SetFontFile(str(path))
    words.SetFontSize(40)
    box = [0, 0, 0, 0]
    assert vtkTextRenderer.GetInstance().GetBoundingBox(words, "脊髓", box, 72)
    assert box[1] - box[0] > 70, "two ideographs fill two squares of 40 points"
