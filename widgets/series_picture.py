"""A series' small picture as an icon, with the patient's sides on its edges."""

from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap

from planning.imaging.thumbnails import Thumbnail

PICTURE_PX: Final = 72
_GROUND: Final = QColor(11, 13, 16)
_LETTER: Final = QColor(255, 214, 102)
_MUTED: Final = QColor(154, 164, 177)


def picture_icon(thumbnail: Thumbnail | None, words: str = "") -> QIcon:
    """Return the picture on a dark ground; without one, `words` in its place."""
    pixmap = QPixmap(2 * PICTURE_PX, 2 * PICTURE_PX)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(_GROUND)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    box = QRect(0, 0, PICTURE_PX, PICTURE_PX)
    if thumbnail is None:
        painter.setPen(_MUTED)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
    else:
        _draw(painter, box, thumbnail)
    painter.end()
    icon = QIcon()
    # A row that cannot be chosen, or is selected, shows the same grey values.
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled, QIcon.Mode.Selected, QIcon.Mode.Active):
        icon.addPixmap(pixmap, mode)
    return icon


def _draw(painter: QPainter, box: QRect, thumbnail: Thumbnail) -> None:
    grey = thumbnail.grey
    rows, columns = grey.shape
    image = QImage(grey.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
    scale = PICTURE_PX / max(rows, columns)
    width, height = round(columns * scale), round(rows * scale)
    painter.drawImage(QRect((box.width() - width) // 2, (box.height() - height) // 2, width, height), image)
    font = painter.font()
    font.setPixelSize(11)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(_LETTER)
    inner = box.adjusted(3, 0, -3, 0)
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | middle, thumbnail.left)
    painter.drawText(inner, Qt.AlignmentFlag.AlignRight | middle, thumbnail.right)
