"""Pieces, roles and problems on a spine of closed form."""

from dataclasses import replace

import numpy as np
import pytest

from planning.model.anatomy import Anatomy
from planning.model.mask import Mask
from planning.model.osteotomy import OsteotomyKind
from planning.model.plan import Plan, Release
from planning.model.structures import Structure, StructureKind
from planning.progress import Cancelled, silent
from planning.resection.pieces import RawPiece, Resection, Role
from planning.resection.resect import resect
from tests.builders import LEVELS, a_blade, a_cut, a_grid, a_mask, a_plan, a_vertebral_column, body_z_mm
from tests.phantoms import HALF_DEPTH_MM, Ball, Pose, box


def the(resection: Resection, role: Role) -> RawPiece:
    found = [p for p in resection.pieces if p.role is role]
    assert len(found) == 1, [p.id for p in resection.pieces]
    return found[0]


def codes(resection: Resection) -> list[str]:
    return [p.code for p in resection.problems]


def tissue_mm3(anatomy: Anatomy) -> float:
    kinds = (StructureKind.VERTEBRA, StructureKind.DISC, StructureKind.RIB, StructureKind.TUMOUR)
    levels = set(LEVELS[:5])
    count = sum(s.mask.count for s in anatomy.of_kind(*kinds) if s.level in levels or s.level is None)
    return count * anatomy.grid.voxel_volume_mm3


def test_a_whole_plan_frees_an_anterior_specimen_and_an_arch() -> None:
    anatomy = a_vertebral_column()
    resection = resect(anatomy, a_plan(), silent)
    specimen, arch = the(resection, Role.SPECIMEN_ANTERIOR), the(resection, Role.SPECIMEN_ARCH)
    assert resection.problems == ()
    assert specimen.is_free
    assert arch.is_free
    assert specimen.tumour_fraction == pytest.approx(1.0)
    assert specimen.levels == arch.levels == ("T10",)
    assert resection.specimen is specimen
    # 22 mm of body with 2.5 mm of disc on either side, and both pedicles from the body to y = 14.5.
    x = np.linspace(8, 14, 1000)
    pedicles = 2 * 8 * 6 * float(np.mean(14.5 - 12 * np.sqrt(1 - (x / 16) ** 2)))
    assert specimen.volume_mm3 == pytest.approx(np.pi * 16 * 12 * 27 + pedicles, rel=0.01)
    ribs = [p for p in resection.pieces if p.role is Role.RIB_PIECE]
    assert [r.levels for r in ribs] == [("T10",), ("T10",)]
    loose = [p for p in resection.pieces if p.role is Role.LOOSE]
    assert [p.bones for p in loose] == [("vertebra-T9",), ("vertebra-T9",)]


def test_volumes_add_up_to_the_bone_that_was_there() -> None:
    anatomy = a_vertebral_column()
    resection = resect(anatomy, a_plan(), silent)
    parts = sum(p.volume_mm3 for p in resection.pieces) + resection.kerf_mm3 + resection.crumbs_mm3
    assert parts == pytest.approx(tissue_mm3(anatomy), rel=1e-9)
    assert resection.pieces_kji.shape == resection.grid.shape_kji
    assert set(np.unique(resection.pieces_kji)) == {0, *(p.label for p in resection.pieces)}


def test_two_levels_leave_as_one_piece_with_the_disc_between() -> None:
    resection = resect(a_vertebral_column(), a_plan(("T10", "T11")), silent)
    specimen = the(resection, Role.SPECIMEN_ANTERIOR)
    assert specimen.levels == ("T10", "T11")
    assert "disc-T10" in specimen.bones
    assert the(resection, Role.SPECIMEN_ARCH).levels == ("T10", "T11")
    assert resection.problems == ()


def test_without_cuts_nothing_is_free_and_every_joint_is_named() -> None:
    plan = replace(a_plan(), osteotomies=(), releases=())
    resection = resect(a_vertebral_column(), plan, silent)
    specimen = the(resection, Role.SPECIMEN_ANTERIOR)
    assert {link.id for link in specimen.links} == {
        "disc/T9-T10/caudal", "disc/T10-T11/cranial",
        "facet/T9-T10/left", "facet/T9-T10/right", "facet/T10-T11/left", "facet/T10-T11/right",
        "costovertebral/T10/left", "costovertebral/T10/right",
        "costotransverse/T10/left", "costotransverse/T10/right",
    }  # fmt: skip
    assert codes(resection) == ["not_free", "closes_round_canal"]
    assert "left facet joint T9-T10" in resection.problems[0].sentence


