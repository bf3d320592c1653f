"""What is wrong with a plan as it is written: directions, names nobody has, tools nobody knows."""

import numpy as np

from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.limits import Limits
from planning.model.osteotomy import Osteotomy
from planning.model.plan import SACRIFICED, Action, Plan
from planning.model.settings import Settings
from planning.model.structures import StructureKind
from planning.safety.fields import swept_corners_lps_mm
from planning.safety.image_edge import sides_left
from planning.safety.results import PlanProblem, Status
from planning.safety.spoken_names import spoken_names
from planning.safety.status import guard_names
from planning.texts import listed, tr

POSTERIOR_LPS = (0.0, 1.0, 0.0)
CORD_KINDS = (StructureKind.SPINAL_CORD, StructureKind.DURAL_SAC, StructureKind.SPINAL_CANAL)
_CORD_NAMES = tuple(name for kind in CORD_KINDS for name in spoken_names(kind))


def plan_problems(anatomy: Anatomy, plan: Plan, settings: Settings) -> tuple[PlanProblem, ...]:
    """Return what can be said about a plan without measuring anything."""
    problems = [
        p
        for o in plan.osteotomies
        for p in (
            *_direction(o, anatomy, settings.limits),
            *_tool(o, settings),
            *_leaves_image(o, anatomy.grid),
        )
    ]
    return (
        *problems,
        *_unknown_names(anatomy, plan),
        *_names_of_several(anatomy, plan),
        *_idle_guards(anatomy, plan),
        *_refused_sacrifice(anatomy, plan, settings.limits),
    )


def _direction(osteotomy: Osteotomy, anatomy: Anatomy, limits: Limits) -> list[PlanProblem]:
    """Anterior to posterior without a named cord protector fails (CLINICAL 1.2)."""
    if osteotomy.kind.value not in limits.directed_kinds:
        return []
    if float(np.dot(osteotomy.blade.advance_lps, POSTERIOR_LPS)) <= limits.posterior_cosine:
        return []
    names = [*_CORD_NAMES, *(s.reference for s in anatomy.of_kind(*CORD_KINDS))]
    if any(osteotomy.guard_for(name) for name in names):
        return []
    words = tr(
        "{cut} advances from anterior to posterior, towards the cord, and names no cord protector; "
        "name one as a guard, or turn the cut.",
        cut=osteotomy.title,
    )
    return [PlanProblem("unprotected_direction", Status.FAIL, words, (osteotomy.id,))]


def _tool(osteotomy: Osteotomy, settings: Settings) -> list[PlanProblem]:
    tool = settings.tools.tool(osteotomy.tool)
    if tool is None:
        words = tr(
            "{cut}: the tool {tool} is not in the tool library; kerf and overshoot come from the plan alone.",
            cut=osteotomy.title,
            tool=osteotomy.tool,
        )
        return [PlanProblem("unknown_tool", Status.WARN, words, (osteotomy.id,))]
    if tool.reach_mm is not None and osteotomy.blade.depth_mm > tool.reach_mm:
        words = tr(
            "{cut}: {depth} mm deep, but the {tool} reaches {reach} mm.",
            cut=osteotomy.title,
            depth=f"{osteotomy.blade.depth_mm:.1f}",
            tool=tr(tool.name),
            reach=f"{tool.reach_mm:g}",
        )
        return [PlanProblem("tool_too_short", Status.WARN, words, (osteotomy.id,))]
    return []


def _leaves_image(osteotomy: Osteotomy, grid: Grid) -> list[PlanProblem]:
    """Distances know only what the image shows, so a cut that leaves it may meet what nobody has seen."""
    if not sides_left(swept_corners_lps_mm(osteotomy.blade, overshoot=True), grid):
        return []
    words = tr(
        "{cut} leaves the image: what it meets outside is not known. "
        "Make it smaller, or import an image that shows more.",
        cut=osteotomy.title,
    )
    return [PlanProblem("cut_leaves_image", Status.WARN, words, (osteotomy.id,))]


def _unknown_names(anatomy: Anatomy, plan: Plan) -> list[PlanProblem]:
    named = [*(a.structure for a in plan.structure_actions), *(m.structure for m in plan.mobilised)]
    problems = []
    for reference in dict.fromkeys(named):
        if any(reference in (s.reference, s.id) for s in anatomy.structures):
            continue
        words = tr(
            "The plan speaks of {name}, but no structure of this case is called so; mend the name.",
            name=reference,
        )
        problems.append(PlanProblem("unknown_structure", Status.WARN, words, subject=reference))
    return problems


def _names_of_several(anatomy: Anatomy, plan: Plan) -> list[PlanProblem]:
    """Return names that are meant for one structure but reach several, as a kind does that many have."""
    named = [
        *(a.structure for a in plan.structure_actions if a.action is not Action.KEEP),
        *(m.structure for m in plan.mobilised),
    ]
    problems = []
    for reference in dict.fromkeys(named):
        meant = [s for s in anatomy.structures if reference in (s.reference, s.id)]
        if len(meant) < 2:
            continue
        words = tr(
            "What the plan does to {name} is taken to be done to all {count} structures called so: {titles}. "
            "Give each a name of its own, or confirm that all are meant.",
            name=reference,
            count=len(meant),
            titles=listed(s.title for s in meant),
        )
        problems.append(PlanProblem("ambiguous_structure", Status.WARN, words, subject=reference))
    return problems


def _idle_guards(anatomy: Anatomy, plan: Plan) -> list[PlanProblem]:
    """Return guards that protect nothing, because they name no structure or one that nobody has."""
    there = {s.kind for s in anatomy.structures}
    known = {name.casefold() for s in anatomy.structures for name in guard_names(s, anatomy)}
    # What is not segmented is told elsewhere; naming it is no slip of the pen.
    known |= {name.casefold() for kind in StructureKind if kind not in there for name in spoken_names(kind)}
    known |= {name.casefold() for name in _CORD_NAMES}
    problems = []
    for osteotomy in plan.osteotomies:
        for guard in osteotomy.guards:
            words = _idle_words(osteotomy, guard, known)
            if words:
                problems.append(PlanProblem("idle_guard", Status.WARN, words, (osteotomy.id,), subject=guard))
    return problems


def _idle_words(osteotomy: Osteotomy, guard: str, known: set[str]) -> str:
    """Return what is wrong with a guard in words; empty where it protects all it names."""
    tool, _, protected = guard.partition(":")
    names = [name.strip() for name in protected.split(",") if name.strip()]
    if not tool.strip() or not names:
        return tr(
            "{cut}: the guard {guard} protects nothing. Write it as guard: structure.",
            cut=osteotomy.title,
            guard=guard,
        )
    strange = [name for name in names if name.casefold() not in known]
    if not strange:
        return ""
    return tr(
        "{cut}: the guard {guard} does not protect {names}: no structure of this case, or more than one, "
        "is called so; mend the name.",
        cut=osteotomy.title,
        guard=guard,
        names=listed(strange),
    )


def _refused_sacrifice(anatomy: Anatomy, plan: Plan, limits: Limits) -> list[PlanProblem]:
    problems = []
    for action in plan.structure_actions:
        for structure in anatomy.called(action.structure):
            if action.action in SACRIFICED and structure.kind not in limits.sacrifice:
                words = tr(
                    "The plan sacrifices the {name}: this is not accepted, and it is judged as kept.",
                    name=structure.title,
                )
                problems.append(PlanProblem("sacrifice_refused", Status.WARN, words, subject=structure.id))
    return problems
