"""The safety board: one sentence per cut and per problem, worst first, each with the place to fly to."""

from dataclasses import dataclass
from typing import Final

from planning.geometry.frames import Vec3
from planning.model.anatomy import Anatomy
from planning.model.case import Acceptance, Case
from planning.model.osteotomy import Osteotomy
from planning.model.structures import KIND_NAMES, StructureKind, reference_words
from planning.safety.judge import reason_words
from planning.safety.results import (
    SEVERITY,
    Clearance,
    Evaluation,
    PlanProblem,
    SpecimenMargin,
    Status,
    TumourMargin,
)
from planning.texts import about, clauses, listed, mark, tr

Measured = Clearance | TumourMargin
SURFACE_WORDS: Final = {
    "cranial": mark("upper (cranial) end"),
    "caudal": mark("lower (caudal) end"),
    "pedicle left": mark("cut through the left pedicle"),
    "pedicle right": mark("cut through the right pedicle"),
    "other cut": mark("other cut surfaces"),
    "epidural": mark("surface towards the dura (epidural)"),
    "anterior": mark("front (anterior)"),
    "posterior": mark("back (posterior)"),
    "lateral left": mark("left side"),
    "lateral right": mark("right side"),
}
_AT_THE_SURFACE_MM: Final = 0.05  # rounds to nothing


@dataclass(frozen=True)
class BoardLine:
    """One line of the board.

    Parameters
    ----------
    status : Status
        An accepted line keeps its status.
    sentence : str
        What is so, with its number; rounded to 0.1 mm.
    key : str or None
        Key of the result it speaks of (`Clearance.key`, `TumourMargin.key`, `PlanProblem.key`): what a
        click flies to and what an acceptance names. None where there is nothing to accept.
    osteotomy : str or None
    step : int or None
    tool_point_lps_mm, structure_point_lps_mm : Vec3 or None
        The two closest points; a problem with one point has only the first.
    accepted : Acceptance or None
    value_mm : float or None
        The distance the sentence speaks of, negative where the tool enters; None where it speaks of none.
    subject : str
        The one result `key` names, where the sentence speaks of more: what an acceptance accepts.
    """

    status: Status
    sentence: str
    key: str | None = None
    osteotomy: str | None = None
    step: int | None = None
    tool_point_lps_mm: Vec3 | None = None
    structure_point_lps_mm: Vec3 | None = None
    accepted: Acceptance | None = None
    value_mm: float | None = None
    subject: str = ""


def board(evaluation: Evaluation, case: Case) -> tuple[BoardLine, ...]:
    """Return the board of a current evaluation: by status, accepted ones last, then the nearest first.

    Missing structures are listed as not assessed; nothing that was left out reads as safe.
    """
    anatomy = evaluation.inputs.anatomy
    lines = [_cut_line(o, evaluation, anatomy) for o in case.plan.osteotomies]
    lines += [_problem_line(problem, case) for problem in evaluation.problems]
    lines += _specimen_lines(evaluation.specimen_margins)
    lines += _missing_lines(evaluation, anatomy)
    return tuple(sorted((line for line in lines if line is not None), key=_rank))


def millimetres(value_mm: float) -> str:
    """Return a distance for people: 0.1 mm, never more digits than it is worth."""
    return f"{abs(value_mm):.1f}" if abs(value_mm) >= 0.05 else tr("less than 0.1")


def result_sentence(result: Measured, what: str) -> str:
    """Return one distance in words: how far, to what, and what set its status."""
    value_mm = result.value_mm
    if value_mm is None:
        return tr(
            "the distance to the {what} is not assessed: {reason}",
            what=what,
            reason=reason_words(result.reason or ""),
        )
    if value_mm < 0:
        words = tr("enters the {what} by {value} mm", what=what, value=millimetres(value_mm))
    else:
        words = tr("{value} mm to the {what}", what=what, value=millimetres(value_mm))
    return clauses((words, result.note))


def _rank(line: BoardLine) -> tuple[int, bool, float, int]:
    # What has no distance of its own is not the less urgent for it.
    value_mm = line.value_mm if line.value_mm is not None else 0.0
    step = line.step if line.step is not None else 1000
    return (SEVERITY[line.status], line.accepted is not None, value_mm, step)


