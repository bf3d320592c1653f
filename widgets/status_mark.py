"""A status as word and shape, so that it is never told by colour alone."""

from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from planning.safety.results import STATUS_WORDS, Status
from planning.texts import tr
from widgets.theme import Theme, present_theme, status_colour

_OCTAGON: Final = (
    (0.3, 0.0),
    (0.7, 0.0),
    (1.0, 0.3),
    (1.0, 0.7),
    (0.7, 1.0),
    (0.3, 1.0),
    (0.0, 0.7),
    (0.0, 0.3),
)
_TRIANGLE: Final = ((0.5, 0.02), (1.0, 0.95), (0.0, 0.95))


def status_word(status: Status) -> str:
    """Return the word of a status in the chosen language."""
    return tr(STATUS_WORDS[status])


def status_icon(status: Status, size_px: int = 16) -> QIcon:
    """Return the shape of a status: octagon, square, triangle or disc."""
    return QIcon(status_pixmap(status, size_px))


def status_pixmap(status: Status, size_px: int = 16, theme: Theme | None = None) -> QPixmap:
    """Return the shape of a status as a picture, drawn at twice the size for sharp screens."""
    return _pixmap(status, size_px, theme or present_theme())


@lru_cache(maxsize=64)
def _pixmap(status: Status, size_px: int, theme: Theme) -> QPixmap:
    pixmap = QPixmap(size_px * 2, size_px * 2)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_status(painter, QRectF(0.5, 0.5, size_px - 1, size_px - 1), status, theme)
    painter.end()
    return pixmap


def draw_status(painter: QPainter, box: QRectF, status: Status, theme: Theme) -> None:
    """Draw the shape of a status into a box."""
    colour = QColor(status_colour(status))
    sign = {Status.FAIL: "×", Status.WARN: "!", Status.NOT_ASSESSED: "?", Status.PASS: ""}[status]
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if status is Status.NOT_ASSESSED:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.4, Qt.PenStyle.DashLine))
        painter.drawRect(box.adjusted(1, 1, -1, -1))
    elif status is Status.PASS:
        painter.drawEllipse(box)
        painter.setPen(QPen(QColor(theme.view), box.width() * 0.13))
        painter.drawPolyline(_scaled(box, ((0.25, 0.52), (0.44, 0.72), (0.76, 0.30))))
    else:
        painter.drawPolygon(_scaled(box, _OCTAGON if status is Status.FAIL else _TRIANGLE))
    if sign:
        font = painter.font()
        font.setBold(True)
        font.setPixelSize(max(6, round(box.height() * 0.72)))
        painter.setFont(font)
        painter.setPen(colour if status is Status.NOT_ASSESSED else QColor(theme.view))
        lower = box.height() * (0.14 if status is Status.WARN else 0.0)
        painter.drawText(box.translated(0, lower), Qt.AlignmentFlag.AlignCenter, sign)
    painter.restore()


def _scaled(box: QRectF, points: tuple[tuple[float, float], ...]) -> QPolygonF:
    return QPolygonF([QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in points])
