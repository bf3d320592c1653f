"""Pointers that say what a press on the crosshair would do."""

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPen, QPixmap, QPolygonF

from rendering.cut_planes import Grip, Hold, way_px
from rendering.slice_geometry import SliceFrame

_SIDE = 24
_SHAPES = (
    Qt.CursorShape.SizeVerCursor,
    Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeHorCursor,
    Qt.CursorShape.SizeBDiagCursor,
)


def cursor_of(grip: Grip | None, frame: SliceFrame) -> QCursor:
    """Return the pointer for what lies under it: an arrow across the line, a bow, or the plain one."""
    if grip is None:
        return QCursor(Qt.CursorShape.ArrowCursor)
    if grip.hold is Hold.CENTRE:
        return QCursor(Qt.CursorShape.SizeAllCursor)
    if grip.hold is Hold.TURN:
        return _bow()
    right, up = way_px(frame, grip.direction_lps)
    # A line that runs across the screen is moved up and down: eighths of a turn, to the nearest quarter.
    steep = abs(right) < 0.38
    flat = abs(up) < 0.38
    return QCursor(_SHAPES[0] if flat else _SHAPES[2] if steep else _SHAPES[1 if right * up > 0 else 3])


@lru_cache(maxsize=1)
def _bow() -> QCursor:
    picture = QPixmap(_SIDE, _SIDE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(5, 5, _SIDE - 10, _SIDE - 10)
    for colour, width in ((QColor(0, 0, 0), 4.0), (QColor(255, 255, 255), 2.0)):
        painter.setPen(QPen(colour, width))
        painter.drawArc(box, 20 * 16, 320 * 16)
        painter.setBrush(colour)
        for sign in (-1, 1):
            x, y = box.right() - 0.5, box.center().y() + sign * 3.5
            head = QPolygonF([QPointF(x - 3, y), QPointF(x + 3, y), QPointF(x, y - sign * 4)])
            painter.drawPolygon(head)
    painter.end()
    return QCursor(picture, _SIDE // 2, _SIDE // 2)
