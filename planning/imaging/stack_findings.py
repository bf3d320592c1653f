"""What the importer says about the geometry of a stack it loads."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from planning.geometry.frames import Floats
from planning.imaging.series import Slice
from planning.imaging.stack_steps import Steps
from planning.model.study import Finding, Severity
from planning.texts import mark

GANTRY_TILT: Final = mark(
    "The slices were acquired tilted by {angle} degrees against the way they are stacked (gantry tilt). Read "
    "as it is, the image would be sheared by up to {shift} mm; every slice was moved to where its own "
    "position says it lies."
)
GAP: Final = mark(
    "{missing} slice(s) are missing between {places} mm: neighbours lie up to {gap} mm apart there instead "
    "of {even} mm. What is shown between them is interpolated, not imaged, and nothing is measured there. No "
    "distance is shown until a person has acknowledged this; better copy the series again from its source."
)
NONUNIFORM: Final = mark(
    "The distance between slices varies from {least} to {most} mm. The image was resampled to one slice "
    "every {even} mm; along the stack nothing finer than {most} mm can be told."
)
DUP_IDENTICAL: Final = mark("{count} slice(s) were there twice with identical pixels; each was used once.")
USE_IPP: Final = mark(
    "The file states a slice distance of {stated} mm; the positions of the slices say {measured} mm, "
    "which was used."
)
SORT_BY_IPP: Final = mark(
    "The slices were numbered in another order than they lie; they were sorted by position."
)
THICK_SLICES: Final = mark(
    "Slices are {thickness} mm thick but {spacing} mm apart: neighbours overlap and blur, so along the stack "
    "nothing finer than {thickness} mm can be told."
)
SLICES_APART: Final = mark(
    "Slices are {thickness} mm thick but {spacing} mm apart: what lies between them was not imaged."
)
POSITION_ROUNDING: Final = mark(
    "Slice positions were off by up to {error} mm and were set to even distances."
)
_MOST_PLACES: Final = 8
_OVERLAPPING: Final = 1.1
_APART: Final = 1.5


def gap_places(along_mm: Floats, steps: Steps, normal_lps: Floats) -> str:
    """Return between which places slices are missing, such as ``S 10.0 and S 12.0``, the first few."""
    axis = int(np.abs(normal_lps).argmax())
    sign = 1.0 if normal_lps[axis] > 0 else -1.0
    letter = "LPS"[axis]
    ends = [sorted((sign * float(along_mm[n]), sign * float(along_mm[n + 1]))) for n in steps.gaps]
    words = [f"{letter} {low:.1f} and {letter} {high:.1f}" for low, high in ends[:_MOST_PLACES]]
    return ", ".join(words) + (" ..." if len(ends) > _MOST_PLACES else "")


def gap_finding(along_mm: Floats, steps: Steps, normal_lps: Floats) -> Finding:
    """Return the finding that names every gap; it stops planning until a person acknowledges it."""
    values = (
        ("missing", str(sum(steps.missing))),
        ("places", gap_places(along_mm, steps, normal_lps)),
        ("gap", f"{max(steps.widths_mm[n] for n in steps.gaps):.2f}"),
        ("even", f"{steps.usual_mm:.2f}"),
    )
    return Finding("GAP", GAP, values, Severity.WARN)


def tilt_finding(angle_deg: float, shift_mm: float) -> Finding:
    """Return the finding of a tilt that was corrected."""
    values = (("angle", f"{angle_deg:.1f}"), ("shift", f"{shift_mm:.1f}"))
    return Finding("GANTRY_TILT", GANTRY_TILT, values)


def spacing_finding(steps: Steps, grid_mm: float) -> Finding:
    """Return the finding of slices at varying distances; a warning where it is more than rounding."""
    least, most = min(steps.imaged_mm), steps.largest_mm
    values = (("least", f"{least:.2f}"), ("most", f"{most:.2f}"), ("even", f"{grid_mm:.2f}"))
    return Finding("NONUNIFORM", NONUNIFORM, values, Severity.WARN if steps.varies else Severity.NOTE)


def twins_finding(count: int) -> Finding:
    """Return the finding of slices that were there twice."""
    return Finding("DUP_IDENTICAL", DUP_IDENTICAL, (("count", str(count)),))


def rounding_finding(error_mm: float) -> Finding:
    """Return the finding of slices that were moved by less than the tolerance."""
    return Finding("POSITION_ROUNDING", POSITION_ROUNDING, (("error", f"{error_mm:.3f}"),))


def stack_notes(
    ordered: Sequence[Slice], spacing_mm: float, thickness_mm: float, stated_mm: float | None
) -> list[Finding]:
    """Return what the headers say against the positions: order, distance and thickness."""
    findings = []
    numbers = [s.instance for s in ordered]
    if None not in numbers and len(ordered) > 2 and len({s.frame for s in ordered}) == 1:
        steps = np.sign(np.diff(np.array(numbers, dtype=np.int64)))
        if not (steps > 0).all() and not (steps < 0).all():
            findings.append(Finding("SORT_BY_IPP", SORT_BY_IPP))
    if stated_mm is not None and np.isfinite(stated_mm) and abs(stated_mm - spacing_mm) > 0.01 * spacing_mm:
        values = (("stated", f"{stated_mm:g}"), ("measured", f"{round(spacing_mm, 4):g}"))
        findings.append(Finding("USE_IPP", USE_IPP, values))
    values = (("thickness", f"{thickness_mm:g}"), ("spacing", f"{round(spacing_mm, 3):g}"))
    if thickness_mm > _OVERLAPPING * spacing_mm:
        findings.append(Finding("THICK_SLICES", THICK_SLICES, values))
    elif thickness_mm > 0 and spacing_mm > _APART * thickness_mm:
        findings.append(Finding("SLICES_APART", SLICES_APART, values))
    return findings
