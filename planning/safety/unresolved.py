"""What is too thin for its grid, or segmented with gaps, and what that forbids to say.

A vessel thinner than the slices are apart shows only where it happens to meet them; the rest of it lies
unseen between them, and a distance to what is seen says nothing about it. A structure a blade enters stays
entered: that is seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from planning.geometry.frames import Floats, Grid
from planning.kernel.thickness import Bools, Break, breaks, thin_voxels, widths_mm
from planning.model.anatomy import Anatomy
from planning.model.structures import Structure, StructureKind
from planning.texts import listed, tr

TUBES: Final = frozenset(
    {
        StructureKind.NERVE_ROOT,
        StructureKind.AORTA,
        StructureKind.INFERIOR_VENA_CAVA,
        StructureKind.SUPERIOR_VENA_CAVA,
        StructureKind.AZYGOS,
        StructureKind.HEMIAZYGOS,
        StructureKind.ILIAC_ARTERY,
        StructureKind.ILIAC_VEIN,
        StructureKind.SEGMENTAL_ARTERY,
        StructureKind.SEGMENTAL_VEIN,
        StructureKind.ADAMKIEWICZ,
        StructureKind.THORACIC_DUCT,
    }
)
"""Kinds that are round across and run on without a gap."""

_LEAST_WIDTH_EDGES: Final = 1.1  # a tube of 1.0 always meets a slice; the rest is the spread of the measure
_LEAST_SHARE: Final = 0.25
_MOST_PLACES: Final = 64


Seen = tuple[str, StructureKind, float | None]
"""A mask's digest, its kind and the resolution it was segmented at: what may be said of it on one grid."""


@dataclass(frozen=True, eq=False)
class Unresolved:
    """What a structure's mask cannot show.

    Parameters
    ----------
    seen : Seen
        What it was found for.
    edge_mm : float
        The largest edge of the voxels it was segmented in.
    is_too_thin : bool
        Parts of it may lie unseen between the voxels' centres, anywhere.
    gaps_lps_mm : array, shape (n, 2, 3)
        Both ends of each gap in its segmentation.
    points_lps_mm : array, shape (m, 3)
        Points along the straight ways across the gaps.
    slack_mm : float
        No point of the structure in a gap is expected further than this from the nearest of the points.
    """

    seen: Seen
    edge_mm: float
    is_too_thin: bool
    gaps_lps_mm: Floats
    points_lps_mm: Floats
    slack_mm: float


def seen_as(structure: Structure) -> Seen:
    """Return what decides, on one grid, what of a structure cannot be shown."""
    return structure.mask.digest, structure.kind, structure.effective_resolution_mm


def unresolved_of(structure: Structure, grid: Grid) -> Unresolved:
    """Return what the mask of a structure, which has voxels, cannot show.

    A structure is too thin where a quarter of its voxels or more lie in parts not two voxels thick; a
    tube only where these are, besides, no wider than its voxels' largest edge. Voxels are those it was
    segmented in: a finer grid adds nothing.
    """
    bounds = structure.mask.bounds_kji
    assert bounds is not None  # noqa: S101 -- a structure with voxels
    (k0, j0, i0), (k1, j1, i1) = bounds
    box = structure.mask.box((k0, j0, i0), (k1 - k0, j1 - j0, i1 - i0))
    spacing_kji_mm = np.asarray(grid.spacing_ijk_mm[::-1], dtype=np.float64)
    finer = np.maximum(np.rint((structure.effective_resolution_mm or 0.0) / spacing_kji_mm).astype(int), 1)
    is_tube = structure.kind in TUBES
    gaps = _gaps(box, spacing_kji_mm) if is_tube else []
    ways = [
        grid.to_lps((gap.ways_kji + bounds[0])[..., ::-1].reshape(-1, 3)).reshape(-1, 2, 3) for gap in gaps
    ]
    points = [_between(one, other, min(grid.spacing_ijk_mm)) for each in ways for one, other in each]
    return Unresolved(
        seen_as(structure),
        float((finer * spacing_kji_mm).max()),
        _is_too_thin(box[:: finer[0], :: finer[1], :: finer[2]], finer * spacing_kji_mm, is_tube=is_tube),
        np.array([each[0] for each in ways]).reshape(-1, 2, 3),
        np.concatenate([np.zeros((0, 3)), *points]),
        # The way may bend within the gap, and the voxels that face each other were thinned out.
        max((gap.length_mm / 4 + gap.width_mm / 8 for gap in gaps), default=0.0),
    )


def cautions_of(anatomy: Anatomy, unresolved: Mapping[str, Unresolved]) -> tuple[str, ...]:
    """Return sentences on what of the structures, given by their ids, cannot be shown."""
    here = [(s.title, unresolved[s.id]) for s in anatomy.structures if s.id in unresolved]
    thin: dict[float, list[str]] = {}
    for title, found in here:
        if found.is_too_thin:
            thin.setdefault(found.edge_mm, []).append(title)
    sentences = [
        tr(
            "too thin for voxels of {edge} mm, so parts of them may lie unseen and no distance to them is "
            "given: {structures}. Use thinner slices.",
            edge=f"{edge_mm:g}",
            structures=listed(titles),
        )
        for edge_mm, titles in sorted(thin.items())
    ]
    sentences += [
        tr(
            "the segmentation of {structure} is interrupted between slices {first} and {last}: no "
            "distance is given where that gap is nearest. Complete it.",
            structure=title,
            first=first,
            last=last,
        )
        for title, found in here
        for first, last in _slices(found, anatomy.grid)
    ]
    return tuple(sentences)


def _slices(found: Unresolved, grid: Grid) -> list[tuple[int, int]]:
    """Return the first and last slice each gap touches, counted from 1."""
    k = np.rint(grid.to_ijk(found.gaps_lps_mm.reshape(-1, 3))[:, 2]).astype(int).reshape(-1, 2) + 1
    return sorted({(int(pair.min()), int(pair.max())) for pair in k})


def _is_too_thin(box: Bools, spacing_kji_mm: Floats, *, is_tube: bool) -> bool:
    thin = np.argwhere(thin_voxels(box))
    if len(thin) < _LEAST_SHARE * np.count_nonzero(box):
        return False
    if not is_tube:
        return True
    places = thin[np.linspace(0, len(thin) - 1, min(len(thin), _MOST_PLACES)).astype(int)]
    width_mm = float(np.median(widths_mm(box, places, spacing_kji_mm)))
    return width_mm < _LEAST_WIDTH_EDGES * float(spacing_kji_mm.max())


def _gaps(box: Bools, spacing_kji_mm: Floats) -> list[Break]:
    """Return the gaps of a tube: what is no longer than two voxels or than the tube is wide beside it.

    Parts further apart may well be two tubes of one name.
    """
    least_mm = 3 * float(spacing_kji_mm.max())
    return [b for b in breaks(box, spacing_kji_mm) if b.length_mm <= max(least_mm, b.width_mm)]


def _between(one: Floats, other: Floats, step_mm: float) -> Floats:
    steps = 2 + int(np.linalg.norm(one - other) / step_mm)
    return np.asarray(one + np.linspace(0, 1, steps)[:, None] * (other - one))
