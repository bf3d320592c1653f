"""One slice: scroll, zoom, pan, window and level, crosshair. It asks; it changes nothing itself."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtWidgets import QWidget

from planning.geometry.frames import Vec3
from planning.texts import tr
from rendering.colours import CROSSHAIR_RGB
from rendering.cut_planes import CrossDrag, Hold, pan_kept
from rendering.lettering import Lettering
from rendering.scene_state import SlicePlane, SliceState, Stamp
from rendering.screenshot import PictureSize, slice_picture
from rendering.slice_words import PLANE_NAMES, place_words
from rendering.slices import SliceScene
from widgets.viewport import Pointer, Viewport, ViewportMode
from widgets.views.blade_listener import BladeSignals, blade_cursor
from widgets.views.cross_cursors import cursor_of
from widgets.views.seen import LeftButton
from widgets.views.slab_button import Slab, SlabButton
from widgets.views.view_frame import ViewFrame

_ZOOM_PER_NOTCH: Final = 1.15
_ZOOM_PER_PX: Final = 1.008
_ZOOM_RANGE: Final = (0.2, 40.0)
_WINDOW_PER_PX: Final = 0.006
_CLICK_PX: Final = 2.0
_RIM: Final = 0.1  # what lies nearer to the edge is hard to see


class SliceView(ViewFrame):
    """A slice view.

    Signals
    -------
    crosshair_moved(Vec3)
    window_changed(float, float)
        Width and centre in HU.
    window_reset()
    gesture_began()
        A button went down: what Esc brings back is what is seen now.
    turn_asked(float)
        The other two planes turn about this one's normal, in degrees since the gesture began.
    """

    crosshair_moved = Signal(object)
    gesture_began = Signal()
    turn_asked = Signal(float)
    window_changed = Signal(float, float)
    window_reset = Signal()

    def __init__(
        self, plane: SlicePlane, mode: ViewportMode, lettering: Lettering, parent: QWidget | None = None
    ) -> None:
        self.plane = plane
        self.blade = BladeSignals()
        self.scene = SliceScene(lettering, self.blade)
        stripe = QColor(*CROSSHAIR_RGB[plane.value]).name()
        super().__init__(
            tr(PLANE_NAMES[plane]), stripe, Viewport(self.scene, mode, self.scene.set_moving), parent
        )
        self.scene.texts.titled = True
        self.left_button = LeftButton.CROSSHAIR
        self._lettering = lettering
        self._wanted = SliceState(plane)
        self._zoom, self._pan_mm = 1.0, (0.0, 0.0)
        self._gesture = ""
        self._before = (self._zoom, self._pan_mm)
        self._cross: CrossDrag | None = None
        self._start: Pointer | None = None
        self._last: Pointer | None = None
        self.slab = SlabButton()
        self.slab.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slab.chosen.connect(self._show_slab)
        self.add_control(self.slab)
        self.viewport.before_render(self._apply)
        self.viewport.resized.connect(self._resized)
        self.viewport.pressed.connect(self._press)
        self.viewport.moved.connect(self._move)
        self.viewport.released.connect(self._release)
        self.viewport.double_clicked.connect(self._double_click)
        self.viewport.wheeled.connect(self._wheel)
        self.viewport.left.connect(self._left)
        self.viewport.setAccessibleName(tr("{plane} slice", plane=tr(PLANE_NAMES[plane])))

    def show_state(self, state: SliceState) -> None:
        """Show a state; its zoom and pan are this view's own."""
        if state.volume is not self._wanted.volume:
            self._zoom, self._pan_mm = 1.0, (0.0, 0.0)
        state = replace(state, zoom=self._zoom, pan_mm=self._pan_mm)
        self._pan_mm = pan_kept(self._wanted, state)
        self._wanted = self._with_own(state)
        self.say(self._position_text())
        if self.viewport.isVisible():  # a view that comes into sight draws itself
            self.viewport.redraw()

    keeps_note = True  # where the slice lies

    def shorten(self, *, short: bool) -> None:
        """Give the room of the slab's name to where the slice lies."""
        self.slab.set_short(short=short)

    def left_out(self) -> tuple[str, ...]:
        """Return what found no free place in the view."""
        return self.scene.left_out

    def _position_text(self) -> str:
        return place_words(self._wanted)

    def _with_own(self, state: SliceState) -> SliceState:
        slab = self.slab.slab
        mode = slab.mode or state.slab_mode
        return replace(state, zoom=self._zoom, pan_mm=self._pan_mm, slab_mm=slab.shown_mm, slab_mode=mode)

    def set_slab(self, slab: Slab) -> None:
        """Show a slab, or a plain slice."""
        self.slab.show_slab(slab)
        self._show_slab(slab)

    def _show_slab(self, _slab: Slab) -> None:
        self._fit()
        self._wanted = self._with_own(self._wanted)
        self.viewport.redraw()

    @property
    def state(self) -> SliceState:
        """What is shown."""
        return self._wanted

    def stamped_picture(self, stamp: Stamp, size: PictureSize) -> bytes:
        """Return a PNG of what is shown, drawn anew; raises `ExportRefused` as `slice_picture`."""
        lettering = replace(self._lettering, pixel_ratio=1.0)
        shown = self._wanted.stamp
        if shown.notice:  # nothing of the plan is on it, so nothing is said of the plan
            stamp = replace(stamp, intralesional=False, simulated=False, level_note="")
        stamp = replace(stamp, notice=shown.notice, series=shown.series)
        return slice_picture(replace(self._wanted, stamp=stamp), lettering, size)

    def go(self, steps: float) -> None:
        """Go `steps` slices towards the viewer."""
        if self._wanted.volume is None:
            return
        self._apply()
        normal = self._wanted.screen_axes.normal_lps
        far = self.scene.step_mm * steps
        x, y, z = self._wanted.crosshair_lps_mm
        self.crosshair_moved.emit((x + normal[0] * far, y + normal[1] * far, z + normal[2] * far))
        self.viewport.schedule.moved()

    @property
    def is_dragging_blade(self) -> bool:
        """Whether a handle is held."""
        return self._gesture == "blade"

    def reset_look(self) -> None:
        """Fit the whole image, as a plain slice."""
        self.set_slab(replace(self.slab.slab, mode=None))
        self._look(1.0, (0.0, 0.0))

    def cancel_drag(self) -> bool:
        """Abandon a drag (Esc): the blade, or zoom and pan, are as before; say whether there was one."""
        blade = self.scene.handle.cancel()
        was = blade or self._gesture not in ("", "ignored")
        if self._gesture:
            self._gesture, self._cross = "ignored", None
        if was and not blade:
            self._look(*self._before)
        if was:
            self.viewport.schedule.rest()
        return was

    def centre_on(self, point_lps_mm: Vec3, zoom_at_least: float = 1.0) -> None:
        """Bring a point to the middle of the view."""
        if self._wanted.volume is None:
            return
        self._apply()
        size = self.viewport.size()
        ratio = self.viewport.pixel_ratio
        x, y = self.scene.pixel_of(point_lps_mm)
        scale = self.scene.mm_per_px
        right = (x - size.width() * ratio / 2) * scale + self._pan_mm[0]
        up = (y - size.height() * ratio / 2) * scale + self._pan_mm[1]
        self._look(max(self._zoom, zoom_at_least), (right, up))

    def shows(self, point_lps_mm: Vec3) -> bool:
        """Say whether a point lies well within the view, above or below its slice or on it."""
        if self._wanted.volume is None:
            return True
        self._apply()
        size = self.viewport.size() * self.viewport.pixel_ratio
        x, y = self.scene.pixel_of(point_lps_mm)
        across, up = x / max(1, size.width()), y / max(1, size.height())
        return min(across, up) >= _RIM and max(across, up) <= 1 - _RIM

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll by Page Up and Page Down."""
        steps = {Qt.Key.Key_PageUp: 1.0, Qt.Key.Key_PageDown: -1.0}.get(Qt.Key(event.key()))
        if steps is None:
            super().keyPressEvent(event)
        else:
            self.go(steps)

    def _apply(self) -> None:
        self.scene.show(self._wanted)

    def _resized(self) -> None:
        ratio = self.viewport.pixel_ratio
        if ratio != self._lettering.pixel_ratio:
            self._lettering = replace(self._lettering, pixel_ratio=ratio)
            self.scene.set_lettering(self._lettering)
        self.scene.resized()

    def _look(self, zoom: float, pan_mm: tuple[float, float]) -> None:
        low, high = _ZOOM_RANGE
        self._zoom, self._pan_mm = min(high, max(low, zoom)), pan_mm
        self._wanted = replace(self._wanted, zoom=self._zoom, pan_mm=self._pan_mm)
        self.viewport.schedule.moved()

    def _press(self, pointer: Pointer) -> None:
        if self._wanted.volume is None:
            return
        self._start = self._last = pointer
        self._before = (self._zoom, self._pan_mm)
        self.gesture_began.emit()
        shift = pointer.holds(Qt.KeyboardModifier.ShiftModifier)
        if pointer.button is Qt.MouseButton.RightButton:
            self._gesture = "zoom"
        elif pointer.button is Qt.MouseButton.MiddleButton or shift:
            self._gesture = "pan"
        elif self.left_button is LeftButton.WINDOW:
            self._gesture = "window"
        elif self.scene.handle.press(pointer.x_px, pointer.y_px):
            self._gesture = "blade"
            self.viewport.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self.scene.handle.refuse(pointer.x_px, pointer.y_px):
            self._gesture = "ignored"
        else:
            self._grab_crosshair(pointer)

    def _grab_crosshair(self, pointer: Pointer) -> None:
        """Hold the part of the crosshair under the pointer, or bring the crosshair there."""
        self._gesture, self._cross = "crosshair", None
        self._apply()
        grip = self.scene.grip_at(pointer.x_px, pointer.y_px)
        if grip is None:
            self._put_crosshair(pointer)
            return
        frame = self.scene.frame
        start = frame.lps_at(pointer.x_px, pointer.y_px)
        self._cross = CrossDrag(self.plane, grip, frame, self._wanted.crosshair_lps_mm, start)

    def _move(self, pointer: Pointer) -> None:
        if self._wanted.volume is None:
            return
        if pointer.buttons is Qt.MouseButton.NoButton:
            if pointer.holds(Qt.KeyboardModifier.ShiftModifier):
                self._put_crosshair(pointer)
            else:
                self._hover(pointer)
            return
        if self._last is None or not self._gesture:
            return
        right, up = pointer.x_px - self._last.x_px, pointer.y_px - self._last.y_px
        self._last = pointer
        self._drag(pointer, right, up)

    def _drag(self, pointer: Pointer, right_px: float, up_px: float) -> None:
        if self._gesture == "crosshair":
            self._drag_crosshair(pointer)
        elif self._gesture == "blade":
            self.scene.handle.drag(pointer.x_px, pointer.y_px)
            self.viewport.schedule.moved()
        elif self._gesture == "zoom":
            self._look(self._zoom * _ZOOM_PER_PX**up_px, self._pan_mm)
        elif self._gesture == "pan":
            scale = self.scene.mm_per_px
            right, up = self._pan_mm
            self._look(self._zoom, (right - right_px * scale, up - up_px * scale))
        elif self._gesture == "window":
            state = self._wanted
            step = max(1.0, state.window_hu * _WINDOW_PER_PX)
            ratio = self.viewport.pixel_ratio
            width = max(1.0, state.window_hu + right_px / ratio * step)
            self.window_changed.emit(width, state.level_hu - up_px / ratio * step)

    def _hover(self, pointer: Pointer) -> None:
        """Show what the pointer would grab; while the left button sets the grey window, nothing."""
        handle, grip = self.scene.handle, None
        at = pointer.x_px, pointer.y_px
        if self.left_button is LeftButton.WINDOW:
            changed = handle.leave()
        else:
            changed = handle.hover(*at)
            grip = None if handle.is_hot or handle.is_over_lock else self.scene.grip_at(*at)
        if self.scene.mark_grip(grip) or changed:
            self.viewport.setCursor(cursor_of(grip, self.scene.frame) if grip else blade_cursor(handle))
            self.viewport.redraw()

    def _let_go(self, pointer: Pointer) -> None:
        """Leave the blade where it is; a mere click on it moves the crosshair, as anywhere else."""
        handle = self.scene.handle
        if not self._is_click(pointer):
            handle.release()
        elif handle.cancel():
            self._put_crosshair(pointer)
        self.viewport.setCursor(blade_cursor(handle))

    def _is_click(self, pointer: Pointer) -> bool:
        start = self._start
        if start is None:
            return True
        far = max(abs(pointer.x_px - start.x_px), abs(pointer.y_px - start.y_px))
        return far <= _CLICK_PX * self.viewport.pixel_ratio

    def _left(self) -> None:
        marked = self.scene.mark_grip(None)
        if self.scene.handle.leave() or marked:
            self.viewport.setCursor(Qt.CursorShape.ArrowCursor)
            self.viewport.redraw()

    def _drag_crosshair(self, pointer: Pointer) -> None:
        drag = self._cross
        if drag is None:
            self._put_crosshair(pointer)
        elif drag.grip.hold is Hold.TURN:
            self.turn_asked.emit(drag.turn_deg(pointer.x_px, pointer.y_px))
            self.viewport.schedule.moved()
        else:
            self.crosshair_moved.emit(drag.crosshair_at(pointer.x_px, pointer.y_px))
            self.viewport.schedule.moved()

    def _release(self, pointer: Pointer) -> None:
        gesture, self._gesture = self._gesture, ""
        if gesture == "blade":
            self._let_go(pointer)
        elif gesture == "crosshair" and self._cross is not None and self._is_click(pointer):
            self._put_crosshair(pointer)  # a click goes there, on a line too
        self._last, self._start, self._cross = None, None, None
        self.viewport.schedule.rest()

    def _double_click(self, pointer: Pointer) -> None:
        if pointer.button is not Qt.MouseButton.LeftButton:
            return
        if self.left_button is LeftButton.WINDOW:
            self.window_reset.emit()
        else:
            self.maximise_asked.emit()

    def _wheel(self, notches: float, pointer: Pointer) -> None:
        if pointer.holds(Qt.KeyboardModifier.ControlModifier):
            self._look(self._zoom * _ZOOM_PER_NOTCH**notches, self._pan_mm)
        else:
            self.go(notches)

    def _put_crosshair(self, pointer: Pointer) -> None:
        self._apply()
        self.crosshair_moved.emit(self.scene.lps_at(pointer.x_px, pointer.y_px))
        self.viewport.schedule.moved()
