"""Edits of cuts and plans: what they change, what they leave, what they refuse, what they are called."""

from dataclasses import replace

import pytest

from planning.editing.osteotomy_edits import (
    AddOsteotomy,
    ChangeOsteotomy,
    DuplicateOsteotomy,
    MoveBlade,
    RemoveOsteotomy,
)
from planning.editing.plan_edits import (
    AddPlan,
    ChoosePlan,
    RemovePlan,
    RenamePlan,
    ReplacePlan,
    SetMobilisation,
    SetRelease,
    SetStructureAction,
    SetTargets,
)
from planning.errors import EditRefused, PlanInvalid
from planning.model.case import Case
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from tests.storage.cases import a_rich_plan


@pytest.fixture
def case() -> Case:
    return Case("c", plans=(a_rich_plan(),))


def cut_of(case: Case, osteotomy_id: str) -> Osteotomy:
    """Return a cut that must be there."""
    cut = case.plan.osteotomy(osteotomy_id)
    assert cut is not None
    return cut


def refused(edit: object, case: Case) -> str:
    """Return the code with which the edit is refused."""
    with pytest.raises(EditRefused) as refusal:
        edit.apply(case)  # type: ignore[attr-defined]
    assert refusal.value.message.endswith(".")
    return refusal.value.code


def test_a_cut_is_added_at_the_end_once(case: Case) -> None:
    cut = replace(cut_of(case, "left"), id="new", name="T11 lamina")
    add = AddOsteotomy(cut)
    after = add.apply(case)
    assert [o.id for o in after.plan.osteotomies] == ["cranial", "left", "new"]
    assert add.label == "Add T11 lamina"
    assert refused(add, after) == "ID_TAKEN"


def test_a_cut_is_deleted_unless_locked(case: Case) -> None:
    after = RemoveOsteotomy("left").apply(case)
    assert [o.id for o in after.plan.osteotomies] == ["cranial"]
    assert refused(RemoveOsteotomy("left"), after) == "NO_OSTEOTOMY"
    assert refused(RemoveOsteotomy("cranial"), case) == "LOCKED"


def test_a_blade_is_moved_unless_locked(case: Case) -> None:
    blade = cut_of(case, "left").blade.moved((1.5, 0, 0)).turned((0, 0, 1), 10)
    after = MoveBlade("left", blade).apply(case)
    assert cut_of(after, "left").blade == blade
    assert cut_of(after, "cranial") is cut_of(case, "cranial")
    assert refused(MoveBlade("cranial", blade), case) == "LOCKED"


@pytest.mark.parametrize(
    "change,label",
    [
        ({"kerf_mm": 2.0}, "Change kerf of pedicle"),
        ({"depth_mm": 20.0, "width_mm": 10.0}, "Change depth, width of pedicle"),
        ({"overshoot_mm": 1.0}, "Change overshoot of pedicle"),
        ({"footprint_mm": ((-5.0, 0.0), (5.0, 0.0), (0.0, 9.0))}, "Change footprint of pedicle"),
        ({"name": "n"}, "Change name of pedicle"),
        ({"kind": OsteotomyKind.LAMINA, "tool": "burr"}, "Change kind, tool of pedicle"),
        ({"level": "T10", "side": "left"}, "Change level, side of pedicle"),
        (
            {"step": 4, "guards": ("spatula: cord",), "cut_group": "g"},
            "Change cut group, step, guards of pedicle",
        ),
        ({"locked": True}, "Lock pedicle"),
        ({"locked": False, "step": 2}, "Change step, lock of pedicle"),
    ],
)
def test_each_property_is_set_and_named(change: dict[str, object], label: str, case: Case) -> None:
    edit = ChangeOsteotomy("left", "pedicle", **change)  # type: ignore[arg-type]
    before, after = cut_of(case, "left"), cut_of(edit.apply(case), "left")
    for name in (
        "kerf_mm",
        "depth_mm",
        "width_mm",
        "overshoot_mm",
        "footprint_mm",
        "origin_lps_mm",
        "normal_lps",
    ):
        assert getattr(after.blade, name) == change.get(name, getattr(before.blade, name)), name
    for name in ("name", "kind", "tool", "level", "side", "cut_group", "step", "guards", "locked"):
        assert getattr(after, name) == change.get(name, getattr(before, name)), name
    assert edit.label == label


def test_none_takes_a_value_away_and_leaving_out_keeps_it(case: Case) -> None:
    after = ChangeOsteotomy("cranial", step=None).apply(case)
    assert cut_of(after, "cranial").step is None
    assert cut_of(after, "cranial").level == "T9"


