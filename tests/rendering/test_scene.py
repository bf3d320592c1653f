"""The 3D view in real pixels: standard views, differences, handles, picking, margins."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from planning.geometry.blade import Blade
from planning.geometry.mesh import Mesh
from planning.model.structures import StructureKind
from planning.safety.results import PieceRole
from rendering.cameras import StandardView, cut_pose
from rendering.colours import (
    MARGIN_CLEAR_RGB,
    MARGIN_UNCERTAIN_RGB,
    MARGIN_UNKNOWN_RGB,
    MARGIN_VIOLATED_RGB,
    STATUS_LOOK,
)
from rendering.corner_texts import Place
from rendering.handle_geometry import Part, middle_lps_mm
from rendering.margin_actor import pattern
from rendering.offscreen import is_software, offscreen_window
from rendering.scene import SpineScene
from rendering.scene_state import (
    ClipPlane,
    DrawnBlade,
    DrawnMargin,
    DrawnPiece,
    DrawnStructure,
    SpineState,
)
from rendering.themes import LIGHT
from tests.rendering.drawing import (
    LEVELS,
    STAMP,
    Image,
    a_blade,
    a_box,
    a_spine_view,
    coloured,
    middle_of,
    redrawn,
)

pytestmark = pytest.mark.render

RED, BLUE = (255, 0, 0), (0, 0, 255)
BONE = DrawnStructure(
    "bone", "bone", a_box((-10, -10, -30), (10, 10, 30)), (230, 210, 170), StructureKind.VERTEBRA
)
LEFT_BACK = DrawnStructure("rb", "left back", a_box((15, 15, 10), (25, 25, 20)), RED)
PLAIN = SpineState(structures=(BONE, LEFT_BACK), stamp=STAMP, levels=LEVELS)
CUT = DrawnBlade("cut", "cut", a_blade(width_mm=40.0), active=True)

# Letters at left, right, top and bottom of the screen for each standard view.
LETTERS = {
    StandardView.ANTERIOR: "RLSI",
    StandardView.POSTERIOR: "LRSI",
    StandardView.LEFT: "APSI",
    StandardView.RIGHT: "PASI",
    StandardView.CRANIAL: "LRAP",
    StandardView.CAUDAL: "RLAP",
}


@dataclass
class Heard:
    """Remembers what the handles say."""

    words: list[str] = field(default_factory=list)
    blades: list[Blade] = field(default_factory=list)

    def blade_started(self, blade_id: str) -> None:
        self.words.append(f"start {blade_id}")

    def blade_moved(self, blade_id: str, blade: Blade) -> None:
        self.words.append(f"move {blade_id}")
        self.blades.append(blade)

    def blade_ended(self, blade_id: str, blade: Blade) -> None:
        self.words.append(f"end {blade_id}")
        self.blades.append(blade)

    def blade_cancelled(self, blade_id: str) -> None:
        self.words.append(f"cancel {blade_id}")

    def blade_lost(self, blade_id: str) -> None:
        self.words.append(f"lose {blade_id}")

    def blade_refused(self, blade_id: str) -> None:
        self.words.append(f"refuse {blade_id}")


def _red(image: Image) -> np.ndarray:
    rgb = image.astype(int)
    return (rgb[..., 0] > 70) & (rgb[..., 1] < 60) & (rgb[..., 2] < 60)


@pytest.mark.parametrize("view", LETTERS)
def test_standard_views_put_the_patients_sides_where_the_letters_say(view: StandardView) -> None:
    with a_spine_view(PLAIN) as (scene, _):
        scene.look(view)
        image = redrawn(scene)
        shown = "".join(scene.texts.get(p) for p in (Place.LEFT, Place.RIGHT, Place.TOP, Place.BOTTOM))
        assert shown == LETTERS[view]
        if view not in (StandardView.ANTERIOR, StandardView.RIGHT):  # hidden behind the bone there
            x, y = middle_of(_red(image))
            right, up = scene.pixels_of(np.array([[20.0, 20.0, 15.0]]))[0]
            assert (x, y) == pytest.approx((right, up), abs=4)
            sides = {"L": 1, "P": 1, "S": 1, "R": -1, "A": -1, "I": -1}
            assert np.sign(x - 150) in (sides[shown[1]], 0) or abs(x - 150) < 8


def test_the_surgeon_sees_the_back_with_the_head_on_the_left() -> None:
    with a_spine_view(PLAIN) as (scene, _):
        scene.look(StandardView.SURGEON)
        redrawn(scene)
        assert scene.texts.get(Place.LEFT) == "S"
        assert scene.pose.sight_lps[1] < -0.8


def test_the_scale_bar_is_true_in_parallel_projection_and_absent_in_perspective() -> None:
    with a_spine_view(PLAIN) as (scene, _):
        a, b = scene.pixels_of(np.array([[0.0, 0, 0], [0.0, 0, 20.0]]))
        px_per_mm = np.linalg.norm(b - a) / 20
        assert scene.scale_bar.length_px == pytest.approx(scene.scale_bar.length_mm * px_per_mm, rel=1e-6)
        scene.show(replace(PLAIN, parallel=False))
        image = redrawn(scene)
        assert not coloured(image[-20:, 180:], PLAIN.theme.text_rgb, 30).any()


def test_the_camera_stays_when_the_state_changes() -> None:
    with a_spine_view(PLAIN) as (scene, _):
        scene.rotate(40, 10)
        pose = scene.pose
        scene.show(replace(PLAIN, structures=(BONE,)))
        assert scene.pose == pose


def test_only_what_differs_is_touched() -> None:
    with a_spine_view(replace(PLAIN, blades=(CUT,))) as (scene, _):
        state = replace(PLAIN, blades=(CUT,))
        before = scene._bodies.changes
        assert scene.show(state) is False
        assert scene._bodies.changes == before
        moved = replace(CUT, blade=CUT.blade.moved((0, 0, 1)))
        assert scene.show(replace(state, blades=(moved,))) is True
        assert scene._bodies.changes == before + 1
        scene.show(replace(state, structures=(replace(BONE, opacity=0.5), LEFT_BACK), blades=(moved,)))
        assert scene._bodies.changes == before + 2


def test_hidden_and_removed_structures_are_not_drawn() -> None:
    with a_spine_view(PLAIN) as (scene, image):
        assert _red(image).any()
        scene.show(replace(PLAIN, structures=(BONE, replace(LEFT_BACK, visible=False))))
        assert not _red(redrawn(scene)).any()
        scene.show(PLAIN)
        assert _red(redrawn(scene)).any()
        scene.show(replace(PLAIN, structures=(BONE,)))
        assert not _red(redrawn(scene)).any()


def test_clipping_looks_inside() -> None:
    inner = DrawnStructure("in", "in", a_box((-4, -4, -4), (4, 4, 4)), RED)
    state = replace(PLAIN, structures=(BONE, inner), levels=())
    with a_spine_view(state) as (scene, image):
        assert not _red(image).any()
        scene.show(replace(state, clip=ClipPlane((0.0, 2.0, 0.0), (0.0, 1.0, 0.0))))
        assert _red(redrawn(scene)).any()
        picked = scene.pick(150, 150)
        assert picked is not None
        assert picked.id == "in"


def test_moved_pieces_lie_where_the_offset_puts_them() -> None:
    piece = DrawnPiece(
        "p", "p", a_box((-5, -5, -5), (5, 5, 5)), PieceRole.LOOSE, RED, offset_lps_mm=(40.0, 0, 0)
    )
    with a_spine_view(replace(PLAIN, structures=(BONE,), pieces=(piece,))) as (scene, image):
        seen = _red(image)
        seen[:80, :150] = False  # the banner that says so is red too
        x, y = middle_of(seen)
        assert (x, y) == pytest.approx(tuple(scene.pixels_of(np.array([[40.0, 0, 0]]))[0]), abs=3)
        picked = scene.pick(x, y)
        assert picked is not None
        assert picked.drawn_lps_mm == pytest.approx((40.0, 5.0, 0.0), abs=1.0)
        assert picked.point_lps_mm == pytest.approx((0.0, 5.0, 0.0), abs=1.0)  # where it lies in the patient


def test_picking_gives_the_point_on_the_nearest_surface() -> None:
    with a_spine_view(PLAIN) as (scene, _):
        x, y = scene.pixels_of(np.array([[2.0, 0.0, 5.0]]))[0]
        picked = scene.pick(x, y)
        assert picked is not None
        assert picked.id == "bone"
        assert picked.point_lps_mm == pytest.approx((2.0, 10.0, 5.0), abs=0.01)  # from behind: the back face
        assert scene.pick(3, 3) is None
        glass = (replace(BONE, opacity=0.1), LEFT_BACK)
        scene.show(replace(PLAIN, structures=glass))
        assert scene.pick(x, y) is None


def test_a_drag_keeps_the_grab_offset_and_is_one_gesture() -> None:
    heard = Heard()
    window = offscreen_window(300, 300)
    scene = SpineScene(listener=heard)
    scene.attach(window)
    state = replace(PLAIN, blades=(CUT,))
    scene.show(state)
    scene.look(StandardView.POSTERIOR)
    window.Render()
    middle = scene.pixels_of(middle_lps_mm(CUT.blade)[None])[0]
    x, y = middle[0] + 3, middle[1] + 70  # on the arrow along the normal, 3 px beside its line
    assert scene.handle.part_at(x, y) is Part.ALONG_NORMAL
    assert scene.press(x, y)
    scene.drag(x, y)
    assert heard.blades[-1].origin_lps_mm == pytest.approx(CUT.blade.origin_lps_mm, abs=1e-9)
    scene.drag(x + 9, y + 25)
    expected = 25 * scene.mm_per_px_at(np.zeros(3))
    assert heard.blades[-1].origin_lps_mm == pytest.approx((0.0, 15.0, expected), abs=1e-6)
    scene.show(replace(state, blades=(replace(CUT, blade=heard.blades[-1]),)))  # the preview comes back
    scene.drag(x + 9, y + 30)
    assert heard.blades[-1].origin_lps_mm == pytest.approx((0.0, 15.0, expected * 30 / 25), abs=1e-6)
    scene.release()
    assert heard.words == ["start cut", "move cut", "move cut", "move cut", "end cut"]
    assert not scene.cancel()
    window.Finalize()


def test_escape_gives_the_blade_back() -> None:
    heard = Heard()
    window = offscreen_window(300, 300)
    scene = SpineScene(listener=heard)
    scene.attach(window)
    scene.show(replace(PLAIN, blades=(CUT,)))
    window.Render()
    x, y = scene.pixels_of(middle_lps_mm(CUT.blade)[None])[0]
    assert scene.press(x, y + 70)
    scene.drag(x, y + 90)
    assert scene.cancel()
    scene.release()
    assert heard.words == ["start cut", "move cut", "cancel cut"]
    window.Finalize()


@pytest.mark.parametrize("change", [{"locked": True}, {"active": False}, {"visible": False}])
def test_only_the_active_free_blade_can_be_grabbed(change: dict[str, bool]) -> None:
    with a_spine_view(replace(PLAIN, blades=(replace(CUT, **change),))) as (scene, _):  # type: ignore[arg-type]
        x, y = scene.pixels_of(middle_lps_mm(CUT.blade)[None])[0]
        assert not scene.press(x, y + 70)


def test_a_locked_blade_shows_a_padlock_that_refuses_the_hand() -> None:
    heard = Heard()
    window = offscreen_window(300, 300)
    scene = SpineScene(listener=heard)
    scene.attach(window)
    scene.show(replace(PLAIN, blades=(replace(CUT, locked=True),)))
    window.Render()
    x, y = scene.pixels_of(middle_lps_mm(CUT.blade)[None])[0]
    assert not scene.press(x, y)
    assert scene.handle.refuse(x, y)
    assert not scene.handle.refuse(x + 80, y + 80)
    assert heard.words == ["refuse cut"]
    window.Finalize()


def test_a_blade_lost_under_the_pointer_ends_its_drag_and_is_told() -> None:
    heard = Heard()
    window = offscreen_window(300, 300)
    scene = SpineScene(listener=heard)
    scene.attach(window)
    other = replace(CUT, id="other")
    for lost in ((replace(CUT, locked=True),), (), (replace(CUT, active=False), other)):
        scene.show(replace(PLAIN, blades=(CUT,)))
        window.Render()
        x, y = scene.pixels_of(middle_lps_mm(CUT.blade)[None])[0]
        assert scene.press(x, y + 70)
        scene.drag(x, y + 90)
        scene.show(replace(PLAIN, blades=lost))
        assert not scene.handle.is_grabbed
        scene.drag(x, y + 95)
        scene.release()
    assert heard.words == ["start cut", "move cut", "lose cut"] * 3
    window.Finalize()


def test_nothing_in_front_takes_the_click_from_a_handle() -> None:
    wall = DrawnStructure("wall", "wall", a_box((-60, 40, -60), (60, 45, 60)), BLUE)
    with a_spine_view(replace(PLAIN, structures=(BONE, wall), blades=(CUT,))) as (scene, _):
        x, y = scene.pixels_of(middle_lps_mm(CUT.blade)[None])[0]
        assert scene.press(x, y + 70)
        assert scene.cancel()


def test_the_blade_is_drawn_with_its_thickness() -> None:
    rgb = (0, 160, 255)
    thick = DrawnBlade("cut", "", a_blade(kerf_mm=8.0), rgb)
    with a_spine_view(SpineState(blades=(thick,))) as (scene, _):
        scene.look(StandardView.POSTERIOR)
        scene.fly_to((0.0, 0.0, 0.0), 20.0)
        image = redrawn(scene)
        column = np.flatnonzero((image[40:260, 150, 2].astype(int) - image[40:260, 150, 0]) > 60)
        assert np.ptp(column) * scene.mm_per_px_at(np.zeros(3)) == pytest.approx(8.0, abs=0.6)


def _sheet_triangles(rows: int, columns: int) -> np.ndarray:
    """Return the triangles of a grid of points, row by row."""
    first = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    right, below, across = first + 1, first + columns, first + columns + 1
    triangles = [np.stack([first, right, below], 1), np.stack([right, across, below], 1)]
    return np.concatenate(triangles).astype(np.int32)


def test_software_never_peels_depths_not_even_in_the_first_picture() -> None:
    window = offscreen_window(60, 60)
    scene = SpineScene()
    scene.attach(window)
    scene.show(PLAIN)
    window.Render()
    assert is_software(window) is not bool(scene._main.GetUseDepthPeeling())
    scene.detach()
    window.Finalize()


def test_moving_is_coarser_and_resting_is_whole_again() -> None:
    n = 80
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, n), np.linspace(0.05, np.pi - 0.05, n))
    ball = np.stack([np.sin(v) * np.cos(u), np.sin(v) * np.sin(u), np.cos(v)], -1).reshape(-1, 3) * 20
    mesh = Mesh(ball.astype(np.float32), _sheet_triangles(n, n))
    with a_spine_view(SpineState(structures=(replace(BONE, mesh=mesh),))) as (scene, whole):
        mapper = scene._bodies._surfaces["bone"].actor.GetMapper()
        full = mapper.GetInput().GetNumberOfPolys()
        assert scene.set_moving(True)
        coarse = redrawn(scene)
        assert mapper.GetInput().GetNumberOfPolys() < full / 2
        assert not scene.set_moving(True)
        lit = [(image.sum(axis=-1) > 250).sum() for image in (whole, coarse)]
        assert lit[1] == pytest.approx(lit[0], rel=0.05)
        assert scene.set_moving(False)
        assert mapper.GetInput().GetNumberOfPolys() == full
        assert np.array_equal(redrawn(scene), whole)


def test_margin_bands_have_colours_and_patterns() -> None:
    grid = np.linspace(-20, 20, 41)
    x, z = np.meshgrid(grid, grid)
    flat = np.column_stack([x.ravel(), np.full(x.size, 5.5), z.ravel()]).astype(np.float32)
    mesh = Mesh(flat, _sheet_triangles(41, 41)[:, ::-1])
    margin = (flat[:, 0] / 2).astype(np.float32)  # 0 at the middle, 2 mm at x = 4
    drawn = DrawnMargin("m", "m", mesh, margin)
    borders, hatching = pattern(drawn)
    assert sorted(set(np.round(borders[..., 0].ravel(), 3))) == [0.0, 4.0]
    assert hatching[..., 0].max() <= 1e-6  # only where the margin is below zero
    assert len(hatching) > 100
    bands = ((-15.0, MARGIN_VIOLATED_RGB), (2.0, MARGIN_UNCERTAIN_RGB), (15.0, MARGIN_CLEAR_RGB))
    with a_spine_view(SpineState(margins=(drawn,)), (500, 300)) as (scene, image):
        assert coloured(image[150:, 300:], MARGIN_UNKNOWN_RGB, 3).sum() > 200  # the legend's patch
        for at_mm, rgb in bands:
            column, up = scene.pixels_of(np.array([[at_mm, 5.5, 0.0]]))[0].astype(int)
            patch = image[300 - up - 8 : 300 - up + 8, column - 5 : column + 5].reshape(-1, 3).astype(float)
            brightest = patch[patch.sum(axis=1).argmax()]
            hue = brightest / np.linalg.norm(brightest)
            assert hue == pytest.approx(np.array(rgb) / np.linalg.norm(rgb), abs=0.12)


def test_themes_change_the_background() -> None:
    with a_spine_view(PLAIN) as (scene, dark):
        scene.show(replace(PLAIN, theme=LIGHT))
        light = redrawn(scene)
        assert light[150, 5].min() > 180 > 90 > dark[150, 5].max()


def test_statuses_differ_by_shape_and_avoid_green() -> None:
    looks = list(STATUS_LOOK.values())
    assert len({look.shape for look in looks}) == len({look.symbol for look in looks}) == len(looks)
    assert all(not (g > 1.2 * r and g > 1.2 * b) for r, g, b in (look.rgb for look in looks))


def test_a_cut_is_seen_with_the_patients_left_on_the_right() -> None:
    for normal in ((0.0, 0.0, 1.0), (0.0, 0.0, -1.0)):
        pose = cut_pose(a_blade(normal_lps=normal))
        assert pose.right_lps == pytest.approx((1.0, 0.0, 0.0))
        assert pose.up_lps == pytest.approx((0.0, -1.0, 0.0))
    assert cut_pose(a_blade(normal_lps=(1.0, 0.0, 0.0))).sight_lps[0] in (-1.0, 1.0)
