"""Where the frames of a multi-frame object lie: planes of one even stack, by their own positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset

from planning.errors import LabelsRefused
from planning.geometry.frames import Floats
from planning.imaging.dicom_values import number, numbers
from planning.imaging.limits import MAX_EDGE_VOXELS, ORIENTATION_TOLERANCE, position_tolerance_mm
from planning.texts import mark

NO_GEOMETRY: Final = mark("{name} does not say where its frames lie in the patient. Export it again.")
UNEVEN: Final = mark(
    "The slices of {name} lie at uneven distances or are shifted against each other, so they are no stack. "
    "Export the segmentation on the grid of its image."
)
_GROUPS: Final = {
    "position": ("PlanePositionSequence", "ImagePositionPatient", 3),
    "orientation": ("PlaneOrientationSequence", "ImageOrientationPatient", 6),
    "spacing": ("PixelMeasuresSequence", "PixelSpacing", 2),
    "between": ("PixelMeasuresSequence", "SpacingBetweenSlices", 1),
    "thickness": ("PixelMeasuresSequence", "SliceThickness", 1),
}


@dataclass(frozen=True)
class FramePlaces:
    """Plane of each frame, how many planes there are, and the grid of the whole stack."""

    planes: list[int]
    count: int
    lps_from_ijk: Floats


def frame_places(dataset: Dataset, count: int, gaps_mm: Sequence[float], name: str) -> FramePlaces:
    """Return where `count` frames lie.

    Parameters
    ----------
    dataset : Dataset
    count : int
    gaps_mm : sequence of float
        Distances between planes to try where the object's own does not fit its frames: empty frames are
        left out by many writers, so the smallest distance found need not be the true one.
    name : str

    Raises
    ------
    LabelsRefused
        ``NO_GEOMETRY`` or ``UNEVEN``.
    """
    values = {key: _per_frame(dataset, count, *group) for key, group in _GROUPS.items()}
    if any(v is None for key in ("position", "orientation", "spacing") for v in values[key]):
        raise LabelsRefused("NO_GEOMETRY", NO_GEOMETRY, name=name)
    position, orientation, spacing = (
        np.array(values[key], float) for key in ("position", "orientation", "spacing")
    )
    axes = _axes(orientation, spacing, name)
    normal = np.cross(axes[0], axes[1])
    along = position @ normal
    in_plane = (position - position[0]) @ axes.T
    if np.abs(in_plane - in_plane[0]).max() > position_tolerance_mm(1.0):
        raise LabelsRefused("UNEVEN", UNEVEN, name=name)
    own = [v[0] for key in ("between", "thickness") for v in values[key][:1] if v is not None]
    gap, planes = _stacked(along, [*own[:1], *gaps_mm, *own[1:]], name)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = axes[0] * spacing[0, 1], axes[1] * spacing[0, 0]
    affine[:3, 2] = normal * gap
    affine[:3, 3] = position[int(np.argmin(along))]
    return FramePlaces(planes, max(planes) + 1, affine)


def _per_frame(dataset: Dataset, count: int, sequence: str, keyword: str, size: int) -> list[Any]:
    shared = dataset.get("SharedFunctionalGroupsSequence", None) or []
    common = _in_group(shared[0], sequence, keyword, size) if shared else None
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence", None) or [])[:count]
    found = [_in_group(group, sequence, keyword, size) or common for group in groups]
    return found + [common] * (count - len(found))


def _in_group(group: Dataset, sequence: str, keyword: str, size: int) -> list[float] | None:
    items = group.get(sequence, None) or []
    if not items:
        return None
    if size == 1:
        value = number(items[0], keyword)
        return None if value is None else [value]
    return numbers(items[0], keyword, size)


def _axes(orientation: Floats, spacing: Floats, name: str) -> Floats:
    """Return the unit directions along a row and down a column; refuse frames that differ in them."""
    finite = np.isfinite(orientation).all() and np.isfinite(spacing).all()
    if not finite or spacing.min() <= 0:
        raise LabelsRefused("NO_GEOMETRY", NO_GEOMETRY, name=name)
    turned = np.abs(orientation - orientation[0]).max() > ORIENTATION_TOLERANCE
    if turned or np.abs(spacing - spacing[0]).max() > 1e-4:
        raise LabelsRefused("UNEVEN", UNEVEN, name=name)
    row, column = orientation[0, :3], orientation[0, 3:]
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if min(lengths) < 0.5 or abs(row @ column) > ORIENTATION_TOLERANCE:
        raise LabelsRefused("NO_GEOMETRY", NO_GEOMETRY, name=name)
    row = row / lengths[0]
    column = column - (column @ row) * row
    return np.array([row, column / np.linalg.norm(column)])


def _stacked(along: Floats, gaps_mm: Sequence[float], name: str) -> tuple[float, list[int]]:
    """Return the distance between planes, made exact over the whole stack, and each frame's plane."""
    if not np.isfinite(along).all():
        raise LabelsRefused("NO_GEOMETRY", NO_GEOMETRY, name=name)
    offsets = along - along.min()
    length = float(offsets.max())
    apart = np.diff(np.unique(offsets.round(4)))
    apart = apart[apart > 1e-3]
    for gap in [abs(g) for g in gaps_mm] + ([float(apart.min())] if len(apart) else []):
        if not 1e-3 < gap < 1e3 or length / gap > MAX_EDGE_VOXELS:
            continue
        steps = max(1.0, np.rint(length / gap))
        exact = length / steps if length > gap / 2 else gap
        planes = np.rint(offsets / exact)
        if np.abs(offsets - planes * exact).max() <= position_tolerance_mm(exact):
            return exact, [int(p) for p in planes]
    if not len(apart):
        return 1.0, [0] * len(along)
    raise LabelsRefused("UNEVEN", UNEVEN, name=name)
