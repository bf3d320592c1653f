"""Three slices and 3D with one crosshair and one grey window, placed as a layout says."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final
from weakref import WeakKeyDictionary

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from planning.geometry.frames import Vec3
from planning.geometry.volume import Volume
from rendering.cut_planes import ANATOMICAL
from rendering.lettering import Lettering
from rendering.scene_state import ClipPlane, DrawnLine, SlicePlane, Stamp
from rendering.screenshot import PictureSize
from widgets.viewport import Pointer, ViewportMode
from widgets.views.cut_view import CUT_PLANES, CutView
from widgets.views.layouts import CUTS, FOUR, SPINE
from widgets.views.seen import (
    PRESETS,
    LeftButton,
    Looking,
    Seen,
    is_ct,
    kept_inside,
    middle_of,
    own_window,
    slice_state,
    spine_state,
)
from widgets.views.slice_view import SliceView
from widgets.views.spine_view import SpineView
from widgets.views.turns import Turns
from widgets.views.view_frame import ViewFrame
from widgets.views.view_grid import ViewGrid
from widgets.views.view_keys import ViewKeys

_PLANES: Final = (SlicePlane.AXIAL, SlicePlane.SAGITTAL, SlicePlane.CORONAL)
_CLOSE_UP_HALF_HEIGHT_MM: Final = 45.0
_CLOSE_UP_ZOOM: Final = 3.0


class FourUp(ViewGrid):
    """The views.

    Signals
    -------
    looked(Looking)
        Crosshair, grey window or mode changed.
    cancelled()
        Esc where no drag was under way.
    """

    looked = Signal(object)
    cancelled = Signal()

    def __init__(self, mode: ViewportMode, lettering: Lettering, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.looking = Looking()
        self.seen = Seen()
        self.spine = SpineView(mode, lettering)
        self.slices = {plane: SliceView(plane, mode, lettering) for plane in _PLANES}
        self.cuts = {plane: CutView(plane, mode, lettering) for plane in CUT_PLANES}
        self._before_drag = self.looking
        self.keys = ViewKeys()
        self._crosshairs: dict[str, Vec3] = {}
        self._plan_crosshair_lps_mm: Vec3 = (0.0, 0.0, 0.0)
        self._plan_frame = ""
        self._windows: WeakKeyDictionary[Volume, tuple[float, float]] = WeakKeyDictionary()
        self._ct_window = (self.looking.window_hu, self.looking.level_hu)
        for view in self.every_slice:
            view.gesture_began.connect(self._remember)
            view.turn_asked.connect(partial(self._turn, view.plane))
            view.crosshair_moved.connect(self.move_crosshair)
            view.window_changed.connect(self.set_window)
            view.window_reset.connect(self.reset_window)
        self.spine.clip_moved.connect(self.set_clip)
        self.take({SPINE: self.spine, **{view.plane.value: view for view in self.every_slice}})
        self.key_pressed.connect(self.handle_key)
        self.turns = Turns([frame.viewport.schedule for frame in self.frames])
        self._give_keys()
        for frame in self.frames:
            frame.viewport.pressed.connect(
                lambda _pointer, held=frame: self.turns.begin(held.viewport.schedule)
            )
            frame.viewport.moved.connect(self._hover)
            frame.viewport.released.connect(lambda _pointer: self.turns.end())

    @property
    def views(self) -> tuple[SpineView | SliceView, ...]:
        """Every view, 3D first."""
        return (self.spine, *self.slices.values(), *self.cuts.values())

    @property
    def frames(self) -> tuple[ViewFrame, ...]:
        """Every view."""
        return self.views

    def before_pictures(self, call: Callable[[], object]) -> None:
        """Have `call` run before any view draws: what waits to be shown is shown first."""
        for view in self.views:
            view.viewport.catch_up = view.viewport.schedule.catch_up = call

    @property
    def cuts_shown(self) -> bool:
        """Whether the views of the active cut are shown."""
        return self.layout_shown is CUTS

    @property
    def plan_crosshair_lps_mm(self) -> Vec3:
        """The crosshair in the plan's own space, also while an image of another space is shown."""
        return self.looking.crosshair_lps_mm if self.seen.registered else self._plan_crosshair_lps_mm

    def show_seen(self, seen: Seen) -> None:
        """Show new content.

        Volumes of one frame keep the crosshair where it is; one of another frame goes back to where it
        was left, or starts with its middle under the crosshair. The volume picture and the clip plane go
        with the planning image they were made of, and so does all that a view out of sight still holds.
        """
        if seen.planning is not self.seen.planning:
            self.looking = replace(self.looking, clip=None, picture=None)
            self._before_drag = self.looking
            for view in self.views:
                view.scene.forget()
        if seen.volume is not self.seen.volume or seen.frame != self.seen.frame:
            self._change_volume(seen)
        self.seen = seen
        self._tell()

    def _change_volume(self, seen: Seen) -> None:
        old = self.seen
        if old.registered:
            self._plan_crosshair_lps_mm = self.looking.crosshair_lps_mm
        if not old.frame or old.frame != seen.frame:
            self._crosshairs[old.frame] = self.looking.crosshair_lps_mm
            middle = middle_of(seen.volume) if seen.volume is not None else (0.0, 0.0, 0.0)
            place = self._crosshairs.get(seen.frame, middle) if seen.frame else middle
            self.looking = replace(self.looking, crosshair_lps_mm=place, line=None, planes=ANATOMICAL)
        if seen.registered and (not seen.frame or seen.frame != self._plan_frame):
            self.spine.forget_look()
            self._crosshairs = {seen.frame: self.looking.crosshair_lps_mm}
            self._plan_frame = seen.frame
        self._change_window(old, seen)

    def _change_window(self, old: Seen, seen: Seen) -> None:
        """Give each image that is no CT a grey window of its own; all CTs share one."""
        present = (self.looking.window_hu, self.looking.level_hu)
        if old.volume is None or is_ct(old.volume, old.modality):
            self._ct_window = present
        else:
            self._windows[old.volume] = present
        if seen.volume is None:
            return
        window = self._ct_window
        if not is_ct(seen.volume, seen.modality):
            window = self._windows.get(seen.volume) or own_window(seen.volume, seen.modality)
        self.looking = replace(self.looking, window_hu=window[0], level_hu=window[1])

    def reset_window(self) -> None:
        """Take the first preset for CT, and for anything else the window that fits its own values."""
        volume, modality = self.seen.volume, self.seen.modality
        if volume is None or is_ct(volume, modality):
            self.choose_preset(0)
        else:
            self.set_window(*own_window(volume, modality))

    def move_crosshair(self, point_lps_mm: Vec3) -> None:
        """Put the crosshair on a point, kept inside the image; all views follow."""
        if self.seen.volume is None:
            return
        self.looking = replace(self.looking, crosshair_lps_mm=kept_inside(self.seen.volume, point_lps_mm))
        self._tell()

    def set_window(self, window_hu: float, level_hu: float) -> None:
        """Choose the grey window of all slices."""
        self.looking = replace(self.looking, window_hu=window_hu, level_hu=level_hu)
        self._tell()

    def choose_preset(self, number: int) -> None:
        """Take grey window `number`, counted from 0."""
        preset = PRESETS[number]
        self.set_window(preset.window_hu, preset.level_hu)

    def set_left_button(self, what: LeftButton) -> None:
        """Choose what a left-drag on a slice does."""
        self.looking = replace(self.looking, left_button=what)
        for view in (*self.slices.values(), *self.cuts.values()):
            view.left_button = what
        self._tell()

    def set_outlines(self, shown: bool) -> None:
        """Show or hide structure outlines on slices."""
        self.looking = replace(self.looking, outlines=shown)
        self._tell()

    def fly_to(self, point_lps_mm: Vec3, line: DrawnLine | None = None, *, close_up: bool = True) -> None:
        """Bring a point, and the line of two closest points, into the middle of every view."""
        self.looking = replace(self.looking, line=line)
        self.move_crosshair(point_lps_mm)
        for view in self.slices.values():
            view.centre_on(point_lps_mm, _CLOSE_UP_ZOOM if close_up else 1.0)
        self.spine.fly_to(point_lps_mm, _CLOSE_UP_HALF_HEIGHT_MM if close_up else None)

    def show_place(self, point_lps_mm: Vec3) -> None:
        """Put the crosshair on a point; slices that would not show it there move, none zooms."""
        self.move_crosshair(point_lps_mm)
        for view in self.slices.values():
            if not view.shows(point_lps_mm):
                view.centre_on(point_lps_mm, 0.0)

    def look(self, looking: Looking) -> None:
        """Look at the content another way; all views follow."""
        self.looking = looking
        self._tell()

    def set_clip(self, clip: ClipPlane | None) -> None:
        """Cut away what hides the inside."""
        self.look(replace(self.looking, clip=clip))

    @property
    def every_slice(self) -> tuple[SliceView, ...]:
        """Every slice view, those of the cut too."""
        return (*self.slices.values(), *self.cuts.values())

    @property
    def held_plane(self) -> SlicePlane | None:
        """The plane of the slice view that has the keyboard, or None."""
        return next((plane for plane, view in self.slices.items() if view.viewport.hasFocus()), None)

    def drop_line(self) -> None:
        """Take the line of two closest points away: what it measured has changed."""
        if self.looking.line is not None:
            self.looking = replace(self.looking, line=None)
            self._tell()

    def reset_look(self) -> None:
        """Fit every view, and bring the anatomical planes back."""
        self.looking = replace(self.looking, planes=ANATOMICAL)
        self._tell()
        for view in self.every_slice:
            view.reset_look()
        self.spine.reset_look()

    def show_cuts(self, shown: bool) -> None:
        """Show the layout with the two views of the active cut, or the one before it."""
        before = FOUR if self.layout_before is CUTS else self.layout_before
        self.show_layout(CUTS if shown else before)
        self.looked.emit(self.looking)

    def picture(self, stamp: Stamp, scale: int = 2) -> QImage:
        """Return what the shown views show, side by side as on screen, with `stamp` burnt in.

        Every view is drawn anew at `scale` times its size on screen. Raises `ExportRefused` where the
        stamp does not say what case, version and levels the picture shows.
        """
        places = self.places()
        room = QRect(self.rect())
        for place in places.values():
            room |= place
        whole = QImage(room.size() * scale, QImage.Format.Format_RGB32)
        whole.fill(QColor(0, 0, 0))
        painter = QPainter(whole)
        views: tuple[SpineView | SliceView, ...] = (
            self.spine, *self.slices.values(), *self.cuts.values()
        )  # fmt: skip
        for frame in views:
            if frame in places:
                place = places[frame]
                size = PictureSize(place.width(), place.height(), scale)
                painter.drawImage(
                    place.topLeft() * scale, QImage.fromData(frame.stamped_picture(stamp, size))
                )
        painter.end()
        return whole

    def finalise(self) -> None:
        """Give every render window back before the program ends."""
        for frame in self.frames:
            frame.viewport.finalise()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Act on view keys while a view has the keyboard."""
        if not self.handle_key(event):
            super().keyPressEvent(event)

    def handle_key(self, event: QKeyEvent) -> bool:
        """Act on a view key (COMPETITORS 5.2); say whether it was one."""
        return self.spine.key(event) or self.keys.handle(event)

    def _give_keys(self) -> None:
        """Let keys do what needs no more than the views."""
        add = self.keys.add
        add("Esc", self._cancel)
        for number in range(len(PRESETS)):
            add(str(number + 1), partial(self.choose_preset, number))
        add("W", self._switch_left_button)
        add("PgUp", lambda: self.slice_in_hand.go(1.0))
        add("PgDown", lambda: self.slice_in_hand.go(-1.0))

    @property
    def slice_in_hand(self) -> SliceView:
        """The slice view that has the keyboard, or the axial one."""
        held = (view for view in self.every_slice if view.viewport.hasFocus())
        return next(held, self.slices[SlicePlane.AXIAL])

    def thicken(self, steps: int) -> None:
        """Make the slab of the slice in hand thicker or thinner by some steps."""
        view = self.slice_in_hand
        view.set_slab(view.slab.slab.thicker(steps))

    def _switch_left_button(self) -> None:
        window = self.looking.left_button is LeftButton.WINDOW
        self.set_left_button(LeftButton.CROSSHAIR if window else LeftButton.WINDOW)

    def cancel_drag(self) -> bool:
        """Give back what was seen before the drag under way (Esc); say whether there was one."""
        if self.spine.cancel_drag():
            return True
        if not any(view.cancel_drag() for view in self.every_slice):
            return False
        self.looking = self._before_drag
        self._tell()
        return True

    def _cancel(self) -> None:
        if not self.cancel_drag():
            self.cancelled.emit()

    def _remember(self) -> None:
        self._before_drag = self.looking

    def _turn(self, held: SlicePlane, degrees: float) -> None:
        """Turn the other two planes about the normal of the one held, from where the drag began."""
        self.looking = replace(self.looking, planes=self._before_drag.planes.turned(held, degrees))
        self._tell()

    def _hover(self, pointer: Pointer) -> None:
        # A release that went to another window ends the gesture too.
        if pointer.buttons is Qt.MouseButton.NoButton:
            self.turns.end()

    def _tell(self) -> None:
        for plane, view in self.slices.items():
            view.show_state(slice_state(self.seen, self.looking, plane))
        for cut_view in self.cuts.values():
            cut_view.show_seen(self.seen, self.looking)
        self.spine.show_state(spine_state(self.seen, self.looking))
        self.looked.emit(self.looking)