@pytest.mark.parametrize(
    "missing,holder,links",
    [
        ("cranial", Role.SPECIMEN_ANTERIOR, {"disc/T9-T10/caudal"}),
        ("lamina-left", Role.SPECIMEN_ARCH, {"facet/T9-T10/left"}),
        ("rib-T10-right", Role.SPECIMEN_ANTERIOR, {"costovertebral/T10/right"}),
    ],
)
def test_a_missing_cut_names_what_still_holds(missing: str, holder: Role, links: set[str]) -> None:
    plan = a_plan()
    plan = replace(plan, osteotomies=tuple(o for o in plan.osteotomies if o.id != missing))
    resection = resect(a_vertebral_column(), plan, silent)
    assert {link.id for link in the(resection, holder).links} >= links
    assert "not_free" in codes(resection)


def test_a_missing_pedicle_cut_keeps_arch_and_body_in_one_piece() -> None:
    plan = a_plan()
    plan = replace(plan, osteotomies=tuple(o for o in plan.osteotomies if o.id != "pedicle-T10-left"))
    resection = resect(a_vertebral_column(), plan, silent)
    assert Role.SPECIMEN_ARCH not in {p.role for p in resection.pieces}
    idle = [p for p in resection.problems if p.code == "cut_changes_nothing"]
    assert [p.osteotomies for p in idle] == [("pedicle-T10-right",)]


def test_a_chain_over_a_rib_piece_holds_the_specimen() -> None:
    # Rib 9 reaches T8 too: with T9 as target its cut-off stump ties the specimen to T8.
    plan = a_plan(("T9",))
    opened = (*plan.releases, Release("disc/T8-T9"))
    plan = replace(plan, osteotomies=tuple(o for o in plan.osteotomies if o.id != "cranial"), releases=opened)
    resection = resect(a_vertebral_column(), plan, silent)
    specimen = the(resection, Role.SPECIMEN_ANTERIOR)
    held = {link.id for link in specimen.links}
    assert held == {f"costovertebral/T9/{s}{end}" for s in ("left", "right") for end in ("", "/T8")}
    ribs = tuple(Release(f"costovertebral/T9/{s}/T8") for s in ("left", "right"))
    freed = resect(a_vertebral_column(), replace(plan, releases=(*opened, *ribs)), silent)
    assert the(freed, Role.SPECIMEN_ANTERIOR).is_free


def test_releases_sever_links_and_unknown_ones_are_named() -> None:
    plan = replace(a_plan(), releases=(Release("facet/T10-T11"), Release("facet/T3-T4/left")))
    resection = resect(a_vertebral_column(), plan, silent)
    severed = {link.id: link.severed_by for link in resection.links if not link.holds}
    assert severed["facet/T10-T11/left"] == severed["facet/T10-T11/right"] == "release"
    assert codes(resection) == ["release_unknown"]
    assert "facet/T3-T4/left" in resection.problems[0].sentence


def test_tumour_beyond_an_end_cut_is_left_and_measured() -> None:
    # In a column that begins with T9, T10 is centred at -28 and the caudal blade ends at -42.5.
    tumour = Ball((4.0, 0.0, -36.0), 9.0)
    anatomy = a_vertebral_column(tumour=tumour, spacing_ijk_mm=(1.0, 1.0, 0.5), levels=LEVELS[1:5])
    resection = resect(anatomy, shifted(a_plan(), 28.0), silent)
    (left,) = [p for p in resection.problems if p.code == "tumour_left"]
    assert left.osteotomies == ("caudal",)
    height = 9.0 - 6.5
    assert left.volume_mm3 == pytest.approx(np.pi * height**2 * (9.0 - height / 3), rel=0.08)
    assert left.point_lps_mm is not None
    assert left.point_lps_mm[2] < -42.5


def shifted(plan: Plan, by_mm: float) -> Plan:
    """Move every blade up: the column of fewer levels begins at T9."""
    cuts = tuple(replace(o, blade=o.blade.moved((0, 0, by_mm))) for o in plan.osteotomies)
    return replace(plan, osteotomies=cuts)


