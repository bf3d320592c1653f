"""Where a person puts a name to something: levels, reviews, acceptances, what is not in the field."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QDialog, QWidget

from app.session import Session
from app.settings import Preferences
from planning.editing.anatomy_edits import ConfirmLevels, MarkNotInField, ReviewStructure
from planning.editing.case_edits import AcceptResult, WithdrawAcceptance
from planning.editing.edits import Edit
from planning.editing.image_edits import AcknowledgeFinding
from planning.model.case import Case
from planning.model.structures import ReviewState, Structure, StructureKind
from planning.safety.board import BoardLine
from planning.texts import tr
from widgets.dialogs import AcceptDialog, LevelsDialog, NamedDialog, NotInFieldDialog, ReviewDialog
from widgets.stages.anatomy_panel import now
from widgets.together import Together

_BESIDE_PX: Final = 350  # about as wide as the panel it covers


class Decisions:
    """Opens the dialogs and makes the edits."""

    def __init__(self, window: QWidget, session: Session, preferences: Preferences) -> None:
        self._window = window
        self._session = session
        self._preferences = preferences
        self.beside: NamedDialog | None = None

    def confirm_levels(self) -> None:
        """Ask who counted the levels, and from what."""
        case = self._session.case
        if case is None or case.anatomy is None:
            return
        dialog = LevelsDialog(
            case.anatomy.levels, self._preferences.user_name, self._window, case.plan.target_levels
        )
        confirmed = case.anatomy.levels_confirmed
        if confirmed is not None:
            dialog.evidence.setText(confirmed.evidence)
        asked = _vertebrae(case)
        self._show_beside(dialog, lambda how: self._counted(dialog, asked, how))

    def _counted(self, dialog: LevelsDialog, asked: list[tuple[str | None, int]], how: int) -> None:
        case = self._session.case
        if how != QDialog.DialogCode.Accepted or case is None or _vertebrae(case) != asked:
            return  # another case, or other vertebrae than were counted
        self._preferences.user_name = dialog.by.text().strip()
        self._session.do(ConfirmLevels(dialog.by.text(), dialog.evidence.text(), now()))

    def _show_beside(self, dialog: NamedDialog, done: Callable[[int], object]) -> None:
        """Show a dialog beside the views, which stay free to look through meanwhile; one at a time."""
        if self.beside is not None:
            self.beside.reject()

        def ended(how: int) -> None:
            self.beside = None
            dialog.deleteLater()
            done(how)

        dialog.finished.connect(ended)
        self.beside = dialog
        dialog.fit(_BESIDE_PX)
        dialog.show()
        corner = QPoint(14, self._window.height() - dialog.height() - 70)
        dialog.move(self._window.mapToGlobal(corner))
        dialog.activateWindow()

    def review(
        self, structure: Structure, go_on: Callable[[], object] | None = None, asked_beside: int = 0
    ) -> None:
        """Ask how far a person vouches for a structure, while the views stay free to look through it.

        Parameters
        ----------
        structure : Structure
        go_on : callable, optional
            Goes to the next structure; None where there is none.
        asked_beside : int
            How many more drafts the limits ask a person to see.
        """
        dialog = ReviewDialog(
            structure.title,
            structure.review.state,
            self._preferences.user_name,
            self._window,
            has_next=go_on is not None,
            asked_beside=asked_beside,
        )
        self._show_beside(dialog, lambda how: self._reviewed(dialog, structure, how, go_on))

    def _reviewed(
        self, dialog: ReviewDialog, structure: Structure, how: int, go_on: Callable[[], object] | None
    ) -> None:
        case = self._session.case
        present = (
            case.anatomy.structure(structure.id) if case is not None and case.anatomy is not None else None
        )
        if how != QDialog.DialogCode.Accepted or present is None or present.mask is not structure.mask:
            return  # another case, or another outline than was looked at
        self._preferences.user_name = dialog.by.text().strip()
        if isinstance(dialog.state.value, ReviewState):
            state, by = dialog.state.value, dialog.by.text()
            self._session.do(ReviewStructure(structure.id, state, by, now(), structure.title))
        if dialog.wants_next and go_on is not None:
            go_on()

    def accept(self, line: BoardLine) -> None:
        """Ask for a name and a reason to accept a warning or failure."""
        evaluation = self._session.view.evaluation
        if line.key is None or evaluation is None:
            return
        digest = evaluation.inputs.digest
        dialog = AcceptDialog(line.subject or line.sentence, self._preferences.user_name, self._window)
        if self._agreed(dialog):
            reason = dialog.reason.toPlainText()
            self._session.do(AcceptResult(line.key, dialog.by.text(), reason, now(), digest))

    def withdraw(self, line: BoardLine) -> None:
        """Take an acceptance back."""
        if line.key is not None:
            self._session.do(WithdrawAcceptance(line.key))

    def not_in_field(self) -> None:
        """Ask which missing structures do not run through this image."""
        case = self._session.case
        if case is None or case.anatomy is None:
            return
        there = {s.kind for s in case.anatomy.structures if not s.mask.is_empty}
        wanted = {kind for required in self._session.settings.limits.required for kind in required.kinds}
        kinds = sorted(wanted - there, key=list(StructureKind).index)
        before = frozenset(n.kind for n in case.anatomy.not_in_field)
        dialog = NotInFieldDialog(kinds, before, self._preferences.user_name, self._window)
        if not self._agreed(dialog):
            return
        marked, by = dialog.marked, dialog.by.text()
        edits: tuple[Edit, ...] = tuple(
            MarkNotInField(kind, by, now(), kind in marked)
            for kind in kinds
            if (kind in marked) != (kind in before)
        )
        if edits:
            self._session.do(Together(tr("Mark what is not in this field"), edits))

    def acknowledge(self, image_id: str, code: str) -> None:
        """Ask who has read the findings of one code, and takes them into account."""
        case = self._session.case
        image = next((i for i in case.images if i.id == image_id), None) if case is not None else None
        words = [f.message for f in image.findings if f.code == code] if image is not None else []
        if not words:
            return
        text = tr(
            "{finding}\n\nIt stays a finding and is printed with your name: you have read it and take it "
            "into account.",
            finding="\n".join(words),
        )
        title = tr("Acknowledge an import finding")
        dialog = NamedDialog(title, text, self._preferences.user_name, self._window)
        if self._agreed(dialog):
            self._session.do(AcknowledgeFinding(image_id, code, dialog.by.text(), now()))

    def _agreed(self, dialog: NamedDialog) -> bool:
        if dialog.exec() != QDialog.DialogCode.Accepted:
            return False
        self._preferences.user_name = dialog.by.text().strip()
        return True


def _vertebrae(case: Case) -> list[tuple[str | None, int]]:
    """Return what is counted: each vertebra's level and which mask it has."""
    bones = case.anatomy.of_kind(StructureKind.VERTEBRA) if case.anatomy is not None else ()
    return [(bone.level, id(bone.mask)) for bone in bones]
