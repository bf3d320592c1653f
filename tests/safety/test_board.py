"""The board's sentences and order, what completeness says, and the evaluation as JSON."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid, vec3
from planning.geometry.volume import Volume
from planning.model.anatomy import Anatomy, LevelConfirmation, NotInField
from planning.model.case import Acceptance, Case
from planning.model.mask import Mask
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Action, Plan, StructureAction
from planning.model.settings import load_settings
from planning.model.stamp import PROGRAM, inputs_of
from planning.model.structures import Review, ReviewState, Structure, StructureKind
from planning.model.study import Finding, Severity, StudyImage
from planning.safety.board import board, millimetres
from planning.safety.completeness import missing_structures, remarks_of
from planning.safety.evaluation_json import evaluation_to_json
from planning.safety.plan_checks import plan_problems
from planning.safety.results import (
    Clearance,
    Evaluation,
    Link,
    MarginClass,
    Piece,
    PieceRole,
    PlanProblem,
    SpecimenMargin,
    Status,
    TumourMargin,
)

SETTINGS = load_settings(Path(__file__).parents[2] / "resources")
LIMITS = SETTINGS.limits
AT = datetime(2026, 1, 1, tzinfo=UTC)
BLADE = Blade((0, 0, 0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0), 30, 15, 1)
FULL = Mask.from_array(np.ones((2, 2, 2), dtype=bool))


def a_cut(cut_id: str, name: str, step: int) -> Osteotomy:
    return Osteotomy(cut_id, OsteotomyKind.PEDICLE, "t_saw", BLADE, name, step=step)


PLAN = Plan(
    osteotomies=(a_cut("a", "Left T11 pedicle", 5), a_cut("b", "Rib", 2), a_cut("c", "T9/T10 disc", 9))
)
CANAL = Structure("canal", StructureKind.SPINAL_CANAL, FULL)
AORTA = Structure("aorta", StructureKind.AORTA, FULL)


def a_case(
    *structures: Structure,
    plan: Plan = PLAN,
    spacing_mm: float = 1.0,
    acquired_mm: float = 0.0,
    **more: object,
) -> Case:
    grid = Grid.from_axes((2, 2, 2), (0, 0, 0), np.eye(3), (0.5, 0.5, spacing_mm))
    anatomy = Anatomy(grid, structures, **more)  # type: ignore[arg-type]
    image = StudyImage("ct", Volume(np.zeros((2, 2, 2), dtype=np.int16), grid), slice_spacing_mm=acquired_mm)
    return Case("c", images=(image,), anatomy=anatomy, plans=(plan,))


def a_clearance(
    cut: str,
    structure: Structure,
    value: float | None,
    status: str,
    note: str = "",
    reason: str | None = None,
) -> Clearance:
    return Clearance(
        cut, structure.id, structure.reference, structure.kind, value, value, value, 1.0, Status(status),
        (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), reason=reason, note=note,
    )  # fmt: skip


def an_evaluation(case: Case, *clearances: Clearance, **more: object) -> Evaluation:
    inputs = inputs_of(case, SETTINGS)
    assert inputs is not None
    base = Evaluation(inputs, PROGRAM, Status.FAIL, clearances, (), (), (), (), (), (), ())
    return replace(base, **more)  # type: ignore[arg-type]


def test_one_sentence_per_cut_worst_first_with_the_place_to_fly_to() -> None:
    case = a_case(CANAL, AORTA)
    evaluation = an_evaluation(
        case,
        a_clearance("a", CANAL, 2.1, "fail", "no guard named"),
        a_clearance("a", AORTA, 1.0, "warn", "under 3 mm"),
        a_clearance("b", CANAL, 30.0, "pass"),
        a_clearance("c", AORTA, None, "not_assessed", "not assessed: x", "disagreement"),
    )
    lines = board(evaluation, case)

    assert [line.sentence for line in lines] == [
        "Left T11 pedicle: 2.1 mm to the spinal canal; no guard named; "
        "also warns: 1.0 mm to the aorta (no guard)",
        "T9/T10 disc: the distance to the aorta is not assessed: the two ways of measuring disagree",
        "Rib: 30.0 mm to the spinal canal",
    ]
    assert [line.status.value for line in lines] == ["fail", "not_assessed", "pass"]
    assert lines[0].key == evaluation.clearances[0].key == "clearance/a/canal"
    assert (lines[0].tool_point_lps_mm, lines[0].structure_point_lps_mm) == ((1, 2, 3), (4, 5, 6))
    assert (lines[0].osteotomy, lines[0].step) == ("a", 5)


def test_among_equals_the_nearest_speaks_and_a_tool_inside_says_how_deep() -> None:
    case = a_case(CANAL, AORTA)
    margin = TumourMargin("a", -1.26, -3.0, 1.0, Status.FAIL, MarginClass.INTRALESIONAL, note="intralesional")
    evaluation = an_evaluation(case, a_clearance("a", CANAL, -0.5, "fail"), tumour_margins=(margin,))
    line = next(line for line in board(evaluation, case) if line.osteotomy == "a")

    assert line.sentence == (
        "Left T11 pedicle: enters the tumour by 1.3 mm; intralesional; "
        "also fails: enters the spinal canal by 0.5 mm (no guard)"
    )
    assert line.subject == "Left T11 pedicle: enters the tumour by 1.3 mm; intralesional"
    assert line.value_mm == -1.26
    assert line.key == "tumour_margin/a"


@pytest.mark.parametrize(
    "value,words",
    [(2.14, "2.1"), (-3.0, "3.0"), (0.04, "less than 0.1"), (-0.01, "less than 0.1"), (0.05, "0.1")],
)
def test_distances_for_people_have_one_decimal(value: float, words: str) -> None:
    assert millimetres(value) == words


def test_an_accepted_failure_keeps_its_status_and_sinks_below_the_open_ones() -> None:
    case = a_case(CANAL)
    acceptance = Acceptance("clearance/b/canal", "Dr A", "seen", AT, "sha256:x")
    accepted = replace(a_clearance("b", CANAL, -1.0, "fail"), accepted=acceptance)
    evaluation = an_evaluation(case, accepted, a_clearance("c", CANAL, -0.5, "fail"))
    lines = [line for line in board(evaluation, case) if line.status is Status.FAIL]

    assert [line.osteotomy for line in lines] == ["c", "b"]
    assert lines[1].accepted == acceptance


def test_among_cuts_of_one_status_the_nearest_comes_first() -> None:
    case = a_case(CANAL)
    values = {"a": 2.5, "b": 27.0, "c": 0.1}
    evaluation = an_evaluation(case, *(a_clearance(cut, CANAL, v, "warn") for cut, v in values.items()))

    assert [line.osteotomy for line in board(evaluation, case)] == ["c", "a", "b"]


def test_a_cut_with_nothing_to_measure_is_not_a_pass() -> None:
    case = a_case()
    lines = board(an_evaluation(case), case)

    assert {line.status for line in lines} == {Status.NOT_ASSESSED}
    assert lines[0].sentence == "Rib: nothing to measure against"


def test_missing_structures_problems_and_specimen_margins_have_their_lines() -> None:
    case = a_case(CANAL, plan=Plan())
    withheld = [
        SpecimenMargin(s, None, None, Status.NOT_ASSESSED, reason="no_specimen")
        for s in ("cranial", "caudal")
    ]
    through = SpecimenMargin("epidural", -0.4, MarginClass.INTRALESIONAL, Status.FAIL, note="intralesional")
    fine = SpecimenMargin("anterior", 5.0, MarginClass.AT_LEAST_2MM, Status.PASS)
    problem = PlanProblem(
        "tumour_left", Status.FAIL, "12 mm3 of tumour stay behind.", ("a",), 12.0, (7.0, 8.0, 9.0)
    )
    evaluation = an_evaluation(
        case,
        specimen_margins=(*withheld, through, fine),
        problems=(problem,),
        not_assessed=("azygos", "spinal_canal"),
    )
    lines = board(evaluation, case)

    assert [(line.status.value, line.sentence) for line in lines] == [
        (
            "fail",
            "Specimen, surface towards the dura (epidural): "
            "passes through tumour, 0.4 mm deep; intralesional",
        ),
        ("fail", "12 mm3 of tumour stay behind."),
        (
            "not_assessed",
            "Specimen, upper (cranial) end, lower (caudal) end: margin not assessed: "
            "the cuts free no specimen piece",
        ),
        (
            "not_assessed",
            "Azygos vein: has no outline, so no distance to it is assessed. "
            "Outline it, or mark it as not in this field.",
        ),
    ]
    assert lines[1].key == problem.key
    assert lines[1].tool_point_lps_mm == (7, 8, 9)


@pytest.mark.parametrize(
    "kinds,marked,missing",
    [
        ([], [], ["spinal_cord", "dural_sac", "aorta", "inferior_vena_cava", "azygos"]),
        (["spinal_canal", "aorta"], [], ["spinal_cord", "inferior_vena_cava", "azygos"]),
        (["spinal_cord", "dural_sac", "aorta", "inferior_vena_cava", "azygos"], [], []),
        (["spinal_cord", "spinal_canal", "aorta", "azygos"], ["inferior_vena_cava"], []),
        (["spinal_canal"], ["spinal_canal"], ["spinal_cord", "aorta", "inferior_vena_cava", "azygos"]),
        (["spinal_cord"], ["spinal_canal"], ["dural_sac", "aorta", "inferior_vena_cava", "azygos"]),
    ],
)
def test_missing_is_not_assessed_unless_marked_not_in_this_field(
    kinds: list[str], marked: list[str], missing: list[str]
) -> None:
    structures = [Structure(kind, StructureKind(kind), FULL) for kind in kinds]
    marks = tuple(NotInField(StructureKind(kind), "Dr R", AT) for kind in marked)
    case = a_case(*structures, not_in_field=marks)
    assert case.anatomy is not None

    assert list(missing_structures(case.anatomy, LIMITS)) == missing


def test_an_empty_mask_is_missing() -> None:
    case = a_case(Structure("aorta", StructureKind.AORTA, Mask((2, 2, 2))))
    assert case.anatomy is not None

    assert "aorta" in missing_structures(case.anatomy, LIMITS)


@pytest.mark.parametrize(
    "spacing,acquired,words",
    [
        (1.0, 1.0, None),
        (1.25, 1.25, None),
        (1.3, 0.0, "slice spacing 1.3 mm: more than 1.25 mm, small structures may be missed"),
        (2.0, 0.0, "slice spacing 2 mm: more than 1.25 mm, small structures may be missed"),
        (2.5, 2.5, "slice spacing 2.5 mm: distances carry a band of ±1.25 mm"),
        (1.0, 2.5, "slice spacing 2.5 mm: distances carry a band of ±1.25 mm"),
        (3.0, 0.0, "slice spacing 3 mm: distances carry a band of ±1.5 mm"),
        (3.1, 0.0, "slice spacing 3.1 mm: more than 3 mm, so no distances are given; use thinner slices"),
    ],
)
def test_thick_slices(spacing: float, acquired: float, words: str | None) -> None:
    remarks = remarks_of(a_case(spacing_mm=spacing, acquired_mm=acquired), LIMITS)

    assert [c for c in remarks.cautions if c.startswith("slice")] == ([words] if words else [])


def test_drafts_levels_findings_and_simulated_structures_are_spoken_of() -> None:
    reviewed = Review(ReviewState.REVIEWED, "Dr R", AT)
    structures = (
        Structure("t", StructureKind.TUMOUR, FULL, name="lesion 1", simulated=True),
        Structure("cord", StructureKind.SPINAL_CORD, FULL, review=reviewed),
        Structure("aorta", StructureKind.AORTA, FULL, effective_resolution_mm=1.5),
    )
    case = a_case(*structures, not_in_field=(NotInField(StructureKind.AZYGOS, "Dr R", AT),))
    warn, note = Finding("GAP", "A slice was missing.", (), Severity.WARN), Finding("OK", "Sorted by place.")
    case = replace(case, images=(replace(case.images[0], findings=(warn, note)),))
    remarks = remarks_of(case, LIMITS)

    assert remarks.cautions == (
        "No person has confirmed the level count: nothing is better than a warning until someone does.",
        "not reviewed by a person: lesion 1 (simulated)",
        "A slice was missing.",
    )
    assert remarks.notes == (
        "not from the patient: lesion 1 (simulated)",
        "aorta was segmented at 1.5 mm: nothing finer can be claimed",
        "azygos vein: marked as not in this field by Dr R",
        "Sorted by place.",
        "technique assumed: navigated, spread 2.3 mm",
        "positions may shift: images are taken supine, the operation is prone",
    )


def test_a_clean_case_has_no_caution() -> None:
    case = a_case(AORTA, levels_confirmed=LevelConfirmation("Dr R", AT, "ribs"))

    assert remarks_of(case, LIMITS).cautions == ()


@pytest.mark.parametrize(
    "kind,advance,guards,fails",
    [
        ("disc", (0.0, 1.0, 0.0), (), True),
        ("vertebral_body", (0.0, 1.0, 0.0), ("retractor: aorta",), True),
        ("disc", (0.0, 1.0, 0.0), ("spatula: spinal cord",), False),
        ("disc", (0.0, 1.0, 0.0), ("spatula: dura",), False),
        ("disc", (0.0, -1.0, 0.0), (), False),
        ("disc", (1.0, 0.0, 0.0), (), False),
        ("pedicle", (0.0, 1.0, 0.0), (), False),
    ],
)
def test_anterior_to_posterior_without_a_cord_protector_fails(
    kind: str, advance: tuple[float, float, float], guards: tuple[str, ...], fails: bool
) -> None:
    cut = Osteotomy(
        "a", OsteotomyKind(kind), "t_saw", replace(BLADE, advance_lps=advance), "Cut", guards=guards
    )
    case = a_case(AORTA, plan=Plan(osteotomies=(cut,)))
    assert case.anatomy is not None
    # This small phantom's blade leaves its image, which is told besides.
    problems = [p for p in plan_problems(case.anatomy, case.plan, SETTINGS) if p.code != "cut_leaves_image"]

    assert [(p.code, p.status, p.osteotomies) for p in problems] == (
        [("unprotected_direction", Status.FAIL, ("a",))] if fails else []
    )


def test_a_cut_that_leaves_the_image_is_told() -> None:
    anatomy = a_case(AORTA).anatomy
    assert anatomy is not None
    middle = vec3(anatomy.grid.to_lps((0.5, 0.5, 0.5)))  # two voxels a side
    inside = replace(BLADE, origin_lps_mm=middle, width_mm=0.6, depth_mm=0.4, overshoot_mm=0.0)
    codes = []
    for blade in (inside, replace(inside, overshoot_mm=50.0), replace(inside, width_mm=400.0)):
        plan = Plan(osteotomies=(replace(PLAN.osteotomies[1], blade=blade),))
        codes.append([p.code for p in plan_problems(anatomy, plan, SETTINGS)])
    assert codes == [[], ["cut_leaves_image"], ["cut_leaves_image"]]


def test_names_nobody_has_unknown_tools_and_refused_sacrifices_are_named() -> None:
    cuts = (
        replace(PLAN.osteotomies[0], tool="chisel 7"),
        replace(PLAN.osteotomies[1], tool="ultrasonic_bone_scalpel", blade=replace(BLADE, depth_mm=30)),
    )
    actions = (StructureAction("T10 left", Action.LIGATE), StructureAction("aorta", Action.CUT))
    case = a_case(AORTA, plan=Plan(osteotomies=cuts, structure_actions=actions))
    assert case.anatomy is not None
    problems = plan_problems(case.anatomy, case.plan, SETTINGS)
    sentences = [p.sentence for p in problems if p.code != "cut_leaves_image"]

    assert sentences == [
        "Left T11 pedicle: the tool chisel 7 is not in the tool library; "
        "kerf and overshoot come from the plan alone.",
        "Rib: 30.0 mm deep, but the ultrasonic bone scalpel reaches 20 mm.",
        "The plan speaks of T10 left, but no structure of this case is called so; mend the name.",
        "The plan sacrifices the aorta: this is not accepted, and it is judged as kept.",
    ]


def test_the_evaluation_as_json_has_the_keys_of_the_contract_and_every_digit() -> None:
    case = a_case(CANAL, AORTA)
    third = 1.0 / 3.0
    margin = TumourMargin(
        "a", third, -1.0, 1.0, Status.WARN, MarginClass.UNDER_2MM, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)
    )
    link = Link("facet/T9-T10/left", "facet", ("t9", "t10"), "left facet joint T9-T10")
    piece = Piece("p", PieceRole.SPECIMEN_ANTERIOR, 31250.5, 1.0, ("T10", "T11"), (link,))
    surface = SpecimenMargin("cranial", third, MarginClass.UNDER_2MM, Status.WARN)
    acceptance = Acceptance("clearance/a/canal", "Dr A", "seen", AT, "sha256:x")
    evaluation = an_evaluation(
        case,
        replace(a_clearance("a", CANAL, third, "fail", "n"), accepted=acceptance),
        a_clearance("c", AORTA, None, "not_assessed", "", "disagreement"),
        tumour_margins=(margin,),
        pieces=(piece,),
        specimen_margins=(surface,),
        problems=(PlanProblem("not_free", Status.FAIL, "Held.", ("a",)),),
        not_assessed=("azygos",),
        warnings=("slice spacing 2.5 mm: distances carry a band of ±1.25 mm",),
    )
    document = json.loads(json.dumps(evaluation_to_json(evaluation), allow_nan=False))

    assert document["schema"] == "enbloc-evaluation/1"
    assert (document["plan"], document["program"], document["status"]) == ("Plan A", "enbloc 0.1.0", "fail")
    assert document["inputs_digest"] == evaluation.inputs.digest
    assert document["inputs_digest"].startswith("sha256:")
    assert [o["id"] for o in document["osteotomies"]] == ["a", "b", "c"]
    first, second, last = document["osteotomies"]
    assert first["tumour_margin"].items() >= {
        "value_mm": third, "lower_mm": -1.0, "status": "warn", "class": "<2 mm by plan",
        "tool_point_lps_mm": [1.0, 2.0, 3.0], "structure_point_lps_mm": [4.0, 5.0, 6.0],
    }.items()  # fmt: skip
    assert first["clearances"][0].items() >= {
        "structure": "spinal_canal", "kind": "spinal_canal", "value_mm": third, "with_overshoot_mm": third,
        "lower_mm": third, "status": "fail", "sigma_mm": 1.0, "reason": None,
        "accepted": {
            "by": "Dr A", "reason": "seen", "at": "2026-01-01T00:00:00+00:00", "inputs_digest": "sha256:x",
        },
    }.items()  # fmt: skip
    assert (second["tumour_margin"], second["clearances"]) == (None, [])
    assert last["clearances"][0]["value_mm"] is None
    assert last["clearances"][0]["reason"] == "disagreement"
    assert document["pieces"][0].items() >= {
        "role": "specimen_anterior", "volume_mm3": 31250.5, "tumour_fraction": 1.0, "levels": ["T10", "T11"],
        "links": ["facet/T9-T10/left"], "free": False,
    }.items()  # fmt: skip
    assert (
        document["specimen_margin"][0].items()
        >= {"surface": "cranial", "value_mm": third, "class": "<2 mm by plan"}.items()
    )
    assert document["failures"][0]["code"] == "not_free"
    assert document["not_assessed"] == ["azygos"]
    assert document["warnings"] == ["slice spacing 2.5 mm: distances carry a band of ±1.25 mm"]
