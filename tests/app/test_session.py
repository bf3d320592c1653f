"""The session never shows a number that is not current: random edits against slow computations."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from app.errands.workbench import Workbench
from app.session import Session, SessionView
from planning.editing.case_edits import SetDiagnosis
from planning.editing.osteotomy_edits import AddOsteotomy, ChangeOsteotomy, MoveBlade, RemoveOsteotomy
from planning.editing.plan_edits import SetTargets
from planning.errors import ComputationFailed, PlanningError
from planning.geometry.blade import Blade
from planning.model.case import Acceptance, Case, Diagnosis
from planning.model.osteotomy import Osteotomy
from planning.model.settings import Settings
from planning.model.stamp import PROGRAM, inputs_of
from planning.safety.fields import Fields
from planning.safety.results import Evaluation, Status
from planning.segmentation.surfaces import Surfaces
from planning.texts import mark
from tests.builders import a_case, a_plan, a_vertebral_column

pytestmark = pytest.mark.gui
LEVELS = ("T9", "T10", "T11")
AT = datetime(2026, 1, 1, tzinfo=UTC)


class HeldJobs(QObject):
    """Jobs that end when the test says so, in the order the test says."""

    problem = Signal(object)
    bug = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, tuple[Callable[..., Any], Callable[..., None], Callable[..., None]]] = {}

    def start(
        self, key: str, _title: str, work: Any, done: Any = None, failed: Any = None, **_other: Any
    ) -> None:
        self.held[key] = (work, done, failed)

    def cancel(self, key: str) -> None:
        self.held.pop(key, None)

    def is_running(self, key: str) -> bool:
        return key in self.held

    def finish(self, key: str) -> bool:
        """Let a job end; its value is computed from what it was started with."""
        found = self.held.pop(key, None)
        if found is None:
            return False
        work, done, failed = found
        try:
            value = work(lambda _fraction, _message: None)
        except PlanningError as error:
            failed(error)
        else:
            done(value)
        return True

    def finish_all(self) -> None:
        while self.held:
            self.finish(next(iter(self.held)))


@dataclass
class QuickFields:
    """Fields that fit the anatomy they were made for and cover everything."""

    anatomy: Any

    def fits(self, anatomy: Any) -> bool:
        return anatomy is self.anatomy

    def covers(self, _blade: Any) -> bool:
        return True


@dataclass
class Quick:
    """Computations that only stamp their results."""

    fails: bool = False
    calls: list[str] = field(default_factory=list)
    blades: list[Blade] | None = None

    def surfaces(self, _anatomy: Any, _progress: Any, _known: Any) -> Surfaces:
        self.calls.append("surfaces")
        return Surfaces(_anatomy.grid)

    def fields(self, case: Case, _surfaces: Any, _progress: Any, _known: Any) -> Fields:
        self.calls.append("fields")
        return QuickFields(case.anatomy)  # type: ignore[return-value]

    def evaluation(self, case: Case, settings: Settings, *_rest: Any) -> Evaluation:
        self.calls.append("evaluation")
        if self.fails:
            raise ComputationFailed("NO_NUMBER", mark("The surface is not closed; no number is shown."))
        self.blades = [o.blade for o in case.plan.osteotomies]
        return self._stamped(case, settings)

    def rejudged(self, case: Case, settings: Settings) -> Evaluation | None:
        """Judge again while the blades are those that were evaluated last."""
        blades = [o.blade for o in case.plan.osteotomies]
        return self._stamped(case, settings) if self.blades == blades else None

    def forget(self) -> None:
        """Note that a case was closed."""
        self.calls.append("forget")

    def _stamped(self, case: Case, settings: Settings) -> Evaluation:
        inputs = inputs_of(case, settings)
        assert inputs is not None
        return Evaluation(inputs, PROGRAM, Status.WARN, (), (), (), (), (), (), (), ())


@pytest.fixture(scope="module")
def case() -> Case:
    return a_case(a_vertebral_column(LEVELS, spacing_ijk_mm=(4.0, 4.0, 4.0)), a_plan(levels=LEVELS))


def a_session(settings: Settings, case: Case, fails: bool = False) -> tuple[Session, HeldJobs, Quick]:
    jobs, quick = HeldJobs(), Quick(fails)
    session = Session(quick, settings, jobs)  # type: ignore[arg-type]
    session.derived._quiet.timeout.disconnect()
    session.open(case)
    session.derived._advance()
    return session, jobs, quick


def shown_is_current(session: Session, settings: Settings) -> None:
    view = session.view
    assert view.case is not None
    if view.evaluation is not None:
        now = inputs_of(view.case, settings)
        assert now is not None
        assert view.evaluation.inputs.same_as(now)
        assert not view.updating
    else:
        assert view.updating or view.failure or not view.case.plan.osteotomies


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("move", "preview", "drop", "undo", "redo", "delete", "add", "rename", "diagnose", "targets",
             "finish", "advance", "everything")
        ),
        st.integers(0, 5),
        st.floats(-8, 8, allow_nan=False),
    ),
    max_size=25,
)  # fmt: skip


@given(steps=STEPS)
def test_no_sequence_of_edits_and_late_results_shows_a_stale_number(
    qtbot_settings: Settings, case: Case, steps: list[tuple[str, int, float]]
) -> None:
    settings = qtbot_settings
    session, jobs, _ = a_session(settings, case)
    views: list[SessionView] = []
    session.changed.connect(views.append)
    for n, (what, which, amount) in enumerate(steps):
        act(session, jobs, what, which, amount, n)
        shown_is_current(session, settings)
    for view in views:
        if view.evaluation is not None:
            now = inputs_of(view.case, settings)  # type: ignore[arg-type]
            assert now is not None
            assert view.evaluation.inputs.same_as(now)
    session.drop_preview()
    session.derived._advance()
    jobs.finish_all()
    shown_is_current(session, settings)
    present = session.view
    assert present.case is not None
    assert (present.evaluation is not None) == bool(present.case.plan.osteotomies)


def numbers(session: Session) -> Evaluation | None:
    """Return the evaluation that is shown."""
    return session.view.evaluation


def settle(session: Session, jobs: HeldJobs) -> None:
    """Let everything that is computed arrive."""
    session.derived._advance()
    jobs.finish_all()


def act(session: Session, jobs: HeldJobs, what: str, which: int, amount: float, n: int) -> None:
    """Do one random thing."""
    case = session.case
    assert case is not None
    cuts = case.plan.osteotomies
    others: dict[str, Callable[[], object]] = {
        "diagnose": lambda: session.do(SetDiagnosis(Diagnosis(text=f"text {n}"))),
        "targets": lambda: session.do(SetTargets(required_margin_mm=abs(amount))),
        "drop": session.drop_preview,
        "undo": session.undo,
        "redo": session.redo,
        "finish": lambda: jobs.finish(list(jobs.held)[which % len(jobs.held)]) if jobs.held else None,
        "advance": session.derived._advance,
        "everything": lambda: settle(session, jobs),
    }
    if what in others:
        others[what]()
    elif cuts:
        act_on(session, cuts[which % len(cuts)], what, amount, n)


def act_on(session: Session, cut: Osteotomy, what: str, amount: float, n: int) -> None:
    """Do one random thing to a cut."""
    moved = MoveBlade(cut.id, cut.blade.moved((amount, 0.0, 0.0)))
    if what == "preview":
        session.preview(moved)
    elif what == "move":
        session.do(moved)
    elif what == "delete":
        session.do(RemoveOsteotomy(cut.id))
    elif what == "add":
        session.do(AddOsteotomy(replace(cut, id=f"new-{n}")))
    else:
        session.do(ChangeOsteotomy(cut.id, name=f"cut {n}"))


@pytest.fixture(scope="module")
def qtbot_settings(bench: Workbench, qapp: object) -> Settings:
    return bench.settings


def test_undo_shows_the_numbers_of_that_version_at_once(case: Case, qtbot_settings: Settings) -> None:
    session, jobs, quick = a_session(qtbot_settings, case)
    jobs.finish_all()
    first = numbers(session)
    assert first is not None
    cut = case.plan.osteotomies[0]
    session.do(MoveBlade(cut.id, cut.blade.moved((1.0, 0.0, 0.0))))
    assert numbers(session) is None
    session.undo()
    assert numbers(session) is first
    assert session.case is case
    assert quick.calls.count("evaluation") == 1


def test_a_name_is_told_at_once_and_never_says_updating(case: Case, qtbot_settings: Settings) -> None:
    session, jobs, quick = a_session(qtbot_settings, case)
    jobs.finish_all()
    views: list[SessionView] = []
    session.changed.connect(views.append)
    cut = case.plan.osteotomies[0]
    session.do(ChangeOsteotomy(cut.id, name="Another name"))
    session.do(ChangeOsteotomy(cut.id, locked=True))
    assert len(views) == 2
    assert not any(view.updating for view in views)
    shown_is_current(session, qtbot_settings)
    session.derived._advance()
    assert not jobs.held
    assert quick.calls.count("evaluation") == 1


def test_an_evaluation_is_one_object_while_nothing_about_it_changes(
    case: Case, qtbot_settings: Settings
) -> None:
    """Who shows it, compares it: with acceptances it must not look like another on every look."""
    session, jobs, _ = a_session(qtbot_settings, case)
    jobs.finish_all()
    found = numbers(session)
    assert found is not None
    accepted = Acceptance("any", "Dr A", "because", AT, found.inputs.digest)
    session.open(replace(case, acceptances=(accepted,)))
    assert numbers(session) is numbers(session)
    assert numbers(session) is not None
    session.open(case)
    assert numbers(session) is found


def test_a_failed_check_says_why_and_shows_no_number(case: Case, qtbot_settings: Settings) -> None:
    session, jobs, _ = a_session(qtbot_settings, case, fails=True)
    jobs.finish_all()
    view = session.view
    assert view.evaluation is None
    assert not view.updating
    assert view.failure == "The surface is not closed; no number is shown."


def test_a_refused_edit_changes_nothing_and_is_told(
    case: Case, qtbot_settings: Settings, qtbot: QtBot
) -> None:
    session, _, _ = a_session(qtbot_settings, case)
    cut = case.plan.osteotomies[0]
    session.do(ChangeOsteotomy(cut.id, locked=True))
    locked = session.case
    told: list[PlanningError] = []
    session.refused.connect(told.append)
    assert not session.do(MoveBlade(cut.id, cut.blade.moved((1.0, 0.0, 0.0))))
    assert session.case is locked
    assert told[0].code == "LOCKED"


def dirty(session: Session) -> bool:
    return session.is_dirty


def test_dirty_follows_the_saved_version(case: Case, qtbot_settings: Settings) -> None:
    session, _, _ = a_session(qtbot_settings, case)
    assert not dirty(session)
    session.do(SetDiagnosis(Diagnosis(text="chordoma")))
    assert dirty(session)
    session.undo()
    assert not dirty(session)
    session.redo()
    edited = session.case
    assert edited is not None
    session.mark_saved(edited, None)
    assert not dirty(session)
