"""A vertebra's frame on the column of closed form, upright and turned, and what is withheld."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from planning.errors import ComputationFailed
from planning.model.anatomy import Anatomy
from planning.model.structures import StructureKind
from planning.progress import silent
from planning.resection.vertebra_frame import Place, VertebraFrame, levels_beside, vertebra_frame
from planning.segmentation.surfaces import Surfaces, surfaces_of
from tests.builders import a_vertebral_column
from tests.phantoms import PERIOD_MM, Pose

LEVELS = ("T9", "T10", "T11")
POSES = [Pose(), Pose((0.2, 1.0, 0.3), 14.0)]


@lru_cache(maxsize=2)
def a_column(pose: Pose) -> tuple[Anatomy, Surfaces]:
    column = a_vertebral_column(LEVELS, tumour=None, pose=pose, grid_pose=Pose())
    kinds = (StructureKind.VERTEBRA, StructureKind.SPINAL_CANAL)
    anatomy = Anatomy(column.grid, tuple(s for s in column.structures if s.kind in kinds))
    return anatomy, surfaces_of(anatomy, silent)


def frame(pose: Pose, place: Place) -> VertebraFrame:
    return vertebra_frame(*a_column(pose), "T10", place)


@pytest.mark.parametrize("pose", POSES, ids=["straight", "oblique"])
@pytest.mark.parametrize("place, height", [(Place.UPPER, 11.0), (Place.LOWER, -11.0), (Place.CENTRE, 0.0)])
def test_endplates_lie_where_the_body_ends(pose: Pose, place: Place, height: float) -> None:
    found = frame(pose, place)
    local = pose.local(np.asarray(found.origin_lps_mm)[None])[0]
    assert local[2] + PERIOD_MM == pytest.approx(height, abs=0.6 if place is not Place.CENTRE else 1.5)
    assert abs(local[0]) < 0.5
    for own, truth in ((found.superior, (0, 0, 1)), (found.anterior, (0, -1, 0)), (found.left, (1, 0, 0))):
        assert np.dot(own, pose.direction(truth)) > np.cos(np.radians(1.5))
    assert found.rows @ found.rows.T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(found.rows) == pytest.approx(1.0)


def test_what_is_not_segmented_or_cut_off_is_withheld_with_the_reason() -> None:
    anatomy, surfaces = a_column(Pose())
    with pytest.raises(ComputationFailed) as refused:
        vertebra_frame(anatomy, surfaces, "L1", Place.CENTRE)
    assert refused.value.message == "L1 is not segmented, so nothing is measured from it."
    bone = next(s for s in anatomy.structures if s.level == "T10")
    voxels = bone.mask.to_array().copy()
    first = int(np.flatnonzero(voxels.any(axis=(1, 2)))[0])
    voxels[:first] = voxels[first]
    grown = replace(bone, mask=type(bone.mask).from_array(voxels))
    cut_off = replace(anatomy, structures=tuple(grown if s is bone else s for s in anatomy.structures))
    with pytest.raises(ComputationFailed) as refused:
        vertebra_frame(cut_off, surfaces, "T10", Place.UPPER)
    assert refused.value.message == (
        "T10 reaches the edge of the image, so its centre and axes are not known."
    )


def test_a_broken_endplate_is_withheld_and_the_centre_is_not() -> None:
    anatomy, _ = a_column(Pose())
    bone = next(s for s in anatomy.structures if s.level == "T10")
    voxels = bone.mask.to_array().copy()
    k, j, i = np.nonzero(voxels)
    x, _, z = anatomy.grid.to_lps(np.stack([i, j, k], axis=1).astype(float)).T
    gone = (x > 0.0) & (z + PERIOD_MM > 1.0)  # the left half has sunk by a centimetre
    voxels[k[gone], j[gone], i[gone]] = False
    broken = replace(bone, mask=type(bone.mask).from_array(voxels))
    other = replace(anatomy, structures=tuple(broken if s is bone else s for s in anatomy.structures))
    surfaces = surfaces_of(other, silent)
    with pytest.raises(ComputationFailed) as refused:
        vertebra_frame(other, surfaces, "T10", Place.UPPER)
    assert refused.value.code == "FRAME_UNEVEN"
    assert vertebra_frame(other, surfaces, "T10", Place.LOWER).place is Place.LOWER


@pytest.mark.parametrize(
    "present, level, beside",
    [
        (("T5", "T9"), "T5", ("T5",)),
        (("T5", "T6", "T7", "T9"), "T6", ("T5", "T6", "T7")),
        (("T12", "L1", "L2"), "L1", ("T12", "L1", "L2")),
        (("T12", "T13", "L1"), "T13", ("T12", "T13", "L1")),
        (("T11", "L1"), "L1", ("L1",)),
        (("L5", "L6"), "L5", ("L5", "L6")),
        (("T5", "T6"), "L1", ()),
    ],
)
def test_only_the_vertebra_right_above_and_below_are_beside(
    present: tuple[str, ...], level: str, beside: tuple[str, ...]
) -> None:
    bone = next(s for s in a_column(Pose())[0].structures if s.level == "T10")
    named = tuple(replace(bone, id=other, name=other, level=other) for other in present)
    assert levels_beside(Anatomy(a_column(Pose())[0].grid, named), level) == beside


def test_axes_are_withheld_where_only_a_distant_vertebra_could_tell_them() -> None:
    anatomy, _ = a_column(Pose())
    kept = tuple(s for s in anatomy.structures if s.kind is StructureKind.VERTEBRA and s.level != "T9")
    near = Anatomy(anatomy.grid, kept)
    assert vertebra_frame(near, surfaces_of(near, silent), "T10", Place.CENTRE).level == "T10"
    far = Anatomy(anatomy.grid, tuple(replace(s, level="L3") if s.level == "T11" else s for s in kept))
    with pytest.raises(ComputationFailed) as refused:
        vertebra_frame(far, surfaces_of(far, silent), "T10", Place.CENTRE)
    assert refused.value.code == "FRAME_NO_AXES"
