"""From a distance to a status: the three tests of CLINICAL 3.3, and what guards and actions change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from planning.model.anatomy import Anatomy
from planning.model.limits import ClearanceLimit, Limits
from planning.model.osteotomy import Osteotomy
from planning.model.plan import SACRIFICED, Action, Plan
from planning.model.structures import Structure
from planning.safety.results import MarginClass, Status, worst
from planning.safety.spoken_names import guard_words, spoken_names
from planning.texts import clauses, listed, mark, tr

ACTION_NAMES = {
    Action.KEEP: mark("kept"),
    Action.LIGATE: mark("ligated"),
    Action.EMBOLISE: mark("embolised"),
    Action.CUT: mark("cut"),
    Action.MOBILISE: mark("mobilised"),
}
_NOTHING_MM: Final = 0.05  # what rounds to nothing needs no word of its spread


@dataclass(frozen=True)
class Protection:
    """What the plan does for one structure by the time of one cut.

    Parameters
    ----------
    guard : str or None
        What stands between, as it is printed; None where nothing counts.
    mobilised : bool
        The structure no longer lies where it was imaged.
    sacrificed : str or None
        Why its clearance is no failure, in words; None where the structure is kept.
    remarks : tuple of str
        Why something the plan names does not count.
    title : str
        The structure, as people read it.
    others : tuple of str
        The guards the cut names for other structures, as people say them.
    """

    guard: str | None = None
    mobilised: bool = False
    sacrificed: str | None = None
    remarks: tuple[str, ...] = ()
    title: str = ""
    others: tuple[str, ...] = ()

    @property
    def no_guard(self) -> str:
        """What is said where no guard counts; a cut that names guards for others must not read as bare."""
        if not self.others:
            return tr("no guard named")
        return tr(
            "no guard named for the {structure}, only for others: {guards}",
            structure=self.title,
            guards=listed(self.others),
        )


@dataclass(frozen=True)
class Verdict:
    """A status and, in words, what set it."""

    status: Status
    note: str


@dataclass(frozen=True)
class ThreeTests:
    """The answers of tests (a) nominal, (b) with overshoot and (c) lower bound, each alone."""

    nominal: Status
    overshoot: Status
    lower: Status


def three_tests(
    limit: ClearanceLimit, lower_below_mm: float, value_mm: float, with_overshoot_mm: float, lower_mm: float
) -> ThreeTests:
    """Return the three answers of CLINICAL 3.3; a distance equal to a limit belongs to the better class."""
    if value_mm < limit.fail_below_mm:
        nominal = Status.FAIL
    else:
        nominal = Status.WARN if value_mm < limit.warn_below_mm else Status.PASS
    return ThreeTests(
        nominal=nominal,
        overshoot=Status(limit.overshoot_status)
        if with_overshoot_mm < limit.overshoot_below_mm
        else Status.PASS,
        lower=Status.WARN if lower_mm < lower_below_mm else Status.PASS,
    )


def clearance_verdict(
    limits: Limits,
    limit: ClearanceLimit,
    protection: Protection,
    value_mm: float,
    with_overshoot_mm: float,
    lower_mm: float,
) -> Verdict:
    """Return the status of one clearance.

    A guard or a mobilisation lifts a failure to a warning at most; for cord and dura only while the
    nominal tool stays outside. What is sacrificed on purpose passes: the ledger says what it costs.
    """
    notes = list(protection.remarks)
    if protection.mobilised:
        notes.append(tr("distance to its imaged position"))
    if protection.sacrificed is not None:
        return Verdict(Status.PASS, _sentence([protection.sacrificed, *notes]))
    tests = three_tests(limit, limits.lower_below_mm, value_mm, with_overshoot_mm, lower_mm)
    status = worst([tests.nominal, tests.overshoot, tests.lower])
    words = _reasons(limit, limits, tests, value_mm)
    if status is Status.FAIL:
        least_mm = limit.guard_needs_nominal_mm
        if protection.guard is None:
            words.append(protection.no_guard)
        elif least_mm is not None and value_mm < least_mm:
            words.append(tr("no guard excuses a planned cut through it"))
        else:
            status = Status.WARN
            words.append(
                tr("a warning only, because a guard is named: {guard}", guard=_spoken(protection.guard))
            )
    elif status is Status.WARN and protection.guard is not None:
        words.append(tr("guard: {guard}", guard=_spoken(protection.guard)))
    elif tests.nominal is Status.WARN:
        words.append(protection.no_guard)
    return Verdict(status, _sentence([*words, *notes]))


def margin_verdict(
    limits: Limits, required_margin_mm: float, value_mm: float, lower_mm: float, sigma_mm: float
) -> Verdict:
    """Return the status of a tumour margin; below zero the cut is intralesional and fails."""
    if value_mm < 0:
        return Verdict(Status.FAIL, tr("intralesional"))
    words = []
    if value_mm < _NOTHING_MM and required_margin_mm > 0:
        return Verdict(Status.WARN, tr("{margin} mm are required", margin=f"{required_margin_mm:g}"))
    if value_mm < required_margin_mm:
        words.append(tr("less than the required {margin} mm", margin=f"{required_margin_mm:g}"))
    if lower_mm < limits.lower_below_mm:
        words.append(_lower_words(limits))
    status = Status.WARN if words else Status.PASS
    advised_mm = limits.reserve_mm + (value_mm - lower_mm)
    if value_mm < advised_mm:
        words.append(
            tr(
                "{advised} mm or more would keep {reserve} mm in reserve (spread σ {sigma} mm)",
                advised=f"{advised_mm:.1f}",
                reserve=f"{limits.reserve_mm:g}",
                sigma=f"{sigma_mm:.1f}",
            )
        )
    return Verdict(status, _sentence(words))


def margin_class(limits: Limits, value_mm: float) -> MarginClass:
    """Return the class of CLINICAL 3.1 for a margin by plan."""
    if value_mm < 0:
        return MarginClass.INTRALESIONAL
    return MarginClass.UNDER_2MM if value_mm < limits.class_threshold_mm else MarginClass.AT_LEAST_2MM


def protection_of(
    osteotomy: Osteotomy, structure: Structure, anatomy: Anatomy, plan: Plan, limits: Limits
) -> Protection:
    """Return what the plan does for a structure by the time of a cut.

    An action or mobilisation of a later step than the cut does not count yet; a mobilisation counts as
    a guard only with its guard, its step and the person responsible.
    """
    remarks: list[str] = []
    sacrificed = _sacrifice(osteotomy, structure, plan, limits, remarks)
    names = guard_names(structure, anatomy)
    guard = next((g for g in (osteotomy.guard_for(n) for n in names) if g), None)
    mobilised = any(
        a.action is Action.MOBILISE and _means(a.structure, structure) and _in_time(a.step, osteotomy)
        for a in plan.structure_actions
    )
    for mobilisation in plan.mobilised:
        if not _means(mobilisation.structure, structure):
            continue
        if not _in_time(mobilisation.step, osteotomy):
            remarks.append(tr("mobilised only at step {step}, after this cut", step=mobilisation.step))
            continue
        mobilised = True
        if mobilisation.is_named:
            guard = guard or tr("{guard}, {by}", guard=mobilisation.guard, by=mobilisation.by)
        else:
            remarks.append(tr("the mobilisation lacks its guard, its step or the person responsible"))
    named = {part.strip() for g in osteotomy.guards for part in g.partition(":")[2].split(",")}
    titles = {s.id: s.title for s in anatomy.structures if s.id in named}
    others = tuple(_spoken(g, titles) for g in osteotomy.guards if ":" in g and g != guard)
    return Protection(guard, mobilised, sacrificed, tuple(remarks), structure.title, others)


def _sacrifice(
    osteotomy: Osteotomy, structure: Structure, plan: Plan, limits: Limits, remarks: list[str]
) -> str | None:
    for action in plan.structure_actions:
        if action.action not in SACRIFICED or not _means(action.structure, structure):
            continue
        what = tr(ACTION_NAMES[action.action])
        if structure.kind not in limits.sacrifice:
            remarks.append(tr("planned to be {action}, which the limits do not accept for it", action=what))
        elif not _in_time(action.step, osteotomy):
            remarks.append(tr("{action} only at step {step}, after this cut", action=what, step=action.step))
        else:
            return tr("to be {action}: the vessel and root ledger says what it costs", action=what)
    return None


def _means(reference: str, structure: Structure) -> bool:
    return reference in (structure.reference, structure.id)


def _in_time(step: int | None, osteotomy: Osteotomy) -> bool:
    return step is None or osteotomy.step is None or step <= osteotomy.step


def guard_names(structure: Structure, anatomy: Anatomy) -> tuple[str, ...]:
    """Return what a guard may call a structure; its kind only while no other structure has it."""
    alone = len(anatomy.of_kind(structure.kind)) == 1
    own = (structure.name, structure.id) if structure.name else (structure.id,)
    return (*own, *(spoken_names(structure.kind) if alone else ()))


def _reasons(limit: ClearanceLimit, limits: Limits, tests: ThreeTests, value_mm: float) -> list[str]:
    words = []
    if tests.nominal is Status.FAIL and value_mm >= 0:
        words.append(tr("less than the allowed {limit} mm", limit=f"{limit.fail_below_mm:g}"))
    elif tests.nominal is Status.WARN:
        words.append(tr("less than the advised {limit} mm", limit=f"{limit.warn_below_mm:g}"))
    if tests.overshoot is not Status.PASS and value_mm >= 0:
        words.append(tr("the tool would enter it if it ran on by its overshoot"))
    if tests.lower is not Status.PASS and tests.nominal is Status.PASS:
        words.append(_lower_words(limits))
    return words


def _lower_words(limits: Limits) -> str:
    return tr(
        "within the expected spread it may be reached (5 % lower bound below {limit} mm)",
        limit=f"{limits.lower_below_mm:g}",
    )


def _spoken(guard: str, titles: Mapping[str, str] | None = None) -> str:
    """Return a guard as people say it: ``dural guard (spinal canal)`` for ``dural guard: spinal_canal``."""
    tool, _, protected = guard_words(guard, titles).partition(":")
    return f"{tool.strip()} ({protected.strip()})" if protected.strip() else guard


def _sentence(words: list[str]) -> str:
    return clauses(words)
