"""One vertebra's own frame to measure a blade from: its centre, or one of its endplates.

An endplate is the plane through the outermost bone of the body's middle part. What cannot be told
(vertebra not segmented, cut off by the image, endplate broken) is withheld with the reason.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from planning.errors import ComputationFailed
from planning.geometry.frames import Floats, Vec3, unit, vec3
from planning.model.anatomy import Anatomy
from planning.model.levels import is_next
from planning.model.structures import Structure, StructureKind
from planning.resection.axes import CANALS, VertebraAxes
from planning.resection.starting_cuts import Spine, spine_of
from planning.resection.tissue import reaches_edge
from planning.segmentation.surfaces import Surfaces
from planning.texts import mark

_CELL_MM: Final = 2.0
_INNER: Final = 0.6  # share of the body's half width and depth: its rim may carry osteophytes
_FEWEST_CELLS: Final = 12
_KEPT: Final = 0.75  # share of the plate that must lie in one plane
_ROUNDS: Final = 12
_ROUGH_MM: Final = 1.5
_STEEPEST_COSINE: Final = 0.7


class Place(StrEnum):
    """What of a vertebra is measured from."""

    CENTRE = "centre"
    UPPER = "upper"
    LOWER = "lower"


@dataclass(frozen=True)
class VertebraFrame:
    """Where a vertebra lies and which way it looks.

    Parameters
    ----------
    level : str
    place : Place
    origin_lps_mm : Vec3
        Centre of the body, or the endplate's point above or below it.
    left, anterior, superior : Vec3
        Unit vectors at right angles; at an endplate `superior` is its normal.
    """

    level: str
    place: Place
    origin_lps_mm: Vec3
    left: Vec3
    anterior: Vec3
    superior: Vec3

    @property
    def rows(self) -> Floats:
        """3x3 matrix whose rows are left, posterior and superior: a small LPS of its own."""
        return np.array([self.left, np.negative(self.anterior), self.superior])


_NOT_SEGMENTED: Final = mark("{level} is not segmented, so nothing is measured from it.")
_CUT_OFF: Final = mark("{level} reaches the edge of the image, so its centre and axes are not known.")
_NO_AXES: Final = mark(
    "Neither the canal at {level} nor a vertebra next to it is segmented, so its axes are not known."
)
_REBUILDING: Final = mark("The surfaces round {level} are being built anew.")
_UNEVEN: Final = mark("This endplate of {level} is too uneven to be measured from. Choose its centre.")


def vertebra_frame(anatomy: Anatomy, surfaces: Surfaces, level: str, place: Place) -> VertebraFrame:
    """Return the frame of a vertebra.

    Raises
    ------
    ComputationFailed
        In words for the user where it cannot be told.
    """
    bone = next((s for s in anatomy.of_kind(StructureKind.VERTEBRA) if s.level == level), None)
    if bone is None or surfaces.mesh(bone.id) is None:
        raise ComputationFailed("FRAME_NO_VERTEBRA", _NOT_SEGMENTED, level=level)
    if reaches_edge(bone, anatomy.grid.shape_kji):
        raise ComputationFailed("FRAME_CUT_OFF", _CUT_OFF, level=level)
    beside = levels_beside(anatomy, level)
    if not all(_fits(s, surfaces) for s in measured_from(anatomy, level)):
        raise ComputationFailed("FRAME_REBUILDING", _REBUILDING, level=level)
    spine = spine_of(anatomy, surfaces, beside)
    own = spine.axes[level]
    if own.canal_radius_mm is None and len(spine.axes) < 2:
        raise ComputationFailed("FRAME_NO_AXES", _NO_AXES, level=level)
    if place is Place.CENTRE:
        return VertebraFrame(level, place, own.body_lps_mm, own.left, own.anterior, own.superior)
    return _endplate(spine, own, place)


def levels_beside(anatomy: Anatomy, level: str) -> tuple[str, ...]:
    """Return a level and the ones right above and below it, where they are segmented."""
    return tuple(o for o in anatomy.levels if o == level or is_next(o, level) or is_next(level, o))


def measured_from(anatomy: Anatomy, level: str) -> tuple[Structure, ...]:
    """Return the structures a vertebra's frame depends on."""
    beside = levels_beside(anatomy, level)
    bones = (s for s in anatomy.of_kind(StructureKind.VERTEBRA) if s.level in beside)
    return (*bones, *anatomy.of_kind(*CANALS))


