"""Where the slices of one series lie, computed from the position and orientation of every slice.

Never from SliceThickness, SpacingBetweenSlices, file names or the tilt tag: those are nominal or
plainly wrong in real files. What does not form an even stack is refused by name.
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
    position_tolerance_mm,
)
from planning.imaging.series import Slice
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
GANTRY_TILT: Final = mark(
    "The slices are tilted by {angle} degrees against the way they are stacked (gantry tilt); read as it is, "
    "the image would be sheared by up to {shift} mm. Export a series that was corrected for tilt."
)
SHIFTED: Final = mark(
    "Slices are shifted sideways against each other by up to {shift} mm, so they do not form one block. "
    "Export the original series."
)
GAP: Final = mark(
    "{missing} slice(s) are missing, the first between {before} and {after} mm along the stack: the distance "
    "there is {gap} mm instead of {even} mm. Copy the series again from its source."
)
NONUNIFORM: Final = mark(
    "The distance between slices varies from {least} to {most} mm. Export a series with even slices."
)
USE_IPP: Final = mark(
    "The file states a slice distance of {stated} mm; the positions of the slices say {measured} mm, "
    "which was used."
)
ORTHONORMALISE: Final = mark(
    "Row and column directions were off by {error} and were set exactly at right angles."
)
SORT_BY_IPP: Final = mark(
    "The slices were numbered in another order than they lie; they were sorted by position."
)
THICK_SLICES: Final = mark(
    "Slices are {thickness} mm thick but {spacing} mm apart: neighbours overlap and blur."
)
POSITION_ROUNDING: Final = mark(
    "Slice positions were off by up to {error} mm and were set to even distances."
)


@dataclass(frozen=True)
class Stack:
    """Slices in order, and the grid they form.

    Parameters
    ----------
    order : tuple of int
        Index of the slice of each k, ascending along row x column direction.
    twins : tuple of (int, int)
        Pairs (kept slice, other slice) at one position, whose pixels must prove identical.
    grid : Grid
    spacing_mm : float
        Distance between slice centres.
    findings : tuple of Finding
    """

    order: tuple[int, ...]
    twins: tuple[tuple[int, int], ...]
    grid: Grid
    spacing_mm: float
    findings: tuple[Finding, ...]


def stack_of(slices: Sequence[Slice], declared_spacing_mm: float | None = None) -> Stack:
    """Return how the slices of one series (equal size, spacing and orientation) form a volume.

    Raises
    ------
    ImportRefused
        ``NO_GEOMETRY``, ``NO_SPACING``, ``BAD_ORIENTATION``, ``TOO_FEW``, ``DUP_SOP_CONFLICT``,
        ``GANTRY_TILT``, ``SHIFTED``, ``GAP`` or ``NONUNIFORM``.
    """
    spacing_ij = _spacing(slices)
    axes, findings = _axes(slices)
    positions = _positions(slices)
    along = positions @ axes[:, 2]
    order, twins = _distinct(slices, along)
    if len(order) < 2:
        raise ImportRefused("TOO_FEW", TOO_FEW, count=len(order))
    if len(order) == 2:
        findings.append(Finding("TOO_FEW", TWO_SLICES, severity=Severity.WARN))
    axes = _along_the_stack(positions[order], axes, rounded=bool(findings))
    gap, start = _even_stack(positions[order], axes)
    if twins:
        findings.append(_twins_finding(len(twins)))
    findings += _notes(slices, order, gap, declared_spacing_mm)
    first = slices[order[0]].form
    grid = Grid.from_axes((len(order), first.rows, first.columns), start, axes, (*spacing_ij, gap))
    findings += _moved(grid, [slices[n] for n in order])
    return Stack(tuple(order), tuple(twins), grid, gap, tuple(findings))


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


def _along_the_stack(positions: Floats, axes: Floats, *, rounded: bool) -> Floats:
    """Return axes whose third column is the way the slices are stacked.

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
    if tangent > (ORIENTATION_TOLERANCE if rounded else ROUNDED_TILT) and total > tolerance:
        angle = float(np.degrees(np.arctan(tangent)))
        raise ImportRefused("GANTRY_TILT", GANTRY_TILT, angle=f"{angle:.1f}", shift=f"{total:.1f}")
    normal = axes @ np.array([*slope, 1.0])
    normal /= np.linalg.norm(normal)
    row = axes[:, 0] - (axes[:, 0] @ normal) * normal
    row /= np.linalg.norm(row)
    return np.stack([row, np.cross(normal, row), normal], axis=1)


