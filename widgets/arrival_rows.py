"""What each line of the preview of incoming structures says, and what a person made of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from planning.imaging.intake import LabelImport, Origin
from planning.model.anatomy import Anatomy
from planning.model.structures import KIND_NAMES, ReviewState, Side, Structure, StructureKind
from planning.texts import mark, tr

_LEAST_SAID: Final = 0.005
_WAS: Final = {
    ReviewState.REVIEWED.value: mark("draft (was reviewed)"),
    ReviewState.APPROVED.value: mark("draft (was approved)"),
}


@dataclass(frozen=True, eq=False)
class ArrivalRow:
    """One incoming structure.

    Parameters
    ----------
    structure : Structure
        As it would be taken in; kind, level, side and name can be changed here.
    origin : Origin
    taken : bool
    replaces : str
        Id of the present structure whose place it takes; empty for none.
    """

    structure: Structure
    origin: Origin
    taken: bool = True
    replaces: str = ""

    @property
    def state(self) -> str:
        """The state it comes in with: always a draft, whatever it was elsewhere."""
        return tr(_WAS.get(self.origin.exported_as, mark("draft")))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is worth a look before it is taken in."""
        found = []
        if self.structure.simulated:
            found.append(tr("simulated: not from the patient"))
        if self.structure.kind is StructureKind.OTHER:
            found.append(tr("not judged: no kind"))
        if self.origin.outside > _LEAST_SAID:
            found.append(tr("{percent} % outside the image", percent=f"{100 * self.origin.outside:.0f}"))
        if self.structure.label_extent_kji is not None:
            found.append(tr("cut off by the end of its source"))
        return tuple(found)

    def changed(
        self, kind: StructureKind, level: str | None, side: str | None, name: str | None
    ) -> "ArrivalRow":
        """Return the row with another meaning; an unnamed `other` is called what its source calls it."""
        name = name or (self.origin.name if kind is StructureKind.OTHER else None) or None
        structure = replace(self.structure, kind=kind, level=level, side=_side(side), name=name)
        return replace(self, structure=structure)


def _side(side: str | None) -> Side | None:
    return "left" if side == "left" else "right" if side == "right" else None


def rows_of(found: LabelImport, anatomy: Anatomy | None) -> list[ArrivalRow]:
    """Return one row for each structure, those of no kind last; what is in the case already is replaced."""
    origins = {origin.structure_id: origin for origin in found.origins}
    ordered = sorted(found.structures, key=lambda s: s.kind is StructureKind.OTHER)
    rows = [ArrivalRow(s, origins.get(s.id, Origin(s.id))) for s in ordered]
    used: set[str] = set()
    result = []
    for row in rows:
        twin = next((s.id for s in twins(row.structure, anatomy) if s.id not in used), "")
        used.add(twin)
        result.append(replace(row, replaces=twin))
    return result


def twins(structure: Structure, anatomy: Anatomy | None) -> tuple[Structure, ...]:
    """Return the present structures that mean the same."""
    if anatomy is None:
        return ()
    return tuple(s for s in anatomy.structures if _meaning(s) == _meaning(structure))


def replaceable(structure: Structure, anatomy: Anatomy | None) -> tuple[Structure, ...]:
    """Return the present structures of the same kind, which an incoming one may replace."""
    return () if anatomy is None else tuple(s for s in anatomy.structures if s.kind is structure.kind)


def why_not(rows: Sequence[ArrivalRow], anatomy: Anatomy | None) -> str:
    """Return why the rows cannot be taken in as they are; empty where they can.

    Plans mean structures by name, so two of one kind, level, side and name would be confused.
    """
    taken = [row for row in rows if row.taken]
    if not taken:
        return tr("Tick at least one structure.")
    gone = [row.replaces for row in taken if row.replaces]
    if len(set(gone)) < len(gone):
        return tr("Two structures would replace the same one. Choose another place for one of them.")
    left = [s for s in anatomy.structures if s.id not in gone] if anatomy is not None else []
    seen: set[tuple[str, ...]] = set()
    for structure in [*left, *(row.structure for row in taken)]:
        meaning = _meaning(structure)
        if meaning in seen and structure.name:
            return tr("Two structures would be called {title}. Rename one.", title=structure.title)
        if meaning in seen and structure.kind is StructureKind.VERTEBRA and structure.level:
            return tr(
                "There would be two of {title}. Change a level, or let one replace the other.",
                title=structure.title,
            )
        seen.add(meaning)
    return ""


def _meaning(structure: Structure) -> tuple[str, ...]:
    parts = (structure.kind.value, structure.level, structure.side, structure.name)
    return tuple(part or "" for part in parts)


def kind_choices() -> list[tuple[object, str]]:
    """Return every kind with its words, `other` first, for a field of choices."""
    words = {kind: tr(name) for kind, name in KIND_NAMES.items() if kind is not StructureKind.OTHER}
    ordered = sorted(words, key=lambda kind: words[kind].casefold())
    return [(StructureKind.OTHER, tr(KIND_NAMES[StructureKind.OTHER])), *((k, words[k]) for k in ordered)]
