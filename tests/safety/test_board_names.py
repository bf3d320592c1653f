"""The board names every result, and one acceptance accepts one of them."""

from dataclasses import replace

from planning.model.case import Acceptance
from planning.safety.board import board
from planning.safety.results import Status
from tests.safety.test_board import AORTA, AT, CANAL, a_case, a_clearance, an_evaluation


def test_a_vessel_that_overshoot_enters_is_named_beside_the_nearest() -> None:
    case = a_case(CANAL, AORTA)
    aorta = replace(a_clearance("a", AORTA, 0.7, "warn"), with_overshoot_mm=-2.3)
    evaluation = an_evaluation(case, a_clearance("a", CANAL, 0.4, "warn"), aorta)
    line = next(line for line in board(evaluation, case) if line.osteotomy == "a")
    assert "0.7 mm to the aorta (with overshoot 2.3 mm into it; no guard)" in line.sentence


def test_accepting_one_result_brings_the_next_one_to_the_front() -> None:
    case = a_case(CANAL, AORTA)
    near, further = a_clearance("a", CANAL, -0.5, "fail"), a_clearance("a", AORTA, -0.2, "fail")
    acceptance = Acceptance(near.key, "Dr A", "guarded", AT, "sha256:x")
    evaluation = an_evaluation(case, replace(near, accepted=acceptance), further)
    line = next(line for line in board(evaluation, case) if line.osteotomy == "a")
    assert (line.key, line.accepted) == (further.key, None)


def test_of_two_like_distances_the_guard_says_why_one_fails_and_one_warns() -> None:
    case = a_case(CANAL, AORTA)
    deep = a_clearance("b", CANAL, -0.9, "fail", "no guard named")
    guarded = replace(a_clearance("b", AORTA, -0.5, "warn"), guard="malleable retractor: aorta")
    failing = replace(guarded, guard=None, status=Status.FAIL)
    for second, words in (
        (guarded, "also warns: enters the aorta by 0.5 mm (guard: malleable retractor)"),
        (failing, "also fails: enters the aorta by 0.5 mm (no guard)"),
    ):
        line = next(x for x in board(an_evaluation(case, deep, second), case) if x.osteotomy == "b")
        assert line.sentence.endswith(words)
