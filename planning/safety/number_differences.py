"""Which numbers differ between two evaluations made under the same limits by the same program."""

from collections.abc import Iterator

from planning.editing.differences import ABSENT, Difference
from planning.model.structures import reference_words
from planning.safety.board import surface_words
from planning.safety.judge import reason_words
from planning.safety.results import STATUS_WORDS, Evaluation, Status
from planning.texts import tr


def number_differences(old: Evaluation, new: Evaluation) -> tuple[Difference, ...]:
    """Return every clearance, margin, specimen margin and problem that reads otherwise, worst change first.

    Numbers are compared as they are printed, to 0.1 mm, with their status; a withheld number reads as a
    dash with its reason.
    """
    group = tr("Numbers")
    before, after = _readings(old), _readings(new)
    found = [
        Difference(group, subject, before.get(subject, ABSENT), after.get(subject, ABSENT))
        for subject in dict.fromkeys((*after, *before))
        if before.get(subject) != after.get(subject)
    ]
    overall = (tr(STATUS_WORDS[old.status]), tr(STATUS_WORDS[new.status]))
    if overall[0] != overall[1]:
        found.insert(0, Difference(group, tr("overall"), *overall))
    return tuple(found)


def _readings(evaluation: Evaluation) -> dict[str, str]:
    return dict(_each(evaluation))


def _each(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    titles = {o.id: o.title for o in evaluation.inputs.plan.osteotomies}
    for c in evaluation.clearances:
        cut = titles.get(c.osteotomy, c.osteotomy)
        yield (
            tr("{cut} to {structure}", cut=cut, structure=reference_words(c.structure)),
            _read(c.value_mm, c.status, c.reason),
        )
    for m in evaluation.tumour_margins:
        cut = titles.get(m.osteotomy, m.osteotomy)
        yield tr("{cut} to the tumour", cut=cut), _read(m.value_mm, m.status, m.reason)
    for s in evaluation.specimen_margins:
        subject = tr("specimen margin, {surface}", surface=surface_words(s.surface))
        yield subject, _read(s.value_mm, s.status, s.reason)
    for p in evaluation.problems:
        yield p.sentence, tr(STATUS_WORDS[p.status])
    for name in evaluation.not_assessed:
        yield reference_words(name), tr(STATUS_WORDS[Status.NOT_ASSESSED])


def _read(value_mm: float | None, status: Status, reason: str | None) -> str:
    words = tr(STATUS_WORDS[status])
    if value_mm is None:
        return f"{ABSENT} {words}" + (f" ({reason_words(reason)})" if reason else "")
    return f"{value_mm:.1f} mm {words}"
