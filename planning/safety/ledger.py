"""The ledger of segmental vessels and nerve roots: what is sacrificed, level by level, and what it costs.

Rules of CLINICAL 1.1 (roots) and 1.6 (segmental vessels): counts of consecutive levels that lose both
segmental arteries, the artery of Adamkiewicz, and roots that are preserved.
"""

from dataclasses import dataclass
from itertools import pairwise

from planning.model.anatomy import Anatomy
from planning.model.levels import LEVELS, in_order, level_order
from planning.model.limits import LedgerLimits, Limits
from planning.model.plan import SACRIFICED, Action, Plan
from planning.model.structures import Side, Structure, StructureKind
from planning.safety.results import PlanProblem, Status
from planning.safety.status import ACTION_NAMES
from planning.texts import clauses, listed, mark, tr

LEDGER_KINDS = (
    StructureKind.SEGMENTAL_ARTERY,
    StructureKind.SEGMENTAL_VEIN,
    StructureKind.NERVE_ROOT,
    StructureKind.ADAMKIEWICZ,
    StructureKind.AZYGOS,
    StructureKind.HEMIAZYGOS,
    StructureKind.THORACIC_DUCT,
)
_COSTS = {
    StructureKind.SEGMENTAL_ARTERY: mark("cord blood flow; no count of levels makes it safe"),
    StructureKind.SEGMENTAL_VEIN: mark("venous drainage of the level"),
    StructureKind.NERVE_ROOT: mark("sensation and strength of the root; needs consent"),
    StructureKind.ADAMKIEWICZ: mark("main supply of the lower cord; needs sign-off"),
    StructureKind.AZYGOS: mark("venous return of the chest wall"),
    StructureKind.HEMIAZYGOS: mark("venous return of the chest wall"),
    StructureKind.THORACIC_DUCT: mark("risk of chyle leak"),
}


@dataclass(frozen=True)
class LedgerLine:
    """One vessel or root, what the plan does to it, and the cost in words (empty while it is kept).

    `action` is None where the plan says nothing: it is then taken as kept.
    """

    structure_id: str
    title: str
    kind: StructureKind
    level: str | None
    side: Side | None
    action: Action | None
    step: int | None
    cost: str
    simulated: bool

    @property
    def is_sacrificed(self) -> bool:
        """Whether the plan gives the structure up."""
        return self.action in SACRIFICED


@dataclass(frozen=True)
class Ledger:
    """Every vessel and root of the case, cranial to caudal, and what is wrong with the sum of it."""

    lines: tuple[LedgerLine, ...]
    problems: tuple[PlanProblem, ...]


def ledger_of(anatomy: Anatomy, plan: Plan, limits: Limits) -> Ledger:
    """Return the ledger of a plan; pure, for table, report and evaluation alike."""
    structures = sorted(anatomy.of_kind(*LEDGER_KINDS), key=_place)
    lines = tuple(_line(s, plan) for s in structures)
    problems = (
        *_ligation_count(lines, anatomy, limits.ledger),
        *_adamkiewicz(lines, anatomy, limits.ledger),
        *_roots(lines, plan, limits.ledger),
        *_uncounted(lines),
    )
    return Ledger(lines, problems)


def consecutive_runs(levels: set[str], anatomy: Anatomy) -> tuple[tuple[str, ...], ...]:
    """Return runs of neighbouring levels, cranial to caudal.

    Neighbours are counted over the vertebrae this patient has, so T13 or L6 shift nothing. A level that
    is missing between two segmented vertebrae is taken as absent, which can only lengthen a run.
    """
    present = in_order([*anatomy.levels, *levels])
    if not levels:
        return ()
    first, last = level_order(present[0]), level_order(present[-1])
    chain = [
        v for v in LEVELS if v in present or (not first <= level_order(v) <= last and v not in ("T13", "L6"))
    ]
    place = {level: n for n, level in enumerate(chain)}
    ordered = in_order(levels)
    runs = [[ordered[0]]]
    for above, below in pairwise(ordered):
        if place[below] == place[above] + 1:
            runs[-1].append(below)
        else:
            runs.append([below])
    return tuple(tuple(run) for run in runs)


def _place(structure: Structure) -> tuple[int, int, str]:
    level = level_order(structure.level) if structure.level else len(LEVELS)
    return (level, LEDGER_KINDS.index(structure.kind), structure.side or "")


def _line(structure: Structure, plan: Plan) -> LedgerLine:
    planned = [a for a in plan.structure_actions if a.structure in (structure.reference, structure.id)]
    # The action that costs most is the one that counts, should a plan name two.
    chosen = next((a for a in planned if a.action in SACRIFICED), planned[0] if planned else None)
    action = chosen.action if chosen else None
    return LedgerLine(
        structure_id=structure.id,
        title=structure.title,
        kind=structure.kind,
        level=structure.level,
        side=structure.side,
        action=action,
        step=chosen.step if chosen else None,
        cost=tr(_COSTS[structure.kind]) if action in SACRIFICED else "",
        simulated=structure.simulated,
    )


