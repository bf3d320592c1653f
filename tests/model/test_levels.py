import pytest

from planning.errors import PlanInvalid
from planning.model.levels import LEVELS, field_of, in_order, level_order


def test_levels_run_from_c1_to_s5_with_the_variants():
    assert len(LEVELS) == 7 + 13 + 6 + 5
    assert in_order(["L1", "T12", "C7", "L1"]) == ("C7", "T12", "L1")


def test_an_unknown_level_is_refused_by_name():
    with pytest.raises(PlanInvalid) as refusal:
        level_order("T14")
    assert "T14" in refusal.value.message


def test_the_field_counts_vertebrae_that_exist():
    usual = [f"T{n}" for n in range(7, 13)] + ["L1", "L2"]
    assert field_of(["T10", "T11"], usual) == ("T8", "T9", "T10", "T11", "T12", "L1")
    assert field_of(["T12"], [*usual, "T13"]) == ("T10", "T11", "T12", "T13", "L1")
    assert field_of([], usual) == ()