def _worst_first(result: Measured) -> tuple[int, bool, bool, float]:
    accepted = not isinstance(result, SpecimenMargin) and result.accepted is not None
    return (
        SEVERITY[result.status],
        result.capped,
        accepted,
        result.value_mm if result.value_mm is not None else 0.0,
    )


def _cut_line(osteotomy: Osteotomy, evaluation: Evaluation, anatomy: Anatomy) -> BoardLine | None:
    results: list[Measured] = [c for c in evaluation.clearances if c.osteotomy == osteotomy.id]
    results += [m for m in evaluation.tumour_margins if m.osteotomy == osteotomy.id]
    if not results:
        words = tr("{cut}: nothing to measure against", cut=osteotomy.title)
        return BoardLine(Status.NOT_ASSESSED, words, osteotomy=osteotomy.id, step=osteotomy.step)
    ordered = sorted(results, key=_worst_first)
    first = ordered[0]
    words = about(osteotomy.title, result_sentence(first, _what(first, anatomy)))
    others = [
        _also(ordered[1:], status, anatomy) for status in (Status.FAIL, Status.NOT_ASSESSED, Status.WARN)
    ]
    return BoardLine(
        status=first.status,
        sentence=clauses([words, *(o for o in others if o)]),
        key=first.key,
        osteotomy=osteotomy.id,
        step=osteotomy.step,
        tool_point_lps_mm=first.tool_point_lps_mm,
        structure_point_lps_mm=first.structure_point_lps_mm,
        accepted=first.accepted,
        subject=words,
        value_mm=first.value_mm,
    )


def _also(rest: list[Measured], status: Status, anatomy: Anatomy) -> str:
    """Name every further result of a status: a count would hide which vessel is meant."""
    # While the level count is unconfirmed every pass reads as a warning; one line of its own says so.
    named = [_brief(r, anatomy) for r in rest if r.status is status and not r.capped]
    if not named:
        return ""
    names = listed(named)
    words = {
        Status.FAIL: tr("also fails: {results}", results=names),
        Status.NOT_ASSESSED: tr("also not assessed: {results}", results=names),
        Status.WARN: tr("also warns: {results}", results=names),
    }
    return words[status]


def _brief(result: Measured, anatomy: Anatomy) -> str:
    what, value_mm = _what(result, anatomy), result.value_mm
    if value_mm is None:
        return what
    if value_mm < 0:
        words = tr("enters the {what} by {value} mm", what=what, value=millimetres(value_mm))
    else:
        words = tr("{value} mm to the {what}", what=what, value=millimetres(value_mm))
    remarks = clauses(_remarks(result, value_mm)) if isinstance(result, Clearance) else ""
    return tr("{words} ({remarks})", words=words, remarks=remarks) if remarks else words


def _remarks(result: Clearance, value_mm: float) -> list[str]:
    """Return what is said in brackets: the overshoot, and the guard that may part two like distances."""
    beyond_mm = result.with_overshoot_mm
    remarks = []
    if value_mm >= 0 and beyond_mm is not None and beyond_mm < 0:
        remarks.append(tr("with overshoot {value} mm into it", value=millimetres(beyond_mm)))
    if result.status in (Status.FAIL, Status.WARN):
        remarks.append(short_guard(result))
    return remarks


def short_guard(result: Clearance) -> str:
    """Return the guard that counts for a clearance as ``guard: dural guard``, or that there is none."""
    if result.guard is None:
        return tr("no guard")
    return tr("guard: {guard}", guard=result.guard.partition(":")[0].strip())


def _what(result: Measured, anatomy: Anatomy) -> str:
    if isinstance(result, TumourMargin):
        return tr(KIND_NAMES[StructureKind.TUMOUR])
    structure = anatomy.structure(result.structure_id)
    return structure.title if structure is not None else result.structure


def _problem_line(problem: PlanProblem, case: Case) -> BoardLine:
    osteotomy = case.plan.osteotomy(problem.osteotomies[0]) if problem.osteotomies else None
    return BoardLine(
        status=problem.status,
        sentence=problem.sentence,
        key=problem.key,
        osteotomy=osteotomy.id if osteotomy else None,
        step=osteotomy.step if osteotomy else None,
        tool_point_lps_mm=problem.point_lps_mm,
        accepted=problem.accepted,
    )


