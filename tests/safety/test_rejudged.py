"""What people say changes what is said of a distance and measures nothing anew; the rest does."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from planning.editing.anatomy_edits import ConfirmLevels, MarkNotInField, ReviewStructure
from planning.editing.osteotomy_edits import ChangeOsteotomy
from planning.model.anatomy import Anatomy
from planning.model.case import Case
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, StructureAction
from planning.model.settings import load_settings
from planning.model.stamp import inputs_of
from planning.model.structures import ReviewState, StructureKind
from planning.progress import silent
from planning.safety.evaluation import evaluate, rejudged
from planning.safety.evaluation_json import evaluation_to_json
from planning.safety.measurable import measurable_plan
from planning.safety.measured import Recent
from planning.safety.results import Status
from tests.builders import a_case, a_plan, a_vertebral_column

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
AT = datetime(2026, 1, 1, tzinfo=UTC)
LEVELS = ("T9", "T10", "T11")

Edit = Callable[[Case], Case]


def with_plan(case: Case, **changes: object) -> Case:
    return case.with_plan(replace(case.plan, **changes))  # type: ignore[arg-type]


def with_cut(case: Case, **changes: object) -> Case:
    first, *rest = case.plan.osteotomies
    return with_plan(case, osteotomies=(replace(first, **changes), *rest))  # type: ignore[arg-type]


def with_anatomy(case: Case, **changes: object) -> Case:
    assert case.anatomy is not None
    return replace(case, anatomy=replace(case.anatomy, **changes))  # type: ignore[arg-type]


def painted(case: Case) -> Case:
    assert case.anatomy is not None
    first, *rest = case.anatomy.structures
    mask = first.mask.with_box((0, 0, 0), np.ones((2, 2, 2), dtype=bool))
    return with_anatomy(case, structures=(replace(first, mask=mask), *rest))


def reviewed(state: ReviewState) -> Edit:
    return ReviewStructure("spinal_canal", state, "Dr A", AT).apply


def turned(case: Case) -> Case:
    blade = case.plan.osteotomies[0].blade
    return with_cut(case, blade=blade.turned((1, 0, 0), 5.0))


SAID: dict[str, Edit] = {
    "levels": ConfirmLevels("Dr A", "whole spine from C2", AT).apply,
    "review": reviewed(ReviewState.REVIEWED),
    "approval": reviewed(ReviewState.APPROVED),
    "not in field": MarkNotInField(StructureKind.THORACIC_DUCT, "Dr A", AT).apply,
    "lock": ChangeOsteotomy("cranial", locked=True).apply,
    "name": ChangeOsteotomy("cranial", name="The upper one").apply,
    "step": ChangeOsteotomy("cranial", step=12).apply,
    "guard": ChangeOsteotomy("cranial", guards=("retractor: aorta",)).apply,
    "tool": lambda case: with_cut(case, tool="osteotome"),
    "level": lambda case: with_cut(case, level="T11"),
    "plan": lambda case: with_plan(case, name="Plan B"),
    "margin": lambda case: with_plan(case, required_margin_mm=12.0),
    "action": lambda case: with_plan(case, structure_actions=(StructureAction("aorta", Action.MOBILISE),)),
    "mobilised": lambda case: with_plan(case, mobilised=(Mobilisation("aorta", "spatula", 1, "Dr A"),)),
}
MEASURED: dict[str, Edit] = {
    "place": turned,
    "kerf": ChangeOsteotomy("cranial", kerf_mm=2.5).apply,
    "overshoot": ChangeOsteotomy("cranial", overshoot_mm=0.5).apply,
    "kind": lambda case: with_cut(case, kind=OsteotomyKind.FREE),
    "side": lambda case: with_cut(case, side="left"),
    "group": lambda case: with_cut(case, cut_group="ends"),
    "id": lambda case: with_cut(case, id="another"),
    "one less": lambda case: with_plan(case, osteotomies=case.plan.osteotomies[1:]),
    "targets": lambda case: with_plan(case, target_levels=("T11",)),
    "tumour": lambda case: with_plan(case, tumour=None),
    "releases": lambda case: with_plan(case, releases=()),
    "mask": painted,
    "MR": lambda case: with_anatomy(case, epidural_assessable=True),
    "one structure less": lambda case: with_anatomy(case, structures=case.anatomy.structures[:-1]),  # type: ignore[union-attr]
}


@pytest.fixture(scope="module")
def case() -> Case:
    anatomy = a_vertebral_column(LEVELS, spacing_ijk_mm=(2.0, 2.0, 2.0))
    return a_case(anatomy, a_plan(levels=LEVELS))


@pytest.fixture(scope="module")
def recent(case: Case) -> Recent:
    kept = Recent()
    evaluate(case, SETTINGS, silent, recent=kept)
    return kept


def test_every_property_of_a_cut_is_tried_here() -> None:
    tried = {"name", "step", "guards", "tool", "level", "locked"} | {
        "blade", "kind", "side", "cut_group", "id",
    }  # fmt: skip
    assert {f.name for f in fields(Osteotomy)} == tried


@pytest.mark.parametrize("what", SAID)
def test_what_people_say_measures_nothing_anew(case: Case, recent: Recent, what: str) -> None:
    changed = SAID[what](case)
    assert changed is not case
    again = rejudged(changed, SETTINGS, recent)
    assert again is not None
    now = inputs_of(changed, SETTINGS)
    assert now is not None
    assert again.inputs.same_as(now)


def test_everything_said_is_judged_from_kept_measurements_as_from_fresh_ones(
    case: Case, recent: Recent
) -> None:
    changed = case
    for edit in SAID.values():
        changed = edit(changed)
    again, kept = rejudged(changed, SETTINGS, recent), recent.measured
    assert again is not None
    assert kept is not None
    fresh = evaluate(changed, SETTINGS, silent, kept.surfaces, kept.fields)
    assert evaluation_to_json(again) == evaluation_to_json(fresh)
    assert evaluation_to_json(again) != evaluation_to_json(evaluate(case, SETTINGS, silent, recent=recent))


@pytest.mark.parametrize("what", MEASURED)
def test_what_enters_a_measurement_is_never_judged_from_an_old_one(
    case: Case, recent: Recent, what: str
) -> None:
    changed = MEASURED[what](case)
    assert rejudged(changed, SETTINGS, recent) is None


def test_nothing_is_said_before_anything_is_measured(case: Case) -> None:
    assert rejudged(case, SETTINGS, Recent()) is None


def test_a_confirmed_level_count_lifts_what_it_alone_held_down(case: Case, recent: Recent) -> None:
    before = rejudged(case, SETTINGS, recent)
    after = rejudged(SAID["levels"](case), SETTINGS, recent)
    assert before is not None
    assert after is not None
    held = {c.key for c in before.clearances if c.capped}
    assert held
    assert {c.status for c in before.clearances if c.key in held} == {Status.WARN}
    assert {c.status for c in after.clearances if c.key in held} == {Status.PASS}
    assert [c.value_mm for c in after.clearances] == [c.value_mm for c in before.clearances]


def test_a_problem_calls_a_cut_by_its_present_name(case: Case) -> None:
    """Two blades in the same place: one of them changes nothing, and is named."""
    first = case.plan.osteotomies[0]
    away = first.blade.moved((0.0, 0.0, 200.0))
    idle = with_plan(case, osteotomies=(replace(first, blade=away, name="Old name"),))
    kept = Recent()
    before = evaluate(idle, SETTINGS, silent, recent=kept)
    renamed = ChangeOsteotomy(first.id, name="New name").apply(idle)
    after = rejudged(renamed, SETTINGS, kept)
    assert after is not None
    said = [p.sentence for p in before.problems if p.code == "cut_changes_nothing"]
    assert len(said) == 1
    assert said[0].startswith("Old name changes nothing")
    now = [p.sentence for p in after.problems if p.code == "cut_changes_nothing"]
    assert now == [said[0].replace("Old name", "New name")]


def test_the_measured_plan_keeps_nothing_but_what_is_measured() -> None:
    plan = replace(
        a_plan(levels=LEVELS),
        name="Secret",
        required_margin_mm=7.0,
        structure_actions=(StructureAction("aorta", Action.KEEP),),
    )
    seen = measurable_plan(plan)
    assert seen.target_levels == plan.target_levels
    assert [o.blade for o in seen.osteotomies] == [o.blade for o in plan.osteotomies]
    assert (seen.name, seen.required_margin_mm, seen.structure_actions) == (Plan().name, 2.0, ())


def test_a_lock_is_no_input_and_voids_no_acceptance(case: Case) -> None:
    before, after = inputs_of(case, SETTINGS), inputs_of(SAID["lock"](case), SETTINGS)
    assert before is not None
    assert after is not None
    assert after.same_as(before)
    assert after.digest == before.digest


def test_anatomy_is_told_apart_by_content(case: Case, recent: Recent) -> None:
    """The same content in new objects serves; another content does not."""
    anatomy = case.anatomy
    kept = recent.measured
    assert anatomy is not None
    assert kept is not None
    again = Anatomy(anatomy.grid, tuple(replace(s) for s in anatomy.structures))
    assert kept.serves(again, case.plan)
    assert not kept.serves(replace(again, epidural_assessable=True), case.plan)