def test_a_sagittal_cut_through_the_tumour_splits_it() -> None:
    plan = a_plan()
    z = body_z_mm("T10")
    blade = a_blade((5.0, 60, z), (1, 0, 0), (0, -1, 0), 60, 80)
    cut = a_cut("sagittal", OsteotomyKind.SAGITTAL, blade, "T10", "midline")
    resection = resect(a_vertebral_column(), replace(plan, osteotomies=(*plan.osteotomies, cut)), silent)
    outside = [p for p in resection.problems if p.code in ("tumour_split", "tumour_left")]
    assert len(outside) == 1
    assert outside[0].osteotomies == ("sagittal",)
    # The ball's centre lies at x = 4, the blade's far face at 5.5: a cap of 5.5 mm.
    cap = np.pi * 5.5**2 * (7.0 - 5.5 / 3)
    assert outside[0].volume_mm3 == pytest.approx(cap, rel=0.06)


def test_tumour_bridges_bones_and_is_named_where_no_cut_parts_it() -> None:
    bridging = Ball((0.0, 0.0, body_z_mm("T10") - 14.0), 8.0)
    resection = resect(a_vertebral_column(tumour=bridging), a_plan(("T10", "T11")), silent)
    assert the(resection, Role.SPECIMEN_ANTERIOR).tumour_fraction == pytest.approx(1.0)
    plan = a_plan()
    uncut = replace(plan, osteotomies=tuple(o for o in plan.osteotomies if o.id != "caudal"))
    resection = resect(a_vertebral_column(tumour=bridging), uncut, silent)
    left = [p for p in resection.problems if p.code == "tumour_left"]
    assert len(left) == 1
    assert left[0].volume_mm3 == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.05)


def test_a_cut_in_the_air_changes_nothing() -> None:
    plan = a_plan()
    cut = a_cut("air", OsteotomyKind.FREE, a_blade((0, -30, 0), (0, 0, 1), (0, -1, 0), 5, 5))
    resection = resect(a_vertebral_column(), replace(plan, osteotomies=(*plan.osteotomies, cut)), silent)
    (problem,) = resection.problems
    assert (problem.code, problem.osteotomies, problem.severity) == ("cut_changes_nothing", ("air",), "warn")
    assert "touches no bone" in problem.sentence
    # It runs from y = -30 forward; the bodies' front lies at y = -12.
    far = 30.0 - HALF_DEPTH_MM
    assert problem.sentence.endswith(" mm away.")
    assert float(problem.sentence.split()[-3]) == pytest.approx(far, abs=1.1)


def test_a_cut_that_lies_in_another_says_which() -> None:
    plan = a_plan()
    first = plan.osteotomies[0]
    smaller = replace(first.blade, width_mm=first.blade.width_mm - 2, kerf_mm=first.blade.kerf_mm / 2)
    twice = replace(first, id="again", name="again", blade=smaller)
    resection = resect(a_vertebral_column(), replace(plan, osteotomies=(*plan.osteotomies, twice)), silent)
    idle = [p for p in resection.problems if p.code == "cut_changes_nothing"]
    assert [(p.osteotomies, p.sentence) for p in idle] == [
        (("again",), f"again changes nothing: it lies wholly in {first.title}. Move it or delete it.")
    ]


@pytest.mark.parametrize("exclusive", [True, False])
def test_exclusive_and_overlapping_masks_give_the_same_pieces(exclusive: bool) -> None:
    resection = resect(a_vertebral_column(exclusive=exclusive), a_plan(), silent)
    reference = resect(a_vertebral_column(), a_plan(), silent)
    assert volumes(resection) == pytest.approx(volumes(reference), rel=1e-9)


def volumes(resection: Resection) -> dict[str, float]:
    return {p.id: p.volume_mm3 for p in resection.pieces}


@pytest.mark.parametrize(
    "pose,flipped",
    [
        (Pose((0.2, 0.1, 1.0), 25.0, (30.0, -12.0, 100.0)), (False, False, False)),
        (Pose((1.0, 0.4, 0.2), -18.0, (5.0, 5.0, 5.0)), (True, False, True)),
    ],
)
def test_a_rigid_motion_changes_nothing(pose: Pose, flipped: tuple[bool, bool, bool]) -> None:
    reference = resect(a_vertebral_column(), a_plan(), silent)
    moved = resect(a_vertebral_column(pose=pose, flipped_ijk=flipped), a_plan(pose=pose), silent)
    assert volumes(moved) == pytest.approx(volumes(reference), rel=1e-6)
    assert moved.problems == ()
    assert [link.id for link in moved.links] == [link.id for link in reference.links]


