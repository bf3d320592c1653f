"""Words of a view: they find places off each other and off the handles, worth the most first."""

from dataclasses import replace

import numpy as np

from rendering.boxes import Box, along, moved, overlap, shared_px2, table
from rendering.label_layout import (
    ONLY_HERE,
    Wanted,
    along_edge,
    down_either_side,
    leader,
    places,
    round_point,
    sideways,
)
from rendering.scene_state import DrawnBlade, DrawnLine, FollowedCut, LevelName, SlicePlane, SliceState, Stamp
from rendering.slice_geometry import cut_state
from rendering.word_block import BlockLine, Yields, shorter
from tests.rendering.drawing import a_blade, a_slice_view, marked_volume

ROOM: Box = (0.0, 0.0, 200.0, 100.0)
NAME: Box = (90.0, 45.0, 120.0, 59.0)


def test_the_second_of_two_at_one_place_moves_beside_it() -> None:
    first, second = Wanted(NAME, ONLY_HERE), Wanted(NAME, round_point(NAME, (90.0, 52.0)))
    still, away = places([first, second], [], ROOM)
    assert still == (0.0, 0.0)
    assert away is not None
    assert not overlap(NAME, moved(NAME, *away))
    assert np.hypot(*away) < 60.0


def test_what_comes_first_goes_round_the_place_of_what_cannot_move() -> None:
    number = Wanted(NAME, round_point(NAME, (90.0, 52.0)), must=True)
    level = Wanted(moved(NAME, 5.0, 3.0), ONLY_HERE)
    moved_off, kept = places([number, level], [], ROOM)
    assert kept == (0.0, 0.0)
    assert moved_off is not None
    assert not overlap(moved(NAME, *moved_off), level.box)


def test_a_name_is_left_out_where_all_is_full_and_a_number_is_not() -> None:
    full = [ROOM]
    name, number = (Wanted(NAME, round_point(NAME, (90.0, 52.0)), must=must) for must in (False, True))
    assert places([name], full, ROOM) == [None]
    assert places([number], full, ROOM)[0] is not None


def test_handles_are_crossed_by_a_number_rather_than_words() -> None:
    beside = table([(120.0, 0.0, 200.0, 100.0), (0.0, 60.0, 200.0, 100.0), (0.0, 0.0, 200.0, 45.0)])
    words: list[Box] = [(0.0, 0.0, 119.0, 100.0)]
    number = Wanted(NAME, round_point(NAME, (90.0, 52.0)), must=True)
    (shift,) = places([number], words, ROOM, beside)
    assert shift is not None
    assert not overlap(moved(NAME, *shift), words[0])
    (yielded,) = places([replace(number, must=False, clear=True)], words, ROOM, beside)
    assert yielded is None


def test_names_of_levels_keep_their_height_and_letters_their_edge() -> None:
    assert (sideways(NAME)[:, 1] == 0).all()
    letter: Box = (2.0, 45.0, 12.0, 59.0)
    up = along_edge(letter, ROOM, upright=True)
    assert (up[:, 0] == 0).all()
    assert (up[0] == 0).all()
    assert up[:, 1].min() + 45.0 >= 0.0
    assert up[:, 1].max() + 59.0 <= 100.0
    block: Box = (120.0, 60.0, 195.0, 95.0)
    down = down_either_side(block, ROOM)
    assert {*down[:, 0]} == {0.0, -115.0}  # as far from the left edge as it was from the right


def test_far_words_have_a_line_to_their_point() -> None:
    assert leader(NAME, (88.0, 52.0)) is None
    assert leader(NAME, (20.0, 52.0)) == ((20.0, 52.0), (90.0, 52.0))


def test_rectangles_along_a_line_cover_it() -> None:
    cells = along(np.array([[[0.0, 0.0], [60.0, 30.0]]]), 6.0)
    for share in np.linspace(0, 1, 21):
        x, y = 60.0 * share, 30.0 * share
        assert any(a - 6 <= x <= c + 6 and b - 6 <= y <= d + 6 for a, b, c, d in cells)
    assert len(cells) < 25
    assert shared_px2(table([(0, 0, 10, 10)]), table([(5, 5, 20, 20), (2, 2, 4, 4)])).tolist() == [29.0]


def test_lines_yield_by_worth() -> None:
    lines = [
        BlockLine("In the cut", Yields.FIRST),
        BlockLine("T10: 95 mm²", Yields.IF_MUST),
        BlockLine("T9: 60 mm²", Yields.IF_MUST),
        BlockLine("MIP of a slab of 10 mm"),
    ]
    texts = [words.split("\n") for words, _ in shorter(lines)]
    assert texts[1] == ["T10: 95 mm²", "T9: 60 mm²", "MIP of a slab of 10 mm"]
    assert texts[2] == ["T10: 95 mm²", "MIP of a slab of 10 mm", "…"]
    assert texts[-1] == ["MIP of a slab of 10 mm", "…"]
    assert [*shorter(lines)][2][1] == ("In the cut", "T9: 60 mm²")


def test_words_of_a_crowded_view_cover_neither_each_other_nor_the_handles() -> None:
    """A cut's face, a distance beside a level's name, letters and source words, large and small."""
    blade = a_blade(normal_lps=(1.0, 0.0, 0.0), advance_lps=(0.0, -1.0, 0.0))
    drawn = DrawnBlade("cut", "T10 pedicle", blade, active=True)
    stamp = Stamp("Q. Z.", "CT", "sha256:0123456789ab", "EnBloc 1", simulated=True)
    plain = SliceState(
        SlicePlane.SAGITTAL,
        marked_volume(np.eye(3), (0.0, 0.0, 0.0)),
        blades=(drawn,),
        levels=(LevelName("T10", (0.0, 3.0, 6.0)),),
        line=DrawnLine((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), "0.7 mm inside"),
        stamp=stamp,
        cut=FollowedCut(drawn, 0.0, "the surface of a bone is being made"),
    )
    for size in ((330, 190), (230, 150)):
        with a_slice_view(replace(cut_state(plain, drawn), show_crosshair=False), size) as (scene, _):
            scene.texts.titled = True
            scene.resized()
            scene._layout()
            boxes = [*scene.texts.boxes(), *scene._labels.boxes.values()]
            for n, box in enumerate(boxes):
                assert not any(overlap(box, other) for other in boxes[n + 1 :]), size
            assert "0.7 mm inside" in scene._labels.boxes
