"""Take structures in from outside, in one step: new ones, and some in the place of what they replace."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from planning.editing.anatomy_edits import recounted
from planning.editing.edits import anatomy_of, structure_of
from planning.model.case import Case, StructureLook
from planning.model.structures import Structure
from planning.model.study import Finding, StudyImage
from planning.texts import tr


@dataclass(frozen=True, eq=False)
class Arrival:
    """One structure to take in.

    Parameters
    ----------
    structure : Structure
        On the anatomy's grid. Its id is kept where it is free.
    replaces : str
        Id of the present structure whose place it takes, mask, source and review included; empty for none.
    look : StructureLook or None
        How it is drawn, where not by default.
    """

    structure: Structure
    replaces: str = ""
    look: StructureLook | None = None


@dataclass(frozen=True, eq=False)
class TakeIn:
    """Take structures in, with what the importer has to say about them.

    Parameters
    ----------
    arrivals : tuple of Arrival
    findings : tuple of Finding
        Added to those of the planning image, so that every output shows them.
    """

    arrivals: tuple[Arrival, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def label(self) -> str:
        """What undo calls it."""
        if len(self.arrivals) == 1:
            return tr("Take in {title}", title=self.arrivals[0].structure.title)
        return tr("Take in {count} structures", count=len(self.arrivals))

    def apply(self, case: Case) -> Case:
        """Return the case with them; raises `EditRefused` where one to be replaced is gone.

        A replaced structure keeps its id, so that plans still mean it; a kind that now exists is no longer
        *not in this field*, and where vertebrae came the levels are to be confirmed again.
        """
        if not self.arrivals:
            return case
        anatomy = anatomy_of(case)
        replaced = {a.replaces: structure_of(case, a.replaces) for a in self.arrivals if a.replaces}
        named = _with_ids(self.arrivals, {s.id for s in anatomy.structures})
        by_id = {s.id: s for s in named}
        kept = tuple(by_id.get(s.id, s) for s in anatomy.structures)
        present = {s.id for s in kept}
        structures = kept + tuple(s for s in named if s.id not in present)
        kinds = {s.kind for s in named}
        field = tuple(n for n in anatomy.not_in_field if n.kind not in kinds)
        new = replace(anatomy, structures=structures, not_in_field=field)
        looks = {s.id: a.look for s, a in zip(named, self.arrivals, strict=True) if a.look is not None}
        return replace(
            case,
            anatomy=recounted(new, *named, *replaced.values()),
            looks=(*(pair for pair in case.looks if pair[0] not in looks), *looks.items()),
            images=_with_findings(case, self.findings),
        )


def _with_ids(arrivals: Sequence[Arrival], taken: set[str]) -> list[Structure]:
    """Return the structures under the ids they will have."""
    found: list[Structure] = []
    used = set(taken)
    for arrival in arrivals:
        wanted = arrival.structure.id
        if arrival.replaces:
            free = arrival.replaces
        elif wanted not in used:
            free = wanted
        else:
            free = next(f"{wanted}-{n}" for n in range(2, len(used) + 3) if f"{wanted}-{n}" not in used)
        used.add(free)
        found.append(replace(arrival.structure, id=free))
    return found


def _with_findings(case: Case, findings: Sequence[Finding]) -> tuple[StudyImage, ...]:
    planning = case.images[0]
    new = tuple(f for f in findings if f not in planning.findings)
    if not new:
        return case.images
    return (replace(planning, findings=(*planning.findings, *new)), *case.images[1:])
