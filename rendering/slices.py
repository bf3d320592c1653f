"""A slice view: given a state, applies the difference; owns no window."""

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

from planning.geometry.frames import Vec3
from planning.texts import tr
from rendering.backdrop import Backdrop
from rendering.before_drawing import Stop, before_drawing
from rendering.blade_handle import BladeHandle, BladeListener, Silent
from rendering.blade_traces import BladeFill, BladeTraces
from rendering.colours import unit_rgb
from rendering.corner_texts import CornerTexts, Place, banner_words, source_words, title_words
from rendering.cut_marks import cut_labels, cut_strokes, cut_words, off_words
from rendering.cut_planes import CENTRE_PX, Grip, grip_at
from rendering.cut_section import CrossedBone, crossed_bones
from rendering.lettering import Lettering
from rendering.line_layer import LineLayer
from rendering.offscreen import TEXT_DPI
from rendering.outlines import Outlines
from rendering.point_labels import PointLabels
from rendering.scale_bar import ScaleBar
from rendering.scene import WHOLE, Viewport
from rendering.scene_state import DrawnBlade, SliceAxes, SlicePlane, SliceState, Stamp
from rendering.slice_gaps import gap_labels, gap_strokes, gap_words
from rendering.slice_geometry import SliceFrame, frame_of, height_mm, position_words, step_mm
from rendering.slice_image import SliceImage
from rendering.slice_marks import (
    crosshair_strokes,
    grip_strokes,
    level_labels,
    level_words,
    line_label,
    line_strokes,
)
from rendering.slice_words import plane_words, second_words, slab_words
from rendering.trace_grips import TraceGrips
from rendering.word_block import BlockLine, Yields

CAMERA_DISTANCE_MM = 2000.0
_FIRST = SliceState(SlicePlane.AXIAL)


