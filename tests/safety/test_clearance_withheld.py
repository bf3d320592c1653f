"""Where nothing may be said: outside the image, cut off by its edge, without agreement or surface."""

from dataclasses import replace

import numpy as np
import pytest

from planning.model.anatomy import Anatomy
from planning.model.osteotomy import Osteotomy, OsteotomyKind
from planning.model.plan import Plan
from planning.model.structures import Structure, StructureKind
from planning.progress import silent
from planning.safety.clearance import RawClearance, clearances_of, confirmed, cross_checked
from planning.safety.fields import Fields, fields_of
from planning.safety.image_edge import cut_faces_of
from planning.segmentation.surfaces import surfaces_of
from tests.builders import a_blade, a_cord_cylinder, a_cut, a_grid, a_mask
from tests.phantoms import Bools, Floats, Pose

OBLIQUE = Pose((0.2, 1.0, -0.4), 38.0, (12.0, -240.0, 870.0))
FAR = a_cut("far", OsteotomyKind.FREE, a_blade((14, -4, 0), (1, 0, 0), (0, 1, 0), 8, 8, 1.0, 3.0))


def _fields(anatomy: Anatomy, *cuts: Osteotomy) -> Fields:
    return fields_of(anatomy, surfaces_of(anatomy), Plan(osteotomies=cuts), silent)


def _through(x: Floats, y: Floats, z: Floats) -> Bools:
    return np.asarray((np.hypot(x, y) <= 4) & (np.abs(z) < 1000))


def _vessel_to_the_lower_border(x: Floats, y: Floats, z: Floats) -> Bools:
    return np.asarray((np.hypot(x, y) <= 4) & (z < -8))


def test_a_blade_outside_the_image_says_nothing() -> None:
    anatomy = a_cord_cylinder()
    outside = a_cut("o", OsteotomyKind.FREE, a_blade((0, -34, 0), (0, 0, 1), (0, 1, 0), 6, 10))
    fields = _fields(anatomy, outside)
    assert fields.covers(outside.blade)
    (found,) = clearances_of(outside, fields)
    assert found.value_mm is None
    assert found.with_overshoot_mm is None
    assert found.tool_point_lps_mm is None
    assert found.withheld_reason == "outside_image"


@pytest.mark.parametrize("pose", [Pose(), OBLIQUE], ids=["straight", "oblique"])
@pytest.mark.parametrize("width_mm", [30.0, 60.0, 240.0, 500.0])
def test_a_blade_wider_than_the_image_is_measured_to_what_ends_inside(pose: Pose, width_mm: float) -> None:
    anatomy = a_cord_cylinder(pose=pose)  # 40 mm wide
    wide = a_blade((0, 18, 0), (0, 0, 1), (0, -1, 0), width_mm, 6, 1.0, 3.0, pose=pose)
    cut = a_cut("o", OsteotomyKind.FREE, wide)
    fields = _fields(anatomy, cut)
    assert fields.covers(wide)
    (found,) = cross_checked(cut, fields)
    assert found.value_mm == pytest.approx(12 - 5, abs=0.5)
    assert found.with_overshoot_mm == pytest.approx(9 - 5, abs=0.5)


def test_a_wide_blade_elsewhere_changes_no_other_cut() -> None:
    anatomy = a_cord_cylinder()
    far_away = a_cut("o", OsteotomyKind.FREE, a_blade((9000, 0, 0), (0, 0, 1), (0, 1, 0), 6, 6))
    alone, beside = (clearances_of(FAR, _fields(anatomy, *cuts)) for cuts in ((FAR,), (FAR, far_away)))
    assert alone == beside


def test_a_blade_and_a_structure_that_leave_on_one_side_are_not_measured() -> None:
    grid = a_grid((-30, -30, -12), (30, 30, 12))
    anatomy = Anatomy(grid, (Structure("v", StructureKind.AORTA, a_mask(grid, _through)),))
    tall = a_blade((12, 0, -20), (1, 0, 0), (0, 0, 1), 8, 40, 1.0, 0.0)
    wide = a_blade((0, -22, 0), (0, 0, 1), (0, 1, 0), 80, 8, 1.0, 0.0)
    through = a_blade((0, 0, -20), (1, 0, 0), (0, 0, 1), 20, 40, 1.0, 0.0)
    cuts = [a_cut(f"c{n}", OsteotomyKind.FREE, b) for n, b in enumerate((tall, wide, through))]
    fields = _fields(anatomy, *cuts)
    (beside,), (across,), (entered,) = (cross_checked(c, fields) for c in cuts)
    # Above and below the image the vessel may lean towards the tall blade; the wide one leaves sideways.
    assert (beside.value_mm, beside.withheld_reason) == (None, "outside_image")
    assert across.value_mm == pytest.approx(14 - 4, abs=0.5)
    assert entered.value_mm == pytest.approx(-4.0, abs=1.0)