def test_a_locked_cut_keeps_its_place_but_takes_name_step_and_guards(case: Case) -> None:
    after = ChangeOsteotomy("cranial", name="n", step=2, guards=()).apply(case)
    assert (cut_of(after, "cranial").name, cut_of(after, "cranial").step) == ("n", 2)
    for change in ({"depth_mm": 3.0}, {"kerf_mm": 3.0}, {"tool": "x"}, {"level": None}):
        assert refused(ChangeOsteotomy("cranial", **change), case) == "LOCKED"
    unlocked = ChangeOsteotomy("cranial", locked=False).apply(case)
    assert cut_of(ChangeOsteotomy("cranial", depth_mm=3.0).apply(unlocked), "cranial").blade.depth_mm == 3.0


def test_a_bad_value_is_refused_by_its_key(case: Case) -> None:
    with pytest.raises(PlanInvalid, match="kerf_mm"):
        ChangeOsteotomy("left", kerf_mm=-1.0).apply(case)
    with pytest.raises(PlanInvalid, match="step"):
        ChangeOsteotomy("left", step=0).apply(case)


def test_a_copy_stands_after_its_original_unlocked_and_shifted(case: Case) -> None:
    after = DuplicateOsteotomy("cranial", "copy", "caudal", (0.0, 0.0, -28.0)).apply(case)
    assert [o.id for o in after.plan.osteotomies] == ["cranial", "copy", "left"]
    copy, old = cut_of(after, "copy"), cut_of(case, "cranial")
    assert not copy.locked
    assert copy.blade.origin_lps_mm == (0.1, 40.0, 92.0)
    assert replace(copy.blade, origin_lps_mm=old.blade.origin_lps_mm) == old.blade
    assert refused(DuplicateOsteotomy("left", "cranial", "x"), case) == "ID_TAKEN"


def test_targets_are_kept_in_order_and_checked(case: Case) -> None:
    after = SetTargets(("L1", "T12", "L1"), None, 3.0).apply(case)
    assert (after.plan.target_levels, after.plan.tumour, after.plan.required_margin_mm) == (
        ("T12", "L1"),
        None,
        3.0,
    )
    assert SetTargets(required_margin_mm=1.0).apply(case).plan.target_levels == ("T10", "T11")
    with pytest.raises(PlanInvalid, match="T99"):
        SetTargets(("T99",)).apply(case)


def test_one_action_mobilisation_and_release_each(case: Case) -> None:
    cut = SetStructureAction("T10 left", Action.CUT, 3)
    assert cut.apply(case).plan.structure_actions == (StructureAction("T10 left", Action.CUT, 3),)
    assert cut.label == "Cut T10 left"
    assert SetStructureAction("T10 left", None).apply(case).plan.structure_actions == ()
    held = Mobilisation("aorta", "spatula", 1, "Dr. V")
    assert SetMobilisation("aorta", held).apply(case).plan.mobilised == (held,)
    assert SetMobilisation("aorta", None).apply(case).plan.mobilised == ()
    assert refused(SetMobilisation("azygos", held), case) == "WRONG_STRUCTURE"
    link = "facet/T9-T10/left"
    assert SetRelease(link, step=9).apply(case).plan.releases == (Release(link, 9),)
    assert SetRelease(link, released=False).apply(case).plan.releases == ()
    assert len(SetRelease("other").apply(case).plan.releases) == 2


def test_plans_are_added_chosen_replaced_renamed_and_removed(case: Case) -> None:
    two = AddPlan(Plan("B")).apply(case)
    assert (two.active_plan, two.plan.name) == (1, "B")
    three = AddPlan(Plan("C")).apply(two)
    assert ChoosePlan(0).apply(three).plan == case.plan
    assert refused(ChoosePlan(3), three) == "NO_PLAN"
    assert [p.name for p in RemovePlan(0).apply(three).plans] == ["B", "C"]
    assert RemovePlan(0).apply(three).plan.name == "C", "the active plan stays active"
    assert RemovePlan(2).apply(three).plan.name == "B"
    assert refused(RemovePlan(0), case) == "LAST_PLAN"
    assert refused(RemovePlan(-1), three) == "NO_PLAN"
    assert ReplacePlan(Plan("file")).apply(two).plans == (case.plan, Plan("file"))
    assert RenamePlan(" D ").apply(case).plan.name == "D"
    assert refused(RenamePlan("  "), case) == "NO_NAME"
