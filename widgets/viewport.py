"""One render window in the window: owns, feeds and finalises it. The only VTK import of the widgets.

Two modes behind one interface. *Native*: VTK draws straight into the widget's own system window.
*Painted*: VTK draws off-screen and the widget paints the picture; for tests and remote desktops,
where a native window shows nothing and raises nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 -- registers the drawing back end
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QHideEvent,
    QImage,
    QMouseEvent,
    QPaintEngine,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget
from vtkmodules.vtkCommonCore import vtkCommand
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from planning.errors import PlanningError
from rendering.offscreen import is_software, offscreen_window, pixels
from rendering.schedule import RenderSchedule
from widgets.lost_picture import LostPicture, drawing_lost

_ENOUGH_ERRORS: Final = 3


class ViewportMode(StrEnum):
    """How pictures reach the screen."""

    NATIVE = "native"
    PAINTED = "painted"


class Attachable(Protocol):
    """A scene of `rendering` as the viewport needs it."""

    def attach(self, window: vtkRenderWindow) -> None:
        """Draw into `window` from now on."""

    def detach(self) -> None:
        """Leave the window."""


@dataclass(frozen=True)
class Pointer:
    """Where the pointer is, in device pixels, y upwards as the scenes count.

    Parameters
    ----------
    x_px, y_px : float
    button : Qt.MouseButton
        The button that caused the event; none while moving.
    buttons : Qt.MouseButton
        All buttons held.
    modifiers : Qt.KeyboardModifier
    """

    x_px: float
    y_px: float
    button: Qt.MouseButton
    buttons: Qt.MouseButton
    modifiers: Qt.KeyboardModifier

    def holds(self, modifier: Qt.KeyboardModifier) -> bool:
        """Say whether a modifier key is held."""
        return bool(self.modifiers & modifier)


class Viewport(QWidget):
    """Shows one scene.

    Signals
    -------
    pressed, moved, released, double_clicked(Pointer)
    wheeled(float, Pointer)
        Notches, away from the hand positive.
    resized()
    left()
    failed(PlanningError)
        Nothing can be drawn any more; said once until it is tried again.
    """

    pressed = Signal(object)
    moved = Signal(object)
    released = Signal(object)
    double_clicked = Signal(object)
    wheeled = Signal(float, object)
    resized = Signal()
    left = Signal()
    failed = Signal(object)

    def __init__(
        self,
        scene: Attachable,
        mode: ViewportMode,
        set_moving: Callable[[bool], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.mode = mode
        self._scene = scene
        self._window: vtkRenderWindow | None = None
        self._picture: QImage | None = None
        self._before_render: Callable[[], object] | None = None
        self.catch_up: Callable[[], object] | None = None
        self._errors = 0
        self.lost = LostPicture(self)
        self.lost.again_asked.connect(self.draw_again)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(120, 90)
        # Nothing shows through a view, so nothing beneath it need be painted.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        if mode is ViewportMode.NATIVE:
            for attribute in (
                Qt.WidgetAttribute.WA_NativeWindow,
                Qt.WidgetAttribute.WA_PaintOnScreen,
                Qt.WidgetAttribute.WA_NoSystemBackground,
            ):
                self.setAttribute(attribute)
        self.schedule = RenderSchedule(self._render, self._call_later, set_moving)

    def sizeHint(self) -> QSize:
        """Return a size that leaves room for four."""
        return QSize(480, 360)

    @property
    def pixel_ratio(self) -> float:
        """Device pixels to one logical pixel."""
        return float(self.devicePixelRatioF())

    def before_render(self, call: Callable[[], object]) -> None:
        """Have `call` run just before every render: views apply their latest state there."""
        self._before_render = call

    def redraw(self) -> None:
        """Draw soon, once for however many wishes."""
        self.schedule.request()

    def draw_now(self) -> None:
        """Draw at once; for tests and pictures of the window."""
        self._render()

    def draw_again(self) -> None:
        """Begin anew with a fresh render window, after the driver gave up."""
        self._errors = 0
        self.lost.hide()
        self._take_fresh_window()
        self.draw_now()

    def picture(self) -> QImage:
        """Return what is drawn, as device pixels; for tests and pictures of the window."""
        window = self._ready()
        if window is None:
            return QImage()
        return _image(window)

    def finalise(self) -> None:
        """Give the render window back; an unfinalised one crashes when the program ends."""
        if self._window is None:
            return
        self._scene.detach()
        self._window.Finalize()
        self._window = None
        self._picture = None

    def closeEvent(self, event: QCloseEvent) -> None:
        """Finalise before the system window goes."""
        self.finalise()
        super().closeEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Forget the painted picture: a hidden view holds no stale frame."""
        self._picture = None
        super().hideEvent(event)

    def event(self, event: QEvent) -> bool:
        """Follow the system window when Qt makes a new one."""
        if event.type() is QEvent.Type.WinIdChange and self._window is not None and self._is_native:
            self._scene.detach()
            self._window.Finalize()
            self._window = None
            self.redraw()
        return bool(super().event(event))

    def paintEngine(self) -> QPaintEngine | None:  # type: ignore[override]
        """Return no engine where VTK paints, as Qt asks of such widgets."""
        return None if self._is_native else super().paintEngine()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Show the latest picture, or draw one."""
        del event
        if self._is_native:
            self._render()
            return
        if self.lost.isVisible():
            return
        if self._picture is None or self._picture.size() != self._device_size():
            self._make_picture()
        painter = QPainter(self)
        if self._picture is not None:
            painter.drawImage(QPoint(0, 0), self._picture)
        else:
            painter.fillRect(self.rect(), Qt.GlobalColor.black)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the render window to the widget."""
        super().resizeEvent(event)
        self.lost.setGeometry(self.rect())
        if self._window is not None:
            size = self._device_size()
            self._window.SetSize(size.width(), size.height())
            self.resized.emit()
            self.redraw()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Forward."""
        self.pressed.emit(self._pointer(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Forward."""
        self.moved.emit(self._pointer(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Forward."""
        self.released.emit(self._pointer(event))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Forward."""
        self.double_clicked.emit(self._pointer(event))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Forward as notches."""
        notches = event.angleDelta().y() / 120.0
        if notches:
            x, y = self._device(event.position())
            self.wheeled.emit(
                notches, Pointer(x, y, Qt.MouseButton.NoButton, event.buttons(), event.modifiers())
            )
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Forward."""
        super().leaveEvent(event)
        self.left.emit()

    def _call_later(self, after_ms: int, call: Callable[[], None]) -> None:
        # Of a bound method PySide 6.11 keeps a weak reference for ever, each time. Zero milliseconds would be
        # a posted event: the picture would be drawn in the very turn that measured what it shows.
        QTimer.singleShot(max(1, after_ms), self, lambda: call())  # noqa: PLW0108 -- not a method

    @property
    def _is_native(self) -> bool:
        return self.mode is ViewportMode.NATIVE

    def _device_size(self) -> QSize:
        ratio = self.pixel_ratio
        return QSize(max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio)))

    def _device(self, position: QPointF) -> tuple[float, float]:
        ratio = self.pixel_ratio
        return position.x() * ratio, (self.height() - 1 - position.y()) * ratio

    def _pointer(self, event: QMouseEvent) -> Pointer:
        x, y = self._device(event.position())
        return Pointer(x, y, event.button(), event.buttons(), event.modifiers())

    def _ready(self) -> vtkRenderWindow | None:
        """Return the render window, made where it is missing; None where none can be had."""
        if self.lost.isVisible():
            return None
        if self._window is None:
            try:
                self._window = self._made()
            except PlanningError as problem:
                self._give_up(problem)
                return None
            self._window.AddObserver(vtkCommand.ErrorEvent, self._heard_error)
            self._scene.attach(self._window)
            self.resized.emit()
        for call in (self.catch_up, self._before_render):
            if call is not None:
                call()
        return self._window

    def _made(self) -> vtkRenderWindow:
        size = self._device_size()
        if not self._is_native:
            return offscreen_window(size.width(), size.height())
        window = vtkRenderWindow()
        window.SetWindowInfo(str(int(self.winId())))
        window.SetSize(size.width(), size.height())
        if is_software(window):
            window.SetMultiSamples(0)  # each sample costs as much as a picture
        return window

    def _heard_error(self, *_what: object) -> None:
        """Follow VTK's errors: one may pass with a new window, a second one after it does not."""
        self._errors += 1
        if self._errors == 1:
            QTimer.singleShot(0, self, self._begin_anew)
        elif self._errors == _ENOUGH_ERRORS:
            QTimer.singleShot(0, self, lambda: self._give_up(drawing_lost()))

    def _begin_anew(self) -> None:
        self._take_fresh_window()
        self.redraw()

    def _take_fresh_window(self) -> None:
        """Give the render window back and, where VTK drew into it, the system window with it."""
        self.finalise()
        if self._is_native and self.isVisible():
            # A second graphics context in the same system window draws nothing but black.
            self.destroy()
            self.create()
            self.show()

    def _give_up(self, problem: PlanningError) -> None:
        if not self.lost.isVisible():
            self.finalise()
            self.lost.show_problem(problem)
            self.failed.emit(problem)

    def _render(self) -> None:
        if not self.isVisible():
            return
        if self._is_native:
            window, before = self._ready(), self._errors
            if window is not None:
                window.Render()
                self._forgive(before)
        else:
            self._make_picture()
            self.update()

    def _make_picture(self) -> None:
        window, before = self._ready(), self._errors
        if window is not None:
            self._picture = _image(window)
            self._picture.setDevicePixelRatio(self.pixel_ratio)
            self._forgive(before)

    def _forgive(self, errors_before: int) -> None:
        """Forget earlier errors once a picture was drawn without one."""
        if self._errors == errors_before:
            self._errors = 0


def _image(window: vtkRenderWindow) -> QImage:
    rows = np.ascontiguousarray(pixels(window))
    height, width = rows.shape[:2]
    # A copy: the picture outlives the array it was made from.
    return QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
