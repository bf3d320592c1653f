import numpy as np
import pytest

from planning.geometry.frames import Grid
from planning.model.mask import Mask
from planning.model.structures import Structure, StructureKind
from planning.safety.uncertainty import combined_sigma_mm, lower_bound_mm, segmentation_sigma_mm

GRID = Grid((4, 4, 4), np.diag([0.7, 0.7, 2.5, 1.0]))


def _cord(effective_resolution_mm: float | None = None) -> Structure:
    return Structure(
        "c", StructureKind.SPINAL_CORD, Mask((4, 4, 4)), effective_resolution_mm=effective_resolution_mm
    )


def test_segmentation_is_no_surer_than_half_of_the_largest_voxel_edge() -> None:
    assert segmentation_sigma_mm(GRID, _cord()) == 1.25


def test_a_coarser_segmentation_counts_and_a_finer_one_does_not() -> None:
    assert segmentation_sigma_mm(GRID, _cord(3.0)) == 1.5
    assert segmentation_sigma_mm(GRID, _cord(1.5)) == 1.25


def test_a_stated_sigma_is_used() -> None:
    assert segmentation_sigma_mm(GRID, _cord(3.0), 0.4) == 0.4


def test_parts_add_as_squares_and_the_bound_lies_1645_sigma_below() -> None:
    sigma = combined_sigma_mm(1.2, 0.4, 0.3)
    assert sigma == pytest.approx(1.3)
    assert lower_bound_mm(4.0, sigma) == pytest.approx(4.0 - 1.645 * 1.3)