def test_an_overshoot_that_leaves_on_the_structures_side_withholds_itself_alone() -> None:
    grid = a_grid((-30, -30, -12), (30, 30, 30))
    vessel = Structure("v", StructureKind.AORTA, a_mask(grid, _vessel_to_the_lower_border))
    anatomy = Anatomy(grid, (vessel,))
    cut = a_cut("o", OsteotomyKind.FREE, a_blade((9, 0, 0), (1, 0, 0), (0, 0, -1), 4, 5, 1.0, 9.0))
    (found,) = cross_checked(cut, _fields(anatomy, cut))
    assert found.value_mm == pytest.approx(np.hypot(4.5, 3), abs=0.5)
    assert found.with_overshoot_mm is None
    assert found.overshoot_withheld_reason == "outside_image"
    assert found.overshoot_tool_point_lps_mm is None


def test_a_blade_dragged_out_of_the_fields_waits_for_new_ones() -> None:
    anatomy = a_cord_cylinder(length_mm=200.0)
    near = a_cut("c", OsteotomyKind.FREE, a_blade((12, -4, -80), (0, 0, 1), (0, 1, 0), 4, 4, 1.0, 1.0))
    fields = _fields(anatomy, near)
    dragged = replace(near, blade=near.blade.moved((0, 0, 150)))
    assert fields.covers(near.blade)
    assert not fields.covers(dragged.blade)
    (found,) = clearances_of(dragged, fields)
    assert found.value_mm is None
    assert found.withheld_reason == "outside_field"
    again = fields_of(anatomy, surfaces_of(anatomy), Plan(osteotomies=(dragged,)), silent, fields)
    (found,) = clearances_of(dragged, again)
    assert found.value_mm == pytest.approx(12 - 2 - 5, abs=0.5)


def test_a_structure_cut_off_further_away_than_it_comes_near_keeps_its_value() -> None:
    grid = a_grid((-30, -30, -12), (30, 30, 30), pose=OBLIQUE)
    mask = a_mask(grid, _vessel_to_the_lower_border, OBLIQUE)
    anatomy = Anatomy(grid, (Structure("vessel", StructureKind.AORTA, mask),))
    above = a_blade((0, -6, -2), (0, 0, 1), (0, 1, 0), 6, 12, 1.0, 0.0, pose=OBLIQUE)
    cut = a_cut("c", OsteotomyKind.FREE, above)
    (found,) = clearances_of(cut, _fields(anatomy, cut))
    assert found.value_mm == pytest.approx(-2 - 0.5 + 8, abs=0.5)


def test_a_structure_that_may_go_on_nearer_outside_the_image_is_withheld() -> None:
    grid = a_grid((-30, -30, -12), (30, 30, 30))

    def tilted_away(x: Floats, y: Floats, z: Floats) -> Bools:
        # Touches the lower border far from the slab, and comes nearer nowhere inside the image.
        return np.asarray((np.hypot(x - 20, y) <= 4) & (z < -9))

    anatomy = Anatomy(grid, (Structure("v", StructureKind.AORTA, a_mask(grid, tilted_away)),))
    cut = a_cut("c", OsteotomyKind.FREE, a_blade((0, -3, -11), (0, 0, 1), (0, 1, 0), 6, 6, 1.0, 0.0))
    (found,) = clearances_of(cut, _fields(anatomy, cut))
    # Both lie 13 mm to the side; outside the image the vessel may lean towards the slab.
    assert found.value_mm is None
    assert found.withheld_reason == "outside_image"


def test_a_structure_entered_by_the_tool_is_named_even_at_the_border() -> None:
    grid = a_grid((-30, -30, -12), (30, 30, 12))
    anatomy = Anatomy(grid, (Structure("v", StructureKind.AORTA, a_mask(grid, _through)),))
    cut = a_cut("c", OsteotomyKind.FREE, a_blade((0, -10, 0), (0, 0, 1), (0, 1, 0), 6, 9, 1.0, 0.0))
    (found,) = cross_checked(cut, _fields(anatomy, cut))
    assert found.value_mm == pytest.approx(-3.0, abs=1.0)


