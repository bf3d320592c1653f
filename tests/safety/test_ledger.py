"""The vessel and root ledger: counts of CLINICAL 1.6, Adamkiewicz and preserved roots."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from planning.geometry.frames import Grid
from planning.model.anatomy import Anatomy, NotInField
from planning.model.limits import load_limits
from planning.model.mask import Mask
from planning.model.plan import Action, Plan, StructureAction
from planning.model.structures import Side, Structure, StructureKind
from planning.safety.ledger import action_words, consecutive_runs, ledger_of

LIMITS = load_limits(Path(__file__).parents[2] / "resources" / "limits.toml")
THORACIC = tuple(f"T{n}" for n in range(1, 13))
NORMAL = (*THORACIC, "L1", "L2", "L3", "L4", "L5")


def one(kind: str, level: str | None, side: Side | None = None) -> Structure:
    name = " ".join(w for w in (kind, level, side) if w)
    return Structure(name, StructureKind(kind), Mask((2, 2, 2)), level, side, name)


def arteries(*levels: str) -> list[Structure]:
    return [one("segmental_artery", level, side) for level in levels for side in ("left", "right")]


def an_anatomy(*structures: Structure, vertebrae: tuple[str, ...] = NORMAL) -> Anatomy:
    spine = [one("vertebra", level) for level in vertebrae]
    return Anatomy(Grid((2, 2, 2), np.eye(4)), (*spine, *structures))


def a_plan(*names: str, action: Action = Action.LIGATE, targets: tuple[str, ...] = ()) -> Plan:
    return Plan(target_levels=targets, structure_actions=tuple(StructureAction(n, action, 8) for n in names))


def found(anatomy: Anatomy, plan: Plan) -> dict[str, str]:
    return {p.code: p.status.value for p in ledger_of(anatomy, plan, LIMITS).problems}


@pytest.mark.parametrize(
    "count,status", [(1, None), (2, None), (3, None), (4, "warn"), (5, "fail"), (7, "fail")]
)
def test_bilateral_consecutive_levels_are_counted(count: int, status: str | None) -> None:
    lost = arteries(*NORMAL[2 : 2 + count])
    anatomy = an_anatomy(*lost, one("adamkiewicz", "L1", "left"))

    assert found(anatomy, a_plan(*(a.id for a in lost))).get("ligation_count") == status


def test_one_kept_side_breaks_the_run() -> None:
    lost = [a for a in arteries("T3", "T4", "T5", "T6", "T7") if a.id != "segmental_artery T5 left"]
    anatomy = an_anatomy(*arteries("T3", "T4", "T5", "T6", "T7"), one("adamkiewicz", "L1", "left"))

    assert "ligation_count" not in found(anatomy, a_plan(*(a.id for a in lost)))


def test_veins_and_kept_arteries_do_not_count() -> None:
    veins = [one("segmental_vein", level, side) for level in NORMAL[:6] for side in ("left", "right")]
    kept = arteries(*NORMAL[:6])

    assert found(an_anatomy(*veins), a_plan(*(v.id for v in veins))) == {}
    assert found(an_anatomy(*kept), a_plan(*(k.id for k in kept), action=Action.KEEP)) == {}


@pytest.mark.parametrize(
    "vertebrae,levels,runs",
    [
        (NORMAL, {"T11", "T12", "L1"}, (("T11", "T12", "L1"),)),
        (NORMAL, {"T10", "T12"}, (("T10",), ("T12",))),
        ((*THORACIC, "T13", "L1", "L2"), {"T12", "L1"}, (("T12",), ("L1",))),
        ((*THORACIC, "T13", "L1", "L2"), {"T12", "T13", "L1"}, (("T12", "T13", "L1"),)),
        ((*THORACIC[:11], "L1", "L2"), {"T11", "L1"}, (("T11", "L1"),)),
        (("T9", "T10"), {"T11", "T12", "L1"}, (("T11", "T12", "L1"),)),
        (NORMAL, set(), ()),
    ],
)
def test_neighbours_are_counted_over_the_vertebrae_this_patient_has(
    vertebrae: tuple[str, ...], levels: set[str], runs: tuple[tuple[str, ...], ...]
) -> None:
    assert consecutive_runs(levels, an_anatomy(vertebrae=vertebrae)) == runs


@pytest.mark.parametrize(
    "level,unknown", [("T6", False), ("T7", True), ("T10", True), ("L2", True), ("L3", False)]
)
def test_unknown_adamkiewicz_matters_from_t7_to_l2(level: str, unknown: bool) -> None:
    lost = arteries(level)[:1]
    problems = found(an_anatomy(*lost), a_plan(lost[0].id))

    assert problems == ({"adamkiewicz_unknown": "warn"} if unknown else {})


def test_adamkiewicz_said_to_be_elsewhere_is_known() -> None:
    lost = arteries("T10")
    mark = NotInField(StructureKind.ADAMKIEWICZ, "Dr R", datetime(2026, 1, 1, tzinfo=UTC))
    anatomy = Anatomy(Grid((2, 2, 2), np.eye(4)), tuple(lost), (mark,))

    assert found(anatomy, a_plan(*(a.id for a in lost))) == {}


@pytest.mark.parametrize(
    "level,side,code",
    [
        ("T10", "left", "adamkiewicz_fed"),
        ("T10", None, "adamkiewicz_fed"),
        ("T10", "right", None),
        ("T9", "left", None),
        (None, None, "adamkiewicz_unknown"),
    ],
)
def test_the_level_that_feeds_adamkiewicz_needs_sign_off(
    level: str | None, side: Side | None, code: str | None
) -> None:
    lost = one("segmental_artery", "T10", "left")
    problems = found(an_anatomy(lost, one("adamkiewicz", level, side)), a_plan(lost.id))

    assert problems == ({code: "warn"} if code else {})


def test_cutting_adamkiewicz_itself_needs_sign_off() -> None:
    artery = one("adamkiewicz", None)

    assert found(an_anatomy(artery), a_plan(artery.id, action=Action.CUT)) == {"adamkiewicz_fed": "warn"}


@pytest.mark.parametrize(
    "level,targets,problems",
    [
        ("T10", ("T10", "T11"), {}),
        ("T9", ("T10",), {"root_doubtful": "warn"}),
        ("T1", ("T1",), {"root_preserved": "fail"}),
        ("L2", ("L2",), {"root_preserved": "fail"}),
        ("S1", ("L5",), {"root_preserved": "fail"}),
        ("L1", ("L1",), {"root_doubtful": "warn"}),
        (None, ("T10",), {"root_doubtful": "warn"}),
    ],
)
def test_roots(level: str | None, targets: tuple[str, ...], problems: dict[str, str]) -> None:
    root = one("nerve_root", level, "left")

    assert found(an_anatomy(root), a_plan(root.id, action=Action.CUT, targets=targets)) == problems
    assert found(an_anatomy(root), a_plan(root.id, action=Action.KEEP, targets=targets)) == {}


def test_an_artery_without_level_or_side_cannot_be_counted_and_says_so() -> None:
    artery = one("segmental_artery", None)

    assert found(an_anatomy(artery), a_plan(artery.id)) == {"ligation_uncounted": "warn"}


def test_lines_run_from_cranial_to_caudal_with_action_and_cost() -> None:
    structures = [one("nerve_root", "T11", "left"), *arteries("T10"), one("azygos", None)]
    plan = a_plan("segmental_artery T10 left", "nerve_root T11 left")
    lines = ledger_of(an_anatomy(*structures), plan, LIMITS).lines

    assert [line.structure_id for line in lines] == [
        "segmental_artery T10 left",
        "segmental_artery T10 right",
        "nerve_root T11 left",
        "azygos",
    ]
    assert [action_words(line) for line in lines] == [
        "ligated at step 8",
        "kept: the plan does not mention it",
        "ligated at step 8",
        "kept: the plan does not mention it",
    ]
    assert [bool(line.cost) for line in lines] == [True, False, True, False]


def test_of_two_actions_the_one_that_costs_counts() -> None:
    lost = arteries("T10")[0]
    plan = Plan(
        structure_actions=(
            StructureAction(lost.id, Action.KEEP),
            StructureAction(lost.id, Action.EMBOLISE, 1),
        )
    )
    (line,) = ledger_of(an_anatomy(lost), plan, LIMITS).lines

    assert (line.action, line.step) == (Action.EMBOLISE, 1)
