"""Specimen margins against formulas, and piece meshes against voxels."""

from dataclasses import replace

import numpy as np
import pytest

from planning.model.anatomy import Anatomy
from planning.model.mask import Mask
from planning.model.osteotomy import OsteotomyKind
from planning.model.plan import Plan, Release
from planning.progress import silent
from planning.resection import parting
from planning.resection.margin_map import RawSpecimenMargin, specimen_margins
from planning.resection.pieces import Resection
from planning.resection.resect import resect
from planning.resection.specimen import piece_meshes
from planning.segmentation.surfaces import surfaces_of
from tests.builders import Triple, a_blade, a_cut, a_plan, a_vertebral_column, body_z_mm
from tests.phantoms import CANAL_RADIUS_MM, HALF_DEPTH_MM, HALF_WIDTH_MM, Ball, Pose

Z = body_z_mm("T10")
COARSE = (0.8, 0.8, 2.0)


def margins(anatomy: Anatomy, plan: Plan) -> dict[str, RawSpecimenMargin]:
    found = specimen_margins(resect(anatomy, plan, silent), anatomy, plan, silent)
    assert len({m.surface for m in found}) == len(found)
    return {m.surface: m for m in found}


def to_ellipse_mm(x: float, y: float) -> float:
    """Distance of a point inside the body's outline from that outline, by dense sampling."""
    t = np.linspace(0, 2 * np.pi, 200001)
    return float(np.hypot(HALF_WIDTH_MM * np.cos(t) - x, HALF_DEPTH_MM * np.sin(t) - y).min())


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), COARSE])
@pytest.mark.parametrize("centre", [(4.0, 0.0, Z), (-3.0, -2.0, Z + 4.0)])
def test_margins_match_the_formula(spacing: Triple, centre: Triple) -> None:
    radius = 6.0
    anatomy = a_vertebral_column(tumour=Ball(centre, radius), spacing_ijk_mm=spacing)
    anatomy = replace(anatomy, epidural_assessable=True)
    found = margins(anatomy, a_plan())
    x, y, z = centre
    owed = max(0.3, max(spacing) / 2)
    truth = {
        "cranial": Z + 13.5 - z - radius,
        "caudal": z - (Z - 13.5) - radius,
        "pedicle left": np.hypot(8.0 - min(x, 8.0) if x < 8 else 0.0, 14.5 - y) - radius,
        "pedicle right": np.hypot(x + 8.0, 14.5 - y) - radius,
    }
    for name, value in truth.items():
        got = found[name]
        assert got.value_mm is not None
        # The pedicle's faces lie in a height of 8 mm above the body's middle.
        height = max(0.0, Z + 2 - z) if name.startswith("pedicle") else 0.0
        exact = np.hypot(value + radius, height) - radius
        assert got.value_mm == pytest.approx(exact, abs=owed), name
        assert got.osteotomies
    nearest = min(m.value_mm for n, m in found.items() if n in NATURAL and m.value_mm is not None)
    assert nearest == pytest.approx(to_ellipse_mm(x, y) - radius, abs=owed)


NATURAL = ("anterior", "lateral left", "lateral right", "epidural", "posterior")


def test_each_margin_names_its_points_and_areas() -> None:
    anatomy = a_vertebral_column(tumour=Ball((4.0, 0.0, Z + 5.0), 7.0))
    cranial = margins(anatomy, a_plan())["cranial"]
    assert cranial.value_mm is not None
    assert cranial.surface_point_lps_mm is not None
    assert cranial.tumour_point_lps_mm is not None
    apart = np.subtract(cranial.surface_point_lps_mm, cranial.tumour_point_lps_mm)
    assert np.linalg.norm(apart) == pytest.approx(cranial.value_mm, abs=1e-6)
    assert cranial.surface_point_lps_mm == pytest.approx((4.0, 0.0, Z + 13.5), abs=1.0)
    # Ball to plane 1.5 mm apart: closer than 2 mm within a disc of radius sqrt(9^2 - 8.5^2).
    assert cranial.value_mm == pytest.approx(1.5, abs=0.3)
    assert cranial.area_under_2mm_mm2 == pytest.approx(np.pi * (9**2 - 8.5**2), rel=0.35)
    assert cranial.area_mm2 == pytest.approx(np.pi * 16 * 12, rel=0.03)
    assert cranial.p5_mm is not None
    assert cranial.value_mm < cranial.p5_mm < 3.5


def test_a_cut_through_the_tumour_is_negative_by_its_depth() -> None:
    anatomy = a_vertebral_column(tumour=Ball((4.0, 0.0, Z + 9.0), 7.0))
    cranial = margins(anatomy, a_plan())["cranial"]
    # The face that the specimen keeps lies 4.5 mm beyond the ball's centre.
    assert cranial.value_mm == pytest.approx(4.5 - 7.0, abs=0.5)


