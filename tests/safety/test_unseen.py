"""What was never acquired is no ground for a number: corners of tilted stacks, and gaps between slices."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from planning.editing.image_edits import AcknowledgeFinding
from planning.geometry.coverage import Coverage
from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.original_stack import OriginalStack
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Plan
from planning.model.settings import load_settings
from planning.model.stamp import inputs_of, is_current
from planning.model.structures import StructureKind
from planning.model.study import Finding, Severity
from planning.progress import silent
from planning.safety.clearance import RawClearance, clearances_of
from planning.safety.evaluation import evaluate
from planning.safety.fields import fields_of
from planning.safety.judge import Judge, reason_words
from planning.safety.results import Clearance, Status
from planning.safety.unseen import Unseen
from planning.safety.unseen_problems import unseen_problems
from planning.segmentation.surfaces import surfaces_of
from tests.builders import a_blade, a_case, a_cord_cylinder, a_cut, a_plan, a_vertebral_column

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
AT = datetime(2026, 1, 1, tzinfo=UTC)
CORD = a_cord_cylinder()  # radius 5 mm, from z = -30 to 30 mm; its image from -35 to 35 mm
GRID = CORD.grid
WHOLE = Coverage((0.0, 0.0), (GRID.shape_kji[2] - 1.0, GRID.shape_kji[1] - 1.0))
# Slices at z = -0.5 and 3.5 mm, nothing between.
GAPPED = replace(WHOLE, gaps_k=((34.0, 38.0),))


def _beside(z_mm: float, x_mm: float = 12.5, overshoot_mm: float = 0.0) -> Osteotomy:
    """Return a cut 4 mm high beside the cord, 12 mm from its axis."""
    blade = a_blade((x_mm, -4, z_mm), (1, 0, 0), (0, 1, 0), 4, 8, 1.0, overshoot_mm)
    return a_cut("c", OsteotomyKind.FREE, blade)


def _judged(cut: Osteotomy, coverage: Coverage, anatomy: Anatomy = CORD) -> RawClearance:
    fields = fields_of(anatomy, surfaces_of(anatomy), Plan(osteotomies=(cut,)), silent)
    (raw,) = clearances_of(cut, fields)
    assert raw.value_mm is not None
    return Unseen(anatomy.grid, coverage).judged(cut, anatomy.structures[0].mask, raw)


def test_away_from_the_gap_the_number_stays() -> None:
    assert _judged(_beside(-20.0), GAPPED).value_mm == pytest.approx(7.0, abs=0.5)
    assert _judged(_beside(20.0), GAPPED).value_mm == pytest.approx(7.0, abs=0.5)


@pytest.mark.parametrize("z_mm", [-3.0, 0.0, 1.5, 3.0, 6.0])
def test_beside_the_gap_nothing_is_said(z_mm: float) -> None:
    found = _judged(_beside(z_mm), GAPPED)
    assert (found.value_mm, found.with_overshoot_mm) == (None, None)
    assert (found.withheld_reason, found.overshoot_withheld_reason) == ("gap", "gap")
    assert "slices are missing" in reason_words("gap")


def test_where_the_cord_was_entered_decides() -> None:
    assert _judged(_beside(-20.0, 3.0), GAPPED).value_mm == pytest.approx(-2.5, abs=1.0)
    assert _judged(_beside(1.5, 3.0), GAPPED).withheld_reason == "gap"


def test_only_the_overshoot_into_the_gap_is_withheld() -> None:
    downwards = a_blade((12.5, 0, 24), (1, 0, 0), (0, 0, -1), 8, 8, 1.0, 14.0)
    found = _judged(a_cut("c", OsteotomyKind.FREE, downwards), GAPPED)
    assert found.value_mm == pytest.approx(7.0, abs=0.5)
    assert (found.with_overshoot_mm, found.overshoot_withheld_reason) == (None, "gap")
    assert found.withheld_reason is None


def test_a_structure_that_ends_before_the_gap_is_measured_beside_it() -> None:
    short = a_cord_cylinder(length_mm=30.0)
    z_behind = short.grid.to_ijk((0.0, 0.0, 18.0))[2]
    coverage = replace(WHOLE, gaps_k=((float(z_behind), float(z_behind) + 1.0),))
    found = _judged(_beside(10.0), coverage, short)
    assert found.value_mm == pytest.approx(7.0, abs=0.5)


def _leaning(first_j: float, lean: float) -> Coverage:
    """Return the coverage of slices 40 rows high whose middle one begins at row `first_j`."""
    middle = (GRID.shape_kji[0] - 1) / 2
    return Coverage((0.0, first_j - lean * middle), (39.0, first_j + 39.0 - lean * middle), (0.0, lean))


def test_a_corner_without_data_is_as_good_as_outside_the_image() -> None:
    inside, cut = _leaning(0.0, 0.1), _beside(0.0)
    assert _judged(cut, inside).value_mm == pytest.approx(7.0, abs=0.5)
    # The data begin at row 22, behind the cord's axis, so it runs into their edge all along.
    assert _judged(cut, _leaning(22.0, 0.1)).withheld_reason == "outside_image"
    # Only the upper end of the cord leaves the data: the lower cut knows, the upper does not.
    steep = _leaning(0.0, 0.6)
    assert _judged(_beside(-20.0), steep).value_mm == pytest.approx(7.0, abs=0.5)
    assert _judged(_beside(27.0), steep).withheld_reason == "outside_image"


def test_a_blade_where_no_data_are_says_nothing() -> None:
    away = a_cut("c", OsteotomyKind.FREE, a_blade((0, -18, 25), (0, 0, 1), (0, 1, 0), 8, 4, 1.0, 0.0))
    assert _judged(away, _leaning(0.0, 0.0001)).value_mm == pytest.approx(9.0, abs=0.5)
    assert _judged(away, _leaning(0.0, 0.3)).withheld_reason == "outside_image"


def test_a_cut_and_a_bone_that_leave_the_data_are_named() -> None:
    bone = replace(CORD.structures[0], kind=StructureKind.VERTEBRA, level="T10")
    case = a_case(
        replace(CORD, structures=(bone,)), Plan(target_levels=("T10",), osteotomies=(_beside(27.0),))
    )
    inputs = inputs_of(case, SETTINGS)
    assert inputs is not None

    def codes(coverage: Coverage | None) -> list[str]:
        judge = Judge(case, SETTINGS, replace(inputs, coverage=coverage))
        return [p.code for p in unseen_problems(judge)]

    assert codes(None) == codes(WHOLE) == []
    assert codes(_leaning(0.0, 0.1)) == []
    assert codes(_leaning(0.0, 0.9)) == ["leaves_data", "outside_data"]
    assert codes(GAPPED) == ["gap_in_structure"]


def _with_gap(case: Case, slices_missing: tuple[int, ...]) -> Case:
    """Return the case as if the slices k of its image had been missing and were filled."""
    image = case.images[0]
    grid: Grid = image.volume.grid
    kept = [k for k in range(grid.shape_kji[0]) if k not in slices_missing]
    before = kept.index(min(slices_missing) - 1)
    original = OriginalStack(
        tuple((float(p[0]), float(p[1]), float(p[2])) for p in (grid.to_lps((0, 0, k)) for k in kept)),
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        (1.0, 1.0),
        columns=grid.shape_kji[2],
        rows=grid.shape_kji[1],
        gaps=(before,),
    )
    gap = Finding("GAP", "slices are missing", (), Severity.WARN)
    return replace(case, images=(replace(image, original=original, findings=(gap,)),))


@pytest.fixture(scope="module")
def gapped_case() -> Case:
    """A spine whose image lacks two slices in the disc above the target."""
    anatomy = a_vertebral_column()
    cranial = a_plan().osteotomies[0].blade.origin_lps_mm[2]
    k = round(float(anatomy.grid.to_ijk((0.0, 0.0, cranial))[2]))
    return _with_gap(a_case(anatomy, a_plan()), (k, k + 1))


def _of(clearances: tuple[Clearance, ...], cut: str, kind: StructureKind) -> Clearance:
    return next(c for c in clearances if c.osteotomy == cut and c.kind is kind)


def test_nothing_is_shown_until_the_gap_is_acknowledged(gapped_case: Case) -> None:
    before = evaluate(gapped_case, SETTINGS, silent)
    assert {c.value_mm for c in before.clearances} == {None}
    assert {m.value_mm for m in before.tumour_margins} == {None}
    assert {m.value_mm for m in before.specimen_margins} == {None}
    reviewed = [c for c in before.clearances if c.kind is StructureKind.AORTA]
    assert {c.reason for c in reviewed} == {"unacknowledged"}
    assert before.status in (Status.NOT_ASSESSED, Status.FAIL)

    known = AcknowledgeFinding("ct", "GAP", "Dr R", AT).apply(gapped_case)
    assert known.unacknowledged == ()
    assert not is_current(before, known, SETTINGS)
    after = evaluate(known, SETTINGS, silent)
    assert before.inputs.digest != after.inputs.digest
    said = {(p.code, p.osteotomies) for p in after.problems}
    assert ("crosses_gap", ("cranial",)) in said
    assert ("crosses_gap", ("caudal",)) not in said
    assert {p.code for p in after.problems} & {"outside_data", "leaves_data"} == set()
    # The cranial cut runs through the gap, the caudal one 56 mm below it.
    cranial = _of(after.clearances, "cranial", StructureKind.AORTA)
    caudal = _of(after.clearances, "caudal", StructureKind.AORTA)
    assert (cranial.value_mm, cranial.reason, cranial.status) == (None, "gap", Status.NOT_ASSESSED)
    assert caudal.value_mm is not None
    assert after.status is not Status.PASS


def test_a_gap_through_the_tumour_leaves_no_specimen_margin() -> None:
    anatomy = a_vertebral_column()
    tumour = next(s for s in anatomy.structures if s.kind is StructureKind.TUMOUR)
    assert tumour.mask.bounds_kji is not None
    k = (tumour.mask.bounds_kji[0][0] + tumour.mask.bounds_kji[1][0]) // 2
    case = _with_gap(a_case(anatomy, a_plan()), (k,))
    known = AcknowledgeFinding("ct", "GAP", "Dr R", AT).apply(case)
    evaluation = evaluate(known, SETTINGS, silent)
    margins = evaluation.specimen_margins
    assert margins
    holed = {p.subject for p in evaluation.problems if p.code == "gap_in_structure"}
    assert holed == {tumour.id, "vertebra-T10", "rib-T10-left", "rib-T10-right"}
    assert {m.value_mm for m in margins} == {None}
    assert "gap" in {m.reason for m in margins}


def test_an_image_without_gaps_keeps_the_digest_it_had(gapped_case: Case) -> None:
    plain = replace(gapped_case, images=(replace(gapped_case.images[0], original=None, findings=()),))
    inputs = inputs_of(plain, SETTINGS)
    assert inputs is not None
    assert inputs.coverage is None
    assert inputs.unacknowledged == ()


def test_the_lower_corner_of_a_mask_far_from_every_gap_reaches_none() -> None:
    mask = CORD.structures[0].mask
    assert Unseen(GRID, GAPPED).gap_reach_mm(mask) == 0.0
    assert Unseen(GRID, WHOLE).gap_reach_mm(mask) == np.inf
    assert Unseen(GRID, replace(WHOLE, gaps_k=((0.0, 2.0),))).gap_reach_mm(mask) == pytest.approx(3.0)
