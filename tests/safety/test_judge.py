"""From measured distances to results: sigma, lower bound, what is withheld and why, the level rule."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.geometry.volume import Volume
from planning.model.anatomy import Anatomy, LevelConfirmation
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Mobilisation, Plan
from planning.model.settings import load_settings
from planning.model.stamp import inputs_of
from planning.model.structures import Review, ReviewState, Structure, StructureKind
from planning.model.study import StudyImage
from planning.safety.clearance import RawClearance
from planning.safety.judge import REASONS, Judge, reason_words
from planning.safety.results import MarginClass, Status

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
AT = datetime(2026, 1, 1, tzinfo=UTC)
BLADE = Blade((0, 0, 0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0), 30, 30, 1)
CUT = Osteotomy("c", OsteotomyKind.DISC, "t_saw", BLADE, step=9)
FULL = Mask.from_array(np.ones((2, 2, 2), dtype=bool))
CORD = Structure("cord", StructureKind.SPINAL_CORD, FULL)
AORTA = Structure("aorta-1", StructureKind.AORTA, FULL)
TUMOUR = Structure("tumour-1", StructureKind.TUMOUR, FULL, name="lesion 1")


def a_judge(
    *structures: Structure,
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    confirmed: bool = True,
    plan: Plan | None = None,
    withheld: str | None = None,
    acquired_mm: float = 0.0,
) -> Judge:
    grid = Grid.from_axes((2, 2, 2), (0, 0, 0), np.eye(3), spacing)
    confirmation = LevelConfirmation("Dr R", AT, "ribs") if confirmed else None
    anatomy = Anatomy(grid, structures, levels_confirmed=confirmation)
    image = StudyImage("ct", Volume(np.zeros((2, 2, 2), dtype=np.int16), grid), slice_spacing_mm=acquired_mm)
    case = Case(
        "c", images=(image,), anatomy=anatomy, plans=(plan or Plan(tumour="lesion 1", osteotomies=(CUT,)),)
    )
    inputs = inputs_of(case, SETTINGS)
    assert inputs is not None
    return Judge(case, SETTINGS, inputs, withheld)


def raw(
    structure: Structure, value: float | None, overshoot: float | None = None, reason: str | None = None
) -> RawClearance:
    return RawClearance(
        structure.id,
        value,
        value if overshoot is None else overshoot,
        (1.0, 2.0, 3.0),
        (4.0, 5.0, 6.0),
        withheld_reason=reason,
    )


@pytest.mark.parametrize(
    "spacing,resolution,acquired,segmentation",
    [
        ((1.0, 1.0, 1.0), None, 0.0, 0.5),
        ((0.7, 0.7, 2.5), None, 0.0, 1.25),
        ((1.0, 1.0, 1.0), 1.5, 0.0, 0.75),
        ((1.0, 1.0, 1.0), None, 2.5, 1.25),
    ],
)
def test_sigma_is_the_root_of_segmentation_and_execution(
    spacing: tuple[float, float, float], resolution: float | None, acquired: float, segmentation: float
) -> None:
    cord = replace(CORD, effective_resolution_mm=resolution)
    (result,) = a_judge(cord, spacing=spacing, acquired_mm=acquired).clearances(CUT, [raw(cord, 9.0)])
    sigma = math.sqrt(segmentation**2 + 2.3**2)

    assert result.sigma_mm == pytest.approx(sigma, abs=1e-12)
    assert result.lower_mm == pytest.approx(9.0 - 1.645 * sigma, abs=1e-12)


def test_a_clearance_carries_value_points_and_status() -> None:
    (result,) = a_judge(CORD).clearances(CUT, [raw(CORD, 2.0, 1.0)])

    assert (result.osteotomy, result.structure_id, result.structure) == ("c", "cord", "spinal_cord")
    assert (result.value_mm, result.with_overshoot_mm, result.status) == (2.0, 1.0, Status.WARN)
    assert (result.tool_point_lps_mm, result.structure_point_lps_mm) == ((1, 2, 3), (4, 5, 6))
    assert result.reason is None


def test_only_kinds_with_a_limit_get_a_clearance_and_empty_masks_none() -> None:
    bone = Structure("t10", StructureKind.VERTEBRA, FULL, "T10")
    empty = Structure("azygos", StructureKind.AZYGOS, Mask((2, 2, 2)))
    judge = a_judge(CORD, bone, TUMOUR, empty)

    assert [
        c.structure_id for c in judge.clearances(CUT, [raw(s, 9.0) for s in (CORD, bone, TUMOUR, empty)])
    ] == ["cord"]


@pytest.mark.parametrize("reason", ["disagreement", "outside_image", "outside_field", "surface"])
def test_what_the_measurement_withholds_stays_withheld_with_its_reason(reason: str) -> None:
    (result,) = a_judge(CORD).clearances(CUT, [raw(CORD, None, reason=reason)])

    assert (result.value_mm, result.with_overshoot_mm, result.lower_mm, result.sigma_mm) == (None,) * 4
    assert (result.status, result.reason) == (Status.NOT_ASSESSED, reason)
    assert result.tool_point_lps_mm is None
    assert result.note == f"not assessed: {REASONS[reason]}"


def test_a_structure_nobody_measured_is_not_assessed() -> None:
    (result,) = a_judge(CORD).clearances(CUT, [])

    assert (result.status, result.value_mm, result.reason) == (Status.NOT_ASSESSED, None, "surface")


@pytest.mark.parametrize("reason", ["thick_slices", "self_test_failed"])
def test_a_reason_against_every_number_hides_every_number(reason: str) -> None:
    judge = a_judge(CORD, TUMOUR, withheld=reason)
    (clearance,) = judge.clearances(CUT, [raw(CORD, 9.0)])
    margin = judge.margin(CUT, [raw(TUMOUR, 9.0)])

    assert (clearance.value_mm, clearance.status, clearance.reason) == (None, Status.NOT_ASSESSED, reason)
    assert (margin.value_mm, margin.status, margin.reason) == (None, Status.NOT_ASSESSED, reason)


@pytest.mark.parametrize(
    "value,status", [(9.0, Status.NOT_ASSESSED), (2.0, Status.NOT_ASSESSED), (0.5, Status.FAIL)]
)
def test_without_the_overshoot_nothing_passes_but_a_failure_stands(value: float, status: Status) -> None:
    measured = RawClearance("cord", value, None, overshoot_withheld_reason="outside_image")
    (result,) = a_judge(CORD).clearances(CUT, [measured])

    assert (result.value_mm, result.with_overshoot_mm, result.status) == (value, None, status)


@pytest.mark.parametrize("state,shown", [("draft", False), ("reviewed", True), ("approved", True)])
def test_a_draft_is_not_assessed_where_review_is_demanded(state: str, shown: bool) -> None:
    cord = replace(CORD, review=Review(ReviewState(state)))
    judge = a_judge(cord)
    limits = replace(SETTINGS.limits, review_demanded=frozenset({StructureKind.SPINAL_CORD}))
    judge = replace(judge, settings=replace(SETTINGS, limits=limits))
    (result,) = judge.clearances(CUT, [raw(cord, 9.0)])

    assert (result.value_mm is not None) is shown
    assert result.reason == (None if shown else "unreviewed")
    assert result.status is (Status.PASS if shown else Status.NOT_ASSESSED)


def test_nothing_passes_until_a_person_confirmed_the_levels() -> None:
    for confirmed, status in ((True, Status.PASS), (False, Status.WARN)):
        judge = a_judge(CORD, TUMOUR, confirmed=confirmed)
        (clearance,) = judge.clearances(CUT, [raw(CORD, 9.0)])
        margin = judge.margin(CUT, [raw(TUMOUR, 9.0)])
        assert (clearance.status, margin.status) == (status, status)
        assert ("level count not confirmed" in clearance.note) is not confirmed


def test_the_level_rule_makes_nothing_better() -> None:
    judge = a_judge(CORD, confirmed=False)

    assert judge.clearances(CUT, [raw(CORD, 0.5)])[0].status is Status.FAIL
    assert judge.clearances(CUT, [raw(CORD, None, reason="surface")])[0].status is Status.NOT_ASSESSED


def test_guard_and_mobilisation_are_recorded_with_the_result() -> None:
    plan = Plan(osteotomies=(CUT,), mobilised=(Mobilisation("aorta", "retractor", 8, "Dr A"),))
    (result,) = a_judge(AORTA, plan=plan).clearances(CUT, [raw(AORTA, -1.0)])

    assert (result.status, result.guard, result.mobilised) == (Status.WARN, "retractor, Dr A", True)
    assert "because a guard is named" in result.note


@pytest.mark.parametrize(
    "value,status,name",
    [
        (-1.0, Status.FAIL, "intralesional"),
        (1.0, Status.WARN, "<2 mm by plan"),
        (6.0, Status.PASS, ">=2 mm by plan"),
    ],
)
def test_the_tumour_margin_of_a_cut(value: float, status: Status, name: str) -> None:
    margin = a_judge(TUMOUR).margin(CUT, [raw(TUMOUR, value)])

    assert (margin.value_mm, margin.status, margin.margin_class) == (value, status, MarginClass(name))


@pytest.mark.parametrize("name", [None, "lesion 2", "spinal_cord"])
def test_without_the_plan_s_tumour_no_margin_is_assessed(name: str | None) -> None:
    margin = a_judge(TUMOUR, CORD, plan=Plan(tumour=name, osteotomies=(CUT,))).margin(CUT, [raw(TUMOUR, 9.0)])

    assert (margin.value_mm, margin.status, margin.reason) == (None, Status.NOT_ASSESSED, "no_tumour")


def test_of_two_structures_of_one_tumour_the_nearer_counts_and_a_missing_one_withholds() -> None:
    one = Structure("a", StructureKind.TUMOUR, FULL)
    two = Structure("b", StructureKind.TUMOUR, FULL)
    judge = a_judge(one, two, plan=Plan(tumour="tumour", osteotomies=(CUT,)))

    assert judge.margin(CUT, [raw(one, 9.0), raw(two, 5.0)]).value_mm == 5.0
    assert judge.margin(CUT, [raw(one, 9.0), raw(two, None, reason="surface")]).reason == "surface"
    assert judge.margin(CUT, [raw(one, 9.0)]).reason == "surface"


def test_every_reason_has_words() -> None:
    assert all(reason_words(code) != code for code in REASONS)
