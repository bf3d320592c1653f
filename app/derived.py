"""Everything computed from the case, kept beside it: surfaces, distance fields, the evaluation.

Jobs compute; nothing here decides whether a result may be shown: that is
`planning.safety.results.current` alone. A result whose inputs changed is withdrawn, not greyed.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs import Jobs
from planning.errors import PlanningError, WorkerDied
from planning.model.anatomy import Anatomy
from planning.model.case import Acceptance, Case
from planning.model.settings import Settings
from planning.model.stamp import is_current
from planning.model.structures import StructureKind
from planning.progress import Progress
from planning.safety.fields import Fields
from planning.safety.results import Evaluation, current
from planning.segmentation.surfaces import Surfaces
from planning.texts import tr

_KEPT: Final = 8
_LATER: Final = frozenset(
    {
        *(StructureKind.RIB, StructureKind.OESOPHAGUS, StructureKind.TRACHEA, StructureKind.LUNG),
        *(StructureKind.PLEURA, StructureKind.KIDNEY, StructureKind.OTHER),
    }
)
_QUIET_MS: Final = 250
_QUIET_AT_MOST_MS: Final = 1000


class Computations(Protocol):
    """The heavy computations, as `app.gui` wires them to planning."""

    def surfaces(self, anatomy: Anatomy, progress: Progress, known: Surfaces | None) -> Surfaces:
        """Return the surface of every structure."""

    def fields(self, case: Case, surfaces: Surfaces, progress: Progress, known: Fields | None) -> Fields:
        """Return the distance fields the plan needs."""

    def evaluation(
        self, case: Case, settings: Settings, progress: Progress, surfaces: Surfaces, fields: Fields
    ) -> Evaluation:
        """Return everything said about the plan."""

    def rejudged(self, case: Case, settings: Settings) -> Evaluation | None:
        """Return the same at once where nothing has to be measured, else None."""

    def forget(self) -> None:
        """Let go of what was kept of a case: it was closed."""


class Derived(QObject):
    """Follows the case and computes what is missing, latest wins.

    Signals
    -------
    changed()
        Something arrived, failed or began.
    """

    changed = Signal()

    def __init__(self, computations: Computations, settings: Settings, jobs: Jobs) -> None:
        super().__init__()
        self._compute = computations
        self._settings = settings
        self._jobs = jobs
        self._case: Case | None = None
        self._surfaces: Surfaces | None = None
        self._surfaced: Anatomy | None = None
        self._pending: Anatomy | None = None
        self._fields: Fields | None = None
        self._evaluations: deque[Evaluation] = deque(maxlen=_KEPT)
        self._asked: tuple[Evaluation | None, tuple[Acceptance, ...]] = (None, ())
        self._answer: Evaluation | None = None  # one object while nothing changed: who shows it, compares it
        self._refused: dict[str, Case] = {}
        self._failure = ""
        self._tried_again: Case | None = None
        self._moved_s = 0.0
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.timeout.connect(self._advance)

    @property
    def surfaces(self) -> Surfaces | None:
        """The latest surfaces; each carries the digest of the mask it was made from."""
        return self._surfaces

    @property
    def fields(self) -> Fields | None:
        """The distance fields, or None where they do not fit the present anatomy."""
        case = self._case
        if self._fields is None or case is None or case.anatomy is None:
            return None
        return self._fields if self._fields.fits(case.anatomy) else None

    @property
    def evaluation(self) -> Evaluation | None:
        """The evaluation of the present case where one may be shown, else None."""
        case = self._case
        if case is None:
            return None
        found = next((e for e in self._evaluations if is_current(e, case, self._settings)), None)
        asked = (found, case.acceptances)
        if found is None or self._asked != asked:
            self._asked, self._answer = asked, current(found, case, self._settings)
        return self._answer

    def measured_apart(self, case: Case, progress: Progress) -> Evaluation | None:
        """Return the evaluation of another state of the case, for comparison; runs on a job's thread.

        What is at hand of the present case is used again where it is the same. None without images or cuts.
        """
        if not _has_work(case) or case.anatomy is None:
            return None
        known = self.fields
        surfaces = self._compute.surfaces(case.anatomy, progress, self._surfaces)
        fitting = known if known is not None and known.fits(case.anatomy) else None
        fields = self._compute.fields(case, surfaces, progress, fitting)
        return self._compute.evaluation(case, self._settings, progress, surfaces, fields)

    @property
    def failure(self) -> str:
        """Why the present case could not be evaluated; empty where it could or may yet be."""
        return self._failure

    @property
    def is_updating(self) -> bool:
        """Whether numbers for the present case are still to come."""
        return _has_work(self._case) and self.evaluation is None and not self._failure

    def use_settings(self, settings: Settings) -> None:
        """Forget every evaluation: own tools are said in them and are no part of their digest."""
        self._settings = settings
        self._evaluations.clear()
        self._failure = ""
        self._jobs.cancel("evaluation")

    def follow(self, case: Case | None, *, moving: bool) -> None:
        """Follow the case; while it is `moving` the heavy work waits for a short rest."""
        if case is None or (self._case is not None and case.id != self._case.id):
            self._forget()
        if case is not self._case:
            self._failure = ""
        self._case = case
        if case is None or case.anatomy is None:
            return
        if self.evaluation is None and case.plan.osteotomies:
            self._rejudge(case)
        if self.evaluation is not None:
            self._jobs.cancel("evaluation")
            self._quiet.stop()
        self._quiet.start(self._pause_ms() if moving else 0)

    def _rejudge(self, case: Case) -> None:
        """Judge what is measured already by what people say now: a review or a name measures nothing anew."""
        found = self._compute.rejudged(case, self._settings)
        if found is not None:
            self._evaluations.appendleft(found)

    def _pause_ms(self) -> int:
        """Return how long a rest is: longer than the steps of a slow drag are apart, up to a second."""
        now = time.monotonic()
        apart_ms, self._moved_s = 1000 * (now - self._moved_s), now
        return round(max(_QUIET_MS, min(3 * apart_ms, _QUIET_AT_MOST_MS)))

    def _forget(self) -> None:
        for key in ("surfaces", "fields", "evaluation"):
            self._jobs.cancel(key)
        self._surfaces = self._surfaced = self._pending = self._fields = None
        self._evaluations.clear()
        self._refused.clear()
        self._asked, self._answer = (None, ()), None
        self._tried_again = None
        self._compute.forget()
        self._quiet.stop()

    def _advance(self) -> None:
        case = self._case
        if case is None or case.anatomy is None:
            return
        if not self._is_surfaced(case.anatomy):
            self._start_surfaces(case.anatomy)
        elif not case.plan.osteotomies:
            self._jobs.cancel("evaluation")
        elif self._lacks_fields(case):
            self._start_fields(case)
        elif self.evaluation is None and not self._failure:
            self._start_evaluation(case)
        self.changed.emit()

    def _is_surfaced(self, anatomy: Anatomy) -> bool:
        return self._surfaced is anatomy or (self._surfaces is not None and self._surfaces.fits(anatomy))

    def _lacks_fields(self, case: Case) -> bool:
        if self.fields is None:
            return True
        tried = self._refused.get("covers") is case
        return not tried and not all(self._fields.covers(o.blade) for o in case.plan.osteotomies)  # type: ignore[union-attr]

    def _start_surfaces(self, anatomy: Anatomy) -> None:
        if self._pending is anatomy and self._jobs.is_running("surfaces"):
            return
        self._pending = anatomy
        known = self._surfaces
        # Spine, vessels and tumour are drawn while ribs, lungs and other organs are still being built.
        near = _near_the_spine(anatomy) if known is None else anatomy

        def done(surfaces: Surfaces) -> None:
            self._surfaces = surfaces
            self._pending = None
            if near is anatomy:
                self._surfaced = anatomy
            self._advance()

        self._start(
            "surfaces", tr("Building surfaces"), lambda p: self._compute.surfaces(near, p, known), done
        )

    def _start_fields(self, case: Case) -> None:
        surfaces, known = self._surfaces, self._fields
        if surfaces is None:
            return

        def done(fields: Fields) -> None:
            self._fields = fields
            self._refused["covers"] = case  # a blade outside the image is covered by no field
            self._advance()

        work = lambda p: self._compute.fields(case, surfaces, p, known)  # noqa: E731 -- one expression, used once
        self._start("fields", tr("Measuring distances"), work, done)

    def _start_evaluation(self, case: Case) -> None:
        surfaces, fields = self._surfaces, self.fields
        if surfaces is None or fields is None:
            return

        def done(evaluation: Evaluation) -> None:
            self._evaluations.appendleft(evaluation)
            self.changed.emit()

        self._start(
            "evaluation",
            tr("Checking the plan"),
            lambda p: self._compute.evaluation(case, self._settings, p, surfaces, fields),
            done,
        )

    def _start(
        self, key: str, title: str, work: Callable[[Progress], object], done: Callable[..., None]
    ) -> None:
        started_for = self._case

        def failed(error: BaseException) -> None:
            if self._case is not started_for:
                self._advance()
                return
            if isinstance(error, WorkerDied) and self._tried_again is not started_for:
                # A child that died by itself is replaced by the next call.
                self._tried_again = started_for
                self._advance()
                return
            self._failure = (
                error.message
                if isinstance(error, PlanningError)
                else tr(
                    "The plan could not be checked because of a fault in the program. No number is shown."
                )
            )
            self.changed.emit()
            if not isinstance(error, PlanningError):
                self._jobs.bug.emit(type(error).__name__)

        self._jobs.start(key, title, work, done, failed)


def _near_the_spine(anatomy: Anatomy) -> Anatomy:
    """Return spine, canal, vessels and tumour of an anatomy, or the same one where it has no more."""
    near = tuple(s for s in anatomy.structures if s.kind not in _LATER)
    return replace(anatomy, structures=near) if 0 < len(near) < len(anatomy.structures) else anatomy


def _has_work(case: Case | None) -> bool:
    return case is not None and case.anatomy is not None and bool(case.plan.osteotomies)