def test_a_shallow_entry_close_to_the_border_still_stands() -> None:
    """Half a millimetre deep and under a voxel from the image's end: withheld, it would not fail."""
    grid = a_grid((-30, -30, -12), (30, 30, 12), (1.0, 1.0, 2.5))
    anatomy = Anatomy(grid, (Structure("v", StructureKind.AORTA, a_mask(grid, _through)),))
    cut = a_cut("c", OsteotomyKind.FREE, a_blade((0, -13, -11), (0, 0, 1), (0, 1, 0), 6, 9.8, 1.0, 0.0))
    (found,) = cross_checked(cut, _fields(anatomy, cut))
    assert found.value_mm is not None
    assert found.value_mm < 0


def test_cut_faces_lie_on_the_border_and_nowhere_else() -> None:
    grid = a_grid((-30, -30, -12), (30, 30, 12), (0.5, 0.5, 1.0), OBLIQUE)
    faces = cut_faces_of(a_mask(grid, _through, OBLIQUE), grid)
    local = OBLIQUE.local(faces.points_lps_mm)
    assert np.allclose(np.abs(local[:, 2]), 12.0)
    assert set(np.sign(local[:, 2])) == {-1.0, 1.0}
    assert np.hypot(local[:, 0], local[:, 1]).max() < 4.6
    inside = a_mask(grid, lambda x, y, z: np.hypot(x, np.hypot(y, z)) < 5, OBLIQUE)
    assert len(cut_faces_of(inside, grid).points_lps_mm) == 0


def _raw(value: float | None, further: float | None) -> RawClearance:
    return RawClearance("it", value, further, (0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3))


def test_a_label_map_that_ends_inside_the_image_cuts_as_the_image_does() -> None:
    """A vessel labelled only below z = -4 may run on unlabelled up to a blade at z = 6."""
    grid = a_grid((-30, -30, -30), (30, 30, 30))
    below = a_mask(grid, lambda x, y, z: _through(x, y, z) & (z < -4))
    cut = a_cut("c", OsteotomyKind.FREE, a_blade((0, -3, 6), (0, 0, 1), (0, 1, 0), 6, 6, 1.0, 0.0))
    whole = Structure("v", StructureKind.AORTA, below)
    short = replace(whole, label_extent_kji=((0, 0, 0), (27, 60, 60)))
    for structure, known in ((whole, True), (short, False)):
        anatomy = Anatomy(grid, (structure,))
        (found,) = cross_checked(cut, _fields(anatomy, cut))
        assert (found.value_mm is not None) is known
        assert (found.withheld_reason == "outside_image") is not known


def test_disagreement_withholds_value_and_points() -> None:
    found = confirmed(_raw(2.0, 1.0), np.array([2.6, 1.0]), 0.5)
    assert (found.value_mm, found.with_overshoot_mm) == (None, None)
    assert (found.tool_point_lps_mm, found.structure_point_lps_mm) == (None, None)
    assert found.withheld_reason == "disagreement"


def test_disagreement_about_the_overshoot_leaves_the_nominal_value() -> None:
    found = confirmed(_raw(2.0, 1.0), np.array([2.1, 0.4]), 0.5)
    assert found.value_mm == 2.0
    assert found.with_overshoot_mm is None
    assert found.overshoot_withheld_reason == "disagreement"
    assert found.withheld_reason is None


def test_a_second_evaluator_without_an_answer_confirms_nothing() -> None:
    assert confirmed(_raw(2.0, 1.0), np.array([np.nan, np.nan]), 0.5).withheld_reason == "disagreement"


def test_agreement_changes_nothing() -> None:
    raw = _raw(2.0, 1.0)
    assert confirmed(raw, np.array([2.4, 0.6]), 0.5) is raw


def test_a_field_that_lies_is_caught_by_the_second_evaluator() -> None:
    """A fault planted in the first evaluator's meshes must not reach the surgeon as a number."""
    anatomy = a_cord_cylinder()
    fields = _fields(anatomy, FAR)
    shift = np.array([1.2, 0.0, 0.0])
    shifted = fields.forest._replace(
        corners=fields.forest.corners + shift,
        low=fields.forest.low + shift,
        high=fields.forest.high + shift,
    )
    lying = replace(fields, forest=shifted)
    (quick,) = clearances_of(FAR, lying)
    assert quick.value_mm is not None
    (found,) = cross_checked(FAR, lying)
    assert found.value_mm is None
    assert found.withheld_reason == "disagreement"


def test_a_surface_that_is_not_true_to_its_mask_withholds_distances() -> None:
    anatomy = a_cord_cylinder()
    fields = _fields(anatomy, FAR)
    untrue = replace(fields, structures=tuple(replace(s, is_true=False) for s in fields.structures))
    (found,) = clearances_of(FAR, untrue)
    assert found.value_mm is None
    assert found.withheld_reason == "surface"
