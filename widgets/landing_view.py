"""Three small slices that show where a structure lands."""

from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from planning.texts import mark, tr
from rendering.landing_picture import LandingPicture

SIZE_PX: Final = 230
_TITLES: Final = (mark("Axial"), mark("Sagittal"), mark("Coronal"))
_INSET: Final = 4
_ROUND: Final = tuple((x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y)


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
        self._letter(painter, self.picture)

    def _letter(self, painter: QPainter, picture: LandingPicture) -> None:
        """Write the letters, dark beneath white, so that they are read on bone and on air."""
        space = self.rect().adjusted(_INSET, _INSET, -_INSET, -_INSET)
        middle, centre = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignHCenter
        words = (
            (Qt.AlignmentFlag.AlignLeft | middle, picture.left),
            (Qt.AlignmentFlag.AlignRight | middle, picture.right),
            (Qt.AlignmentFlag.AlignTop | centre, picture.top),
            (Qt.AlignmentFlag.AlignBottom | centre, picture.bottom),
            (Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, self._title),
        )
        for colour, moves in ((Qt.GlobalColor.black, _ROUND), (Qt.GlobalColor.white, ((0, 0),))):
            painter.setPen(colour)
            for right, down in moves:
                for place, text in words:
                    painter.drawText(space.translated(right, down), place, text)


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
