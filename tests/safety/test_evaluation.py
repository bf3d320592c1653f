"""The whole evaluation on shapes of closed form: values, statuses, what is missing, what is withheld."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from planning.errors import PlanInvalid
from planning.model.anatomy import Anatomy, LevelConfirmation
from planning.model.case import Case
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Action, Plan, StructureAction
from planning.model.settings import load_settings
from planning.model.stamp import inputs_of, is_current
from planning.model.structures import StructureKind
from planning.progress import Cancelled, silent
from planning.safety import evaluation as module
from planning.safety.board import board
from planning.safety.evaluation import evaluate, live
from planning.safety.evaluation_json import evaluation_to_json
from planning.safety.fields import Fields, fields_of
from planning.safety.results import Clearance, Evaluation, Status, current
from planning.safety.self_test import SelfTest
from planning.segmentation.surfaces import surfaces_of
from tests.builders import a_blade, a_case, a_cord_cylinder, a_plan, a_vertebral_column

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
CONFIRMED = LevelConfirmation("Dr R", datetime(2026, 1, 1, tzinfo=UTC), "counted from the sacrum")
WITHIN_MM = 0.5


def a_cut(y_mm: float, overshoot_mm: float = 3.0, **more: object) -> Osteotomy:
    """A blade of 20 x 4 mm that comes from the front towards a cylinder along z; its far edge ends at y."""
    blade = a_blade((0.0, y_mm - 4.0, 0.3), (0, 0, 1), (0, 1, 0), 20, 4, 1.0, overshoot_mm)
    return Osteotomy("cut", OsteotomyKind.FREE, "osteotome", blade, "Cut", **more)  # type: ignore[arg-type]


def a_cylinder_case(
    kind: StructureKind, *cuts: Osteotomy, confirmed: bool = True, spacing: float = 1.0, **plan: object
) -> Case:
    """A cylinder of 5 mm radius; the cuts."""
    anatomy = a_cord_cylinder(5.0, 60.0, (1.0, 1.0, spacing), kind=kind)
    anatomy = replace(anatomy, levels_confirmed=CONFIRMED if confirmed else None)
    return a_case(anatomy, Plan(osteotomies=cuts, **plan))  # type: ignore[arg-type]


def evaluated(case: Case) -> Evaluation:
    return evaluate(case, SETTINGS, silent)


def the_clearance(case: Case) -> Clearance:
    (clearance,) = evaluated(case).clearances
    return clearance


@pytest.mark.parametrize(
    "kind,gap,status",
    [
        (StructureKind.SPINAL_CORD, 9.0, Status.PASS),
        (StructureKind.SPINAL_CORD, 2.0, Status.FAIL),  # runs on into it
        (StructureKind.AZYGOS, 2.0, Status.WARN),
        (StructureKind.SPINAL_CORD, -2.0, Status.FAIL),
        (StructureKind.AORTA, 4.5, Status.PASS),
    ],
)
def test_distance_overshoot_points_and_status_of_a_cylinder(
    kind: StructureKind, gap: float, status: Status
) -> None:
    clearance = the_clearance(a_cylinder_case(kind, a_cut(-5.0 - gap)))

    assert clearance.value_mm == pytest.approx(gap, abs=WITHIN_MM)
    assert clearance.with_overshoot_mm == pytest.approx(gap - 3.0, abs=WITHIN_MM)
    assert clearance.sigma_mm == pytest.approx((0.5**2 + 2.3**2) ** 0.5)
    assert clearance.value_mm is not None
    assert clearance.sigma_mm is not None
    assert clearance.lower_mm == pytest.approx(clearance.value_mm - 1.645 * clearance.sigma_mm)
    assert clearance.status is status
    assert clearance.tool_point_lps_mm is not None
    assert clearance.tool_point_lps_mm[1] == pytest.approx(-5.0 - gap, abs=WITHIN_MM)
    assert clearance.structure_point_lps_mm is not None
    assert clearance.structure_point_lps_mm[1] == pytest.approx(-5.0, abs=WITHIN_MM)


def test_a_guard_turns_the_failure_by_overshoot_into_a_warning() -> None:
    clearance = the_clearance(a_cylinder_case(StructureKind.AORTA, a_cut(-7.0, guards=("retractor: aorta",))))

    assert clearance.status is Status.WARN
    assert "because a guard is named: retractor (aorta)" in clearance.note


def test_a_ligated_artery_is_no_clearance_failure() -> None:
    actions = (StructureAction("segmental_artery", Action.LIGATE, 1),)
    case = a_cylinder_case(StructureKind.SEGMENTAL_ARTERY, a_cut(-4.0), structure_actions=actions)

    assert the_clearance(case).status is Status.PASS


def test_missing_structures_make_the_whole_not_assessed_and_are_listed() -> None:
    evaluation = evaluated(a_cylinder_case(StructureKind.SPINAL_CORD, a_cut(-14.0)))

    assert evaluation.not_assessed == ("dural_sac", "aorta", "inferior_vena_cava", "azygos", "tumour")
    assert evaluation.status is Status.NOT_ASSESSED
    assert [m.reason for m in evaluation.tumour_margins] == ["no_tumour"]


def test_nothing_is_better_than_a_warning_until_the_levels_are_confirmed() -> None:
    case = a_cylinder_case(StructureKind.SPINAL_CORD, a_cut(-14.0), confirmed=False)
    evaluation = evaluated(case)

    assert [c.status for c in evaluation.clearances] == [Status.WARN]
    assert "levels_unconfirmed" in [p.code for p in evaluation.problems]
    assert any("confirmed the level count" in w for w in evaluation.warnings)


def test_slices_of_two_and_a_half_millimetres_carry_their_band() -> None:
    evaluation = evaluated(a_cylinder_case(StructureKind.SPINAL_CORD, a_cut(-14.0), spacing=2.5))

    assert "slice spacing 2.5 mm: distances carry a band of ±1.25 mm" in evaluation.warnings
    assert evaluation.clearances[0].value_mm is not None


def test_slices_above_three_millimetres_give_no_distance_at_all() -> None:
    evaluation = evaluated(a_cylinder_case(StructureKind.SPINAL_CORD, a_cut(-14.0), spacing=3.5))

    assert [(c.value_mm, c.reason, c.status) for c in evaluation.clearances] == [
        (None, "thick_slices", Status.NOT_ASSESSED)
    ]
    assert all(m.value_mm is None for m in evaluation.specimen_margins)
    assert evaluation.status is not Status.PASS


def test_a_failed_self_test_withholds_every_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "self_test", lambda: SelfTest(False, "distance field off by 2 mm"))
    case = a_cylinder_case(StructureKind.SPINAL_CORD, a_cut(-14.0))
    evaluation = evaluated(case)
    document = evaluation_to_json(evaluation)

    assert [(c.value_mm, c.reason) for c in evaluation.clearances] == [(None, "self_test_failed")]
    assert (evaluation.pieces, evaluation.specimen_margins, evaluation.status) == (
        (),
        (),
        Status.NOT_ASSESSED,
    )
    assert "distance field off by 2 mm" in evaluation.problems[0].sentence
    assert document["status"] == "not_assessed"


def test_a_case_without_image_or_cut_says_so() -> None:
    with pytest.raises(PlanInvalid) as caught:
        evaluate(Case("empty"), SETTINGS, silent)
    assert caught.value.code == "NO_IMAGE"

    assert evaluated(a_cylinder_case(StructureKind.SPINAL_CORD)).status is Status.NOT_ASSESSED


@pytest.fixture(scope="module")
def column_case() -> Case:
    anatomy = replace(a_vertebral_column(), levels_confirmed=CONFIRMED)
    return a_case(anatomy, a_plan())


@pytest.fixture(scope="module")
def column_evaluation(column_case: Case) -> Evaluation:
    return evaluated(column_case)


def test_one_clearance_per_structure_with_a_limit_and_cut(
    column_case: Case, column_evaluation: Evaluation
) -> None:
    kinds = ["aorta", "azygos", "spinal_canal", "spinal_cord"]

    for osteotomy in column_case.plan.osteotomies:
        mine = [c for c in column_evaluation.clearances if c.osteotomy == osteotomy.id]
        assert sorted(c.structure for c in mine) == kinds
    assert len(column_evaluation.tumour_margins) == len(column_case.plan.osteotomies)


def test_the_end_cuts_of_the_column_have_their_closed_form_margin(column_evaluation: Evaluation) -> None:
    """The ball of 7 mm at the T10 centre; end cuts 14 mm above and below, half a kerf nearer: 6.5 mm."""
    margins = {m.osteotomy: m for m in column_evaluation.tumour_margins}

    for cut in ("cranial", "caudal"):
        assert margins[cut].value_mm == pytest.approx(6.5, abs=WITHIN_MM)
        assert margins[cut].status is Status.PASS


def test_the_evaluation_is_stamped_current_and_withdrawn_by_an_edit(
    column_case: Case, column_evaluation: Evaluation
) -> None:
    plan = column_case.plan
    first = plan.osteotomies[0]
    moved = replace(first, blade=first.blade.moved((0.0, 0.0, 0.1)))
    edited = column_case.with_plan(replace(plan, osteotomies=(moved, *plan.osteotomies[1:])))

    assert current(column_evaluation, column_case, SETTINGS) is column_evaluation
    assert current(column_evaluation, edited, SETTINGS) is None
    assert column_evaluation.status is Status.NOT_ASSESSED or column_evaluation.status is Status.FAIL
    assert "inferior_vena_cava" in column_evaluation.not_assessed


def test_pieces_links_and_specimen_margins_reach_the_results(column_evaluation: Evaluation) -> None:
    roles = [p.role.value for p in column_evaluation.pieces]

    assert "specimen_anterior" in roles
    assert "specimen_arch" in roles
    specimen = next(p for p in column_evaluation.pieces if p.role.value == "specimen_anterior")
    assert specimen.tumour_fraction == pytest.approx(1.0)
    assert specimen.is_free
    assert specimen.mesh is not None
    assert specimen.mesh.is_closed
    assert specimen.mesh.volume_mm3 == pytest.approx(specimen.volume_mm3, rel=0.02)
    surfaces = {m.surface: m for m in column_evaluation.specimen_margins}
    cranial = surfaces["cranial"]
    assert cranial.value_mm == pytest.approx(6.5, abs=1.0)
    assert surfaces["epidural"].status is Status.NOT_ASSESSED
    assert surfaces["epidural"].reason == "no_mr"


def test_no_two_results_share_a_key(column_evaluation: Evaluation) -> None:
    keys = [c.key for c in column_evaluation.clearances] + [m.key for m in column_evaluation.tumour_margins]
    keys += [p.key for p in column_evaluation.problems]

    assert len(set(keys)) == len(keys)


def test_two_problems_of_one_code_are_told_apart() -> None:
    plan = Plan(target_levels=("T3", "T4", "T10"), osteotomies=a_plan().osteotomies[:1])
    problems = evaluated(a_case(a_vertebral_column(), plan)).problems
    missing = [p for p in problems if p.code == "target_missing"]

    assert [p.status for p in missing] == [Status.NOT_ASSESSED] * 2
    assert len({p.key for p in problems}) == len(problems)


def test_the_board_of_the_column_lists_every_cut_and_what_is_missing(
    column_case: Case, column_evaluation: Evaluation
) -> None:
    lines = board(column_evaluation, column_case)
    cuts = {
        line.osteotomy for line in lines if line.key and line.key.startswith(("clearance/", "tumour_margin/"))
    }

    assert cuts == {o.id for o in column_case.plan.osteotomies}
    missing = "Inferior vena cava: has no outline, so no distance to it is assessed"
    assert any(line.sentence.startswith(missing) for line in lines)
    order = [["fail", "not_assessed", "warn", "pass"].index(line.status.value) for line in lines]
    assert order == sorted(order)


def test_a_cut_through_a_tumour_the_plan_leaves_is_told(column_case: Case) -> None:
    plan = replace(column_case.plan, tumour=None)
    first = plan.osteotomies[0]
    through = replace(first, blade=first.blade.moved((0.0, 0.0, -14.0)))
    evaluation = evaluated(column_case.with_plan(replace(plan, osteotomies=(through,))))

    problem = next(p for p in evaluation.problems if p.code == "other_tumour")
    assert (problem.status, problem.osteotomies) == (Status.FAIL, ("cranial",))


@pytest.fixture(scope="module")
def column_fields(column_case: Case) -> Fields:
    anatomy = column_case.anatomy
    assert anatomy is not None
    return fields_of(anatomy, surfaces_of(anatomy, silent), column_case.plan, silent)


def test_a_drag_shows_what_the_evaluation_will_say(
    column_case: Case, column_evaluation: Evaluation, column_fields: Fields
) -> None:
    result = live(column_case, SETTINGS, column_fields, "cranial")
    settled = [c for c in column_evaluation.clearances if c.osteotomy == "cranial"]

    assert is_current(result, column_case, SETTINGS)
    assert not result.cross_checked
    assert [(c.structure_id, c.status) for c in result.clearances] == [
        (c.structure_id, c.status) for c in settled
    ]
    assert [c.value_mm for c in result.clearances] == pytest.approx([c.value_mm for c in settled], abs=0.5)
    assert result.margin.value_mm == pytest.approx(6.5, abs=WITHIN_MM)


def test_a_drag_over_other_masks_or_of_no_cut_is_refused(column_case: Case, column_fields: Fields) -> None:
    with pytest.raises(PlanInvalid) as no_cut:
        live(column_case, SETTINGS, column_fields, "nobody")
    with pytest.raises(PlanInvalid) as old:
        live(a_cylinder_case(StructureKind.SPINAL_CORD, a_cut(-9.0)), SETTINGS, column_fields, "cut")

    assert (no_cut.value.code, old.value.code) == ("NO_OSTEOTOMY", "OLD_FIELDS")


def test_fields_and_surfaces_of_another_anatomy_are_not_believed(column_fields: Fields) -> None:
    case = a_cylinder_case(StructureKind.SPINAL_CORD, a_cut(-14.0))
    anatomy = a_vertebral_column()
    strange = evaluate(case, SETTINGS, silent, surfaces_of(anatomy, silent), column_fields)

    assert strange.clearances[0].value_mm == pytest.approx(9.0, abs=WITHIN_MM)


def test_cancelling_stops_the_evaluation(column_case: Case) -> None:
    def stop(fraction: float, message: str, /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        evaluate(column_case, SETTINGS, stop)


def test_the_same_inputs_have_the_same_digest_in_every_output(
    column_case: Case, column_evaluation: Evaluation
) -> None:
    inputs = inputs_of(column_case, SETTINGS)
    assert inputs is not None

    assert evaluation_to_json(column_evaluation)["inputs_digest"] == inputs.digest
    assert isinstance(column_evaluation.inputs.anatomy, Anatomy)
