"""Blades taken from the anatomy, on the column of closed form: where they lie and what they keep clear of."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.frames import Floats, unit
from planning.model.anatomy import Anatomy
from planning.model.osteotomy import CutSide
from planning.model.plan import Plan
from planning.model.structures import StructureKind
from planning.model.tools import Tool
from planning.progress import silent
from planning.resection.pieces import Role
from planning.resection.resect import resect
from planning.resection.starting_cuts import (
    OVER_MM,
    Spine,
    body_blade,
    disc_blade,
    rib_blade,
    sagittal_blade,
    spine_of,
)
from planning.segmentation.surfaces import surfaces_of
from tests.builders import a_plan, a_vertebral_column
from tests.phantoms import CANAL_RADIUS_MM, CANAL_Y_MM, HALF_DEPTH_MM, HALF_WIDTH_MM, Pose

SAW = Tool("saw", "saw", 1.0, (0.5, 1.5), 3.0, None, "test")
LEVELS = ("T9", "T10", "T11")
POSES = [Pose(), Pose((0.2, 1.0, 0.3), 14.0)]


@lru_cache(maxsize=2)
def spine(pose: Pose) -> Spine:
    column = a_vertebral_column(LEVELS, tumour=None, pose=pose, grid_pose=Pose())
    kinds = (StructureKind.VERTEBRA, StructureKind.RIB, StructureKind.SPINAL_CANAL)
    wanted = tuple(s for s in column.structures if s.kind in kinds)
    anatomy = Anatomy(column.grid, wanted)
    return spine_of(anatomy, surfaces_of(anatomy, silent))


def local_corners(blade: Blade, pose: Pose) -> Floats:
    return pose.local(blade.corners_lps_mm)


def from_canal_mm(points: Floats) -> Floats:
    return np.asarray(np.hypot(points[:, 0], points[:, 1] - CANAL_Y_MM) - CANAL_RADIUS_MM)


def dense(corners: Floats) -> Floats:
    steps = np.linspace(0, 1, 20, endpoint=False)[:, None, None]
    return np.asarray((corners + steps * (np.roll(corners, -1, axis=0) - corners)).reshape(-1, 3))


def swept(blade: Blade) -> Floats:
    """Points 1 mm apart all over both faces of a rectangular blade."""
    a, b, n = np.meshgrid(
        np.arange(-blade.width_mm / 2, blade.width_mm / 2),
        np.arange(0.0, blade.depth_mm),
        [-blade.kerf_mm / 2, blade.kerf_mm / 2],
    )
    return blade.to_lps(np.column_stack([a.ravel(), b.ravel(), n.ravel()]))


@pytest.mark.parametrize("pose", POSES, ids=["straight", "oblique"])
def test_a_disc_blade_is_the_disc_and_two_millimetres_clear_of_the_canal(pose: Pose) -> None:
    blade = disc_blade(spine(pose), "T9", "T10", SAW)
    assert blade is not None
    corners = local_corners(blade, pose)
    # Bodies end at -11 and begin at -17.
    assert corners[:, 2].mean() == pytest.approx(-14.0, abs=0.5)
    assert np.dot(blade.normal_lps, pose.direction((0, 0, 1))) > np.cos(np.deg2rad(2.0))
    assert np.dot(blade.advance_lps, pose.direction((0, -1, 0))) > np.cos(np.deg2rad(3.0))
    assert corners[:, 0].max() == pytest.approx(HALF_WIDTH_MM + OVER_MM, abs=0.8)
    assert corners[:, 0].min() == pytest.approx(-HALF_WIDTH_MM - OVER_MM, abs=0.8)
    assert corners[:, 1].min() == pytest.approx(-HALF_DEPTH_MM - OVER_MM, abs=0.8)
    away = from_canal_mm(dense(corners))
    assert away.min() > 0.0
    assert away.min() < 0.7


def test_a_body_blade_crosses_the_body_at_its_middle() -> None:
    blade = body_blade(spine(Pose()), "T10", SAW)
    assert blade is not None
    assert blade.corners_lps_mm[:, 2] == pytest.approx(np.full(len(blade.corners_lps_mm), -28.0), abs=2.0)
    assert from_canal_mm(dense(blade.corners_lps_mm)).min() > 0.0
    assert np.ptp(blade.corners_lps_mm[:, 0]) == pytest.approx(2 * (HALF_WIDTH_MM + OVER_MM), abs=1.5)


@pytest.mark.parametrize("pose", POSES, ids=["straight", "oblique"])
@pytest.mark.parametrize("side,sign", [("left", 1.0), ("right", -1.0)])
def test_a_sagittal_blade_passes_beside_the_canal_through_the_whole_vertebra(
    pose: Pose, side: CutSide, sign: float
) -> None:
    blade = sagittal_blade(spine(pose), "T10", side, SAW)
    corners = local_corners(blade, pose)
    assert sign * corners[:, 0].mean() == pytest.approx(CANAL_RADIUS_MM + 0.8, abs=0.9)
    away = from_canal_mm(pose.local(swept(blade)))
    assert -0.05 < away.min() < 1.0
    assert corners[:, 1].min() < -HALF_DEPTH_MM
    assert corners[:, 1].max() > 48.0
    assert corners[:, 2].max() > -28.0 + 18.0
    assert corners[:, 2].min() < -28.0 - 16.0


def test_a_rib_blade_stands_across_its_rib() -> None:
    blade = rib_blade(spine(Pose()), "T10", "left", SAW)
    assert blade is not None
    # There the rib runs from (28, 17, 5) to (45, 22, 2) about its vertebra.
    assert abs(np.dot(blade.normal_lps, unit((17.0, 5.0, -3.0)))) > np.cos(np.deg2rad(12.0))
    middle = blade.to_lps([0.0, blade.depth_mm / 2, 0.0])
    assert middle == pytest.approx((40.0, 20.5, -28.0 + 2.9), abs=1.5)
    for size in (blade.width_mm, blade.depth_mm):
        assert size == pytest.approx(2 * (4.0 + OVER_MM), abs=1.5)


def test_a_plan_of_starting_cuts_frees_the_specimen() -> None:
    column = a_vertebral_column()
    found = spine_of(column, surfaces_of(column, silent))
    ends = {"cranial": disc_blade(found, "T9", "T10", SAW), "caudal": disc_blade(found, "T10", "T11", SAW)}
    ribs = {f"rib-T10-{side}": rib_blade(found, "T10", side, SAW) for side in ("left", "right")}
    plan: Plan = a_plan()
    blades = {**ends, **ribs}
    cuts = tuple(replace(o, blade=blades.get(o.id) or o.blade) for o in plan.osteotomies)
    resection = resect(column, replace(plan, osteotomies=cuts), silent)
    specimen = next(p for p in resection.pieces if p.role is Role.SPECIMEN_ANTERIOR)
    assert specimen.links == ()
    assert specimen.is_free
    assert [p.role for p in resection.pieces].count(Role.RIB_PIECE) == 2


def test_neighbours_are_those_that_are_segmented() -> None:
    assert spine(Pose()).neighbour("T9", above=True) is None
    assert spine(Pose()).neighbour("T9", above=False) == "T10"
    assert spine(Pose()).neighbour("T11", above=True) == "T10"
