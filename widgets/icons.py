"""Line icons from `resources/icons`, drawn in the colour of the theme in use."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from widgets.theme import present_theme

_FOLDER: Final = Path(__file__).resolve().parents[1] / "resources" / "icons"


class _LineIcon(QIconEngine):
    """Draws one SVG; asked anew for every paint, so it follows a change of theme."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw into a box."""
        theme = present_theme()
        colour = theme.text
        if mode is QIcon.Mode.Disabled:
            colour = theme.border
        elif state is QIcon.State.On:
            colour = theme.on_accent
        QSvgRenderer(QByteArray(_source(self._name, colour))).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return a picture of the icon."""
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return made

    def clone(self) -> QIconEngine:
        """Return another engine for the same icon."""
        return _LineIcon(self._name)


@lru_cache(maxsize=64)
def icon(name: str) -> QIcon:
    """Return an icon by the name of its file."""
    return QIcon(_LineIcon(name))


@lru_cache(maxsize=256)
def _source(name: str, colour: str) -> bytes:
    return (_FOLDER / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour).encode()
