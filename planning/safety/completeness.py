"""What could not be judged, and what the reader of every number has to know."""

from dataclasses import dataclass

from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.limits import Limits, Required
from planning.model.structures import KIND_NAMES, ReviewState, Structure, StructureKind
from planning.model.study import Severity
from planning.safety.reviews import asked_for_review
from planning.texts import listed, mark, tr

LEVELS_UNCONFIRMED = mark(
    "No person has confirmed the level count: nothing is better than a warning until someone does."
)
REVIEWED = frozenset({ReviewState.REVIEWED, ReviewState.APPROVED})


@dataclass(frozen=True)
class Remarks:
    """Sentences for every output: `cautions` hold the whole plan at a warning, `notes` do not."""

    cautions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def missing_structures(anatomy: Anatomy, limits: Limits) -> tuple[str, ...]:
    """Return the names of required structures that are neither there nor marked *not in this field*.

    A structure whose mask is empty is not there.
    """
    there = {s.kind for s in anatomy.structures if not s.mask.is_empty}
    marked = {n.kind for n in anatomy.not_in_field}
    return tuple(r.name for r in limits.required if not r.kinds & there and not _all_marked(r, marked))


def emptied_structures(anatomy: Anatomy, limits: Limits) -> tuple[str, ...]:
    """Return the references of named structures without a voxel: nothing can be measured to them.

    Kinds marked as *not in this field* are left out.
    """
    marked = {n.kind for n in anatomy.not_in_field}
    return tuple(
        s.reference
        for s in anatomy.structures
        if s.mask.is_empty and s.kind not in marked and limits.clearance(s.kind) is not None
    )


def _all_marked(required: Required, marked: set[StructureKind]) -> bool:
    # The name's own kind decides; other kinds that would satisfy it need no mark of their own.
    return any(kind.value == required.name and kind in marked for kind in required.kinds)


def is_unreviewed(structure: Structure, limits: Limits) -> bool:
    """Say whether review of this structure is demanded and no person has given it."""
    return structure.kind in limits.review_demanded and structure.review.state not in REVIEWED


def slice_spacing_mm(case: Case) -> float:
    """Return the spacing that bounds what can be told along the slices: the coarser of image and grid.

    An image resampled to a finer grid keeps the spacing it was acquired with, and slices that are
    thicker than their spacing count by their thickness (CLINICAL 7 asks for thin slices *and* a small
    increment). Rounded to a micrometre, because turned axes and 32-bit headers make 3 mm a little more
    than 3 mm.
    """
    image = case.image
    grid_mm = case.anatomy.grid.largest_voxel_edge_mm if case.anatomy is not None else 0.0
    return round(max(grid_mm, image.resolution_along_mm if image is not None else 0.0), 3)


def remarks_of(case: Case, limits: Limits) -> Remarks:
    """Return what has to be said beside the numbers of a case with anatomy."""
    anatomy = case.anatomy
    if anatomy is None:
        return Remarks()
    cautions = [*_slices(case, limits), *_levels(anatomy), *_reviews(anatomy, limits)]
    cautions += _found(case, warning=True)
    notes = [*_simulated(anatomy), *_resolution(anatomy, limits), *_marked(anatomy), *_others(anatomy)]
    notes += _found(case, warning=False)
    notes.append(
        tr(
            "technique assumed: {name}, spread {sigma} mm",
            name=tr(limits.technique.name),
            sigma=f"{limits.execution_sigma_mm:g}",
        )
    )
    notes.append(tr("positions may shift: images are taken supine, the operation is prone"))
    return Remarks(tuple(cautions), tuple(notes))


def _found(case: Case, *, warning: bool) -> list[str]:
    """Return import findings; those of images that are not planned on say whose they are."""
    words = []
    for number, image in enumerate(case.images, 1):
        for finding in image.findings:
            if (finding.severity is Severity.WARN) is warning:
                whose = tr("Image {number} ({modality}): ", number=number, modality=image.modality or "?")
                words.append(finding.message if number == 1 else whose + finding.message)
    return words


def _slices(case: Case, limits: Limits) -> list[str]:
    """Return the rule of CLINICAL 7 that the slices fall under, if any."""
    spacing_mm, rules = slice_spacing_mm(case), limits.slices
    image = case.image
    thick = image is not None and round(image.slice_thickness_mm, 3) == spacing_mm > image.slice_spacing_mm
    size = f"{spacing_mm:g}"
    slices = tr("slices {size} mm thick", size=size) if thick else tr("slice spacing {size} mm", size=size)
    if spacing_mm > rules.refuse_above_mm:
        most = f"{rules.refuse_above_mm:g}"
        words = tr(
            "{slices}: more than {most} mm, so no distances are given; use thinner slices",
            slices=slices,
            most=most,
        )
    elif spacing_mm > rules.band_above_mm:
        band = f"{round(spacing_mm / 2, 4):g}"
        words = tr("{slices}: distances carry a band of ±{band} mm", slices=slices, band=band)
    elif spacing_mm > rules.warn_above_mm:
        most = f"{rules.warn_above_mm:g}"
        words = tr("{slices}: more than {most} mm, small structures may be missed", slices=slices, most=most)
    else:
        return []
    return [words]


def _levels(anatomy: Anatomy) -> list[str]:
    if anatomy.levels_confirmed is not None:
        return []
    return [tr(LEVELS_UNCONFIRMED)]


def _reviews(anatomy: Anatomy, limits: Limits) -> list[str]:
    titles = [s.title for s in asked_for_review(anatomy, limits)]
    return [tr("not reviewed by a person: {structures}", structures=listed(titles))] if titles else []


def _simulated(anatomy: Anatomy) -> list[str]:
    titles = [s.title for s in anatomy.structures if s.simulated]
    return [tr("not from the patient: {structures}", structures=listed(titles))] if titles else []


def _resolution(anatomy: Anatomy, limits: Limits) -> list[str]:
    edge_mm = anatomy.grid.largest_voxel_edge_mm
    coarse = [
        s
        for s in anatomy.structures
        if (s.effective_resolution_mm or 0.0) > edge_mm and limits.clearance(s.kind)
    ]
    return [
        tr(
            "{structure} was segmented at {resolution} mm: nothing finer can be claimed",
            structure=s.title,
            resolution=f"{s.effective_resolution_mm:g}",
        )
        for s in coarse
    ]


def _others(anatomy: Anatomy) -> list[str]:
    count = sum(not s.mask.is_empty for s in anatomy.of_kind(StructureKind.OTHER, StructureKind.IMPLANT))
    if not count:
        return []
    return [tr("no distance is judged to {count} structures of other kinds, implants included", count=count)]


def _marked(anatomy: Anatomy) -> list[str]:
    return [
        tr("{kind}: marked as not in this field by {by}", kind=tr(KIND_NAMES[n.kind]), by=n.by)
        for n in anatomy.not_in_field
    ]
