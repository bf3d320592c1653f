"""Which vertebrae are neighbours when some are missing, and which links a release means."""

from dataclasses import replace

import pytest

from planning.model.anatomy import Anatomy
from planning.model.plan import Plan, Release
from planning.progress import silent
from planning.resection.pieces import Resection
from planning.resection.resect import resect
from tests.builders import a_plan, a_vertebral_column

ELEVEN = ("T8", "T9", "T10", "T11", "L1", "L2")


def without(level: str) -> Anatomy:
    """The standard column with one level's bones not segmented."""
    column = a_vertebral_column()
    return replace(
        column, structures=tuple(s for s in column.structures if s.level != level or s.kind == "tumour")
    )


def said(resection: Resection, code: str) -> list[str]:
    return [p.sentence for p in resection.problems if p.code == code]


def test_eleven_thoracic_vertebrae_make_t11_and_l1_neighbours() -> None:
    resection = resect(a_vertebral_column(ELEVEN), a_plan(("T11",), ELEVEN), silent)

    assert "facet/T11-L1/left" in {link.id for link in resection.links}
    assert said(resection, "neighbour_missing") == []


def test_a_t12_that_nobody_segmented_makes_no_neighbours_of_t11_and_l1() -> None:
    resection = resect(without("T12"), a_plan(("T11",)), silent)

    assert not [link.id for link in resection.links if "T11-L1" in link.id]
    (sentence,) = said(resection, "neighbour_missing")
    assert "below T11" in sentence


def test_a_gap_between_two_targets_is_said() -> None:
    resection = resect(without("T10"), Plan(target_levels=("T9", "T11"), tumour="lesion 1"), silent)

    above, below = said(resection, "neighbour_missing")
    assert "below T9" in above
    assert "above T11" in below


def test_a_target_that_is_missing_is_said_once() -> None:
    resection = resect(without("T10"), Plan(target_levels=("T9", "T10", "T11")), silent)

    assert len(said(resection, "target_missing")) == 1
    assert said(resection, "neighbour_missing") == []


@pytest.mark.parametrize("release", ["disc", "facet", "costovertebral", "", "/", "facet/T10-T11/lef"])
def test_a_release_of_a_kind_or_of_nothing_frees_nothing_and_is_named(release: str) -> None:
    exact = Release("facet/T10-T11/left")
    resection = resect(a_vertebral_column(), replace(a_plan(), releases=(exact, Release(release))), silent)

    assert [link.id for link in resection.links if link.severed_by == "release"] == [exact.link]
    assert len(said(resection, "release_unknown")) == 1
