"""What stands still in a view, kept as pixels with their depth, so that a frame draws only what moves."""

from collections.abc import Hashable, Sequence
from typing import Final

from vtkmodules.vtkCommonCore import VTK_UNSIGNED_CHAR
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow
from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLFramebufferObject, vtkOpenGLRenderWindow

from rendering.before_drawing import before_drawing

_COLOUR_AND_DEPTH: Final = 0x4000 | 0x0100  # GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT
_NEAREST: Final = 0x2600  # GL_NEAREST
_SCISSOR: Final = 0x0C11  # GL_SCISSOR_TEST: a blit is cut by it


class Backdrop:
    """Keeps what the still layers drew and puts it back beneath the moving one.

    A dragged blade moves before a spine that stands still: drawing the spine once for a whole drag
    makes a frame's cost independent of the case's size, and its depths let the blade pass behind
    bone as before.

    Parameters
    ----------
    still : sequence of vtkRenderer
        Layers below the moving one.
    moving : vtkRenderer
        Drawn above them, with their depths; draws nothing while nothing is kept.
    """

    def __init__(self, still: Sequence[vtkRenderer], moving: vtkRenderer) -> None:
        self._still, self._moving = tuple(still), moving
        self._window: vtkOpenGLRenderWindow | None = None
        self._buffer: vtkOpenGLFramebufferObject | None = None
        self._kept: Hashable = None
        self._wanted: Hashable = None
        moving.PreserveDepthBufferOn()
        moving.DrawOff()
        before_drawing(moving, self._keep_or_put_back)

    @property
    def is_reused(self) -> bool:
        """Whether the still layers are put back, not drawn, in this frame."""
        return self._wanted is not None and self._wanted == self._kept

    def want(self, window: vtkRenderWindow, content: Hashable) -> None:
        """Say, before a frame, what the still layers show in it.

        Parameters
        ----------
        window : vtkRenderWindow
        content : object that compares, or None
            Everything the still layers' pixels depend on: as long as it stays equal they are put
            back. None: nothing moves on its own; every layer is drawn.
        """
        # Pixels of several samples cannot be copied one to one.
        self._wanted = content if window.GetMultiSamples() <= 1 else None
        if self._wanted is None or window is not self._window:
            self.forget()
        self._window = vtkOpenGLRenderWindow.SafeDownCast(window)
        for renderer in self._still:
            renderer.SetDraw(not self.is_reused)
        self._moving.SetDraw(self._wanted is not None)

    def forget(self) -> None:
        """Give the kept pixels back; also before the window is finalised."""
        if self._buffer is not None and self._window is not None:
            self._window.MakeCurrent()
            self._buffer.ReleaseGraphicsResources(self._window)
        self._buffer, self._kept = None, None

    def drop(self) -> None:
        """Forget the content too, and draw every layer."""
        self.forget()
        self._wanted = None
        for renderer in self._still:
            renderer.SetDraw(True)
        self._moving.SetDraw(False)

    def _keep_or_put_back(self) -> None:
        window = self._window
        if window is None or self._wanted is None:
            return
        left, low = self._moving.GetOrigin()
        width, height = self._moving.GetSize()
        there, here = (left, left + width, low, low + height), (0, width, 0, height)
        if self.is_reused and self._buffer is not None:
            _copy(window, self._buffer, here, window.GetRenderFramebuffer(), there)
            return
        self.forget()
        buffer = _a_buffer(window, width, height)
        if buffer is not None:
            _copy(window, window.GetRenderFramebuffer(), there, buffer, here)
            self._buffer, self._kept = buffer, self._wanted


_Box = tuple[int, int, int, int]  # left, right, low, high


def _a_buffer(window: vtkOpenGLRenderWindow, width: int, height: int) -> vtkOpenGLFramebufferObject | None:
    """Return a buffer of the window's own formats, or None where the driver refuses."""
    buffer = vtkOpenGLFramebufferObject()
    buffer.SetContext(window)
    buffer.SaveCurrentBindingsAndBuffers()
    depth_bits = window.GetRenderBufferTargetDepthSize()
    made = buffer.PopulateFramebuffer(width, height, True, 1, VTK_UNSIGNED_CHAR, True, depth_bits, 0, False)
    buffer.RestorePreviousBindingsAndBuffers()
    return buffer if made else None


def _copy(
    window: vtkOpenGLRenderWindow,
    source: vtkOpenGLFramebufferObject,
    source_box: _Box,
    target: vtkOpenGLFramebufferObject,
    target_box: _Box,
) -> None:
    state = window.GetState()
    scissored = state.GetEnumState(_SCISSOR)
    state.SetEnumState(_SCISSOR, False)
    source.SaveCurrentBindingsAndBuffers()
    source.Bind(source.GetReadMode())
    source.ActivateReadBuffer(0)
    target.Bind(target.GetDrawMode())
    target.ActivateDrawBuffer(0)
    vtkOpenGLFramebufferObject.Blit(source_box, target_box, _COLOUR_AND_DEPTH, _NEAREST)
    source.RestorePreviousBindingsAndBuffers()
    state.SetEnumState(_SCISSOR, scissored)
