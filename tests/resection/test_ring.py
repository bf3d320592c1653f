"""A specimen that still goes round the canal cannot be taken out, however free its joints are."""

from dataclasses import replace

import pytest

from planning.model.plan import Plan, Release
from planning.model.structures import StructureKind
from planning.progress import silent
from planning.resection.pieces import RawProblem, Resection, Role
from planning.resection.resect import resect
from tests.builders import a_plan, a_vertebral_column
from tests.phantoms import Pose

_FACETS = tuple(Release(f"facet/{pair}") for pair in ("T9-T10", "T10-T11", "T11-T12"))


def without(plan: Plan, *ids: str) -> Plan:
    cuts = tuple(o for o in plan.osteotomies if o.id not in ids)
    return replace(plan, osteotomies=cuts, releases=(*plan.releases, *_FACETS))


def rings(resection: Resection) -> list[RawProblem]:
    return [p for p in resection.problems if p.code == "closes_round_canal"]


@pytest.mark.parametrize("left", ["pedicle-T10-left", "pedicle-T10-right"])
def test_one_cut_opens_the_ring_and_none_leaves_it_closed(left: str) -> None:
    anatomy = a_vertebral_column()
    opened = resect(anatomy, without(a_plan(), left), silent)
    assert rings(opened) == []
    closed = resect(anatomy, without(a_plan(), "pedicle-T10-left", "pedicle-T10-right"), silent)
    (ring,) = rings(closed)
    specimen = next(p for p in closed.pieces if p.role is Role.SPECIMEN_ANTERIOR)
    assert specimen.links == ()
    assert specimen.is_free is False
    assert (ring.severity, ring.subject) == ("fail", specimen.id)
    assert "at T10 it still closes round the spinal canal" in ring.sentence


@pytest.mark.parametrize(
    "pose,grid_pose",
    [(Pose((0.2, 1.0, 0.3), 14.0), Pose()), (Pose(mirrored=True), None)],
    ids=["oblique", "mirrored"],
)
def test_only_the_level_whose_ring_is_whole_is_named(pose: Pose, grid_pose: Pose | None) -> None:
    plan = without(a_plan(("T10", "T11"), pose=pose), "pedicle-T11-left", "pedicle-T11-right")
    (ring,) = rings(resect(a_vertebral_column(pose=pose, grid_pose=grid_pose), plan, silent))
    assert "at T11 it" in ring.sentence


def test_a_ring_held_only_by_whole_joints_counts_too() -> None:
    # The arch is parted from the body on the left at T10 and on the right at T11; whole facets between
    # the two levels carry it round.
    plan = a_plan(("T10", "T11"))
    plan = replace(
        plan,
        osteotomies=tuple(
            o for o in plan.osteotomies if o.id not in ("pedicle-T10-right", "pedicle-T11-left")
        ),
    )
    assert rings(resect(a_vertebral_column(), plan, silent)) != []
    parted = replace(plan, releases=(*plan.releases, Release("facet/T10-T11")))
    assert rings(resect(a_vertebral_column(), parted, silent)) == []


def test_without_a_canal_it_is_unknown() -> None:
    anatomy = a_vertebral_column()
    canals = (StructureKind.SPINAL_CANAL, StructureKind.SPINAL_CORD, StructureKind.DURAL_SAC)
    blind = replace(anatomy, structures=tuple(s for s in anatomy.structures if s.kind not in canals))
    problems = resect(blind, without(a_plan(), "pedicle-T10-left", "pedicle-T10-right"), silent).problems
    (unknown,) = [p for p in problems if p.code == "canal_missing"]
    assert unknown.severity == "not_assessed"
    assert "T10" in unknown.sentence
    assert "closes_round_canal" not in [p.code for p in problems]
