"""Whether the area of bone in a blade may be said: never of a bone whose surface is not there."""

from dataclasses import replace

import pytest

from app.followed_cut import why_no_area
from planning.geometry.blade import Blade
from planning.model.case import Case
from planning.model.mask import Mask
from planning.model.structures import StructureKind
from planning.safety.self_test import self_test
from planning.segmentation.surfaces import Surfaces, surfaces_of
from tests.builders import a_case, a_plan, a_vertebral_column

LEVELS = ("T9", "T10", "T11")


@pytest.fixture(scope="module")
def case() -> Case:
    """A case of three vertebrae, after the self-test."""
    assert self_test().ok
    anatomy = a_vertebral_column(LEVELS, (2.0, 2.0, 2.0), tumour=None, ribs=False)
    return a_case(anatomy, a_plan(levels=LEVELS))


@pytest.fixture(scope="module")
def surfaces(case: Case) -> Surfaces:
    """Surfaces of all its structures."""
    assert case.anatomy is not None
    return surfaces_of(case.anatomy)


@pytest.fixture(scope="module")
def blade(case: Case) -> Blade:
    """One inside the image."""
    return case.plan.osteotomies[0].blade


def without_bones(case: Case) -> Case:
    """Return the case with soft tissue alone."""
    assert case.anatomy is not None
    soft = tuple(s for s in case.anatomy.structures if s.kind is StructureKind.AORTA)
    return replace(case, anatomy=replace(case.anatomy, structures=soft))


def test_an_area_is_said_where_every_bone_has_its_surface(
    case: Case, surfaces: Surfaces, blade: Blade
) -> None:
    assert why_no_area(case, blade, surfaces) == ""


def test_a_bone_without_its_surface_never_counts_as_no_bone(
    case: Case, surfaces: Surfaces, blade: Blade
) -> None:
    making = "the surface of a bone is being made"
    assert why_no_area(case, blade, None) == making
    assert why_no_area(case, blade, replace(surfaces, surfaces=surfaces.surfaces[1:])) == making
    assert case.anatomy is not None
    bone = case.anatomy.of_kind(StructureKind.VERTEBRA)[0]
    voxels = bone.mask.to_array()
    voxels[:, :, : voxels.shape[2] // 2] = False
    changed = replace(bone, mask=Mask.from_array(voxels))
    edited = replace(
        case.anatomy, structures=tuple(changed if s is bone else s for s in case.anatomy.structures)
    )
    assert why_no_area(replace(case, anatomy=edited), blade, surfaces) == making


def test_where_no_bone_is_segmented_none_is_said_to_be_absent(
    case: Case, surfaces: Surfaces, blade: Blade
) -> None:
    assert why_no_area(without_bones(case), blade, surfaces) == "no bone is segmented"


def test_a_surface_that_is_not_true_to_its_voxels_has_no_area_where_the_blade_meets_it(
    case: Case, surfaces: Surfaces, blade: Blade
) -> None:
    assert case.anatomy is not None
    untrue = {}
    for level in LEVELS:
        (bone,) = (s for s in case.anatomy.of_kind(StructureKind.VERTEBRA) if s.level == level)
        found = surfaces.by_id[bone.id]
        spoilt = replace(found, fidelity=replace(found.fidelity, is_true=False))
        others = tuple(spoilt if s is found else s for s in surfaces.surfaces)
        untrue[level] = why_no_area(case, blade, replace(surfaces, surfaces=others))
    # The blade lies in the disc between T9 and T10, and reaches into T10 or T9 but never T11.
    assert untrue["T11"] == ""
    assert "no surface true to its voxels could be made" in untrue.values()
