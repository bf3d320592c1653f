"""Words on screen, shown literally: names out of files are hostile input and never become markup."""

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from planning.texts import tr


def label(text: str = "", name: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> QLabel:
    """Return a label that shows `text` literally; `name` picks a style of the theme."""
    made = QLabel(parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    if name:
        made.setObjectName(name)
    if wrap:
        made.setWordWrap(True)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return made


def tip(text: str) -> str:
    """Return a tooltip that shows `text` literally and breaks long lines."""
    return f"<qt>{html.escape(text)}</qt>" if text else ""


def millimetres(value: float | None, digits: int = 1) -> str:
    """Return a length for the screen, such as ``2.1 mm``; a withheld one reads as a dash.

    Rounded towards the danger: 0.96 mm never reads as 1.0, and a negative zero reads as -0.1.
    """
    if value is None:
        return "–"
    return tr("{value} mm", value=towards_danger(value, digits))


def towards_danger(value: float, digits: int = 1) -> str:
    """Return a number cut off downwards at `digits`, locale-free."""
    scale = 10**digits
    floored = _floor(value * scale) / scale
    return f"{floored:.{digits}f}"


def _floor(value: float) -> int:
    nearest = round(value)
    if abs(value - nearest) < 1e-9:
        return nearest
    return int(value) if value >= 0 else int(value) - 1


def cubic_centimetres(volume_mm3: float) -> str:
    """Return a volume for the screen."""
    return tr("{value} cm³", value=f"{volume_mm3 / 1000:.1f}")