def _sacrificed_levels(lines: tuple[LedgerLine, ...], side: Side | None = None) -> set[str]:
    return {
        line.level
        for line in lines
        if line.level
        and line.kind is StructureKind.SEGMENTAL_ARTERY
        and line.is_sacrificed
        and side in (None, line.side)
    }


def _ligation_count(
    lines: tuple[LedgerLine, ...], anatomy: Anatomy, limits: LedgerLimits
) -> tuple[PlanProblem, ...]:
    bilateral = _sacrificed_levels(lines, "left") & _sacrificed_levels(lines, "right")
    runs = [run for run in consecutive_runs(bilateral, anatomy) if len(run) >= limits.warn_levels]
    if not runs:
        return ()
    longest = max(len(run) for run in runs)
    words = tr(
        "Both segmental arteries are sacrificed at {count} consecutive levels ({levels}): the cord may lose "
        "its blood supply; keep some, or have it accepted by name.",
        count=longest,
        levels=clauses(listed(run) for run in runs),
    )
    status = Status.FAIL if longest >= limits.fail_levels else Status.WARN
    return (PlanProblem("ligation_count", status, words),)


def _adamkiewicz(
    lines: tuple[LedgerLine, ...], anatomy: Anatomy, limits: LedgerLimits
) -> tuple[PlanProblem, ...]:
    known = [line for line in lines if line.kind is StructureKind.ADAMKIEWICZ]
    absent = any(n.kind is StructureKind.ADAMKIEWICZ for n in anatomy.not_in_field)
    placed = [line for line in known if line.level]
    fed = [a for a in placed if a.is_sacrificed or _loses_feeder(a, lines)]
    fed += [a for a in known if not a.level and a.is_sacrificed]
    if fed:
        titles = listed(line.title for line in fed)
        words = tr(
            "The plan sacrifices the level that feeds the {artery}: this needs sign-off.", artery=titles
        )
        return (PlanProblem("adamkiewicz_fed", Status.WARN, words),)
    if placed or (absent and not known):
        return ()
    first, last = (level_order(level) for level in limits.adamkiewicz_levels)
    exposed = in_order(v for v in _sacrificed_levels(lines) if first <= level_order(v) <= last)
    if not exposed:
        return ()
    words = tr(
        "Where the artery of Adamkiewicz arises is not known, and segmental arteries are sacrificed at "
        "{levels}: look for it on angiography, or sign off.",
        levels=listed(exposed),
    )
    return (PlanProblem("adamkiewicz_unknown", Status.WARN, words),)


def _loses_feeder(artery: LedgerLine, lines: tuple[LedgerLine, ...]) -> bool:
    sides: tuple[Side, ...] = (artery.side,) if artery.side else ("left", "right")
    return any(
        line.level == artery.level and line.is_sacrificed and (line.side in sides or line.side is None)
        for line in lines
        if line.kind is StructureKind.SEGMENTAL_ARTERY
    )


def _roots(lines: tuple[LedgerLine, ...], plan: Plan, limits: LedgerLimits) -> tuple[PlanProblem, ...]:
    preserved, doubtful = [], []
    for line in lines:
        if line.kind is not StructureKind.NERVE_ROOT or not line.is_sacrificed:
            continue
        if line.level in limits.roots_preserved:
            preserved.append(line.title)
        elif line.level not in limits.roots_may_be_cut or line.level not in plan.target_levels:
            doubtful.append(line.title)
    problems = []
    if preserved:
        words = tr(
            "{roots}: a root of arm or leg is sacrificed; such roots are preserved.",
            roots=listed(preserved),
        )
        problems.append(PlanProblem("root_preserved", Status(limits.preserved_status), words))
    if doubtful:
        words = tr(
            "{roots}: sacrificed although it is no thoracic root of a target level; confirm that it must be.",
            roots=listed(doubtful),
        )
        problems.append(PlanProblem("root_doubtful", Status.WARN, words))
    return tuple(problems)


def _uncounted(lines: tuple[LedgerLine, ...]) -> tuple[PlanProblem, ...]:
    unplaced = [
        line.title
        for line in lines
        if line.kind is StructureKind.SEGMENTAL_ARTERY
        and line.is_sacrificed
        and not (line.level and line.side)
    ]
    if not unplaced:
        return ()
    words = tr(
        "{arteries}: sacrificed, but without level or side it cannot be counted; name both.",
        arteries=listed(unplaced),
    )
    return (PlanProblem("ligation_uncounted", Status.WARN, words),)


def action_words(line: LedgerLine) -> str:
    """Return what is done to it, in words, such as ``ligated at step 8``."""
    what = tr(ACTION_NAMES[line.action]) if line.action else tr("kept: the plan does not mention it")
    return tr("{action} at step {step}", action=what, step=line.step) if line.step is not None else what
