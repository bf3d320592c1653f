"""Pieces that are drawn where they do not lie: the picture says so, and measures nothing."""

from dataclasses import replace

import numpy as np
import pytest

from app.exploded import APART_MM, offsets_of
from planning.geometry.frames import Vec3
from planning.kernel.solids import cut_solids
from planning.resection.cut_faces import parted_surface
from planning.safety.results import Piece, PieceRole
from rendering.corner_texts import Place
from rendering.cut_face_actor import face_lines, paler
from rendering.scene import SpineScene
from rendering.scene_state import DrawnLine, DrawnPiece, SpineState
from rendering.spine_marks import mark_labels, mark_strokes
from tests.rendering.drawing import LEVELS, STAMP, a_blade, a_box, a_spine_view, coloured, redrawn

pytestmark = pytest.mark.render

BLADE = a_blade(width_mm=60.0, depth_mm=60.0, origin_lps_mm=(0.0, 30.0, 0.0))
RGB = (40, 60, 200)
LINE_RGB = (255, 255, 0)
AWAY: Vec3 = (0.0, 0.0, 40.0)


def drawn_halves() -> tuple[DrawnPiece, ...]:
    """Return the two halves of a box, with their cut faces."""
    made = cut_solids([a_box((-20, -16, -30), (20, 16, 30))], [BLADE])
    surfaces = [parted_surface(piece.mesh, [BLADE]) for piece in made]
    roles = (PieceRole.SPECIMEN_ANTERIOR, PieceRole.REMAINING)
    return tuple(
        DrawnPiece(str(n), str(n), s.own, role, RGB, faces=s.faces)
        for n, (s, role) in enumerate(zip(surfaces, roles, strict=True))
    )


def a_piece(name: str, role: PieceRole, at: Vec3, mesh: bool = True) -> Piece:
    """Return a piece that is a small box round a point."""
    x, y, z = at
    box = a_box((x - 2, y - 2, z - 2), (x + 2, y + 2, z + 2)) if mesh else None
    return Piece(name, role, 64.0, 0.0, (), mesh=box)


def test_pieces_move_the_ways_a_surgeon_would_take_them() -> None:
    pieces = [
        a_piece("specimen", PieceRole.SPECIMEN_ANTERIOR, (0, 0, 0)),
        a_piece("arch", PieceRole.SPECIMEN_ARCH, (0, 40, 0)),
        a_piece("rib", PieceRole.RIB_PIECE, (40, 0, 0)),
        a_piece("above", PieceRole.REMAINING, (5, 8, 60)),
        a_piece("round it", PieceRole.REMAINING, (0, 20, 3)),
        a_piece("unseen", PieceRole.LOOSE, (0, 0, 0), mesh=False),
    ]
    together = offsets_of(pieces, 0.0, {})
    assert set(together.values()) == {(0.0, 0.0, 0.0)}
    half = offsets_of(pieces, 0.5, {"rib": (0.0, 0.0, 7.0)})
    assert half["specimen"] == pytest.approx((0.0, 0.5 * APART_MM, 0.0))  # delivered backwards
    assert half["arch"][1] > half["specimen"][1]  # and the arch comes out before it
    assert half["rib"][0] > 0
    assert half["rib"][2] == pytest.approx(7.0)  # what the hand did comes on top
    assert half["above"][2] > 0
    assert half["above"][:2] == (0.0, 0.0)
    assert half["round it"] == (0.0, 0.0, 0.0)
    assert "unseen" not in half


def test_the_picture_says_that_pieces_are_apart_and_shows_no_distance() -> None:
    top, bottom = drawn_halves()
    line = DrawnLine((0.0, 0.0, 0.0), (20.0, 0.0, 0.0), "20.0 mm", LINE_RGB)
    whole = SpineState(pieces=(top, bottom), line=line, levels=LEVELS, stamp=STAMP)
    apart = replace(whole, pieces=(replace(top, offset_lps_mm=AWAY), bottom))
    assert [label.words for label in mark_labels(whole)] == ["20.0 mm", "T10"]
    assert [label.words for label in mark_labels(apart)] == ["T10"]
    assert len(mark_strokes(whole, 1.0)) == 1
    assert mark_strokes(apart, 1.0) == []
    with a_spine_view(whole) as (scene, image):
        assert "APART" not in scene.texts.get(Place.BANNER)
        assert coloured(image, LINE_RGB, 60).any()
        assert has_bar(scene)
        scene.show(apart)
        assert not coloured(redrawn(scene), LINE_RGB, 60).any()
        assert scene.texts.get(Place.BANNER) == "PIECES MOVED APART\nNOT TO SCALE"
        assert not has_bar(scene)
        scene.show(whole)
        redrawn(scene)
        assert scene.texts.get(Place.BANNER) == ""
        assert has_bar(scene)


def has_bar(scene: SpineScene) -> bool:
    return scene.scale_bar.is_shown


def test_a_place_on_a_moved_piece_is_told_where_it_lies_in_the_patient() -> None:
    top, bottom = drawn_halves()
    state = SpineState(pieces=(replace(top, offset_lps_mm=AWAY), bottom))
    with a_spine_view(state) as (scene, _):
        own = (0.0, 16.0, float(np.mean([b[2] for b in top.mesh.bounds_lps_mm])))
        x, y = scene.pixels_of(np.array([own]) + AWAY)[0]
        found = scene.pick(float(x), float(y))
        assert found is not None
        assert found.id == top.id
        assert found.point_lps_mm == pytest.approx(own, abs=0.3)
        assert np.subtract(found.drawn_lps_mm, found.point_lps_mm) == pytest.approx(AWAY)


def test_cut_faces_are_paler_bordered_and_hatched() -> None:
    bottom = next(half for half in drawn_halves() if half.mesh.bounds_lps_mm[1][2] < 0)
    with a_spine_view(SpineState(pieces=(bottom,))) as (scene, _):
        scene.rotate(0, -120)  # from behind and above, onto the cut face
        scene.fit()
        face, side = (
            np.column_stack([np.linspace(-15, 15, 61), *np.broadcast_to(at, (61, 2)).T])
            for at in ((0.0, -2.0), (16.0, -20.0))
        )
        image = redrawn(scene)[::-1].astype(float)
        on_face, on_side = (image[tuple(scene.pixels_of(p).astype(int).T[::-1])] for p in (face, side))
        assert (on_side[:, 0] < 0.4 * on_side[:, 2]).all()  # its own blue
        pale = on_face[:, 0] > 0.55 * on_face[:, 2]
        assert pale.mean() > 0.5
        assert np.ptp(on_face.sum(axis=1)) > 120  # dark lines across it
    assert paler(RGB) == (169, 177, 233)
    (cut_face,) = bottom.faces
    lines = face_lines(cut_face)
    assert np.abs(lines[:, :, 2] - lines[0, 0, 2]).max() < 1e-6
    lengths = np.linalg.norm(lines[:, 1] - lines[:, 0], axis=1)
    assert lengths.sum() > 2 * (40 + 32) + 300  # the border, and slanting lines all over


def test_a_hidden_piece_that_was_moved_is_not_said_to_be_apart() -> None:
    top, bottom = drawn_halves()
    hidden = replace(top, offset_lps_mm=AWAY, visible=False)
    assert not SpineState(pieces=(hidden, bottom)).is_apart
