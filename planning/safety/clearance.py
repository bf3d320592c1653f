"""How far one blade stays from each structure: values and points, no judgement."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, Vec3
from planning.kernel.exact_distance import mesh_values, mesh_values_by
from planning.kernel.minima import Minimum, minima
from planning.kernel.process import Worker
from planning.kernel.slab import Slab, nearest_points, slab_of
from planning.model.osteotomy import Osteotomy
from planning.progress import Progress, silent
from planning.safety.fields import CheckedStructure, Fields, swept_corners_lps_mm
from planning.safety.image_edge import Sides, is_outside, sides_left
from planning.texts import tr

OUTSIDE_IMAGE: Final = "outside_image"
OUTSIDE_FIELD: Final = "outside_field"
SURFACE: Final = "surface"
DISAGREEMENT: Final = "disagreement"
TOO_THIN: Final = "too_thin"
INTERRUPTED: Final = "interrupted"


@dataclass(frozen=True)
class RawClearance:
    """The distance between one blade and one structure (INTERCHANGE section 3).

    Parameters
    ----------
    structure_id : str
    value_mm : float or None
        Smallest signed distance over the swept slab; below zero the tool enters the structure.
        None where nothing may be said, with `withheld_reason`.
    with_overshoot_mm : float or None
        The same over the slab run on by the tool's overshoot.
    tool_point_lps_mm, structure_point_lps_mm : Vec3 or None
        Where `value_mm` is reached, and the nearest point of the structure's surface.
    overshoot_tool_point_lps_mm, overshoot_structure_point_lps_mm : Vec3 or None
        The same for `with_overshoot_mm`.
    withheld_reason : str or None
        ``outside_image``: the blade lies outside the image; it leaves the image on a side where the
        structure runs out of it too; or the structure may continue nearer outside the image.
        ``outside_field``: the blade left the region of the fields; compute them anew (`fields_of`).
        ``surface``: no surface true to the mask could be made. ``disagreement``: the two evaluators differ.
        ``too_thin``: parts of the structure may lie unseen between the voxels' centres.
        ``interrupted``: a gap in its segmentation is nearer than what was segmented.
    overshoot_withheld_reason : str or None
        The same for `with_overshoot_mm` alone.
    """

    structure_id: str
    value_mm: float | None
    with_overshoot_mm: float | None
    tool_point_lps_mm: Vec3 | None = None
    structure_point_lps_mm: Vec3 | None = None
    overshoot_tool_point_lps_mm: Vec3 | None = None
    overshoot_structure_point_lps_mm: Vec3 | None = None
    withheld_reason: str | None = None
    overshoot_withheld_reason: str | None = None


def clearances_of(osteotomy: Osteotomy, fields: Fields) -> tuple[RawClearance, ...]:
    """Return the clearance of one osteotomy from every structure of the fields; fast enough for a drag.

    Only the first evaluator speaks here: see `cross_checked` for what may be printed.
    """
    blade = osteotomy.blade
    places = (_place(blade, fields, overshoot=False), _place(blade, fields, overshoot=True))
    if places[0].reason is not None or fields.region is None:
        return tuple(_withheld(s, places[0].reason or OUTSIDE_FIELD) for s in fields.structures)
    if not fields.structures:
        return ()
    slab = slab_of(blade)
    region = fields.region
    found = minima(slab, fields.forest, fields.values, region.low_lps_mm, region.spacing_mm)
    values = np.array([[near.value_mm, further.value_mm] for near, further in found])
    doubts = _doubts(slab, fields, values, places)
    return tuple(
        _clearance(structure, pair, doubt)
        for structure, pair, doubt in zip(fields.structures, found, doubts, strict=True)
    )


def cross_checked(
    osteotomy: Osteotomy, fields: Fields, progress: Progress = silent, worker: Worker | None = None
) -> tuple[RawClearance, ...]:
    """Return the clearances of one osteotomy, each confirmed by the second evaluator or withheld."""
    return all_cross_checked([osteotomy], fields, progress, worker)[0]


def all_cross_checked(
    osteotomies: Sequence[Osteotomy],
    fields: Fields,
    progress: Progress = silent,
    worker: Worker | None = None,
) -> tuple[tuple[RawClearance, ...], ...]:
    """Return the clearances of each osteotomy, confirmed by the second evaluator.

    A value the two evaluators do not agree on within half of the image's largest voxel edge is
    withheld as ``disagreement`` (INTERCHANGE section 3).

    Parameters
    ----------
    worker : Worker or None
        Runs the second evaluator in the child process; None runs it here, holding the interpreter
        lock.
    """
    found = [clearances_of(o, fields) for o in osteotomies]
    if not found or not fields.structures:
        return tuple(found)
    progress(0.0, tr("Checking distances a second way"))
    expected = np.array([[(_or_nan(c.value_mm), _or_nan(c.with_overshoot_mm)) for c in row] for row in found])
    meshes = [s.mesh for s in fields.structures]
    blades = [o.blade for o in osteotomies]
    if worker is None:
        second = mesh_values(meshes, blades, expected)
    else:
        second = mesh_values_by(worker, meshes, blades, expected, progress)
    tolerance_mm = fields.image_grid.largest_voxel_edge_mm / 2
    return tuple(
        tuple(confirmed(c, v, tolerance_mm) for c, v in zip(row, values, strict=True))
        for row, values in zip(found, second, strict=True)
    )


def confirmed(clearance: RawClearance, second_mm: Floats, tolerance_mm: float) -> RawClearance:
    """Return a clearance with every value withheld that a second evaluator does not confirm.

    Parameters
    ----------
    second_mm : array, shape (2,)
        The second evaluator's values without and with overshoot; NaN where it has none.
    """
    if clearance.value_mm is not None and not abs(clearance.value_mm - second_mm[0]) <= tolerance_mm:
        return RawClearance(
            clearance.structure_id,
            None,
            None,
            withheld_reason=DISAGREEMENT,
            overshoot_withheld_reason=DISAGREEMENT,
        )
    further = clearance.with_overshoot_mm
    if further is not None and not abs(further - second_mm[1]) <= tolerance_mm:
        return _without_overshoot(clearance, DISAGREEMENT)
    return clearance


class _Place(NamedTuple):
    """Why nothing may be said about a slab because of where it lies, or None; and the sides it leaves."""

    reason: str | None
    sides: Sides


def _place(blade: Blade, fields: Fields, overshoot: bool) -> _Place:
    corners = swept_corners_lps_mm(blade, overshoot)
    sides = sides_left(corners, fields.image_grid)
    if is_outside(swept_corners_lps_mm(blade, False), fields.image_grid):
        return _Place(OUTSIDE_IMAGE, sides)
    if not fields.holds(corners):
        return _Place(OUTSIDE_FIELD, sides)
    return _Place(None, sides)


_Doubts = tuple[str | None, str | None]


def _doubts(slab: Slab, fields: Fields, values_mm: Floats, places: tuple[_Place, _Place]) -> list[_Doubts]:
    """Return for each structure why its two values may not be said, or None where they may.

    A structure the blade enters stays entered, whatever lies unseen.
    """
    goes_on = _is_nearer(slab, fields.cut_faces, values_mm)
    goes_on |= np.array(
        [[bool(s.cut_faces.sides & place.sides) for place in places] for s in fields.structures]
    )
    broken = _is_nearer(slab, fields.gaps, values_mm)
    doubts: list[_Doubts] = []
    for n, structure in enumerate(fields.structures):
        if not structure.is_true:
            doubts.append((SURFACE, SURFACE))
            continue
        near, further = (
            _doubt(structure, bool(goes_on[n, run]), bool(broken[n, run])) if values_mm[n, run] >= 0 else None
            for run in (0, 1)
        )
        doubts.append((near, near or places[1].reason or further))
    return doubts


def _doubt(structure: CheckedStructure, goes_on: bool, is_broken: bool) -> str | None:
    if goes_on:
        return OUTSIDE_IMAGE
    if structure.unresolved.is_too_thin:
        return TOO_THIN
    return INTERRUPTED if is_broken else None


def _is_nearer(
    slab: Slab, places: tuple[Floats, NDArray[np.int64], Floats], values_mm: Floats
) -> NDArray[np.bool_]:
    """Say for each structure, shape (structures, 2), whether one of its places is nearer than its value."""
    points, ends, slack_mm = places
    slack = slack_mm[:, None]
    # Looking a little past the value is enough to know whether one of them is nearer.
    found = nearest_points(slab, points, ends, np.maximum(values_mm, 0.0) + slack + 1.0) - slack
    return np.asarray(found < values_mm)


def _clearance(structure: CheckedStructure, pair: tuple[Minimum, Minimum], doubts: _Doubts) -> RawClearance:
    if doubts[0] is not None:
        return _withheld(structure, doubts[0])
    near, further = pair
    clearance = RawClearance(
        structure.id,
        near.value_mm,
        further.value_mm,
        _point(near.tool_lps_mm),
        _point(near.surface_lps_mm),
        _point(further.tool_lps_mm),
        _point(further.surface_lps_mm),
    )
    return clearance if doubts[1] is None else _without_overshoot(clearance, doubts[1])


def _withheld(structure: CheckedStructure, reason: str) -> RawClearance:
    return RawClearance(structure.id, None, None, withheld_reason=reason, overshoot_withheld_reason=reason)


def _without_overshoot(clearance: RawClearance, reason: str) -> RawClearance:
    return replace(
        clearance,
        with_overshoot_mm=None,
        overshoot_tool_point_lps_mm=None,
        overshoot_structure_point_lps_mm=None,
        overshoot_withheld_reason=reason,
    )


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _point(values: Floats) -> Vec3:
    return (float(values[0]), float(values[1]), float(values[2]))