def test_tumour_at_the_surface_has_no_margin_there_but_is_not_intralesional() -> None:
    anatomy = a_vertebral_column(tumour=Ball((0.0, -8.0, Z), 7.0))
    found = margins(anatomy, a_plan())
    assert found["anterior"].value_mm == 0.0
    assert found["cranial"].value_mm == pytest.approx(6.5, abs=0.5)


def test_without_a_segmented_disc_the_cut_face_is_the_surface() -> None:
    found = margins(a_vertebral_column(discs=False), a_plan())
    assert found["cranial"].value_mm == pytest.approx(Z + 13.5 - (Z + 7.0), abs=0.5)
    assert found["caudal"].value_mm == pytest.approx(6.5, abs=0.5)


def test_a_released_disc_leaves_the_endplate_as_surface() -> None:
    plan = a_plan()
    cuts = tuple(o for o in plan.osteotomies if o.id != "cranial")
    released = replace(plan, osteotomies=cuts, releases=(*plan.releases, Release("disc/T9-T10")))
    cranial = margins(a_vertebral_column(discs=False), released)["cranial"]
    assert cranial.value_mm == pytest.approx(11.0 - 7.0, abs=0.5)
    assert cranial.osteotomies == ()


def test_the_disc_between_two_targets_is_no_surface() -> None:
    tumour = Ball((0.0, 0.0, Z - 3.0), 7.0)
    found = margins(a_vertebral_column(tumour=tumour, discs=False), a_plan(("T10", "T11")))
    # T10's lower endplate is 1 mm from the ball, but T11 leaves with it: caudal lies below T11.
    assert found["caudal"].value_mm == pytest.approx(28 + 13.5 - 3 - 7, abs=0.5)


def test_the_epidural_margin_needs_an_mr_and_no_epidural_tumour() -> None:
    anatomy = a_vertebral_column()
    unknown = margins(anatomy, a_plan())["epidural"]
    assert (unknown.value_mm, unknown.reason) == (None, "no_mr")
    near = a_vertebral_column(tumour=Ball((0.0, 6.0, Z), 7.0), exclusive=False)
    invaded = margins(replace(near, epidural_assessable=True), a_plan())["epidural"]
    assert (invaded.value_mm, invaded.reason) == (None, "epidural_tumour")
    clear = margins(replace(anatomy, epidural_assessable=True), a_plan())["epidural"]
    assert clear.value_mm is not None
    assert clear.surface_point_lps_mm is not None
    x, y, _ = clear.surface_point_lps_mm
    assert np.hypot(x, y - 20.0) < 2 * CANAL_RADIUS_MM


def test_a_free_cut_across_the_spine_is_an_end_and_others_are_other() -> None:
    plan = a_plan()
    cuts = [replace(o, kind=OsteotomyKind.FREE) if o.id == "cranial" else o for o in plan.osteotomies]
    sagittal = a_blade((-9.0, 60, Z), (1, 0, 0), (0, -1, 0), 60, 80)
    cuts.append(a_cut("sagittal", OsteotomyKind.SAGITTAL, sagittal))
    found = margins(a_vertebral_column(), replace(plan, osteotomies=tuple(cuts)))
    assert found["cranial"].osteotomies == ("cranial",)
    assert found["other cut"].osteotomies == ("sagittal",)
    assert found["other cut"].value_mm == pytest.approx(4.0 + 8.5 - 7.0, abs=0.5)


def test_mirrored_anatomy_swaps_the_sides() -> None:
    mirror = Pose(mirrored=True)
    one = margins(a_vertebral_column(), a_plan())
    two = margins(a_vertebral_column(pose=mirror), a_plan(pose=mirror))
    for surface in ("pedicle", "lateral"):
        left, right = one[f"{surface} left"].value_mm, one[f"{surface} right"].value_mm
        assert left is not None
        assert right is not None
        assert right > left + 2
        assert two[f"{surface} left"].value_mm == pytest.approx(right, abs=0.3)
        assert two[f"{surface} right"].value_mm == pytest.approx(left, abs=0.3)


def test_a_rigid_motion_leaves_margins_unchanged() -> None:
    pose = Pose((0.2, 0.1, 1.0), 25.0, (30.0, -12.0, 100.0))
    one, two = (margins(a_vertebral_column(pose=p), a_plan(pose=p)) for p in (Pose(), pose))
    assert set(one) == set(two)
    for name, margin in one.items():
        if margin.value_mm is not None:
            assert two[name].value_mm == pytest.approx(margin.value_mm, abs=0.05), name


