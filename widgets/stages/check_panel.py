"""The Check stage: the pieces after all cuts, what is not free, what is left behind, what is not assessed."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from planning.editing.plan_edits import SetRelease
from planning.model.plan import Plan
from planning.report.measurements import percent
from planning.safety.board import not_assessed_sentences
from planning.safety.results import Evaluation, Link, Piece, PieceRole
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


class PieceCard(QFrame):
    """One piece: colour, role, volume, tumour share, and the links that still hold it.

    Signals
    -------
    visibility_asked(str)
    edited(Edit)
        A link is released.
    """

    visibility_asked = Signal(str)
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
        self.freedom.setVisible(bool(self.freedom.text()))
        column.addWidget(self.freedom)
        if piece.mesh is None:
            missing = tr("Not drawn: no solid agrees with its voxels. Its bones are shown instead.")
            column.addWidget(label(missing, "muted", wrap=True))
        if piece.role in _SPECIMEN:
            for link in piece.links[:_REMOVABLE_LINKS_SHOWN]:
                column.addLayout(self._link_row(link))

    def _link_row(self, link: Link) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(label(f"– {link.title}", wrap=True), 1)
        release = QPushButton(tr("Release"))
        release.setToolTip(tip(tr("Record that this link is severed in surgery: {link}", link=link.title)))
        release.clicked.connect(lambda: self.edited.emit(SetRelease(link.id, title=link.title)))
        row.addWidget(release)
        return row


class CheckPanel(QScrollArea):
    """Pieces and gaps in the evaluation.

    Signals
    -------
    piece_visibility_asked(str), pieces_shown(bool), apart_changed(float)
        How pieces are looked at: which, instead of bones or not, and how far apart (0 to 1).
    edited(Edit), matrix_asked()
    """

    piece_visibility_asked = Signal(str)
    pieces_shown = Signal(bool)
    apart_changed = Signal(float)
    edited = Signal(object)
    matrix_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.show_pieces = QCheckBox(tr("Show pieces instead of bones"))
        self.show_pieces.toggled.connect(self.pieces_shown)
        self.apart = QSlider(Qt.Orientation.Horizontal)
        self.apart.setRange(0, 100)
        self.apart.setAccessibleName(tr("Move pieces apart, for looking only"))
        self.apart.setToolTip(tip(tr("Moves the pieces apart for looking only; nothing is changed.")))
        self.apart.valueChanged.connect(lambda value: self.apart_changed.emit(value / 100))
        self.matrix = QPushButton(icon("table"), tr("All numbers..."))
        self.matrix.clicked.connect(self.matrix_asked)
        self.state = label("", wrap=True)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(5)
        self.released = QVBoxLayout()
        self.missing = label("", wrap=True)
        self.warnings = label("", wrap=True)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(10, 8, 8, 8)
        column.addWidget(label(tr("Pieces after all cuts"), "title"))
        look = QGridLayout()
        look.addWidget(self.show_pieces, 0, 0, 1, 2)
        look.addWidget(label(tr("Apart"), "muted"), 1, 0)
        look.addWidget(self.apart, 1, 1)
        column.addLayout(look)
        column.addWidget(self.state)
        column.addLayout(self._cards)
        column.addLayout(self.released)
        column.addWidget(label(tr("Not assessed"), "title"))
        column.addWidget(self.missing)
        column.addWidget(label(tr("Remarks"), "title"))
        column.addWidget(self.warnings)
        column.addWidget(self.matrix)
        column.addStretch(1)
        self.setWidget(inner)
        self.cards: list[PieceCard] = []
        self._shown: tuple[object, ...] = ()

    def show_evaluation(
        self, evaluation: Evaluation | None, plan: Plan | None, hidden: frozenset[str], why_none: str
    ) -> None:
        """Show the pieces of a current evaluation; None withdraws them and says why."""
        releases = plan.releases if plan is not None else ()
        wanted = (evaluation, hidden, why_none, releases)
        if len(self._shown) == len(wanted) and all(
            a is b or a == b for a, b in zip(self._shown, wanted, strict=True)
        ):
            return
        self._shown = wanted
        for card in self.cards:
            card.deleteLater()
        self.cards = []
        _clear(self.released)
        self.matrix.setEnabled(evaluation is not None)
        self.matrix.setToolTip(tip(why_none))
        self.state.setVisible(evaluation is None)
        self.state.setText(why_none)
        pieces = sorted(evaluation.pieces, key=_importance) if evaluation is not None else []
        for piece in pieces:
            card = PieceCard(piece, visible=piece.id not in hidden)
            card.visibility_asked.connect(self.piece_visibility_asked)
            card.edited.connect(self.edited)
            self._cards.addWidget(card)
            self.cards.append(card)
        self._show_releases(plan, evaluation)
        missing = not_assessed_sentences(evaluation) if evaluation is not None else ()
        self.missing.setText(_listed(missing, evaluation is not None))
        remarks = evaluation.warnings if evaluation is not None else ()
        self.warnings.setText(_listed(remarks, evaluation is not None))

    def _show_releases(self, plan: Plan | None, evaluation: Evaluation | None) -> None:
        titles = {link.id: link.title for link in evaluation.links} if evaluation is not None else {}
        for release in plan.releases if plan is not None else ():
            title = titles.get(release.link, release.link)
            row = QHBoxLayout()
            row.addWidget(label(tr("Released: {link}", link=title), "muted", wrap=True), 1)
            back = QPushButton(tr("Withdraw"))
            back.clicked.connect(
                lambda _checked=False, link=release.link, words=title: self.edited.emit(
                    SetRelease(link, released=False, title=words)
                )
            )
            row.addWidget(back)
            self.released.addLayout(row)


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


def _importance(piece: Piece) -> tuple[int, float]:
    return (list(ROLE_WORDS).index(piece.role), -piece.volume_mm3)


def _listed(items: Sequence[str], is_known: bool) -> str:
    return "\n".join(f"• {item}" for item in items) if items else tr("nothing") if is_known else "–"


def _clear(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        inner = item.layout() if item is not None else None
        while inner is not None and inner.count():
            part = inner.takeAt(0)
            widget = part.widget() if part is not None else None
            if widget is not None:
                widget.deleteLater()
