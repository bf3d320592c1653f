"""Line icons from `resources/icons`, drawn in the colour of the theme in use."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from widgets.theme import present_theme

_FOLDER: Final = Path(__file__).resolve().parents[1] / "resources" / "icons"


class _LineIcon(QIconEngine):
    """Draws one SVG; asked anew for every paint, so it follows a change of theme."""

    def __init__(self, name: str, steady: bool = False) -> None:
        super().__init__()
        self._name, self._steady = name, steady

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw into a box."""
        _renderer(self._name, self._shade(mode, state)).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return a picture of the icon."""
        return _pixmap(self._name, self._shade(mode, state), size.width(), size.height())

    def clone(self) -> QIconEngine:
        """Return another engine for the same icon."""
        return _LineIcon(self._name, self._steady)

    def _shade(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        return _colour(mode, QIcon.State.Off if self._steady else state)


@lru_cache(maxsize=64)
def icon(name: str, *, steady: bool = False) -> QIcon:
    """Return an icon by the name of its file; a steady one looks the same where something is on or open."""
    return QIcon(_LineIcon(name, steady))


def drawn_icon(svg: str) -> QIcon:
    """Return an icon from a drawing of its own, in the colour of the theme."""
    return QIcon(_LineIcon(svg))


def swatch(rgb: tuple[int, int, int]) -> QIcon:
    """Return a square of a colour."""
    pixmap = QPixmap(14, 14)
    pixmap.fill(QColor(*rgb))
    return QIcon(pixmap)


def _colour(mode: QIcon.Mode, state: QIcon.State) -> str:
    theme = present_theme()
    if mode is QIcon.Mode.Disabled:
        return theme.border
    return theme.on_accent if state is QIcon.State.On else theme.text


@lru_cache(maxsize=256)
def _pixmap(name: str, colour: str, width: int, height: int) -> QPixmap:
    made = QPixmap(width, height)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    _renderer(name, colour).render(painter, QRectF(0, 0, width, height))
    painter.end()
    return made


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    source = name if name.startswith("<svg") else (_FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    source = source.replace("currentColor", colour)
    return QSvgRenderer(QByteArray(source.encode()))
