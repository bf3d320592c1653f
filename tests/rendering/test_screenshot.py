"""Pictures: their size, what is burnt in, and when they are refused."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from vtkmodules.vtkIOImage import vtkPNGReader

from planning.errors import ExportRefused
from planning.kernel.vtk_arrays import image_to_numpy
from planning.model.structures import StructureKind
from rendering import screenshot
from rendering.cameras import StandardView
from rendering.lettering import Lettering
from rendering.scene_state import (
    DrawnBlade,
    DrawnStructure,
    LevelName,
    SlicePlane,
    SliceState,
    SpineState,
    Stamp,
)
from rendering.screenshot import PictureSize, cut_picture, four_up_picture, slice_picture, spine_picture
from tests.rendering.drawing import LEVELS, STAMP, Image, a_blade, a_box, coloured

pytestmark = pytest.mark.render

BONE = DrawnStructure(
    "bone", "bone", a_box((-10, -10, -30), (10, 10, 30)), (230, 210, 170), StructureKind.VERTEBRA
)
SPINE = SpineState(structures=(BONE,), stamp=STAMP, levels=LEVELS)
SLICE = SliceState(SlicePlane.AXIAL, structures=(BONE,), stamp=STAMP, levels=LEVELS)
SMALL = PictureSize(200, 150, 1)
ALARM = (255, 96, 72)


def _read(png: bytes) -> Image:
    reader = vtkPNGReader()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "picture.png"
        file.write_bytes(png)
        reader.SetFileName(str(file))
        reader.Update()
    assert reader.GetErrorCode() == 0
    return np.asarray(image_to_numpy(reader.GetOutput())[0, ::-1], dtype=np.uint8)


def _shape(png: bytes) -> tuple[int, int]:
    return int.from_bytes(png[20:24]), int.from_bytes(png[16:20])


@pytest.mark.parametrize("scale", [2, 4])
def test_a_larger_picture_has_more_pixels_and_larger_letters(scale: int) -> None:
    small = _read(slice_picture(SLICE, Lettering(), SMALL))
    large = _read(slice_picture(SLICE, Lettering(), replace(SMALL, scale=scale)))
    assert small.shape == (150, 200, 3)
    assert large.shape == (150 * scale, 200 * scale, 3)
    text = SLICE.theme.text_rgb
    ink = [int(coloured(image, text, 90).sum()) for image in (small, large)]
    assert ink[1] / ink[0] == pytest.approx(scale**2, rel=0.45)


def test_the_picture_is_upright() -> None:
    cranial = replace(BONE, id="c", mesh=a_box((-5, -5, 30), (5, 5, 45)), colour_rgb=(255, 0, 0))
    state = replace(SPINE, structures=(BONE, cranial), levels=(), stamp=replace(STAMP, level_note="T10"))
    picture = _read(spine_picture(state, StandardView.LEFT, Lettering(), SMALL)).astype(int)
    red = (picture[..., 0] > 90) & (picture[..., 1] < 60) & (picture[..., 2] < 60)
    assert np.nonzero(red)[0].mean() < 50


def test_an_intralesional_plan_is_stamped() -> None:
    plain = _read(spine_picture(SPINE, StandardView.POSTERIOR, Lettering(), SMALL))
    stamp = replace(STAMP, intralesional=True)
    marked = _read(spine_picture(replace(SPINE, stamp=stamp), StandardView.POSTERIOR, Lettering(), SMALL))
    assert not coloured(plain, ALARM, 40).any()
    assert coloured(marked, ALARM, 40).sum() > 60


def test_every_picture_of_a_simulated_structure_says_so() -> None:
    stamp = replace(STAMP, simulated=True)
    state = replace(SLICE, stamp=stamp)
    assert coloured(_read(slice_picture(state, Lettering(), SMALL)), ALARM, 40).sum() > 60


@pytest.mark.parametrize(
    "stamp, levels, code",
    [
        (replace(STAMP, digest=""), LEVELS, "PICTURE_UNSTAMPED"),
        (replace(STAMP, program=""), LEVELS, "PICTURE_UNSTAMPED"),
        (STAMP, (), "PICTURE_UNSTAMPED"),
        (replace(STAMP, updating=True), LEVELS, "PICTURE_UPDATING"),
        (Stamp(), (), "PICTURE_UNSTAMPED"),
    ],
)
def test_an_unstamped_or_stale_picture_is_refused(
    stamp: Stamp, levels: tuple[LevelName, ...], code: str
) -> None:
    spine, axial = replace(SPINE, stamp=stamp, levels=levels), replace(SLICE, stamp=stamp, levels=levels)
    blade = DrawnBlade("cut", "cut", a_blade())
    makers = (
        lambda: spine_picture(spine, StandardView.LEFT, Lettering(), SMALL),
        lambda: slice_picture(axial, Lettering(), SMALL),
        lambda: cut_picture(spine, blade, Lettering(), SMALL),
        lambda: four_up_picture(SPINE, (SLICE, SLICE, axial), StandardView.LEFT, Lettering(), SMALL),
    )
    for make in makers:
        with pytest.raises(ExportRefused) as refusal:
            make()
        assert refusal.value.code == code
        assert refusal.value.message.startswith("The picture was not made")


def test_a_note_stands_in_for_level_names() -> None:
    stamp = replace(STAMP, level_note="levels not labelled")
    assert _shape(slice_picture(replace(SLICE, stamp=stamp, levels=()), Lettering(), SMALL)) == (150, 200)


def test_four_views_are_all_there() -> None:
    slices = (SLICE, replace(SLICE, plane=SlicePlane.SAGITTAL), replace(SLICE, plane=SlicePlane.CORONAL))
    size = PictureSize(240, 200, 2)
    picture = _read(four_up_picture(SPINE, slices, StandardView.LEFT, Lettering(), size))
    assert picture.shape == (400, 480, 3)
    quarters = [picture[:200, :240], picture[:200, 240:], picture[200:, :240], picture[200:, 240:]]
    assert all(quarter.std() > 5 for quarter in quarters)


def test_a_cut_is_shown_without_what_lies_before_it() -> None:
    # The viewer looks from the feet (radiological habit): what is caudal of the blade is left out.
    caudal = replace(BONE, id="c", mesh=a_box((-9, -14, -30), (9, 14, -10)), colour_rgb=(255, 0, 0))
    blade = DrawnBlade("cut", "", a_blade())
    state = replace(SPINE, structures=(caudal,), blades=(blade,), stamp=replace(STAMP, level_note="T10"))
    picture = _read(cut_picture(state, blade, Lettering(), SMALL)).astype(int)
    assert not ((picture[..., 0] > 100) & (picture[..., 1] < 40) & (picture[..., 2] < 40)).any()


def test_levels_near_a_cut_are_said_in_words() -> None:
    assert screenshot.near_words(SPINE, DrawnBlade("cut", "", a_blade())) == "near T10"
    far = DrawnBlade("cut", "", a_blade(origin_lps_mm=(0.0, 0.0, 200.0)))
    assert screenshot.near_words(SPINE, far) == "near T10"
    assert screenshot.near_words(replace(SPINE, levels=()), far) == ""
