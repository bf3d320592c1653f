"""The line at the foot of the window says the one thing to do next."""

from dataclasses import replace
from datetime import UTC, datetime

from app.session import SessionView
from app.showing import next_step
from planning.editing.image_edits import AcknowledgeFinding
from planning.model.case import Case
from planning.model.study import Finding, Severity
from tests.builders import a_case, a_cord_cylinder, a_plan


def _view(case: Case) -> SessionView:
    return replace(SessionView(), case=case)


def test_a_gap_comes_before_everything_else_until_it_is_acknowledged() -> None:
    case = a_case(a_cord_cylinder(), a_plan())
    gap = Finding("GAP", "slices are missing", (), Severity.WARN)
    gapped = replace(case, images=(replace(case.images[0], findings=(gap,)),))
    assert next_step(_view(gapped)).startswith("Next: read which slices are missing and acknowledge it")
    known = AcknowledgeFinding("ct", "GAP", "Dr R", datetime(2026, 1, 1, tzinfo=UTC)).apply(gapped)
    assert next_step(_view(known)) == next_step(_view(case)) != next_step(_view(gapped))