class SliceScene:
    """One slice with outlines, blade traces, crosshair and corner text.

    Pointer positions are device pixels of the window, x to the right, y *up* from the lower edge.
    What keeps its size in pixels is laid out when the view is drawn, so a new window size needs no call.
    """

    def __init__(self, lettering: Lettering | None = None, listener: BladeListener | None = None) -> None:
        self._lettering = lettering or Lettering()
        self._images, self._marks, self._held, self._front = self._layers = [vtkRenderer() for _ in range(4)]
        self._backdrop = Backdrop([self._images, self._marks], self._held)
        self._stop_layout: Stop | None = None
        self._window: vtkRenderWindow | None = None
        self._state: SliceState | None = None
        self._moving = False
        self._stood: SliceState | None = None
        self._blades_of: SliceState | None = None
        self._laid_out: tuple[SliceState, SliceFrame, Grip | None] | None = None
        self._worded: tuple[SliceState, SliceFrame] | None = None
        self._image = SliceImage(self._images)
        self._outlines = Outlines()
        self._fill = BladeFill(self._marks)
        self._plain = LineLayer(self._marks, edge_alpha=0.45)
        self._strong = LineLayer(self._marks, edge_alpha=0.7)
        self._traces = BladeTraces(self._marks)
        self._held_fill, self._held_traces = BladeFill(self._held), BladeTraces(self._held)
        self._crosshair, self._line = LineLayer(self._front), LineLayer(self._front, edge_alpha=0.7)
        self._cut = LineLayer(self._front, edge_alpha=0.35)
        self._bones: tuple[CrossedBone, ...] = ()
        grips = TraceGrips(lambda: self.frame)
        self.handle = BladeHandle(self._front, grips, listener or Silent(), grips)
        self._hot_grip = LineLayer(self._front)
        self._grip: Grip | None = None
        self._labels = PointLabels(self._front)
        self._texts, self._bar = CornerTexts(self._front), ScaleBar(self._front)
        self._set_up()

    def _set_up(self) -> None:
        self._images.GetActiveCamera().ParallelProjectionOn()
        for layer, renderer in enumerate(self._layers):
            renderer.SetLayer(layer)
            renderer.SetActiveCamera(self._images.GetActiveCamera())
            renderer.InteractiveOff()
            renderer.SetUseOIT(False)
        self._style(_FIRST)

    def attach(self, window: vtkRenderWindow, viewport: Viewport = WHOLE) -> None:
        """Draw into a part of `window` from now on."""
        self.detach()
        window.SetNumberOfLayers(max(len(self._layers), window.GetNumberOfLayers()))
        window.SetDPI(TEXT_DPI)
        for renderer in self._layers:
            renderer.SetViewport(*viewport)
            window.AddRenderer(renderer)
        self._stop_layout = before_drawing(window, self._layout)
        self._window = window

    def detach(self) -> None:
        """Leave the window; call before it is finalised."""
        if self._window is not None:
            self._backdrop.forget()
            for renderer in self._layers:
                self._window.RemoveRenderer(renderer)
        if self._stop_layout is not None:
            self._stop_layout()
        self._window, self._stop_layout = None, None

    def show(self, state: SliceState) -> bool:
        """Apply the difference to what is shown; say whether anything must be drawn anew."""
        old = self._state
        if old is state or old == state:
            return False
        self._state = state
        if old is None or old.theme != state.theme:
            self._style(state)
        self._image.show(state)
        moved = old is None or _place(old) != _place(state)
        if old is None or moved or old.structures != state.structures:
            plain, strong = self._outlines.strokes(state)
            self._plain.show(plain)
            self._strong.show(strong)
        self._bones = crossed_bones(state)
        self.handle.show(state.blades)
        self._write(state)
        return True

    def forget(self) -> None:
        """Let go of all that was shown, drawn or not: a closed case takes its memory along."""
        self._backdrop.drop()
        self.show(replace(_FIRST, theme=(self._state or _FIRST).theme))
        self._image.forget()
        self._stood = self._blades_of = self._laid_out = self._worded = None
        self._grip = None

    def set_moving(self, moving: bool) -> bool:
        """Draw the active blade over a kept picture of the rest while things move; say whether it changed."""
        if moving is self._moving:
            return False
        self._moving, self._stood = moving, None
        return True

    def set_lettering(self, lettering: Lettering) -> None:
        """Change font or pixel ratio."""
        self._lettering = lettering
        self._style(self._state or _FIRST)

    def resized(self) -> None:
        """Lay out again at the next drawing, even at the same size."""
        self._laid_out = None

    def lps_at(self, x_px: float, y_px: float) -> Vec3:
        """Return the point of the slice under the pointer."""
        return self.frame.lps_at(x_px, y_px)

    def pixel_of(self, point_lps_mm: Vec3) -> tuple[float, float]:
        """Return where a point is drawn (projected onto the slice)."""
        return self.frame.pixel_of(point_lps_mm)

    def grip_at(self, x_px: float, y_px: float) -> Grip | None:
        """Return what of the crosshair is under the pointer."""
        return grip_at(self._state or _FIRST, self.frame, x_px, y_px, self._lettering.pixel_ratio)

    def mark_grip(self, grip: Grip | None) -> bool:
        """Draw a part of the crosshair stronger; say whether the view must be drawn anew."""
        before, self._grip = self._grip, grip
        return before != grip

    @property
    def frame(self) -> SliceFrame:
        """How the slice lies in the window now."""
        left, low = self._images.GetOrigin()
        width, height = self._images.GetSize()
        return frame_of(self._state or _FIRST, left, low, width, height)

    @property
    def mm_per_px(self) -> float:
        """Millimetres to one device pixel."""
        return self.frame.mm_per_px

    @property
    def step_mm(self) -> float:
        """How far one wheel notch goes: the image's voxel spacing along the line of sight."""
        state = self._state
        if state is None or state.volume is None:
            return 1.0
        return step_mm(state.volume.grid, state.screen_axes.normal_lps)

    @property
    def texts(self) -> CornerTexts:
        """The words of this view."""
        return self._texts

    @property
    def left_out(self) -> tuple[str, ...]:
        """Words that found no free place."""
        return (*self._texts.left_out, *self._labels.left_out)

    @property
    def scale_bar(self) -> ScaleBar:
        """The scale bar of this view."""
        return self._bar

    def _style(self, state: SliceState) -> None:
        theme, lettering = state.theme.for_slices, self._lettering
        self._images.SetBackground(*unit_rgb(theme.slice_background_rgb))
        self._plain.set_width(lettering.px(theme.line_px))
        self._strong.set_width(lettering.px(theme.line_px * 1.5))
        self._line.set_width(lettering.px(theme.line_px * 1.3))
        for traces in (self._traces, self._held_traces):
            traces.set_width(lettering.px(max(1.0, theme.line_px * 0.75)))
        self._crosshair.set_width(max(1.0, lettering.px(theme.line_px * 0.6)))
        self._cut.set_width(max(1.0, lettering.px(theme.line_px * 0.75)))
        self.handle.set_pixel_ratio(lettering.pixel_ratio)
        self._hot_grip.set_width(lettering.px(theme.line_px * 1.6))
        self._texts.style(lettering, theme)
        self._bar.style(lettering, theme)
        self._laid_out = None

    def _write(self, state: SliceState) -> None:
        stamp, texts = state.stamp, self._texts
        texts.set(Place.TOP_LEFT, title_words(stamp))
        where = [BlockLine(plane_words(state), Yields.FIRST)]
        if state.cut is None:
            level = level_words(state)
            where.append(BlockLine(position_words(state), Yields.FIRST))
            where.append(BlockLine(level, Yields.NEVER if level == stamp.level_note else Yields.IF_MUST))
        where += [BlockLine(line, Yields.IF_MUST) for line in cut_words(state, self._bones)]
        where += [BlockLine(line) for line in (*slab_words(state), second_words(state))]
        texts.set_block(where)
        window = tr("W {window} L {level}", window=f"{state.window_hu:.0f}", level=f"{state.level_hu:.0f}")
        low = [source_words(stamp), window if state.volume is not None else ""]
        texts.set(Place.BOTTOM_LEFT, "\n".join(line for line in low if line))
        texts.set(Place.BANNER, "\n".join(line for line in (off_words(state), banner_words(stamp)) if line))
        texts.set(Place.WARNINGS, "\n".join(line for line in (gap_words(state), *stamp.warnings) if line))
        texts.set(Place.MIDDLE, state.empty)
        texts.letters(state.screen_axes, exact=True)

    def _layout(self) -> None:
        state = self._state or _FIRST
        frame = self.frame
        if self._window is not None:
            self._backdrop.want(self._window, self._standing(state, frame))
        content = replace(state, blades=())
        if self._laid_out != (content, frame, self._grip):
            self._laid_out = (content, frame, self._grip)
            self._lay_out_marks(state, frame)
            self._worded = None
        self._texts.fit(frame.width_px, frame.height_px)
        self.handle.layout(self._texts.size)
        if self._worded != (state, frame):
            self._worded = (state, frame)
            self._lay_out_words(state, frame)

    def _lay_out_marks(self, state: SliceState, frame: SliceFrame) -> None:
        """Draw what does not move with a blade."""
        self._place_camera(frame)
        self._crosshair.show(crosshair_strokes(state, frame, self._lettering.px(CENTRE_PX)))
        self._hot_grip.show(grip_strokes(state, frame, self._grip, self._lettering.px(CENTRE_PX)))
        self._line.show([*line_strokes(state, frame, self._lettering.px(5)), *gap_strokes(state, frame)])
        self._cut.show(cut_strokes(state, frame, self._lettering.px(1), self._bones))

    def _lay_out_words(self, state: SliceState, frame: SliceFrame) -> None:
        """Find every word a place off the others and, where it can be, off the handles."""
        corner = np.array([frame.left_px, frame.low_px])
        handles = self.handle.boxes() - np.tile(corner, 2)
        room = (frame.width_px, frame.height_px)
        labels = [*gap_labels(state), *line_label(state), *cut_labels(state), *level_labels(state)]
        self._labels.show(labels, self._lettering, state.theme.for_slices)
        self._labels.resize(self._texts.size)
        self._bar.layout(frame.mm_per_px, frame.width_px, self._texts.size)
        self._texts.layout(*room, self._bar.boxes(), handles)
        taken = [*self._texts.boxes(), *self._bar.boxes()]
        self._labels.layout(lambda points: frame.pixels_of(points) - corner, taken, room, handles)

    def _standing(self, state: SliceState, frame: SliceFrame) -> Hashable:
        """Show the blades; return everything the pixels depend on of what stands still, or None.

        The active blade gets a layer of its own once nothing but it moved from one frame to the next.
        """
        others = tuple(b for b in state.blades if not b.active)
        # Front layer: drawn in every frame.
        still = replace(state, blades=others, line=None, levels=(), stamp=Stamp())
        stood, self._stood = self._stood, still if self._moving else None
        alone = stood == still and len(others) < len(state.blades)
        below = still if alone else state
        if self._blades_of is None or _blades(self._blades_of) != _blades(below):
            self._blades_of = below
            self._fill.show(below)
            self._traces.show(below)
        if not alone:
            return None
        active = replace(state, blades=tuple(b for b in state.blades if b.active))
        self._held_fill.show(active)
        self._held_traces.show(active)
        return still, frame, self._lettering

    def _place_camera(self, frame: SliceFrame) -> None:
        camera = self._images.GetActiveCamera()
        middle, normal = np.asarray(frame.middle_lps_mm), np.asarray(frame.axes.normal_lps)
        camera.SetFocalPoint(*middle.tolist())
        camera.SetPosition(*(middle + CAMERA_DISTANCE_MM * normal).tolist())
        camera.SetViewUp(*frame.axes.up_lps)
        camera.SetParallelScale(frame.half_height_mm)
        camera.SetClippingRange(CAMERA_DISTANCE_MM - 1000, CAMERA_DISTANCE_MM + 1000)


def _place(state: SliceState) -> tuple[SliceAxes, float]:
    return state.screen_axes, height_mm(state)


def _blades(state: SliceState) -> tuple[SliceAxes, float, tuple[DrawnBlade, ...]]:
    return state.screen_axes, height_mm(state), state.blades