def _specimen_lines(margins: tuple[SpecimenMargin, ...]) -> list[BoardLine]:
    """Return one line per status and reason, so that ten surfaces without a number stay one sentence."""
    groups: dict[tuple[Status, str | None], list[SpecimenMargin]] = {}
    for margin in margins:
        if margin.status is not Status.PASS:
            groups.setdefault((margin.status, margin.reason), []).append(margin)
    return [_specimen_line(status, group) for (status, _), group in groups.items()]


def _specimen_line(status: Status, group: list[SpecimenMargin]) -> BoardLine:
    least = min(group, key=lambda m: m.value_mm if m.value_mm is not None else 0.0)
    if least.value_mm is None:
        surfaces = listed(surface_words(m.surface) for m in group)
        reason = reason_words(least.reason or "")
        words = tr("Specimen, {surfaces}: margin not assessed: {reason}", surfaces=surfaces, reason=reason)
    else:
        words = _surface_sentence(least, least.value_mm)
        words = clauses((words, least.note))
        rest = sorted((m for m in group if m is not least and not m.capped), key=lambda m: m.value_mm or 0.0)
        if rest:
            others = listed(
                tr("{surface} {value} mm", surface=surface_words(m.surface), value=_signed(m.value_mm))
                for m in rest
                if m.value_mm is not None
            )
            words = tr("{words}; the same for: {listed}", words=words, listed=others)
    return BoardLine(
        status,
        words,
        tool_point_lps_mm=least.surface_point_lps_mm,
        structure_point_lps_mm=least.tumour_point_lps_mm,
        value_mm=least.value_mm,
    )


def surface_words(surface: str) -> str:
    """Return what a part of the specimen's surface is called."""
    return tr(SURFACE_WORDS.get(surface, surface))


def _surface_sentence(margin: SpecimenMargin, value_mm: float) -> str:
    surface = surface_words(margin.surface)
    if value_mm < 0:
        return tr("Specimen, {surface}: passes through tumour, {value} mm deep", surface=surface,
                  value=millimetres(value_mm))  # fmt: skip
    if value_mm < _AT_THE_SURFACE_MM:
        return tr("Specimen, {surface}: tumour reaches the surface", surface=surface)
    return tr("Specimen, {surface}: {value} mm to the tumour by plan", surface=surface,
              value=millimetres(value_mm))  # fmt: skip


def _signed(value_mm: float) -> str:
    return ("−" if value_mm < 0 else "") + millimetres(value_mm)


def missing_sentence(name: str, anatomy: Anatomy) -> str:
    """Return in plain words that something has no outline, what that means and what to do.

    Parameters
    ----------
    name : str
        As `Evaluation.not_assessed` names it: a kind, or a structure's own name.
    anatomy : Anatomy
    """
    title = reference_words(name)
    title = title[:1].upper() + title[1:]
    around = (StructureKind.SPINAL_CANAL, StructureKind.DURAL_SAC)
    if name == StructureKind.SPINAL_CORD.value and any(not s.mask.is_empty for s in anatomy.of_kind(*around)):
        return tr(
            "{structure}: has no outline of its own (CT does not show it), so its own distance is not "
            "assessed. Distances to the canal or sac that holds it are given. Outline it on MR, or mark it "
            "as not in this field.",
            structure=title,
        )
    return tr(
        "{structure}: has no outline, so no distance to it is assessed. Outline it, or mark it as not in "
        "this field.",
        structure=title,
    )


def not_assessed_sentences(evaluation: Evaluation) -> tuple[str, ...]:
    """Return a sentence for everything `Evaluation.not_assessed` names, in the board's words."""
    anatomy = evaluation.inputs.anatomy
    there = {s.reference: s.title for s in anatomy.structures if not s.mask.is_empty}
    return tuple(
        tr("{structure}: some distances to it are not assessed.", structure=there[name])
        if name in there
        else missing_sentence(name, anatomy)
        for name in evaluation.not_assessed
    )


def _missing_lines(evaluation: Evaluation, anatomy: Anatomy) -> list[BoardLine]:
    there = {s.reference for s in anatomy.structures if not s.mask.is_empty}
    return [
        BoardLine(Status.NOT_ASSESSED, missing_sentence(name, anatomy))
        for name in evaluation.not_assessed
        if name not in there
    ]
