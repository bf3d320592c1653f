"""Slips of the pen in a plan, and anatomy that is not there: each is said, none reads as safe."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from planning.model.anatomy import Anatomy, LevelConfirmation, NotInField
from planning.model.mask import Mask
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, StructureAction
from planning.model.settings import load_settings
from planning.model.structures import Structure, StructureKind
from planning.progress import silent
from planning.safety.clearance import RawClearance
from planning.safety.completeness import remarks_of, slice_spacing_mm
from planning.safety.evaluation import evaluate
from planning.safety.judge import Judge
from planning.safety.plan_checks import plan_problems
from planning.safety.results import MarginClass, Status
from planning.safety.status import protection_of
from tests.builders import a_blade, a_case, a_cord_cylinder, a_grid

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
BY = LevelConfirmation("Dr R", datetime(2026, 1, 1, tzinfo=UTC), "counted from the sacrum")
BLADE = a_blade((0.0, -12.0, 0.3), (0, 0, 1), (0, 1, 0), 20, 4, 1.0, 1.0)
AORTA = a_cord_cylinder(kind=StructureKind.AORTA)


def a_cut(*guards: str) -> Osteotomy:
    return Osteotomy("cut", OsteotomyKind.FREE, "osteotome", BLADE, "Cut", guards=guards)


def with_arteries(*names: str | None) -> Anatomy:
    """The aorta, and segmental arteries of these names."""
    mask = AORTA.structures[0].mask
    kind = StructureKind.SEGMENTAL_ARTERY
    more = (Structure(f"artery-{n}", kind, mask, name=name) for n, name in enumerate(names))
    return replace(AORTA, structures=(*AORTA.structures, *more))


def codes(anatomy: Anatomy, plan: Plan) -> list[str]:
    return [p.code for p in plan_problems(anatomy, plan, SETTINGS)]


@pytest.mark.parametrize(
    "guard", ["retractor: aorat", "retractor aorta", ": aorta", "retractor:", "retractor: aorta, aorat"]
)
def test_a_guard_that_names_nothing_warns(guard: str) -> None:
    assert codes(AORTA, Plan(osteotomies=(a_cut(guard),))) == ["idle_guard"]


@pytest.mark.parametrize(
    "guard", ["retractor: aorta", "retractor: Aorta", "spatula: cord", "spatula: dura", "retractor: ivc"]
)
def test_a_guard_of_what_is_there_or_of_what_may_be_there_is_no_slip(guard: str) -> None:
    assert codes(AORTA, Plan(osteotomies=(a_cut(guard),))) == []


def test_a_kind_that_several_have_names_none_of_them_for_a_guard() -> None:
    anatomy, cut = with_arteries(None, None), a_cut("clip: segmental_artery")
    artery = anatomy.structures[1]

    assert protection_of(cut, artery, anatomy, Plan(), SETTINGS.limits).guard is None
    assert codes(anatomy, Plan(osteotomies=(cut,))) == ["idle_guard"]
    alone = with_arteries(None)
    assert protection_of(cut, alone.structures[1], alone, Plan(), SETTINGS.limits).guard == cut.guards[0]


def test_an_action_that_reaches_several_structures_warns() -> None:
    ligated = (StructureAction("segmental_artery", Action.LIGATE, 1),)
    held = (Mobilisation("segmental_artery", "loop", 1, "Dr V"),)

    assert codes(with_arteries(None, None), Plan(structure_actions=ligated)) == ["ambiguous_structure"]
    assert codes(with_arteries(None, None), Plan(mobilised=held)) == ["ambiguous_structure"]
    assert codes(with_arteries(None, "T10 left"), Plan(structure_actions=ligated)) == []


def test_a_structure_without_a_voxel_is_not_assessed_unless_marked() -> None:
    empty = Structure("left", StructureKind.SEGMENTAL_ARTERY, Mask(AORTA.grid.shape_kji), name="T10 left")
    anatomy = replace(AORTA, structures=(*AORTA.structures, empty), levels_confirmed=BY)
    marked = replace(anatomy, not_in_field=(NotInField(empty.kind, "Dr R", BY.at),))
    plan = Plan(osteotomies=(a_cut(),))

    assert "T10 left" in evaluate(a_case(anatomy, plan), SETTINGS, silent).not_assessed
    assert "T10 left" not in evaluate(a_case(marked, plan), SETTINGS, silent).not_assessed


def test_structures_of_other_kinds_are_said_not_to_be_judged() -> None:
    liver = Structure("liver", StructureKind.OTHER, AORTA.structures[0].mask, name="liver")
    case = a_case(replace(AORTA, structures=(*AORTA.structures, liver)))
    words = "no distance is judged to 1 structures of other kinds, implants included"

    assert words in remarks_of(case, SETTINGS.limits).notes
    assert words not in remarks_of(a_case(AORTA), SETTINGS.limits).notes


def test_slices_of_three_millimetres_on_turned_axes_are_no_thicker() -> None:
    anatomy = Anatomy(a_grid((-9, -9, -9), (9, 9, 9), (1.0, 1.0, 3.0 + 4e-7)))

    assert slice_spacing_mm(a_case(anatomy)) == 3.0


@pytest.mark.parametrize("first,status", [(-2.0, Status.FAIL), (4.0, Status.NOT_ASSESSED)])
def test_a_cut_through_one_part_of_the_tumour_fails_whatever_the_other_is(
    first: float, status: Status
) -> None:
    mask = AORTA.structures[0].mask
    parts = tuple(Structure(f"part-{n}", StructureKind.TUMOUR, mask, name="lesion") for n in (1, 2))
    anatomy = replace(AORTA, structures=parts, levels_confirmed=BY)
    case = a_case(anatomy, Plan(tumour="lesion"))
    evaluated = evaluate(case, SETTINGS, silent)
    raws = (
        RawClearance("part-1", first, first),
        RawClearance("part-2", None, None, withheld_reason="outside_image"),
    )
    margin = Judge(case, SETTINGS, evaluated.inputs).margin(a_cut(), raws)

    assert margin.status is status
    assert margin.value_mm == (first if first < 0 else None)
    assert margin.margin_class is (MarginClass.INTRALESIONAL if first < 0 else None)
