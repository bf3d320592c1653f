"""Small pictures of where structures land: right side, right place, whatever way the image lies."""

import numpy as np
import pytest
from numpy.typing import NDArray

from planning.geometry.volume import Volume
from planning.model.mask import Mask
from rendering.landing_picture import Landing, Shown, grey_range, landing_pictures
from tests.imaging import phantom

RED, BLUE = (255, 0, 0), (0, 0, 255)
SPACING = (1.0, 1.5, 2.0)


def _landing(directions: NDArray[np.float64]) -> Landing:
    """A ball 12 mm to the left, 8 mm to the back and 6 mm to the head; another in the middle."""
    grid = phantom.a_grid(directions, (48, 48, 48), SPACING)
    centres = phantom.centres(grid) - phantom.MIDDLE
    ball = np.linalg.norm(centres - (12.0, 8.0, 6.0), axis=-1) < 5.0
    other = np.linalg.norm(centres - (-12.0, 8.0, 6.0), axis=-1) < 4.0
    k, j, i = (int(n) for n in np.round(grid.to_ijk(phantom.MIDDLE + np.array([12.0, 8.0, 6.0])))[::-1])
    volume = Volume(np.full(grid.shape_kji, 40, np.int16), grid)
    shown = (Shown(Mask.from_array(ball), RED), Shown(Mask.from_array(other), BLUE))
    return Landing(volume, shown, 0, (k, j, i), (-160.0, 240.0))


def _millimetres(rgb: NDArray[np.uint8], where: NDArray[np.bool_], width_mm: float) -> tuple[float, float]:
    """Return the middle of pixels right of and below the picture's middle."""
    rows, columns = np.nonzero(where)
    scale = width_mm / rgb.shape[1]
    right = (columns.mean() + 0.5 - rgb.shape[1] / 2) * scale
    return float(right), float((rows.mean() + 0.5 - rgb.shape[0] / 2) * scale)


@pytest.mark.parametrize("directions", phantom.RIGHT_HANDED, ids=map(phantom.letters, phantom.RIGHT_HANDED))
def test_a_structure_is_seen_where_it_is_and_the_letters_say_so(directions: NDArray[np.float64]) -> None:
    landing = _landing(directions)
    axial, sagittal, coronal = landing_pictures(landing, 240)
    assert (axial.left, axial.right, axial.top, axial.bottom) == ("R", "L", "A", "P")
    assert (sagittal.left, sagittal.right, sagittal.top, sagittal.bottom) == ("A", "P", "S", "I")
    assert (coronal.left, coronal.right, coronal.top, coronal.bottom) == ("R", "L", "S", "I")
    extents = np.abs(directions) @ (np.array(SPACING) * 48)
    wanted = (
        (axial, extents[0], (12.0, 8.0)),
        (sagittal, extents[1], (8.0, -6.0)),
        (coronal, extents[0], (12.0, -6.0)),
    )
    for picture, width, place in wanted:
        assert max(picture.rgb.shape[:2]) == 240
        red = (picture.rgb[..., 0].astype(int) - picture.rgb[..., 1]) > 30
        # Half a voxel of the coarsest axis: the picture shows the slice's voxels as they are.
        assert _millimetres(picture.rgb, red, width) == pytest.approx(place, abs=1.1)
    height = axial.rgb.shape[0] / axial.rgb.shape[1]
    assert height == pytest.approx(extents[1] / extents[0], rel=0.02), "square millimetres"


def test_the_chosen_one_is_filled_and_the_others_are_outlined() -> None:
    axial = landing_pictures(_landing(np.eye(3)), 240)[0].rgb.astype(int)
    red, blue = axial[..., 0] - axial[..., 1] > 30, axial[..., 2] - axial[..., 1] > 30
    rows, columns = np.nonzero(red)
    assert red[int(rows.mean()), int(columns.mean())], "filled"
    rows, columns = np.nonzero(blue)
    assert not blue[int(rows.mean()), int(columns.mean())], "only its edge"
    assert axial[0, 0].tolist() == [127, 127, 127], "grey between the values drawn black and white"


def test_greys_follow_the_modality() -> None:
    grid = phantom.a_grid(np.eye(3), (32, 32, 32))
    ramp = np.broadcast_to(np.linspace(0, 1000, 32), grid.shape_kji).astype(np.float32)
    volume = Volume(ramp.copy(), grid)
    assert grey_range(volume, "CT") == (-250.0, 650.0)
    low, high = grey_range(volume, "MR")
    assert 0 <= low < 60
    assert 700 < high <= 1000
