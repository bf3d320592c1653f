"""Words on screen, shown literally: names out of files are hostile input and never become markup."""

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from planning.texts import literal, tr


class _Label(QLabel):
    """Shows whatever it is given letter by letter."""

    def setText(self, text: str) -> None:  # noqa: N802 -- Qt's own name
        """Show a text."""
        super().setText(literal(text))


def label(text: str = "", name: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> QLabel:
    """Return a label that shows `text` literally; `name` picks a style of the theme."""
    made = _Label(parent)
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
    return f"<qt>{html.escape(literal(text)).replace(chr(10), '<br>')}</qt>" if text else ""


def millimetres(value: float | None) -> str:
    """Return a distance for the screen as the safety board rounds it; a withheld one reads as a dash."""
    if value is None:
        return "–"
    if abs(value) < 0.05:
        return tr("< 0.1 mm") if value >= 0 else tr("< 0.1 mm inside")
    return tr("{value} mm", value=f"{value:.1f}".replace("-", "−"))


def cubic_centimetres(volume_mm3: float) -> str:
    """Return a volume for the screen."""
    return tr("{value} cm³", value=f"{volume_mm3 / 1000:.1f}")
