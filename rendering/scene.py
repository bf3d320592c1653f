"""The 3D view: given a state, applies the difference; owns no window."""

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

from planning.geometry.frames import Floats, Vec3, vec3
from rendering.backdrop import Backdrop
from rendering.before_drawing import Stop, before_drawing
from rendering.blade_actor import BladeActor
from rendering.blade_handle import BladeHandle, BladeListener, Silent
from rendering.cameras import (
    CameraPose,
    StandardView,
    fitted,
    moved_to,
    panned,
    rolled,
    rotated,
    view_pose,
    zoomed,
)
from rendering.clip_tool import ClipTool
from rendering.colours import unit_rgb
from rendering.corner_texts import CornerTexts, Place, banner_words, source_words, title_words
from rendering.eye import ViewEye, place_camera
from rendering.handle_geometry import Ray
from rendering.lettering import Lettering
from rendering.lighting import three_lights
from rendering.line_layer import LineLayer
from rendering.margin_legend import MarginLegend
from rendering.offscreen import TEXT_DPI, is_software
from rendering.orientation_cube import OrientationCube
from rendering.point_labels import PointLabels
from rendering.scale_bar import ScaleBar
from rendering.scene_state import DrawnBlade, SliceAxes, SpineState, Stamp
from rendering.spine_bodies import SpineBodies
from rendering.spine_marks import apart_words, hidden_strokes, looking_words, mark_labels, mark_strokes

Viewport = tuple[float, float, float, float]
WHOLE: Viewport = (0.0, 0.0, 1.0, 1.0)
FIRST_POSE = view_pose(StandardView.POSTERIOR, (0.0, 0.0, 0.0), 150.0)


@dataclass(frozen=True)
class Picked:
    """What lies under the pointer: a structure or piece, where it lies in the patient, where it is drawn."""

    id: str
    point_lps_mm: Vec3
    drawn_lps_mm: Vec3


