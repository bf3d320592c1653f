import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from widgets.fields import NumberField


@pytest.mark.gui
@pytest.mark.parametrize("typed, value", [("11.5", 11.5), ("11,5", 11.5), ("1,234", 1.2), ("7", 7.0)])
def test_a_comma_is_a_decimal_point_and_never_ten_times_more(qtbot, typed, value):
    field = NumberField(0.1, 500.0, "mm")
    qtbot.addWidget(field)
    entered: list[float] = []
    field.entered.connect(entered.append)
    field.selectAll()
    QTest.keyClicks(field, typed)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == pytest.approx(value)
    assert entered == [pytest.approx(value)]