def _even_stack(positions: Floats, axes: Floats) -> tuple[float, Floats]:
    """Return the distance between slices and the first position of the even stack that fits best."""
    along = positions @ axes[:, 2]
    gaps = np.diff(along)
    even = float(np.median(gaps))
    tolerance = position_tolerance_mm(even)
    _check_gaps(along, gaps, even, tolerance)
    index = np.arange(len(along))
    gap, begin = (float(v) for v in np.polyfit(index, along, 1))
    if float(np.abs(begin + gap * index - along).max()) > tolerance:
        raise _nonuniform(gaps)
    gap = round(gap, 9)  # what positions of six digits cannot tell
    sideways = (positions @ axes[:, :2]).mean(axis=0)
    return gap, np.asarray(axes @ np.array([*sideways, begin]), dtype=np.float64)


def _moved(grid: Grid, ordered: Sequence[Slice]) -> list[Finding]:
    """Compare the four corners of every slice, as its own header places them, with the grid."""
    i_last, j_last = grid.shape_kji[2] - 1, grid.shape_kji[1] - 1
    corners = np.array([(i, j) for i in (0, i_last) for j in (0, j_last)], dtype=np.float64)
    worst = 0.0
    for k, one in enumerate(ordered):
        spacing = np.asarray(one.spacing_ij_mm)
        directions = np.array([one.row_lps, one.column_lps])
        stated = np.asarray(one.position_lps_mm) + (corners * spacing) @ directions
        built = grid.to_lps(np.column_stack([corners, np.full(4, k)]))
        worst = max(worst, float(np.linalg.norm(stated - built, axis=1).max()))
    if worst <= position_tolerance_mm(0.0):
        return []
    return [Finding("POSITION_ROUNDING", POSITION_ROUNDING, (("error", f"{worst:.3f}"),))]


def _check_gaps(along: Floats, gaps: Floats, even: float, tolerance: float) -> None:
    odd = np.flatnonzero(np.abs(gaps - even) > 2 * tolerance)
    if not len(odd):
        return
    times = gaps[odd] / even
    whole = np.round(times)
    if (whole >= 2).all() and (np.abs(times - whole) * even <= 2 * tolerance * whole).all():
        raise ImportRefused(
            "GAP",
            GAP,
            missing=int((whole - 1).sum()),
            before=f"{along[odd[0]]:.1f}",
            after=f"{along[odd[0] + 1]:.1f}",
            gap=f"{gaps[odd[0]]:.2f}",
            even=f"{even:.2f}",
        )
    raise _nonuniform(gaps)


def _nonuniform(gaps: Floats) -> ImportRefused:
    return ImportRefused("NONUNIFORM", NONUNIFORM, least=f"{gaps.min():.2f}", most=f"{gaps.max():.2f}")


def _twins_finding(count: int) -> Finding:
    words = mark("{count} slice(s) were there twice with identical pixels; each was used once.")
    return Finding("DUP_IDENTICAL", words, (("count", str(count)),))


def _notes(slices: Sequence[Slice], order: list[int], gap: float, stated: float | None) -> list[Finding]:
    findings = []
    numbers = [slices[n].instance for n in order]
    if None not in numbers and len(order) > 2 and len({s.frame for s in slices}) == 1:
        steps = np.sign(np.diff(np.array(numbers, dtype=np.int64)))
        if not (steps > 0).all() and not (steps < 0).all():
            findings.append(Finding("SORT_BY_IPP", SORT_BY_IPP))
    if stated is not None and np.isfinite(stated) and abs(stated - gap) > 0.01 * gap:
        findings.append(Finding("USE_IPP", USE_IPP, (("stated", f"{stated:g}"), ("measured", f"{gap:g}"))))
    thickness = max((s.thickness_mm or 0.0 for s in slices), default=0.0)
    if thickness > 1.05 * gap:
        values = (("thickness", f"{thickness:g}"), ("spacing", f"{round(gap, 3):g}"))
        findings.append(Finding("THICK_SLICES", THICK_SLICES, values))
    return findings
