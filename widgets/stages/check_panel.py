"""The Check stage: the pieces after all cuts, what is not free, what is left behind, what is not assessed."""

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from planning.editing.plan_edits import SetRelease
from planning.model.plan import Plan
from planning.safety.board import not_assessed_sentences
from planning.safety.results import Evaluation, Piece
from planning.texts import tr
from widgets.empty_state import EmptyState
from widgets.icons import icon
from widgets.plain_text import label, tip
from widgets.stages.piece_card import ROLE_WORDS, PieceCard

_LEFT_BEHIND: Final = frozenset({"tumour_left", "tumour_split", "tumour_missing"})


class CheckPanel(QScrollArea):
    """Pieces and gaps in the evaluation.

    Signals
    -------
    piece_visibility_asked(str), pieces_shown(bool), apart_changed(float), fade_asked(str, float)
        How pieces are looked at: which, instead of bones or not, how far apart, how opaque (0 to 1).
    by_hand(bool), back_asked()
        A left-drag in 3D moves pieces; all are to go back to their place.
    edited(Edit), matrix_asked()
    """

    piece_visibility_asked = Signal(str)
    pieces_shown = Signal(bool)
    apart_changed = Signal(float)
    fade_asked = Signal(str, float)
    by_hand = Signal(bool)
    back_asked = Signal()
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
        self.move_pieces = QCheckBox(tr("Drag pieces in 3D"))
        self.move_pieces.setToolTip(
            tip(tr("A left-drag on a piece moves it, for looking only; Esc undoes it."))
        )
        self.move_pieces.toggled.connect(self.by_hand)
        self.back = QPushButton(tr("Bring all back"))
        self.back.clicked.connect(self.back_asked)
        self.matrix = QPushButton(icon("table"), tr("All numbers..."))
        self.matrix.clicked.connect(self.matrix_asked)
        self.state = label("", wrap=True)
        self.empty = EmptyState(
            tr("Pieces and remarks follow once the plan has a cut."), tr("Add a cut (Plan)")
        )
        self._cards = QVBoxLayout()
        self._cards.setSpacing(5)
        self.released = QVBoxLayout()
        self.left_behind = label("", wrap=True)
        self.missing = label("", wrap=True)
        self.warnings = label("", wrap=True)
        self._lay_out()
        self.cards: list[PieceCard] = []
        self._shown: tuple[object, ...] = ()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(10, 8, 8, 8)
        column.addWidget(label(tr("Pieces after all cuts"), "title"))
        look = QGridLayout()
        look.addWidget(self.show_pieces, 0, 0, 1, 2)
        look.addWidget(label(tr("Apart"), "muted"), 1, 0)
        look.addWidget(self.apart, 1, 1)
        look.addWidget(self.move_pieces, 2, 0, 1, 2)
        look.addWidget(self.back, 3, 0, 1, 2)
        column.addLayout(look)
        column.addWidget(self.state)
        column.addWidget(self.empty)
        column.addLayout(self._cards)
        column.addLayout(self.released)
        column.addWidget(label(tr("Tumour left behind"), "title"))
        column.addWidget(self.left_behind)
        column.addWidget(label(tr("Not assessed"), "title"))
        column.addWidget(self.missing)
        column.addWidget(label(tr("Remarks"), "title"))
        column.addWidget(self.warnings)
        column.addWidget(self.matrix)
        column.addStretch(1)
        self.setWidget(inner)

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
        self.empty.setVisible(evaluation is None and (plan is None or not plan.osteotomies))
        pieces = sorted(evaluation.pieces, key=_importance) if evaluation is not None else []
        for piece in pieces:
            card = PieceCard(piece, visible=piece.id not in hidden)
            card.visibility_asked.connect(self.piece_visibility_asked)
            card.fade_asked.connect(self.fade_asked)
            card.edited.connect(self.edited)
            self._cards.addWidget(card)
            self.cards.append(card)
        self._show_releases(plan, evaluation)
        self.left_behind.setText(_left_behind_words(evaluation))
        missing = not_assessed_sentences(evaluation) if evaluation is not None else ()
        self.missing.setText(_listed(missing, evaluation is not None))
        remarks = evaluation.warnings if evaluation is not None else ()
        self.warnings.setText(_listed(remarks, evaluation is not None))

    def show_look(self, apart: float, opacities: Mapping[str, float], is_changed: bool) -> None:
        """Show how the pieces are looked at.

        Parameters
        ----------
        apart : float
            0 to 1: where the slider stands.
        opacities : mapping of str to float
            Of the pieces that are faded.
        is_changed : bool
            Whether any piece is hidden, faded or out of its place.
        """
        if not self.apart.isSliderDown():
            self.apart.blockSignals(True)
            self.apart.setValue(round(100 * apart))
            self.apart.blockSignals(False)
        for card in self.cards:
            card.show_opacity(opacities.get(card.piece.id, 1.0))
        self.back.setEnabled(is_changed)
        why_not = "" if is_changed else tr("Every piece is whole and in its place.")
        self.back.setToolTip(tip(why_not or tr("Show every piece whole and in its place (B)")))

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


def _left_behind_words(evaluation: Evaluation | None) -> str:
    """Return which tumour the plan leaves in the patient, or that nobody can say."""
    if evaluation is not None and not evaluation.inputs.plan.tumour:
        return tr("not assessed: the plan names no tumour")
    found = [p.sentence for p in evaluation.problems if p.code in _LEFT_BEHIND] if evaluation else []
    return _listed(found, evaluation is not None)


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
