"""Line icons from `resources/icons`, in the colour of the theme."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from widgets.theme import present_theme

_FOLDER: Final = Path(__file__).resolve().parents[1] / "resources" / "icons"
_SIZE_PX: Final = 18


def icon(name: str) -> QIcon:
    """Return an icon by the name of its file; a missing one is empty."""
    return _drawn(name, present_theme().text)


@lru_cache(maxsize=256)
def _drawn(name: str, colour: str) -> QIcon:
    path = _FOLDER / f"{name}.svg"
    if not path.is_file():
        return QIcon()
    source = path.read_text(encoding="utf-8").replace("currentColor", colour)
    renderer = QSvgRenderer(QByteArray(source.encode()))
    pixmap = QPixmap(_SIZE_PX * 2, _SIZE_PX * 2)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, _SIZE_PX, _SIZE_PX))
    painter.end()
    return QIcon(pixmap)
