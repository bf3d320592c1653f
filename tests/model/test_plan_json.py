"""Plans as JSON: the contract to the letter, and a refusal that names the key for everything else."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.errors import PlanInvalid
from planning.geometry.blade import Blade
from planning.geometry.frames import unit
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, Release, StructureAction
from planning.model.plan_json import plan_from_json, plan_text, plan_to_json, read_plan
from planning.model.tools import load_tools

TOOLS = load_tools(Path(__file__).parents[2] / "resources" / "tools.toml")
EXAMPLE = """
{ "schema": "enbloc-plan/1",
  "name": "Plan A",
  "target_levels": ["T10", "T11"],
  "tumour": "lesion 1",
  "required_margin_mm": 2.0,
  "osteotomies": [
    { "id": "cranial", "name": "T9/T10 disc", "kind": "disc", "level": "T9", "side": "midline",
      "tool": "ultrasonic_bone_scalpel", "kerf_mm": 1.0, "overshoot_mm": 3.0,
      "origin_lps_mm": [0.0, 40.0, 120.0],
      "normal_lps": [0.0, 0.0, 1.0],
      "advance_lps": [0.0, -1.0, 0.0],
      "width_mm": 60.0, "depth_mm": 45.0,
      "footprint_mm": [[-20, 12], [20, 12], [24, 40], [-24, 40]],
      "cut_group": "cranial end", "step": 9, "guards": ["malleable retractor: aorta"] } ],
  "structure_actions": [ {"structure": "T10 left", "action": "ligate", "step": 8} ],
  "mobilised": [
    {"structure": "aorta", "guard": "malleable retractor", "step": 8, "by": "vascular surgeon"} ] }
