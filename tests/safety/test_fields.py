from dataclasses import replace

import numpy as np
import pytest

from planning.model.anatomy import Anatomy
from planning.model.mask import Mask
from planning.model.plan import Plan
from planning.model.structures import BONES, StructureKind
from planning.progress import Cancelled, silent
from planning.safety.fields import fields_of, swept_corners_lps_mm
from planning.segmentation.surfaces import surfaces_of
from tests.builders import a_blade, a_plan, a_vertebral_column


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return a_vertebral_column(spacing_ijk_mm=(1.5, 1.5, 2.0))


def test_what_a_tool_must_spare_has_a_field_and_bone_has_none(anatomy: Anatomy) -> None:
    fields = fields_of(anatomy, surfaces_of(anatomy), a_plan(), silent)
    kinds = {s.kind for s in anatomy.structures if s.id in fields.structure_ids}
    assert kinds == {
        StructureKind.SPINAL_CORD,
        StructureKind.SPINAL_CANAL,
        StructureKind.AORTA,
        StructureKind.AZYGOS,
        StructureKind.TUMOUR,
    }
    assert not kinds & BONES
    assert all(fields.covers(o.blade) for o in a_plan().osteotomies)
    assert fields.fits(anatomy)


def test_a_moved_blade_costs_no_new_field(anatomy: Anatomy) -> None:
    surfaces, plan = surfaces_of(anatomy), a_plan()
    fields = fields_of(anatomy, surfaces, plan, silent)
    first = plan.osteotomies[0]
    moved = replace(
        plan, osteotomies=(replace(first, blade=first.blade.moved((2, 0, 1))), *plan.osteotomies[1:])
    )
    assert fields_of(anatomy, surfaces, moved, silent, fields) is fields


def test_a_changed_mask_makes_its_own_field_anew_and_keeps_the_others(anatomy: Anatomy) -> None:
    surfaces, plan = surfaces_of(anatomy), a_plan()
    fields = fields_of(anatomy, surfaces, plan, silent)
    cord = next(s for s in anatomy.structures if s.kind is StructureKind.SPINAL_CORD)
    voxels = cord.mask.to_array()
    voxels[:, :, : int(np.argwhere(voxels)[:, 2].mean())] = False
    halved = replace(cord, mask=Mask.from_array(voxels))
    changed = replace(anatomy, structures=tuple(halved if s is cord else s for s in anatomy.structures))
    assert not fields.fits(changed)
    again = fields_of(changed, surfaces_of(changed, silent, surfaces), plan, silent, fields)
    assert again.fits(changed)
    for name, place in again.by_id.items():
        same = np.array_equal(again.values[place], fields.values[fields.by_id[name]])
        assert same == (name != cord.id)


def test_a_plan_without_blades_or_vertebrae_has_no_region() -> None:
    column = a_vertebral_column(spacing_ijk_mm=(1.5, 1.5, 2.0))
    bare = replace(
        column, structures=tuple(s for s in column.structures if s.kind is not StructureKind.VERTEBRA)
    )
    assert fields_of(bare, surfaces_of(bare), Plan(), silent).region is None


def test_the_region_holds_the_targets_neighbours(anatomy: Anatomy) -> None:
    fields = fields_of(anatomy, surfaces_of(anatomy), Plan(target_levels=("T10",)), silent)
    assert fields.region is not None
    # T10 lies at -56 mm; the bodies of T9 and T11 reach 28 mm and half a body further.
    assert fields.region.low_lps_mm[2] < -56 - 39
    assert fields.region.high_lps_mm[2] > -56 + 39


def test_swept_corners_are_kerf_and_overshoot_wide() -> None:
    blade = a_blade((0, 0, 0), (0, 0, 1), (0, 1, 0), 10, 8, 2.0, 3.0)
    nominal, run_on = swept_corners_lps_mm(blade, False), swept_corners_lps_mm(blade, True)
    assert np.ptp(nominal, axis=0) == pytest.approx([10, 8, 2])
    assert np.ptp(run_on, axis=0) == pytest.approx([10, 11, 2])


def test_it_can_be_cancelled(anatomy: Anatomy) -> None:
    def stop(fraction: float, message: str, /) -> None:
        raise Cancelled

    surfaces = surfaces_of(anatomy)
    with pytest.raises(Cancelled):
        fields_of(anatomy, surfaces, a_plan(), stop)
