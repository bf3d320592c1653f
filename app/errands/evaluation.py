"""Evaluate a case: surfaces, distance fields, pieces, statuses, all from the same inputs."""

from dataclasses import dataclass, replace
from pathlib import Path

from app.errands.workbench import Workbench
from planning.errors import PlanInvalid
from planning.model.case import Case
from planning.model.plan_json import read_plan
from planning.progress import Progress, part
from planning.safety.evaluation import evaluate
from planning.safety.fields import Fields, fields_of
from planning.safety.results import Evaluation
from planning.segmentation.surfaces import Surfaces, surfaces_of
from planning.texts import mark


@dataclass(frozen=True, eq=False)
class Assessed:
    """A case with everything derived from it."""

    case: Case
    surfaces: Surfaces
    fields: Fields
    evaluation: Evaluation


def with_plan_file(case: Case, plan: Path | None, bench: Workbench) -> Case:
    """Return the case with the plan of a JSON file as its active plan; raises `PlanInvalid`."""
    if plan is None:
        return case
    return replace(case, plans=(read_plan(plan, bench.settings.tools),), active_plan=0)


def assess(case: Case, bench: Workbench, progress: Progress) -> Assessed:
    """Compute everything a report needs; raises `PlanInvalid` where nothing is loaded."""
    if case.anatomy is None:
        raise PlanInvalid("NO_IMAGE", mark("This case holds no image yet, so there is nothing to evaluate."))
    surfaces = surfaces_of(case.anatomy, part(progress, 0.0, 0.3), worker=bench.worker)
    fields = fields_of(case.anatomy, surfaces, case.plan, part(progress, 0.3, 0.5))
    evaluation = evaluate(case, bench.settings, part(progress, 0.5, 1.0), surfaces, fields, bench.worker)
    return Assessed(case, surfaces, fields, evaluation)