def test_an_image_oblique_to_the_spine_gives_the_same_pieces() -> None:
    pose = Pose((0.2, 1.0, 0.3), 14.0)
    reference = resect(a_vertebral_column(), a_plan(), silent)
    oblique = resect(a_vertebral_column(pose=pose, grid_pose=Pose()), a_plan(pose=pose), silent)
    assert [p.role for p in oblique.pieces] == [p.role for p in reference.pieces]
    assert volumes(oblique)["specimen_anterior-1"] == pytest.approx(
        volumes(reference)["specimen_anterior-1"], rel=0.02
    )
    assert volumes(oblique)["specimen_arch-1"] == pytest.approx(
        volumes(reference)["specimen_arch-1"], rel=0.03
    )


def test_mirrored_anatomy_swaps_left_and_right() -> None:
    mirror = Pose(mirrored=True)
    plan = replace(a_plan(), osteotomies=tuple(o for o in a_plan().osteotomies if o.id != "lamina-left"))
    mirrored = a_plan(pose=mirror)
    mirrored = replace(mirrored, osteotomies=tuple(o for o in mirrored.osteotomies if o.id != "lamina-right"))
    straight = resect(a_vertebral_column(), plan, silent)
    swapped = resect(a_vertebral_column(pose=mirror), mirrored, silent)
    assert [link.id for link in the(straight, Role.SPECIMEN_ARCH).links] == ["facet/T9-T10/left"]
    assert [link.id for link in the(swapped, Role.SPECIMEN_ARCH).links] == ["facet/T9-T10/right"]


def boxes(blades: tuple[float, ...], tumour: bool = True) -> tuple[Anatomy, Plan]:
    """Return bare boxes for vertebrae, 25 x 25 x 25 mm with 3 mm gaps, and level end cuts."""
    grid = a_grid((-20.5, -20.5, -100.5), (20.5, 20.5, 20.5))
    structures = []
    for n, level in enumerate(("T9", "T10", "T11", "T12")):
        shape = box((-12.5, 12.5), (-12.5, 12.5), (-28.0 * n - 12.5, -28.0 * n + 12.5))
        structures.append(Structure(f"vertebra-{level}", StructureKind.VERTEBRA, a_mask(grid, shape), level))
    if tumour:
        ball = Ball((0, 0, -28.0), 8.0)
        structures.append(Structure("tumour", StructureKind.TUMOUR, a_mask(grid, ball), name="lesion 1"))
    cuts = tuple(
        a_cut(f"end-{n}", OsteotomyKind.DISC, a_blade((0, 15, z), (0, 0, 1), (0, -1, 0), 30, 30))
        for n, z in enumerate(blades)
    )
    return Anatomy(grid, tuple(structures)), Plan("box", ("T10",), "lesion 1" if tumour else None, 2.0, cuts)


def test_bare_boxes_are_cut_free_in_their_gaps() -> None:
    resection = resect(*boxes((-14.0, -42.0)), silent)
    specimen = the(resection, Role.SPECIMEN_ANTERIOR)
    assert specimen.is_free
    assert specimen.volume_mm3 == pytest.approx(15625, rel=1e-6)
    assert specimen.tumour_fraction == pytest.approx(1.0)
    severed = {link.id: link.severed_by for link in resection.links if not link.holds}
    assert severed["disc/T9-T10"] == "end-0"
    assert severed["facet/T10-T11/left"] == "end-1"


def test_bare_boxes_cut_through_bone_keep_the_ends_with_their_neighbours() -> None:
    resection = resect(*boxes((-20.0, -36.0)), silent)
    specimen = the(resection, Role.SPECIMEN_ANTERIOR)
    assert specimen.volume_mm3 == pytest.approx(625 * 15.0, rel=1e-6)
    assert specimen.is_free
    remaining = [p for p in resection.pieces if p.role is Role.REMAINING]
    assert sorted(p.volume_mm3 for p in remaining) == pytest.approx([15625 + 2500, 31250 + 2500])
    assert [p.levels for p in remaining] == [("T10", "T11", "T12"), ("T9", "T10")]


