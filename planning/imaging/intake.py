"""Structures on their way in: what they are brought onto, and how the parts of a source become structures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from planning.errors import LabelsRefused
from planning.geometry.frames import Grid
from planning.imaging.label_mapping import Placed, masks_of
from planning.imaging.label_names import Meaning, NameTable
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.structures import Structure, StructureKind
from planning.model.study import Finding, Patient, Severity, StudyImage
from planning.progress import Progress
from planning.texts import mark, tr

Unit = Literal["mm", "cm", "m", "inch"]
Space = Literal["LPS", "RAS"]
UNITS_MM: Final[dict[Unit, float]] = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4}
_LEAST_INSIDE: Final = 0.5

NO_FILE: Final = mark("{name} does not exist or cannot be opened. Check the place and that you may read it.")
NO_LABELS: Final = mark("{name} holds no labelled voxel.")
OUTSIDE: Final = mark(
    "Only {percent} % of the labelled volume of {name} lies inside the image. It belongs to another scan "
    "or another patient and was not used."
)
PARTLY_OUTSIDE: Final = mark("{percent} % of the labelled volume lies outside the image and was cut off.")
CUT_SHORT: Final = mark(
    "The label map ends inside the image and cuts off: {structures}. They may go on beyond it unlabelled, "
    "so distances to them are withheld where its end is nearer. Segment the whole field."
)
EMPTY_STRUCTURE: Final = mark("{structure} has no voxel in the image, so it is not assessed.")
LISTED_AS_OTHER: Final = mark(
    "No kind is known for: {names}. They come in as other structures: they can be shown, but no distance to "
    "them is judged."
)
NOT_JUDGED: Final = mark(
    "Vessels, nerves and organs a tool can injure, for which no limit exists: {names}. Distances to them are "
    "not assessed. Show them and keep clear of them yourself."
)
SIMULATED: Final = mark("Not from the patient, and marked so: {structures}.")


@dataclass(frozen=True)
class Onto:
    """What incoming structures are brought onto.

    Parameters
    ----------
    grid : Grid
        Of the planning image.
    image : StudyImage or None
        The planning image; None where only its grid is known, so that no frame can be compared.
    patient : Patient
        Whom the case is about.
    case_id : str
        To know again what this very case exported without identity.
    """

    grid: Grid
    image: StudyImage | None = None
    patient: Patient = field(default_factory=Patient)
    case_id: str = ""


def onto_case(case: Case) -> Onto:
    """Return what structures for a case are brought onto; raises `LabelsRefused` without an image."""
    image = case.image
    if image is None:
        raise LabelsRefused("NO_IMAGE", mark("This case has no image yet. Import one first."))
    return Onto(image.volume.grid, image, case.patient, case.id)


@dataclass(frozen=True)
class Choices:
    """What a file leaves open and a person, or a setting, decides. None: as the file says, or the default.

    Parameters
    ----------
    unit : {"mm", "cm", "m", "inch"} or None
        Of surfaces.
    space : {"LPS", "RAS"} or None
        Of surfaces: which way their axes point.
    threshold : float or None
        From which fraction (0 to 1) a voxel of a fractional segmentation belongs to its structure.
    """

    unit: Unit | None = None
    space: Space | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class Layer:
    """One layer of labels on the image's axes, with the meaning of its values.

    Parameters
    ----------
    placed : Placed
    table : NameTable
    source : str
        What the voxels come from, such as ``label map``; files are not named: they may be called
        after their patient, and reports print where a structure comes from.
    resolution_mm : float or None
        What it was segmented at, where that is coarser than the image.
    merge : bool
        Whether the layer is a mask of one structure.
    proven : bool
        Whether its source shows that it lies in the image's own frame of reference.
    cut_short : frozenset of int
        Values the end of the source's own field cuts off inside the image.
    extent_kji : pair of indices or None
        Where that field lies in the image.
    """

    placed: Placed
    table: NameTable
    source: str = mark("label map")
    resolution_mm: float | None = None
    merge: bool = False
    proven: bool = False
    cut_short: frozenset[int] = frozenset()
    extent_kji: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None


@dataclass(frozen=True)
class Origin:
    """What the source says of one structure.

    Parameters
    ----------
    structure_id : str
    name : str
        What the source calls it.
    colour_rgb : tuple of int or None
    exported_as : str
        The state it had when this program exported it; empty where unknown.
    outside : float
        Which part of its layer's labelled volume lies outside the image, 0 to 1.
    middle_kji : tuple of int or None
        The slice along each axis that holds most of it: where to look at it.
    known, at_risk : bool
        Whether its name has a kind; whether it is something a tool can injure though it has none.
    """

    structure_id: str
    name: str = ""
    colour_rgb: tuple[int, int, int] | None = None
    exported_as: str = ""
    outside: float = 0.0
    middle_kji: tuple[int, int, int] | None = None
    known: bool = True
    at_risk: bool = False


@dataclass(frozen=True)
class LabelImport:
    """What a source of structures gave.

    Parameters
    ----------
    structures : tuple of Structure
        On the image's grid, none empty, all in the state *draft*.
    findings : tuple of Finding
        What was resampled, cut off, empty or unknown.
    listed_as_other : tuple of str
        Names of the source that have no kind of their own.
    origins : tuple of Origin
        One for each structure, in order.
    used : Choices
        What was decided where the file leaves it open; None where it leaves nothing open.
    """

    structures: tuple[Structure, ...]
    findings: tuple[Finding, ...] = ()
    listed_as_other: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    used: Choices = field(default_factory=Choices)


def check_inside(name: str, layers: Sequence[Layer], findings: list[Finding]) -> None:
    """Refuse a source most of which lies outside the image; note what was cut off.

    What is proven to lie in the image's frame may do so: the image may be a range of its slices.

    Raises
    ------
    LabelsRefused
        ``NO_LABELS`` or ``LABELS_OUTSIDE``.
    """
    refuse_outside(name, counts_of(layers), all(layer.proven for layer in layers), findings)


def counts_of(layers: Sequence[Layer]) -> tuple[int, int]:
    """Return how many labelled voxels lie inside the image, and how many there are."""
    return sum(layer.placed.inside for layer in layers), sum(layer.placed.total for layer in layers)


def refuse_outside(name: str, counts: tuple[int, int], proven: bool, findings: list[Finding]) -> None:
    """As `check_inside`, from numbers of voxels inside and in all."""
    inside, total = counts
    if total == 0:
        raise LabelsRefused("NO_LABELS", NO_LABELS, name=name)
    if inside == 0 or (inside < _LEAST_INSIDE * total and not proven):
        raise LabelsRefused("LABELS_OUTSIDE", OUTSIDE, name=name, percent=f"{100 * inside / total:.0f}")
    if inside < total:
        values = (("percent", f"{100 * (total - inside) / total:.2g}"),)
        findings.append(Finding("LABELS_PARTLY_OUTSIDE", PARTLY_OUTSIDE, values, Severity.WARN))


def collected(
    layers: Sequence[Layer],
    grid: Grid,
    findings: Sequence[Finding],
    progress: Progress,
    used: Choices | None = None,
) -> LabelImport:
    """Return the structures of all layers, every one a draft, with what is to be said of them."""
    structures: list[Structure] = []
    origins: list[Origin] = []
    empty: list[Finding] = []
    for n, layer in enumerate(layers):
        progress(n / len(layers), tr("Placing labels"))
        seen = set()
        for value, mask in masks_of(layer.placed, grid.shape_kji):
            seen.add(value)
            meaning = layer.table.meanings.get(value) or _unnamed(value)
            structure = _structure(layer, value, meaning, mask, {s.id for s in structures})
            structures.append(structure)
            origins.append(_origin(layer, meaning, structure))
        if layer.table.claims_presence:
            empty += [_empty(m) for value, m in layer.table.meanings.items() if value not in seen]
    said = [*findings, *empty, *_said(list(zip(structures, origins, strict=True)))]
    return LabelImport(
        tuple(structures),
        tuple(said),
        tuple(o.name for o in origins if not o.known),
        tuple(origins),
        used or Choices(),
    )


OF_STRUCTURES: Final = frozenset({"LABELS_CUT_SHORT", "LISTED_AS_OTHER", "NOT_JUDGED", "SIMULATED"})


def findings_for(found: LabelImport, kept: Sequence[tuple[Structure, Origin]]) -> tuple[Finding, ...]:
    """Return what is to be said of those structures a person keeps, as the person named them."""
    rest = [f for f in found.findings if f.code not in OF_STRUCTURES]
    return (*rest, *_said(kept))


def _said(kept: Sequence[tuple[Structure, Origin]]) -> list[Finding]:
    lists = {
        "LABELS_CUT_SHORT": [s.title for s, _ in kept if s.label_extent_kji is not None],
        "LISTED_AS_OTHER": [o.name for s, o in kept if s.kind is StructureKind.OTHER and not o.known],
        "NOT_JUDGED": [o.name for s, o in kept if s.kind is StructureKind.OTHER and o.at_risk],
        "SIMULATED": [s.title for s, _ in kept if s.simulated],
    }
    words = {
        "LABELS_CUT_SHORT": (CUT_SHORT, "structures", Severity.WARN),
        "LISTED_AS_OTHER": (LISTED_AS_OTHER, "names", Severity.NOTE),
        "NOT_JUDGED": (NOT_JUDGED, "names", Severity.WARN),
        "SIMULATED": (SIMULATED, "structures", Severity.NOTE),
    }
    found = []
    for code, names in lists.items():
        template, field_name, severity = words[code]
        if names:
            found.append(Finding(code, template, ((field_name, ", ".join(names)),), severity))
    return found


def _unnamed(value: int) -> Meaning:
    name = f"label {value}"
    return Meaning(StructureKind.OTHER, name=name, source_name=name, known=False)


def _empty(meaning: Meaning) -> Finding:
    empty = Structure("", meaning.kind, Mask((1, 1, 1)), meaning.level, meaning.side, meaning.name)
    return Finding("EMPTY_STRUCTURE", EMPTY_STRUCTURE, (("structure", empty.title),), Severity.WARN)


def _origin(layer: Layer, meaning: Meaning, structure: Structure) -> Origin:
    placed = layer.placed
    # A layer of many structures does not tell which of them leaves the image.
    outside = 1.0 - placed.inside / placed.total if placed.total and layer.merge else 0.0
    name = meaning.source_name or meaning.name or ""
    middle = _busiest(structure.mask)
    return Origin(
        structure.id,
        name,
        meaning.colour_rgb,
        meaning.exported_as,
        outside,
        middle,
        meaning.known,
        meaning.at_risk,
    )


def _busiest(mask: Mask) -> tuple[int, int, int] | None:
    bounds = mask.bounds_kji
    if bounds is None:
        return None
    low, high = bounds
    voxels = mask.box(low, (high[0] - low[0], high[1] - low[1], high[2] - low[2]))
    counts = (voxels.sum(axis=others) for others in ((1, 2), (0, 2), (0, 1)))
    k, j, i = (first + int(count.argmax()) for first, count in zip(low, counts, strict=True))
    return k, j, i


def _structure(layer: Layer, value: int, meaning: Meaning, mask: Mask, taken: set[str]) -> Structure:
    label = (
        meaning.source_name if layer.merge or not meaning.source_name else f"{meaning.source_name} {value}"
    )
    return Structure(
        id=id_of(meaning, taken),
        kind=meaning.kind,
        mask=mask,
        level=meaning.level,
        side=meaning.side,
        name=meaning.name,
        simulated=meaning.simulated,
        source=tr("{source}: {label}", source=tr(layer.source), label=label or value),
        effective_resolution_mm=layer.resolution_mm,
        label_extent_kji=layer.extent_kji if value in layer.cut_short else None,
    )


def id_of(meaning: Meaning, taken: set[str]) -> str:
    """Return an id that is the same each time the same labels are imported."""
    named = meaning.name is not None and meaning.source_name in ("", meaning.name)
    parts = [meaning.kind.value, meaning.level, meaning.side, meaning.name if named else None]
    words = "-".join(re.sub(r"[^A-Za-z0-9_]+", "_", p).strip("_") for p in parts if p)
    if words not in taken:
        return words
    return next(f"{words}-{n}" for n in range(2, len(taken) + 3) if f"{words}-{n}" not in taken)