def test_without_tumour_or_specimen_nothing_is_claimed() -> None:
    anatomy, plan = a_vertebral_column(), a_plan()
    assert specimen_margins(resect(anatomy, plan, silent), anatomy, replace(plan, tumour=None), silent) == ()
    elsewhere = Ball((4.0, 0.0, body_z_mm("T12")), 6.0)
    anatomy = a_vertebral_column(tumour=elsewhere)
    found = specimen_margins(resect(anatomy, plan, silent), anatomy, plan, silent)
    assert {m.value_mm for m in found} == {None}
    assert {m.reason for m in found} == {"no_specimen"}


def test_solids_agree_with_voxels_in_number_and_volume() -> None:
    anatomy, plan = a_vertebral_column(), a_plan()
    resection = resect(anatomy, plan, silent)
    made = piece_meshes(resection, plan, silent, surfaces_of(anatomy))
    assert made.problems == ()
    assert set(made.meshes) == {p.id for p in resection.pieces}
    for piece in resection.pieces:
        mesh = made.meshes[piece.id]
        assert mesh.is_closed
        if piece.volume_mm3 > 1000 and piece.role.value != "remaining":
            assert mesh.volume_mm3 == pytest.approx(piece.volume_mm3, rel=0.02)


def _short_of_the_edge(anatomy: Anatomy) -> tuple[Resection, Plan]:
    """A blade just short of the edge: no voxel centres meet beyond it, but the solid is not through."""
    blade = a_blade((0, 11.6, Z + 14), (0, 0, 1), (0, -1, 0), 31.2, 23.2)
    plan = a_plan()
    body = a_cut("body", OsteotomyKind.VERTEBRAL_BODY, blade.moved((0, 0, -20)))
    short = replace(plan, osteotomies=(plan.osteotomies[0], body, *plan.osteotomies[2:]))
    return resect(anatomy, short, silent), short


def test_a_bridge_thinner_than_a_voxel_parts_as_the_voxels_do() -> None:
    resection, short = _short_of_the_edge(a_vertebral_column(discs=False, ribs=False))
    made = piece_meshes(resection, short, silent)
    assert made.problems == ()
    specimen = resection.specimen
    assert specimen is not None
    mesh = made.meshes[specimen.id]
    assert mesh.is_closed
    assert mesh.volume_mm3 == pytest.approx(specimen.volume_mm3, rel=0.02)
    # The cut face stays where the blade cuts: nothing of the specimen lies below it.
    face_mm = Z + 14 - 20 + short.osteotomies[1].blade.kerf_mm / 2
    assert mesh.bounds_lps_mm[0][2] == pytest.approx(face_mm, abs=1e-3)


def test_a_wider_bridge_is_reported_with_what_to_do_and_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "WIDENED_VOXELS", ())
    resection, short = _short_of_the_edge(a_vertebral_column(discs=False, ribs=False))
    made = piece_meshes(resection, short, silent)
    problems = [p for p in made.problems if p.code == "solids_disagree"]
    assert "specimen_anterior-1" not in made.meshes
    first = problems[0]
    assert first.osteotomies == ("body",)
    assert first.subject == "specimen_anterior-1"
    assert "is not drawn. Widen body there by 1.5 mm." in first.sentence
    assert first.point_lps_mm is not None
    # The bridge lies at either end of the blade's 31.2 mm, at its height.
    assert abs(first.point_lps_mm[2] - (Z - 6)) < 2.5
    assert len({p.subject for p in problems}) == len(problems)


def test_bones_are_made_once_for_every_position_of_a_blade() -> None:
    anatomy, plan = a_vertebral_column(), a_plan()
    resection = resect(anatomy, plan, silent)
    made = piece_meshes(resection, plan, silent)
    cut = plan.osteotomies[0]
    moved = replace(
        plan, osteotomies=(replace(cut, blade=cut.blade.moved((0, 0, 0.5))), *plan.osteotomies[1:])
    )
    later = resect(anatomy, moved, silent, resection)
    again, afresh = piece_meshes(later, moved, silent, known=made), piece_meshes(later, moved, silent)
    assert all(again.bones[n] is mesh for n, mesh in made.bones.items())
    assert {i: m.volume_mm3 for i, m in again.meshes.items()} == {
        i: pytest.approx(m.volume_mm3) for i, m in afresh.meshes.items()
    }


def test_no_field_no_meshes() -> None:
    anatomy = replace(a_vertebral_column(), structures=())
    resection = resect(anatomy, a_plan(), silent)
    assert piece_meshes(resection, a_plan(), silent).meshes == {}
    assert Mask((1, 1, 1)).is_empty
