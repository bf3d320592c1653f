"""Everything said about one plan, composed from distances, pieces, ledger and limits."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from planning.errors import PlanInvalid
from planning.model.case import Case
from planning.model.settings import Settings
from planning.model.stamp import PROGRAM, Inputs, inputs_of
from planning.model.structures import StructureKind
from planning.progress import Progress
from planning.safety.clearance import RawClearance, clearances_of
from planning.safety.completeness import (
    LEVELS_UNCONFIRMED,
    emptied_structures,
    missing_structures,
    remarks_of,
    slice_spacing_mm,
)
from planning.safety.fields import Fields
from planning.safety.judge import Judge
from planning.safety.ledger import ledger_of
from planning.safety.measured import Measured, Recent, measured_of
from planning.safety.plan_checks import plan_problems
from planning.safety.results import Clearance, Evaluation, PlanProblem, Status, TumourMargin, worst
from planning.safety.self_test import self_test
from planning.safety.specimen import link_of, piece_of, problem_of, specimen_margins_of
from planning.safety.unresolved import cautions_of
from planning.safety.unseen_problems import unseen_problems
from planning.segmentation.surfaces import Surfaces
from planning.texts import mark, tr

if TYPE_CHECKING:
    from planning.kernel.process import Worker


@dataclass(frozen=True, eq=False)
class LiveResult:
    """One dragged cut's distances, from the distance fields alone: not yet confirmed by the second evaluator.

    Stamped like an evaluation, so `is_current` decides whether it may be shown; it is never printed,
    stored or exported.
    """

    inputs: Inputs
    osteotomy: str
    clearances: tuple[Clearance, ...]
    margin: TumourMargin
    cross_checked: bool = False


def evaluate(
    case: Case,
    settings: Settings,
    progress: Progress,
    surfaces: Surfaces | None = None,
    fields: Fields | None = None,
    worker: "Worker | None" = None,
    recent: Recent | None = None,
) -> Evaluation:
    """Evaluate the active plan of a case.

    Parameters
    ----------
    case : Case
    settings : Settings
    progress : Progress
    surfaces, fields : optional
        Known ones; whatever does not belong to the case's masks is computed anew.
    worker : Worker or None
        Child process for what holds the interpreter lock.
    recent : Recent or None
        Where the latest measurement is kept: what did not change since is not measured again.

    Raises
    ------
    PlanInvalid
        Where the case holds no image yet.
    Cancelled
    """
    inputs = _inputs(case, settings)
    tested = self_test()
    if not tested.ok:
        return _withheld_entirely(case, settings, inputs, tested.reason or "")
    judge = Judge(case, settings, inputs, _withheld(case, settings))
    known = recent.measured if recent is not None else None
    measured = measured_of(inputs.anatomy, inputs.plan, progress, surfaces, fields, worker, known)
    if recent is not None:
        recent.measured = measured
    return _composed(judge, measured)


def rejudged(case: Case, settings: Settings, recent: Recent) -> Evaluation | None:
    """Return the evaluation of a case from what is measured already, in some milliseconds.

    Reviews, the level count, names, steps, guards and actions change what is said of a distance, not
    the distance. None where anything has to be measured, or where nothing may be.

    Raises
    ------
    PlanInvalid
        Where the case holds no image yet.
    """
    inputs, known = _inputs(case, settings), recent.measured
    if known is None or not known.serves(inputs.anatomy, inputs.plan) or not self_test().ok:
        return None
    return _composed(Judge(case, settings, inputs, _withheld(case, settings)), known)


def live(case: Case, settings: Settings, fields: Fields, osteotomy_id: str) -> LiveResult:
    """Return the clearances and the tumour margin of one cut while it is dragged.

    Raises
    ------
    PlanInvalid
        Where the case holds no image, the plan no such cut, or the fields belong to other masks.
    """
    inputs = _inputs(case, settings)
    osteotomy = inputs.plan.osteotomy(osteotomy_id)
    if osteotomy is None:
        raise PlanInvalid("NO_OSTEOTOMY", mark("The plan has no cut {id}."), id=osteotomy_id)
    if not fields.fits(inputs.anatomy):
        raise PlanInvalid("OLD_FIELDS", mark("The distances belong to structures that have changed since."))
    tested = self_test()
    judge = Judge(case, settings, inputs, _withheld(case, settings) if tested.ok else "self_test_failed")
    raws = clearances_of(osteotomy, fields)
    return LiveResult(inputs, osteotomy.id, judge.clearances(osteotomy, raws), judge.margin(osteotomy, raws))


Raws = dict[str, tuple[RawClearance, ...]]


def _inputs(case: Case, settings: Settings) -> Inputs:
    inputs = inputs_of(case, settings)
    if inputs is None:
        raise PlanInvalid("NO_IMAGE", mark("This case holds no image yet, so there is nothing to evaluate."))
    return inputs


def _withheld(case: Case, settings: Settings) -> str | None:
    if slice_spacing_mm(case) > settings.limits.slices.refuse_above_mm:
        return "thick_slices"
    return "unacknowledged" if case.unacknowledged else None


def _composed(judge: Judge, found: Measured) -> Evaluation:
    inputs, settings = judge.inputs, judge.settings
    cuts = inputs.plan.osteotomies
    measured = {o.id: found.rows[o.blade] for o in cuts}
    resection, solids = found.resection, found.solids
    clearances = tuple(c for o in cuts for c in judge.clearances(o, measured[o.id]))
    tumour_margins = tuple(judge.margin(o, measured[o.id]) for o in cuts)
    specimen = specimen_margins_of(judge, found.margins)
    problems = _told_apart(
        *(problem_of(p, inputs.plan) for p in (*resection.problems, *solids.problems)),
        *_other_tumours(judge, measured),
        *ledger_of(inputs.anatomy, inputs.plan, settings.limits).problems,
        *plan_problems(inputs.anatomy, inputs.plan, settings),
        *_unconfirmed(judge),
        *unseen_problems(judge),
    )
    not_assessed = _not_assessed(judge, clearances)
    remarks = remarks_of(judge.case, settings.limits)
    unresolved = {s.id: s.unresolved for s in found.fields.structures}
    cautions = (*remarks.cautions, *cautions_of(inputs.anatomy, unresolved))
    statuses = [c.status for c in clearances] + [m.status for m in tumour_margins]
    statuses += [m.status for m in specimen] + [p.status for p in problems]
    statuses += [Status.NOT_ASSESSED] if not_assessed or not cuts else [Status.PASS]
    statuses += [Status.WARN for _ in cautions]
    return Evaluation(
        inputs=inputs,
        program=PROGRAM,
        status=worst(statuses),
        clearances=clearances,
        tumour_margins=tumour_margins,
        pieces=tuple(piece_of(p, solids.meshes.get(p.id)) for p in resection.pieces),
        links=tuple(link_of(link) for link in resection.links),
        specimen_margins=specimen,
        problems=problems,
        not_assessed=not_assessed,
        warnings=(*cautions, *remarks.notes),
    )


def _told_apart(*problems: PlanProblem) -> tuple[PlanProblem, ...]:
    """Return the problems with keys that differ, so that accepting one never accepts another."""
    seen: dict[str, int] = {}
    result = []
    for problem in problems:
        seen[problem.key] = seen.get(problem.key, 0) + 1
        again = seen[problem.key]
        result.append(problem if again == 1 else replace(problem, subject=f"{problem.subject}#{again}"))
    return tuple(result)


def _not_assessed(judge: Judge, clearances: tuple[Clearance, ...]) -> tuple[str, ...]:
    names = [
        *missing_structures(judge.inputs.anatomy, judge.settings.limits),
        *emptied_structures(judge.inputs.anatomy, judge.settings.limits),
    ]
    if not judge.tumours:
        names.append(StructureKind.TUMOUR.value)
    names += [c.structure for c in clearances if c.status is Status.NOT_ASSESSED]
    return tuple(dict.fromkeys(names))


def _unconfirmed(judge: Judge) -> tuple[PlanProblem, ...]:
    return (
        ()
        if judge.is_confirmed
        else (PlanProblem("levels_unconfirmed", Status.WARN, tr(LEVELS_UNCONFIRMED)),)
    )


def _other_tumours(judge: Judge, measured: Raws) -> list[PlanProblem]:
    """Return cuts that pass through a tumour the plan does not speak of: no margin would tell of it."""
    planned = {s.id for s in judge.tumours}
    others = [s for s in judge.inputs.anatomy.of_kind(StructureKind.TUMOUR) if s.id not in planned]
    problems = []
    for structure in others:
        for osteotomy in judge.inputs.plan.osteotomies:
            raw = next((r for r in measured[osteotomy.id] if r.structure_id == structure.id), None)
            if raw is None or raw.value_mm is None or raw.value_mm >= 0:
                continue
            words = tr(
                "{cut} passes through {tumour}, a tumour this plan does not take out.",
                cut=osteotomy.title,
                tumour=structure.title,
            )
            problem = PlanProblem("other_tumour", Status.FAIL, words, (osteotomy.id,), subject=structure.id)
            problems.append(replace(problem, point_lps_mm=raw.tool_point_lps_mm))
    return problems


def _withheld_entirely(case: Case, settings: Settings, inputs: Inputs, reason: str) -> Evaluation:
    """Return an evaluation without a single number: the program does not measure right on this machine."""
    judge = Judge(case, settings, inputs, "self_test_failed")
    cuts = inputs.plan.osteotomies
    words = tr(
        "The program's self-test failed ({reason}): no number is shown; do not plan with it.", reason=reason
    )
    clearances = tuple(c for o in cuts for c in judge.clearances(o, ()))
    return Evaluation(
        inputs=inputs,
        program=PROGRAM,
        status=Status.NOT_ASSESSED,
        clearances=clearances,
        tumour_margins=tuple(judge.margin(o, ()) for o in cuts),
        pieces=(),
        links=(),
        specimen_margins=(),
        problems=(PlanProblem("self_test_failed", Status.NOT_ASSESSED, words),),
        not_assessed=_not_assessed(judge, clearances),
        warnings=remarks_of(case, settings.limits).cautions,
    )