"""


@pytest.fixture
def document() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(EXAMPLE)
    return parsed


def refused(source: object) -> PlanInvalid:
    with pytest.raises(PlanInvalid) as caught:
        plan_from_json(source, TOOLS)  # type: ignore[arg-type]
    return caught.value


def test_the_example_of_the_contract_is_read_in_full() -> None:
    plan = plan_from_json(EXAMPLE, TOOLS)

    (cut,) = plan.osteotomies
    assert (plan.name, plan.target_levels, plan.tumour) == ("Plan A", ("T10", "T11"), "lesion 1")
    assert plan.required_margin_mm == 2.0
    assert (cut.id, cut.name, cut.kind, cut.level, cut.side) == (
        "cranial",
        "T9/T10 disc",
        "disc",
        "T9",
        "midline",
    )
    assert cut.blade.origin_lps_mm == (0.0, 40.0, 120.0)
    assert cut.blade.footprint_mm == ((-20.0, 12.0), (20.0, 12.0), (24.0, 40.0), (-24.0, 40.0))
    assert (cut.blade.kerf_mm, cut.blade.overshoot_mm, cut.blade.width_mm, cut.blade.depth_mm) == (
        1,
        3,
        60,
        45,
    )
    assert (cut.cut_group, cut.step, cut.guards) == ("cranial end", 9, ("malleable retractor: aorta",))
    assert plan.structure_actions == (StructureAction("T10 left", Action.LIGATE, 8),)
    assert plan.mobilised == (Mobilisation("aorta", "malleable retractor", 8, "vascular surgeon"),)


@pytest.mark.parametrize(
    "source", [EXAMPLE, EXAMPLE.encode(), b"\xef\xbb\xbf" + EXAMPLE.encode(), json.loads(EXAMPLE)]
)
def test_text_bytes_with_mark_and_mapping_give_the_same_plan(source: object) -> None:
    assert plan_from_json(source, TOOLS) == plan_from_json(EXAMPLE, TOOLS)  # type: ignore[arg-type]


def test_only_the_required_keys_suffice(document: dict[str, Any]) -> None:
    cut = document["osteotomies"][0]
    for key in ("name", "level", "side", "overshoot_mm", "footprint_mm", "cut_group", "step", "guards"):
        del cut[key]
    plan = plan_from_json({"schema": "enbloc-plan/1", "osteotomies": [cut]}, TOOLS)

    (read,) = plan.osteotomies
    assert (read.name, read.level, read.side, read.step, read.guards) == ("", None, None, None, ())
    assert read.blade.overshoot_mm == 3.0  # the ultrasonic scalpel's
    assert (plan.tumour, plan.required_margin_mm, plan.target_levels) == (None, 2.0, ())


@pytest.mark.parametrize("tool,overshoot", [("t_saw", 2.0), ("osteotome", 5.0), ("my own chisel", 5.0)])
def test_overshoot_comes_from_the_tool_and_from_the_worst_for_an_unknown_one(
    document: dict[str, Any], tool: str, overshoot: float
) -> None:
    cut = document["osteotomies"][0]
    cut["tool"] = tool
    del cut["overshoot_mm"]

    assert plan_from_json(document, TOOLS).osteotomies[0].blade.overshoot_mm == overshoot


@pytest.mark.parametrize(
    "key",
    ["id", "kind", "tool", "kerf_mm", "origin_lps_mm", "normal_lps", "advance_lps", "width_mm", "depth_mm"],
)
def test_a_missing_required_key_is_named(document: dict[str, Any], key: str) -> None:
    del document["osteotomies"][0][key]

    assert f"osteotomies[0].{key} is missing from enbloc-plan/1" in refused(document).message


@pytest.mark.parametrize(
    "place,words",
    [
        ((), "kerff is not a key of enbloc-plan/1."),
        (("osteotomies", 0), "osteotomies[0].kerff is not a key of enbloc-plan/1."),
        (("structure_actions", 0), "structure_actions[0].kerff is not a key of enbloc-plan/1."),
        (("mobilised", 0), "mobilised[0].kerff is not a key of enbloc-plan/1."),
    ],
)
def test_an_unknown_key_is_refused_by_name_and_path(
    document: dict[str, Any], place: tuple[Any, ...], words: str
) -> None:
    table: Any = document
    for key in place:
        table = table[key]
    table["kerff"] = 1.0
    error = refused(document)

    assert error.code == "UNKNOWN_KEY"
    assert error.message == words


@pytest.mark.parametrize(
    "key,value,words",
    [
        ("kerf_mm", True, "osteotomies[0].kerf_mm in enbloc-plan/1 must be a number"),
        ("kerf_mm", "1,0", "osteotomies[0].kerf_mm in enbloc-plan/1 must be a number"),
        ("kerf_mm", -1, "osteotomies[0]: kerf_mm must lie between 0.0 and 20.0 mm, not -1.0."),
        ("kerf_mm", math.inf, "osteotomies[0].kerf_mm in enbloc-plan/1 must be a finite number"),
        ("kerf_mm", 10**400, "osteotomies[0].kerf_mm in enbloc-plan/1 must be a finite number"),
        ("width_mm", math.nan, "osteotomies[0].width_mm in enbloc-plan/1 must be a finite number"),
        ("width_mm", 0, "osteotomies[0]: width_mm must lie between"),
        ("depth_mm", 1e6, "osteotomies[0]: depth_mm must lie between"),
        ("overshoot_mm", None, "osteotomies[0].overshoot_mm in enbloc-plan/1 must be a number"),
        ("normal_lps", [0, 0, 1.00001], "osteotomies[0]: normal_lps is not a unit vector"),
        ("advance_lps", [0, -0.999998, 0], "osteotomies[0]: advance_lps is not a unit vector"),
        ("advance_lps", [0, 0, 1], "osteotomies[0]: advance_lps is not at right angles to normal_lps."),
        ("normal_lps", [0, 1], "osteotomies[0].normal_lps in enbloc-plan/1 must be a list of three numbers"),
        ("normal_lps", [0, 0, "1"], "osteotomies[0].normal_lps[2] in enbloc-plan/1 must be a number"),
        ("footprint_mm", [[0, 0], [1, 0]], "osteotomies[0]: footprint_mm needs at least three"),
        ("footprint_mm", [[0, 0], [1, 0], [1]], "osteotomies[0].footprint_mm[2]"),
        ("footprint_mm", [[-9, 0], [9, 20], [9, 0], [-9, 10]], "osteotomies[0]: footprint_mm crosses itself"),
        ("footprint_mm", [[90, 0], [99, 0], [99, 9]], "osteotomies[0]: footprint_mm lies wholly outside"),
        ("kind", "slice", "osteotomies[0].kind in enbloc-plan/1 must be one of disc, vertebral_body"),
        ("side", "Left", "osteotomies[0].side in enbloc-plan/1 must be one of left, right, midline"),
        ("level", "T14", "osteotomies[0]: T14 is not a vertebral level"),
        ("step", 1.5, "osteotomies[0].step in enbloc-plan/1 must be a whole number"),
        ("step", True, "osteotomies[0].step in enbloc-plan/1 must be a whole number"),
        ("id", "", "osteotomies[0]: Every osteotomy needs an id"),
        ("id", "a\nb", "osteotomies[0].id in enbloc-plan/1 must be a text"),
        ("name", "\ud800", "osteotomies[0].name in enbloc-plan/1 must be a text"),
        ("guards", "aorta", "osteotomies[0].guards in enbloc-plan/1 must be a list"),
        ("locked", 1, "osteotomies[0].locked in enbloc-plan/1 must be true or false"),
    ],
)  # fmt: skip
def test_a_bad_value_in_a_cut_is_refused_with_its_place(
    document: dict[str, Any], key: str, value: object, words: str
) -> None:
    document["osteotomies"][0][key] = value

    assert words in refused(document).message


@pytest.mark.parametrize(
    "key,value,words",
    [
        ("schema", "enbloc-plan/2", "schema in enbloc-plan/1 must be one of enbloc-plan/1"),
        ("target_levels", ["T10", "X1"], "X1 is not a vertebral level"),
        ("target_levels", "T10", "target_levels in enbloc-plan/1 must be a list"),
        ("required_margin_mm", -0.5, "required_margin_mm must lie between 0 and 50"),
        ("required_margin_mm", False, "required_margin_mm in enbloc-plan/1 must be a number"),
        ("osteotomies", {}, "osteotomies in enbloc-plan/1 must be a list"),
        ("osteotomies", [1], "osteotomies[0] in enbloc-plan/1 must be an object"),
        ("structure_actions", [{"structure": "a", "action": "burn"}], "structure_actions[0].action"),
        ("mobilised", [{"guard": "x"}], "mobilised[0].structure is missing"),
    ],
)
def test_a_bad_value_in_the_plan_is_refused_with_its_place(
    document: dict[str, Any], key: str, value: object, words: str
) -> None:
    document[key] = value

    assert words in refused(document).message


def test_two_cuts_of_one_id_are_refused(document: dict[str, Any]) -> None:
    document["osteotomies"] *= 2

    assert refused(document).message == "Two osteotomies have the id cranial."


@pytest.mark.parametrize(
    "text,code",
    [
        ("", "NOT_JSON"),
        ("[]", "NOT_JSON"),
        (EXAMPLE[:300], "NOT_JSON"),
        (b"\xff\xfe{", "NOT_JSON"),
        ("[" * 100_000, "NOT_JSON"),
        ('{"schema": ' + "9" * 5000 + "}", "NOT_JSON"),
        (EXAMPLE.replace("45.0", "NaN"), "NOT_FINITE"),
        (EXAMPLE.replace("45.0", "-Infinity"), "NOT_FINITE"),
        (EXAMPLE.replace("45.0", "1e999"), "BAD_VALUE"),
        (EXAMPLE.replace('"depth_mm"', '"width_mm"'), "DUPLICATE_KEY"),
        (" " * 8_000_001, "TOO_LARGE"),
    ],
)
def test_what_is_no_plan_at_all_is_refused(text: str | bytes, code: str) -> None:
    assert refused(text).code == code


def test_a_key_given_twice_is_named() -> None:
    assert "width_mm is given twice" in refused(EXAMPLE.replace('"depth_mm"', '"width_mm"')).message


def test_unit_vectors_within_a_millionth_are_accepted(document: dict[str, Any]) -> None:
    document["osteotomies"][0]["normal_lps"] = [0, 0, 1 + 9e-7]

    assert plan_from_json(document, TOOLS).osteotomies[0].blade.normal_lps[2] == 1 + 9e-7


def test_a_plan_file_that_is_not_there_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(PlanInvalid) as caught:
        read_plan(tmp_path / "plan.json", TOOLS)

    assert caught.value.code == "PLAN_UNREADABLE"
    assert str(tmp_path) not in caught.value.message


def test_a_plan_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(EXAMPLE, encoding="utf-8")

    assert read_plan(tmp_path / "plan.json", TOOLS) == plan_from_json(EXAMPLE, TOOLS)


def test_what_is_unset_is_left_out() -> None:
    assert plan_to_json(Plan()) == {
        "schema": "enbloc-plan/1", "name": "Plan A", "target_levels": [], "required_margin_mm": 2.0,
        "osteotomies": [], "structure_actions": [], "mobilised": [],
    }  # fmt: skip


finite = st.floats(-400, 400, allow_nan=False)
words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
steps = st.none() | st.integers(1, 999)


@st.composite
def blades(draw: st.DrawFn) -> Blade:
    normal = unit([draw(st.floats(-1, 1)), draw(st.floats(-1, 1)), draw(st.floats(0.1, 1))])
    base = Blade((0, 0, 0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0), 1.0, 1.0, 0.0)
    turned = base.turned(normal, draw(st.floats(-180, 180)))
    width, depth = draw(st.floats(10, 100)), draw(st.floats(10, 100))
    footprint = draw(st.none() | st.just(((-width / 3, 1.0), (width / 7, 2.0), (0.1, depth / 3))))
    return Blade(
        (draw(finite), draw(finite), draw(finite)), turned.normal_lps, turned.advance_lps, width, depth,
        draw(st.floats(0, 20)), draw(st.floats(0, 50)), footprint,
    )  # fmt: skip


@st.composite
def cuts(draw: st.DrawFn, number: int = 0) -> Osteotomy:
    return Osteotomy(
        id=f"cut {number}",
        kind=draw(st.sampled_from(list(OsteotomyKind))),
        tool=draw(words),
        blade=draw(blades()),
        name=draw(words),
        level=draw(st.sampled_from([None, "T9", "L6"])),
        side=draw(st.sampled_from([None, "left", "right", "midline"])),
        cut_group=draw(st.just("") | words),
        step=draw(steps),
        guards=tuple(draw(st.lists(words, max_size=2))),
        locked=draw(st.booleans()),
    )


actions = st.builds(StructureAction, words, st.sampled_from(list(Action)), steps)
mobilisations = st.builds(Mobilisation, words, st.just("") | words, steps, st.just("") | words)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    return Plan(
        name=draw(words),
        target_levels=("T10",),
        tumour=draw(st.none() | words),
        required_margin_mm=draw(st.floats(0, 50)),
        osteotomies=tuple(draw(cuts(n)) for n in range(draw(st.integers(0, 3)))),
        structure_actions=tuple(draw(st.lists(actions, max_size=2))),
        mobilised=tuple(draw(st.lists(mobilisations, max_size=2))),
        releases=tuple(draw(st.lists(st.builds(Release, words, steps), max_size=2))),
    )


@settings(max_examples=60, deadline=None)
@given(plans())
def test_every_plan_survives_the_round_trip_to_the_last_bit(plan: Plan) -> None:
    assert plan_from_json(plan_text(plan), TOOLS) == plan
    assert plan_text(plan_from_json(plan_text(plan), TOOLS)) == plan_text(plan)
