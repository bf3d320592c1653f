"""Three small slices that show where a structure lands."""

from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from planning.texts import mark, tr
from rendering.landing_picture import LandingPicture

SIZE_PX: Final = 230
_TITLES: Final = (mark("Axial"), mark("Sagittal"), mark("Coronal"))
_INSET: Final = 4


class LandingSlice(QWidget):
    """One picture with its letters."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.picture: LandingPicture | None = None
        self.setMinimumSize(SIZE_PX, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)

    def show_picture(self, picture: LandingPicture) -> None:
        """Show another picture."""
        self.picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture as large as it fits, and the letters over it."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self.picture is None:
            return
        rgb = self.picture.rgb
        rows, columns = rgb.shape[:2]
        image = QImage(rgb.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        scale = min(self.width() / columns, self.height() / rows)
        width, height = round(columns * scale), round(rows * scale)
        place = QRect((self.width() - width) // 2, (self.height() - height) // 2, width, height)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, image)
        painter.setPen(Qt.GlobalColor.white)
        space = self.rect().adjusted(_INSET, _INSET, -_INSET, -_INSET)
        middle = Qt.AlignmentFlag.AlignVCenter
        centre = Qt.AlignmentFlag.AlignHCenter
        painter.drawText(space, Qt.AlignmentFlag.AlignLeft | middle, self.picture.left)
        painter.drawText(space, Qt.AlignmentFlag.AlignRight | middle, self.picture.right)
        painter.drawText(space, Qt.AlignmentFlag.AlignTop | centre, self.picture.top)
        painter.drawText(space, Qt.AlignmentFlag.AlignBottom | centre, self.picture.bottom)
        painter.drawText(QPoint(_INSET, _INSET + painter.fontMetrics().ascent()), self._title)


class LandingView(QWidget):
    """Axial, sagittal and coronal, one above the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slices = [LandingSlice(tr(title)) for title in _TITLES]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        for part in self.slices:
            column.addWidget(part, 1)

    def show_pictures(self, pictures: tuple[LandingPicture, ...]) -> None:
        """Show other pictures."""
        for part, picture in zip(self.slices, pictures, strict=True):
            part.show_picture(picture)
