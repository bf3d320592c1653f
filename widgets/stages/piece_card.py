"""One piece in the Check stage: how it looks, what it is, what still holds it."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from planning.editing.plan_edits import SetRelease
from planning.report.measurements import percent
from planning.safety.results import Link, Piece, PieceRole
from planning.texts import mark, tr
from rendering.colours import PIECE_RGB
from widgets.icons import icon
from widgets.plain_text import cubic_centimetres, label, tip

ROLE_WORDS: Final = {
    PieceRole.SPECIMEN_ANTERIOR: mark("specimen, anterior"),
    PieceRole.SPECIMEN_ARCH: mark("specimen, arch"),
    PieceRole.RIB_PIECE: mark("rib piece"),
    PieceRole.REMAINING: mark("remains in the patient"),
    PieceRole.LOOSE: mark("loose piece"),
}
_SPECIMEN: Final = frozenset({PieceRole.SPECIMEN_ANTERIOR, PieceRole.SPECIMEN_ARCH, PieceRole.RIB_PIECE})
_REMOVABLE_LINKS_SHOWN: Final = 12
_FAINTEST: Final = 15  # percent: a piece that is shown is seen


class PieceCard(QFrame):
    """One piece: colour, role, volume, tumour share, and the links that still hold it.

    Signals
    -------
    visibility_asked(str), fade_asked(str, float)
        Show or hide it; how opaque, 0 to 1.
    edited(Edit)
        A link is released.
    """

    visibility_asked = Signal(str)
    fade_asked = Signal(str, float)
    edited = Signal(object)

    def __init__(self, piece: Piece, *, visible: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("row")
        self.piece = piece
        self.eye = QToolButton()
        self.eye.setProperty("flat", True)
        self.eye.setIcon(icon("eye" if visible else "eye-off"))
        self.eye.setAccessibleName(tr("Show or hide {piece}", piece=piece.title or piece.id))
        self.eye.clicked.connect(lambda: self.visibility_asked.emit(piece.id))
        swatch = QLabel()
        pixmap = QPixmap(14, 14)
        pixmap.fill(QColor(*PIECE_RGB[piece.role]))
        swatch.setPixmap(pixmap)
        title = piece.title or ", ".join(piece.levels) or piece.id
        head = QHBoxLayout()
        head.addWidget(self.eye)
        head.addWidget(swatch)
        head.addWidget(label(title, "title", wrap=True), 1)
        head.addWidget(label(cubic_centimetres(piece.volume_mm3), "title"))
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 5, 8, 6)
        column.setSpacing(3)
        column.addLayout(head)
        words = [tr(ROLE_WORDS[piece.role])]
        if piece.tumour_fraction > 0:
            words.append(tr("{percent} % of the tumour", percent=percent(piece.tumour_fraction)))
        column.addWidget(label(" · ".join(words), "muted", wrap=True))
        self.freedom = label(freedom_words(piece), wrap=True)
        column.addWidget(self.freedom)
        self.freedom.setVisible(bool(self.freedom.text()))
        column.addLayout(self._opacity_row())
        if piece.mesh is None:
            missing = tr("Not drawn: no solid agrees with its voxels. Its bones are shown instead.")
            column.addWidget(label(missing, "muted", wrap=True))
        if piece.role in _SPECIMEN:
            for link in piece.links[:_REMOVABLE_LINKS_SHOWN]:
                column.addLayout(self._link_row(link))

    def show_opacity(self, opacity: float) -> None:
        """Show how opaque the piece is drawn, unless a hand is at it."""
        if not self.opacity.isSliderDown():
            self.opacity.blockSignals(True)
            self.opacity.setValue(round(100 * opacity))
            self.opacity.blockSignals(False)

    def _opacity_row(self) -> QHBoxLayout:
        words = tr("Opacity of {piece}", piece=self.piece.title or self.piece.id)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(_FAINTEST, 100)
        self.opacity.setValue(100)
        self.opacity.setAccessibleName(words)
        drawn = self.piece.mesh is not None
        self.opacity.setEnabled(drawn)
        self.opacity.setToolTip(tip(words if drawn else tr("This piece is not drawn.")))
        self.opacity.valueChanged.connect(lambda value: self.fade_asked.emit(self.piece.id, value / 100))
        row = QHBoxLayout()
        row.addWidget(label(tr("Opacity"), "muted"))
        row.addWidget(self.opacity, 1)
        return row

    def _link_row(self, link: Link) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(label(f"– {link.title}", wrap=True), 1)
        release = QPushButton(tr("Release"))
        release.setToolTip(tip(tr("Record that this link is severed in surgery: {link}", link=link.title)))
        release.clicked.connect(lambda: self.edited.emit(SetRelease(link.id, title=link.title)))
        row.addWidget(release)
        return row


def freedom_words(piece: Piece) -> str:
    """Return whether a specimen piece is free, or what still holds it."""
    if piece.role not in _SPECIMEN:
        return ""
    if piece.is_free:
        return tr("● free: no link holds it")
    if piece.is_free is None:
        return tr("○ not known whether free: a neighbouring vertebra is not segmented")
    if not piece.links:
        return tr("✕ not free: it still closes round the spinal canal")
    return tr("✕ not free, still held by {count} links:", count=len(piece.links))