def test_a_neighbour_that_is_not_segmented_is_no_freedom() -> None:
    anatomy, plan = boxes((-20.0, -36.0))
    alone = replace(
        anatomy, structures=tuple(s for s in anatomy.structures if s.id in ("vertebra-T10", "tumour"))
    )
    resection = resect(alone, plan, silent)
    assert [p.role for p in resection.pieces] == [Role.SPECIMEN_ANTERIOR, Role.REMAINING, Role.REMAINING]
    missing = ["neighbour_missing", "neighbour_missing", "canal_missing"]
    assert [(p.code, p.severity) for p in resection.problems] == [(code, "not_assessed") for code in missing]
    assert "above T10" in resection.problems[0].sentence


def test_a_slice_of_one_target_leaves_with_the_disc_that_holds_it() -> None:
    anatomy, plan = boxes((-20.0, -36.0))
    resection = resect(anatomy, replace(plan, target_levels=("T10", "T11")), silent)
    specimens = [p for p in resection.pieces if p.role is Role.SPECIMEN_ANTERIOR]
    assert [p.levels for p in specimens] == [("T10",), ("T10", "T11")]
    assert specimens[1].volume_mm3 == pytest.approx(15625 + 2500)
    assert {link.id for link in specimens[1].links} >= {"disc/T11-T12"}


def test_without_tumour_the_body_is_the_specimen() -> None:
    resection = resect(*boxes((-20.0, -36.0), tumour=False), silent)
    specimen = the(resection, Role.SPECIMEN_ANTERIOR)
    assert specimen.volume_mm3 == pytest.approx(625 * 15.0, rel=1e-6)
    assert specimen.tumour_fraction == 0.0


def test_a_gap_in_a_segmented_bone_is_no_freedom() -> None:
    anatomy = a_vertebral_column()
    vertebra = anatomy.structure("vertebra-T11")
    assert vertebra is not None
    voxels = vertebra.mask.to_array()
    k, j, i = np.indices(voxels.shape)
    local = anatomy.grid.to_lps(np.stack([i, j, k], -1))
    voxels[(local[..., 1] > 13) & (local[..., 1] < 15)] = False  # both pedicles lost, two voxels wide
    torn = replace(vertebra, mask=Mask.from_array(voxels))
    anatomy = replace(anatomy, structures=tuple(torn if s.id == torn.id else s for s in anatomy.structures))
    resection = resect(anatomy, a_plan(), silent)
    assert resection.problems == ()
    assert Role.LOOSE not in {p.role for p in resection.pieces if "vertebra-T11" in p.bones}
    # With T11 a target, blades through the gap part the arch though they touch no bone there.
    resection = resect(anatomy, a_plan(("T10", "T11")), silent)
    assert the(resection, Role.SPECIMEN_ARCH).levels == ("T10", "T11")


def test_what_is_missing_is_said() -> None:
    anatomy = a_vertebral_column()
    assert codes(resect(anatomy, Plan(), silent)) == ["target_missing"]
    absent = resect(anatomy, replace(a_plan(), tumour="lesion 7"), silent)
    assert codes(absent) == ["tumour_missing"]
    assert absent.specimen is not None
    assert absent.specimen.tumour_fraction == 0.0
    no_t10 = replace(anatomy, structures=tuple(s for s in anatomy.structures if s.id != "vertebra-T10"))
    assert "target_missing" in codes(resect(no_t10, a_plan(), silent))


def test_the_known_field_is_used_again_and_gives_the_same() -> None:
    anatomy, plan = a_vertebral_column(), a_plan()
    first = resect(anatomy, plan, silent)
    moved = replace(plan.osteotomies[0], blade=plan.osteotomies[0].blade.moved((0, 0, 1.0)))
    second = replace(plan, osteotomies=(moved, *plan.osteotomies[1:]))
    again = resect(anatomy, second, silent, known=first)
    assert again.ground is first.ground
    assert volumes(again) == volumes(resect(anatomy, second, silent))
    assert volumes(again)["specimen_anterior-1"] > volumes(first)["specimen_anterior-1"]
    far = replace(moved, blade=moved.blade.moved((0, 0, 500.0)))
    assert resect(anatomy, replace(plan, osteotomies=(far,)), silent, known=first).pieces
    other = resect(anatomy, a_plan(("T11",)), silent, known=first)
    assert other.ground is not first.ground


def test_it_can_be_stopped() -> None:
    def stop(fraction: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        resect(a_vertebral_column(), a_plan(), stop)
