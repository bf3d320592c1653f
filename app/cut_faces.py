"""Cut faces of the pieces, for looking only: found once the numbers are there, and never in their way."""

from PySide6.QtCore import QObject, Signal

from app.exploded import find_cut_faces, lacks_cut_faces
from app.jobs import Jobs, without_values
from app.session import Session, SessionView
from planning.safety.results import Evaluation
from planning.texts import tr
from widgets.message_bar import Message


class CutFaces(QObject):
    """Follows the evaluation and finds the cut faces of its pieces.

    Signals
    -------
    told(Message)
    """

    told = Signal(object)

    def __init__(self, parent: QObject, session: Session, jobs: Jobs) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._followed: Evaluation | None = None
        session.changed.connect(self._follow)

    def _follow(self, view: SessionView) -> None:
        evaluation = view.evaluation
        if view.case is None:
            self._followed = None
        if evaluation is None or evaluation is self._followed:
            return
        self._followed = evaluation  # once, whatever comes of it: tried again, it would fail again
        if lacks_cut_faces(evaluation):
            self._jobs.start(
                "cut-faces",
                tr("Drawing the pieces"),
                lambda _progress: find_cut_faces(evaluation),
                lambda _done: self._session.tell(),
                self._fail,
                background=True,
            )

    def _fail(self, error: BaseException) -> None:
        words = tr(
            "The cut faces cannot be drawn, so pieces are shown without them. No number rests on them."
        )
        self.told.emit(Message(words, "warn", f"CUT_FACES\n{without_values(error)}", wording=words))