class SpineScene:
    """The 3D scene.

    Pointer positions are device pixels of the window, x to the right, y *up* from the lower edge.
    The camera is the scene's own and is kept while states come and go; the first content is fitted.
    """

    def __init__(self, lettering: Lettering | None = None, listener: BladeListener | None = None) -> None:
        self._lettering = lettering or Lettering()
        self._main, self._held, self._front = vtkRenderer(), vtkRenderer(), vtkRenderer()
        self._backdrop = Backdrop([self._main], self._held)
        self._stop_layout: Stop | None = None
        self._window: vtkRenderWindow | None = None
        self._viewport = WHOLE
        self._state: SpineState = SpineState()
        self._pose = FIRST_POSE
        self._shown = self._posed = self._moving = False
        self._software: bool | None = None
        self._bodies, self._held_blade = SpineBodies(self._main), BladeActor(self._held)
        self._bodies_of: tuple[SpineState, str] | None = None
        self._still = self._state
        self._in_hand: DrawnBlade | None = None
        self._marked: object = None
        self._depths_held: tuple[CameraPose, bool, float, float] | None = None
        self._hidden, self._lines = LineLayer(self._front), LineLayer(self._front, edge_alpha=0.6)
        self.handle = BladeHandle(self._front, self, listener or Silent())
        self.clip_tool = ClipTool(self._front, self)
        self._labels = PointLabels(self._front)
        self._texts, self._bar = CornerTexts(self._front), ScaleBar(self._front)
        self._legend, self._cube = MarginLegend(self._front), OrientationCube()
        self._set_up()

    def _set_up(self) -> None:
        for layer, renderer in enumerate((self._main, self._held, self._front)):
            renderer.SetLayer(layer)
            renderer.InteractiveOff()
            renderer.SetActiveCamera(self._main.GetActiveCamera())
        for renderer in (self._main, self._held):
            renderer.SetAutomaticLightCreation(False)
            three_lights(renderer)
        for renderer in (self._held, self._front):
            renderer.SetUseOIT(False)
        self._cube.renderer.SetLayer(self._front.GetLayer())
        self._main.GradientBackgroundOn()
        self._style()

    def attach(self, window: vtkRenderWindow, viewport: Viewport = WHOLE) -> None:
        """Draw into a part of `window` from now on."""
        self.detach()
        window.SetNumberOfLayers(max(self._front.GetLayer() + 1, window.GetNumberOfLayers()))
        window.SetDPI(TEXT_DPI)
        window.SetAlphaBitPlanes(1)
        for renderer in self._renderers:
            window.AddRenderer(renderer)
        for renderer in (self._main, self._held, self._front):
            renderer.SetViewport(*viewport)
        self._stop_layout = before_drawing(window, self._layout)
        self._window, self._viewport, self._software = window, viewport, None

    def detach(self) -> None:
        """Leave the window; call before it is finalised."""
        if self._window is not None:
            self._backdrop.forget()
            for renderer in self._renderers:
                self._window.RemoveRenderer(renderer)
        if self._stop_layout is not None:
            self._stop_layout()
        self._window, self._stop_layout = None, None

    def show(self, state: SpineState) -> bool:
        """Apply the difference to what is shown; say whether anything must be drawn anew."""
        old = self._state
        if self._shown and (old is state or old == state):
            return False
        self._state = state
        if not self._shown or old.theme != state.theme:
            self._style()
        self._shown = True
        self._show_bodies()
        self.handle.show(state.blades)
        if old.clip != state.clip or old.structures is not state.structures:
            self.clip_tool.show(state.clip, self._bodies.surface_corners_lps_mm())
        self._labels.show(mark_labels(state), self._lettering, state.theme)
        self._legend.show(state.margins, self._lettering, state.theme)
        self._write()
        if not self._posed and len(self._bodies.corners_lps_mm()):
            self._posed = True
            self.fit()
        return True

    def forget(self) -> None:
        """Let go of all that was shown, drawn or not; the camera stays."""
        self._backdrop.drop()
        self.show(SpineState(theme=self._state.theme))

    def set_moving(self, moving: bool) -> bool:
        """Draw coarser while something moves, fully when it rests; say whether anything changed."""
        if moving is self._moving:
            return False
        self._moving = moving
        self._bodies.set_coarse(moving)
        return True

    def prepare_one(self) -> bool:
        """Make one surface ready for motion, ahead of the first drag; say whether there was one left."""
        return self._bodies.prepare_one()

    def set_lettering(self, lettering: Lettering) -> None:
        """Change font or pixel ratio."""
        self._lettering = lettering
        self._style()

    def fit(self) -> None:
        """Bring everything visible into view, direction kept."""
        self._fit(self._bodies.corners_lps_mm())

    def fit_spine(self) -> None:
        """Bring the spine and what is done to it into view, or else everything visible; direction kept."""
        self._fit(self._bodies.spine_corners_lps_mm())

    def _fit(self, corners: Floats) -> None:
        if len(corners):
            self.set_pose(fitted(self._pose, corners, self._eye.aspect))

    def look(self, view: StandardView) -> None:
        """Turn to a standard view and fit."""
        self.set_pose(view_pose(view, self._pose.focus_lps_mm, self._pose.half_height_mm))
        self.fit()

    def fly_to(self, point_lps_mm: Vec3, half_height_mm: float | None = None) -> None:
        """Move the focus, direction kept; optionally zoom."""
        self.set_pose(moved_to(self._pose, point_lps_mm, half_height_mm))

    @property
    def pose(self) -> CameraPose:
        """Where the viewer stands."""
        return self._pose

    def set_pose(self, pose: CameraPose) -> None:
        """Stand there."""
        self._pose, self._posed = pose, True

    def rotate(self, right_px: float, up_px: float) -> None:
        """Turn the view as a left-drag by so many pixels does."""
        ratio = self._lettering.pixel_ratio
        self.set_pose(rotated(self._pose, right_px / ratio, up_px / ratio))

    def pan(self, right_px: float, up_px: float) -> None:
        """Move the view so that what was under the pointer stays under it."""
        mm_per_px = self._eye.mm_per_px_at(np.asarray(self._pose.focus_lps_mm))
        self.set_pose(panned(self._pose, right_px, up_px, mm_per_px))

    def zoom(self, factor: float) -> None:
        """Magnify by `factor` (over 1 is nearer)."""
        self.set_pose(zoomed(self._pose, factor))

    def roll(self, degrees: float) -> None:
        """Turn the view about the line of sight, counter-clockwise."""
        self.set_pose(rolled(self._pose, degrees))

    def pick(self, x_px: float, y_px: float) -> Picked | None:
        """Return what lies under the pointer, or None."""
        ray = self.ray_at(x_px, y_px)
        near, far = self._depths()
        start = ray.origin_lps_mm + near * ray.direction_lps
        hit = self._bodies.first_hit(start, ray.origin_lps_mm + far * ray.direction_lps)
        if hit is None:
            return None
        return Picked(hit[0], vec3(hit[1] - self._bodies.offset_of(hit[0])), vec3(hit[1]))

    def hover(self, x_px: float, y_px: float) -> bool:
        """Highlight the handle under the pointer; say whether the view must be drawn anew."""
        hot = self.handle.hover(x_px, y_px)
        return self.clip_tool.handle.hover(x_px, y_px) or hot

    def press(self, x_px: float, y_px: float) -> bool:
        """Grab the handle under the pointer; False leaves the gesture to the camera."""
        return any(handle.press(x_px, y_px) for handle in self._handles)

    def drag(self, x_px: float, y_px: float) -> None:
        """Move the grabbed handle; the listener gets the new blade."""
        for handle in self._handles:
            handle.drag(x_px, y_px)

    def release(self) -> None:
        """End the drag."""
        for handle in self._handles:
            handle.release()

    def cancel(self) -> bool:
        """Abandon the drag (Esc); say whether there was one."""
        return any(handle.cancel() for handle in self._handles)

    def ray_at(self, x_px: float, y_px: float) -> Ray:
        """Return the line of sight through a pixel."""
        return self._eye.ray_at(x_px, y_px)

    def pixels_of(self, points_lps_mm: Floats) -> Floats:
        """Return where points, shape (n, 3), are drawn in the window, shape (n, 2)."""
        return self._eye.pixels_of(points_lps_mm)

    def mm_per_px_at(self, point_lps_mm: Floats) -> float:
        """Return millimetres to one device pixel at a point's depth."""
        return self._eye.mm_per_px_at(point_lps_mm)

    @property
    def texts(self) -> CornerTexts:
        """The words of this view."""
        return self._texts

    @property
    def left_out(self) -> tuple[str, ...]:
        """Words that found no free place."""
        return self._labels.left_out

    @property
    def scale_bar(self) -> ScaleBar:
        """The scale bar of this view; hidden in perspective and while pieces are apart."""
        return self._bar

    @property
    def draws_in_software(self) -> bool:
        """Whether the processor draws, as far as is known."""
        return bool(self._software)

    @property
    def _handles(self) -> tuple[BladeHandle, BladeHandle]:
        return self.handle, self.clip_tool.handle

    @property
    def _renderers(self) -> tuple[vtkRenderer, ...]:
        return self._main, self._held, self._front, self._cube.renderer

    @property
    def _eye(self) -> ViewEye:
        left, low = self._main.GetOrigin()
        width, height = self._main.GetSize()
        return ViewEye(self._pose, self._state.parallel, left, low, width, height)

    def _style(self) -> None:
        theme, lettering = self._state.theme, self._lettering
        self._main.SetBackground(*unit_rgb(theme.background_low_rgb))
        self._main.SetBackground2(*unit_rgb(theme.background_high_rgb))
        self._bodies.set_width(lettering.px(theme.line_px))
        self._held_blade.set_width(lettering.px(theme.line_px))
        self._lines.set_width(lettering.px(theme.line_px * 1.3))
        self._hidden.set_width(lettering.px(theme.line_px * 0.8))
        self.handle.set_pixel_ratio(lettering.pixel_ratio)
        self.clip_tool.style(lettering.pixel_ratio)
        self._texts.style(lettering, theme)
        self._bar.style(lettering, theme)
        self._labels.show(mark_labels(self._state), lettering, theme)
        self._legend.show(self._state.margins, lettering, theme)

    def _write(self) -> None:
        stamp, texts = self._state.stamp, self._texts
        texts.set(Place.TOP_LEFT, title_words(stamp))
        texts.set(Place.BOTTOM_LEFT, source_words(stamp))
        lines = (stamp.level_note, *looking_words(self._state), *stamp.warnings)
        texts.set(Place.WARNINGS, "\n".join(line for line in lines if line))
        words = (apart_words(self._state), banner_words(stamp))
        texts.set(Place.BANNER, "\n".join(line for line in words if line))

    def _show_bodies(self) -> None:
        """Show what stands still and, on a layer of its own, the blade that a moving hand holds."""
        held = self.handle.grabbed_id if self._moving else ""
        if self._bodies_of is not None and self._bodies_of[0] is self._state and self._bodies_of[1] == held:
            return
        state, self._bodies_of = self._state, (self._state, held)
        self._in_hand = next((b for b in state.blades if b.id == held and b.visible), None)
        if self._in_hand is not None:
            self._held_blade.show(self._in_hand)
            state = replace(state, blades=tuple(b for b in state.blades if b is not self._in_hand))
        self._still = state
        self._bodies.show(state)

    def _layout(self) -> None:
        if self._window is None:
            return
        if self._software is None:
            self._software = is_software(self._window)
            self._bodies.picture.set_software(self._software)
        self._show_bodies()
        # Peeling costs five frames in software; with multisampling VTK loses what peeling or FXAA draws.
        plain = self._moving or self._window.GetMultiSamples() > 1
        self._main.SetUseDepthPeeling(not (self._software or plain))
        self._main.SetUseFXAA(not plain)
        self._main.SetUseOIT(not self._moving)
        eye = self._eye
        self._place_camera()
        mm_per_px = eye.mm_per_px_at(np.asarray(self._pose.focus_lps_mm)) * self._lettering.pixel_ratio
        state = self._state
        marked = (state.line, state.is_apart, state.crosshair_lps_mm, state.theme, mm_per_px)
        if marked != self._marked:
            self._marked = marked
            self._lines.show(mark_strokes(state, mm_per_px))
        self._hidden.show(hidden_strokes(state))
        self._texts.letters(SliceAxes(self._pose.right_lps, self._pose.up_lps))
        self._lay_out_words(eye)
        self._backdrop.want(self._window, self._standing(eye) if self._in_hand is not None else None)

    def _lay_out_words(self, eye: ViewEye) -> None:
        room, corner = (eye.width_px, eye.height_px), np.array([eye.left_px, eye.low_px])
        self._texts.fit(*room)
        for handle in self._handles:
            handle.layout(self._texts.size)
        self._legend.layout(eye.width_px)
        if self._state.parallel and not self._state.is_apart:
            self._bar.layout(eye.mm_per_px_at(np.zeros(3)), eye.width_px, self._texts.size)
        else:
            self._bar.hide()
        cube = self._cube.layout(self._pose, self._viewport, room, self._lettering.pixel_ratio)
        taken = [cube, *self._bar.boxes(), *self._legend.boxes()]
        self._texts.layout(*room, taken)
        self._labels.resize(self._texts.size)
        words, handles = [*taken, *self._texts.boxes()], self.handle.boxes() - np.tile(corner, 2)
        self._labels.layout(lambda points: eye.pixels_of(points) - corner, words, room, handles)

    def _standing(self, eye: ViewEye) -> Hashable:
        """Return everything the pixels depend on of what stands still while a blade is dragged."""
        margins = tuple(id(m.margin_mm) for m in self._still.margins)  # arrays are not compared by value
        still = replace(self._still, line=None, crosshair_lps_mm=None, levels=(), stamp=Stamp())
        return still, margins, eye, self._lettering, self._depths()

    def _place_camera(self) -> None:
        place_camera(self._main.GetActiveCamera(), self._pose, self._state.parallel, self._depths())

    def _depths(self) -> tuple[float, float]:
        """Return how near and far anything lies; in parallel projection the near side may be behind.

        What was said last for this camera holds as long as it is wide enough: kept depths stay true.
        """
        pose, parallel = self._pose, self._state.parallel
        in_hand = [] if self._in_hand is None else [self._in_hand.blade.corners_lps_mm]
        points = np.concatenate([self._bodies.reach_lps_mm(), *in_hand, [pose.focus_lps_mm]])
        depths = (points - np.asarray(pose.position_lps_mm)) @ np.asarray(pose.sight_lps)
        nearest, farthest = float(depths.min()), float(depths.max())
        held = self._depths_held
        if held is not None and held[:2] == (pose, parallel) and held[2] <= nearest and farthest <= held[3]:
            return held[2], held[3]
        room = 20.0 + pose.half_height_mm
        near, far = nearest - room, farthest + room
        near = near if parallel else max(near, 0.01 * far)
        self._depths_held = (pose, parallel, near, far)
        return near, far
