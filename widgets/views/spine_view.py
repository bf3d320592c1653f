"""The 3D view: turn, pan, zoom, standard directions, and dragging a blade by its handles."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from planning.geometry.frames import Vec3
from planning.texts import mark, tr
from rendering.cameras import CameraPose, StandardView
from rendering.lettering import Lettering
from rendering.scene import SpineScene
from rendering.scene_state import SpineState, Stamp
from rendering.screenshot import PictureSize, spine_picture
from widgets.viewport import Pointer, Viewport, ViewportMode
from widgets.views.blade_listener import BladeSignals, blade_cursor
from widgets.views.piece_drag import PieceDrag, grabbed
from widgets.views.view_frame import ViewFrame

_BUTTONS: Final = (
    ("A", StandardView.ANTERIOR, mark("From the front (keypad 1)")),
    ("P", StandardView.POSTERIOR, mark("From behind (Shift+keypad 1)")),
    ("L", StandardView.LEFT, mark("From the patient's left (keypad 3)")),
    ("R", StandardView.RIGHT, mark("From the patient's right (Shift+keypad 3)")),
    ("S", StandardView.CRANIAL, mark("From the head (keypad 7)")),
    ("I", StandardView.CAUDAL, mark("From the feet (Shift+keypad 7)")),
    (mark("Surgeon"), StandardView.SURGEON, mark("Surgeon's view: prone, from behind (keypad 5)")),
)
STANDARD_VIEWS: Final = tuple(zip(
    (mark("Anterior"), mark("Posterior"), mark("Left side"), mark("Right side"),
     mark("Cranial"), mark("Caudal"), mark("Surgeon's view")),
    (view for _, view, _ in _BUTTONS),
    (words for _, _, words in _BUTTONS),
    strict=True,
))  # fmt: skip
"""Name, view and what it shows, of every standard view."""
# With Shift the keypad sends its second legend; so does a keypad without Num Lock.
_KEYPAD: Final = {
    Qt.Key.Key_1: (StandardView.ANTERIOR, StandardView.POSTERIOR),
    Qt.Key.Key_3: (StandardView.LEFT, StandardView.RIGHT),
    Qt.Key.Key_7: (StandardView.CRANIAL, StandardView.CAUDAL),
    Qt.Key.Key_5: (StandardView.SURGEON, StandardView.SURGEON),
    Qt.Key.Key_End: (StandardView.POSTERIOR, StandardView.POSTERIOR),
    Qt.Key.Key_PageDown: (StandardView.RIGHT, StandardView.RIGHT),
    Qt.Key.Key_Home: (StandardView.CAUDAL, StandardView.CAUDAL),
    Qt.Key.Key_Clear: (StandardView.SURGEON, StandardView.SURGEON),
}
_ZOOM_PER_NOTCH: Final = 1.12
_ZOOM_PER_PX: Final = 1.007
_ROLL_DEG_PER_PX: Final = 0.4
_CLICK_PX: Final = 3.0
_PREPARE_EVERY_MS: Final = 10
_FIRST_TURN_PX: Final = (-75.0, -30.0)  # from behind, a little from the side and from above


class SpineView(ViewFrame):
    """The 3D view.

    Signals
    -------
    picked(str, Vec3)
        A structure, piece or blade was clicked, and where in the patient.
    piece_grabbed(str), piece_dragged(str, Vec3)
        A hand took a piece; how far it has moved since, and nothing again after Esc.
    clip_moved(ClipPlane)
        The clip plane was dragged there.
    """

    picked = Signal(str, object)
    piece_grabbed = Signal(str)
    piece_dragged = Signal(str, object)
    clip_moved = Signal(object)

    def __init__(self, mode: ViewportMode, lettering: Lettering, parent: QWidget | None = None) -> None:
        self.blade = BladeSignals()
        self.scene = SpineScene(lettering, self.blade)
        super().__init__(tr("3D"), "#8a93a0", Viewport(self.scene, mode, self.scene.set_moving), parent)
        self._lettering = lettering
        self._wanted = SpineState()
        self._fitted = False
        self._as_fitted: CameraPose | None = None
        self._gesture = ""
        self.pieces_movable = False
        self._piece: PieceDrag | None = None
        self._before = self.scene.pose
        self._start: Pointer | None = None
        self._last: Pointer | None = None
        self.buttons = {}
        for text, view, help_text in _BUTTONS:
            button = self.add_button(tr(text), tr(help_text))
            button.clicked.connect(lambda _checked=False, chosen=view: self.look(chosen))
            self.buttons[view] = button
        self.scene.clip_tool.moved = self.clip_moved.emit
        self.viewport.before_render(self._apply)
        self.viewport.resized.connect(self._resized)
        self.viewport.pressed.connect(self._press)
        self.viewport.moved.connect(self._move)
        self.viewport.released.connect(self._release)
        self.viewport.double_clicked.connect(lambda _pointer: self.maximise_asked.emit())
        self.viewport.wheeled.connect(self._wheel)
        self.viewport.setAccessibleName(tr("3D view"))
        self._preparing = QTimer(self)
        self._preparing.setInterval(_PREPARE_EVERY_MS)
        self._preparing.timeout.connect(self._prepare)

    @property
    def state(self) -> SpineState:
        """What is shown."""
        return self._wanted

    @property
    def is_dragging_blade(self) -> bool:
        """Whether a handle is held."""
        return self._gesture == "blade"

    def show_state(self, state: SpineState) -> None:
        """Show a state; the first one with something in it is fitted into view."""
        self._wanted = state
        self.viewport.redraw()

    def left_out(self) -> tuple[str, ...]:
        """Return what found no free place in the view."""
        return self.scene.left_out

    def stamped_picture(self, stamp: Stamp, size: PictureSize) -> bytes:
        """Return a PNG of what is shown, drawn anew; raises `ExportRefused` as `spine_picture`."""
        self._apply()
        lettering = replace(self._lettering, pixel_ratio=1.0)
        return spine_picture(replace(self._wanted, stamp=stamp), self.scene.pose, lettering, size)

    def look(self, view: StandardView) -> None:
        """Turn to a standard view."""
        self._apply()
        self.scene.look(view)
        self._fit_spine()
        self.viewport.redraw()

    def reset_look(self) -> None:
        """Bring everything into view."""
        self._apply()
        self.scene.fit()
        self.viewport.redraw()

    def forget_look(self) -> None:
        """Another case: fit anew when it is drawn."""
        self._fitted = False

    def fly_to(self, point_lps_mm: Vec3, half_height_mm: float | None = None) -> None:
        """Move the focus to a point."""
        self._apply()
        self.scene.fly_to(point_lps_mm, half_height_mm)
        self.viewport.redraw()

    def cancel_drag(self) -> bool:
        """Abandon a drag (Esc), of a handle or of the view; say whether there was one."""
        was = self.scene.cancel()
        if self._piece is not None:
            self.piece_dragged.emit(self._piece.piece, (0.0, 0.0, 0.0))
            was, self._piece = True, None
        if not was and self._gesture in ("rotate", "pan", "zoom", "roll"):
            self.scene.set_pose(self._before)
            self.viewport.redraw()
            was = True
        if was:
            self._gesture = "ignored"
            self.viewport.schedule.rest()
        return was

    def key(self, event: QKeyEvent) -> bool:
        """Act on a keypad key; say whether it was one."""
        if not event.modifiers() & Qt.KeyboardModifier.KeypadModifier:
            return False
        views = _KEYPAD.get(Qt.Key(event.key()))
        if views is None:
            return False
        self.look(views[1] if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else views[0])
        return True

    def _prepare(self) -> None:
        if not self.scene.prepare_one():
            self._preparing.stop()

    def _apply(self) -> None:
        if self.scene.show(self._wanted):
            self._preparing.start()
        if not self._fitted and (self._wanted.structures or self._wanted.pieces):
            self._fitted = True
            self.scene.look(StandardView.POSTERIOR)
            self.scene.rotate(*_FIRST_TURN_PX)
            self._fit_spine()

    def _fit_spine(self) -> None:
        self.scene.fit_spine()
        self._as_fitted = self.scene.pose

    def _resized(self) -> None:
        ratio = self.viewport.pixel_ratio
        if ratio != self._lettering.pixel_ratio:
            self._lettering = replace(self._lettering, pixel_ratio=ratio)
            self.scene.set_lettering(self._lettering)
        if self._as_fitted is not None and self.scene.pose == self._as_fitted:
            self._fit_spine()  # nobody moved it since: a view of another shape shows the whole spine too

    def _press(self, pointer: Pointer) -> None:
        self._start = self._last = pointer
        self._before = self.scene.pose
        left = pointer.button is Qt.MouseButton.LeftButton
        shift = pointer.holds(Qt.KeyboardModifier.ShiftModifier)
        control = pointer.holds(Qt.KeyboardModifier.ControlModifier)
        if pointer.button is Qt.MouseButton.RightButton:
            self._gesture = "zoom"
        elif pointer.button is Qt.MouseButton.MiddleButton or (left and shift):
            self._gesture = "pan"
        elif left and control:
            self._gesture = "roll"
        elif left and self.scene.press(pointer.x_px, pointer.y_px):
            self._gesture = "blade"
            self.viewport.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif left and self.scene.handle.refuse(pointer.x_px, pointer.y_px):
            self._gesture = "ignored"
        elif left and self._grab_piece(pointer):
            self._gesture = "piece"
        else:
            self._gesture = "rotate"

    def _grab_piece(self, pointer: Pointer) -> bool:
        """Take the piece under the pointer into the hand, where pieces may be moved."""
        pieces = frozenset(piece.id for piece in self._wanted.pieces if piece.visible)
        if not self.pieces_movable or not pieces:
            return False
        self._apply()
        self._piece = grabbed(self.scene, pieces, pointer)
        if self._piece is not None:
            self.piece_grabbed.emit(self._piece.piece)
        return self._piece is not None

    def _move(self, pointer: Pointer) -> None:
        if pointer.buttons is Qt.MouseButton.NoButton:
            if self.scene.hover(pointer.x_px, pointer.y_px):
                self.viewport.setCursor(self._cursor())
                self.viewport.redraw()
            return
        if self._last is None or not self._gesture:
            return
        right, up = pointer.x_px - self._last.x_px, pointer.y_px - self._last.y_px
        self._last = pointer
        if self._gesture == "blade":
            self.scene.drag(pointer.x_px, pointer.y_px)
        elif self._gesture == "piece" and self._piece is not None:
            self.piece_dragged.emit(self._piece.piece, self._piece.by_lps_mm(pointer))
        elif self._gesture == "rotate":
            self.scene.rotate(right, up)
        elif self._gesture == "pan":
            self.scene.pan(right, up)
        elif self._gesture == "zoom":
            self.scene.zoom(_ZOOM_PER_PX**up)
        elif self._gesture == "roll":
            self.scene.roll(right * _ROLL_DEG_PER_PX)
        self.viewport.schedule.moved()

    def _release(self, pointer: Pointer) -> None:
        gesture, start = self._gesture, self._start
        self._gesture, self._start, self._last, self._piece = "", None, None, None
        if gesture == "blade":
            self.scene.release()
            self.viewport.setCursor(self._cursor())
        elif gesture == "rotate" and start is not None:
            moved = abs(pointer.x_px - start.x_px) + abs(pointer.y_px - start.y_px)
            if moved <= _CLICK_PX * self.viewport.pixel_ratio:
                self._click(pointer)
        self.viewport.schedule.rest()

    def _cursor(self) -> Qt.CursorShape:
        clip = self.scene.clip_tool.handle
        return blade_cursor(clip if clip.is_hot or clip.is_grabbed else self.scene.handle)

    def _click(self, pointer: Pointer) -> None:
        found = self.scene.pick(pointer.x_px, pointer.y_px)
        if found is not None:
            self.picked.emit(found.id, found.point_lps_mm)

    def _wheel(self, notches: float, pointer: Pointer) -> None:
        del pointer
        self.scene.zoom(_ZOOM_PER_NOTCH**notches)
        self.viewport.schedule.moved()