def _fits(structure: Structure, surfaces: Surfaces) -> bool:
    found = surfaces.by_id.get(structure.id)
    return found is None or found.mask_digest == structure.mask.digest


def _endplate(spine: Spine, own: VertebraAxes, place: Place) -> VertebraFrame:
    sign = 1.0 if place is Place.UPPER else -1.0
    points = own.local(spine.vertebrae[own.level])
    body = points[points[:, 1] > own.front_mm]
    middle = own.local(np.asarray(own.body_lps_mm)[None])[0]
    plane = _plane_of(_outermost(body, middle, sign))
    if plane is None:
        raise ComputationFailed("FRAME_UNEVEN", _UNEVEN, level=own.level)
    a, b, c = plane
    rows = np.array([own.left, own.anterior, own.superior])
    superior = np.asarray(unit(np.array([-a, -b, 1.0]) @ rows))
    if float(superior @ np.asarray(own.superior)) < _STEEPEST_COSINE:
        raise ComputationFailed("FRAME_UNEVEN", _UNEVEN, level=own.level)
    height = a * middle[0] + b * middle[1] + c
    origin = np.asarray(own.centre_lps_mm) + np.array([middle[0], middle[1], height]) @ rows
    forward = np.asarray(own.anterior)
    anterior = np.asarray(unit(forward - (forward @ superior) * superior))
    left = np.cross(superior, anterior)
    return VertebraFrame(own.level, place, vec3(origin), vec3(left), vec3(anterior), vec3(superior))


def _outermost(body: Floats, middle: Floats, sign: float) -> Floats:
    """Return the highest (or lowest) point of each cell over the body's middle part, shape (n, 3)."""
    beside = body[np.abs(body[:, 2] - middle[2]) < 4.0]
    if len(beside) < _FEWEST_CELLS:
        return np.zeros((0, 3))
    half = (np.percentile(beside[:, :2], 98, axis=0) - np.percentile(beside[:, :2], 2, axis=0)) / 2
    away = (body[:, :2] - middle[:2]) / np.maximum(half, 1.0)
    inner = body[(away**2).sum(axis=1) < _INNER**2]
    cells = np.floor(inner[:, :2] / _CELL_MM).astype(np.int64)
    order = np.lexsort((-sign * inner[:, 2], cells[:, 1], cells[:, 0]))
    cells, inner = cells[order], inner[order]
    first = np.ones(len(cells), dtype=bool)
    first[1:] = (cells[1:] != cells[:-1]).any(axis=1)
    return np.asarray(inner[first])


def _plane_of(points: Floats) -> tuple[float, float, float] | None:
    """Return `height = a left + b anterior + c` through points, outliers left out; None where too uneven."""
    fewest = max(_FEWEST_CELLS, _KEPT * len(points))
    for _ in range(_ROUNDS):
        if len(points) < fewest:
            return None
        design = np.column_stack([points[:, :2], np.ones(len(points))])
        plane = np.linalg.lstsq(design, points[:, 2], rcond=None)[0]
        off = np.abs(points[:, 2] - design @ plane)
        near = off <= max(3.0 * float(np.median(off)), 0.3)
        if near.all():
            rough = float(np.sqrt((off**2).mean()))
            a, b, c = (float(v) for v in plane)
            return (a, b, c) if rough <= _ROUGH_MM else None
        points = points[near]
    return None
