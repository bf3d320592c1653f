"""CLINICAL 7 asks for thin slices and a small increment: the worse of the two is what counts."""

from dataclasses import replace

import pytest

from planning.model.case import Case
from planning.progress import silent
from planning.safety.completeness import remarks_of, slice_spacing_mm
from planning.safety.evaluation import evaluate
from tests.builders import a_case, a_cord_cylinder, a_plan
from tests.safety.test_unseen import SETTINGS


def _case(thickness_mm: float, spacing_mm: float) -> Case:
    case = a_case(a_cord_cylinder(), a_plan())
    image = replace(case.images[0], slice_spacing_mm=spacing_mm, slice_thickness_mm=thickness_mm)
    return replace(case, images=(image,))


@pytest.mark.parametrize(
    "thickness, spacing, counted, words",
    [
        (1.0, 1.0, 1.0, None),
        (1.5, 1.0, 1.5, "slices 1.5 mm thick: more than 1.25 mm, small structures may be missed"),
        (3.0, 2.0, 3.0, "slices 3 mm thick: distances carry a band of ±1.5 mm"),
        (5.0, 1.0, 5.0, "slices 5 mm thick: more than 3 mm, so no distances are given; use thinner slices"),
        (1.0, 2.5, 2.5, "slice spacing 2.5 mm: distances carry a band of ±1.25 mm"),
        (0.0, 1.5, 1.5, "slice spacing 1.5 mm: more than 1.25 mm, small structures may be missed"),
    ],
)
def test_the_worse_of_thickness_and_spacing_counts(
    thickness: float, spacing: float, counted: float, words: str | None
) -> None:
    case = _case(thickness, spacing)
    assert slice_spacing_mm(case) == counted
    said = [w for w in remarks_of(case, SETTINGS.limits).cautions if w.startswith("slice")]
    assert said == ([words] if words else [])


def test_slices_too_thick_withhold_every_distance_however_close_they_lie() -> None:
    evaluation = evaluate(_case(5.0, 1.0), SETTINGS, silent)
    assert evaluation.clearances
    assert {(c.value_mm, c.reason) for c in evaluation.clearances} == {(None, "thick_slices")}
    kept = evaluate(_case(3.0, 1.0), SETTINGS, silent).clearances
    assert {c.reason for c in kept} != {"thick_slices"}
