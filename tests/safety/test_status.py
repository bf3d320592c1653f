"""The three tests of CLINICAL 3.3, enumerated with their boundaries, and what lifts a failure."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy
from planning.model.limits import ClearanceLimit, load_limits
from planning.model.mask import Mask
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Action, Mobilisation, Plan, StructureAction
from planning.model.structures import Structure, StructureKind
from planning.safety.results import MarginClass, Status
from planning.safety.status import (
    Protection,
    clearance_verdict,
    margin_class,
    margin_verdict,
    protection_of,
    three_tests,
)

LIMITS = load_limits(Path(__file__).parents[2] / "resources" / "limits.toml")
BLADE = Blade((0, 0, 0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0), 30, 30, 1)
CUT = Osteotomy("c", OsteotomyKind.DISC, "t_saw", BLADE, step=9)
GUARD = Protection(guard="retractor: x")
FAR = 50.0


def limit_for(kind: str) -> ClearanceLimit:
    limit = LIMITS.clearance(StructureKind(kind))
    assert limit is not None
    return limit


def judged(
    kind: str, value: float, overshoot: float = FAR, lower: float = FAR, protection: Protection | None = None
) -> tuple[str, str]:
    verdict = clearance_verdict(LIMITS, limit_for(kind), protection or Protection(), value, overshoot, lower)
    return verdict.status.value, verdict.note


def below(value: float) -> float:
    return float(np.nextafter(value, -np.inf))


@pytest.mark.parametrize(
    "kind,value,status",
    [
        ("spinal_cord", -5.0, "fail"),
        ("spinal_cord", 0.0, "fail"),
        ("spinal_cord", below(1.0), "fail"),
        ("spinal_cord", 1.0, "warn"),
        ("spinal_cord", below(3.0), "warn"),
        ("spinal_cord", 3.0, "pass"),
        ("dural_sac", below(0.0), "fail"),
        ("dural_sac", 0.0, "warn"),
        ("spinal_canal", below(1.0), "warn"),
        ("spinal_canal", 1.0, "pass"),
        ("aorta", below(0.0), "fail"),
        ("aorta", 0.0, "warn"),
        ("iliac_vein", below(3.0), "warn"),
        ("inferior_vena_cava", 3.0, "pass"),
        ("azygos", below(0.0), "fail"),
        ("nerve_root", 0.0, "warn"),
        ("lung", below(1.0), "warn"),
        ("oesophagus", 1.0, "pass"),
        ("kidney", below(0.0), "fail"),
        ("trachea", 1.0, "pass"),
    ],
)
def test_a_nominal_distance(kind: str, value: float, status: str) -> None:
    assert judged(kind, value)[0] == status


@pytest.mark.parametrize(
    "kind,overshoot,status",
    [
        ("spinal_cord", below(0.0), "fail"),
        ("spinal_cord", 0.0, "pass"),
        ("spinal_canal", -0.5, "fail"),
        ("aorta", -0.5, "fail"),
        ("aorta", 0.0, "pass"),
        ("superior_vena_cava", -0.5, "fail"),
        ("azygos", -0.5, "warn"),
        ("azygos", 0.0, "pass"),
        ("segmental_artery", -0.5, "warn"),
        ("pleura", -9.0, "warn"),
        ("thoracic_duct", -0.5, "warn"),
    ],
)
def test_b_with_overshoot(kind: str, overshoot: float, status: str) -> None:
    assert judged(kind, 4.0, overshoot)[0] == status


@pytest.mark.parametrize("kind", ["spinal_cord", "spinal_canal", "aorta", "azygos", "kidney"])
@pytest.mark.parametrize(
    "value,lower,status", [(4.0, below(0.0), "warn"), (4.0, 0.0, "pass"), (4.0, -9.0, "warn")]
)
def test_c_lower_bound_turns_pass_into_warn_and_no_more(
    kind: str, value: float, lower: float, status: str
) -> None:
    assert judged(kind, value, FAR, lower)[0] == status


@pytest.mark.parametrize("kind,value", [("spinal_cord", 0.5), ("aorta", -0.5), ("azygos", -0.5)])
def test_c_never_softens_a_failure(kind: str, value: float) -> None:
    assert judged(kind, value, value, -4.0)[0] == "fail"


def test_the_three_answers_are_kept_apart() -> None:
    tests = three_tests(limit_for("aorta"), 0.0, 2.0, -1.0, -2.0)

    assert (tests.nominal, tests.overshoot, tests.lower) == (Status.WARN, Status.FAIL, Status.WARN)


@pytest.mark.parametrize(
    "kind,value,overshoot,status",
    [
        ("aorta", 4.0, -1.0, "warn"),
        ("aorta", -2.0, -4.0, "warn"),
        ("azygos", -2.0, -4.0, "warn"),
        ("spinal_cord", 0.5, 0.2, "warn"),
        ("spinal_cord", 0.0, -3.0, "warn"),
        ("spinal_cord", below(0.0), -3.0, "fail"),
        ("spinal_canal", 0.5, -3.0, "warn"),
        ("spinal_canal", below(0.0), -3.0, "fail"),
        ("dural_sac", -0.1, -3.0, "fail"),
        ("aorta", 9.0, 6.0, "pass"),
    ],
)
def test_a_guard_lifts_a_failure_to_a_warning_and_for_cord_and_dura_only_outside(
    kind: str, value: float, overshoot: float, status: str
) -> None:
    got, note = judged(kind, value, overshoot, FAR, GUARD)

    assert got == status
    unguarded = judged(kind, value, overshoot)[0]
    assert ("a warning only, because a guard is named: retractor (x)" in note) == (
        unguarded == "fail" and status == "warn"
    )
    assert ("no guard excuses" in note) == (status == "fail")


def test_a_failure_without_guard_says_so() -> None:
    assert judged("spinal_canal", 4.0, -0.5)[1] == (
        "the tool would enter it if it ran on by its overshoot; no guard named"
    )
    assert judged("spinal_cord", 2.1)[1] == "less than the advised 3 mm; no guard named"
    assert judged("spinal_cord", 0.4)[1] == "less than the allowed 1 mm; no guard named"
    assert judged("aorta", -0.4, -3)[1] == "no guard named"
    assert judged("aorta", 4.0, 2.0, -0.5)[1] == (
        "within the expected spread it may be reached (5 % lower bound below 0 mm)"
    )


@pytest.mark.parametrize(
    "value,lower,status,words",
    [
        (-0.01, -3.0, "fail", "intralesional"),
        (0.0, -3.0, "warn", "2 mm are required"),
        (0.1, -3.0, "warn", "less than the required 2 mm; within the expected spread"),
        (below(2.0), 0.5, "warn", "less than the required 2 mm"),
        (2.0, 0.5, "pass", ""),
        (2.0, below(0.0), "warn", "lower bound"),
        (9.0, 5.0, "pass", ""),
    ],
)
def test_tumour_margins(value: float, lower: float, status: str, words: str) -> None:
    verdict = margin_verdict(LIMITS, 2.0, value, lower, 1.0)

    assert verdict.status.value == status
    assert words in verdict.note


def test_a_margin_says_what_would_leave_the_reserve() -> None:
    verdict = margin_verdict(LIMITS, 2.0, 3.0, 3.0 - 1.645 * 2.0, 2.0)

    assert "4.3 mm or more would keep 1 mm in reserve (spread σ 2.0 mm)" in verdict.note  # 1 + 1.645 x 2


@pytest.mark.parametrize(
    "value,name",
    [
        (below(0.0), "intralesional"),
        (0.0, "<2 mm by plan"),
        (below(2.0), "<2 mm by plan"),
        (2.0, ">=2 mm by plan"),
    ],
)
def test_margin_classes(value: float, name: str) -> None:
    assert margin_class(LIMITS, value) is MarginClass(name)


def a_structure(kind: str, name: str | None = None, structure_id: str = "s") -> Structure:
    return Structure(structure_id, StructureKind(kind), Mask((2, 2, 2)), name=name)


def an_anatomy(*structures: Structure) -> Anatomy:
    return Anatomy(Grid((2, 2, 2), np.eye(4)), structures)


def protected(structure: Structure, plan: Plan, cut: Osteotomy = CUT, *others: Structure) -> Protection:
    return protection_of(cut, structure, an_anatomy(structure, *others), plan, LIMITS)


@pytest.mark.parametrize(
    "guard,counts",
    [
        ("malleable retractor: aorta", True),
        ("malleable retractor: Aorta", True),
        ("malleable retractor: lung, aorta", True),
        ("malleable retractor", False),
        (": aorta", False),
        ("malleable retractor: azygos", False),
    ],
)
def test_a_guard_counts_only_where_it_names_the_structure(guard: str, counts: bool) -> None:
    found = protected(a_structure("aorta"), Plan(), replace(CUT, guards=(guard,)))

    assert found.guard == (guard if counts else None)


def test_a_cut_that_names_guards_for_others_says_for_whom_and_for_whom_not() -> None:
    cut = replace(CUT, guards=("malleable retractor: aorta", "dural guard: spinal_canal", "swab"))
    canal = a_structure("spinal_canal", structure_id="c")
    found = protected(a_structure("lung", "left lung"), Plan(), cut, canal)

    assert judged("lung", -1.0, -2.0, FAR, found)[1] == (
        "no guard named for the left lung, "
        "only for others: malleable retractor (aorta), dural guard (spinal canal)"
    )


@pytest.mark.parametrize(
    "kind,word",
    [("spinal_cord", "cord"), ("spinal_canal", "dura"), ("dural_sac", "sac"), ("inferior_vena_cava", "IVC")],
)
def test_a_guard_may_use_the_words_surgeons_use(kind: str, word: str) -> None:
    assert protected(a_structure(kind), Plan(), replace(CUT, guards=(f"spatula: {word}",))).guard
    assert protected(a_structure("aorta"), Plan(), replace(CUT, guards=(f"spatula: {word}",))).guard is None


def test_a_guard_may_name_the_kind_only_while_there_is_one_of_it() -> None:
    cut = replace(CUT, guards=("spatula: spinal canal",))
    named = a_structure("spinal_canal", "canal content")
    other = a_structure("spinal_canal", "second", "t")

    assert protected(named, Plan(), cut).guard == "spatula: spinal canal"
    assert protected(named, Plan(), cut, other).guard is None


@pytest.mark.parametrize(
    "mobilisation,guard,mobilised,remark",
    [
        (Mobilisation("aorta", "retractor", 8, "Dr A"), "retractor, Dr A", True, ""),
        (Mobilisation("aorta", "retractor", 9, "Dr A"), "retractor, Dr A", True, ""),
        (
            Mobilisation("aorta", "retractor", 10, "Dr A"),
            None,
            False,
            "mobilised only at step 10, after this cut",
        ),
        (Mobilisation("aorta", "retractor", None, "Dr A"), None, True, "lacks its guard"),
        (Mobilisation("aorta", "retractor", 8, ""), None, True, "lacks its guard"),
        (Mobilisation("aorta", "", 8, "Dr A"), None, True, "lacks its guard"),
        (Mobilisation("azygos", "retractor", 8, "Dr A"), None, False, ""),
    ],
)
def test_a_mobilisation_counts_when_named_in_full_and_in_time(
    mobilisation: Mobilisation, guard: str | None, mobilised: bool, remark: str
) -> None:
    found = protected(a_structure("aorta"), Plan(mobilised=(mobilisation,)))

    assert (found.guard, found.mobilised) == (guard, mobilised)
    assert remark in " ".join(found.remarks)
    assert bool(found.remarks) == bool(remark)


def test_a_mobilised_vessel_is_measured_to_its_imaged_position() -> None:
    status, note = judged("aorta", -1.0, -2.0, FAR, Protection("retractor, Dr A", mobilised=True))

    assert status == "warn"
    assert note == (
        "a warning only, because a guard is named: retractor, Dr A; distance to its imaged position"
    )


@pytest.mark.parametrize("action", [Action.LIGATE, Action.EMBOLISE, Action.CUT])
def test_what_is_sacrificed_in_time_is_no_clearance_failure(action: Action) -> None:
    artery = a_structure("segmental_artery", "T10 left")
    found = protected(artery, Plan(structure_actions=(StructureAction("T10 left", action, 8),)))
    status, note = judged("segmental_artery", -3.0, -5.0, -6.0, found)

    assert status == "pass"
    assert "ledger says what it costs" in note


@pytest.mark.parametrize("action", [Action.KEEP, Action.MOBILISE])
def test_what_is_kept_or_mobilised_still_fails(action: Action) -> None:
    artery = a_structure("segmental_artery", "T10 left")
    found = protected(artery, Plan(structure_actions=(StructureAction("T10 left", action, 8),)))

    assert judged("segmental_artery", -3.0, -5.0, -6.0, found)[0] == "fail"


def test_a_ligation_after_the_cut_does_not_count_yet() -> None:
    artery = a_structure("segmental_artery", "T10 left")
    found = protected(artery, Plan(structure_actions=(StructureAction("T10 left", Action.LIGATE, 12),)))
    status, note = judged("segmental_artery", -3.0, -5.0, -6.0, found)

    assert status == "fail"
    assert "ligated only at step 12, after this cut" in note


@pytest.mark.parametrize("kind", ["aorta", "spinal_cord", "inferior_vena_cava", "dural_sac"])
def test_a_great_vessel_or_the_cord_cannot_be_written_off(kind: str) -> None:
    found = protected(a_structure(kind), Plan(structure_actions=(StructureAction(kind, Action.CUT, 1),)))
    status, note = judged(kind, -3.0, -5.0, -6.0, found)

    assert status == "fail"
    assert "planned to be cut, which the limits do not accept for it" in note
