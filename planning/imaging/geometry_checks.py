"""Where the slices of one series lie, computed from the position and orientation of every slice.

Never from SliceThickness, SpacingBetweenSlices, file names or the tilt tag: those are nominal or
plainly wrong in real files. A stack that is tilted, uneven or has slices missing is put onto a regular
grid and says so; what forms no stack at all is refused by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from planning.errors import ImportRefused
from planning.geometry.frames import Grid
from planning.imaging.limits import (
    ORIENTATION_NOTED,
    ORIENTATION_TOLERANCE,
    ROUNDED_TILT,
    STEEPEST_TILT,
    WIDEST_GAPS,
    position_tolerance_mm,
)
from planning.imaging.regular_grid import Resampling, even_grid, resampled_grid
from planning.imaging.series import Slice
from planning.imaging.stack_findings import (
    gap_finding,
    gap_places,
    rounding_finding,
    spacing_finding,
    stack_notes,
    tilt_finding,
    twins_finding,
)
from planning.imaging.stack_steps import Steps, steps_of
from planning.model.study import Finding, Severity
from planning.texts import mark

Floats = NDArray[np.float64]
NO_GEOMETRY: Final = mark(
    "Slices carry no position in the patient (ImagePositionPatient or ImageOrientationPatient is missing), "
    "so left, right and distances cannot be known. Export the original series."
)
NO_SPACING: Final = mark(
    "Slices carry no pixel spacing in the patient (PixelSpacing is missing), so nothing can be measured. "
    "Export the original series."
)
BAD_ORIENTATION: Final = mark(
    "The directions of rows and columns are not at right angles or not of length 1. "
    "The image would be distorted; export the original series."
)
TOO_FEW: Final = mark("The series has {count} slice position(s): too few for a volume.")
TWO_SLICES: Final = mark("The series has only two slices; an even distance between slices cannot be checked.")
DUP_SOP_CONFLICT: Final = mark(
    "Two different images carry the same identifier (SOPInstanceUID). Which one is right cannot be known; "
    "export the series again."
)
STEEP: Final = mark(
    "The slices are shifted by {angle} degrees against the way they are stacked, more than any gantry tilts. "
    "Their positions cannot be right; export the original series."
)
SHIFTED: Final = mark(
    "Slices are shifted sideways against each other by up to {shift} mm, so they do not form one block. "
    "Export the original series."
)
WIDE_GAPS: Final = mark(
    "Slices are missing over {missing} of {whole} mm (between {places} mm), too much to fill. "
    "Copy the series again from its source."
)
ORTHONORMALISE: Final = mark(
    "Row and column directions were off by {error} and were set exactly at right angles."
)


@dataclass(frozen=True)
class Stack:
    """Slices in order, and the grid they form.

    Parameters
    ----------
    order : tuple of int
        Index of each slice in order, ascending along row x column direction; of each k where there
        is no `resampling`.
    twins : tuple of (int, int)
        Pairs (kept slice, other slice) at one position, whose pixels must prove identical.
    grid : Grid
    spacing_mm : float
        Largest distance between the centres of neighbouring slices, gaps left out.
    findings : tuple of Finding
    thickness_mm : float
        Largest stated thickness of a slice; 0 where none is stated.
    resampling : Resampling or None
        How slices that are tilted or uneven fill the grid; None where each is a plane of it.
    gaps : tuple of int
        Where slices are missing: n is between slice n and n + 1 of `order`.
    """

    order: tuple[int, ...]
    twins: tuple[tuple[int, int], ...]
    grid: Grid
    spacing_mm: float
    findings: tuple[Finding, ...]
    thickness_mm: float = 0.0
    resampling: Resampling | None = None
    gaps: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class _Lean:
    """Directions of row, column and stack, and how far slices lean against the last; 0 where upright."""

    axes: Floats
    angle_deg: float = 0.0
    shift_mm: float = 0.0


def stack_of(slices: Sequence[Slice], declared_spacing_mm: float | None = None) -> Stack:
    """Return how the slices of one series (equal size, spacing and orientation) form a volume.

    Raises
    ------
    ImportRefused
        ``NO_GEOMETRY``, ``NO_SPACING``, ``BAD_ORIENTATION``, ``TOO_FEW``, ``DUP_SOP_CONFLICT``,
        ``GANTRY_TILT`` (steeper than any gantry), ``SHIFTED``, ``GAP`` (too much missing) or ``GIANT``.
    """
    spacing_ij = _spacing(slices)
    axes, findings = _axes(slices)
    positions = _positions(slices)
    order, twins = _distinct(slices, positions @ axes[:, 2])
    if len(order) < 2:
        raise ImportRefused("TOO_FEW", TOO_FEW, count=len(order))
    ordered, positions = [slices[n] for n in order], positions[order]
    lean = _lean(positions, axes, rounded=bool(findings))
    steps = steps_of(positions @ lean.axes[:, 2])
    _check_gaps(positions @ lean.axes[:, 2], steps, lean.axes[:, 2])
    shape_ji = (ordered[0].form.rows, ordered[0].form.columns)
    resampling = None
    if lean.angle_deg or steps.gaps or not steps.is_even:
        tilted = lean.angle_deg > 0
        grid, resampling = resampled_grid(positions, lean.axes, spacing_ij, shape_ji, steps, tilted=tilted)
    else:
        grid = even_grid(positions, lean.axes, spacing_ij, shape_ji)
    thickness = max((s.thickness_mm or 0.0 for s in ordered), default=0.0)
    spacing = grid.spacing_ijk_mm[2] if steps.is_even else steps.largest_mm
    findings += _found(positions, lean, steps, grid)
    if twins:
        findings.append(twins_finding(len(twins)))
    findings += stack_notes(ordered, spacing, thickness, declared_spacing_mm)
    findings += _moved(grid, ordered, resampling)
    return Stack(
        tuple(order), tuple(twins), grid, spacing, tuple(findings), thickness, resampling, steps.gaps
    )


def _found(positions: Floats, lean: _Lean, steps: Steps, grid: Grid) -> list[Finding]:
    findings = []
    if len(positions) == 2:
        findings.append(Finding("TOO_FEW", TWO_SLICES, severity=Severity.WARN))
    if lean.angle_deg:
        findings.append(tilt_finding(lean.angle_deg, lean.shift_mm))
    if steps.gaps:
        findings.append(gap_finding(positions @ lean.axes[:, 2], steps, lean.axes[:, 2]))
    if not steps.is_even:
        findings.append(spacing_finding(steps, grid.spacing_ijk_mm[2]))
    return findings


def _spacing(slices: Sequence[Slice]) -> tuple[float, float]:
    spacings = [s.spacing_ij_mm for s in slices]
    first = spacings[0]
    if any(s is None for s in spacings) or first is None:
        raise ImportRefused("NO_SPACING", NO_SPACING)
    if not np.isfinite(first).all() or min(first) < 1e-3:
        raise ImportRefused("NO_SPACING", NO_SPACING)
    return first


def _positions(slices: Sequence[Slice]) -> Floats:
    if any(s.position_lps_mm is None for s in slices):
        raise ImportRefused("NO_GEOMETRY", NO_GEOMETRY)
    positions = np.array([s.position_lps_mm for s in slices], dtype=np.float64)
    if not np.isfinite(positions).all():
        raise ImportRefused("NO_GEOMETRY", NO_GEOMETRY)
    return positions


def _axes(slices: Sequence[Slice]) -> tuple[Floats, list[Finding]]:
    """Return a right-handed orthonormal matrix with columns row, column and normal direction."""
    if any(s.row_lps is None or s.column_lps is None for s in slices):
        raise ImportRefused("NO_GEOMETRY", NO_GEOMETRY)
    rows = np.array([s.row_lps for s in slices], dtype=np.float64)
    columns = np.array([s.column_lps for s in slices], dtype=np.float64)
    if not (np.isfinite(rows).all() and np.isfinite(columns).all()):
        raise ImportRefused("NO_GEOMETRY", NO_GEOMETRY)
    lengths = np.linalg.norm(np.stack([rows, columns]), axis=2)
    error = float(max(np.abs(lengths - 1).max(), np.abs((rows * columns).sum(axis=1)).max()))
    if error > ORIENTATION_TOLERANCE:
        raise ImportRefused("BAD_ORIENTATION", BAD_ORIENTATION)
    row, column = rows.mean(axis=0), columns.mean(axis=0)
    normal = np.cross(row, column)
    # The nearest orthonormal matrix: the error is shared between rows and columns.
    u, _, vt = np.linalg.svd(np.stack([row, column, normal / np.linalg.norm(normal)], axis=1))
    axes = np.asarray(u @ vt, dtype=np.float64)
    if error > ORIENTATION_NOTED:
        return axes, [Finding("ORTHONORMALISE", ORTHONORMALISE, (("error", f"{error:.1g}"),))]
    return axes, []


def _distinct(slices: Sequence[Slice], along: Floats) -> tuple[list[int], list[tuple[int, int]]]:
    """Sort by place along the normal; slices at the place of another become its twins."""
    ranked = [int(n) for n in np.argsort(along, kind="stable")]
    order, twins = ranked[:1], []
    for n in ranked[1:]:
        if along[n] - along[order[-1]] <= position_tolerance_mm(0.0):
            twins.append((order[-1], n))
        else:
            order.append(n)
    places: dict[str, float] = {}
    for n, one in enumerate(slices):
        place = places.setdefault(f"{one.sop_uid}:{one.frame}", float(along[n]))
        if one.sop_uid and abs(place - along[n]) > position_tolerance_mm(0.0):
            raise ImportRefused("DUP_SOP_CONFLICT", DUP_SOP_CONFLICT)
    return order, twins


def _lean(positions: Floats, axes: Floats, *, rounded: bool) -> _Lean:
    """Return how the slices lean against the way they are stacked.

    Directions are written with few digits, so a small angle between the two is rounding and the
    positions are the better witness; a larger one is gantry tilt.

    Raises
    ------
    ImportRefused
        ``GANTRY_TILT`` or ``SHIFTED``.
    """
    local = (positions - positions[0]) @ axes
    sideways, rise = local[:, :2], local[:, 2]
    slope = rise @ sideways / (rise @ rise)
    tangent = float(np.linalg.norm(slope))
    crooked = float(np.linalg.norm(sideways - np.outer(rise, slope), axis=1).max())
    total = float(np.linalg.norm(sideways[-1]))
    tolerance = position_tolerance_mm(float(np.median(np.diff(rise))))
    if crooked > max(tolerance, 0.02 * total):
        raise ImportRefused("SHIFTED", SHIFTED, shift=f"{np.linalg.norm(sideways, axis=1).max():.2f}")
    if total <= tolerance:
        return _Lean(axes)  # a few micrometres would turn a short stack more than any rounding of directions
    if tangent > (ORIENTATION_TOLERANCE if rounded else ROUNDED_TILT):
        angle = float(np.degrees(np.arctan(tangent)))
        if tangent > STEEPEST_TILT:
            raise ImportRefused("GANTRY_TILT", STEEP, angle=f"{angle:.1f}")
        return _Lean(axes, angle, total)
    normal = axes @ np.array([*slope, 1.0])
    normal /= np.linalg.norm(normal)
    row = axes[:, 0] - (axes[:, 0] @ normal) * normal
    row /= np.linalg.norm(row)
    return _Lean(np.stack([row, np.cross(normal, row), normal], axis=1))


def _check_gaps(along: Floats, steps: Steps, normal: Floats) -> None:
    """Refuse a stack of which too much is missing to be called one."""
    missing, whole = sum(steps.widths_mm[n] for n in steps.gaps), float(along[-1] - along[0])
    if missing > WIDEST_GAPS * whole:
        places = gap_places(along, steps, normal)
        raise ImportRefused("GAP", WIDE_GAPS, missing=f"{missing:.1f}", whole=f"{whole:.1f}", places=places)


def _moved(grid: Grid, ordered: Sequence[Slice], resampling: Resampling | None) -> list[Finding]:
    """Compare the four corners of every slice, as its own header places them, with the grid."""
    form = ordered[0].form
    corners = np.array([(i, j) for i in (0, form.columns - 1) for j in (0, form.rows - 1)], dtype=np.float64)
    worst = 0.0
    for n, one in enumerate(ordered):
        spacing = np.asarray(one.spacing_ij_mm)
        directions = np.array([one.row_lps, one.column_lps])
        stated = np.asarray(one.position_lps_mm) + (corners * spacing) @ directions
        shift, k = (
            ((0.0, 0.0), float(n))
            if resampling is None
            else (
                resampling.offsets_ij[n],
                resampling.places_k[n],
            )
        )
        built = grid.to_lps(np.column_stack([corners + shift, np.full(4, k)]))
        worst = max(worst, float(np.linalg.norm(stated - built, axis=1).max()))
    return [] if worst <= position_tolerance_mm(0.0) else [rounding_finding(worst)]
