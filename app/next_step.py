"""The one thing to do next, for whoever has never seen the program: in the order of the stages."""

from app.session import SessionView
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.limits import Limits
from planning.model.structures import ReviewState, StructureKind
from planning.safety.board import board
from planning.safety.results import Status
from planning.safety.reviews import asked_for_review
from planning.texts import tr


def next_step(view: SessionView, limits: Limits) -> str:
    """Return what a person who has never seen the program does next; one step, in the order of the stages."""
    case = view.case
    anatomy = case.anatomy if case is not None else None
    if case is None:
        return tr("Next: open the demo case, or import a DICOM folder (Case).")
    if anatomy is None:
        return tr("Next: import images (Case).")
    early = _before_the_check(case, anatomy)
    if early:
        return early
    if anatomy.levels and anatomy.levels_confirmed is None:
        return tr("Next: count the levels and confirm them (button in the patient's line).")
    drafts = asked_for_review(anatomy, limits)
    if drafts:
        return tr(
            "Next: review {count} of {all} draft outlines: those the limits ask a person to see, "
            "such as {title} (Anatomy, 'Review...').",
            count=len(drafts),
            all=sum(s.review.state is ReviewState.DRAFT for s in anatomy.structures),
            title=drafts[0].title,
        )
    if view.evaluation is None:
        return ""
    if any(not line.accepted and line.status is Status.FAIL for line in board(view.evaluation, case)):
        return tr("Next: settle what fails on the safety board: a click on a line flies there.")
    return tr("Next: look at the pieces (Check), then write the report (Ctrl+P).")


def _before_the_check(case: Case, anatomy: Anatomy) -> str:
    if case.unacknowledged:
        return tr(
            "Next: read which slices are missing and acknowledge it (Case, Images); "
            "until then no number is shown."
        )
    if not anatomy.structures:
        return tr(
            "Next: import labels (Anatomy). Without outlined structures nothing can be checked: "
            "use a label map drawn in another program, or a folder of TotalSegmentator masks."
        )
    has_tumour = bool(anatomy.of_kind(StructureKind.TUMOUR))
    if not case.plan.osteotomies and not has_tumour:
        return tr(
            "Next: choose the target levels (Plan, Target), then press 'Add cut'. No tumour is outlined, so "
            "no margin will be told: import its outline (Anatomy)."
        )
    if not case.plan.osteotomies:
        return tr(
            "Next: choose target levels and tumour (Plan, Target), then press 'Add cut' for the first cut."
        )
    if not case.plan.target_levels or (has_tumour and case.plan.tumour is None):
        return tr("Next: choose target levels and tumour (Plan, Target); margins need both.")
    return ""
