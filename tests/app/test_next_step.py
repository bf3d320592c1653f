"""The line at the foot of the window names the next step from the start page to the report."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from app.landing import start_lps_mm
from app.next_step import next_step
from app.session import SessionView
from planning.editing.anatomy_edits import ConfirmLevels, ReviewStructure
from planning.model.case import Case
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Plan
from planning.model.settings import load_settings
from planning.model.stamp import PROGRAM, inputs_of
from planning.model.structures import ReviewState, StructureKind
from planning.safety.results import Evaluation, PlanProblem, Status
from tests.builders import a_case, a_plan, a_vertebral_column
from tests.phantoms import PERIOD_MM
from tests.rendering.drawing import a_blade

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
AT = datetime(2026, 1, 1, tzinfo=UTC)
LEVELS = ("T9", "T10", "T11")


def said(case: Case | None, evaluation: Evaluation | None = None) -> str:
    return next_step(SessionView(case=case, evaluation=evaluation), SETTINGS.limits)


def an_evaluation(case: Case, *problems: PlanProblem) -> Evaluation:
    inputs = inputs_of(case, SETTINGS)
    assert inputs is not None
    return Evaluation(inputs, PROGRAM, Status.WARN, (), (), (), (), (), problems, (), ())


def test_every_step_from_the_start_page_to_the_report() -> None:
    assert "open the demo case" in said(None)
    anatomy = a_vertebral_column(LEVELS, spacing_ijk_mm=(4.0, 4.0, 4.0))
    case = a_case(anatomy, Plan())
    bare = replace(case, anatomy=replace(anatomy, structures=()))
    assert "import labels" in said(bare)
    without = [s for s in anatomy.structures if s.kind is not StructureKind.TUMOUR]
    assert "No tumour is outlined" in said(replace(case, anatomy=replace(anatomy, structures=tuple(without))))
    assert "then press 'Add cut' for the first cut" in said(case)
    plan = a_plan(levels=LEVELS)
    assert "margins need both" in said(case.with_plan(replace(plan, tumour=None)))
    case = case.with_plan(plan)
    assert "count the levels" in said(case)
    case = ConfirmLevels("Dr A", "whole spine", AT).apply(case)
    asked = [s for s in anatomy.structures if s.kind in SETTINGS.limits.review_advised]
    assert f"review {len(asked)} of {len(anatomy.structures)} draft outlines" in said(case)
    for structure in asked:
        case = ReviewStructure(structure.id, ReviewState.REVIEWED, "Dr A", AT).apply(case)
    assert said(case) == ""  # numbers are on their way: the job bar says so
    fails = PlanProblem("not_free", Status.FAIL, "It is held.")
    assert "settle what fails" in said(case, an_evaluation(case, fails))
    assert "write the report" in said(case, an_evaluation(case))


def test_a_case_begins_where_the_operation_is() -> None:
    anatomy = a_vertebral_column(LEVELS, spacing_ijk_mm=(2.0, 2.0, 2.0))
    case = a_case(anatomy, Plan())
    at_tumour = start_lps_mm(case)
    assert at_tumour is not None
    np.testing.assert_allclose(at_tumour, (4.0, 0.0, -2 * PERIOD_MM), atol=2.0)
    healthy = a_vertebral_column(LEVELS, spacing_ijk_mm=(2.0, 2.0, 2.0), tumour=None)
    amid = start_lps_mm(a_case(healthy, Plan()))
    assert amid is not None
    assert abs(amid[2] + PERIOD_MM) < 14.0  # the middle one of three vertebrae
    assert start_lps_mm(replace(case, anatomy=replace(anatomy, structures=()))) is None
    lowest = start_lps_mm(a_case(healthy, Plan(target_levels=(LEVELS[-1],))))
    assert lowest is not None
    assert abs(lowest[2] + (len(LEVELS) - 1) * PERIOD_MM) < 14.0  # the level to be resected
    far = Osteotomy("far", OsteotomyKind.FREE, "saw", a_blade(origin_lps_mm=(90.0, 0.0, 0.0)))
    assert start_lps_mm(a_case(anatomy, Plan(osteotomies=(far,)))) == at_tumour
    beside = start_lps_mm(a_case(healthy, Plan(osteotomies=(far,))))
    assert beside is not None
    assert beside[0] > 80.0
